// A URL as `explain` and `probe` take it, and the place of an admin listener. Pure text; no name is resolved here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kanaria::cli {

/// Where to connect: a host and a port, or a Unix socket's path.
struct Place {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 0;
  std::string unix_path;  // when not empty, the only part that counts
};

struct Url {
  std::string authority;  // what goes into Host, as written
  Place place;
  std::string target;  // path and query, at least "/"
};

/// "http://shop.test:8080/cart?x=1". Throws CLI::ValidationError with what is wrong.
Url parse_url(const std::string& text);

/// "127.0.0.1:9900", "[::1]:9900", "name:9900", "unix:/run/kanaria/admin.sock". None: not one of these.
std::optional<Place> parse_place(std::string_view text);

}  // namespace kanaria::cli
