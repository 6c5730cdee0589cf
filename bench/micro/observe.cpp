// One line of the access log, in both formats.
#include <benchmark/benchmark.h>

#include <string>

#include "kanaria/observe/alb_line.hpp"
#include "kanaria/observe/json_line.hpp"
#include "unit/observe/records.hpp"

namespace kanaria::observe {
namespace {

using namespace std::chrono_literals;

void access_log_line(benchmark::State& state, std::string_view (*format)(const ExchangeRecord&, std::string&)) {
  ExchangeRecord record = answered();
  record.request_target = "/catalogue/shoes?size=42&colour=black";
  record.user_agent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Browser/130.0.0.0 Safari/537.36";
  std::string buffer;
  for (auto _ : state) {
    record.wall += 1ms;  // as in life, no two lines have the same time
    benchmark::DoNotOptimize(format(record, buffer));
  }
}
BENCHMARK_CAPTURE(access_log_line, alb, format_alb);
BENCHMARK_CAPTURE(access_log_line, json, format_json);

}  // namespace
}  // namespace kanaria::observe

BENCHMARK_MAIN();
