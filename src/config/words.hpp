// The model's choices in the words of the file, and sums that printing and differences share. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kanaria/config/model.hpp"

namespace kanaria::config {

std::string_view words(bool value);
std::string_view words(LogLevel level);
std::string_view words(LogFormat format);
std::string_view words(XffMode mode);
std::string_view words(http::DesyncMode mode);
std::string_view words(SplitMode mode);
std::string_view words(ProxyVersion version);

/// A number, or "auto" without one.
std::string auto_or(const std::optional<int>& number);

int total_weight(const Forward& forward);

}  // namespace kanaria::config
