#include "logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace kanaria::server {
namespace {

spdlog::level::level_enum level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::Trace: return spdlog::level::trace;
    case config::LogLevel::Debug: return spdlog::level::debug;
    case config::LogLevel::Info: return spdlog::level::info;
    case config::LogLevel::Warn: return spdlog::level::warn;
    case config::LogLevel::Error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// The message as it may stand inside a JSON string, on one line.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    constexpr std::string_view kHex = "0123456789abcdef";
    for (const char c : message.payload) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(c);
      } else if (c == '\n') {
        out.push_back('\\');
        out.push_back('n');
      } else if (byte < 0x20) {
        for (const char u : std::string_view("\\u00")) out.push_back(u);
        out.push_back(kHex[byte >> 4]);
        out.push_back(kHex[byte & 15]);
      } else {
        out.push_back(c);
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

}  // namespace

void set_up_logging(const config::Log& log) {
  static const auto logger =
      std::make_shared<spdlog::logger>("kanaria", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (log.format == config::LogFormat::Json) {
    formatter->add_flag<JsonMessage>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})");
  } else {
    formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-7l %v");
  }
  logger->set_formatter(std::move(formatter));
  logger->set_level(level_of(log.level));
  spdlog::set_default_logger(logger);
}

std::string configure_logs(const config::Model& model, observe::AccessLog& access_log) {
  const config::AccessLogs& logs = model.access_logs;
  const bool is_json = logs.format == config::AccessLogFormat::Json;
  const auto format = !logs.enabled ? observe::LineFormat::Off
                      : is_json     ? observe::LineFormat::Json
                                    : observe::LineFormat::Alb;
  const std::string failure = access_log.configure(format, logs.path);
  if (!failure.empty()) return "access_logs: " + failure;
  set_up_logging(model.log);
  return {};
}

void reopen(observe::AccessLog& access_log) {
  const std::optional<std::string> failure = access_log.reopen();
  if (!failure) {
    spdlog::info("USR1: the access log is no file, nothing is reopened");
  } else if (failure->empty()) {
    spdlog::info("USR1: access log reopened");
  } else {
    spdlog::error("USR1: {}; lines go on into the old file", *failure);
  }
}

}  // namespace kanaria::server
