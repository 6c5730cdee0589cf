#include <iostream>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "kanaria/config/print.hpp"

namespace kanaria::cli {

void add_show(CLI::App& app, int& exit_code) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("show", "Print a configuration with every default filled in");
  command->add_option("--config", *file, "Configuration file; asking the running daemon is not available yet")
      ->type_name("FILE");
  command->footer("Example:\n  kanaria show --config canary.yaml");
  command->callback([file, &exit_code] {
    const std::optional<CheckedFile> checked = require_file(*file);
    if (checked) std::cout << config::to_yaml(*checked->loaded.model);
    exit_code = checked ? kFine : kBadConfiguration;
  });
}

}  // namespace kanaria::cli
