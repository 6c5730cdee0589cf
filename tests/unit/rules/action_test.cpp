#include "kanaria/rules/action.hpp"

#include <gtest/gtest.h>

#include "build.hpp"

namespace kanaria::rules {
namespace {

using build::Request;

class Location : public testing::Test {
 protected:
  Result<std::string_view> of(const config::Redirect& parts, const http::RequestHead& head) {
    redirect_ = std::get<Redirect>(compile({parts, {}}, 0));
    return redirect_.location(head, "http", 8080, arena_);
  }
  std::string text(const config::Redirect& parts, const Request& request) {
    const auto location = of(parts, request.head);
    return location ? std::string(*location) : "refused";
  }

 private:
  Redirect redirect_;
  BlockPool pool_;
  Arena arena_{pool_};
};

TEST_F(Location, FillsPlaceholdersAndKeepsWhatIsNotGiven) {
  const Request request("/a/b?x=1&y", "Shop.test:8080");
  EXPECT_EQ(text({"HTTPS", "#{host}", "443", "/#{path}", "#{query}", 301}, request), "https://Shop.test:443/a/b?x=1&y");
  EXPECT_EQ(text({.host = "www.#{host}"}, request), "http://www.Shop.test:8080/a/b?x=1&y");
  EXPECT_EQ(text({.path = "/#{host}/#{port}/#{path}", .query = ""}, request),
            "http://Shop.test:8080/Shop.test/8080/a/b");
  EXPECT_EQ(text({.path = "/", .query = "p=#{protocol}&h=#{host}&o=#{port}&f=/#{path}&#{query}"}, request),
            "http://Shop.test:8080/?p=http&h=Shop.test&o=8080&f=/a/b&x=1&y");
}

TEST_F(Location, OfARequestWithoutQueryHasNoQuestionMark) {
  EXPECT_EQ(text({.port = "443"}, Request("/a")), "http://shop.test:443/a");
  EXPECT_EQ(text({.port = "443"}, Request("/a?")), "http://shop.test:443/a");
}

TEST_F(Location, KeepsIpv6HostsInBrackets) {
  EXPECT_EQ(text({.port = "443"}, Request("/", "[::1]:8080")), "http://[::1]:443/");
}

TEST_F(Location, LeavesThePathRawAndEncodesTheQuery) {
  EXPECT_EQ(text({.port = "443"}, Request("/a%20b\"{c}?q=\"<a b>\"&p=%41")),
            "http://shop.test:443/a%20b\"{c}?q=%22%3Ca%20b%3E%22&p=%41");
}

TEST_F(Location, LetsNoRequestAddALine) {
  EXPECT_EQ(text({.port = "443"}, Request("/a\r\nX: 1 \x7f\xc3?b\r\nY: 2")),
            "http://shop.test:443/a%0D%0AX:%201%20%7F%C3?b%0D%0AY:%202");
}

TEST_F(Location, OfTheAsteriskFormIsTheRoot) {
  EXPECT_EQ(text({.port = "443"}, Request("*", "shop.test", "OPTIONS")), "http://shop.test:443/");
}

TEST_F(Location, NeedsAHostUnlessTheRuleNamesOne) {
  EXPECT_EQ(of({.port = "443"}, Request("/", "").head).error().fault, Fault::MalformedRequest);
  EXPECT_EQ(of({.host = "a.test", .query = "h=#{host}"}, Request("/", "").head).error().fault, Fault::MalformedRequest);
  EXPECT_EQ(of({.host = "a.test", .path = "/#{host}"}, Request("/", "").head).error().fault, Fault::MalformedRequest);
  EXPECT_EQ(text({.host = "a.test"}, Request("/", "")), "http://a.test:8080/");
}

TEST_F(Location, IsRefusedAbove8K) {
  const std::size_t fixed = std::string_view("http://shop.test:8080/").size();
  EXPECT_TRUE(of({}, Request('/' + std::string(Redirect::kMaxLocation - fixed, 'x')).head));
  const auto longer = of({}, Request('/' + std::string(Redirect::kMaxLocation - fixed + 1, 'x')).head);
  EXPECT_EQ(longer.error().fault, Fault::RedirectTooLong);
}

TEST_F(Location, IsRefusedAbove8KOfEncodedQuery) {
  const auto location = of({}, Request("/?" + std::string(Redirect::kMaxLocation / 2, '"')).head);
  EXPECT_EQ(location.error().fault, Fault::RedirectTooLong);
}

TEST_F(Location, ExpandsNoPlaceholderThatTheRequestBrought) {
  EXPECT_EQ(text({.path = "/#{path}", .query = ""}, Request("/${x}/%23{host}")),
            "http://shop.test:8080/${x}/%23{host}");
}

TEST(Action, PrintsItself) {
  config::Forward forward;
  forward.target_groups = {{{"app-main", {}}, 90}, {{"app-canary", {}}, 10}};
  EXPECT_EQ(to_string(compile({forward, {}}, 0)), "forward app-main 90, app-canary 10");
  EXPECT_EQ(to_string(compile({config::Redirect{.protocol = "HTTPS", .port = "443"}, {}}, 0)),
            "redirect 301 https://#{host}:443/#{path}?#{query}");
  EXPECT_EQ(to_string(compile({config::FixedResponse{404, "text/plain", "gone"}, {}}, 0)), "fixed_response 404");
}

TEST(Action, OfAForwardKeepsWhatTheFileSays) {
  const config::Forward written{
      {{{"app-main", {}}, 90}, {{"app-canary", {}}, 10}}, config::SplitMode::Random, {}, {}, true};
  const auto forward = std::get<Forward>(compile({written, {}}, 7));
  EXPECT_EQ(forward.groups, written.target_groups);
  EXPECT_EQ(forward.split, config::SplitMode::Random);
  EXPECT_TRUE(forward.failover);
  EXPECT_EQ(forward.index, 7U);
}

}  // namespace
}  // namespace kanaria::rules
