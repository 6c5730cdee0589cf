#include "kanaria/rollout/journal.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "kanaria/base/files.hpp"
#include "kanaria/config/text.hpp"

namespace kanaria::rollout {
namespace {

using Json = nlohmann::ordered_json;
using evidence::Totals;

constexpr int kVersion = 1;
constexpr std::string_view kFileName = "rollouts.json";
constexpr std::size_t kLargestFile = 16UL * 1024 * 1024;
constexpr std::size_t kMostRollouts = 10'000;

// Times in milliseconds: a pause of 5 s must not become one of 4 by a restart.
Json json_of(WallTime when) {
  return std::chrono::floor<Milliseconds>(when.time_since_epoch()).count();
}

WallTime time_in(const Json& json) {
  constexpr std::int64_t kEnd = 9'000'000'000'000;  // the year 2255: no clock of ours goes further
  const auto milliseconds = json.get<std::int64_t>();
  if (milliseconds < -kEnd || milliseconds > kEnd) throw std::runtime_error("no time is " + json.dump());
  return WallTime(std::chrono::duration_cast<WallTime::duration>(Milliseconds(milliseconds)));
}

template <class Enum>
Enum known(std::optional<Enum> value, const Json& json) {
  if (!value) throw std::runtime_error("there is no " + config::in_quotes(json.get<std::string>()));
  return *value;
}

Phase phase_in(const Json& json) {
  return known(phase_of(json.get<std::string>()), json);
}

Reason reason_in(const Json& json) {
  return known(reason_of(json.get<std::string>()), json);
}

std::string text_in(const Json& json) {
  return config::printable(json.get<std::string>());
}

config::Basis weight_in(const Json& json) {
  const int weight = json.get<int>();
  if (weight < 0 || weight > config::kWholeRule) throw std::runtime_error("no weight is " + std::to_string(weight));
  return weight;
}

Json json_of(const Transition& one) {
  return {{"when", json_of(one.when)},     {"phase", name_of(one.phase)},
          {"reason", name_of(one.reason)}, {"from_step", one.from_step},
          {"to_step", one.to_step},        {"from_weight", one.from_weight},
          {"to_weight", one.to_weight},    {"why", one.why}};
}

Transition transition_in(const Json& json) {
  Transition one;
  one.when = time_in(json.at("when"));
  one.phase = phase_in(json.at("phase"));
  one.reason = reason_in(json.at("reason"));
  one.from_step = json.at("from_step").get<std::size_t>();
  one.to_step = json.at("to_step").get<std::size_t>();
  one.from_weight = weight_in(json.at("from_weight"));
  one.to_weight = weight_in(json.at("to_weight"));
  one.why = text_in(json.at("why"));
  return one;
}

Json json_of(const State& state) {
  Json json = {{"phase", name_of(state.phase)},
               {"reason", name_of(state.reason)},
               {"why", state.why},
               {"revision", state.revision},
               {"failed", state.failed},
               {"failed_by", name_of(state.failed_by)},
               {"step", state.step},
               {"weight", state.weight},
               {"is_swapped", state.is_swapped},
               {"has_swapped", state.has_swapped},
               {"epoch", state.epoch},
               {"halvings", state.halvings},
               {"weights", state.weights},
               {"started", json_of(state.started)},
               {"weight_since", json_of(state.weight_since)},
               {"exposed_since", json_of(state.exposed_since)},
               {"step_began", json_of(state.step_began)},
               {"deadline", json_of(state.deadline)},
               {"deadline_length", state.deadline_length.count()},
               {"paused", json_of(state.paused)},
               {"ended", json_of(state.ended)},
               {"identity", state.identity},
               {"steps", state.steps},
               {"metrics", state.metrics},
               {"history", Json::array()}};
  for (const Transition& one : state.history) json["history"].push_back(json_of(one));
  return json;
}

State state_in(const Json& json) {
  State state;
  state.phase = phase_in(json.at("phase"));
  state.reason = reason_in(json.at("reason"));
  state.why = text_in(json.at("why"));
  state.revision = text_in(json.at("revision"));
  state.failed = text_in(json.at("failed"));
  state.failed_by = reason_in(json.at("failed_by"));
  state.step = json.at("step").get<std::size_t>();
  state.weight = weight_in(json.at("weight"));
  state.is_swapped = json.at("is_swapped").get<bool>();
  state.has_swapped = json.at("has_swapped").get<bool>();
  state.epoch = json.at("epoch").get<unsigned>();
  state.halvings = std::min(json.at("halvings").get<unsigned>(), 1000U);
  state.weights = std::min(json.at("weights").get<unsigned>(), 1'000'000U);
  state.started = time_in(json.at("started"));
  state.weight_since = time_in(json.at("weight_since"));
  state.exposed_since = time_in(json.at("exposed_since"));
  state.step_began = time_in(json.at("step_began"));
  state.deadline = time_in(json.at("deadline"));
  state.deadline_length = Milliseconds(json.at("deadline_length").get<std::int64_t>());
  state.paused = time_in(json.at("paused"));
  state.ended = time_in(json.at("ended"));
  state.identity = json.at("identity").get<std::string>();
  state.steps = json.at("steps").get<std::string>();
  state.metrics = json.at("metrics").get<std::string>();
  for (const Json& one : json.at("history")) {
    if (state.history.size() == kHistory) throw std::runtime_error("its history is too long");
    state.history.push_back(transition_in(one));
  }
  if (!state.owns_rule()) state.weight = 0;
  return state;
}

Json json_of(const Totals& totals) {
  Json json = {{"chosen", totals.chosen},   {"requests", totals.requests}, {"bad", totals.bad},
               {"matched", totals.matched}, {"spilled", totals.spilled},   {"logs", totals.logs},
               {"latencies", Json::array()}};
  for (const auto& arm : totals.latencies) {
    Json counts = Json::array();  // pairs: most buckets are empty
    for (std::size_t bucket = 0; bucket < arm.size(); ++bucket)
      if (arm[bucket] > 0) counts.push_back({bucket, arm[bucket]});
    json["latencies"].push_back(std::move(counts));
  }
  return json;
}

Totals totals_in(const Json& json) {
  Totals totals;
  json.at("chosen").get_to(totals.chosen);
  json.at("requests").get_to(totals.requests);
  json.at("bad").get_to(totals.bad);
  json.at("matched").get_to(totals.matched);
  json.at("spilled").get_to(totals.spilled);
  json.at("logs").get_to(totals.logs);
  for (const auto& logs : totals.logs)
    for (const double log : logs)
      if (!(std::abs(log) < 1e300)) throw std::runtime_error("no evidence is so large");
  for (std::size_t arm = 0; arm < evidence::kArms; ++arm)
    for (const Json& pair : json.at("latencies").at(arm))
      totals.latencies[arm].at(pair.at(0).get<std::size_t>()) = pair.at(1).get<std::uint64_t>();
  return totals;
}

Json json_of(const Entry& entry) {
  return {{"state", json_of(entry.state)},
          {"totals", json_of(entry.kept.trial.totals)},
          {"base", json_of(entry.kept.base)},
          {"users", entry.kept.trial.users},
          {"failures", entry.kept.failures}};
}

Entry entry_in(const Json& json) {
  Entry entry;
  entry.state = state_in(json.at("state"));
  entry.kept.trial.totals = totals_in(json.at("totals"));
  entry.kept.base = totals_in(json.at("base"));
  json.at("users").get_to(entry.kept.trial.users);
  json.at("failures").get_to(entry.kept.failures);
  return entry;
}

}  // namespace

std::string to_text(const Contents& contents) {
  Json json = {{"version", kVersion},
               {"written", json_of(contents.written)},
               {"clean", contents.is_clean},
               {"starts", Json::array()},
               {"rollouts", Json::object()}};
  for (const WallTime start : contents.starts) json["starts"].push_back(json_of(start));
  for (const auto& [name, entry] : contents.rollouts) json["rollouts"][name] = json_of(entry);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Contents> parse_contents(const std::string& text, std::string& fault) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    fault = "is no JSON object";
    return std::nullopt;
  }
  try {
    const int version = json.at("version").get<int>();
    if (version < 1) throw std::runtime_error("its version is " + std::to_string(version));
    if (version > kVersion) {
      fault = "is of a newer version of kanaria";
      return std::nullopt;
    }
    Contents contents;
    contents.written = time_in(json.at("written"));
    contents.is_clean = json.at("clean").get<bool>();
    if (json.at("starts").size() > 100 || json.at("rollouts").size() > kMostRollouts)
      throw std::runtime_error("there is too much in it");
    for (const Json& start : json.at("starts")) contents.starts.push_back(time_in(start));
    for (const auto& [name, entry] : json.at("rollouts").items()) contents.rollouts.emplace(name, entry_in(entry));
    return contents;
  } catch (const std::exception& wrong) {
    fault = std::string("is damaged: ") + wrong.what();
    return std::nullopt;
  }
}

