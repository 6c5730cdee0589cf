#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <memory>

#include "kanaria/config/text.hpp"
#include "kanaria/runtime/weight_overrides.hpp"
#include "remote.hpp"
#include "terminal.hpp"

namespace kanaria::cli {
namespace {

namespace http1 = boost::beast::http;
using Json = nlohmann::ordered_json;
using Weights = std::vector<std::pair<std::string, int>>;

struct Options {
  AdminOptions daemon;
  std::string rule;
  std::vector<std::string> weights;
  std::string length;
  std::string reason;
  int yes = 0;
  bool reset = false;
};

/// "app-main=90"
std::pair<std::string, int> parse_weight(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  int weight = 0;
  if (equals != std::string::npos && equals > 0) {
    const char* const end = text.data() + text.size();
    const auto [last, failed] = std::from_chars(text.data() + equals + 1, end, weight);
    if (failed == std::errc() && last == end) return {text.substr(0, equals), weight};
  }
  throw CLI::ValidationError("GROUP=N", config::in_quotes(text) + " is no weight: write it as app-main=90");
}

std::string share_of(int weight, int total) {
  char text[16];
  if (total == 0) return "-";
  std::snprintf(text, sizeof text, "%.1f%%", 100.0 * weight / total);
  return text;
}

std::string health_of(const Json& group) {
  return std::to_string(group.at("healthy").get<std::size_t>()) + "/" +
         std::to_string(group.at("targets").get<std::size_t>());
}

/// What decides the weights.
void print_decider(std::ostream& out, const Json& weights, const std::string& rule) {
  const Json& rollout = weights.at("rollout");
  const Json& override = weights.at("override");
  if (!rollout.is_null()) {
    const std::string name = text_of(rollout.at("name"));
    out << "rollout " << name << " decides: " << text_of(rollout.at("phase")) << ", step "
        << rollout.at("step").get<std::size_t>() << " of " << rollout.at("steps").get<std::size_t>()
        << "\n  to change them: kanaria rollout set-weight " << name << " N%, or kanaria rollout abort " << name
        << '\n';
  } else if (override.is_null()) {
    out << "the file decides\n";
  }
  if (override.is_null()) return;
  out << (rollout.is_null() ? "" : "after it: ") << "override by " << text_of(override.at("who")) << " of "
      << text_of(override.at("when"));
  if (!override.at("reason").get<std::string>().empty()) out << " \"" << text_of(override.at("reason")) << '"';
  if (override.at("until").is_null()) {
    out << "\n  until kanaria weights " << rule << " --reset";
  } else {
    out << "\n  until " << text_of(override.at("until"));
  }
  out << "; the file: line " << override.at("line").get<int>();
  for (const Json& group : weights.at("target_groups"))
    out << ' ' << text_of(group.at("target_group")) << '=' << group.at("file_weight").get<int>();
  out << '\n';
}

int weight_in(const Weights& weights, const std::string& group) {
  const auto found = std::ranges::find(weights, group, &Weights::value_type::first);
  return found == weights.end() ? 0 : found->second;
}

int total_of(const Json& groups) {
  int total = 0;
  for (const Json& group : groups) total += group.at("weight").get<int>();
  return total;
}

/// A line a group: its weight and share now and, with `next`, then.
void print_groups(std::ostream& out, const Json& weights, const Weights* next) {
  const Json& groups = weights.at("target_groups");
  std::size_t width = 0;
  for (const Json& group : groups) width = std::max(width, text_of(group.at("target_group")).size());
  const int total = total_of(groups);
  int next_total = 0;
  if (next != nullptr)
    for (const auto& [group, weight] : *next) next_total += weight;
  for (const Json& group : groups) {
    const std::string name = text_of(group.at("target_group"));
    const int weight = group.at("weight").get<int>();
    out << "  " << padded(name, width) << right(std::to_string(weight), 5) << right(share_of(weight, total), 8);
    if (next != nullptr) {
      const int then = weight_in(*next, name);
      out << "  ->" << right(std::to_string(then), 5) << right(share_of(then, next_total), 8);
    }
    out << "   " << health_of(group) << " healthy\n";
  }
}

/// What a person should think about twice; "": nothing.
std::string doubts(const Json& groups, const Weights& next) {
  std::string words;
  bool all_zero = true;
  for (const Json& group : groups) {
    const std::string name = text_of(group.at("target_group"));
    const int weight = weight_in(next, name);
    all_zero = all_zero && weight == 0;
    if (weight > 0 && group.at("healthy").get<std::size_t>() == 0)
      words += (words.empty() ? "" : ", ") + name + " has no healthy target";
  }
  return all_zero ? "all weights are 0, and every request gets 503" : words;
}

/// May it be done? Asks a person, or wants --yes.
bool may_set(const Options& options, const std::string& doubt) {
  const int wanted = doubt.empty() ? 1 : 2;
  if (options.yes >= wanted) return true;
  if (!can_ask()) {
    std::cerr << "kanaria: " << (doubt.empty() ? "" : doubt + ": ") << "nobody can be asked here, so this wants "
              << (wanted == 1 ? "--yes\n" : "--yes --yes\n");
    return false;
  }
  if (options.yes == 0 && !ask_yes("set these weights?")) return false;
  return doubt.empty() || ask_yes(doubt + ": set them all the same?");
}

int print_answer(const Response& answer) {
  const Json body = Json::parse(answer.body());
  if (answer.result() != http1::status::ok) {
    std::cerr << "kanaria: " << text_of(body.at("error").at("message")) << '\n';
    return kFailed;
  }
  for (const Json& change : body.at("changes")) std::cout << text_of(change) << '\n';
  if (body.at("changes").empty()) std::cout << "no weight changed\n";
  for (const Json& warning : body.at("warnings")) std::cerr << "warning: " << text_of(warning) << '\n';
  return kFine;
}

int set(const Options& options, const std::string& path, const Json& now, const HeaderList& if_match) {
  Weights next;
  for (const std::string& text : options.weights) next.push_back(parse_weight(text));
  Json body = Json::object();
  for (const auto& [group, weight] : next) {
    if (body.contains(group)) throw CLI::ValidationError("GROUP=N", group + " is named twice");
    body[group] = weight;
  }
  std::string query;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) query += (query.empty() ? "?" : "&") + std::string(name) + "=" + encoded(value);
  };
  add("for", options.length);
  add("reason", options.reason);
  const Json& groups = now.at("target_groups");
  const bool names_all = next.size() == groups.size() && std::ranges::all_of(groups, [&](const Json& group) {
                           return body.contains(group.at("target_group").get<std::string>());
                         });
  const bool in_range = std::ranges::all_of(next, [](const auto& one) { return one.second >= 0 && one.second <= 999; });
  // What can't be is for the daemon to refuse, in the same words for everybody.
  if (names_all && in_range && now.at("rollout").is_null()) {
    print_groups(std::cerr, now, &next);
    if (!may_set(options, doubts(groups, next))) return kFailed;
  }
  return print_answer(ask(options.daemon, http1::verb::put, path + query, body.dump(), if_match));
}

