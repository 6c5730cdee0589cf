// Pages in the language of man(7).
#include "manual.hpp"

#include <algorithm>

namespace kanaria::cli {
namespace {

// ---- what the overview says beside the commands

constexpr std::string_view kAbout = R"(.B kanaria
forwards HTTP requests to groups of targets, by rules, and splits them between groups by weights: at 90 to 10, exactly
9 of every 10 requests go to the first group.
The weights change while it runs, and no request is lost.
.PP
Each command has a page of its own, and
.B \-\-help
says the same in short.
)";

constexpr std::string_view kOtherVariables = R"(.TP
.B KANARIA_DNS_SERVERS
DNS servers,
.IR ADDRESS : PORT ,...,
that
.B serve
asks instead of those in
.IR /etc/resolv.conf .
.TP
.B NOTIFY_SOCKET
Where
.B serve
tells a service manager of its state, see
.BR sd_notify (3).
)";

constexpr std::string_view kRest = R"(.SH FILES
.TP
.I /etc/kanaria/kanaria.yaml
What
.I kanaria.service
reads.
.SH EXIT STATUS
.TP
.B 0
Fine.
.TP
.B 1
Failed at run time: a port is in use, the daemon doesn\(aqt answer.
.TP
.B 2
The command line is wrong.
.TP
.B 3
Fine, but something differs or waits for a person:
.B diff
found changes,
.B probe
an implausible count,
.B status
and
.B rollout status
what needs somebody.
.TP
.B 78
The configuration has faults.
.SH SIGNALS
HUP reloads.
USR1 opens the access log\(aqs file again, which was moved away.
TERM, INT and QUIT drain: requests in flight finish, idle connections close, and
.B serve
exits with 0.
A second one, a second or more later, exits at once with 1.
)";

constexpr std::string_view kManual = R"(.PP
The manual is in
.I share/doc/kanaria
below the prefix of the installation,
.I /usr
for the Debian package.
)";

// ---- words

