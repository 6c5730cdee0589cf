#include <gtest/gtest.h>

#include "kanaria/config/print.hpp"
#include "reports.hpp"

namespace kanaria::config {
namespace {

constexpr const char* kRest = "listeners: [{port: 80, default_action: {fixed_response: {status_code: 404}}}]\n";

Loaded with(std::string_view head, const Environment& environment = no_environment) {
  return parse("test.yaml", std::string(head) + "\n" + kRest, environment);
}

TEST(Values, DurationsAreSecondsOrANumberWithAUnit) {
  struct Case {
    const char* written;
    long long milliseconds;  // -1: a fault
    const char* fault;
  };
  for (const Case& one : {
           Case{"30", 30'000, ""},
           Case{"\"30\"", 30'000, ""},
           Case{"1500ms", 1'500, ""},
           Case{"30s", 30'000, ""},
           Case{"5m", 300'000, ""},
           Case{"1h", 3'600'000, ""},
           Case{"4000s", 4'000'000, ""},
           Case{"4001s", -1, "1:31 idle_timeout must be 1s-4000s, not 4001s"},
           Case{"7d", -1, "1:31 idle_timeout must be 1s-4000s, not 7d"},
           Case{"0", -1, "1:31 idle_timeout must be 1s-4000s, not 0"},
           Case{"999ms", -1, "1:31 idle_timeout must be 1s-4000s, not 999ms"},
           Case{"-1s", -1, "1:31 idle_timeout must be 1s-4000s, not -1s"},
           Case{"99999999999999999999d", -1, "1:31 idle_timeout must be 1s-4000s, not 99999999999999999999d"},
           Case{"030s", -1, "1:31 idle_timeout must be written without leading zeros: 30s, not 030s"},
           Case{"1.5s", -1, "1:31 idle_timeout must be a duration such as 30, 250ms, 30s, 5m, 1h or 7d, not \"1.5s\""},
           Case{"30 s", -1, "1:31 idle_timeout must be a duration such as 30, 250ms, 30s, 5m, 1h or 7d, not \"30 s\""},
           Case{"soon", -1, "1:31 idle_timeout must be a duration such as 30, 250ms, 30s, 5m, 1h or 7d, not \"soon\""},
           Case{"[1]", -1, "1:31 idle_timeout must be a single value, not a list"},
       }) {
    const Loaded loaded = with(std::string("load_balancer: {idle_timeout: ") + one.written + "}");
    if (one.milliseconds >= 0) {
      ASSERT_TRUE(loaded.model) << one.written << render(loaded);
      EXPECT_EQ(loaded.model->load_balancer.idle_timeout.count(), one.milliseconds) << one.written;
    } else {
      EXPECT_EQ(reports(loaded.diagnostics), std::vector<std::string>{one.fault});
    }
  }
}

TEST(Values, SizesAreBytesOrANumberWithAUnit) {
  struct Case {
    const char* written;
    long long bytes;  // -1: a fault
    const char* fault;
  };
  for (const Case& one : {
           Case{"0", 0, ""},
           Case{"4096", 4096, ""},
           Case{"\"16KiB\"", 16 << 10, ""},
           Case{"10MiB", 10 << 20, ""},
           Case{"65536GiB", 1LL << 46, ""},
           Case{"65537GiB", -1, "1:35 max_request_body must be unlimited or at most 65536GiB, not \"65537GiB\""},
           Case{"99999999999999999999", -1,
                "1:35 max_request_body must be unlimited or at most 65536GiB, not \"99999999999999999999\""},
           Case{"010KiB", -1, "1:35 max_request_body must be written without leading zeros: 10KiB, not 010KiB"},
           Case{"unlimitd", -1,
                "1:35 max_request_body must be unlimited or a size such as 4096, 16KiB, 10MiB or 1GiB, not "
                "\"unlimitd\""},
           Case{"[1]", -1, "1:35 max_request_body must be a single value, not a list"},
           Case{"-1", -1,
                "1:35 max_request_body must be unlimited or a size such as 4096, 16KiB, 10MiB or 1GiB, not \"-1\""},
           Case{"10MB", -1,
                "1:35 max_request_body must be unlimited or a size such as 4096, 16KiB, 10MiB or 1GiB, not \"10MB\""},
           Case{"1 KiB", -1,
                "1:35 max_request_body must be unlimited or a size such as 4096, 16KiB, 10MiB or 1GiB, not \"1 KiB\""},
       }) {
    const Loaded loaded = with(std::string("load_balancer: {max_request_body: ") + one.written + "}");
    if (one.bytes >= 0) {
      ASSERT_TRUE(loaded.model) << one.written << render(loaded);
      EXPECT_EQ(loaded.model->load_balancer.max_request_body, static_cast<std::uint64_t>(one.bytes)) << one.written;
    } else {
      EXPECT_EQ(reports(loaded.diagnostics), std::vector<std::string>{one.fault});
    }
  }
  EXPECT_EQ(with("load_balancer: {max_request_body: unlimited}").model->load_balancer.max_request_body, std::nullopt);
}

TEST(Values, BooleansAreTrueOrFalse) {
  EXPECT_TRUE(with("load_balancer: {preserve_host_header: true}").model->load_balancer.preserve_host_header);
  EXPECT_FALSE(with("load_balancer: {preserve_host_header: false}").model->load_balancer.preserve_host_header);
  EXPECT_EQ(reports(with("load_balancer: {preserve_host_header: yes}").diagnostics),
            std::vector<std::string>{"1:39 preserve_host_header must be true or false, not \"yes\""});
}

TEST(Values, OneOfSeveralWords) {
  EXPECT_EQ(with("log: {level: warn, format: json}").model->log, (Log{LogLevel::Warn, LogFormat::Json}));
  EXPECT_EQ(reports(with("log: {level: warning}").diagnostics),
            std::vector<std::string>{"1:14 level must be trace, debug, info, warn or error, not \"warning\""});
  EXPECT_EQ(
      reports(with("load_balancer: {xff_header_processing_mode: apend}").diagnostics),
      std::vector<std::string>{"1:45 xff_header_processing_mode must be append, preserve or remove, not \"apend\": did "
                               "you mean \"append\"?"});
}

TEST(Values, WorkersAreAutoOrANumber) {
  const auto most = [](const std::string& written) {
    return with("load_balancer: {max_connections: " + written + "}").model->load_balancer.max_connections;
  };
  EXPECT_EQ(most("auto"), std::nullopt);
  EXPECT_EQ(most("1"), 1);
  EXPECT_EQ(most("10000000"), 10'000'000);
  EXPECT_EQ(reports(with("load_balancer: {max_connections: 0}").diagnostics),
            std::vector<std::string>{"1:34 max_connections must be auto or 1-10000000, not 0"});
  EXPECT_EQ(with("workers: auto").model->workers, std::nullopt);
  EXPECT_EQ(with("workers: 4").model->workers, 4);
  EXPECT_EQ(with("workers: \"4\"").model->workers, 4);
  EXPECT_EQ(reports(with("workers: many").diagnostics),
            std::vector<std::string>{"1:10 workers must be auto or a number 1-1024, not \"many\""});
}

TEST(Values, TheAdminAddressIsLoopbackASocketOrNone) {
  for (const char* fine : {"127.0.0.1:9900", "127.0.0.2:1", "\"[::1]:9900\"", "unix:/run/a.sock", "none"}) {
    EXPECT_EQ(render(with(std::string("admin: {address: ") + fine + "}")), "") << fine;
  }
  EXPECT_EQ(render(with("admin: {address: \"0.0.0.0:9900\", token_file: /t}")), "");
  EXPECT_EQ(render(with("admin: {read_only_address: \"0.0.0.0:9901\"}")), "") << "never a change there";
  const std::string open =
      "admin address must be a loopback address where there is no token_file: anybody could change the weights";
  const std::string forms = "admin address must be 127.0.0.1:PORT, [::1]:PORT, unix:/path or none, not ";
  for (const auto& [written, fault] : std::vector<std::pair<std::string, std::string>>{
           {"0.0.0.0:9900", open},
           {"10.0.0.1:9900", open},
           {"127.0.0.1", forms + "\"127.0.0.1\""},
           {"localhost:9900", forms + "\"localhost:9900\""},
           {"127.0.0.1:0", forms + "\"127.0.0.1:0\""},
           {"127.0.0.1:99999", forms + "\"127.0.0.1:99999\""},
           {"unix:run/a.sock", "admin address must be unix: and an absolute path under 108 bytes"},
           {"127.0.0.1:80", "port 80 is already taken by admin in line 1"}}) {
    const auto found = reports(with("admin: {address: \"" + written + "\"}").diagnostics);
    ASSERT_EQ(found.size(), 1U) << written;
    EXPECT_EQ(found.front().substr(found.front().find(' ') + 1), fault);
  }
}

TEST(Values, ControlCharactersThatYamlCanSpellAreRefused) {
  EXPECT_EQ(reports(with("access_logs: {path: \"/var\\0/log\"}").diagnostics),
            std::vector<std::string>{"1:21 path must not hold control characters, as \"/var\\x00/log\" does"});
}

// ---- ${VAR}

std::optional<std::string> some_environment(std::string_view name) {
  if (name == "SET") return "four";
  if (name == "NUMBER") return "4";
  if (name == "EMPTY") return "";
  if (name == "YAML") return "[a, b]: {c} # d";
  if (name == "ESCAPE") return "\x1b[2J";
  return std::nullopt;
}

TEST(Expansion, VariablesAreReplacedInsideScalars) {
  struct Case {
    const char* written;
    const char* expected;
  };
  for (const Case& one : {Case{"${SET}", "four"}, Case{"a-${SET}-b-${NUMBER}", "a-four-b-4"}, Case{"${SET:-x}", "four"},
                          Case{"${NOT:-x}", "x"}, Case{"${EMPTY:-x}", "x"}, Case{"${NOT:-a:-b}", "a:-b"},
                          Case{"${SET:?x}", "four"}, Case{"$${SET}", "${SET}"}, Case{"$$${SET}", "$${SET}"},
                          Case{"$1 $ $$ $SET", "$1 $ $$ $SET"}, Case{"${YAML}", "[a, b]: {c} # d"}}) {
    const Loaded loaded = with(std::string("access_logs: {path: '") + one.written + "'}", some_environment);
    ASSERT_TRUE(loaded.model) << render(loaded);
    EXPECT_EQ(loaded.model->access_logs.path, one.expected) << one.written;
  }
  EXPECT_EQ(with("workers: ${NUMBER}", some_environment).model->workers, 4);
}

TEST(Expansion, WhatCannotBeReplacedIsAFaultAtTheScalar) {
  const std::string forms =
      "a variable is written ${NAME}, ${NAME:-default} or ${NAME:?message}; a literal ${ is written $${";
  for (const auto& [written, fault] : std::vector<std::pair<std::string, std::string>>{
           {"${NOT}", "the environment variable NOT is not set: set it, or write ${NOT:-default}"},
           {"${NOT:?no path given}", "the environment variable NOT is not set: no path given"},
           {"${EMPTY:?no path given}", "the environment variable EMPTY is not set: no path given"},
           {"${ESCAPE}", "the environment variable ESCAPE is not printable UTF-8 text"},
           {"${SET", forms},
           {"${}", forms},
           {"${1}", forms},
           {"${SET-x}", forms}}) {
    EXPECT_EQ(reports(with("access_logs: {path: '" + written + "'}", some_environment).diagnostics),
              std::vector<std::string>{"1:21 " + fault});
  }
}

TEST(Expansion, KeysAreLeftAlone) {
  EXPECT_EQ(reports(with("${SET}: 1", some_environment).diagnostics),
            std::vector<std::string>{"1:1 unknown key \"${SET}\""});
}

}  // namespace
}  // namespace kanaria::config
