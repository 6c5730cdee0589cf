// What the commands share that ask a running daemon over its admin listener.
#pragma once

#include <boost/beast/http/verb.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "client.hpp"
#include "command.hpp"

namespace kanaria::cli {

struct AdminOptions {
  std::string admin;
  std::string config;  // a file to take the admin address from
  std::string token_file;
};

void add_admin_options(CLI::App& command, AdminOptions& options);
/// The same for a command whose --config means something else: the file comes from KANARIA_CONFIG alone.
void add_admin_options_without_config(CLI::App& command, AdminOptions& options);

/// One request and its answer; everything but a GET says that its body is JSON. Throws when there is no answer.
Response ask(const AdminOptions& options, boost::beast::http::verb method, const std::string& target,
             const std::string& body = {}, const HeaderList& more = {});
/// The JSON of a GET. Throws std::runtime_error with the daemon's words when it says no.
nlohmann::ordered_json get_json(const AdminOptions& options, const std::string& target);
/// What the daemon says, fit for a terminal.
std::string text_of(const nlohmann::ordered_json& value);
/// "%HH" where a character may not stand in a query.
std::string encoded(std::string_view text);
/// A name as it may stand in a path; the daemon is not asked for others.
bool is_name(std::string_view text);
/// LISTENER/RULE as its two names; throws CLI::ValidationError when they can't be any.
std::pair<std::string, std::string> parse_rule(const std::string& text);

/// The exit code of `run`, which asks and prints: it may throw what ask() throws, and what JSON throws that isn't as it
/// should be.
int run_remote(const std::function<int()>& run);

}  // namespace kanaria::cli
