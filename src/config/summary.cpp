#include "kanaria/config/summary.hpp"

#include <algorithm>

#include "kanaria/config/address.hpp"
#include "kanaria/config/print.hpp"
#include "kanaria/config/text.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

std::string quoted(std::string_view label, const std::vector<Text>& values) {
  std::string text(label);
  for (const Text& value : values) append(text, concat(' ', in_quotes(value.value)));
  return text;
}

std::string patterns(std::string_view label, const Patterns& of) {
  return of.regex_values.empty() ? quoted(label, of.values) : quoted(concat(label, " regex"), of.regex_values);
}

struct Words {
  std::string operator()(const PathPattern& of) const { return patterns("path", of); }
  std::string operator()(const HostHeader& of) const { return patterns("host", of); }
  std::string operator()(const HttpHeader& of) const {
    return patterns(concat("header ", printable(of.http_header_name.value)), of);
  }
  std::string operator()(const HttpRequestMethod& of) const {
    std::string text = "method";
    for (const Text& value : of.values) append(text, concat(' ', printable(value.value)));
    return text;
  }
  std::string operator()(const QueryString& of) const {
    std::string text = "query";
    for (const auto& pair : of.values) {
      const std::string key = pair.key ? concat(pair.key->value, '=') : "";
      append(text, concat(' ', in_quotes(concat(key, pair.value.value))));
    }
    return text;
  }
  std::string operator()(const SourceIp& of) const {
    std::string text = "source";
    for (const Network& network : of.values) append(text, concat(' ', to_text(network)));
    return text;
  }
};

// ---- rollouts

std::string words_of(const PauseStep& pause) {
  return pause.duration ? to_text(*pause.duration) : "until promote";
}

/// Of more than a few seconds nobody wants the rest.
std::string rounded(Milliseconds time) {
  using namespace std::chrono_literals;
  if (time >= 1h) return to_text(std::chrono::round<std::chrono::minutes>(time));
  return to_text(time >= 1s ? std::chrono::round<std::chrono::seconds>(time) : time);
}

/// How much a canary gets before it has all.
struct Exposure {
  Milliseconds shortest{0};     // of all steps
  Milliseconds all_traffic{0};  // the time in which the rule gets as many requests as the canary in timed pauses
  bool has_more = false;        // steps that take as long as they take
};

Exposure exposure_of(const Rollout& rollout) {
  Exposure exposure;
  Basis weight = 0;
  for (const RolloutStep& step : rollout.steps) {
    const auto* const pause = std::get_if<PauseStep>(&step.of);
    if (const auto* const set = std::get_if<SetWeight>(&step.of)) {
      weight = set->weight;
    } else if (pause != nullptr && pause->duration) {
      exposure.shortest += *pause->duration;
      if (weight < kWholeRule) exposure.all_traffic += *pause->duration * weight / kWholeRule;
    } else if (weight > 0 && weight < kWholeRule) {
      exposure.has_more = true;
    }
  }
  return exposure;
}

}  // namespace

std::string summary(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& condition : conditions)
    append(text, concat(text.empty() ? "" : ", ", std::visit(Words{}, condition.of)));
  return text;
}

std::string summary(const Action& action) {
  if (const auto* const forward = std::get_if<Forward>(&action.of)) {
    std::string groups;
    for (const WeightedGroup& group : forward->target_groups) append(groups, concat(' ', group.name.value));
    return concat("forward to", groups);
  }
  if (const auto* const redirect = std::get_if<Redirect>(&action.of)) {
    const std::string query = redirect->query.empty() ? "" : concat('?', redirect->query);
    return concat("redirect ", redirect->status_code, " to ", redirect->protocol, "://", redirect->host, ':',
                  redirect->port, redirect->path, query);
  }
  return concat("fixed_response ", std::get<FixedResponse>(action.of).status_code);
}

std::string steps_text(const Rollout& rollout) {
  std::string text;
  for (const RolloutStep& step : rollout.steps) {
    if (const auto* const set = std::get_if<SetWeight>(&step.of)) {
      append(text, concat(text.empty() ? "" : ", ", basis_text(set->weight)));
    } else {
      const auto* const pause = std::get_if<PauseStep>(&step.of);
      append(text, concat(text.empty() ? "" : " ", pause != nullptr ? words_of(*pause) : "analysis"));
    }
  }
  return text;
}

std::vector<std::string> outline(const Rollout& rollout) {
  const Exposure exposure = exposure_of(rollout);
  std::string times = concat("at least ", to_text(exposure.shortest + rollout.bake_time));
  if (exposure.all_traffic.count() > 0) {
    append(times, concat("; before 100% the canary gets as many requests as the rule does in ",
                         rounded(exposure.all_traffic), exposure.has_more ? ", and those of steps that wait" : ""));
  } else if (exposure.has_more) {
    append(times, "; before 100% the canary gets the requests of steps that wait");
  }
  const std::string held = rollout.holdback > 0 ? concat(" with ", basis_text(rollout.holdback), " on stable") : "";
  return {concat("rollout ", rollout.name, "  ", rollout.rule.value, "  ", rollout.stable.value, " -> ",
                 rollout.canary.value),
          concat("  ", steps_text(rollout), ", bake ", to_text(rollout.bake_time), held), concat("  ", times)};
}

}  // namespace kanaria::config
