// What changes by hand have in common. On control's thread.
#pragma once

#include "kanaria/runtime/store.hpp"
#include "kanaria/server/reports.hpp"

namespace kanaria::server {

/// Words of an outcome, for whoever asked.
Changed words_of(const runtime::Outcome& outcome);

/// The one line in the log that a change by hand gets, whatever comes of it: "WHAT changed by WHO: ASKED: ...".
void audit(const std::string& what, const std::string& who, std::string asked, const Changed& changed);

/// All of it in double quotes, fit for a log: what could end the quotes or the line is escaped.
std::string quoted(std::string_view text);

/// What was changed by hand stays in force over reloads, and the file's reader is to know.
void log_overrides(const runtime::Overrides& overrides);

}  // namespace kanaria::server
