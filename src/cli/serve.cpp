#include "kanaria/admin/serve.hpp"

#include <memory>

#include "command.hpp"

namespace kanaria::cli {

void add_serve(CLI::App& app, int& exit_code) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("serve", "Run in the foreground; HUP reloads, TERM drains and exits");
  command->add_option("--config", *file, "Configuration file")
      ->required()
      ->type_name("FILE")
      ->envname("KANARIA_CONFIG");
  command->footer("Example:\n  kanaria serve --config canary.yaml");
  command->callback([file, &exit_code] { exit_code = admin::serve(*file); });
}

}  // namespace kanaria::cli