int run_weights(const Options& options) {
  const auto [listener, rule] = parse_rule(options.rule);
  if (options.reset && !options.weights.empty())
    throw CLI::ValidationError("--reset", "it takes back what was set by hand: write it without weights");
  if (options.weights.empty() && (!options.length.empty() || !options.reason.empty() || options.yes > 0))
    throw CLI::ValidationError("GROUP=N", "--for, --reason and --yes go with weights");
  if (!options.length.empty()) {  // before anybody is asked anything
    std::string fault;
    if (!config::parse_duration("--for", options.length, std::chrono::seconds(1), runtime::kLongestOverride, fault))
      throw CLI::ValidationError("--for", fault);
  }
  if (options.reason.size() > runtime::kLongestReason)
    throw CLI::ValidationError("--reason", "it has at most " + std::to_string(runtime::kLongestReason) + " bytes");
  const std::string path = "/api/v1/listeners/" + listener + "/rules/" + rule + "/weights";
  const Json now = get_json(options.daemon, path);
  // What was looked at is what is changed: somebody else's change between is not overwritten unseen.
  const HeaderList if_match{{"If-Match", '"' + now.at("generation").get<std::string>() + '"'}};
  if (options.reset) return print_answer(ask(options.daemon, http1::verb::delete_, path, "", if_match));
  if (!options.weights.empty()) return set(options, path, now, if_match);
  std::cout << options.rule << '\n';
  print_groups(std::cout, now, nullptr);
  print_decider(std::cout, now, options.rule);
  return kFine;
}

}  // namespace

void add_weights(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("weights", "Show the weights of a rule, set them over those of the file, or take that back");
  command->add_option("RULE", options->rule, "LISTENER/RULE, or LISTENER/default")->required()->type_name("RULE");
  command->add_option("WEIGHTS", options->weights, "GROUP=N for each target group of the rule, 0-999")
      ->type_name("GROUP=N");
  command->add_option("--for", options->length, "How long, such as 30m; then the file decides again")
      ->type_name("TIME");
  command->add_option("--reason", options->reason, "Why: it stands in the log and in kanaria status")
      ->type_name("TEXT");
  command->add_flag("--yes", options->yes, "Don't ask; twice: not even where a group has no healthy target");
  command->add_flag("--reset", options->reset, "The rule's weights are as in the file again");
  add_admin_options(*command, options->daemon);
  command->footer("Example:\n  kanaria weights http-8080/canary app-main=50 app-canary=50 --for 30m --reason INC-204");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return run_weights(*options); }); });
}

}  // namespace kanaria::cli
