#include "kanaria/rollout/journal.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "rollouts.hpp"
#include "support/files.hpp"

namespace kanaria::rollout {
namespace {

class JournalTest : public RolloutTest {
 protected:
  Contents some() {
    start_and_come_to_ten();
    Contents contents;
    contents.written = now_;
    contents.is_clean = false;
    contents.starts = {now_ - 1min};
    Entry entry;
    entry.state = state_;
    entry.kept.trial.totals.requests = {900, 100};
    entry.kept.trial.totals.bad[0] = {1, 2};
    entry.kept.trial.totals.latencies[1][77] = 5;
    entry.kept.trial.totals.logs[0][3] = -1.25;
    entry.kept.trial.users = {0, ~std::uint64_t{0}};
    entry.kept.base.requests = {90, 10};
    entry.kept.failures = {0, 3};
    contents.rollouts.emplace("checkout", entry);
    return contents;
  }
};

TEST_F(JournalTest, TextComesBackAsItWas) {
  const Contents contents = some();
  std::string fault;
  const auto read = parse_contents(to_text(contents), fault);
  ASSERT_TRUE(read) << fault;
  EXPECT_FALSE(read->is_clean);
  EXPECT_EQ(read->written, contents.written);
  EXPECT_EQ(read->starts, contents.starts);
  const Entry& entry = read->rollouts.at("checkout");
  EXPECT_EQ(entry.state, state_);
  EXPECT_EQ(entry.kept.trial.totals.requests, (evidence::Totals::PerArm{900, 100}));
  EXPECT_EQ(entry.kept.trial.totals.latencies[1][77], 5U);
  EXPECT_EQ(entry.kept.trial.totals.logs[0][3], -1.25);
  EXPECT_EQ(entry.kept.trial.users[1], ~std::uint64_t{0});
  EXPECT_EQ(entry.kept.base.requests, (evidence::Totals::PerArm{90, 10}));
  EXPECT_EQ(entry.kept.failures, (std::vector<int>{0, 3}));
}

TEST_F(JournalTest, WhatIsDamagedIsRefused) {
  const std::string good = to_text(some());
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string text = good;
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return at == std::string::npos ? text : text.replace(at, what.size(), instead);
  };
  const struct {
    const char* description;
    std::string text;
  } cases[] = {
      {"nothing", ""},
      {"half of it", good.substr(0, good.size() / 2)},
      {"no object", "[]"},
      {"a newer version", with("\"version\":1", "\"version\":2")},
      {"a version that there never was", with("\"version\":1", "\"version\":0")},
      {"a time that no clock has", with("\"written\":", "\"written\":9")},
      {"no phase", with("\"Progressing\"", "\"Rolling\"")},
      {"more than the whole rule", with("\"weight\":1000", "\"weight\":10001")},
      {"less than nothing", with("\"weight\":1000", "\"weight\":-1")},
      {"a bucket that there isn't", with("[77,5]", "[77777,5]")},
      {"no number", with("-1.25", "null")},
      {"infinite evidence", with("-1.25", "1e999")},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.description);
    std::string fault;
    EXPECT_FALSE(parse_contents(one.text, fault));
    EXPECT_FALSE(fault.empty());
  }
}

TEST_F(JournalTest, AFileIsPutInPlaceWholeAndReadAgain) {
  const test::Directory directory;
  const Journal journal(directory.path());
  std::string fault;
  EXPECT_FALSE(journal.read(fault));
  EXPECT_EQ(fault, "") << "there is none yet";
  EXPECT_EQ(journal.write(to_text(some())), "");
  EXPECT_EQ(journal.sync(), "");
  EXPECT_TRUE(journal.read(fault)) << fault;
  struct stat facts{};
  ASSERT_EQ(::stat((directory.path() + "/rollouts.json").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(JournalTest, ADamagedFileIsKeptAsideAndStaysUntilAnotherTakesItsPlace) {
  const test::Directory directory;
  std::ofstream(directory.path() + "/rollouts.json") << "{";
  const Journal journal(directory.path());
  std::string fault;
  EXPECT_FALSE(journal.read(fault));
  EXPECT_NE(fault.find("rollouts.json.damaged"), std::string::npos) << fault;
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/rollouts.json.damaged"));
  EXPECT_FALSE(journal.read(fault)) << "the start may fail, and the next one must know of it too";
  EXPECT_FALSE(fault.empty());
  EXPECT_EQ(journal.write(to_text(some())), "");
  EXPECT_TRUE(journal.read(fault)) << fault;
  std::ifstream aside(directory.path() + "/rollouts.json.damaged");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(aside), {}), "{");
}

TEST_F(JournalTest, AnUnwritableDirectoryIsTold) {
  const Journal journal("/nowhere");
  EXPECT_NE(journal.write("x").find("can't be written"), std::string::npos);
}

}  // namespace
}  // namespace kanaria::rollout
