// One line of the access log, in both formats.
#include <benchmark/benchmark.h>

#include <string>

#include "kanaria/observe/alb_line.hpp"
#include "kanaria/observe/json_line.hpp"

namespace kanaria::observe {
namespace {

using namespace std::chrono_literals;

void access_log_line(benchmark::State& state, void (*format)(const ExchangeRecord&, std::string&)) {
  ExchangeRecord record;
  record.wall = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) + 14h + 5min + 9s;
  record.created = Time(1000s);
  record.sent_to_target = record.created + 80us;
  record.target_head = record.created + 43ms;
  record.answer_start = record.created + 44ms;
  record.end = record.created + 50ms;
  record.load_balancer = "kanaria";
  record.client_address = "203.0.113.7";
  record.client_port = 51234;
  record.target = "127.0.0.1:9001";
  record.method = "GET";
  record.authority = "www.shop.test:8080";
  record.request_target = "/catalogue/shoes?size=42&colour=black";
  record.listener_port = 8080;
  record.user_agent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Browser/130.0.0.0 Safari/537.36";
  record.trace_id = "Root=1-67891233-abcdef012345678912345678";
  record.listener = "http";
  record.rule = "canary";
  record.rule_priority = 10;
  record.target_group = "app-canary";
  record.action = "forward";
  record.answered_by = AnsweredBy::Target;
  record.elb_status = record.target_status = 200;
  record.received_bytes = 1234;
  record.sent_bytes = 4567;
  std::string line;
  for (auto _ : state) {
    line.clear();
    record.wall += 1ms;  // as in life, no two lines have the same time
    format(record, line);
    benchmark::DoNotOptimize(line.data());
  }
}
BENCHMARK_CAPTURE(access_log_line, alb, format_alb);
BENCHMARK_CAPTURE(access_log_line, json, format_json);

}  // namespace
}  // namespace kanaria::observe

BENCHMARK_MAIN();
