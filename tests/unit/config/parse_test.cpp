#include "kanaria/config/parse.hpp"

#include <gtest/gtest.h>

#include "kanaria/config/print.hpp"

namespace kanaria::config {
namespace {

std::optional<std::string> no_environment(std::string_view) {
  return std::nullopt;
}

constexpr const char* kSmallest = R"(
listeners:
  - port: 8080
    rules:
      - priority: 10
        conditions:
          - path_pattern: ["/"]           # exactly "/"; "/*" is everything
        action:
          forward:
            target_groups:
              - {name: app-main, weight: 90}
              - {name: app-canary, weight: 10}
    default_action:
      fixed_response: {status_code: 404, content_type: text/plain, message_body: "no rule matched"}

target_groups:
  - {name: app-main, targets: ["127.0.0.1:9001"]}
  - {name: app-canary, targets: ["127.0.0.1:9002"]}
)";

TEST(Parse, TheSmallestUsefulFileIsRead) {
  const Loaded loaded = parse("smallest.yaml", kSmallest, no_environment);
  EXPECT_EQ(render(loaded), "");
  ASSERT_TRUE(loaded.model);
  EXPECT_EQ(shares(*loaded.model),
            std::vector<std::string>{"http-8080/rule-10  app-main 90 (90.0%)  app-canary 10 (10.0%)"});
  const Loaded again = parse("again.yaml", to_yaml(*loaded.model), no_environment);
  EXPECT_EQ(render(again), "");
  ASSERT_TRUE(again.model);
  EXPECT_EQ(*again.model, *loaded.model);
}

}  // namespace
}  // namespace kanaria::config
