// The command line of `kanaria`: reads the arguments, runs one command and says how it went. Everything a command
// prints for a person goes to stdout, faults and warnings to stderr. Called once by main().
#pragma once

namespace kanaria::cli {

/// Returns the process's exit code: 0 fine, 1 failed at run time, 2 usage, 3 fine but something differs, 78 bad
/// configuration.
int run(int argc, const char* const* argv);

}  // namespace kanaria::cli
