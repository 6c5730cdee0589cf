#include "kanaria/cli/commands.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <span>

#include "command.hpp"
#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/text.hpp"

namespace kanaria::cli {

namespace {

constexpr const char* kVersion = "kanaria " KANARIA_VERSION "\n" KANARIA_LIBRARIES;

/// The first argument of what has commands must be one of them, or an option of its own. Says what else was meant;
/// false: it isn't.
bool knows_first(const CLI::App& app, const std::string& path, std::span<const char* const> arguments) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  if (arguments.empty() || commands.empty()) return true;
  const std::string_view first = arguments.front();
  if (app.get_option_no_throw(std::string(first)) != nullptr) return true;
  if (first.starts_with('-')) {
    std::cerr << "kanaria: unknown option " << config::in_quotes(first) << ": before a command there "
              << (app.get_version_ptr() == nullptr ? "is only --help\n" : "are only --help and --version\n");
    return false;
  }
  std::vector<std::string_view> shown;
  for (const CLI::App* command : commands) {
    if (command->get_name() == first)
      return knows_first(*command, path + " " + command->get_name(), arguments.subspan(1));
    if (!command->get_group().empty()) shown.push_back(command->get_name());
  }
  const std::string_view meant = config::nearest(first, shown);
  std::cerr << "kanaria: unknown command " << config::in_quotes(first)
            << (meant.empty() ? ": " + path + " --help lists them" : ": did you mean \"" + std::string(meant) + "\"?")
            << '\n';
  return false;
}

}  // namespace

int run(int argc, const char* const* argv) {
  int exit_code = kFine;
  CLI::App app("A weighted reverse proxy with the words of AWS's Application Load Balancer.", "kanaria");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 fine, 1 failed at run time, 2 usage, 3 fine but something differs or waits for a person, 78 bad\n"
      "configuration.\n"
      "Example:\n  kanaria serve --config canary.yaml");
  add_serve(app, exit_code);
  add_check(app, exit_code);
  add_show(app, exit_code);
  add_diff(app, exit_code);
  add_explain(app, exit_code);
  add_probe(app, exit_code);
  add_reload(app, exit_code);
  add_status(app, exit_code);
  add_weights(app, exit_code);
  add_rollout(app, exit_code);
  add_targets(app, exit_code);
  add_errors(app, exit_code);
  add_healthcheck(app, exit_code);
  add_keys(app, exit_code);
  add_completion(app, exit_code);
  add_generate(app, exit_code);
  const std::span<const char* const> arguments(argv, static_cast<std::size_t>(argc));
  if (!knows_first(app, "kanaria", arguments.subspan(std::min<std::size_t>(1, arguments.size())))) return kUsage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kUsage;
  } catch (const std::exception& failure) {
    std::cerr << "kanaria: " << failure.what() << '\n';
    return kFailed;
  }
  // What could not be written was not said.
  if (!std::cout.flush() && exit_code == kFine) return kFailed;
  return exit_code;
}

}  // namespace kanaria::cli
