#include "definitions.hpp"

#include <algorithm>

namespace kanaria::cli {
namespace {

constexpr std::string_view kExample = "Example:\n";

/// What stands between `open` and `close`; empty without them.
std::string between(const std::string& text, std::string_view open, char close) {
  const std::size_t begin = text.find(open);
  const std::size_t end = begin == std::string::npos ? begin : text.find(close, begin);
  return end == std::string::npos ? "" : text.substr(begin + open.size(), end - begin - open.size());
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

Parameter describe(const CLI::Option& option) {
  Parameter parameter;
  for (const std::string& name : option.get_snames()) parameter.names.push_back('-' + name);
  for (const std::string& name : option.get_lnames()) parameter.names.push_back("--" + name);
  // CLI11 puts what a validator says of itself behind the type: "TEXT:{register,drain}", "N:UINT in [1 - 1000]".
  const std::string whole_type = option.get_type_name();
  const std::string type = whole_type.substr(0, whole_type.find(':'));
  parameter.words = split(between(whole_type, "{", '}'));
  parameter.range = between(whole_type, " in [", ']');
  if (option.get_items_expected_max() > 0) parameter.value = option.get_positional() ? option.get_name(true) : type;
  parameter.is_file = type == "FILE" || parameter.value == "FILE";
  parameter.description = option.get_description();
  parameter.standard = option.get_default_str();
  parameter.variable = option.get_envname();
  parameter.required = option.get_required();
  parameter.repeats = option.get_items_expected_max() > 1;
  return parameter;
}

Command describe(const CLI::App& app, const std::string& path) {
  Command command{path, app.get_description(), app.get_footer(), {}, {}, {}, {}};
  const std::size_t example = command.notes.rfind(kExample);
  if (example != std::string::npos) {
    command.example = command.notes.substr(example + kExample.size());
    command.notes.resize(example);
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? command.arguments : command.options).push_back(describe(*option));
  }
  const auto shown = [](const CLI::App* one) { return !one->get_group().empty() && !one->get_name().empty(); };
  for (const CLI::App* one : app.get_subcommands(shown)) {
    command.commands.push_back(describe(*one, path + ' ' + one->get_name()));
  }
  return command;
}

void collect(const Command& command, std::vector<const Command*>& all) {
  all.push_back(&command);
  for (const Command& one : command.commands) collect(one, all);
}

}  // namespace

Command describe(const CLI::App& app) {
  return describe(app, app.get_name());
}

std::vector<const Command*> all_of(const Command& command) {
  std::vector<const Command*> all;
  collect(command, all);
  return all;
}

}  // namespace kanaria::cli
