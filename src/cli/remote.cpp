// The commands that ask a running daemon over its admin listener.
#include "remote.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <iostream>
#include <memory>
#include <sstream>

#include "kanaria/base/files.hpp"
#include "kanaria/config/parse.hpp"
#include "kanaria/config/text.hpp"

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
  const std::string file =
      options.config.empty() ? config::process_environment()("KANARIA_CONFIG").value_or("") : options.config;
  if (file.empty()) return at_address(kDefaultAdmin);
  const config::Loaded loaded = config::load(file, config::process_environment());
  if (!loaded.model) {
    std::cerr << config::render(loaded)
              << "kanaria: the admin address can't be read from a file with faults; give it with --admin\n";
    throw BadConfiguration{};
  }
  return of_model(*loaded.model, file);
}

/// The first line of the file that isn't a comment: a token alone, or NAME:TOKEN as the daemon has it.
std::string read_token(const std::string& file) {
  constexpr std::size_t kLargest = 1024UL * 1024;
  const FileText read = read_small_file(file, kLargest);
  if (!read.text) throw std::runtime_error("the token file " + file + " " + read.fault);
  std::istringstream lines(*read.text);
  for (std::string line; std::getline(lines, line);) {
    while (line.ends_with('\r') || line.ends_with(' ')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    return colon == std::string::npos ? line : line.substr(colon + 1);
  }
  throw std::runtime_error("the token file " + file + " has no token in it");
}

/// "alice@laptop": what the audit line says that we say.
std::string who_i_am() {
  const passwd* const user = ::getpwuid(::getuid());
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return std::string(user == nullptr ? std::to_string(::getuid()) : user->pw_name) + "@" + host;
}

}  // namespace

void add_admin_options(CLI::App& command, AdminOptions& options) {
  command.add_option("--config", options.config, "Configuration file to take the admin address from")
      ->type_name("FILE");
  add_admin_options_without_config(command, options);
}

void add_admin_options_without_config(CLI::App& command, AdminOptions& options) {
  command.add_option("--admin", options.admin, "The daemon's admin address: 127.0.0.1:9900 or unix:/path")
      ->type_name("ADDRESS")
      ->envname("KANARIA_ADMIN");
  command.add_option("--token-file", options.token_file, "File with a token of the daemon's admin.token_file")
      ->type_name("FILE")
      ->envname("KANARIA_TOKEN_FILE");
}

Response ask(const AdminOptions& options, http1::verb method, const std::string& target, const std::string& body,
             const HeaderList& more) {
  const auto [address, place] = find_daemon(options);
  Request request(method, target, 11);
  request.set(http1::field::host, place.unix_path.empty() ? address : "localhost");
  request.set(http1::field::connection, "close");
  request.set("X-Kanaria-Client", who_i_am());
  if (!options.token_file.empty()) request.set(http1::field::authorization, "Bearer " + read_token(options.token_file));
  if (method != http1::verb::get) request.set(http1::field::content_type, "application/json");
  for (const auto& [name, value] : more) request.set(name, value);
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

nlohmann::ordered_json get_json(const AdminOptions& options, const std::string& target) {
  const Response answer = ask(options, http1::verb::get, target);
  auto body = nlohmann::ordered_json::parse(answer.body());
  if (answer.result() == http1::status::ok) return body;
  throw std::runtime_error(text_of(body.at("error").at("message")));
}

std::string text_of(const nlohmann::ordered_json& value) {
  return config::printable(value.get<std::string>());
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

bool is_name(std::string_view text) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !text.empty() && text.find_first_not_of(kCharacters) == std::string_view::npos;
}

std::pair<std::string, std::string> parse_rule(const std::string& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string listener = text.substr(0, slash);
  const std::string rule = text.substr(std::min(slash + 1, text.size()));
  if (!is_name(listener) || !is_name(rule))
    throw CLI::ValidationError("LISTENER/RULE",
                               config::in_quotes(text) + " is none: write it as http-8080/canary or http-8080/default");
  return {listener, rule};
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

struct ReloadOptions {
  AdminOptions daemon;
  bool dry_run = false;
  bool force = false;
  bool reset_overrides = false;
};

int reload(const ReloadOptions& options) {
  std::string query;
  const auto add = [&](bool wanted, std::string_view name) {
    if (wanted) query += (query.empty() ? "?" : "&") + std::string(name) + "=1";
  };
  add(options.dry_run, "dry_run");
  add(options.force, "force");
  add(options.reset_overrides, "reset_overrides");
  return print_reload(ask(options.daemon, http1::verb::post, "/api/v1/reload" + query));
}

int healthcheck(const AdminOptions& options) {
  const Response answer = ask(options, http1::verb::get, "/readyz");
  const bool ready = answer.result() == http1::status::ok;
  std::cout << (ready ? "ready\n" : "not ready\n");
  return ready ? kFine : kFailed;
}

}  // namespace

void add_reload(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ReloadOptions>();
  CLI::App* command = app.add_subcommand("reload", "Let the daemon read its file again, and wait until it is in force");
  add_admin_options(*command, options->daemon);
  command->add_flag("--dry-run", options->dry_run, "Say what would change, and change nothing; ports are not tried");
  command->add_flag("--force", options->force, "Also where a rule would be left without any target");
  command->add_flag("--reset-overrides", options->reset_overrides,
                    "Weights and targets that were set by hand are as in the file again");
  command->footer("Example:\n  kanaria reload --admin unix:/run/kanaria/admin.sock");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return reload(*options); }); });
}

void add_healthcheck(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<AdminOptions>();
  CLI::App* command = app.add_subcommand("healthcheck", "Exit with 0 when the daemon is ready");
  add_admin_options(*command, *options);
  command->footer("Example:\n  HEALTHCHECK CMD kanaria healthcheck");
  command->callback([options, &exit_code] { exit_code = run_remote([&] { return healthcheck(*options); }); });
}

}  // namespace kanaria::cli
