#include "explain.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>

#include "command.hpp"
#include "files.hpp"
#include "kanaria/admin/explain.hpp"
#include "kanaria/base/fault_table.hpp"
#include "kanaria/config/address.hpp"
#include "kanaria/config/print.hpp"
#include "kanaria/http/admission.hpp"
#include "kanaria/rules/policy.hpp"
#include "route.hpp"

namespace kanaria::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  AdminOptions daemon;
  std::string config;
  std::string method;
  std::string url;
  std::vector<std::string> headers;
  std::string from = "127.0.0.1";
  std::string listener;
};

std::string priority_of(const rules::Rule& rule) {
  return rule.priority() == 0 ? "default" : std::to_string(rule.priority());
}

/// The rules down to the match and why each was passed over. Returns the match.
const rules::Rule& print_rules(const Question& question, const rules::RuleTable& table) {
  const std::vector<rules::Verdict> verdicts = table.explain({question.head, question.peer});
  std::size_t width = 0;
  for (const rules::Verdict& verdict : verdicts) width = std::max(width, verdict.rule->name().size());
  for (const rules::Verdict& verdict : verdicts) {
    label("rule") << std::setw(8) << priority_of(*verdict.rule) << std::setw(static_cast<int>(width))
                  << verdict.rule->name() << "  " << (verdict.matches ? "YES  " : "no   ");
    if (verdict.reasons.empty()) std::cout << "it takes what no other rule matches";
    for (std::size_t i = 0; i < verdict.reasons.size(); ++i) {
      std::cout << (i == 0 ? "" : "; ") << verdict.reasons[i];
    }
    std::cout << '\n';
  }
  const std::size_t left = table.rules().size() - verdicts.size();
  if (left > 0) label("") << left << (left == 1 ? " rule" : " rules") << " not reached\n";
  return *verdicts.back().rule;
}

/// As written, and with its group's port where none was.
std::string place_of(const config::Target& target) {
  const std::string& written = target.text.value;
  const bool complete = target.unix_socket || config::split_host_and_port(written).port;
  return complete ? written : written + ':' + std::to_string(target.port);
}

std::string describe_targets(const config::Model& model, const std::string& group) {
  const auto found = std::find_if(model.target_groups.begin(), model.target_groups.end(),
                                  [&](const config::TargetGroup& candidate) { return candidate.name == group; });
  if (found->targets.empty()) return "no targets: 503";
  std::string text;
  for (const config::Target& target : found->targets) text += (text.empty() ? "" : ", ") + place_of(target);
  return text;
}

void print_fault(Fault fault) {
  label("answers") << row_of(fault).status << "  " << row_of(fault).word << '\n';
}

void print_request(const Question& question, const http::Rewritten& rewritten) {
  const char* name = "sends";
  for (const std::string& line : admin::head_for_target(question.head, question.peer, question.model.load_balancer,
                                                        question.listener.port, rewritten)) {
    label(name) << line << '\n';
    name = "";
  }
}

/// The rule's transforms, and what they make of this request.
void print_transforms(const rules::Rule& rule, const http::Rewritten& rewritten) {
  const char* name = "transforms";
  for (const std::string& words : rule.transform_words()) {
    label(name) << words << '\n';
    name = "";
  }
  if (!rule.has_transforms()) label(name) << "none\n";
  if (!rewritten.host.empty()) label("") << "host becomes " << rewritten.host << '\n';
  if (!rewritten.target.empty()) label("") << "URL becomes " << rewritten.target << '\n';
  if (rule.has_transforms() && rewritten.host.empty() && rewritten.target.empty()) label("") << "none matches\n";
}

/// The rule's weights in the daemon; null: a file is asked.
Json running_weights(const Question& question, const rules::Rule& rule) {
  if (question.daemon == nullptr) return {};
  return get_json(*question.daemon,
                  "/api/v1/listeners/" + question.listener.name + "/rules/" + std::string(rule.name()) + "/weights");
}

/// With the weights that are in force: those of a rollout are in no file.
rules::Forward with_weights(rules::Forward forward, const Json& running) {
  if (running.is_null()) return forward;
  for (config::WeightedGroup& group : forward.groups)
    for (const Json& one : running.at("target_groups"))
      if (one.at("target_group") == group.name.value) group.weight = one.at("weight").get<int>();
  return forward;
}

/// "2/3 healthy  "
std::string health_of(const Json& running, const std::string& group) {
  if (running.is_null()) return "";
  for (const Json& one : running.at("target_groups"))
    if (one.at("target_group") == group)
      return std::to_string(one.at("healthy").get<int>()) + "/" + std::to_string(one.at("targets").get<int>()) +
             " healthy  ";
  return "";
}

/// Where it isn't the file.
void print_decider(const Json& running) {
  if (running.is_null()) return;
  const Json& rollout = running.at("rollout");
  if (!rollout.is_null())
    label("") << "rollout " << text_of(rollout.at("name")) << ' ' << text_of(rollout.at("phase")) << ", step "
              << rollout.at("step").get<int>() << " of " << rollout.at("steps").get<int>() << '\n';
  if (running.at("override").is_null()) return;
  const Json& override = running.at("override");
  label("") << "override by " << text_of(override.at("who")) << ' ' << text_of(override.at("when"));
  if (!override.at("reason").get<std::string>().empty()) std::cout << " \"" << text_of(override.at("reason")) << '"';
  std::cout << ", file line " << override.at("line").get<int>() << '\n';
}