Journal::Journal(std::string state_dir) : state_dir_(std::move(state_dir)), file_(file_in(state_dir_, kFileName)) {}

std::optional<Contents> Journal::read(std::string& fault) const {
  FileText found = read_small_file(file_, kLargestFile);
  if (found.is_missing) return std::nullopt;
  fault = found.fault;
  if (found.text) {
    if (auto contents = parse_contents(*found.text, fault)) return contents;
  }
  fault = file_ + " " + fault;
  // It stays where it is until something is kept in its place: a start that fails must not leave the next one without a
  // file, which would know nothing of what had failed.
  const std::string aside = file_ + ".damaged";
  ::unlink(aside.c_str());
  fault += ::link(file_.c_str(), aside.c_str()) == 0 ? "; it is kept as " + aside
                                                     : std::string("; it can't be kept aside: ") + std::strerror(errno);
  return std::nullopt;
}

std::string Journal::write(const std::string& text) const {
  if (text.size() > kLargestFile) return file_ + " would be too large to be read again";
  const int failed = replace_file(file_, text);
  return failed == 0 ? "" : file_ + " can't be written: " + std::strerror(failed);
}

std::string Journal::sync() const {
  const int failed = sync_file(state_dir_, file_);
  return failed == 0 ? "" : file_ + " can't be made durable: " + std::strerror(failed);
}

}  // namespace kanaria::rollout
