// Answers of the admin API, before they are sent.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "kanaria/base/clock.hpp"

namespace kanaria::admin {

using Json = nlohmann::ordered_json;

struct Reply {
  std::uint16_t status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow = {};  // with 405
  std::string etag = {};   // with its quotes; empty: none
};

Reply json(std::uint16_t status, const Json& body);
/// {"error": {"code": ..., "message": ...}}
Reply error(std::uint16_t status, std::string_view code, std::string_view message);
Reply text(std::uint16_t status, std::string body);

/// "2026-01-31T12:00:00Z"
std::string text_of(WallTime when);

}  // namespace kanaria::admin