void print_forward(const Question& question, const rules::Rule& rule, const rules::Forward& written, Arena& arena) {
  const Json running = running_weights(question, rule);
  const rules::Forward forward = with_weights(written, running);
  const int total = std::accumulate(forward.groups.begin(), forward.groups.end(), 0,
                                    [](int sum, const config::WeightedGroup& group) { return sum + group.weight; });
  const char* name = "forward";
  std::size_t width = 0;
  for (const config::WeightedGroup& group : forward.groups) width = std::max(width, group.name.value.size());
  for (const config::WeightedGroup& group : forward.groups) {
    label(name) << std::setw(static_cast<int>(width)) << group.name.value << std::right << std::setw(5) << group.weight
                << std::setw(8) << (total == 0 ? "-" : config::percent(group.weight, total)) << "   " << std::left
                << health_of(running, group.name.value) << describe_targets(question.model, group.name.value) << '\n';
    name = "";
  }
  print_decider(running);
  if (total == 0) return print_fault(Fault::AllWeightsZero);
  const bool sticky = forward.stickiness.enabled;
  label("") << "split " << words(forward.split) << ", stickiness "
            << (sticky ? config::to_text(forward.stickiness.duration) : "off") << ", failover "
            << (forward.failover ? "on" : "off") << '\n';
  print_stay(question, rule.name(), forward);
  http::Rewritten rewritten;
  const Result<void> done = rule.rewrite(question.head, 0, arena, rewritten);
  print_transforms(rule, rewritten);
  if (!done) return print_fault(done.error().fault);
  if (question.head.max_forwards == 0) {
    label("answers") << "200  Max-Forwards is 0\n";
  } else {
    print_request(question, rewritten);
  }
  const config::LoadBalancer& settings = question.model.load_balancer;
  label("limits") << "connect " << config::to_text(settings.target_connect_timeout) << ", answer "
                  << config::to_text(settings.idle_timeout) << '\n';
}

void print_redirect(const Question& question, const rules::Redirect& redirect, Arena& arena) {
  const Result<std::string_view> location = redirect.location(question.head, "http", question.listener.port, arena);
  if (!location) return print_fault(location.error().fault);
  label("redirect") << redirect.status << "  Location: " << *location << '\n';
}

void print_action(const Question& question, const rules::Rule& rule) {
  BlockPool blocks;
  Arena arena(blocks);
  if (const auto* forward = std::get_if<rules::Forward>(&rule.action())) {
    print_forward(question, rule, *forward, arena);
  } else if (const auto* redirect = std::get_if<rules::Redirect>(&rule.action())) {
    print_redirect(question, *redirect, arena);
  } else if (const auto* fixed = std::get_if<rules::FixedResponse>(&rule.action())) {
    label("answers") << fixed->status << "  " << fixed->content_type << "  \"" << fixed->body << "\"\n";
  }
}

int explain(const Options& options) {
  const Url url = parse_url(options.url);
  HeaderList headers;
  for (const std::string& header : options.headers) headers.push_back(parse_header(header));
  boost::system::error_code not_an_address;
  const auto peer = boost::asio::ip::make_address(options.from, not_an_address);
  if (not_an_address) throw CLI::ValidationError("--from", '"' + options.from + "\" is not an IP address");

  const std::optional<CheckedFile> file = require_config(options.config, options.daemon, Running::InForce);
  if (!file) return kBadConfiguration;
  const config::Model& model = *file->loaded.model;
  const std::size_t index = choose_listener(model, options.listener, url);
  const config::Listener& listener = model.listeners[index];
  const AskedRequest request(options.method, url, headers);
  http::RequestHead head = request.head();
  const Fault refused = http::admit(rules::connection_policy(model.load_balancer).admission, head);
  const Question question{model, listener, head, peer, options.config.empty() ? &options.daemon : nullptr};

  label("listener") << listener.name << "  " << config::to_text(listener.address, listener.port) << "  of "
                    << (options.config.empty() ? "the running configuration" : options.config) << '\n';
  if (head.desync != http::DesyncReason::None) {
    const http::DesyncRow& row = row_of(head.desync);
    label("desync") << name_of(row.severity) << ' ' << row.name << (head.isolated ? ": both connections end" : "")
                    << '\n';
  }
  if (refused != Fault::None) {
    print_fault(refused);
    return kFine;
  }
  print_action(question, print_rules(question, *file->tables[index]));
  return kFine;
}

}  // namespace

void add_explain(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("explain", "Say which rule a request meets and why, and what the target gets");
  command->add_option("--config", options->config, "Configuration file; without it, what the running daemon has")
      ->type_name("FILE");
  add_admin_options_without_config(*command, options->daemon);
  command->add_option("METHOD", options->method, "GET, POST, ...")->required();
  command->add_option("URL", options->url, "http://HOST:PORT/PATH?QUERY")->required();
  command->add_option("-H", options->headers, "A header 'Name: value'; may be repeated")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  command->add_option("--from", options->from, "The client's address")->capture_default_str()->type_name("IP");
  command->add_option("--listener", options->listener, "Name of the listener, where the URL doesn't tell")
      ->type_name("NAME");
  command->footer(
      "Example:\n  kanaria explain --config canary.yaml GET http://shop.test:8080/api/cart -H 'X-Canary: always'");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return explain(*options); }); });
}

}  // namespace kanaria::cli
