#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "kanaria/config/text.hpp"
#include "remote.hpp"

namespace kanaria::cli {
namespace {

namespace http1 = boost::beast::http;
using Json = nlohmann::ordered_json;

struct Options {
  AdminOptions daemon;
  std::string group;
  std::string action;
  std::string target;
  bool reset = false;
};

/// A line of the table; a target too long for its column has a line of its own.
void print_row(std::size_t width, const std::string& target, const std::string& state, const std::string& in_flight,
               const std::string& share, const std::string& source) {
  std::string shown = target;
  if (shown.size() > width) {
    std::cout << shown << '\n';
    shown.clear();
  }
  char columns[64];
  std::snprintf(columns, sizeof columns, "  %-11s  %9s  %5s  %s", state.c_str(), in_flight.c_str(), share.c_str(),
                source.c_str());
  std::cout << shown << std::string(width - shown.size(), ' ') << columns << '\n';
}

void print_target(std::size_t width, const Json& target) {
  char share[16];
  std::snprintf(share, sizeof share, "%.3g%%", target.at("share").get<double>() * 100);
  const Json& source = target.at("source");
  print_row(width, text_of(target.at("target")), text_of(target.at("state")),
            std::to_string(target.at("in_flight").get<std::uint64_t>()), share,
            source.is_null() ? "leaves" : text_of(source));
  const std::string reason = text_of(target.at("reason"));
  if (!reason.empty()) std::cout << "  " << reason << ":\n    " << text_of(target.at("description")) << '\n';
  if (target.at("ejected").get<bool>()) std::cout << "  ejected for a while: its requests failed\n";
}

int print_group(const Options& options, const Json& group) {
  constexpr std::size_t kWidest = 41;  // the table has 80 columns
  const Json& targets = group.at("targets");
  std::size_t width = std::string_view("TARGET").size();
  for (const Json& target : targets) {
    const std::size_t size = text_of(target.at("target")).size();
    if (size <= kWidest) width = std::max(width, size);
  }
  if (targets.empty()) {
    std::cout << "no targets\n";
  } else {
    print_row(width, "TARGET", "STATE", "IN FLIGHT", "SHARE", "FROM");
    for (const Json& target : targets) print_target(width, target);
  }
  if (group.at("fail_open").get<bool>()) std::cout << "too few are healthy: all of them take traffic\n";
  const Json& overrides = group.at("overrides");
  if (overrides.empty()) return kFine;
  std::cout << "changed by hand, until kanaria targets " << options.group << " --reset:\n";
  for (const Json& one : overrides)
    std::cout << "  " << text_of(one.at("target")) << " " << text_of(one.at("override")) << "\n    "
              << text_of(one.at("when")) << " by " << text_of(one.at("who")) << '\n';
  return kFine;
}

int print_answer(const Options& options, const Response& answer) {
  const Json body = Json::parse(answer.body());
  if (answer.result() != http1::status::ok) {
    std::cerr << "kanaria: " << text_of(body.at("error").at("message")) << '\n';
    return kFailed;
  }
  if (body.contains("targets")) return print_group(options, body);
  for (const Json& change : body.at("changes")) std::cout << text_of(change) << '\n';
  if (body.at("changes").empty()) std::cout << "nothing changed\n";
  for (const Json& warning : body.at("warnings")) std::cerr << "warning: " << text_of(warning) << '\n';
  return kFine;
}

int run_targets(const Options& options) {
  if (!is_name(options.group))
    throw CLI::ValidationError("GROUP", config::in_quotes(options.group) + " is no name of a target group");
  if (!options.action.empty() && options.target.empty())
    throw CLI::ValidationError("TARGET", options.action + " needs a target");
  if (!options.action.empty() && options.reset)
    throw CLI::ValidationError("--reset", "it takes back all that was changed by hand: write it alone");
  const std::string path = "/api/v1/target-groups/" + options.group + "/targets";
  if (options.reset) return print_answer(options, ask(options.daemon, http1::verb::delete_, path));
  if (options.action.empty()) return print_answer(options, ask(options.daemon, http1::verb::get, path));
  const Json change = {{"target", options.target}, {"action", options.action}};
  const std::string body = change.dump(-1, ' ', false, Json::error_handler_t::replace);
  return print_answer(options, ask(options.daemon, http1::verb::post, path, body));
}

}  // namespace

void add_targets(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("targets", "List a group's targets, or change them until a restart");
  command->add_option("GROUP", options->group, "The target group")->required();
  command->add_option("ACTION", options->action, "register, drain, undrain or deregister; none: list")
      ->check(CLI::IsMember({"register", "drain", "undrain", "deregister"}));
  command->add_option("TARGET", options->target, "As in the file: 10.0.0.1:80, name:80 or unix:/path");
  command->add_flag("--reset", options->reset, "The group is as in the file again");
  add_admin_options(*command, options->daemon);
  command->footer("Example:\n  kanaria targets app-main drain 10.0.0.1:9001");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return run_targets(*options); }); });
}

}  // namespace kanaria::cli
