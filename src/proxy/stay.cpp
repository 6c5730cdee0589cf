#include "kanaria/proxy/stay.hpp"

#include <algorithm>

#include "kanaria/http/cookies.hpp"
#include "kanaria/proxy/request.hpp"
#include "kanaria/rules/user_key.hpp"

namespace kanaria::proxy {
namespace {

using cookies::Entry;
using cookies::Purpose;
using cookies::Rejection;
using observe::Sticky;
using targets::Split;
using namespace std::chrono_literals;

constexpr std::uint32_t kClockSkew = 300;       // seconds that instances may be apart
constexpr std::chrono::hours kExpires{7 * 24};  // what ALB says of all its cookies; how long they count is in them

std::uint32_t now_of(const Request& request) {
  const auto since_epoch = request.context.loop.now().wall.time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(since_epoch).count());
}

/// Adds what another cookie of the same purpose says that is newer. A page in another site's frame is given and shows
/// the third-party one alone, so the two may tell of different times.
void merge(cookies::Entries& entries, const cookies::Entries& others) {
  // From the oldest on: each is put first, and so they stay in their order.
  for (auto other = others.rbegin(); other != others.rend(); ++other) {
    const Entry* const known = find(entries, other->scope);
    if (known == nullptr || known->since < other->since) put(entries, *other);
  }
}

/// What the first cookie of each name says that can be opened; why the first one couldn't, where none can.
cookies::KeyRing::Opened open_all(const Request& request, Purpose purpose, cookies::Entries& entries) {
  const CookieNames names = names_of(purpose);
  cookies::KeyRing::Opened all;
  std::string_view opened_text;
  for (const std::string_view name : {names.first_party, names.third_party}) {
    int looked_at = 0;
    http::CookieReader cookies(request.client.head().fields);
    for (http::Cookie cookie; !name.empty() && looked_at < kMostOfAName && cookies.next(cookie);) {
      if (cookie.name != name) continue;
      ++looked_at;
      if (!opened_text.empty() && cookie.value == opened_text) break;  // as mostly: nothing new
      cookies::Entries found;
      const auto opened = request.snapshot.keys()->open(purpose, cookie.value, request.context.loop.index(), found);
      if (opened.rejection != Rejection::None) {
        if (opened_text.empty() && all.rejection == Rejection::None) all.rejection = opened.rejection;
        continue;
      }
      all = {Rejection::None, all.by_old_key || opened.by_old_key};
      opened_text = cookie.value;
      merge(entries, found);
      break;
    }
  }
  return all;
}

/// What cookies say of a scope.
struct Found {
  const Entry* entry = nullptr;  // null: nothing that still counts
  bool renew = false;
  Rejection rejection = Rejection::None;
};

Found read(const Request& request, Purpose purpose, std::uint64_t scope, Milliseconds life, int renewals,
           cookies::Entries& entries) {
  Found found;
  const auto [rejection, by_old_key] = open_all(request, purpose, entries);
  found.rejection = rejection;
  found.entry = find(entries, scope);
  if (found.entry == nullptr) return found;
  const Age age = age_of(*found.entry, now_of(request), life, renewals);
  found.renew = age == Age::ToRenew || by_old_key;
  if (age != Age::Expired) return found;
  found.entry = nullptr;
  found.rejection = Rejection::Expired;
  return found;
}

/// What is told of one request is its greatest change.
void note(Request& request, Sticky result) {
  request.record.sticky = std::max(request.record.sticky, result);
}

void add_cookies(Request& request, Purpose purpose, const cookies::Entries& entries, WallTime expires) {
  Arena& arena = request.client.arena();
  const CookieNames names = names_of(purpose);
  const std::string_view value = request.snapshot.keys()->seal(purpose, entries, request.context.loop.index(), arena);
  std::vector<http::Field>& fields = request.out.response.fields;
  const http::CookieAttributes own{expires, http::SameSite::Lax, request.listener.policy.https};
  fields.push_back(http::set_cookie(names.first_party, value, own, arena));
  if (names.third_party.empty()) return;
  const http::CookieAttributes framed{expires, http::SameSite::None, true};
  fields.push_back(http::set_cookie(names.third_party, value, framed, arena));
}

/// A group of weight 0 gets nothing, and one that has no target for it has nothing to stay at. An unhealthy one keeps
/// its users as it keeps its share; with failover both go to the others.
bool can_stay(const Split& split, std::size_t index, const targets::Group& group) {
  if (split.weight(index) == 0) return false;
  return group.state->alive.load(std::memory_order_relaxed) || group.state->fail_open.load(std::memory_order_relaxed);
}

/// By the split and, where it draws a group that nobody can stay at, among the others by their weights: who has been
/// moved is not to be sent into the next dead end.
Stay::Choice choose_for_moved(Random& random, const runtime::Route& route, Split& split) {
  const std::size_t drawn = split.choose(random);
  if (can_stay(split, drawn, *route.groups[drawn])) return {drawn, true};
  const auto weight = [&](std::size_t index) {
    return can_stay(split, index, *route.groups[index]) ? split.weight(index) : 0;
  };
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < route.groups.size(); ++i) total += weight(i);
  if (total == 0) return {drawn, true};
  std::uint64_t at = random.below(total);
  std::size_t chosen = 0;
  for (; at >= weight(chosen); ++chosen) at -= weight(chosen);
  return {chosen, false};
}

