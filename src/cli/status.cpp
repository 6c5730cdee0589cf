#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "figures.hpp"
#include "remote.hpp"
#include "rollout.hpp"
#include "terminal.hpp"

namespace kanaria::cli {
namespace {

using Json = nlohmann::ordered_json;
using Colour = Terminal::Colour;

struct Options {
  AdminOptions daemon;
  bool json = false;
  bool watch = false;
};

struct Column {
  const char* title;
  std::size_t width;
};
// After the first one, in the order in which a narrow terminal loses them from the end; 80 columns show all, and a
// wider terminal gives the first one the rest.
constexpr std::size_t kFirstWidth = 21;
constexpr std::size_t kIndent = 6;  // at most, before a group's name
constexpr std::array<Column, 8> kColumns{
    {{"weight", 7}, {"share", 7}, {"60 s", 7}, {"req/s", 8}, {"5xx", 7}, {"p50", 7}, {"p99", 8}, {"healthy", 8}}};

class Page {
 public:
  Page(const Json& status, const Terminal& terminal) : status_(status), terminal_(terminal) {
    auto left = static_cast<std::size_t>(terminal.columns);
    first_width_ = std::min(kFirstWidth, left);
    if (!terminal.is_terminal) {  // for grep and files nothing is cut
      first_width_ = std::max(kFirstWidth, longest_group() + kIndent);
      left = SIZE_MAX / 2;
    }
    left -= first_width_;
    for (const Column& column : kColumns) {
      if (left < column.width) break;
      left -= column.width;
      ++columns_;
    }
    if (terminal.is_terminal && columns_ == kColumns.size()) first_width_ += left;
  }

  std::string text() {
    head();
    needs();
    out_ += '\n';
    titles();
    for (const Json& listener : status_.at("listeners")) add_listener(listener);
    return std::move(out_);
  }

  bool needs_a_person() const { return needs_ > 0; }

 private:
  std::size_t longest_group() const {
    std::size_t longest = 0;
    for (const Json& listener : status_.at("listeners"))
      for (const Json& rule : listener.at("rules"))
        if (!rule.at("weights").is_null())
          for (const Json& group : rule.at("weights").at("target_groups"))
            longest = std::max(longest, width_of(text_of(group.at("target_group"))));
    return longest;
  }

  std::string cut(std::string_view text) const {
    return terminal_.is_terminal ? fitted(text, static_cast<std::size_t>(terminal_.columns)) : std::string(text);
  }
  void line(std::string_view text) { (out_ += cut(text)) += '\n'; }
  void need(const std::string& text) {
    ++needs_;
    (out_ += terminal_.coloured(Colour::Yellow, cut("! " + text))) += '\n';
  }

  void head() {
    const Json& config = status_.at("config");
    line("kanaria " + text_of(status_.at("version")) + "  " +
         (status_.at("ready").get<bool>() ? "ready" : "not ready") + "  up " +
         length_of(status_.at("up_seconds").get<std::int64_t>()));
    line("config #" + std::to_string(config.at("number").get<std::uint64_t>()) + " (" +
         text_of(config.at("hash")).substr(0, 6) + ") applied " + clock_of(config.at("applied_at")) + " by " +
         text_of(config.at("applied_by")));
  }

  void needs() {
    const Json& config = status_.at("config");
    const std::string file = text_of(config.at("file"));
    if (!config.at("last_reload_success").get<bool>())
      need("the last reload was refused: kanaria check " + file + " tells why, if it is the file");
    if (config.at("file_state") == "differs")
      need("the file differs from what runs, since " + clock_of(config.at("file_state_since")) + ": kanaria diff " +
           file);
    if (config.at("file_state") == "broken") {
      need("the file is broken, a restart would exit 78: kanaria check " + file);
      line("  " + text_of(config.at("file_fault")));
    }
    if (!status_.at("damaged_state").get<std::string>().empty())
      need("what was set by hand before the start is lost: " + text_of(status_.at("damaged_state")));
    if (!status_.at("unkept").get<std::string>().empty())
      need("a restart would lose what is set by hand: " + text_of(status_.at("unkept")));
    for (const Json& rollout : status_.at("rollouts")) rollout_needs(rollout);
    for (const Json& listener : status_.at("listeners"))
      for (const Json& rule : listener.at("rules")) rule_needs(rule);
    for (const Json& group : status_.at("target_groups")) group_needs(group);
  }

