#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "command.hpp"
#include "figures.hpp"
#include "kanaria/rollout/report.hpp"
#include "lines.hpp"
#include "remote.hpp"
#include "rollout.hpp"

namespace kanaria::cli {
namespace {

using Json = nlohmann::ordered_json;
using Colour = Terminal::Colour;

/// Of a length the two largest units: "1h53m".
std::string left_text(std::int64_t seconds) {
  struct Unit {
    std::int64_t length;
    const char* sign;
  };
  constexpr std::array<Unit, 4> kUnits{{{86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}}};
  const auto* const unit = std::ranges::find_if(kUnits, [&](const Unit& one) { return seconds >= one.length; });
  if (unit == kUnits.end()) return "0s";
  std::string text = std::to_string(seconds / unit->length) + unit->sign;
  const auto* const next = unit + 1;
  if (next != kUnits.end() && seconds % unit->length >= next->length)
    text += std::to_string(seconds % unit->length / next->length) + next->sign;
  return text;
}

/// "": a daemon of another version says something unknown.
std::string way_on(const Json& told) {
  const auto phase = rollout::phase_of(text_of(told.at("phase")));
  const Json& reason = told.at("reason");
  const auto why = reason.is_null() ? rollout::Reason::None : rollout::reason_of(text_of(reason));
  return phase && why ? rollout::way_on(text_of(told.at("name")), *phase, *why) : "";
}

struct Column {
  const char* title;
  std::size_t width;
};
// Behind the first one, in the order in which a narrow terminal loses them from the end.
constexpr std::array<Column, 8> kColumns{
    {{"set", 7}, {"got", 7}, {"requests", 10}, {"bad", 5}, {"rate", 7}, {"p50", 7}, {"p90", 7}, {"p99", 7}}};
constexpr std::size_t kAllColumns = 57;
constexpr std::size_t kFirstWidth = 17;   // where there is little room
constexpr std::size_t kStepsInALine = 4;  // where there is much
constexpr std::size_t kHistoryShown = 5;  // on a terminal
constexpr std::array<const char*, 2> kArms{"stable", "canary"};

/// A step in the table of steps.
struct Cell {
  std::string text;
  std::string mark;
  Lines::Colour colour;
  std::string progress;

  std::string plain() const {
    return text + (mark.empty() ? "" : " " + mark) + (progress.empty() ? "" : " " + progress);
  }
};

std::vector<std::size_t> widths_of(const std::vector<Cell>& cells, std::size_t in_a_line) {
  std::vector<std::size_t> widths(in_a_line, 0);
  for (std::size_t i = 0; i < cells.size(); ++i)
    widths[i % in_a_line] = std::max(widths[i % in_a_line], width_of(cells[i].plain()));
  return widths;
}

class Picture {
 public:
  Picture(const Json& rollout, const Terminal& terminal, std::string_view today)
      : rollout_(rollout), terminal_(terminal), today_(today), lines_(terminal) {}

  std::string text() {
    head();
    needs();
    steps();
    if (!rollout_.at("weight_since").is_null()) traffic();
    if (!rollout_.at("started_at").is_null()) add_evidence(lines_, rollout_);
    lines_.empty();
    health();
    history();
    return lines_.take();
  }

 private:
  /// A time of day; of another day with its date.
  std::string moment(const Json& when) const {
    std::string text = text_of(when);
    if (text.size() < 19) return text;
    return text.starts_with(today_) ? text.substr(11, 8) : text.substr(5, 5) + " " + text.substr(11, 5);
  }

  void head() {
    const std::string begin = text_of(rollout_.at("name")) + "  ";
    const std::string phase = phase_text(rollout_);
    const Json& revision = rollout_.at("revision");
    Lines first(terminal_);
    first.flow({begin + phase, standing(rollout_)}, 2, revision.is_null() ? "" : "rev " + text_of(revision), 60);
    std::string text = first.take();
    text.pop_back();
    if (text.compare(begin.size(), phase.size(), phase) == 0)
      text.replace(begin.size(), phase.size(), terminal_.coloured(phase_colour(), phase));
    lines_.add_whole(text);
    const Json& left = rollout_.at("deadline_seconds_left");
    lines_.flow({text_of(rollout_.at("rule")), "stable " + text_of(rollout_.at("stable").at("target_group")),
                 "canary " + text_of(rollout_.at("canary").at("target_group"))},
                3, left.is_null() ? "" : "deadline in " + left_text(left.get<std::int64_t>()), 53);
  }