/// The group of the weights or, while it has failed, another one. Users of the others stay where they are.
std::size_t group_of(std::uint32_t bucket, const runtime::Route& route, const Split& split) {
  const std::size_t own = route.split->group_at(bucket);
  return split.weight(own) > 0 ? own : split.group_at(targets::refuge_of(bucket));
}

bool sets(const http::Field& field, std::string_view cookie) {
  return field.known == http::FieldName::SetCookie && http::name_set_by(field.value) == cookie;
}

}  // namespace

Age age_of(const Entry& entry, std::uint32_t now, Milliseconds life, int renewals) {
  if (entry.since > now && entry.since - now > kClockSkew) return Age::Expired;
  const Milliseconds age = std::chrono::seconds(entry.since > now ? 0 : now - entry.since);
  if (age > life) return Age::Expired;  // to a second: it counts from the beginning of one
  return age > 0s && age * renewals >= life ? Age::ToRenew : Age::Fresh;
}

Stay::Choice Stay::choose(Request& request, const rules::Forward& action, const runtime::Route& route, Split& split) {
  if (split.block_size() == 0) return {};
  if (action.split == config::SplitMode::PerUser) return choose_bucket(request, action, route, split);
  if (action.stickiness.enabled) return choose_group(request, action, route, split);
  return {split.choose(request.context.loop.random()), true};
}

Stay::Choice Stay::choose_group(Request& request, const rules::Forward& action, const runtime::Route& route,
                                Split& split) {
  purpose_ = Purpose::Group;
  const Found found = read(request, purpose_, route.scope, action.stickiness.duration, kRenewals, entries_);
  std::size_t own = Split::kNone;
  for (std::size_t i = 0; i < route.groups.size() && found.entry != nullptr; ++i)
    if (route.groups[i]->id == found.entry->value) own = i;
  const bool stays = own != Split::kNone && can_stay(split, own, *route.groups[own]);

  Random& random = request.context.loop.random();
  Choice choice{own, false};
  if (found.entry == nullptr) {
    choice = {split.choose(random), true};
  } else if (!stays) {
    choice = choose_for_moved(random, route, split);
  }
  const targets::Group& group = *route.groups[choice.group];
  note(request, stays ? Sticky::Kept : found.entry == nullptr ? Sticky::New : Sticky::Moved);
  if (found.rejection != Rejection::None) {
    request.context.counters.group(group.row).rejected(found.rejection);
    if (found.rejection != Rejection::Expired) request.record.error_reason = "AWSALBTGCookieInvalid";
  }
  is_due_ = !stays || found.renew;
  entry_ = {route.scope, group.id, now_of(request)};
  return choice;
}

