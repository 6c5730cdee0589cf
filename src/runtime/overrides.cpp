#include "kanaria/runtime/overrides.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "kanaria/base/files.hpp"
#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/text.hpp"

namespace kanaria::runtime {
namespace {

using Json = nlohmann::json;
using Membership = TargetOverride::Membership;

constexpr std::string_view kFileName = "overrides.json";
constexpr std::size_t kLargestFile = 16UL * 1024 * 1024;
constexpr int kVersion = 1;

NLOHMANN_JSON_SERIALIZE_ENUM(Membership, {{Membership::AsInFile, "as_in_file"},
                                          {Membership::Registered, "registered"},
                                          {Membership::Deregistered, "deregistered"}})

std::int64_t seconds_of(WallTime when) {
  return std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
}

WallTime time_of(const Json& seconds) {
  constexpr std::int64_t kLatest = 253'402'300'799;  // of the year 9999
  return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds.get<std::int64_t>(), 0, kLatest)));
}

const config::TargetGroup* find_group(const config::Model& file, const std::string& name) {
  const auto found = std::ranges::find(file.target_groups, name, &config::TargetGroup::name);
  return found == file.target_groups.end() ? nullptr : &*found;
}

void read_weights(const Json& one, Overrides& overrides) {
  WeightOverride made;
  for (const auto& [group, weight] : one.at("weights").items()) made.weights.emplace_back(group, weight.get<int>());
  made.who = config::printable(one.at("who").get<std::string>());
  made.when = time_of(one.at("when"));
  if (one.contains("until")) made.until = time_of(one["until"]);
  made.reason = one.at("reason").get<std::string>();
  overrides.weights[one.at("rule").get<std::string>()] = std::move(made);
}

void read_target(const Json& one, const config::Model& file, Overrides& overrides) {
  const auto group = one.at("target_group").get<std::string>();
  const config::TargetGroup* const settings = find_group(file, group);
  if (settings == nullptr) return;
  std::string fault;
  const auto target = config::parse_target(one.at("target").get<std::string>(), settings->port, fault);
  if (!target) throw std::runtime_error(fault);
  TargetOverride made{*target, one.at("membership").get<Membership>(),
                      config::printable(one.at("who").get<std::string>()), time_of(one.at("when"))};
  made.target.drained = one.at("drained").get<bool>();
  std::vector<TargetOverride>& ours = overrides.targets[group];
  if (ours.size() == kMaxOverrides) throw std::runtime_error("too many targets");
  ours.push_back(std::move(made));
}

}  // namespace

std::shared_ptr<const config::Model> in_force(const Overrides& overrides,
                                              const std::shared_ptr<const config::Model>& file) {
  return in_force(overrides.weights, in_force(overrides.targets, file));
}

void forget_gone(Overrides& overrides, const config::Model& file, config::Diagnostics& diagnostics) {
  std::erase_if(overrides.targets, [&](const auto& ours) {
    const bool stays = find_group(file, ours.first) != nullptr;
    if (!stays)
      diagnostics.warning(
          {}, "target_groups",
          "target group " + ours.first + " is gone, and what was changed by hand about its targets with it");
    return !stays;
  });
  std::erase_if(overrides.weights, [&](const auto& ours) {
    const bool stays = fits(ours.second, ours.first, file);
    if (!stays)
      diagnostics.warning({}, ours.first,
                          "rule " + ours.first +
                              " is gone or has other target groups now, and its weights are the file's again: those "
                              "set by " +
                              ours.second.who + " have ended");
    return !stays;
  });
}

std::string to_text(const Overrides& overrides) {
  Json text = {{"version", kVersion}, {"weights", Json::array()}, {"targets", Json::array()}};
  for (const auto& [rule, ours] : overrides.weights) {
    Json one = {{"rule", rule}, {"who", ours.who}, {"when", seconds_of(ours.when)}, {"reason", ours.reason}};
    for (const auto& [group, weight] : ours.weights) one["weights"][group] = weight;
    if (ours.until) one["until"] = seconds_of(*ours.until);
    text["weights"].push_back(std::move(one));
  }
  for (const auto& [group, targets] : overrides.targets)
    for (const TargetOverride& one : targets)
      text["targets"].push_back({{"target_group", group},
                                 {"target", one.target.text.value},
                                 {"membership", one.membership},
                                 {"drained", one.target.drained},
                                 {"who", one.who},
                                 {"when", seconds_of(one.when)}});
  return text.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Overrides> parse_overrides(const std::string& text, const config::Model& file, std::string& fault) {
  const Json read = Json::parse(text, nullptr, false);
  if (!read.is_object()) {
    fault = "is no JSON object";
    return std::nullopt;
  }
  try {
    if (read.at("version") != kVersion) {
      fault = "is of another version of kanaria";
      return std::nullopt;
    }
    Overrides overrides;
    if (read.at("weights").size() > kMaxWeightOverrides) throw std::runtime_error("too many rules");
    for (const Json& one : read.at("weights")) read_weights(one, overrides);
    for (const Json& one : read.at("targets")) read_target(one, file, overrides);
    return overrides;
  } catch (const std::exception& wrong) {
    fault = std::string("is damaged: ") + wrong.what();
    return std::nullopt;
  }
}

Overrides read_overrides(const std::string& state_dir, const config::Model& file, std::string& fault) {
  const std::string name = file_in(state_dir, kFileName);
  FileText found = read_small_file(name, kLargestFile);
  if (found.is_missing) return {};
  fault = found.fault;
  if (found.text) {
    if (auto overrides = parse_overrides(*found.text, file, fault)) return std::move(*overrides);
  }
  fault = name + " " + fault;
  const std::string aside = name + ".damaged";
  fault += std::rename(name.c_str(), aside.c_str()) == 0
               ? "; it is now " + aside
               : std::string("; it can't be moved aside: ") + std::strerror(errno);
  return {};
}

std::string keep_overrides(const std::string& state_dir, const std::string& text) {
  const std::string name = file_in(state_dir, kFileName);
  const int failed = write_durably(state_dir, name, text, Existing::Replace);
  return failed == 0 ? "" : name + " can't be written: " + std::strerror(failed);
}

}  // namespace kanaria::runtime
