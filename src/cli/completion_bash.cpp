// Bash knows words only, so the script walks them: which command they are in, how many arguments stand behind it, and
// what the last of them waits for.
#include "completion.hpp"
#include "quoting.hpp"

namespace kanaria::cli {
namespace {

constexpr std::string_view kBegin = R"(# Completion of kanaria for bash, made by: kanaria completion bash

_kanaria() {
  local current=${COMP_WORDS[COMP_CWORD]} path=kanaria place=0 wanted='' word words
  words=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
  COMPREPLY=()
  [ "$current" != = ] || current='' # bash takes --name=value for three words
  for word in "${words[@]}"; do
    if [ -n "$wanted" ]; then
      [ "$word" = = ] || wanted=''
      continue
    fi
    case "$path $word" in
)";

constexpr std::string_view kBetween = R"(      *' '-*) ;;
      *) place=$((place + 1)) ;;
    esac
  done
  [ -n "$wanted" ] || case "$current" in -*) wanted=options ;; *) wanted=argument ;; esac
  [ "$wanted" != argument ] || case "$path $place" in
)";

constexpr std::string_view kOptions = R"(    *) wanted=options ;;
  esac
  words=()
  case "$wanted" in
    files)
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
      ;;
    options)
      case "$path" in
)";

constexpr std::string_view kEnd = R"(      esac
      ;;
    words:*) IFS=: read -ra words <<<"${wanted#words:}" ;;
  esac
  for word in "${words[@]}"; do
    [ "${word:0:${#current}}" != "$current" ] || COMPREPLY+=("$word")
  done
}
complete -F _kanaria kanaria
)";

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : between).append(word);
  return out;
}

/// What the script calls the values of `parameter`.
std::string wanted(const Parameter& parameter) {
  if (parameter.is_file) return "files";
  return parameter.words.empty() ? "value" : "words:" + joined(parameter.words, ":");
}

void add_case(std::string& out, std::string_view indent, const std::string& pattern, const std::string& then) {
  out.append(indent).append(pattern).append(") ").append(then).append(" ;;\n");
}

}  // namespace

std::string bash_completion(const Command& program) {
  const std::vector<const Command*> all = all_of(program);
  std::string out(kBegin);
  for (const Command* command : all) {
    if (command != &program) add_case(out, "      ", in_single_quotes(command->path), "path=\"$path $word\" place=0");
    for (const Parameter& option : command->options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(in_single_quotes(command->path + ' ' + name));
      add_case(out, "      ", joined(patterns, " | "), "wanted=" + in_single_quotes(wanted(option)));
    }
  }
  out += kBetween;
  for (const Command* command : all) {
    std::vector<std::string> names;
    for (const Command& one : command->commands) names.push_back(one.name());
    if (!names.empty()) {
      add_case(out, "    ", in_single_quotes(command->path + " 0"),
               "wanted=" + in_single_quotes("words:" + joined(names, ":")));
    }
    for (std::size_t i = 0; i < command->arguments.size(); ++i) {
      const Parameter& argument = command->arguments[i];
      const std::string place = argument.repeats ? in_single_quotes(command->path + ' ') + '*'
                                                 : in_single_quotes(command->path + ' ' + std::to_string(i));
      add_case(out, "    ", place, "wanted=" + in_single_quotes(wanted(argument)));
    }
  }
  out += kOptions;
  for (const Command* command : all) {
    std::vector<std::string> names;
    for (const Parameter& option : command->options) {
      for (const std::string& name : option.names) names.push_back(in_single_quotes(name));
    }
    add_case(out, "        ", in_single_quotes(command->path), "words=(" + joined(names, " ") + ')');
  }
  return out.append(kEnd);
}

}  // namespace kanaria::cli
