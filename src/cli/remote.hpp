// What the commands share that ask a running daemon over its admin listener.
#pragma once

#include <boost/beast/http/verb.hpp>
#include <functional>
#include <string>

#include "client.hpp"
#include "command.hpp"

namespace kanaria::cli {

struct AdminOptions {
  std::string admin;
  std::string config;
};

void add_admin_options(CLI::App& command, AdminOptions& options);

/// One request and its answer; everything but a GET says that its body is JSON. Throws when there is no answer.
Response ask(const AdminOptions& options, boost::beast::http::verb method, const std::string& target,
             const std::string& body = {});

/// The exit code of `run`, which asks and prints: it may throw what ask() throws, and what JSON throws that isn't as it
/// should be.
int run_remote(const std::function<int()>& run);

}  // namespace kanaria::cli