  Colour phase_colour() const {
    if (rollout_.at("phase") == "Degraded") return Colour::Red;
    if (waits_for_a_person(rollout_)) return Colour::Yellow;
    return rollout_.at("phase") == "Progressing" ? Colour::Bold : Colour::Green;
  }

  void needs() {
    if (waits_for_a_person(rollout_)) {
      if (!rollout_.at("why").is_null()) lines_.wrap("! ", text_of(rollout_.at("why")), phase_colour());
      const std::string way = way_on(rollout_);
      if (!way.empty()) lines_.wrap("  ", way);
    }
    if (!rollout_.at("unkept").is_null())
      lines_.wrap("! ", "a restart would lose where it stands: " + text_of(rollout_.at("unkept")), Colour::Yellow);
  }

  Cell cell(const Json& step, std::size_t number) const {
    const std::size_t digits = rollout_.at("steps").size() > 99 ? 3 : 2;
    Cell made{right(std::to_string(number), digits) + " " + text_of(step.at("step")), "", {}, ""};
    if (step.at("is") == "passed") {
      made.mark = terminal_.has_utf8 ? "\u2713" : "+";
      made.colour = Colour::Green;
    } else if (step.at("is") == "running") {
      made.mark = terminal_.has_utf8 ? "\u25b6" : ">";
      made.colour = Colour::Bold;
    }
    if (!step.at("progress").is_null()) made.progress = text_of(step.at("progress"));
    return made;
  }

  void steps() {
    std::vector<Cell> cells;
    for (const Json& step : rollout_.at("steps")) cells.push_back(cell(step, cells.size() + 1));
    std::size_t in_a_line = kStepsInALine;
    std::vector<std::size_t> widths = widths_of(cells, in_a_line);
    const auto total = [&] { return std::accumulate(widths.begin(), widths.end(), widths.size() - 1); };
    while (in_a_line > 1 && total() > lines_.columns()) widths = widths_of(cells, --in_a_line);
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const Cell& one = cells[i];
      const std::string plain = one.plain();
      if (!lines_.fits(width_of(plain))) {  // it is alone in its line
        lines_.add(plain, one.colour);
        continue;
      }
      line += one.text + (one.mark.empty() ? "" : " " + terminal_.coloured(*one.colour, one.mark)) +
              plain.substr(one.text.size() + (one.mark.empty() ? 0 : 1 + one.mark.size()));
      if (i % in_a_line + 1 < in_a_line && i + 1 < cells.size()) {
        line += std::string(widths[i % in_a_line] + 1 - width_of(plain), ' ');
      } else {
        lines_.add_whole(std::exchange(line, ""));
      }
    }
  }

  void traffic() {
    lines_.empty();
    std::array<std::string, 3> names{"since " + moment(rollout_.at("weight_since"))};
    std::size_t first = width_of(names[0]);
    for (std::size_t i = 0; i < kArms.size(); ++i) {
      names[i + 1] = std::string(kArms[i]) + " " + text_of(rollout_.at(kArms[i]).at("target_group"));
      first = std::max(first, width_of(names[i + 1]));
    }
    std::size_t left = SIZE_MAX / 2;
    if (terminal_.is_terminal) {
      const std::size_t room = lines_.columns() - std::min(lines_.columns(), kAllColumns);
      first = std::min({first, lines_.columns(), std::max(kFirstWidth, room)});
      left = lines_.columns() - first;
    }
    std::size_t count = 0;
    for (; count < kColumns.size() && kColumns[count].width <= left; ++count) left -= kColumns[count].width;
    const auto row = [&](const std::string& name, const std::array<std::string, kColumns.size()>& shown,
                         Lines::Colour colour) {
      std::string text = padded(shortened(name, first), first);
      for (std::size_t i = 0; i < count; ++i) text += right(shown[i], kColumns[i].width);
      lines_.add(text, colour);
    };
    std::array<std::string, kColumns.size()> titles;
    std::ranges::transform(kColumns, titles.begin(), [](const Column& column) { return column.title; });
    row(names[0], titles, Colour::Dim);
    for (std::size_t i = 0; i < kArms.size(); ++i) row(names[i + 1], cells_of(rollout_.at(kArms[i])), {});
    const auto number = [](const Json& of, const char* key) { return count_text(of.at(key).get<std::uint64_t>()); };
    lines_.flow(
        {"not counted: " + number(rollout_, "matched") + " by match, " + number(rollout_, "spilled") + " spilled"}, 3,
        "in flight " + number(rollout_.at("stable"), "in_flight") + " + " + number(rollout_.at("canary"), "in_flight"),
        45);
  }