  void rollout_needs(const Json& rollout) {
    const std::string name = text_of(rollout.at("name"));
    const std::string begin = text_of(rollout.at("rule")) + "  rollout " + name + " ";
    if (waits_for_a_person(rollout)) {
      need(begin + phase_text(rollout) +
           (rollout.at("since").is_null() ? "" : " since " + clock_of(rollout.at("since"))));
      line("  " + (rollout.at("why").is_null() ? "" : text_of(rollout.at("why")) + ": ") + "kanaria rollout status " +
           name);
    }
    if (!rollout.at("unkept").is_null())
      need(begin + "a restart would lose where it stands: " + text_of(rollout.at("unkept")));
  }

  void rule_needs(const Json& rule) {
    const Json& weights = rule.at("weights");
    if (weights.is_null() || weights.at("override").is_null()) return;
    const Json& override = weights.at("override");
    const std::string reason = text_of(override.at("reason"));
    need(text_of(weights.at("rule")) + "  override" + (reason.empty() ? "" : " \"" + reason + '"') +
         (override.at("seconds_left").is_null()
              ? ", until it is reset"
              : ", ends in " + length_of(override.at("seconds_left").get<std::int64_t>())));
    line("  by " + text_of(override.at("who")) + " " + clock_of(override.at("when")) + "; file line " +
         std::to_string(override.at("line").get<int>()));
  }

  void group_needs(const Json& group) {
    const std::string name = text_of(group.at("target_group"));
    if (group.at("fail_open").get<bool>()) need(name + "  too few targets are healthy: all of them take traffic");
    for (const Json& target : group.at("targets")) {
      const bool is_unhealthy = target.at("state") == "unhealthy";
      if (!is_unhealthy && !target.at("ejected").get<bool>()) continue;
      need(name + "  " + text_of(target.at("target")) + (is_unhealthy ? " unhealthy: " : " ejected") +
           (is_unhealthy ? text_of(target.at("reason")) : ""));
    }
    for (const Json& override : group.at("overrides"))
      need(name + "  " + text_of(override.at("target")) + " " + text_of(override.at("override")) + " by " +
           text_of(override.at("who")));
  }

  void titles() {
    std::string text(first_width_, ' ');
    for (std::size_t i = 0; i < columns_; ++i) text += right(kColumns[i].title, kColumns[i].width);
    (out_ += terminal_.coloured(Colour::Dim, text)) += '\n';
  }

  /// The first column and as many of the others as there is room for.
  void row(std::string_view first, const std::array<std::string, kColumns.size()>& cells) {
    std::string text = padded(shortened(first, first_width_), first_width_);
    std::size_t i = 0;
    for (const std::string& cell : cells) {
      if (i == columns_) break;
      text += right(cell, kColumns[i].width);
      ++i;
    }
    while (text.ends_with(' ')) text.pop_back();
    (out_ += text) += '\n';
  }

  /// With all that its rules answered.
  void add_listener_line(const Json& listener) {
    double rate = 0;
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    for (const Json& rule : listener.at("rules")) {
      rate += rule.at("requests_per_second").get<double>();
      requests += rule.at("requests").get<std::uint64_t>();
      errors += rule.at("errors").get<std::uint64_t>();
    }
    const double part = requests == 0 ? 0 : static_cast<double>(errors) / static_cast<double>(requests);
    const std::string total = format("   %.1f/s", rate) + (requests == 0 ? "" : "   5xx " + percent_text(part, 2));
    const std::string name = text_of(listener.at("name")) + "  " + text_of(listener.at("address"));
    (out_ += terminal_.coloured(Colour::Bold, cut(name + total))) += '\n';
  }

