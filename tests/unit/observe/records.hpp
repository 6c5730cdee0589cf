// An exchange as both formats of the access log are tried with.
#pragma once

#include "kanaria/observe/exchange_record.hpp"

namespace kanaria::observe {

/// Answered by a target, like any other.
inline ExchangeRecord answered() {
  using namespace std::chrono_literals;
  ExchangeRecord record;
  record.wall = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) + 14h + 5min + 9s + 123'456us;
  record.created = Time(1000s);
  record.sent_to_target = record.created + 1ms;
  record.target_head = record.created + 43ms;
  record.answer_start = record.created + 44ms;
  record.end = record.created + 1050ms;
  record.load_balancer = "kanaria";
  record.client_address = "203.0.113.7";
  record.client_port = 51234;
  record.target = "127.0.0.1:9001";
  record.method = "GET";
  record.authority = "shop.test:8080";
  record.request_target = "/api/cart?beta=1";
  record.listener_port = 8080;
  record.user_agent = "curl/7.88.1 (a b)";
  record.trace_id = "Root=1-67891233-abcdef012345678912345678";
  record.listener = "http";
  record.rule = "canary";
  record.rule_priority = 10;
  record.target_group = "app-canary";
  record.action = "forward";
  record.answered_by = AnsweredBy::Target;
  record.elb_status = 200;
  record.target_status = 200;
  record.received_bytes = 123;
  record.sent_bytes = 4567;
  return record;
}

}  // namespace kanaria::observe
