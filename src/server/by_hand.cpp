#include "by_hand.hpp"

#include <spdlog/spdlog.h>

#include "kanaria/config/text.hpp"

namespace kanaria::server {

Changed words_of(const runtime::Outcome& outcome) {
  Changed changed{outcome.status, outcome.changes, {}, {}};
  for (const config::Diagnostic& found : outcome.diagnostics.sorted()) {
    if (found.severity == config::Severity::Error) {
      changed.faults.push_back(found.message);
    } else if (found.at.line == 0) {  // others are the file's, and were told when it was loaded
      changed.warnings.push_back(found.message);
    }
  }
  return changed;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : config::printable(text)) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out + '"';
}

void audit(const std::string& what, const std::string& who, std::string asked, const Changed& changed) {
  for (const std::string& fault : changed.faults) asked += ": refused: " + fault;
  if (changed.faults.empty() && changed.changes.empty()) asked += ": nothing changed";
  for (const std::string& made : changed.changes) asked += ": " + made;
  for (const std::string& warning : changed.warnings) asked += "; warning: " + warning;
  spdlog::log(changed.faults.empty() ? spdlog::level::info : spdlog::level::warn, "{} changed by {}: {}", what, who,
              asked);
}

void log_overrides(const runtime::Overrides& overrides) {
  for (const auto& [rule, ours] : overrides.weights)
    spdlog::info("override kept: rule {}: weights by {}{}", rule, ours.who,
                 ours.reason.empty() ? "" : " " + quoted(ours.reason));
  for (const auto& [group, ours] : overrides.targets)
    for (const runtime::TargetOverride& one : ours)
      spdlog::info("override kept: target group {}: target {} {} by {}", group, one.target.text.value, one.words(),
                   one.who);
}

}  // namespace kanaria::server