  void add_listener(const Json& listener) {
    add_listener_line(listener);
    const Json& rules = listener.at("rules");
    for (std::size_t i = 0; i < rules.size(); ++i) add_rule(rules[i], i + 1 == rules.size());
  }

  void add_rule(const Json& rule, bool is_last) {
    const std::string priority = rule.at("priority") == 0 ? "" : std::to_string(rule.at("priority").get<int>()) + " ";
    const Json& weights = rule.at("weights");
    const std::string branch =
        is_last ? (terminal_.has_utf8 ? "\u2514 " : "`- ") : (terminal_.has_utf8 ? "\u251c " : "|- ");
    std::string text = branch + priority + text_of(rule.at("name"));
    if (!weights.is_null()) text += decider_of(weights);
    text += format("   %.1f/s", rule.at("requests_per_second").get<double>());
    const std::string conditions = text_of(rule.at("conditions"));
    if (!conditions.empty()) text += "   " + conditions;
    if (weights.is_null()) text += "   " + text_of(rule.at("action"));
    line(text);
    if (weights.is_null()) return;
    const Json& groups = weights.at("target_groups");
    const std::string bar = is_last ? "  " : terminal_.has_utf8 ? "\u2502 " : "|  ";
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::string twig =
          i + 1 == groups.size() ? (terminal_.has_utf8 ? "\u2514 " : "`- ") : (terminal_.has_utf8 ? "\u251c " : "|- ");
      add_group(bar + twig, groups[i]);
    }
  }

  /// Where it isn't the file.
  static std::string decider_of(const Json& weights) {
    const Json& rollout = weights.at("rollout");
    if (rollout.is_null()) return weights.at("override").is_null() ? "" : "   OVERRIDE";
    return "   rollout " + text_of(rollout.at("name")) + " " + std::to_string(rollout.at("step").get<std::size_t>()) +
           "/" + std::to_string(rollout.at("steps").get<std::size_t>());
  }

  void add_group(const std::string& before, const Json& group) {
    const Json& recent = group.at("recent");
    const bool quiet = recent.at("requests") == 0;
    row(before + text_of(group.at("target_group")),
        {std::to_string(group.at("weight").get<int>()), percent_text(group.at("share"), 1),
         percent_text(recent.at("share"), 1), format("%.1f", recent.at("requests_per_second").get<double>()),
         quiet ? "-" : percent_text(recent.at("errors"), 2), seconds_text(recent.at("p50")),
         seconds_text(recent.at("p99")),
         std::to_string(group.at("healthy").get<int>()) + "/" + std::to_string(group.at("targets").get<int>())});
  }

  const Json& status_;
  const Terminal& terminal_;
  std::size_t first_width_ = 0;
  std::size_t columns_ = 0;
  std::size_t needs_ = 0;
  std::string out_;
};

int run_status(const Options& options) {
  constexpr std::chrono::seconds kBetween{2};
  for (bool first = true;; first = false) {
    const Terminal terminal = Terminal::of_stdout();
    std::string text;
    bool needs_a_person = false;
    try {
      const Json status = get_json(options.daemon, "/api/v1/status");
      Page page(status, terminal);
      text = page.text();
      needs_a_person = page.needs_a_person();
      if (options.json) text = status.dump(options.watch ? -1 : 2) + "\n";
    } catch (const std::runtime_error& failure) {
      if (!options.watch || first) throw;  // else it may be a restart
      text = std::string(failure.what()) + "\n";
    }
    if (options.watch && !options.json && terminal.is_terminal) text = "\x1b[H\x1b[2J" + text;
    std::cout << text << std::flush;
    if (!std::cout) return kFailed;  // nobody reads any more
    if (!options.watch) return needs_a_person ? kDiffers : kFine;
    std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace

void add_status(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "status", "Show what needs a person, then where traffic goes; exit code 3 when something needs a person");
  command->add_flag("--json", options->json, "What the daemon answers, as JSON");
  command->add_flag("--watch", options->watch, "Again every two seconds");
  add_admin_options(*command, options->daemon);
  command->footer("Example:\n  kanaria status --watch");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return run_status(*options); }); });
}

}  // namespace kanaria::cli
