// Where a request would go, by the file alone: the part that `explain` and `probe` share. Uses the daemon's own parser
// and rule tables, so that the answer can't differ from what the daemon does.
#pragma once

#include <cstddef>
#include <string>

#include "client.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/http/parser.hpp"
#include "url.hpp"

namespace kanaria::cli {

/// A request as a client would send it. Throws CLI::ValidationError when the daemon would refuse it.
class AskedRequest {
 public:
  AskedRequest(const std::string& method, const Url& url, const HeaderList& headers);
  const http::RequestHead& head() const { return parser_.head(); }

 private:
  std::string bytes_;  // the head's views point into it
  http::RequestParser parser_;
};

/// The index of the listener of that name; with an empty name, of the one that the URL's port and address reach. Throws
/// CLI::ValidationError with the listeners that there are.
std::size_t choose_listener(const config::Model& model, const std::string& name, const Url& url);

}  // namespace kanaria::cli
