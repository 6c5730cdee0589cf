#include "../../../src/cli/url.hpp"

#include <gtest/gtest.h>

#include <CLI/Error.hpp>

namespace kanaria::cli {
namespace {

TEST(Url, SplitsIntoWhatIsConnectedToAndWhatIsSent) {
  const struct {
    const char* description;
    const char* text;
    const char* authority;
    const char* host;
    std::uint16_t port;
    const char* target;
  } cases[] = {
      {"everything", "http://shop.test:8080/cart?x=1", "shop.test:8080", "shop.test", 8080, "/cart?x=1"},
      {"no port is 80", "http://shop.test/cart", "shop.test", "shop.test", 80, "/cart"},
      {"no path is /", "http://shop.test:1", "shop.test:1", "shop.test", 1, "/"},
      {"a query without a path", "http://shop.test?x=1", "shop.test", "shop.test", 80, "/?x=1"},
      {"a fragment is never sent", "http://shop.test/a#b", "shop.test", "shop.test", 80, "/a"},
      {"IPv6 keeps its brackets in Host only", "http://[::1]:9000/", "[::1]:9000", "::1", 9000, "/"},
      {"IPv6 without a port", "http://[::1]/", "[::1]", "::1", 80, "/"},
  };
  for (const auto& example : cases) {
    SCOPED_TRACE(example.description);
    const Url url = parse_url(example.text);
    EXPECT_EQ(url.authority, example.authority);
    EXPECT_EQ(url.place.host, example.host);
    EXPECT_EQ(url.place.port, example.port);
    EXPECT_EQ(url.target, example.target);
  }
}

TEST(Url, RefusesWhatItCannotAsk) {
  for (const char* text :
       {"", "shop.test", "https://shop.test/", "ftp://shop.test/", "http://", "http:///path", "http://shop.test:0/",
        "http://shop.test:65536/", "http://shop.test:80x/", "http://user@shop.test/", "http://sh op.test/"}) {
    SCOPED_TRACE(text);
    EXPECT_THROW(parse_url(text), CLI::ValidationError);
  }
}

TEST(Place, IsAnAddressWithPortOrAUnixSocket) {
  EXPECT_EQ(parse_place("127.0.0.1:9900")->host, "127.0.0.1");
  EXPECT_EQ(parse_place("[::1]:9900")->host, "::1");
  EXPECT_EQ(parse_place("[::1]:9900")->port, 9900);
  EXPECT_EQ(parse_place("unix:/run/admin.sock")->unix_path, "/run/admin.sock");
  for (const char* text : {"", "none", "127.0.0.1", "[::1]", ":9900", "127.0.0.1:0", "127.0.0.1:x", "unix:"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parse_place(text).has_value());
  }
}

}  // namespace
}  // namespace kanaria::cli
