// The commands that ask a running daemon over its admin listener.
#include "remote.hpp"

#include <boost/asio/co_spawn.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "kanaria/config/parse.hpp"

namespace kanaria::cli {

namespace asio = boost::asio;
namespace http1 = boost::beast::http;

namespace {

constexpr std::chrono::seconds kTimeout{60};
constexpr const char* kDefaultAdmin = "127.0.0.1:9900";

/// Raised when the file that should tell the admin address can't be used; what is wrong has been printed.
struct BadConfiguration {};

struct Daemon {
  std::string address;  // as written
  Place place;
};

Daemon at_address(const std::string& address) {
  const std::optional<Place> place = parse_place(address);
  if (place) return {address, *place};
  throw CLI::ValidationError("--admin", '"' + address + "\" is not an admin address: write HOST:PORT or unix:/path");
}

Daemon of_model(const config::Model& model, const std::string& file) {
  const config::Admin& admin = model.admin;
  if (const auto* tcp = std::get_if<config::TcpAddress>(&admin.listen)) {
    return {admin.address, {tcp->address.to_string(), tcp->port, {}}};
  }
  if (const auto* local = std::get_if<config::UnixPath>(&admin.listen)) return {admin.address, {{}, 0, local->path}};
  throw std::runtime_error(file + " turns the admin listener off (admin: {address: none}): there is nobody to ask");
}

Daemon find_daemon(const AdminOptions& options) {
  if (!options.admin.empty()) return at_address(options.admin);
  if (options.config.empty()) return at_address(kDefaultAdmin);
  const config::Loaded loaded = config::load(options.config, config::process_environment());
  if (!loaded.model) {
    std::cerr << config::render(loaded)
              << "kanaria: the admin address can't be read from a file with faults; give it with --admin\n";
    throw BadConfiguration{};
  }
  return of_model(*loaded.model, options.config);
}

}  // namespace

void add_admin_options(CLI::App& command, AdminOptions& options) {
  command.add_option("--admin", options.admin, "The daemon's admin address: 127.0.0.1:9900 or unix:/path")
      ->type_name("ADDRESS")
      ->envname("KANARIA_ADMIN");
  command.add_option("--config", options.config, "Configuration file to take the admin address from")
      ->type_name("FILE")
      ->envname("KANARIA_CONFIG");
  add_later_flag(command, "--token-file");
}

Response ask(const AdminOptions& options, http1::verb method, const std::string& target, const std::string& body) {
  if (config::process_environment()("KANARIA_TOKEN_FILE")) {
    throw CLI::ValidationError("KANARIA_TOKEN_FILE", "not available yet");
  }
  const auto [address, place] = find_daemon(options);
  Request request(method, target, 11);
  request.set(http1::field::host, place.unix_path.empty() ? address : "localhost");
  request.set(http1::field::connection, "close");
  if (method != http1::verb::get) request.set(http1::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();

  asio::io_context io(1);
  Client client(io, resolve(place), kTimeout);
  std::optional<Response> answer;
  std::exception_ptr failure;
  asio::co_spawn(io.get_executor(), client.send(request), [&](const std::exception_ptr& thrown, Response response) {
    failure = thrown;
    answer = std::move(response);
  });
  io.run();
  if (failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
      throw std::runtime_error("no answer from the daemon at " + address + ": " + error.code().message());
    }
  }
  return std::move(*answer);
}

int run_remote(const std::function<int()>& run) {
  try {
    return run();
  } catch (const BadConfiguration&) {
    return kBadConfiguration;
  } catch (const nlohmann::json::exception&) {
    throw std::runtime_error("this is no kanaria's answer");
  }
}

namespace {

int print_reload(const Response& answer) {
  const nlohmann::json body = nlohmann::json::parse(answer.body());
  if (answer.result() == http1::status::ok) {
    const auto changes = body.at("changes").get<std::vector<std::string>>();
    for (const std::string& change : changes) std::cout << change << '\n';
    if (changes.empty()) std::cout << "nothing changed\n";
    for (const std::string& warning : body.value("warnings", std::vector<std::string>{})) std::cerr << warning;
    return kFine;
  }
  const nlohmann::json& error = body.at("error");
  for (const std::string& fault : error.value("faults", std::vector<std::string>{})) {
    std::cerr << fault << (fault.ends_with('\n') ? "" : "\n");
  }
  std::cerr << "kanaria: " << error.at("message").get<std::string>() << '\n';
  return answer.result() == http1::status::unprocessable_entity ? kBadConfiguration : kFailed;
}

int reload(const AdminOptions& options) {
  return print_reload(ask(options, http1::verb::post, "/api/v1/reload"));
}

int healthcheck(const AdminOptions& options) {
  const Response answer = ask(options, http1::verb::get, "/readyz");
  const bool ready = answer.result() == http1::status::ok;
  std::cout << (ready ? "ready\n" : "not ready\n");
  return ready ? kFine : kFailed;
}

void add_remote(CLI::App& command, int& exit_code, int (*run)(const AdminOptions&)) {
  auto options = std::make_shared<AdminOptions>();
  add_admin_options(command, *options);
  command.callback([options, run, &exit_code] { exit_code = run_remote([&] { return run(*options); }); });
}

}  // namespace

void add_reload(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("reload", "Let the daemon read its file again, and wait until it is in force");
  add_remote(*command, exit_code, reload);
  for (const char* flag : {"--dry-run", "--force", "--reset-overrides"}) add_later_flag(*command, flag);
  command->footer("Example:\n  kanaria reload --admin unix:/run/kanaria/admin.sock");
}

void add_healthcheck(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("healthcheck", "Exit with 0 when the daemon is ready");
  add_remote(*command, exit_code, healthcheck);
  command->footer("Example:\n  HEALTHCHECK CMD kanaria healthcheck");
}

}  // namespace kanaria::cli
