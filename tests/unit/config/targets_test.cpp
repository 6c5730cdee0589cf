// Target groups, their targets, and listeners' addresses: alone and against each other.
#include <gtest/gtest.h>

#include "reports.hpp"

namespace kanaria::config {
namespace {

using Reports = std::vector<std::string>;

Loaded with_targets(std::string_view targets, std::string_view port = "none") {
  return parse("test.yaml",
               "listeners: [{port: 80, default_action: {target_group: a}}]\ntarget_groups:\n  - name: a\n    port: " +
                   std::string(port) + "\n    targets: [" + std::string(targets) + "]\n",
               no_environment);
}

TEST(Targets, AreAddressesNamesAndSockets) {
  struct Case {
    const char* written;
    const char* port;
    const char* host;
    int expected;
  };
  for (const Case& one :
       {Case{"127.0.0.1:9001", "none", "127.0.0.1", 9001}, Case{"\"[::1]:9001\"", "none", "::1", 9001},
        Case{"\"[0:0::1]:9001\"", "none", "::1", 9001},
        Case{"App-Main.internal:8080", "none", "app-main.internal", 8080}, Case{"localhost", "7", "localhost", 7},
        Case{"10.0.0.1", "7", "10.0.0.1", 7}, Case{"\"[::1]\"", "7", "::1", 7}, Case{"a.:80", "none", "a.", 80},
        Case{"unix:/run/app.sock", "none", "/run/app.sock", 0}}) {
    const Loaded loaded = with_targets(one.written, one.port);
    ASSERT_TRUE(loaded.model) << render(loaded);
    const Target& target = loaded.model->target_groups.front().targets.front();
    const auto* const address = std::get_if<boost::asio::ip::address>(&target.host);
    EXPECT_EQ(address != nullptr ? address->to_string() : std::get<std::string>(target.host), one.host);
    EXPECT_EQ(target.port, one.expected) << one.written;
    EXPECT_EQ(target.unix_socket, std::string_view(one.written).starts_with("unix:"));
  }
}

TEST(Targets, ThatAreNoTargetsAreRefused) {
  const std::string forms = "a target must be \"10.0.0.1:80\", \"[::1]:80\", \"name:80\" or \"unix:/path\", not ";
  const std::string socket = "a Unix socket is unix: and an absolute path under 108 bytes";
  for (const auto& [written, fault] : std::vector<std::pair<std::string, std::string>>{
           {"127.0.0.1", "the target \"127.0.0.1\" needs a port: write it, or port in its target group"},
           {"127.0.0.1:0", "a target's port must be 1-65535, not \"0\""},
           {"127.0.0.1:65536", "a target's port must be 1-65535, not \"65536\""},
           {"\"a:\"", "a target's port must be 1-65535, not \"\""},
           {"a:080", "a target's port must be 1-65535, not \"080\""},
           {"\"::1:80\"", "an IPv6 target needs brackets: write \"[::1]:80\" or \"[::1:80]:PORT\""},
           {"\"::1\"", "an IPv6 target needs brackets: write \"[::1]:PORT\""},
           {"\"[127.0.0.1]:80\"", forms + "\"[127.0.0.1]:80\""},
           {"\"[::1\"", forms + "\"[::1\""},
           {"\"[::1]80\"",
            "a target must be \"10.0.0.1:80\", \"[::1]:80\", \"name:80\" or \"unix:/path\", not \"[::1]80\""},
           {"1.2.3.400:80", forms + "\"1.2.3.400:80\""},
           {"\"a b:80\"", forms + "\"a b:80\""},
           {"-a:80", forms + "\"-a:80\""},
           {"a..b:80", forms + "\"a..b:80\""},
           {"http://a:80",
            "a target has no scheme: write \"10.0.0.1:80\", \"[::1]:80\", \"name:80\" or \"unix:/path\""},
           {"0.0.0.0:80", "\"0.0.0.0\" is no address to connect to"},
           {"unix:run/a", socket},
           {"\"unix:\"", socket},
           {"unix:/" + std::string(107, 'a'), socket},
           {"[a]", "a target must be a single value, not a list"},
           {"{}", "a target must be text, not a mapping"},
           {"{target_id: a}", "\"target_id\" is not needed: write the target as text, \"ADDRESS:PORT\""}}) {
    const auto found = reports(with_targets(written).diagnostics);
    ASSERT_EQ(found.size(), 1U) << written << testing::PrintToString(found);
    EXPECT_EQ(found.front().substr(found.front().find(' ') + 1), fault);
  }
}

TEST(Targets, ASocketPathOf107BytesFits) {
  EXPECT_TRUE(with_targets("unix:/" + std::string(106, 'a')).model);
}

TEST(Targets, ATargetTwiceInAGroupIsRefusedHoweverItIsWritten) {
  EXPECT_EQ(reports(with_targets("\"[::1]:80\", \"[0::1]:80\"").diagnostics),
            Reports{"5:27 the target \"[0::1]:80\" is in this group already"});
  EXPECT_EQ(reports(with_targets("\"[::1]:80\", \"[0:0:0:0:0:0:0:1]:80\"").diagnostics),
            Reports{"5:27 the target \"[0:0:0:0:0:0:0:1]:80\" is in this group already"});
  EXPECT_EQ(reports(with_targets("\"10.0.0.1:80\", \"[::ffff:10.0.0.1]:80\"").diagnostics),
            Reports{"5:30 the target \"[::ffff:10.0.0.1]:80\" is in this group already"});
  EXPECT_EQ(reports(with_targets("\"a:80\", \"a:80\"").diagnostics),
            Reports{"5:23 the target \"a:80\" is in this group already"});
  EXPECT_EQ(reports(with_targets("\"a:80\", \"A\"", "80").diagnostics),
            Reports{"5:23 the target \"A\" is in this group already"});
  EXPECT_EQ(reports(with_targets("\"a:80\", \"a:81\"").diagnostics), Reports{});
}

TEST(TargetGroups, AFaultHasItsPlace) {
  const std::string listener = "listeners: [{port: 80, default_action: {target_group: a}}]\ntarget_groups:\n";
  struct Case {
    const char* description;
    std::string written;
    Reports expected;
  };
  for (const Case& one : {
           Case{"no name", "  - {}\n  - {name: a}\n", {"3:5 a target group needs name"}},
           Case{"a name twice",
                "  - {name: a}\n  - {name: a}\n",
                {"4:12 the target group name \"a\" is already used in line 3: names are unique"}},
           Case{"a bad port",
                "  - {name: a, port: http, targets: [b]}\n",
                {"3:21 port must be a number 1-65535, not \"http\""}},
           Case{"never used", "  - {name: a}\n  - {name: b}\n", {"4:12 warning: no rule uses the target group \"b\""}},
           Case{"a mapping",
                "  a: {}\n",
                {"1:55 there is no target group \"a\"", "3:3 target_groups must be a list, not a mapping"}},
           Case{"Terraform's words",
                "  - {name: a, vpc_id: x, target_type: ip}\n",
                {"3:15 \"vpc_id\" has no meaning here: it names things of AWS, leave it out",
                 "3:26 \"target_type\" has no meaning here: a target is an address, a host name or unix:/path"}},
       }) {
    EXPECT_EQ(reports(listener + one.written), one.expected) << one.description;
  }
}

TEST(Listeners, OnOnePortMustNotOverlap) {
  const auto both = [](const char* first, const char* second) {
    return reports(std::string("listeners:\n  - {name: a, port: 80, address: \"") + first +
                   "\", default_action: {fixed_response: {status_code: 404}}}\n  - {name: b, port: 80, address: \"" +
                   second + "\", default_action: {fixed_response: {status_code: 404}}}\n");
  };
  const Reports taken{"3:21 port 80 is already taken by a in line 2"};
  EXPECT_EQ(both("*", "*"), taken);
  EXPECT_EQ(both("*", "127.0.0.1"), taken);
  EXPECT_EQ(both("::1", "*"), taken);
  EXPECT_EQ(both("0.0.0.0", "127.0.0.1"), taken);
  EXPECT_EQ(both("127.0.0.1", "127.0.0.1"), taken);
  EXPECT_EQ(both("127.0.0.1", "127.0.0.2"), Reports{});
  EXPECT_EQ(both("127.0.0.1", "::1"), Reports{});
}

TEST(Listeners, OfOnePortNeedNamesOfTheirOwn) {
  EXPECT_EQ(reports("listeners:\n"
                    "  - {port: 80, address: 127.0.0.1, default_action: {fixed_response: {status_code: 404}}}\n"
                    "  - {port: 80, address: 127.0.0.2, default_action: {fixed_response: {status_code: 404}}}\n"),
            Reports{"3:5 the listener name \"http-80\" is already used in line 2: write name to give it another"});
}

TEST(Listeners, AnAddressIsAStarOrAnIpAddress) {
  EXPECT_EQ(
      reports("listeners: [{port: 80, address: localhost, default_action: {fixed_response: {status_code: 404}}}]"),
      Reports{"1:33 address must be \"*\" or an IP address without a port, not \"localhost\""});
}

TEST(Rules, AreOrderedByPriority) {
  const Loaded loaded = parse("test.yaml", R"(listeners:
  - port: 80
    rules:
      - {priority: 20, conditions: [{path_pattern: [/b]}], action: {fixed_response: {status_code: 200}}}
      - {priority: 3, conditions: [{path_pattern: [/a]}], action: {fixed_response: {status_code: 200}}}
    default_action: {fixed_response: {status_code: 404}}
)",
                              no_environment);
  ASSERT_TRUE(loaded.model) << render(loaded);
  EXPECT_EQ(loaded.model->listeners.front().rules.front().priority, 3);
}

TEST(Rules, OneThatAnotherAboveItCoversIsAWarning) {
  const auto both = [](std::string_view above, std::string_view below) {
    return reports(
        "listeners:\n  - port: 80\n    rules:\n      - {priority: 1, conditions: [" + std::string(above) +
        "], action: {fixed_response: {status_code: 200}}}\n      - {priority: 2, conditions: [" + std::string(below) +
        "], action: {fixed_response: {status_code: 200}}}\n    default_action: {fixed_response: {status_code: 404}}\n");
  };
  const Reports covered{
      "5:9 warning: rule \"rule-2\" never matches: rule \"rule-1\" above it takes all of its requests"};
  EXPECT_EQ(both("{path_pattern: [/a]}", "{path_pattern: [/a]}"), covered);
  EXPECT_EQ(both("{path_pattern: [/a, /b]}", "{path_pattern: [/b]}, {host_header: [x]}"), covered);
  EXPECT_EQ(both("{path_pattern: [\"/*\"]}", "{host_header: [x]}"), covered);
  EXPECT_EQ(both("{source_ip: [0.0.0.0/0, \"::/0\"]}", "{host_header: [x]}"), covered);
  EXPECT_EQ(
      both("{http_header: {http_header_name: A, values: [x]}}", "{http_header: {http_header_name: a, values: [x]}}"),
      covered);
  EXPECT_EQ(both("{path_pattern: [/a]}", "{path_pattern: [/a, /b]}"), Reports{});
  EXPECT_EQ(both("{path_pattern: [/a]}, {host_header: [x]}", "{path_pattern: [/a]}"), Reports{});
  EXPECT_EQ(both("{source_ip: [0.0.0.0/0]}", "{host_header: [x]}"), Reports{});
  EXPECT_EQ(
      both("{http_header: {http_header_name: A, values: [x]}}", "{http_header: {http_header_name: B, values: [x]}}"),
      Reports{});
  EXPECT_EQ(both("{path_pattern: {regex_values: [/a]}}", "{path_pattern: [/a]}"), Reports{});
}

}  // namespace
}  // namespace kanaria::config
