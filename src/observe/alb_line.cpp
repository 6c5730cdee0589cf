#include "kanaria/observe/alb_line.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "kanaria/base/fault_table.hpp"
#include "log_text.hpp"

namespace kanaria::observe {
namespace {

constexpr std::size_t kUserAgentBytes = 8192;  // ALB's bound

// What stands for itself; all else is written as \xHH. A space ends a field, except inside quotes. A table, because
// this looks at every byte of every line.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (unsigned byte = 0x21; byte < 0x7f; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

bool is_plain(char c, bool quoted) {
  return kPlain[static_cast<unsigned char>(c)] || (quoted && c == ' ');
}

void add_escaped(std::string& out, std::string_view text, bool quoted) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto plain = [quoted](char c) { return is_plain(c, quoted); };
  while (!text.empty()) {
    const auto* const odd = std::find_if_not(text.begin(), text.end(), plain);
    const auto length = static_cast<std::size_t>(odd - text.begin());
    out.append(text.substr(0, length));
    if (length == text.size()) return;
    const auto byte = static_cast<unsigned char>(*odd);
    out.append("\\x").append({kHex[byte >> 4], kHex[byte & 15]});
    text.remove_prefix(length + 1);
  }
}

void add_word(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += '-';
  } else {
    add_escaped(out, text, false);
  }
  out += ' ';
}

void add_quoted(std::string& out, std::string_view text) {
  out += '"';
  if (text.empty()) {
    out += '-';
  } else {
    add_escaped(out, text, true);
  }
  out += "\" ";
}

void add_number(std::string& out, std::uint64_t number) {
  (out += std::to_string(number)) += ' ';
}

void add_status(std::string& out, std::uint16_t status) {
  if (status == 0) return add_word(out, "");
  add_number(out, status);
}

void add_address(std::string& out, std::string_view address, std::uint16_t port) {
  if (address.empty()) return add_word(out, "");
  const bool v6 = address.find(':') != std::string_view::npos;
  if (v6) out += '[';
  add_escaped(out, address, false);
  if (v6) out += ']';
  out += ':';
  add_number(out, port);
}

void add_moment(std::string& out, WallTime time) {
  add_time(out, time);
  out += ' ';
}

// Seconds with three decimals; -1 when one of the two was never reached.
void add_seconds(std::string& out, Time from, Time to) {
  if (!add_seconds_between(out, from, to)) out += "-1";
  out += ' ';
}

bool has_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

// METHOD scheme://host:port/uri HTTP/x; what could not be read is "-", as with ALB.
void add_request(std::string& out, const ExchangeRecord& record) {
  const bool known = !record.request_target.empty();
  out += '"';
  add_escaped(out, record.method.empty() ? "-" : record.method, false);
  out += ' ';
  if (record.request_target.empty() || record.request_target.front() == '/' || record.request_target == "*") {
    add_escaped(out, record.scheme, false);
    out += "://";
    add_escaped(out, record.authority.empty() ? "-" : record.authority, false);
    if (!has_port(record.authority)) out.append(":").append(std::to_string(record.listener_port));
    if (record.request_target == "*") out += '/';
  }
  add_escaped(out, known ? record.request_target : "-", false);
  if (known) {
    out.append(" HTTP/1.").append(std::to_string(record.minor)) += "\" ";
  } else {
    out += " -\" ";
  }
}

}  // namespace

void format_alb(const ExchangeRecord& record, std::string& out) {
  const bool secure = record.scheme == "https";
  const bool decided = record.rule_priority >= 0;

  add_word(out, record.is_websocket ? (secure ? "wss" : "ws") : (secure ? "https" : "http"));  // type
  add_moment(out, end_of(record));                                                             // time
  add_word(out, record.load_balancer);                                                         // elb
  add_address(out, record.client_address, record.client_port);                                 // client:port
  add_word(out, record.target);                                                                // target:port
  add_seconds(out, record.created, record.sent_to_target);                                 // request_processing_time
  add_seconds(out, record.sent_to_target, record.target_head);                             // target_processing_time
  add_seconds(out, answer_of(record), record.answer_start);                                // response_processing_time
  add_status(out, record.elb_status);                                                      // elb_status_code
  add_status(out, record.target_status);                                                   // target_status_code
  add_number(out, record.received_bytes);                                                  // received_bytes
  add_number(out, record.sent_bytes);                                                      // sent_bytes
  add_request(out, record);                                                                // "request"
  add_quoted(out, record.user_agent.substr(0, kUserAgentBytes));                           // "user_agent"
  add_word(out, "");                                                                       // ssl_cipher
  add_word(out, "");                                                                       // ssl_protocol
  add_word(out, record.target_group);                                                      // target_group_arn
  add_quoted(out, record.trace_id);                                                        // "trace_id"
  add_quoted(out, "");                                                                     // "domain_name"
  add_quoted(out, "");                                                                     // "chosen_cert_arn"
  add_word(out, decided ? std::to_string(record.rule_priority) : "");                      // matched_rule_priority
  add_moment(out, record.wall);                                                            // request_creation_time
  add_quoted(out, record.action);                                                          // "actions_executed"
  add_quoted(out, record.redirect_url);                                                    // "redirect_url"
  add_quoted(out, record.error_reason);                                                    // "error_reason"
  add_quoted(out, record.target);                                                          // "target:port_list"
  add_quoted(out, record.target_status == 0 ? "" : std::to_string(record.target_status));  // "target_status_code_list"
  add_quoted(out, name_of(row_of(record.desync).severity));                                // "classification"
  add_quoted(out, row_of(record.desync).name);                                             // "classification_reason"
  add_word(out, "");                                                                       // conn_trace_id
  add_quoted(out, record.transformed_host);                                                // "transformed_host"
  add_quoted(out, record.transformed_uri);                                                 // "transformed_uri"
  add_quoted(out, record.transform_status);                                                // "request_transform_status"
  add_word(out, "");                                                                       // the node's address
  add_quoted(out, row_of(record.fault).word);                                              // "fault", ours
  out.back() = '\n';
}

}  // namespace kanaria::observe