  static std::array<std::string, kColumns.size()> cells_of(const Json& arm) {
    const auto requests = arm.at("requests").get<std::uint64_t>();
    const auto bad = arm.at("bad").get<std::uint64_t>();
    const Json rate = requests == 0 ? Json() : Json(static_cast<double>(bad) / static_cast<double>(requests));
    return {share_text(arm.at("set").get<double>()),
            percent_text(arm.at("got"), 2),
            count_text(requests),
            count_text(bad),
            percent_text(rate, 2),
            seconds_text(arm.at("p50")),
            seconds_text(arm.at("p90")),
            seconds_text(arm.at("p99"))};
  }

  void health() {
    std::string text;
    bool is_well = true;
    for (const char* arm : kArms) {
      const Json& of = rollout_.at(arm);
      const auto healthy = of.at("healthy").get<std::size_t>();
      const auto targets = of.at("targets").get<std::size_t>();
      text += (text.empty() ? "" : "   ") + text_of(of.at("target_group")) + " " + std::to_string(healthy) + "/" +
              std::to_string(targets);
      is_well = is_well && healthy == targets;
    }
    lines_.wrap(label_of(rollout_, "health"), text, is_well ? Lines::Colour() : Colour::Yellow);
  }

  /// The newest first.
  void history() {
    const Json& all = rollout_.at("history");
    const std::size_t shown = terminal_.is_terminal ? std::min(all.size(), kHistoryShown) : all.size();
    std::vector<std::array<std::string, 4>> rows;
    std::array<std::size_t, 3> widths{};
    for (std::size_t i = 0; i < shown; ++i) {
      rows.push_back(transition(all[all.size() - 1 - i]));
      for (std::size_t k = 0; k < widths.size(); ++k) widths[k] = std::max(widths[k], width_of(rows.back()[k]));
    }
    for (const auto& [when, step, weight, why] : rows)
      lines_.wrap(padded(when, widths[0]) + " ",
                  padded(step, widths[1]) + "   " + padded(weight, widths[2]) + "   " + why);
  }

  /// When, and what became of step and weight, and why.
  std::array<std::string, 4> transition(const Json& one) const {
    const auto change = [](const std::string& before, const std::string& after) {
      return before == after ? before : before + " -> " + after;
    };
    const auto step = [&](const char* key) { return std::to_string(one.at(key).get<std::size_t>()); };
    const auto weight = [&](const char* key) { return share_text(one.at(key).get<double>()); };
    const std::string phase = one.at("phase") == "Progressing" ? "" : phase_text(one) + ": ";
    return {moment(one.at("when")), "step " + change(step("from_step"), step("to_step")),
            "weight " + change(weight("from_weight"), weight("to_weight")), phase + text_of(one.at("why"))};
  }

  const Json& rollout_;
  const Terminal& terminal_;
  std::string_view today_;
  Lines lines_;
};

}  // namespace

std::string phase_text(const Json& rollout) {
  const Json& reason = rollout.at("reason");
  return text_of(rollout.at("phase")) + (reason.is_null() ? "" : "(" + text_of(reason) + ")");
}

std::string standing(const Json& rollout) {
  if (rollout.at("step").is_null()) return "the file's weights are in force";
  const Json& steps = rollout.at("steps");
  const auto step = rollout.at("step").get<std::size_t>();
  const std::string text = "step " + std::to_string(step) + " of " + std::to_string(steps.size());
  if (rollout.at("phase") == "Degraded") return "taken back in " + text;
  return text + ": " + text_of(steps.at(step - 1).at("step")) + " at " + share_text(rollout.at("weight").get<double>());
}

std::string picture(const Json& rollout, const Terminal& terminal, std::string_view today) {
  return Picture(rollout, terminal, today).text();
}

bool waits_for_a_person(const Json& rollout) {
  const Json& phase = rollout.at("phase");
  return phase == "Paused" || phase == "Degraded" || (phase == "Baking" && rollout.at("reason") == "Handover");
}

std::optional<int> ended_with(const Json& rollout) {
  const Json& phase = rollout.at("phase");
  const Json& reason = rollout.at("reason");
  if ((phase == "Healthy" && reason == "Completed") || (phase == "Baking" && reason == "Handover")) return kFine;
  if (phase == "Degraded") return kFailed;
  return phase == "Paused" ? std::optional<int>(kDiffers) : std::nullopt;
}

}  // namespace kanaria::cli
