// A line for whatever can be completed, with the command and the place where it can.
#include "completion.hpp"
#include "quoting.hpp"

namespace kanaria::cli {
namespace {

std::string in_fish_quotes(std::string_view text) {
  return '\'' + with_backslashes(text, "\\'") + '\'';
}

constexpr std::string_view kBegin = R"(# Completion of kanaria for fish, made by: kanaria completion fish

function __kanaria_at --description 'Is the cursor in this command, behind so many arguments of it?'
    set -l path kanaria
    set -l place 0
    set -l has_value no
    for word in (commandline -opc)[2..]
        if test $has_value = yes
            set has_value no
            continue
        end
        switch "$path $word"
)";

constexpr std::string_view kEnd = R"(            case '* -*'
            case '*'
                set place (math $place + 1)
        end
    end
    test "$path" = "$argv[1]"
    and test (count $argv) -eq 1 -o "$place" = "$argv[2]"
end

complete -c kanaria -f
)";

/// " -F" for files, " -a 'words'" for words, nothing for what nobody can know.
std::string values_of(const Parameter& parameter) {
  if (parameter.is_file) return " -F";
  if (parameter.words.empty()) return "";
  std::string words;
  for (const std::string& word : parameter.words) words.append(words.empty() ? "" : " ").append(word);
  return " -a " + in_fish_quotes(words);
}

/// A line that holds where the cursor is in `command`, or with `place` at that place only.
std::string line_in(const Command& command, const std::string& place = {}) {
  return "complete -c kanaria -n " +
         in_fish_quotes("__kanaria_at " + in_fish_quotes(command.path) + (place.empty() ? "" : ' ' + place));
}

void add_walk(std::string& out, const Command& command) {
  for (const Command& one : command.commands) {
    out += "            case " + in_fish_quotes(one.path) +
           "\n                set path \"$path $word\"\n                set place 0\n";
  }
  std::string names;
  for (const Parameter& option : command.options) {
    if (option.value.empty()) continue;
    for (const std::string& name : option.names) names += ' ' + in_fish_quotes(command.path + ' ' + name);
  }
  if (!names.empty()) out += "            case" + names + "\n                set has_value yes\n";
}

void add_lines(std::string& out, const Command& command) {
  for (const Command& one : command.commands) {
    out +=
        line_in(command, "0") + " -a " + in_fish_quotes(one.name()) + " -d " + in_fish_quotes(one.description) + '\n';
  }
  for (const Parameter& option : command.options) {
    out += line_in(command);
    for (const std::string& name : option.names) {
      out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (!option.value.empty()) out += (option.is_file ? " -r" : " -x") + values_of(option);
    out += " -d " + in_fish_quotes(option.description) + '\n';
  }
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const Parameter& argument = command.arguments[i];
    if (values_of(argument).empty()) continue;
    out += line_in(command, argument.repeats ? "" : std::to_string(i)) + values_of(argument) + '\n';
  }
}

}  // namespace

std::string fish_completion(const Command& program) {
  std::string out(kBegin);
  for (const Command* command : all_of(program)) add_walk(out, *command);
  out += kEnd;
  for (const Command* command : all_of(program)) add_lines(out, *command);
  return out;
}

}  // namespace kanaria::cli
