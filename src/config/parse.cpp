#include "kanaria/config/parse.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "document.hpp"
#include "expand.hpp"
#include "kanaria/config/address.hpp"
#include "kanaria/config/validate.hpp"
#include "sections.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

using namespace std::chrono_literals;

constexpr int kMostConnections = 10'000'000;
constexpr std::size_t kLargestFile = 16UL * 1024 * 1024;

Position position_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<std::uint32_t>(std::ranges::count(before, '\n')) + 1,
          static_cast<std::uint32_t>(offset - line_start) + 1};
}

/// None: auto.
std::optional<int> read_count(const Value& value, int most) {
  return unless("auto", value, number, 1, most);
}

Log read_log(const Value& value) {
  Log log;
  const Mapping map(value, Scope::Log);
  if (const auto level = map.find("level")) {
    set(log.level, choice<LogLevel>(*level, {{"trace", LogLevel::Trace},
                                             {"debug", LogLevel::Debug},
                                             {"info", LogLevel::Info},
                                             {"warn", LogLevel::Warn},
                                             {"error", LogLevel::Error}}));
  }
  if (const auto format = map.find("format")) {
    set(log.format, choice<LogFormat>(*format, {{"text", LogFormat::Text}, {"json", LogFormat::Json}}));
  }
  return log;
}

LoadBalancer read_load_balancer(const Value& value) {
  LoadBalancer balancer;
  const Mapping map(value, Scope::LoadBalancer);
  read_into(balancer.name, map, "name", name);
  read_into(balancer.idle_timeout, map, "idle_timeout", duration, 1s, 4000s);
  read_into(balancer.client_keep_alive, map, "client_keep_alive", duration, 1s, 7 * 24h);
  read_into(balancer.preserve_host_header, map, "preserve_host_header", boolean);
  read_into(balancer.enable_xff_client_port, map, "enable_xff_client_port", boolean);
  if (const auto mode = map.find("xff_header_processing_mode")) {
    set(balancer.xff_header_processing_mode,
        choice<XffMode>(*mode,
                        {{"append", XffMode::Append}, {"preserve", XffMode::Preserve}, {"remove", XffMode::Remove}}));
  }
  read_into(balancer.drop_invalid_header_fields, map, "drop_invalid_header_fields", boolean);
  if (const auto mode = map.find("desync_mitigation_mode")) {
    set(balancer.desync_mitigation_mode, choice<http::DesyncMode>(*mode, {{"monitor", http::DesyncMode::Monitor},
                                                                          {"defensive", http::DesyncMode::Defensive},
                                                                          {"strictest", http::DesyncMode::Strictest}}));
  }
  read_into(balancer.request_header_timeout, map, "request_header_timeout", duration, 100ms, 1h);
  read_into(balancer.target_connect_timeout, map, "target_connect_timeout", duration, 10ms, 5min);
  if (const auto count = map.find("max_connections")) balancer.max_connections = read_count(*count, kMostConnections);
  if (const auto most = map.find("max_request_body")) balancer.max_request_body = unless("unlimited", *most, size);
  read_into(balancer.drain_timeout, map, "drain_timeout", duration, 0s, 24h);
  read_into(balancer.drain_delay, map, "drain_delay", duration, 0s, 1h);
  return balancer;
}

AccessLogs read_access_logs(const Value& value) {
  AccessLogs logs;
  const Mapping map(value, Scope::AccessLogs);
  read_into(logs.enabled, map, "enabled", boolean);
  read_into(logs.path, map, "path", text);
  if (const auto format = map.find("format")) {
    set(logs.format,
        choice<AccessLogFormat>(*format, {{"alb", AccessLogFormat::Alb}, {"json", AccessLogFormat::Json}}));
  }
  return logs;
}

/// Fills `listen` from its text. Returns what is wrong; empty: nothing.
std::string parse_admin_address(std::string_view key, const std::string& text, AdminListen& listen) {
  listen = std::monostate{};
  if (text == "none") return {};
  if (text.starts_with("unix:")) {
    const std::string path = text.substr(5);
    if (!is_socket_path(path)) return concat("admin ", key, " must be unix: and an absolute path under 108 bytes");
    listen = UnixPath{path};
    return {};
  }
  const HostAndPort parts = split_host_and_port(text);
  const std::uint16_t port = parse_port(parts.port.value_or(""));
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(std::string(parts.host), failed);
  if (failed || port == 0 || address.is_v6() != parts.bracketed)
    return concat("admin ", key, " must be 127.0.0.1:PORT, [::1]:PORT, unix:/path or none, not ", in_quotes(text));
  listen = TcpAddress{address, port};
  return {};
}

/// Host names without a port, in lower case.
std::vector<std::string> read_hosts(const Value& value) {
  std::vector<std::string> hosts;
  for (const Value& item : items(value, "allowed host")) {
    const std::string host = text(item).value_or("");
    if (host.empty()) continue;
    const bool is_name = host.size() <= 253 && std::ranges::all_of(host, [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
                         });
    if (!is_name) item.fault(concat("an allowed host is a name in lower case without a port, not ", in_quotes(host)));
    hosts.push_back(host);
  }
  return hosts;
}