/// Text as it is: what roff would take for itself, or print as something else, is written so that it doesn't.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '\'': out += "\\(aq"; break;
      case '"': out += "\\(dq"; break;
      case '`': out += "\\(ga"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      case '.': out += out.empty() || out.back() == '\n' ? "\\&." : "."; break;
      default: out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string slanted(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

std::string sentence(const std::string& text) {
  const bool whole = text.ends_with('.') || text.find(' ') == std::string::npos;  // one word may be a URL
  return roff(text) + (whole ? "" : ".") + '\n';
}

/// "kanaria-keys-new"
std::string page_of(const Command& command) {
  std::string name = command.path;
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string link_to(const Command& command) {
  return bold(page_of(command)) + "(1)";
}

/// The words of help that follow its options: paragraphs, and lines that are indented stay as they are.
std::string paragraphs(std::string_view text) {
  std::string out;
  bool as_is = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool indented = line.starts_with(' ');
    if (indented != as_is) out += indented ? ".PP\n.nf\n" : ".fi\n.PP\n";
    as_is = indented;
    out += line.empty() ? ".PP\n" : roff(line) + '\n';
  }
  return as_is ? out + ".fi\n" : out;
}

// ---- parts

std::string header(const Command& command) {
  std::string title = page_of(command);
  std::ranges::transform(title, title.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  std::string about = command.description;
  if (about.ends_with('.')) about.pop_back();
  return ".\\\" Made by kanaria of what its --help says.\n.TH \"" + roff(title) +
         "\" 1 \"\" \"kanaria " KANARIA_VERSION "\" \"User commands\"\n.nh\n.SH NAME\n" + roff(page_of(command)) +
         " \\- " + roff(about) + '\n';
}

std::string value_of(const Parameter& parameter) {
  return slanted(parameter.value) + (parameter.repeats ? "..." : "");
}

/// One line of the synopsis.
std::string usage(const Command& command) {
  std::string out = bold(command.path);
  const auto add = [&](const std::string& what, bool required) { out += required ? ' ' + what : " [" + what + ']'; };
  for (const Parameter& option : command.options) {
    const std::string& name = option.names.back();
    if (name == "--help") continue;
    const std::string value = option.value.empty() ? "" : ' ' + slanted(option.value);
    add(bold(name) + value, option.required);
    if (option.repeats) out += "...";
  }
  for (const Parameter& argument : command.arguments) add(value_of(argument), argument.required);
  if (!command.commands.empty()) add(slanted("COMMAND"), true);
  return out + '\n';
}

std::string synopsis(const Command& command) {
  std::string out = ".SH SYNOPSIS\n.nf\n";
  for (const Command* one : all_of(command)) {
    if (one->commands.empty()) out += usage(*one);
  }
  return out + ".fi\n";
}

std::string item(const std::string& tag, const Parameter& parameter) {
  std::string out = ".TP\n" + tag + '\n' + sentence(parameter.description);
  if (!parameter.range.empty()) out += "In the range " + roff(parameter.range) + ".\n";
  const bool told = std::ranges::all_of(
      parameter.words, [&](const std::string& word) { return parameter.description.find(word) != std::string::npos; });
  if (!told) {
    out += "One of";
    for (const std::string& word : parameter.words)
      out += ' ' + bold(word) + (&word == &parameter.words.back() ? ".\n" : ",");
  }
  if (!parameter.standard.empty()) out += bold(parameter.standard) + " unless given.\n";
  if (!parameter.variable.empty()) out += "Taken from " + bold(parameter.variable) + " unless given.\n";
  return out;
}

std::string parameters(const Command& command) {
  std::string out;
  if (!command.arguments.empty()) out += ".SH ARGUMENTS\n";
  for (const Parameter& argument : command.arguments) out += item(value_of(argument), argument);
  out += ".SH OPTIONS\n";
  for (const Parameter& option : command.options) {
    std::string tag;
    for (const std::string& name : option.names) tag += (tag.empty() ? "" : ", ") + bold(name);
    out += item(option.value.empty() ? tag : tag + ' ' + slanted(option.value), option);
  }
  return out;
}

std::string commands(const Command& command) {
  if (command.commands.empty()) return {};
  std::string out = ".SH COMMANDS\n";
  for (const Command& one : command.commands) out += ".TP\n" + link_to(one) + '\n' + sentence(one.description);
  return out;
}

std::string example(const Command& command) {
  return command.example.empty() ? "" : ".SH EXAMPLES\n.nf\n" + roff(command.example) + "\n.fi\n";
}

/// Which options are taken from which variables.
std::string environment(const Command& program) {
  std::map<std::string, std::map<std::string, std::string>> uses;  // variable, option, commands
  for (const Command* command : all_of(program)) {
    for (const Parameter& option : command->options) {
      if (option.variable.empty()) continue;
      std::string& users = uses[option.variable][option.names.back()];
      users += (users.empty() ? "" : ", ") + bold(command->path.substr(program.path.size() + 1));
    }
  }
  std::string out = ".SH ENVIRONMENT\n";
  for (const auto& [variable, options] : uses) {
    out += ".TP\n" + bold(variable) + '\n';
    for (const auto& [option, users] : options) out += bold(option) + " of " + users + ", unless given.\n";
  }
  return out.append(kOtherVariables);
}

std::string overview(const Command& program) {
  std::string out = header(program) + synopsis(program) + ".SH DESCRIPTION\n";
  out.append(kAbout).append(commands(program)).append(parameters(program)).append(environment(program)).append(kRest);
  out += example(program) + ".SH SEE ALSO\n";
  for (const Command& one : program.commands) out += link_to(one) + ",\n";
  return out.append(".BR kanaria\\-echo (1),\n.BR systemctl (1)\n").append(kManual);
}

std::string page(const Command& command) {
  return header(command) + synopsis(command) + ".SH DESCRIPTION\n" + sentence(command.description) +
         (command.notes.empty() ? "" : ".PP\n" + paragraphs(command.notes)) + commands(command) + parameters(command) +
         example(command) + ".SH SEE ALSO\n.BR kanaria (1),\nwhich has the exit codes and the environment.\n";
}

}  // namespace

std::map<std::string, std::string> manual_pages(const Command& program) {
  std::map<std::string, std::string> pages;
  for (const Command* command : all_of(program)) {
    pages[page_of(*command) + ".1"] = command == &program ? overview(program) : page(*command);
  }
  return pages;
}

}  // namespace kanaria::cli
