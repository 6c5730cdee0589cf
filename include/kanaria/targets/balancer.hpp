// Which target of a group, by its algorithm (alb.md §4.2). One Balancer a worker, on its thread; its places in the
// groups outlive reloads and start at a random phase, or all workers would begin with the same target.
//
// It picks from a view of the group that it makes anew when control has changed something (GroupState::version) or a
// reload has made another Group: who is unhealthy, drains or is ejected is not in it, and is not asked again at each
// pick. No allocation but then. A view names targets by plain pointers, and is read only for the Group it was made
// from (Group::serial, never used twice): whoever passes that Group keeps it alive, and it its targets.
//
//   round_robin                  one after another in the order of the group, exact per worker. A target saves its
//   share
//                                at each of its turns and is picked when it has the largest share of the group
//                                together: passed over exactly as often as slow start says
//   least_outstanding_requests   the fewest in flight over all workers, by turns among equals; above 8 candidates the
//                                better of two random ones (Mitzenmacher 2001), for an exact scan of 1,000 takes 300
//                                ns. Without regard to shares: ALB has neither slow start nor mitigation with it
//   weighted_random              by share: an alias table (Vose 1991), one draw whatever the number
//
// A full target (Group::max_connections) is passed over where it is met. It has no list of its own: a busy target is
// full and free again many times a second, and who keeps such a list looks over all of it at each release.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "kanaria/base/random.hpp"
#include "kanaria/targets/target.hpp"

namespace kanaria::targets {

/// How many targets one request is tried on at the most.
inline constexpr std::size_t kMaxTries = 16;
using Tried = boost::container::static_vector<const Target*, kMaxTries>;

struct Pick {
  const Target* target = nullptr;  // null: there is none
  bool is_probe = false;           // it was ejected, and this request decides whether it returns (TargetState::probe)
  bool fail_open = false;          // too few are healthy: it may be an unhealthy one
  bool is_full = false;            // there is none, but some that have no room now
};

class Balancer {
 public:
  explicit Balancer(Random& random) : random_(random) {}

  /// A target that isn't among `tried` and has room. Room is seen, not taken: two workers may see the last place at
  /// once, so who counts itself in flight looks again. `may_probe`: the request does no harm twice, so it may be the
  /// one that tries an ejected target.
  /// `own`: the Target::id of the user's own one, which is picked before any other and without a probe, where it is a
  /// candidate.
  Pick pick(const Group& group, const Tried& tried, bool may_probe, std::optional<std::uint64_t> own = {});

 private:
  struct Candidate {
    const Target* target;
    const TargetState* state;  // a way without the target's own cache line
    std::uint32_t row;         // the target's: still known when the target is no more
    Share share;
    Share credit;  // round robin: what it has saved for its next turn, below View::largest
  };
  /// Of the alias table: a draw below `cut` is the candidate of the same index, another one is `other`.
  struct Column {
    std::uint32_t cut;
    std::uint32_t other;
  };
  /// What a worker knows of one group.
  struct View {
    std::uint64_t serial = 0;
    std::uint64_t version = 0;
    bool fail_open = false;
    std::vector<Candidate> candidates;  // in the order of the group
    std::vector<const Target*> probes;  // that were on offer
    std::size_t place = 0;              // of the candidate whose turn it is
    std::uint32_t turn = UINT32_MAX;    // its row, from one list of candidates to the next
    Share largest = 0;
    std::uint32_t total = 0;                                     // weighted random: of all shares
    std::vector<Column> columns;                                 // weighted random
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_id;  // with stickiness: candidates, sorted by Target::id
  };
  class Wanted;

  void make(View& view, const Group& group, std::uint64_t version);
  static const Target* take_probe(View& view, const Wanted& wanted);
  const Candidate* choose(View& view, config::Algorithm algorithm, const Wanted& wanted);
  static const Candidate* find(const View& view, std::uint64_t id);
  static const Candidate* round_robin(View& view, const Wanted& wanted);
  const Candidate* least_outstanding(View& view, const Wanted& wanted);
  const Candidate* weighted_random(const View& view, const Wanted& wanted);
  static void fill_columns(View& view);

  Random& random_;
  std::vector<View> views_;  // by Group::row
};

}  // namespace kanaria::targets
