#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "remote.hpp"

namespace kanaria::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  AdminOptions daemon;
  std::string group;
  bool follow = false;
};

std::string or_dash(const Json& value) {
  return value.is_null() ? "-" : value.is_string() ? text_of(value) : value.dump();
}

/// "2026-01-31T12:00:00.123456Z 502 http/canary app-main 127.0.0.1:9001 connect_failure GET /x"
void print(const Json& error) {
  std::cout << or_dash(error.at("time")) << ' ' << or_dash(error.at("elb_status_code")) << ' '
            << or_dash(error.at("listener")) << '/' << or_dash(error.at("rule")) << ' '
            << or_dash(error.at("target_group")) << ' ' << or_dash(error.at("target")) << ' ';
  if (error.at("fault").is_null()) {
    std::cout << "target answered " << or_dash(error.at("target_status_code"));
  } else {
    std::cout << or_dash(error.at("fault"));
  }
  std::cout << "  " << or_dash(error.at("method")) << ' ' << or_dash(error.at("request_target")) << "  "
            << or_dash(error.at("trace_id")) << '\n';
}

int run_errors(const Options& options) {
  constexpr std::chrono::milliseconds kBetween{500};
  const std::string group = options.group.empty() ? "" : "&target_group=" + encoded(options.group);
  std::uint64_t after = 0;
  std::uint64_t missed = 0;
  bool is_lost = false;
  for (bool first = true;; first = false) {
    try {
      const Json body = get_json(options.daemon, "/api/v1/errors?after=" + std::to_string(after) + group);
      for (const Json& error : body.at("errors")) {
        print(error);
        after = error.at("sequence").get<std::uint64_t>();
      }
      if (first && !options.follow && body.at("errors").empty()) std::cout << "no errors\n";
      const auto missed_now = body.at("missed").get<std::uint64_t>();
      if (missed_now > missed) std::cerr << missed_now - missed << " more are not kept: they came too fast\n";
      missed = missed_now;
      is_lost = false;
    } catch (const std::runtime_error& failure) {
      if (!options.follow || first) throw;  // else it may be a restart, after which all is counted anew
      if (!std::exchange(is_lost, true)) std::cerr << failure.what() << "; waiting\n";
      after = missed = 0;
    }
    std::cout << std::flush;
    if (!options.follow) return kFine;
    if (!std::cout) return kFailed;  // nobody reads any more
    std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace

void add_errors(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("errors", "List the last exchanges that kanaria had to answer itself or that a target failed");
  command->add_option("GROUP", options->group, "Those of one target group")->type_name("GROUP");
  command->add_flag("--follow,-f", options->follow, "Go on with new ones");
  add_admin_options(*command, options->daemon);
  command->footer("Example:\n  kanaria errors app-canary --follow");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return run_errors(*options); }); });
}

}  // namespace kanaria::cli
