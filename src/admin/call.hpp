// One request to the admin API, on its way to the handler of its route. On control's thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/http/exchange.hpp"
#include "kanaria/server/server.hpp"

namespace kanaria::admin {

struct Call {
  server::Server& server;
  http::Exchange& client;
  const http::Piece& begun;                                         // what is here of the body
  std::string who = {};                                             // for the audit line
  std::vector<std::string> names = {};                              // what stands in the path for {...}, in its order
  std::map<std::string, std::string, std::less<>> parameters = {};  // of the query, decoded

  /// "": not given.
  std::string parameter(std::string_view name) const;
  /// A parameter that is 1 or 0, or not given.
  bool flag(std::string_view name) const { return parameter(name) == "1"; }
};

/// Fills `parameters` from the query; each must be one of `known` (with spaces between). Returns what is wrong, or "".
std::string read_parameters(Call& call, std::string_view known);

/// The whole body. None: longer than any change, or the client is gone.
net::Awaitable<std::optional<std::string>> read_body(Call& call);
/// Is there nothing in it? `{}` is what some clients send for nothing.
bool is_empty(const http::Piece& body);

}  // namespace kanaria::admin
