#include "kanaria/targets/ejection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kanaria/base/random.hpp"

namespace kanaria::targets {
namespace {

using std::chrono::seconds;
using Phase = Ejection::Phase;

const Time kStart{seconds{1'000'000}};

config::PassiveHealth policy(int max_ejected_percent = 50) {
  config::PassiveHealth policy;
  policy.failures = 3;
  policy.ejection_time = Milliseconds{10'000};
  policy.max_ejected_percent = max_ejected_percent;
  return policy;
}

// A group as control keeps it: what a look says is there at the next one.
class Group {
 public:
  explicit Group(std::size_t size) : ejections_(size), probes_(size, Probe::None) {}

  // One look. What is noted of each target by a letter: . nothing, x three failures in a row, - two, u unusable,
  // X unusable and three failures, t the probe is taken, p it was put back, s succeeded, f failed, F failed and
  // the target is unusable.
  // The answer to each: In, Probing, Out, Ejected (now).
  std::string look(const std::string& noted, const config::PassiveHealth& policy, Time now) {
    std::vector<Judged> group;
    for (std::size_t i = 0; i < noted.size(); ++i) group.push_back(judged(i, noted[i]));
    const std::vector<Ejection> before = ejections_;
    judge_ejections(group, policy, now);
    std::string seen;
    for (std::size_t i = 0; i < noted.size(); ++i) {
      const Phase phase = ejections_[i].phase();
      seen += group[i].ejected_now ? 'E' : phase == Phase::In ? 'I' : phase == Phase::Out ? 'O' : 'P';
      EXPECT_TRUE(!group[i].ejected_now || phase == Phase::Out);
      EXPECT_EQ(group[i].probe != Probe::None, phase == Phase::Probing);
      if (phase != before[i].phase()) {
        EXPECT_TRUE(group[i].reset_failures);
      }
      probes_[i] = group[i].probe;
      resets_ += group[i].reset_failures ? 1 : 0;
    }
    return seen;
  }

  const Ejection& operator[](std::size_t i) const { return ejections_[i]; }
  Probe probe(std::size_t i) const { return probes_[i]; }
  int resets() const { return resets_; }

 private:
  Judged judged(std::size_t i, char noted) {
    Judged target{&ejections_[i], true, 0, probes_[i]};
    switch (noted) {
      case '.': break;
      case 'x': target.consecutive_failures = 3; break;
      case '-': target.consecutive_failures = 2; break;
      case 'X': target.consecutive_failures = 3; [[fallthrough]];
      case 'u': target.is_usable = false; break;
      case 't': target.probe = Probe::Taken; break;
      case 'p': target.probe = Probe::Offered; break;
      case 's': target.probe = Probe::Succeeded; break;
      case 'F': target.is_usable = false; [[fallthrough]];
      case 'f': target.probe = Probe::Failed; break;
      default: ADD_FAILURE() << "noted what? " << noted;
    }
    return target;
  }

  std::vector<Ejection> ejections_;
  std::vector<Probe> probes_;
  int resets_ = 0;
};

struct Look {
  double at;  // seconds
  std::string noted;
  std::string expected;
};

struct Case {
  std::string description;
  int max_ejected_percent;
  std::vector<Look> looks;
};

const std::vector<Case> kCases{
    {"nothing is wrong", 50, {{0, "..", "II"}}},
    {"two failures are too few", 50, {{0, "-.", "II"}}},
    {"three eject", 50, {{0, "x.", "EI"}, {0.1, "..", "OI"}}},
    {"until the time is over", 50, {{0, "x.", "EI"}, {9.9, "..", "OI"}, {10, "..", "PI"}}},
    {"late failures of requests under way change nothing", 50, {{0, "x.", "EI"}, {5, "x.", "OI"}, {10, "x.", "PI"}}},
    {"nor when it returns", 50, {{0, "x.", "EI"}, {10, "x.", "PI"}, {11, "s.", "II"}}},
    {"a probe that succeeded brings it back",
     50,
     {{0, "x.", "EI"}, {10, "..", "PI"}, {10.1, "t.", "PI"}, {10.2, "s.", "II"}}},
    {"one that failed ejects again, and longer",
     50,
     {{0, "x.", "EI"}, {10, "..", "PI"}, {10.1, "f.", "EI"}, {30, "..", "OI"}, {30.1, "..", "PI"}}},
    {"one that is taken is waited for", 50, {{0, "x.", "EI"}, {10, "..", "PI"}, {11, "t.", "PI"}, {999, "..", "PI"}}},
    {"one that was put back is for another request",
     50,
     {{0, "x.", "EI"}, {10, "..", "PI"}, {11, "t.", "PI"}, {12, "p.", "PI"}, {13, "t.", "PI"}, {14, "s.", "II"}}},
    {"one that nobody took lets it return untried",
     50,
     {{0, "x.", "EI"}, {10, "..", "PI"}, {19.9, "..", "PI"}, {20, "..", "II"}}},
    {"a target that is alone is never ejected", 100, {{0, "x", "I"}, {0.1, "x", "I"}}},
    {"of two, one may be ejected though half is none", 10, {{0, "x.", "EI"}}},
    {"of two, both never", 100, {{0, "xx", "EI"}, {0.1, ".x", "OI"}}},
    {"half of five is two", 50, {{0, "xxxxx", "EEIII"}, {0.1, "..xxx", "OOIII"}}},
    {"half of four is two", 50, {{0, ".xxx", "IEEI"}}},
    {"a tenth of twenty is two", 10, {{0, "xxxxxxxxxxxxxxxxxxxx", "EEIIIIIIIIIIIIIIIIII"}}},
    {"all but the last", 100, {{0, "xxxx", "EEEI"}, {0.1, "...x", "OOOI"}}},
    {"no share, no ejection", 0, {{0, "xx..", "IIII"}}},
    {"a target under probe counts as ejected", 50, {{0, "x.", "EI"}, {10, ".x", "PI"}, {11, "tx", "PI"}}},
    {"the place of one that returned is free", 50, {{0, "x.", "EI"}, {10, "..", "PI"}, {11, "sx", "IE"}}},
    {"one that fails on is ejected when it may be",
     50,
     {{0, "xx", "EI"}, {1, ".x", "OI"}, {10, ".x", "PI"}, {11, "sx", "IE"}}},
    {"an unusable one isn't ejected", 50, {{0, "X..", "III"}}},
    {"an unusable one doesn't count as one that is left", 100, {{0, "uxx", "IEI"}}},
    {"if it is the only one left, it stays", 100, {{0, "ux", "II"}}},
    {"unusable while ejected, it is ejected until its time is over", 50, {{0, "x..", "EII"}, {9, "u..", "OII"}}},
    {"and returns without a probe, for it needs successful checks", 50, {{0, "x..", "EII"}, {10, "u..", "III"}}},
    {"unusable under probe, it returns", 50, {{0, "x..", "EII"}, {10, "...", "PII"}, {11, "u..", "III"}}},
    {"whatever became of the probe",
     50,
     {{0, "x..", "EII"}, {10, "...", "PII"}, {11, "t..", "PII"}, {12, "u..", "III"}}},
    {"a failed one too", 50, {{0, "x..", "EII"}, {10, "...", "PII"}, {11, "F..", "III"}}},
    {"where checks take the last one that serves, an ejected one returns", 50, {{0, "x.", "EI"}, {1, ".u", "II"}}},
    {"the one whose ejection ends first",
     100,
     {{0, ".x.", "IEI"}, {1, "x..", "EOI"}, {2, "..u", "OII"}, {3, ".xu", "OII"}}},
    {"an unusable one is of no use", 100, {{0, "x..", "EII"}, {1, ".x.", "OEI"}, {2, "u.u", "OII"}}},
    {"a target under probe returns as well where it is needed",
     50,
     {{0, "x.", "EI"}, {10, "..", "PI"}, {11, ".u", "II"}}},
    {"nobody is usable: nobody is ejected, and those who are stay", 50, {{0, "x..", "EII"}, {1, "uuu", "OII"}}},
};

TEST(EjectionTest, Table) {
  for (const Case& c : kCases) {
    Group group(c.looks.front().noted.size());
    for (const Look& look : c.looks) {
      const Time now = kStart + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(look.at));
      EXPECT_EQ(group.look(look.noted, policy(c.max_ejected_percent), now), look.expected)
          << c.description << ", at " << look.at;
    }
  }
}

TEST(EjectionTest, LastsLongerEachTimeUpToFiveMinutes) {
  Group group(2);
  Time now = kStart;
  ASSERT_EQ(group.look("x.", policy(), now), "EI");
  for (int times = 1; times < 100; ++times) {
    EXPECT_EQ(group[0].until() - now, seconds{std::min(10 * times, 300)}) << times;
    EXPECT_EQ(group[0].times(), static_cast<unsigned>(std::min(times, 30)));
    now = group[0].until();
    ASSERT_EQ(group.look("..", policy(), now), "PI");
    ASSERT_EQ(group.look("f.", policy(), now), "EI");
  }
}

TEST(EjectionTest, AnEjectionTimeAboveFiveMinutesNeverGrows) {
  config::PassiveHealth hour = policy();
  hour.ejection_time = Milliseconds{3'600'000};
  Group group(2);
  Time now = kStart;
  ASSERT_EQ(group.look("x.", hour, now), "EI");
  for (int times = 1; times < 4; ++times) {
    EXPECT_EQ(group[0].until() - now, std::chrono::hours{1});
    now = group[0].until();
    ASSERT_EQ(group.look("..", hour, now), "PI");
    ASSERT_EQ(group.look("f.", hour, now), "EI");
  }
}

TEST(EjectionTest, ForgetsOneByOneWhatIsLongAgo) {
  Group group(2);
  group.look("x.", policy(), kStart);
  Time now = group[0].until();
  group.look("..", policy(), now);
  group.look("f.", policy(), now);
  now = group[0].until();
  group.look("..", policy(), now);
  group.look("s.", policy(), now);
  ASSERT_EQ(group[0].times(), 2U);
  const Time back = now;
  // In for as long as the second ejection lasted, then for as long as the first.
  struct Then {
    seconds since;
    unsigned times;
  };
  for (const Then then : {Then{seconds{19}, 2}, Then{seconds{20}, 1}, Then{seconds{29}, 1}, Then{seconds{30}, 0}}) {
    group.look("..", policy(), back + then.since);
    EXPECT_EQ(group[0].times(), then.times) << then.since.count();
  }
  group.look("x.", policy(), back + seconds{31});
  EXPECT_EQ(group[0].until() - (back + seconds{31}), seconds{10});
}

TEST(EjectionTest, GrowsWhenEjectionsFollowClosely) {
  Group group(2);
  group.look("x.", policy(), kStart);
  group.look("..", policy(), kStart + seconds{10});
  group.look("s.", policy(), kStart + seconds{11});
  group.look("x.", policy(), kStart + seconds{15});
  EXPECT_EQ(group[0].until(), kStart + seconds{35});
}

TEST(EjectionTest, ASwitchedOffPolicyLetsAllReturnAndForgets) {
  config::PassiveHealth off = policy(100);
  off.enabled = false;
  Group group(4);
  ASSERT_EQ(group.look("xx..", policy(100), kStart), "EEII");
  ASSERT_EQ(group.look("....", policy(100), kStart + seconds{10}), "PPII");
  ASSERT_EQ(group.look("tfx.", policy(100), kStart + seconds{10}), "PEEI");
  EXPECT_EQ(group.look("...x", off, kStart + seconds{11}), "IIII");
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(group[i].times(), 0U);
  EXPECT_EQ(group.look("xxxx", off, kStart + seconds{12}), "IIII");
  ASSERT_EQ(group.look("x...", policy(100), kStart + seconds{13}), "EIII");
  EXPECT_EQ(group[0].until(), kStart + seconds{23});
}

TEST(EjectionTest, AReloadThatLowersTheBoundLetsThoseReturnWhoseTimeEndsFirst) {
  Group group(4);
  ASSERT_EQ(group.look("..x.", policy(75), kStart), "IIEI");
  ASSERT_EQ(group.look("xx..", policy(75), kStart + seconds{1}), "EEOI");
  EXPECT_EQ(group.look("....", policy(50), kStart + seconds{2}), "OOII");
  EXPECT_EQ(group.look("....", policy(25), kStart + seconds{3}), "IOII");
  EXPECT_EQ(group.look("....", policy(0), kStart + seconds{4}), "IIII");
}

TEST(EjectionTest, AReloadThatLowersTheBoundLetsNoMoreReturnThanItMust) {
  Group group(4);
  ASSERT_EQ(group.look("xxx.", policy(75), kStart), "EEEI");
  EXPECT_EQ(group.look("...u", policy(25), kStart + seconds{1}), "IIOI");
}

TEST(EjectionTest, AGroupThatShrankToOneHasItBack) {
  Group group(2);
  ASSERT_EQ(group.look("x.", policy(), kStart), "EI");
  EXPECT_EQ(group.look(".", policy(), kStart + seconds{1}), "I");
}

TEST(EjectionTest, AnEmptyGroupIsNoMatter) {
  EXPECT_EQ(Group(0).look("", policy(), kStart), "");
}

TEST(EjectionTest, FailuresOfAnotherTimeAreForgotten) {
  struct Reset {
    std::string description;
    std::string noted;
    int resets;
  };
  const std::vector<Reset> cases{
      {"none", "..", 0},
      {"those of one that may be ejected later", "xx", 1},
      {"those of one that has too few", "-.", 0},
      {"those of an unusable one, or it would be ejected when it is healthy again", "X.", 1},
      {"an unusable one without any", "u.", 0},
  };
  for (const Reset& c : cases) {
    Group group(2);
    group.look(c.noted, policy(), kStart);
    EXPECT_EQ(group.resets(), c.resets) << c.description;
  }
}

TEST(EjectionTest, TheProbeIsOfferedOnce) {
  Group group(2);
  group.look("x.", policy(), kStart);
  EXPECT_EQ(group.probe(0), Probe::None);
  group.look("..", policy(), kStart + seconds{10});
  EXPECT_EQ(group.probe(0), Probe::Offered);
  group.look("t.", policy(), kStart + seconds{11});
  EXPECT_EQ(group.probe(0), Probe::Taken);
  group.look("s.", policy(), kStart + seconds{12});
  EXPECT_EQ(group.probe(0), Probe::None);
}

// Whatever happens: the bounds hold at every look, and a group of which nothing bad is noted any more is whole again
// in the end.
TEST(EjectionTest, TheBoundsHoldWhateverHappens) {
  Random random(7);
  for (int run = 0; run < 300; ++run) {
    const std::size_t size = 1 + random.below(8);
    const int percent = static_cast<int>(random.below(101));
    const std::size_t share = size * static_cast<std::size_t>(percent) / 100;
    const std::size_t allowed = percent == 0 || size == 1 ? 0 : std::max<std::size_t>(1, share);
    Group group(size);
    Time now = kStart;
    for (int look = 0; look < 300; ++look) {
      now += Milliseconds{random.below(5'000)};
      std::string noted;
      for (std::size_t i = 0; i < size; ++i) {
        const bool probing = group[i].phase() == Phase::Probing;
        noted += (probing ? std::string_view{".utpsf"} : std::string_view{"...xx-uX"})[random.below(probing ? 6 : 8)];
      }
      const std::string seen = group.look(noted, policy(percent), now);
      ASSERT_LE(size - static_cast<std::size_t>(std::count(seen.begin(), seen.end(), 'I')), allowed);
      bool is_one_usable = false;
      bool does_one_serve = false;
      for (std::size_t i = 0; i < size; ++i) {
        const bool is_usable = noted[i] != 'u' && noted[i] != 'X';
        is_one_usable = is_one_usable || is_usable;
        does_one_serve = does_one_serve || (is_usable && seen[i] == 'I');
      }
      ASSERT_EQ(does_one_serve, is_one_usable) << noted << ' ' << seen;
    }
    for (int look = 0; look < 40; ++look) {
      now += seconds{10};
      std::string noted;
      for (std::size_t i = 0; i < size; ++i) noted += group.probe(i) == Probe::Taken ? 's' : '.';
      group.look(noted, policy(percent), now);
    }
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(group[i].phase(), Phase::In);
  }
}

}  // namespace
}  // namespace kanaria::targets