Stay::Choice Stay::choose_bucket(Request& request, const rules::Forward& action, const runtime::Route& route,
                                 Split& split) {
  purpose_ = Purpose::Bucket;
  const rules::User user = rules::user_of(request.client.head(), action.user_key);
  if (user.by != nullptr) {
    note(request, Sticky::Kept);
    bucket_ = targets::bucket_of(route.scope, user.name);
    return {group_of(*bucket_, route, split), false};
  }
  const Found found = read(request, purpose_, route.scope, kBucketLife, kBucketRenewals, entries_);
  const bool is_known = found.entry != nullptr && bucket_in(found.entry->value) < targets::kBuckets;
  // Dealt by the weights even while a group has failed: it gets its users when it returns.
  Random& random = request.context.loop.random();
  const std::uint32_t bucket =
      is_known ? bucket_in(found.entry->value) : route.split->bucket_in(route.split->choose(random), random);
  bucket_ = bucket;
  const Choice choice{group_of(bucket, route, split), !is_known};
  const targets::Group& group = *route.groups[choice.group];
  entry_ = {route.scope, bucket_value(bucket, group.id), now_of(request)};
  const bool stays = is_known && found.entry->value == entry_.value;
  note(request, stays ? Sticky::Kept : is_known ? Sticky::Moved : Sticky::New);
  if (found.rejection != Rejection::None) request.context.counters.group(group.row).rejected(found.rejection);
  is_due_ = !stays || found.renew;
  return choice;
}

void Stay::read_target(Request& request, const targets::Group& group) {
  read_ = &group.stickiness;
  if (!group.stickiness.enabled) return;
  const Purpose purpose = purpose_of(group.stickiness.type);
  if (purpose == Purpose::Application) {
    http::CookieReader cookies(request.client.head().fields);
    for (http::Cookie cookie; !has_application_cookie_ && cookies.next(cookie);)
      has_application_cookie_ = cookie.name == group.stickiness.cookie_name;
    if (!has_application_cookie_) return;  // the client must return both
  }
  const Found found = read(request, purpose, group.id, group.stickiness.cookie_duration, kRenewals, target_entries_);
  if (found.rejection != Rejection::None) request.context.counters.group(group.row).rejected(found.rejection);
  if (found.entry == nullptr) return;
  target_ = found.entry->value;
  renews_target_ = found.renew;
}

bool Stay::is_target_due(const targets::Group& group, const targets::Target& target,
                         const http::ResponseHead& answer) const {
  // A reload may have brought other settings while the request waited: by those nothing was read.
  if (!group.stickiness.enabled || read_ == nullptr || *read_ != group.stickiness) return false;
  if (target_) {
    if (*target_ != target.id || renews_target_) return true;
  } else if (purpose_of(group.stickiness.type) == Purpose::Target || has_application_cookie_) {
    return true;
  }
  if (purpose_of(group.stickiness.type) == Purpose::Target) return false;
  return std::ranges::any_of(answer.fields,
                             [&](const http::Field& field) { return sets(field, group.stickiness.cookie_name); });
}

void Stay::set_cookies(Request& request, const targets::Group& group, const targets::Target& target,
                       const http::ResponseHead& answer) {
  const WallTime now = request.context.loop.now().wall;
  if (is_due_) {
    put(entries_, entry_);
    add_cookies(request, purpose_, entries_, purpose_ == Purpose::Bucket ? now + kBucketLife : now + kExpires);
  }
  const bool is_due = is_target_due(group, target, answer);
  if (is_due) {
    put(target_entries_, {group.id, target.id, now_of(request)});
    add_cookies(request, purpose_of(group.stickiness.type), target_entries_, now + kExpires);
  }
  if (target_) {
    note(request, *target_ == target.id ? Sticky::Kept : Sticky::Moved);
  } else if (is_due) {
    note(request, Sticky::New);
  }
}

}  // namespace kanaria::proxy
