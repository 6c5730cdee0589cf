// Where a request's user belongs: what its cookies say, what came of it, and the cookies that tell its next request.
// In the Request, on its worker's thread. The cookies' names and lifetimes are ALB's (alb.md §3.1, §4.6), and our own
// KANARIA_BUCKET for split: per_user; what is in them is cookies/key_ring.hpp's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kanaria/cookies/key_ring.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/rules/action.hpp"
#include "kanaria/runtime/snapshot.hpp"

namespace kanaria::proxy {

struct Request;

/// An entry is written anew when so much of its life is over: ALB does so at each answer, which a user can't tell from
/// this, but every cache on the way can.
inline constexpr int kRenewals = 64;
/// Of KANARIA_BUCKET.
inline constexpr std::chrono::hours kBucketLife{365 * 24};
inline constexpr int kBucketRenewals = 2;

/// By which browsers know where they belong, and the same for pages in other sites' frames (empty: none).
struct CookieNames {
  std::string_view first_party;
  std::string_view third_party;
};
constexpr CookieNames names_of(cookies::Purpose purpose) {
  switch (purpose) {
    case cookies::Purpose::Group: return {"AWSALBTG", "AWSALBTGCORS"};
    case cookies::Purpose::Target: return {"AWSALB", "AWSALBCORS"};
    case cookies::Purpose::Application: return {"AWSALBAPP-0", {}};
    case cookies::Purpose::Bucket: return {"KANARIA_BUCKET", "KANARIA_BUCKETCORS"};
  }
  return {};
}
constexpr cookies::Purpose purpose_of(config::TargetStickiness::Type type) {
  return type == config::TargetStickiness::Type::LbCookie ? cookies::Purpose::Target : cookies::Purpose::Application;
}

/// Cookies of one name that are looked at: a browser may have one for each domain above.
inline constexpr int kMostOfAName = 4;

/// How old an entry is.
enum class Age : std::uint8_t { Fresh, ToRenew, Expired };
/// `now` and Entry::since in Unix seconds. An entry from the future is expired, unless clocks explain it.
Age age_of(const cookies::Entry& entry, std::uint32_t now, Milliseconds life, int renewals);

/// The value of an entry for Purpose::Bucket: with the group that the user had, so that a move is seen.
constexpr std::uint64_t bucket_value(std::uint32_t bucket, std::uint64_t group_id) {
  return std::uint64_t{bucket} << 48 | (group_id & ((std::uint64_t{1} << 48) - 1));
}
constexpr std::uint32_t bucket_in(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 48);
}

class Stay {
 public:
  struct Choice {
    std::size_t group = targets::Split::kNone;
    bool is_drawn = false;  // by the split, not by where the user was
  };

  /// The group by its index in `route`. `split`: what splits now, with failover among the living.
  Choice choose(Request& request, const rules::Forward& action, const runtime::Route& route, targets::Split& split);
  /// Reads what the cookies say of the group's targets. Before the request's fields are gone.
  void read_target(Request& request, const targets::Group& group);

  /// The bucket of a user that stays where it is, by split: per_user.
  std::optional<std::uint32_t> bucket() const { return bucket_; }

  /// Target::id of the user's own target.
  std::optional<std::uint64_t> target() const { return target_; }

  /// Adds the cookies that are due to request.out.response, for an answer of that target.
  void set_cookies(Request& request, const targets::Group& group, const targets::Target& target,
                   const http::ResponseHead& answer);

 private:
  Choice choose_group(Request& request, const rules::Forward& action, const runtime::Route& route,
                      targets::Split& split);
  Choice choose_bucket(Request& request, const rules::Forward& action, const runtime::Route& route,
                       targets::Split& split);
  bool is_target_due(const targets::Group& group, const targets::Target& target,
                     const http::ResponseHead& answer) const;

  // Of the rule: AWSALBTG or KANARIA_BUCKET.
  cookies::Purpose purpose_ = cookies::Purpose::Group;
  bool is_due_ = false;
  cookies::Entry entry_;  // to be written
  cookies::Entries entries_;
  std::optional<std::uint32_t> bucket_;
  // Of the group's targets: AWSALB or AWSALBAPP-0.
  const config::TargetStickiness* read_ = nullptr;  // the settings that it was read by
  std::optional<std::uint64_t> target_;
  bool renews_target_ = false;
  bool has_application_cookie_ = false;
  cookies::Entries target_entries_;
};

}  // namespace kanaria::proxy
