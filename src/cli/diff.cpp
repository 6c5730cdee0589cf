#include <iostream>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "kanaria/config/print.hpp"

namespace kanaria::cli {

namespace {

struct Options {
  AdminOptions daemon;
  std::string before;
  std::string after;
};

int diff(const Options& options) {
  const std::optional<CheckedFile> before = require_config(options.before, options.daemon, Running::File);
  const std::optional<CheckedFile> after = require_file(options.after);
  if (!before || !after) return kBadConfiguration;
  const std::vector<std::string> changes = config::differences(*before->loaded.model, *after->loaded.model);
  for (const std::string& change : changes) std::cout << change << '\n';
  if (!changes.empty()) return kDiffers;
  std::cout << "nothing would change\n";
  return kFine;
}

}  // namespace

void add_diff(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("diff", "Say in words what a reload would change; exit code 3 when something would");
  command
      ->add_option("--config", options->before, "The file as it is; without it, the file as the running daemon has it")
      ->type_name("FILE");
  add_admin_options_without_config(*command, options->daemon);
  command->add_option("NEW", options->after, "The file as it would be")->required()->type_name("FILE");
  command->footer("Example:\n  kanaria diff --config canary.yaml canary-50.yaml");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return diff(*options); }); });
}

}  // namespace kanaria::cli
