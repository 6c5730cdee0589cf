// kanaria-echo: a small application to put behind a load balancer. Every answer says which copy of it answered.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "session.hpp"

namespace asio = boost::asio;
namespace echo = kanaria::echo;

namespace {

constexpr std::string_view kUnixPrefix = "unix:";

template <class Protocol>
using Acceptor = asio::basic_socket_acceptor<Protocol, echo::Executor>;

template <class Endpoint>
std::string to_text(const Endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

template <class Protocol>
Acceptor<Protocol> listen_on(asio::io_context& io, const typename Protocol::endpoint& endpoint) {
  try {
    Acceptor<Protocol> acceptor(io.get_executor());
    acceptor.open(endpoint.protocol());
    acceptor.set_option(typename Acceptor<Protocol>::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
    return acceptor;
  } catch (const boost::system::system_error& failure) {
    throw std::runtime_error("can't listen on " + to_text(endpoint) + ": " + failure.code().message());
  }
}

template <class Protocol>
echo::Task accept_all(Acceptor<Protocol> acceptor, const echo::Options& options, const std::string& body) {
  constexpr asio::use_awaitable_t<echo::Executor> await;
  for (;;) {
    echo::Socket socket(acceptor.get_executor());
    co_await acceptor.async_accept(socket, await);
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) socket.set_option(asio::ip::tcp::no_delay(true));
    asio::co_spawn(acceptor.get_executor(), echo::serve(std::move(socket), options, body), asio::detached);
  }
}

template <class Protocol>
void spawn_accept(Acceptor<Protocol> acceptor, const echo::Options& options, const std::string& body) {
  // Tests and scripts wait for this line.
  std::cerr << "kanaria-echo: " << options.name << " listens on " << to_text(acceptor.local_endpoint()) << std::endl;
  const auto executor = acceptor.get_executor();
  asio::co_spawn(executor, accept_all(std::move(acceptor), options, body), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

std::string check_address(const std::string& text) {
  boost::system::error_code error;
  asio::ip::make_address(text, error);
  return error ? "must be an IP address, not " + text : std::string{};
}

// CLI11 doesn't tell where a value comes from: the words name both places.
std::string check_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool fine = error == std::errc{} && end == text.data() + text.size();
  return fine ? std::string{} : "it, or PORT in the environment, must be 0-65535, not " + text;
}

void add_options(CLI::App& app, echo::Options& options) {
  const std::map<std::string, double> units{{"ms", 0.001}, {"s", 1}, {"m", 60}};
  app.add_option("--name", options.name, "What it calls itself in `APP_NAME: <name>`")->envname("APP_NAME");
  app.add_option("--address", options.address, "Address to listen on")->check(check_address)->capture_default_str();
  app.add_option("--port", options.port, "Port to listen on; 0 takes a free one and says which")
      ->envname("PORT")
      ->check(check_port)
      ->capture_default_str();
  app.add_option("--listen", options.listen, "unix:/path instead of an address and a port")
      ->check([](const std::string& text) {
        return text.starts_with(kUnixPrefix) ? std::string{} : "must be unix:/path, not " + text;
      });
  app.add_option("--delay", options.delay_seconds, "Wait before each answer, e.g. 50ms or 2s")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE, "DURATION"))
      ->check(CLI::Range(0.0, 3600.0));
  app.add_option("--status", options.status, "Status of each answer")->check(CLI::Range(200, 599));
  app.add_option("--fail-rate", options.fail_rate, "Share of answers that are a 500 instead")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--body-size", options.body_size, "Fill the body up to this size, e.g. 1MiB")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 30U));
  app.set_version_flag("--version", "kanaria-echo " KANARIA_VERSION);
  app.footer("Example:\n  APP_NAME=app-canary PORT=9002 kanaria-echo --delay 50ms --fail-rate 0.2");
}

void run(const echo::Options& options) {
  std::string body = "APP_NAME: " + options.name;
  if (body.size() < options.body_size) (body += '\n').resize(options.body_size, '.');

  asio::io_context io(1);
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  if (options.listen.empty()) {
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(options.address), options.port);
    spawn_accept(listen_on<asio::ip::tcp>(io, endpoint), options, body);
    io.run();
  } else {
    const std::string path = options.listen.substr(kUnixPrefix.size());
    if (std::filesystem::is_socket(path)) std::filesystem::remove(path);  // left by one that was killed
    spawn_accept(listen_on<asio::local::stream_protocol>(io, {path}), options, body);
    io.run();
    std::filesystem::remove(path);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Answers every request with `APP_NAME: <name>`; /__echo answers with what it received, as JSON.");
  echo::Options options;
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    run(options);
  } catch (const std::exception& failure) {
    std::cerr << "kanaria-echo: " << failure.what() << '\n';
    return 1;
  }
}
