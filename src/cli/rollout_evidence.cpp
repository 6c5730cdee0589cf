#include <algorithm>
#include <array>
#include <cmath>

#include "figures.hpp"
#include "lines.hpp"
#include "remote.hpp"
#include "rollout.hpp"

namespace kanaria::cli {
namespace {

using Json = nlohmann::ordered_json;
using Colour = Terminal::Colour;

constexpr std::size_t kBarWidth = 20;

/// Evidence is small for long, and then soon very large.
std::string evidence_text(double evidence) {
  if (evidence < 9.95) return format("%.1f", evidence);
  return evidence < 999'999 ? count_text(static_cast<std::uint64_t>(std::llround(evidence))) : format("%.0e", evidence);
}

/// Empty up to 1, where nothing speaks against the canary, and full from the limit on, not a moment before it.
std::string bar(const Terminal& terminal, double evidence, double limit, std::size_t width) {
  constexpr std::array<std::string_view, 8> kEighths{"",       "\u258f", "\u258e", "\u258d",
                                                     "\u258c", "\u258b", "\u258a", "\u2589"};
  double part = evidence > 1 || evidence >= limit ? 1 : 0;
  if (evidence > 1 && evidence < limit) part = std::log(evidence) / std::log(limit);
  const auto eighths = static_cast<std::size_t>(part * static_cast<double>(width * 8));
  std::string full;
  for (std::size_t i = 0; i < eighths / 8; ++i) full += terminal.has_utf8 ? "\u2588" : "#";
  if (terminal.has_utf8) full += kEighths[eighths % 8];
  std::string rest;
  for (std::size_t i = width_of(full); i < width; ++i) rest += terminal.has_utf8 ? "\u2591" : ".";
  const Colour colour = part >= 1 ? Colour::Red : part >= 0.5 ? Colour::Yellow : Colour::Green;
  return (full.empty() ? "" : terminal.coloured(colour, full)) +
         (rest.empty() ? "" : terminal.coloured(Colour::Dim, rest));
}

void add_metric(Lines& lines, const Json& rollout, const Json& metric, std::size_t limit_width) {
  const std::string before = label_of(rollout, text_of(metric.at("name")));
  const std::string words = metric.at("words").is_null() ? "" : text_of(metric.at("words"));
  if (metric.at("evidence").is_null()) return lines.wrap(before, words.empty() ? "-" : words);
  const auto found = metric.at("evidence").get<double>();
  const auto limit = metric.at("limit").get<double>();
  const std::string number =
      right(evidence_text(found), 7) + " of " + padded(evidence_text(limit), words.empty() ? 0 : limit_width);
  const std::size_t others = width_of(before) + width_of(number);
  const std::size_t bar_width =
      lines.fits(others + kBarWidth) ? kBarWidth : lines.columns() - std::min(lines.columns(), others);
  const std::string after = words.empty() ? "" : "    " + words;
  const bool has_room = lines.fits(others + bar_width + width_of(after));
  if (bar_width == 0) {
    lines.add(before + number);
  } else {
    lines.add_whole(before + bar(lines.terminal(), found, limit, bar_width) + number + (has_room ? after : ""));
  }
  if (!has_room) lines.wrap(label_of(rollout, ""), words);
}

/// Both in the unit of the limit: "120 of 800 ms".
std::string duration_of(const Json& value, double limit) {
  const double factor = limit < 1 ? 1000 : 1;
  const auto number = [&](double seconds) {
    return trimmed(format("%.*f", seconds * factor < 9.95 ? 1 : 0, seconds * factor));
  };
  return (value.is_null() ? "-" : number(value.get<double>())) + " of " + number(limit) + (limit < 1 ? " ms" : " s");
}

/// Of the metrics that have an absolute limit beside the comparison.
void add_limits(Lines& lines, const Json& rollout) {
  std::array<int, 2> seen{};  // of error_rate, of latency
  const auto kind = [](const Json& metric) { return metric.at("type") == "latency" ? 1U : 0U; };
  const auto has_limit = [](const Json& metric) {
    return !metric.at("slo").is_null() && metric.at("type") != "threshold";
  };
  for (const Json& metric : rollout.at("metrics"))
    if (has_limit(metric)) ++seen[kind(metric)];
  std::string text;
  bool is_within = true;
  for (const Json& metric : rollout.at("metrics")) {
    if (!has_limit(metric)) continue;
    const bool is_latency = kind(metric) == 1;
    const auto limit = metric.at("slo").get<double>();
    const std::string name = seen[kind(metric)] > 1 ? text_of(metric.at("name")) : is_latency ? "p99" : "5xx";
    text += (text.empty() ? "" : ", ") + name + " " +
            (is_latency ? duration_of(metric.at("slo_value"), limit)
                        : percent_text(metric.at("slo_value"), 2) + " of " + share_text(limit));
    is_within = is_within && metric.at("within").get<bool>();
  }
  if (text.empty()) return;
  const Lines::Colour colour = is_within ? Lines::Colour() : Colour::Red;
  lines.wrap(label_of(rollout, "limits"), text + "    " + (is_within ? "within" : "OVER"), colour);
}

}  // namespace

std::string label_of(const Json& rollout, std::string_view name) {
  constexpr std::size_t kLongest = 16;
  std::size_t width = std::string_view("verdict").size();
  for (const Json& metric : rollout.at("metrics")) width = std::max(width, width_of(text_of(metric.at("name"))));
  width = std::min(width, kLongest);
  return padded(shortened(name, width), width + 2);
}

void add_evidence(Lines& lines, const Json& rollout) {
  lines.empty();
  lines.wrap("", rollout.at("dry_run").get<bool>()
                     ? "evidence that the canary is worse (log scale; dry run: nothing rolls back)"
                     : "evidence that the canary is worse (log scale; a full bar rolls back)");
  std::size_t limit_width = 0;
  for (const Json& metric : rollout.at("metrics"))
    if (!metric.at("evidence").is_null())
      limit_width = std::max(limit_width, evidence_text(metric.at("limit").get<double>()).size());
  for (const Json& metric : rollout.at("metrics")) add_metric(lines, rollout, metric, limit_width);
  add_limits(lines, rollout);
  const Json& words = rollout.at("verdict_words");
  Lines::Colour colour;
  if (rollout.at("verdict") == "pass") colour = Colour::Green;
  if (rollout.at("verdict") == "fail") colour = Colour::Red;
  lines.wrap(label_of(rollout, "verdict"),
             text_of(rollout.at("verdict")) + (words.is_null() ? "" : ": " + text_of(words)), colour);
}

}  // namespace kanaria::cli
