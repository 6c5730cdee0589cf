#include "rollout.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "kanaria/config/text.hpp"
#include "lines.hpp"
#include "remote.hpp"

namespace kanaria::cli {
namespace {

namespace http1 = boost::beast::http;
using Json = nlohmann::ordered_json;

struct Options {
  AdminOptions daemon;
  std::string name;
  // Of status:
  bool json = false;
  bool watch = false;
  bool wait = false;
  std::string timeout;
  // Of the verbs:
  std::string revision;
  std::string weight;
  bool full = false;
  bool yes = false;
};

std::string path_of(const std::string& name) {
  if (!is_name(name)) throw CLI::ValidationError("NAME", config::in_quotes(name) + " is no name of a rollout");
  return "/api/v1/rollouts/" + name;
}

/// "2026-01-31"; UTC, as the daemon's times.
std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

int run_list(const Options& options) {
  const Json body = get_json(options.daemon, "/api/v1/rollouts");
  const Json& rollouts = body.at("rollouts");
  if (rollouts.empty()) std::cout << "no rollouts\n";
  std::size_t name = 0;
  std::size_t phase = 0;
  std::size_t rule = 0;
  for (const Json& one : rollouts) {
    name = std::max(name, width_of(text_of(one.at("name"))));
    phase = std::max(phase, width_of(phase_text(one)));
    rule = std::max(rule, width_of(text_of(one.at("rule"))));
  }
  const Terminal terminal = Terminal::of_stdout();
  Lines lines(terminal);
  for (const Json& one : rollouts)
    lines.add(padded(text_of(one.at("name")), name) + "  " + padded(phase_text(one), phase) + "  " +
              padded(text_of(one.at("rule")), rule) + "  " + standing(one));
  std::cout << lines.take();
  return kFine;
}

std::chrono::milliseconds timeout_of(const Options& options) {
  using namespace std::chrono_literals;
  std::string fault;
  const auto timeout = config::parse_duration("--timeout", options.timeout, 1s, std::chrono::days(365), fault);
  if (!timeout) throw CLI::ValidationError("--timeout", fault);
  return *timeout;
}

int run_status(const Options& options, bool has_timeout) {
  using Clock = std::chrono::steady_clock;
  constexpr Clock::duration kBetween = std::chrono::seconds(2);
  if (has_timeout && !options.wait) throw CLI::ValidationError("--timeout", "it goes with --wait");
  const std::string path = path_of(options.name);
  const Clock::time_point end = Clock::now() + timeout_of(options);
  std::string told;
  for (bool first = true;; first = false) {
    const Terminal terminal = Terminal::of_stdout();
    std::string text;
    std::string where;
    std::optional<int> ended;
    bool waits = false;
    try {
      const Json rollout = get_json(options.daemon, path);
      text = options.json ? rollout.dump(options.watch ? -1 : 2) + "\n" : picture(rollout, terminal, today());
      where = options.name + "  " + phase_text(rollout) + "  " + standing(rollout) + "\n";
      ended = ended_with(rollout);
      waits = waits_for_a_person(rollout);
    } catch (const std::runtime_error& failure) {
      if ((!options.watch && !options.wait) || first) throw;  // else it may be a restart
      text = where = std::string(failure.what()) + "\n";
    }
    const bool is_over = options.wait && (ended || Clock::now() >= end);
    if (options.watch || !options.wait || is_over) {
      if (options.watch && !options.json && terminal.is_terminal) text.insert(0, "\x1b[H\x1b[2J");
      std::cout << text << std::flush;
      if (!std::cout) return kFailed;  // nobody reads any more
    } else if (where != told) {
      std::cerr << (told = where);  // for the log of whoever waits
    }
    if (!options.watch && !options.wait) return waits ? kDiffers : kFine;
    if (is_over && !ended) std::cerr << "kanaria: it has not ended within " << options.timeout << '\n';
    if (is_over) return ended.value_or(kDiffers);
    const Clock::duration left = std::max(end - Clock::now(), Clock::duration::zero());
    std::this_thread::sleep_for(options.wait ? std::min(left, kBetween) : kBetween);
  }
}

int print_answer(const Response& answer) {
  const Json body = Json::parse(answer.body());
  if (answer.result() != http1::status::ok) {
    std::cerr << "kanaria: " << text_of(body.at("error").at("message")) << '\n';
    return answer.result() == http1::status::bad_request ? kUsage : kFailed;
  }
  std::cout << text_of(body.at("message")) << '\n';
  for (const Json& warning : body.at("warnings")) std::cerr << "warning: " << text_of(warning) << '\n';
  return kFine;
}

/// All that is left of the steps is skipped: somebody has to mean it.
bool may_skip(const Options& options) {
  if (options.yes) return true;
  if (!can_ask()) {
    std::cerr << "kanaria: nobody can be asked here, so --full wants --yes\n";
    return false;
  }
  const Json rollout = get_json(options.daemon, path_of(options.name));
  std::cerr << options.name << "  " << phase_text(rollout) << "  " << standing(rollout) << '\n';
  return ask_yes("go straight to the last weight?");
}

int run_verb(const Options& options, const std::string& verb) {
  const std::string path = path_of(options.name) + "/" + verb;
  if (options.yes && !options.full) throw CLI::ValidationError("--yes", "it goes with --full");
  if (options.full && !may_skip(options)) return kFailed;
  std::string query;
  if (!options.revision.empty()) query = "?revision=" + encoded(options.revision);
  if (!options.weight.empty()) query = "?weight=" + encoded(options.weight);
  if (options.full) query = "?full=1";
  return print_answer(ask(options.daemon, http1::verb::post, path + query));
}

/// One of the commands in `kanaria rollout`, with what all of them take.
CLI::App* add(CLI::App& rollout, const std::string& name, const std::string& description,
              const std::shared_ptr<Options>& options) {
  CLI::App* command = rollout.add_subcommand(name, description);
  command->add_option("NAME", options->name, "The rollout")->required()->type_name("NAME");
  return command;
}

void finish(CLI::App* command, const std::shared_ptr<Options>& options, const std::string& example, int& exit_code) {
  add_admin_options(*command, options->daemon);
  command->footer("Example:\n  kanaria rollout " + example);
  const std::string verb = command->get_name();
  command->callback([=, &exit_code] { exit_code = run_remote([&] { return run_verb(*options, verb); }); });
}

void add_status_command(CLI::App& rollout, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add(rollout, "status", "Show where it stands; exit code 3 when it waits for a person or was taken back", options);
  command->add_flag("--json", options->json, "What the daemon answers, as JSON");
  command->add_flag("--watch", options->watch, "Again every two seconds");
  command->add_flag(
      "--wait", options->wait,
      "Until it ends: exit code 0 when it is completed, 1 when it was taken back, 3 when it is paused or the "
      "time is over");
  CLI::Option* timeout =
      command->add_option("--timeout", options->timeout, "How long --wait waits")->type_name("TIME")->default_val("2h");
  add_admin_options(*command, options->daemon);
  command->footer("Example:\n  kanaria rollout status checkout --watch");
  command->callback(
      [=, &exit_code] { exit_code = run_remote([&] { return run_status(*options, timeout->count() > 0); }); });
}

void add_verbs(CLI::App& rollout, int& exit_code) {
  auto start = std::make_shared<Options>();
  CLI::App* command = add(rollout, "start", "Begin with the first step", start);
  command->add_option("--revision", start->revision, "What runs in the canary; otherwise the file says it")
      ->type_name("REVISION");
  finish(command, start, "start checkout --revision 2026-11-23.1", exit_code);

  auto promote = std::make_shared<Options>();
  command = add(rollout, "promote", "End the step in progress, or hand back at the end", promote);
  command->add_flag("--full", promote->full, "Straight to the last weight");
  command->add_flag("--yes", promote->yes, "With --full: don't ask");
  finish(command, promote, "promote checkout", exit_code);

  auto set_weight = std::make_shared<Options>();
  command =
      add(rollout, "set-weight", "Give the canary a share by hand; the steps wait, the analysis goes on", set_weight);
  command->add_option("WEIGHT", set_weight->weight, "Its share of the rule: 0% to 100%, in steps of 0.01%")
      ->required()
      ->type_name("N%");
  finish(command, set_weight, "set-weight checkout 2.5%", exit_code);

  struct Plain {
    const char* verb;
    const char* description;
  };
  for (const Plain& one :
       {Plain{"pause", "Hold the steps; the analysis goes on"}, Plain{"resume", "Go on where pause held the steps"},
        Plain{"abort", "Take the canary's traffic back at once; asks nobody"},
        Plain{"retry", "Begin again with the same revision after it was taken back"}}) {
    auto options = std::make_shared<Options>();
    finish(add(rollout, one.verb, one.description, options), options, std::string(one.verb) + " checkout", exit_code);
  }
}

}  // namespace

void add_rollout(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("rollout", "Move a rule's traffic to a canary step by step, watch it, take it back");
  auto options = std::make_shared<Options>();
  CLI::App* list = command->add_subcommand("list", "List the rollouts, a line each");
  add_admin_options(*list, options->daemon);
  list->footer("Example:\n  kanaria rollout list");
  list->callback([=, &exit_code] { exit_code = run_remote([&] { return run_list(*options); }); });
  add_status_command(*command, exit_code);
  add_verbs(*command, exit_code);
  command->footer("Example:\n  kanaria rollout start checkout --revision 2026-11-23.1");
  command->callback([command, &exit_code] {
    if (!command->get_subcommands().empty()) return;
    std::cerr << command->help(command->get_parent()->get_name());
    exit_code = kUsage;
  });
}

}  // namespace kanaria::cli
