#include "reply.hpp"

#include <ctime>

namespace kanaria::admin {

Reply json(std::uint16_t status, const Json& body) {
  return {status, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

Reply error(std::uint16_t status, std::string_view code, std::string_view message) {
  return json(status, {{"error", {{"code", code}, {"message", message}}}});
}

Reply text(std::uint16_t status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body)};
}

std::string text_of(WallTime when) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace kanaria::admin
