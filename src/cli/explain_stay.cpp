#include <algorithm>
#include <chrono>
#include <string>

#include "explain.hpp"
#include "kanaria/base/siphash.hpp"
#include "kanaria/config/print.hpp"
#include "kanaria/http/cookies.hpp"
#include "kanaria/net/sockets.hpp"
#include "kanaria/proxy/stay.hpp"
#include "kanaria/rules/user_key.hpp"
#include "kanaria/runtime/cookie_keys.hpp"

namespace kanaria::cli {

namespace {

using cookies::Purpose;

std::uint32_t now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(since_epoch).count());
}

/// Of a duration the two largest units: "23h 12m".
std::string roughly(std::chrono::seconds left) {
  struct Unit {
    std::int64_t length;
    const char* sign;
  };
  constexpr Unit kUnits[] = {{86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}};
  const auto* const unit = std::ranges::find_if(kUnits, [&](const Unit& one) { return left.count() >= one.length; });
  if (unit == std::end(kUnits)) return "0s";
  std::string text = std::to_string(left.count() / unit->length) + unit->sign;
  const std::int64_t rest = left.count() % unit->length;
  if (unit + 1 != std::end(kUnits) && rest >= unit[1].length)
    text += " " + std::to_string(rest / unit[1].length) + unit[1].sign;
  return text;
}

class Stays {
 public:
  Stays(const Question& question, const std::string& rule, const rules::Forward& forward)
      : question_(question),
        forward_(forward),
        scope_(name_hash(question.listener.name + "/" + rule)),
        split_(weights_of(forward), forward.split, 0, 0) {
    config::Diagnostics diagnostics;
    keys_ = runtime::find_cookie_keys(question.model, runtime::Missing::Report, 1, nullptr, diagnostics);
    if (diagnostics.has_errors()) unreadable_ = diagnostics.sorted().front().message;
  }

  void print() {
    if (forward_.split == config::SplitMode::PerUser) {
      print_user();
    } else if (forward_.stickiness.enabled) {
      print_cookie(Purpose::Group, scope_, "this rule", forward_.stickiness.duration,
                   [this](std::uint64_t value) { return describe_group(value); });
    }
    for (const config::WeightedGroup& member : forward_.groups) print_target(member.name.value);
  }

 private:
  static std::vector<std::uint32_t> weights_of(const rules::Forward& forward) {
    std::vector<std::uint32_t> weights;
    weights.reserve(forward.groups.size());
    for (const config::WeightedGroup& group : forward.groups)
      weights.push_back(static_cast<std::uint32_t>(group.weight));
    return weights;
  }

  void print_user() {
    const rules::User user = rules::user_of(question_.head, forward_.user_key);
    if (user.by == nullptr) {
      print_cookie(Purpose::Bucket, scope_, "this rule", proxy::kBucketLife,
                   [this](std::uint64_t value) { return describe_bucket(proxy::bucket_in(value)); });
      return;
    }
    const bool is_cookie = user.by->kind == config::UserKey::Kind::Cookie;
    label("user") << (is_cookie ? "cookie " : "") << user.by->name.value << " says \"" << user.name
                  << "\": " << describe_bucket(targets::bucket_of(scope_, user.name)) << '\n';
  }

  void print_target(const std::string& name) {
    const auto group = std::ranges::find(question_.model.target_groups, name, &config::TargetGroup::name);
    if (group == question_.model.target_groups.end() || !group->stickiness.enabled) return;
    const config::TargetStickiness& stickiness = group->stickiness;
    if (stickiness.type == config::TargetStickiness::Type::AppCookie && !has_cookie(stickiness.cookie_name)) {
      label("cookie") << "no " << stickiness.cookie_name << " of the application: any target of " << name << '\n';
      return;
    }
    print_cookie(proxy::purpose_of(stickiness.type), name_hash(name), name, stickiness.cookie_duration,
                 [&](std::uint64_t value) { return describe_target(*group, value); });
  }

  bool has_cookie(const std::string& name) const {
    http::CookieReader cookies(question_.head.fields);
    for (http::Cookie cookie; cookies.next(cookie);)
      if (cookie.name == name) return true;
    return false;
  }

