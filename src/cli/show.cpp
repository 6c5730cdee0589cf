#include <iostream>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "kanaria/config/print.hpp"

namespace kanaria::cli {
namespace {

struct Options {
  AdminOptions daemon;
  std::string config;
};

int show(const Options& options) {
  const std::optional<CheckedFile> checked = require_config(options.config, options.daemon, Running::InForce);
  if (checked) std::cout << config::to_yaml(*checked->loaded.model);
  return checked ? kFine : kBadConfiguration;
}

}  // namespace

void add_show(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("show", "Print a configuration with every default filled in");
  command->add_option("--config", options->config, "Configuration file; without it, what the running daemon has")
      ->type_name("FILE");
  add_admin_options_without_config(*command, options->daemon);
  command->footer("Example:\n  kanaria show --config canary.yaml");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return show(*options); }); });
}

}  // namespace kanaria::cli
