// A function for each command, made of _arguments, which does the rest.
#include <algorithm>

#include "completion.hpp"
#include "quoting.hpp"

namespace kanaria::cli {
namespace {

/// "_kanaria_keys_new" of "kanaria keys new".
std::string function_of(const Command& command) {
  std::string name = '_' + command.path;
  std::ranges::replace_if(name, [](char c) { return c == ' ' || c == '-'; }, '_');
  return name;
}

/// ":what it is:how it is completed".
std::string value_of(const Parameter& parameter) {
  std::string out = ':' + with_backslashes(parameter.value, "\\:") + ':';
  if (parameter.is_file) return out + "_files";
  if (parameter.words.empty()) return out + ' ';
  out += '(';
  for (const std::string& word : parameter.words) out += with_backslashes(word, "\\: ()") + ' ';
  out.back() = ')';
  return out;
}

void add_line(std::string& out, const std::string& spec) {
  out.append(" \\\n    ").append(in_single_quotes(spec));
}

void add_option(std::string& out, const Parameter& option) {
  std::string others;  // that say the same: not offered any more
  for (const std::string& name : option.names) others += name + ' ';
  others.pop_back();
  for (const std::string& name : option.names) {
    std::string spec = option.repeats ? "*" : '(' + others + ')';
    spec += name;
    if (!option.value.empty()) spec += name.starts_with("--") ? "=" : "+";
    spec += '[' + with_backslashes(option.description, "\\[]:") + ']';
    if (!option.value.empty()) spec += value_of(option);
    add_line(out, spec);
  }
}

void add_function(std::string& out, const Command& command) {
  const bool has_commands = !command.commands.empty();
  out += function_of(command) + "() {\n";
  if (has_commands) out += "  local curcontext=$curcontext context state state_descr line\n  typeset -A opt_args\n";
  out += has_commands ? "  _arguments -C" : "  _arguments";
  for (const Parameter& option : command.options) add_option(out, option);
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const Parameter& argument = command.arguments[i];
    add_line(out, (argument.repeats ? "*" : std::to_string(i + 1)) + value_of(argument));
  }
  if (has_commands) {
    add_line(out, "1:command:->command");
    add_line(out, "*::argument:->argument");
    out += "\n  case $state in\n    command)\n      local -a commands=(";
    for (const Command& one : command.commands) {
      out += "\n        " + in_single_quotes(with_backslashes(one.name(), "\\:") + ':' + one.description);
    }
    out += "\n      )\n      _describe command commands\n      ;;\n    argument)\n      case $words[1] in\n";
    for (const Command& one : command.commands) {
      out += "        " + in_single_quotes(one.name()) + ") " + function_of(one) + " ;;\n";
    }
    out += "      esac\n      ;;\n  esac";
  }
  out += "\n}\n\n";
}

}  // namespace

std::string zsh_completion(const Command& program) {
  std::string out = "#compdef kanaria\n# Completion of kanaria for zsh, made by: kanaria completion zsh\n\n";
  for (const Command* command : all_of(program)) add_function(out, *command);
  // Found by its name in $fpath it is run each time; read with `source` it tells zsh of itself.
  return out + "if [[ $funcstack[1] == _kanaria ]]; then\n  _kanaria \"$@\"\nelse\n  compdef _kanaria kanaria\nfi\n";
}

}  // namespace kanaria::cli
