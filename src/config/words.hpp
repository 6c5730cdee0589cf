// The model's choices in the words of the file, and sums that printing and differences share. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kanaria/config/model.hpp"
#include "kanaria/config/print.hpp"

namespace kanaria::config {

std::string_view words(bool value);
std::string_view words(LogLevel level);
std::string_view words(LogFormat format);
std::string_view words(AccessLogFormat format);
std::string_view words(XffMode mode);
std::string_view words(http::DesyncMode mode);
std::string_view words(ProxyVersion version);
std::string_view words(Algorithm algorithm);
std::string_view words(TargetStickiness::Type type);
std::string_view type_of(const RolloutMetric& metric);
std::string_view words(OnInconclusive then);
std::string_view words(OnIncident then);
std::string_view words(OnComplete then);

/// A number, or without one the word that says so: "auto", "none", "off".
std::string number_or(const std::optional<int>& number, std::string_view without);

std::string_view on_or_off(bool value);
/// "50%", or "off" without a number.
std::string percent_or_off(const std::optional<int>& number);

/// A duration, or "none" without one.
std::string duration_or_none(const std::optional<Milliseconds>& duration);
/// Of a rate: "99.9%", or "none" without one.
std::string rate_or_none(const std::optional<double>& rate);
/// "0.01": what millionths() reads.
std::string real_text(double number);

/// A word of a list, and what it switches on.
template <class T>
struct Flag {
  std::string_view word;
  bool T::* member;
};
std::span<const Flag<Retries>> retry_on();
std::span<const Flag<PassiveHealth>> ejects_on();

/// The words of what is switched on: "reset, timeout".
template <class T>
std::string flags(std::span<const Flag<T>> known, const T& of) {
  std::string listed;
  for (const auto& [word, member] : known) {
    if (of.*member) listed.append(listed.empty() ? "" : ", ").append(word);
  }
  return listed;
}

int total_weight(const Forward& forward);

}  // namespace kanaria::config
