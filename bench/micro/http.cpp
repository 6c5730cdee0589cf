// Heads: parsing what came, making what goes on from it, writing that. A head as curl and wrk send it, and one as a
// browser does.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "kanaria/http/headers.hpp"
#include "kanaria/http/parser.hpp"

namespace kanaria::http {
namespace {

constexpr std::string_view kSmallRequest =
    "GET /api/cart HTTP/1.1\r\nHost: shop.test:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";

constexpr std::string_view kBrowserRequest =
    "GET /catalogue/shoes?size=42&colour=black HTTP/1.1\r\n"
    "Host: www.shop.test\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "sec-ch-ua: \"Browser\";v=\"130\", \"Not?A_Brand\";v=\"99\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "DNT: 1\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Browser/130.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-User: ?1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Referer: https://www.shop.test/catalogue\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: de-DE,de;q=0.9,en-GB;q=0.8,en;q=0.7\r\n"
    "Cookie: session=0a1b2c3d4e5f60718293a4b5c6d7e8f9; consent=all; basket=17%2C42%2C99; theme=dark\r\n"
    "If-None-Match: \"5f3e-61a0b2c4d8f00\"\r\n"
    "\r\n";

constexpr std::string_view kSmallResponse = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\n";

constexpr std::string_view kApplicationResponse =
    "HTTP/1.1 200 OK\r\n"
    "Server: application\r\n"
    "Date: Mon, 23 Nov 2026 03:15:52 GMT\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Transfer-Encoding: chunked\r\n"
    "Connection: keep-alive\r\n"
    "Vary: Accept-Encoding, Cookie\r\n"
    "Cache-Control: private, max-age=0, must-revalidate\r\n"
    "ETag: W/\"5f3e-61a0b2c4d8f00\"\r\n"
    "Set-Cookie: session=0a1b2c3d4e5f60718293a4b5c6d7e8f9; Path=/; HttpOnly; Secure; SameSite=Lax\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: strict-origin-when-cross-origin\r\n"
    "\r\n";

void parse_request(benchmark::State& state, std::string_view bytes) {
  RequestParser parser;
  for (auto _ : state) {
    parser.reset();
    const HeadProgress progress = parser.parse_head(bytes);
    if (progress.step != Step::Done) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(parser.head());
  }
}
BENCHMARK_CAPTURE(parse_request, small, kSmallRequest);
BENCHMARK_CAPTURE(parse_request, browser, kBrowserRequest);

void parse_response(benchmark::State& state, std::string_view bytes) {
  ResponseParser parser;
  for (auto _ : state) {
    parser.reset("GET");
    const HeadProgress progress = parser.parse_head(bytes);
    if (progress.step != Step::Done) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(parser.head());
  }
}
BENCHMARK_CAPTURE(parse_response, small, kSmallResponse);
BENCHMARK_CAPTURE(parse_response, application, kApplicationResponse);

// Making and writing: what a head costs on its way through.
void forward_request(benchmark::State& state, std::string_view bytes) {
  RequestParser parser;
  parser.reset();
  parser.parse_head(bytes);
  const PeerText peer{"203.0.113.7", "203.0.113.7:4711", "192.0.2.1"};
  const ForwardingPolicy policy{.listener_port = 8080};
  const Rewritten unchanged;
  Random random(1);
  BlockPool blocks;
  Arena arena(blocks);
  RequestHead out;
  std::string_view trace_id;
  for (auto _ : state) {
    const WallTime now = std::chrono::system_clock::now();
    make_request(parser.head(), peer, policy, unchanged, now, random, arena, out, trace_id);
    benchmark::DoNotOptimize(write_head(out, arena));
    arena.clear();
  }
}
BENCHMARK_CAPTURE(forward_request, small, kSmallRequest);
BENCHMARK_CAPTURE(forward_request, browser, kBrowserRequest);

void write_request(benchmark::State& state, std::string_view bytes) {
  RequestParser parser;
  parser.reset();
  parser.parse_head(bytes);
  BlockPool blocks;
  Arena arena(blocks);
  for (auto _ : state) {
    benchmark::DoNotOptimize(write_head(parser.head(), arena));
    arena.clear();
  }
}
BENCHMARK_CAPTURE(write_request, small, kSmallRequest);
BENCHMARK_CAPTURE(write_request, browser, kBrowserRequest);

void forward_response(benchmark::State& state, std::string_view bytes) {
  ResponseParser parser;
  parser.reset("GET");
  parser.parse_head(bytes);
  const std::string_view date = "Mon, 23 Nov 2026 03:15:52 GMT";
  BlockPool blocks;
  Arena arena(blocks);
  ResponseHead out;
  for (auto _ : state) {
    make_response(parser.head(), 1, false, date, out);
    benchmark::DoNotOptimize(write_head(out, ConnectionField::None, arena));
    arena.clear();
  }
}
BENCHMARK_CAPTURE(forward_response, small, kSmallResponse);
BENCHMARK_CAPTURE(forward_response, application, kApplicationResponse);

void write_response(benchmark::State& state, std::string_view bytes) {
  ResponseParser parser;
  parser.reset("GET");
  parser.parse_head(bytes);
  BlockPool blocks;
  Arena arena(blocks);
  for (auto _ : state) {
    benchmark::DoNotOptimize(write_head(parser.head(), ConnectionField::None, arena));
    arena.clear();
  }
}
BENCHMARK_CAPTURE(write_response, small, kSmallResponse);
BENCHMARK_CAPTURE(write_response, application, kApplicationResponse);

}  // namespace
}  // namespace kanaria::http

BENCHMARK_MAIN();
