#include "kanaria/cookies/keys.hpp"

#include <iostream>

#include "command.hpp"

namespace kanaria::cli {

void add_keys(CLI::App& app, int&) {
  CLI::App* command = app.add_subcommand("keys", "Make keys that seal cookies");
  command->require_subcommand(1);
  CLI::App* fresh = command->add_subcommand("new", "Print a fresh line for cookie_key_file");
  fresh->footer(
      "The first line of the file seals, all of them open. To change the key: add the new line at the end, on all\n"
      "instances, and reload; then move it to the front and reload; remove the old line when no cookie of its time is\n"
      "left. The file must not be open to everybody.\n"
      "Example:\n  (umask 077; kanaria keys new > /etc/kanaria/cookie_keys)");
  fresh->callback([] { std::cout << cookies::line_of(cookies::make_key()); });
  command->footer("Example:\n  kanaria keys new");
}

}  // namespace kanaria::cli
