// The parts of the command line. Each add_ function makes one command known to CLI11, with its options, an example and
// what to run; the command leaves its exit code in `exit_code`.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string>

namespace kanaria::cli {

inline constexpr int kFine = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kDiffers = 3;
inline constexpr int kBadConfiguration = 78;  // EX_CONFIG of sysexits.h

void add_serve(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_show(CLI::App& app, int& exit_code);
void add_diff(CLI::App& app, int& exit_code);
void add_explain(CLI::App& app, int& exit_code);
void add_probe(CLI::App& app, int& exit_code);
void add_reload(CLI::App& app, int& exit_code);
void add_targets(CLI::App& app, int& exit_code);
void add_keys(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_weights(CLI::App& app, int& exit_code);
void add_rollout(CLI::App& app, int& exit_code);
void add_errors(CLI::App& app, int& exit_code);
void add_healthcheck(CLI::App& app, int& exit_code);
void add_completion(CLI::App& app, int& exit_code);
void add_generate(CLI::App& app, int& exit_code);

}  // namespace kanaria::cli
