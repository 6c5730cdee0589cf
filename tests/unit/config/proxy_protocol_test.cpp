// proxy_protocol of a listener: what is read, what is refused, what is warned of.
#include <gtest/gtest.h>

#include "kanaria/config/address.hpp"
#include "kanaria/config/print.hpp"
#include "reports.hpp"

namespace kanaria::config {
namespace {

using Reports = std::vector<std::string>;

/// The value begins at 1:40.
Loaded with(std::string_view value) {
  return parse(
      "test.yaml",
      filled("listeners: [{port: 80, proxy_protocol: {}, default_action: {fixed_response: {status_code: 404}}}]",
             value),
      no_environment);
}

std::string read(std::string_view value) {
  const Loaded loaded = with(value);
  if (!loaded.model) return render(loaded);
  const ProxyProtocol& protocol = loaded.model->listeners.front().proxy_protocol;
  constexpr const char* kWords[] = {"off", "v1", "v2", "any"};
  std::string text = kWords[static_cast<std::size_t>(protocol.version)];
  for (const Network& network : protocol.trusted) text += " " + to_text(network);
  return text;
}

TEST(ProxyProtocol, IsOffUnlessWritten) {
  const Loaded loaded = parse(
      "test.yaml", "listeners: [{port: 80, default_action: {fixed_response: {status_code: 404}}}]", no_environment);
  EXPECT_EQ(loaded.model->listeners.front().proxy_protocol, ProxyProtocol{});
  EXPECT_EQ(ProxyProtocol{}.version, ProxyVersion::Off);
}

TEST(ProxyProtocol, HasAVersionAndNetworksOrAddresses) {
  EXPECT_EQ(read("{version: v1, trusted: [10.0.0.0/8]}"), "v1 10.0.0.0/8");
  EXPECT_EQ(read("{version: v2, trusted: [10.1.2.3/8, \"fd00::1/8\"]}"), "v2 10.0.0.0/8 fd00::/8");
  EXPECT_EQ(read("{version: any, trusted: [192.0.2.1, \"::1\"]}"), "any 192.0.2.1/32 ::1/128");
  EXPECT_EQ(read("{version: any, trusted: [\"::ffff:10.1.2.3/104\", \"::ffff:192.0.2.1\"]}"),
            "any 10.0.0.0/8 192.0.2.1/32");
  EXPECT_EQ(read("{version: any, trusted: [\"::ffff:10.1.2.3/95\"]}"), "any ::fffe:0:0/95") << "more than IPv4";
  EXPECT_EQ(read("{version: off, trusted: []}"), "off");
  EXPECT_EQ(read("{version: \"off\"}"), "off");
  EXPECT_EQ(read("{version: false}"), "off") << "what YAML 1.1 tools make of off";
  EXPECT_EQ(read("{}"), "off");
}

TEST(ProxyProtocol, IsRefusedWhereItCouldNotWork) {
  struct Case {
    const char* written;
    Reports faults;
  };
  for (const Case& one : {
           Case{"v2", {"1:40 proxy_protocol must be a mapping, not a single value"}},
           Case{"{version: v3, trusted: [10.0.0.0/8]}",
                {"1:50 version must be off, v1, v2 or any, not \"v3\": did you mean \"v1\"?"}},
           Case{"{version: true}", {"1:50 version must be off, v1, v2 or any, not \"true\""}},
           Case{"{version: v2}", {"1:40 proxy_protocol needs trusted"}},
           Case{"{version: v2, trustd: []}", {"1:54 unknown key \"trustd\": did you mean \"trusted\"?"}},
           Case{"{version: v2, trusted: []}",
                {"1:63 trusted needs at least one network: nobody else may send the header"}},
           Case{"{version: v2, trusted: 10.0.0.0/8}", {"1:63 trusted must be a list, not a single value"}},
           Case{"{version: v2, trusted: [balancer]}",
                {"1:64 a trusted peer must be a network such as 10.0.0.0/8 or ::1/128, not \"balancer\""}},
           Case{"{version: v2, trusted: [10.0.0.0/33]}", {"1:64 the prefix of \"10.0.0.0/33\" must be 0-32"}},
           Case{"{version: v2, trusted: [10.0.0.1/8, 10.0.0.0/8]}",
                {"1:76 the network 10.0.0.0/8 is in this list already"}},
           Case{"{version: v2, trusted: [10.0.0.1/32, 10.0.0.1]}",
                {"1:77 the network 10.0.0.1/32 is in this list already"}},
           Case{"{version: v2, trusted: [10.0.0.0/8, \"::ffff:10.0.0.0/104\"]}",
                {"1:76 the network 10.0.0.0/8 is in this list already"}},
       }) {
    EXPECT_EQ(reports(with(one.written).diagnostics), one.faults) << one.written;
  }
}

TEST(ProxyProtocol, IsWarnedOfWhereItIsProbablyNotMeant) {
  EXPECT_EQ(reports(with("{trusted: [10.0.0.0/8]}").diagnostics),
            Reports{"1:40 warning: trusted means nothing here: proxy_protocol version is off"});
  EXPECT_EQ(reports(with("{version: any, trusted: [0.0.0.0/0, \"::/0\"]}").diagnostics),
            (Reports{"1:65 warning: 0.0.0.0/0 trusts everybody who comes over IPv4: they may claim any address",
                     "1:76 warning: ::/0 trusts everybody who comes over IPv6: they may claim any address"}));
  EXPECT_EQ(reports(with("{version: any, trusted: [\"::ffff:0:0/96\"]}").diagnostics),
            Reports{"1:65 warning: 0.0.0.0/0 trusts everybody who comes over IPv4: they may claim any address"});
}

}  // namespace
}  // namespace kanaria::config
