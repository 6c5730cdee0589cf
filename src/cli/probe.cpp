#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>

#include "command.hpp"
#include "files.hpp"
#include "kanaria/config/print.hpp"
#include "plausible.hpp"
#include "route.hpp"

namespace kanaria::cli {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kMark = "APP_NAME: ";
constexpr std::chrono::seconds kTimeout{60};

struct Options {
  std::string url;
  std::uint64_t requests = 200;
  unsigned connections = 1;
  std::vector<std::string> headers;
  std::string count_by;
  std::string config;
};

struct Tally {
  std::uint64_t started = 0;
  std::uint64_t done = 0;
  std::uint64_t unanswered = 0;
  std::map<std::string, std::uint64_t> counts;
};

/// What an answer is counted as: who says it answered, or else its status.
std::string key_of(const Response& answer, const std::string& count_by) {
  if (!count_by.empty()) {
    const auto field = answer.find(count_by);
    if (field != answer.end()) return std::string(field->value());
  } else if (answer.body().starts_with(kMark)) {
    const std::size_t end = answer.body().find('\n');
    return answer.body().substr(kMark.size(), end == std::string::npos ? end : end - kMark.size());
  }
  return "HTTP " + std::to_string(answer.result_int());
}

void show_progress(std::uint64_t done, std::uint64_t total) {
  constexpr std::uint64_t kWidth = 40;
  const std::uint64_t filled = done * kWidth / total;
  if (done != total && filled == (done - 1) * kWidth / total) return;  // nothing would look different
  std::cerr << '\r' << '[' << std::string(filled, '#') << std::string(kWidth - filled, ' ') << "] " << done << " of "
            << total << (done == total ? "\n" : "") << std::flush;
}

Awaitable<void> send_share(Client client, const Options& options, const Request& request, Tally& tally) {
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  while (tally.started < options.requests) {
    ++tally.started;
    std::string key;
    try {
      key = key_of(co_await client.send(request), options.count_by);
    } catch (const boost::system::system_error& failure) {
      key = "no answer: " + failure.code().message();
      ++tally.unanswered;
    }
    ++tally.counts[key];
    ++tally.done;
    if (is_terminal) show_progress(tally.done, options.requests);
  }
}

Request make_request(const Url& url, const HeaderList& headers) {
  Request request(boost::beast::http::verb::get, url.target, 11);
  request.set(boost::beast::http::field::host, url.authority);
  request.set(boost::beast::http::field::user_agent, "kanaria-probe");
  for (const auto& [name, value] : headers) {
    if (http::iequals(name, "host")) request.erase(name);
    request.insert(name, value);
  }
  return request;
}

Tally send_all(const Options& options, const Url& url, const HeaderList& headers) {
  const Request request = make_request(url, headers);
  const Endpoints endpoints = resolve(url.place);
  Tally tally;
  asio::io_context io(1);
  for (unsigned i = 0; i < options.connections; ++i) {
    asio::co_spawn(io.get_executor(), send_share(Client(io, endpoints, kTimeout), options, request, tally),
                   [](const std::exception_ptr& failure) {
                     if (failure) std::rethrow_exception(failure);
                   });
  }
  io.run();
  return tally;
}

/// What the file lets expect: the shares of the groups that this request may meet. Empty: no forward action.
std::map<std::string, double> expected_shares(const CheckedFile& file, const Url& url, const HeaderList& headers) {
  const std::size_t index = choose_listener(*file.loaded.model, {}, url);
  const AskedRequest request("GET", url, headers);
  const auto peer = asio::ip::make_address("127.0.0.1");
  const rules::Rule& rule = file.tables[index]->find({request.head(), peer});
  std::map<std::string, double> shares;
  if (const auto* forward = std::get_if<rules::Forward>(&rule.action())) {
    const int total = std::accumulate(forward->groups.begin(), forward->groups.end(), 0,
                                      [](int sum, const config::WeightedGroup& group) { return sum + group.weight; });
    for (const config::WeightedGroup& group : forward->groups) {
      if (total > 0) shares[group.name.value] = static_cast<double>(group.weight) / total;
    }
  }
  return shares;
}

std::string in_percent(double share) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << share * 100 << '%';
  return text.str();
}

void print_counts(const Tally& tally, const std::map<std::string, double>& expected) {
  for (const auto& [key, count] : tally.counts) {
    const double share = static_cast<double>(count) / static_cast<double>(tally.done);
    std::cout << std::left << std::setw(24) << key << std::right << std::setw(8) << count << std::setw(8)
              << in_percent(share);
    if (const auto found = expected.find(key); found != expected.end()) {
      std::cout << "   expected " << in_percent(found->second);
    }
    std::cout << '\n';
  }
}

/// Says in words whether the counts agree with the shares. False: they don't.
bool judge(const Tally& tally, const std::map<std::string, double>& expected) {
  std::vector<Observed> groups;
  bool exact = true;
  for (const auto& [name, share] : expected) {
    const auto found = tally.counts.find(name);
    groups.push_back({share, found == tally.counts.end() ? 0 : found->second});
    exact = exact && static_cast<double>(groups.back().count) == share * static_cast<double>(tally.done);
  }
  const std::uint64_t counted =
      std::accumulate(groups.begin(), groups.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const Observed& group) { return sum + group.count; });
  if (counted == 0) {
    std::cout << "NOT plausible: no answer names a target group of the file\n";
    return false;
  }
  if (exact) {
    std::cout << "exactly as expected\n";
    return true;
  }
  const double chance = chance_of(groups);
  const bool plausible = chance >= kImplausible;
  std::cout << (plausible ? "plausible: " : "NOT plausible: ") << "chance alone is this far off in "
            << (chance < 0.0001 ? "less than 0.01%" : config::percent(static_cast<int>(chance * 1e6), 1'000'000))
            << " of probes\n";
  return plausible;
}

int probe(const Options& options) {
  const Url url = parse_url(options.url);
  HeaderList headers;
  for (const std::string& header : options.headers) headers.push_back(parse_header(header));
  std::map<std::string, double> expected;
  if (!options.config.empty()) {
    const std::optional<CheckedFile> file = require_file(options.config);
    if (!file) return kBadConfiguration;
    expected = expected_shares(*file, url, headers);
  }
  const auto start = std::chrono::steady_clock::now();
  const Tally tally = send_all(options, url, headers);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << tally.done << " requests to " << options.url << " in " << std::fixed << std::setprecision(2)
            << took.count() << " s\n";
  print_counts(tally, expected);
  if (!options.config.empty() && expected.empty())
    std::cout << "the file forwards no such request: nothing is expected\n";
  if (!expected.empty() && !judge(tally, expected)) return kDiffers;
  return tally.unanswered > 0 ? kFailed : kFine;
}

}  // namespace

void add_probe(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("probe", "Send requests and count who answers; exit code 3 when implausible");
  command->add_option("URL", options->url, "http://HOST:PORT/PATH?QUERY")->required();
  command->add_option("-n", options->requests, "How many requests")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  command->add_option("-c", options->connections, "Over how many connections at once")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  command->add_option("-H", options->headers, "A header 'Name: value'; may be repeated")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  command->add_option("--count-by", options->count_by, "Count by this header of the answers, not by APP_NAME")
      ->type_name("HEADER");
  command->add_option("--config", options->config, "Configuration file to take the expected shares from")
      ->type_name("FILE")
      ->envname("KANARIA_CONFIG");
  command->footer("Example:\n  kanaria probe http://127.0.0.1:8080/ -n 1000 -c 8 --config canary.yaml");
  command->callback([options, &exit_code] { exit_code = probe(*options); });
}

}  // namespace kanaria::cli
