#include "kanaria/observe/json_line.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/observe/counters.hpp"
#include "log_text.hpp"

namespace kanaria::observe {
namespace {

constexpr std::size_t kUserAgentBytes = 8192;  // as in ALB's format

constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (unsigned byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

/// Writes members one after another.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) {}

  /// Null where it is empty.
  void text(std::string_view key, std::string_view value) {
    name(key);
    if (value.empty()) {
      out_ += "null";
      return;
    }
    out_ += '"';
    escape(value);
    out_ += '"';
  }
  /// Of a table, where "-" stands for nothing.
  void word(std::string_view key, std::string_view value) { text(key, value == "-" ? std::string_view() : value); }
  void number(std::string_view key, std::uint64_t value) {
    name(key);
    out_ += std::to_string(value);
  }
  /// Null where it is 0: no status.
  void status(std::string_view key, std::uint16_t value) {
    if (value == 0) return null(key);
    number(key, value);
  }
  void time(std::string_view key, WallTime value) {
    name(key);
    out_ += '"';
    add_time(out_, value);
    out_ += '"';
  }
  void seconds(std::string_view key, Time from, Time to) {
    name(key);
    if (!add_seconds_between(out_, from, to)) out_ += "null";
  }
  void null(std::string_view key) {
    name(key);
    out_ += "null";
  }

 private:
  void name(std::string_view key) {
    ((out_ += opening_) += '"').append(key).append("\":");
    opening_ = ',';
  }
  void escape(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    while (!text.empty()) {
      const auto* const odd =
          std::find_if_not(text.begin(), text.end(), [](char c) { return kPlain[static_cast<unsigned char>(c)]; });
      const auto length = static_cast<std::size_t>(odd - text.begin());
      out_.append(text.substr(0, length));
      if (length == text.size()) return;
      const auto byte = static_cast<unsigned char>(*odd);
      if (byte == '"' || byte == '\\') {
        (out_ += '\\') += *odd;
      } else {
        out_.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
      }
      text.remove_prefix(length + 1);
    }
  }

  std::string& out_;
  char opening_ = '{';
};

}  // namespace

void format_json(const ExchangeRecord& record, std::string& out) {
  Object line(out);
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
  out += "}\n";
}

}  // namespace kanaria::observe
