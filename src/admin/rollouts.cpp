#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/text.hpp"
#include "rollouts_json.hpp"
#include "routes.hpp"

namespace kanaria::admin {
namespace {

using Verb = rollout::Verb;

Reply unknown_rollout(const std::string& name, const std::vector<rollout::Report>& reports) {
  std::vector<std::string_view> names;
  names.reserve(reports.size());
  for (const rollout::Report& report : reports) names.push_back(report.name);
  return error(404, "not_found", "there is no rollout " + config::in_quotes(name) + config::did_you_mean(name, names));
}

Reply unknown_verb(const std::string& word) {
  std::vector<std::string_view> known;
  std::string all;
  for (std::size_t i = 0; i < rollout::kVerbs; ++i) {
    known.push_back(name_of(static_cast<Verb>(i)));
    all.append(i == 0 ? "" : i + 1 < rollout::kVerbs ? ", " : " and ").append(known.back());
  }
  const std::string meant = config::did_you_mean(word, known);
  return error(404, "not_found",
               "a rollout has no verb " + config::in_quotes(word) + (meant.empty() ? ": there are " + all : meant));
}

/// The one parameter that a verb takes; "": none.
std::string_view parameter_of(Verb verb) {
  switch (verb) {
    case Verb::Start: return "revision";
    case Verb::Promote: return "full";
    case Verb::SetWeight: return "weight";
    default: return "";
  }
}

/// "10%", "0.5%", "12.34%". None: it is something else.
std::optional<config::Basis> parse_weight(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string_view hundredths = text.substr(std::min(point + 1, text.size()));
  if (digits.empty() || digits.size() > 3 || hundredths.size() > 2) return std::nullopt;
  if (hundredths.empty() && point < text.size()) return std::nullopt;
  digits.append(hundredths).append(2 - hundredths.size(), '0');
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  config::Basis weight = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), weight);
  if (weight > config::kWholeRule) return std::nullopt;
  return weight;
}

/// Takes from the query what the verb wants. Returns what is wrong, or "".
std::string read_command(const Call& call, rollout::Command& command) {
  const std::string_view wanted = parameter_of(command.verb);
  for (const auto& [name, value] : call.parameters)
    if (name != wanted) return std::string(name_of(command.verb)) + " takes no " + name;
  const std::string text = call.parameter(wanted);
  const bool is_given = call.parameters.contains(wanted);
  switch (command.verb) {
    case Verb::Start:
      if (is_given && !config::is_name(text))
        return "revision must be 1 to 64 of the characters A-Z a-z 0-9 _ . -, not " + config::in_quotes(text);
      command.revision = text;
      return "";
    case Verb::Promote:
      if (is_given && text != "1" && text != "0") return "full must be 1 or 0";
      command.full = text == "1";
      return "";
    case Verb::SetWeight:
      command.weight = parse_weight(text);
      if (!is_given) return "set-weight wants a weight, such as 10%";
      if (!command.weight)
        return "weight must be between 0% and 100% in steps of 0.01%, such as 10% or 0.5%, not " +
               config::in_quotes(text);
      return "";
    default: return "";
  }
}

Reply of_changed(const std::string& name, const rollout::Changed& changed,
                 const std::vector<rollout::Report>& reports) {
  using Status = rollout::Changed::Status;
  if (changed.status == Status::Unknown) return error(404, "not_found", changed.message);
  if (changed.status == Status::Refused) return error(409, "refused", changed.message);
  const auto now = std::ranges::find(reports, name, &rollout::Report::name);
  return json(200, {{"message", changed.message},
                    {"warnings", changed.warnings},
                    {"changed", changed.status == Status::Done},
                    {"rollout", now == reports.end() ? Json() : json_of(*now)}});
}

}  // namespace

net::Awaitable<Reply> rollouts_list(Call& call) {
  Json body = {{"rollouts", Json::array()}};
  for (const rollout::Report& report : call.server.rollouts()) body["rollouts"].push_back(json_of(report));
  co_return json(200, body);
}

net::Awaitable<Reply> rollouts_get(Call& call) {
  const std::vector<rollout::Report> reports = call.server.rollouts();
  const auto found = std::ranges::find(reports, call.names[0], &rollout::Report::name);
  co_return found == reports.end() ? unknown_rollout(call.names[0], reports) : json(200, json_of(*found));
}

net::Awaitable<Reply> rollouts_post(Call& call) {
  const std::optional<Verb> verb = rollout::verb_of(call.names[1]);
  if (!verb) co_return unknown_verb(call.names[1]);
  if (!is_empty(call.begun)) co_return error(400, "unexpected_body", "a verb takes no body");
  rollout::Command command;
  command.verb = *verb;
  command.rollout = call.names[0];
  command.who = call.who;
  command.when = std::chrono::system_clock::now();
  const std::string fault = read_command(call, command);
  if (!fault.empty()) co_return error(400, "bad_request", fault);
  const rollout::Changed changed = co_await call.server.change_rollout(command);
  co_return of_changed(command.rollout, changed, call.server.rollouts());
}

}  // namespace kanaria::admin
