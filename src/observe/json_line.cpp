#include "kanaria/observe/json_line.hpp"

#include <string_view>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/observe/counters.hpp"
#include "log_text.hpp"

namespace kanaria::observe {
namespace {

constexpr std::size_t kUserAgentBytes = 8192;  // as in ALB's format

/// Writes members one after another.
class Object {
 public:
  Object(std::string& buffer, const ExchangeRecord& record) : text_(buffer, most_bytes(record, kLongestByte)) {}

  /// Null where it is empty.
  void text(std::string_view key, std::string_view value) {
    name(key);
    if (value.empty()) {
      text_.put("null");
      return;
    }
    text_.put('"');
    text_.put_escaped(value, Spaces::Plain, [this](unsigned char byte) {
      if (byte == '"' || byte == '\\') {
        text_.put('\\');
        text_.put(static_cast<char>(byte));
      } else {
        text_.put("\\u00");
        text_.put_hex(byte);
      }
    });
    text_.put('"');
  }
  /// Of a table, where "-" stands for nothing.
  void word(std::string_view key, std::string_view value) { text(key, value == "-" ? std::string_view() : value); }
  void number(std::string_view key, std::uint64_t value) {
    name(key);
    text_.put_number(value);
  }
  /// Null where it is 0: no status.
  void status(std::string_view key, std::uint16_t value) {
    if (value == 0) return null(key);
    number(key, value);
  }
  void time(std::string_view key, WallTime value) {
    name(key);
    text_.put('"');
    text_.put_time(value);
    text_.put('"');
  }
  void seconds(std::string_view key, Time from, Time to) {
    name(key);
    if (!text_.put_seconds(from, to)) text_.put("null");
  }
  void null(std::string_view key) {
    name(key);
    text_.put("null");
  }
  std::string_view end() {
    text_.put("}\n");
    return text_.text();
  }

 private:
  static constexpr std::size_t kLongestByte = 6;  // \u00HH

  void name(std::string_view key) {
    text_.put(opening_);
    text_.put('"');
    text_.put(key);
    text_.put("\":");
    opening_ = ',';
  }

  LogText text_;
  char opening_ = '{';
};

}  // namespace

std::string_view format_json(const ExchangeRecord& record, std::string& buffer) {
  Object line(buffer, record);
  line.time("time", end_of(record));
  line.text("type", record.is_websocket ? (record.scheme == "https" ? "wss" : "ws") : record.scheme);
  line.text("elb", record.load_balancer);
  line.text("client_ip", record.client_address);
  line.number("client_port", record.client_port);
  line.text("method", record.method);
  line.text("scheme", record.scheme);
  line.text("host", record.authority);
  line.text("request_target", record.request_target);
  line.text("protocol", record.request_target.empty() ? "" : record.minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
  line.text("user_agent", record.user_agent.substr(0, kUserAgentBytes));
  line.status("elb_status_code", record.elb_status);
  line.text("answered_by", record.answered_by == AnsweredBy::Target ? "target" : "kanaria");
  line.word("fault", row_of(record.fault).word);
  line.text("listener", record.listener);
  line.text("rule", record.rule);
  if (record.rule_priority < 0) {
    line.null("matched_rule_priority");
  } else {
    line.number("matched_rule_priority", static_cast<std::uint64_t>(record.rule_priority));
  }
  line.text("action_executed", record.action);
  line.text("target_group", record.target_group);
  line.text("target", record.target);
  line.status("target_status_code", record.target_status);
  line.text("sticky", sticky_label(record.sticky));
  line.text("error_reason", record.error_reason);
  line.time("request_creation_time", record.wall);
  line.seconds("request_processing_time", record.created, record.sent_to_target);
  line.seconds("target_processing_time", record.sent_to_target, record.target_head);
  line.seconds("response_processing_time", answer_of(record), record.answer_start);
  line.seconds("duration", record.created, record.end);
  line.number("received_bytes", record.received_bytes);
  line.number("sent_bytes", record.sent_bytes);
  line.text("trace_id", record.trace_id);
  line.text("traceparent", record.traceparent);
  line.text("redirect_url", record.redirect_url);
  line.word("classification", name_of(row_of(record.desync).severity));
  line.word("classification_reason", row_of(record.desync).name);
  line.text("transformed_host", record.transformed_host);
  line.text("transformed_uri", record.transformed_uri);
  line.text("request_transform_status", record.transform_status);
  return line.end();
}

}  // namespace kanaria::observe