Admin read_admin(const Value& value) {
  Admin admin;
  admin.at = value.at();
  const Mapping map(value, Scope::Admin);
  if (const auto file = map.find("token_file")) admin.token_file = unless("none", *file, placed_text);
  const auto address = map.find("address");
  if (address) {
    admin.at = address->at();
    read_into(admin.address, map, "address", text);
    if (const auto fault = parse_admin_address("address", admin.address, admin.listen); !fault.empty())
      address->fault(fault);
  }
  if (const auto read_only = map.find("read_only_address")) {
    admin.read_only_at = read_only->at();
    read_into(admin.read_only_address, map, "read_only_address", text);
    const auto fault = parse_admin_address("read_only_address", admin.read_only_address, admin.read_only_listen);
    if (!fault.empty()) read_only->fault(fault);
  }
  if (const auto hosts = map.find("allowed_hosts")) admin.allowed_hosts = read_hosts(*hosts);
  const auto* const tcp = std::get_if<TcpAddress>(&admin.listen);
  if (tcp != nullptr && !tcp->address.is_loopback() && !admin.token_file)
    address->fault(
        "admin address must be a loopback address where there is no token_file: anybody could change the "
        "weights");
  return admin;
}

Model read_model(const Node& root, Diagnostics& diagnostics) {
  Model model;
  const Mapping file({&root, "the file", "", &diagnostics}, Scope::File);
  if (const auto value = file.find("workers")) model.workers = read_count(*value, 1024);
  if (const auto value = file.find("log")) model.log = read_log(*value);
  if (const auto value = file.find("load_balancer")) model.load_balancer = read_load_balancer(*value);
  if (const auto value = file.find("access_logs")) model.access_logs = read_access_logs(*value);
  if (const auto value = file.find("admin")) model.admin = read_admin(*value);
  if (const auto value = file.find("state_dir")) model.state_dir = unless("none", *value, placed_text);
  if (const auto value = file.find("cookie_key_file")) model.cookie_key_file = unless("none", *value, placed_text);
  if (const auto value = file.require("listeners")) model.listeners = read_listeners(*value);
  if (const auto value = file.find("target_groups")) model.target_groups = read_target_groups(*value);
  if (const auto value = file.find("rollouts")) model.rollouts = read_rollouts(*value);
  return model;
}

/// What could be read of `loaded.text`; an empty model where it is no document.
Model read(const Loaded& loaded, const Environment& environment, Diagnostics& diagnostics) {
  if (loaded.text.size() > kLargestFile) {
    diagnostics.error({}, "", "the file is larger than 16 MiB");
    return {};
  }
  if (const auto bad = first_bad_byte(loaded.text)) {
    diagnostics.error(position_of(loaded.text, *bad), "",
                      "a byte here is no UTF-8 text: a control character or another encoding");
    return {};
  }
  auto root = read_document(loaded.text, diagnostics);
  if (!root) return {};
  if (root->kind == Node::Kind::Nothing) {
    diagnostics.error({}, "", "the file is empty: it needs at least listeners");
    return {};
  }
  expand(*root, "", environment, diagnostics);
  Model model = read_model(*root, diagnostics);
  validate(model, diagnostics);
  for (Listener& listener : model.listeners) std::ranges::sort(listener.rules, {}, &Rule::priority);
  return model;
}

}  // namespace

Loaded parse(std::string file, std::string text, const Environment& environment) {
  Loaded loaded{std::move(file), std::move(text), {}, std::nullopt, {}};
  loaded.draft = read(loaded, environment, loaded.diagnostics);
  if (!loaded.diagnostics.has_errors()) loaded.model = loaded.draft;
  return loaded;
}

Loaded load(const std::string& file, const Environment& environment) {
  const auto refuse = [&](std::string_view why) {
    Loaded loaded{file, {}, {}, std::nullopt, {}};
    loaded.diagnostics.error({}, "", why);
    return loaded;
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return refuse("this is a directory, not a file");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return refuse(concat("can't read the file: ", std::strerror(errno)));
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return refuse(concat("can't read the file: ", std::strerror(errno)));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  text.shrink_to_fit();
  return parse(file, std::move(text), environment);
}

std::string render(const Loaded& loaded) {
  // Each fault looks for its line from the start of the file: without a bound a large broken file would take minutes.
  constexpr std::size_t kMostShown = 500;
  const std::vector<Diagnostic> all = loaded.diagnostics.sorted();
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), kMostShown); ++i) out += render(all[i], loaded.file, loaded.text);
  if (all.size() > kMostShown) {
    append(out, concat(printable(loaded.file), ": ", all.size() - kMostShown, " more faults are not shown\n"));
  }
  return out;
}

}  // namespace kanaria::config