  /// Each cookie of that purpose, in a line of its own, or that there is none. `what`: whose entry is looked for.
  /// As the daemon does, of each name the first that opens counts, and not more than a few are looked at.
  template <class Describe>
  void print_cookie(Purpose purpose, std::uint64_t scope, const std::string& what, Milliseconds life,
                    Describe describe) const {
    const proxy::CookieNames names = proxy::names_of(purpose);
    bool has_any = false;
    for (const std::string_view name : {names.first_party, names.third_party}) {
      bool is_decided = false;
      int looked_at = 0;
      http::CookieReader cookies(question_.head.fields);
      for (http::Cookie cookie; !name.empty() && cookies.next(cookie);) {
        if (cookie.name != name) continue;
        has_any = true;
        label("cookie") << name << ": ";
        if (is_decided || ++looked_at > proxy::kMostOfAName) {
          std::cout << "not looked at\n";
        } else {
          std::cout << verdict(purpose, cookie.value, scope, what, life, describe, is_decided) << '\n';
        }
      }
    }
    if (!has_any) label("cookie") << "no " << names.first_party << " for " << what << ": a new visitor\n";
  }

  template <class Describe>
  std::string verdict(Purpose purpose, std::string_view value, std::uint64_t scope, const std::string& what,
                      Milliseconds life, Describe describe, bool& is_decided) const {
    if (!unreadable_.empty()) return "can't be opened here: " + unreadable_;
    if (!keys_) return "can't be opened here: there are no keys";
    cookies::Entries entries;
    const auto [why, by_old_key] = keys_->open(purpose, value, 0, entries);
    if (why != cookies::Rejection::None) return std::string(word_of(why)) + ": a new visitor";
    is_decided = true;
    const cookies::Entry* const entry = find(entries, scope);
    if (entry == nullptr) return "says nothing of " + what + ": a new visitor";
    const std::uint32_t time = now();
    if (proxy::age_of(*entry, time, life, 1) == proxy::Age::Expired) return "expired: a new visitor";
    const auto left = std::chrono::floor<std::chrono::seconds>(life) -
                      std::chrono::seconds(time > entry->since ? time - entry->since : 0);
    return describe(entry->value) + ", for " + roughly(left) + " more" + (by_old_key ? ", sealed by an old key" : "");
  }

  std::string describe_group(std::uint64_t id) const {
    for (const config::WeightedGroup& group : forward_.groups) {
      if (name_hash(group.name.value) != id) continue;
      return group.name.value + (group.weight == 0 ? ", whose weight is 0: a new choice" : "");
    }
    return "a group that isn't in this rule: a new choice";
  }

  std::string describe_bucket(std::uint32_t bucket) const {
    std::string text = "bucket " + std::to_string(bucket);
    if (split_.block_size() == 0 || bucket >= targets::kBuckets) return text;
    return text + " is " + forward_.groups[split_.group_at(bucket)].name.value + "'s";
  }

  static std::string describe_target(const config::TargetGroup& group, std::uint64_t id) {
    for (const config::Target& target : group.targets) {
      std::optional<net::Endpoint> endpoint;
      if (const auto* const address = std::get_if<boost::asio::ip::address>(&target.host)) {
        endpoint = net::Endpoint::of(*address, target.port);
      } else if (target.unix_socket) {
        endpoint = net::Endpoint::of_unix(std::get<std::string>(target.host));
      }
      if (endpoint && name_hash(endpoint->to_string()) == id) return endpoint->to_string() + " of " + group.name;
    }
    return "a target of " + group.name + " that the file doesn't give by its address";
  }

  const Question& question_;
  const rules::Forward& forward_;
  std::uint64_t scope_;
  targets::Split split_;
  std::shared_ptr<const cookies::KeyRing> keys_;
  std::string unreadable_;
};

}  // namespace

void print_stay(const Question& question, const std::string& rule, const rules::Forward& forward) {
  Stays(question, rule, forward).print();
}

}  // namespace kanaria::cli
