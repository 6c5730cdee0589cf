#include "kanaria/observe/alb_line.hpp"

#include <cstdint>
#include <string_view>

#include "kanaria/base/fault_table.hpp"
#include "log_text.hpp"

namespace kanaria::observe {
namespace {

constexpr std::size_t kUserAgentBytes = 8192;  // ALB's bound

class Line {
 public:
  Line(std::string& buffer, const ExchangeRecord& record) : text_(buffer, most_bytes(record, kLongestByte)) {}

  // Fields of the line, each with the space behind it.
  void word(std::string_view value) {
    value.empty() ? text_.put('-') : escaped(value, Spaces::Odd);
    text_.put(' ');
  }
  void quoted(std::string_view value) {
    text_.put('"');
    value.empty() ? text_.put('-') : escaped(value, Spaces::Plain);
    text_.put(std::string_view("\" "));
  }
  // The same of what we have chosen ourselves: words of tables, and names, which the configuration's parser has bounded
  // to letters, digits, '_', '.' and '-'.
  void own_word(std::string_view value) {
    text_.put(value.empty() ? std::string_view("-") : value);
    text_.put(' ');
  }
  void own_quoted(std::string_view value) {
    text_.put('"');
    text_.put(value.empty() ? std::string_view("-") : value);
    text_.put(std::string_view("\" "));
  }
  // Nothing, where it is never anything else.
  void none() { text_.put(std::string_view("- ")); }
  void none_quoted() { text_.put(std::string_view("\"-\" ")); }
  void number(std::uint64_t value) {
    text_.put_number(value);
    text_.put(' ');
  }
  void status(std::uint16_t value) { value == 0 ? none() : number(value); }
  void quoted_status(std::uint16_t value) {
    if (value == 0) return none_quoted();
    text_.put('"');
    text_.put_number(value);
    text_.put(std::string_view("\" "));
  }
  void address(std::string_view value, std::uint16_t port) {
    if (value.empty()) return none();
    const bool v6 = value.find(':') != std::string_view::npos;
    if (v6) text_.put('[');
    escaped(value, Spaces::Odd);
    if (v6) text_.put(']');
    text_.put(':');
    number(port);
  }
  void moment(WallTime time) {
    text_.put_time(time);
    text_.put(' ');
  }
  // Seconds with three decimals; -1 when one of the two was never reached.
  void seconds(Time from, Time to) {
    if (!text_.put_seconds(from, to)) text_.put(std::string_view("-1"));
    text_.put(' ');
  }
  void request(const ExchangeRecord& record);

  std::string_view end() {
    text_.drop();
    text_.put('\n');
    return text_.text();
  }

 private:
  static constexpr std::size_t kLongestByte = 4;  // \xHH

  void escaped(std::string_view value, Spaces spaces) {
    text_.put_escaped(value, spaces, [this](unsigned char byte) {
      text_.put(std::string_view("\\x"));
      text_.put_hex(byte);
    });
  }

  LogText text_;
};

bool has_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

// METHOD scheme://host:port/uri HTTP/x; what could not be read is "-", as with ALB.
void Line::request(const ExchangeRecord& record) {
  const bool known = !record.request_target.empty();
  text_.put('"');
  escaped(record.method.empty() ? "-" : record.method, Spaces::Odd);
  text_.put(' ');
  if (record.request_target.empty() || record.request_target.front() == '/' || record.request_target == "*") {
    text_.put(record.scheme);
    text_.put(std::string_view("://"));
    escaped(record.authority.empty() ? "-" : record.authority, Spaces::Odd);
    if (!has_port(record.authority)) {
      text_.put(':');
      text_.put_number(record.listener_port);
    }
    if (record.request_target == "*") text_.put('/');
  }
  escaped(known ? record.request_target : "-", Spaces::Odd);
  if (known) {
    text_.put(std::string_view(" HTTP/1."));
    text_.put_number(record.minor);
    text_.put(std::string_view("\" "));
  } else {
    text_.put(std::string_view(" -\" "));
  }
}

}  // namespace

std::string_view format_alb(const ExchangeRecord& record, std::string& buffer) {
  const bool secure = record.scheme == "https";
  Line line(buffer, record);

  line.own_word(record.is_websocket ? (secure ? "wss" : "ws") : (secure ? "https" : "http"));  // type
  line.moment(end_of(record));                                                                 // time
  line.own_word(record.load_balancer);                                                         // elb
  line.address(record.client_address, record.client_port);                                     // client:port
  line.word(record.target);                                                                    // target:port
  line.seconds(record.created, record.sent_to_target);        // request_processing_time
  line.seconds(record.sent_to_target, record.target_head);    // target_processing_time
  line.seconds(answer_of(record), record.answer_start);       // response_processing_time
  line.status(record.elb_status);                             // elb_status_code
  line.status(record.target_status);                          // target_status_code
  line.number(record.received_bytes);                         // received_bytes
  line.number(record.sent_bytes);                             // sent_bytes
  line.request(record);                                       // "request"
  line.quoted(record.user_agent.substr(0, kUserAgentBytes));  // "user_agent"
  line.none();                                                // ssl_cipher
  line.none();                                                // ssl_protocol
  line.own_word(record.target_group);                         // target_group_arn
  line.quoted(record.trace_id);                               // "trace_id"
  line.none_quoted();                                         // "domain_name"
  line.none_quoted();                                         // "chosen_cert_arn"
  if (record.rule_priority < 0) {                             // matched_rule_priority
    line.none();
  } else {
    line.number(static_cast<std::uint64_t>(record.rule_priority));
  }
  line.moment(record.wall);                                  // request_creation_time
  line.own_quoted(record.action);                            // "actions_executed"
  line.quoted(record.redirect_url);                          // "redirect_url"
  line.own_quoted(record.error_reason);                      // "error_reason"
  line.quoted(record.target);                                // "target:port_list"
  line.quoted_status(record.target_status);                  // "target_status_code_list"
  line.own_quoted(name_of(row_of(record.desync).severity));  // "classification"
  line.own_quoted(row_of(record.desync).name);               // "classification_reason"
  line.none();                                               // conn_trace_id
  line.quoted(record.transformed_host);                      // "transformed_host"
  line.quoted(record.transformed_uri);                       // "transformed_uri"
  line.own_quoted(record.transform_status);                  // "request_transform_status"
  line.none();                                               // the node's address
  line.own_quoted(row_of(record.fault).word);                // "fault", ours
  return line.end();
}

}  // namespace kanaria::observe
