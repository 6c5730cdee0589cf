#include "completion.hpp"

#include <iostream>
#include <memory>

#include "command.hpp"

namespace kanaria::cli {

void add_completion(CLI::App& app, int&) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a script by which a shell completes kanaria's commands");
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Packages and cmake --install put the scripts where the shells look. Otherwise, in the file that a shell reads "
      "at\n"
      "its start:\n"
      "  bash  source <(kanaria completion bash)\n"
      "  zsh   source <(kanaria completion zsh)      below compinit\n"
      "  fish  kanaria completion fish | source\n"
      "Example:\n  source <(kanaria completion bash)");
  command->callback([&app, shell] {
    const Command program = describe(app);
    std::cout << (*shell == "bash"  ? bash_completion(program)
                  : *shell == "zsh" ? zsh_completion(program)
                                    : fish_completion(program));
  });
}

}  // namespace kanaria::cli
