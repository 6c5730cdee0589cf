// Conditions, transforms and actions: what one rule may be made of.
#include <gtest/gtest.h>

#include "reports.hpp"

namespace kanaria::config {
namespace {

using Reports = std::vector<std::string>;

struct Case {
  const char* description;
  std::string written;
  Reports expected;
};

Loaded with_conditions(std::string_view conditions) {
  return parse("test.yaml",
               filled(R"(listeners:
  - port: 80
    rules:
      - priority: 1
        conditions:
         - {}
        action: {fixed_response: {status_code: 200}}
    default_action: {fixed_response: {status_code: 404}}
)",
                      conditions),
               no_environment);
}

Loaded with_rule(std::string_view rest) {
  return parse("test.yaml",
               filled(R"(listeners:
  - port: 80
    rules:
      - priority: 1
        conditions: [{path_pattern: ["/"]}]
        {}
    default_action: {target_group: a}
target_groups: [{name: a}]
)",
                      rest),
               no_environment);
}

Loaded with_default(std::string_view action) {
  return parse("test.yaml", "listeners: [{port: 80, default_action: " + std::string(action) + "}]", no_environment);
}

const Condition& only_condition(const Loaded& loaded) {
  return loaded.model->listeners.front().rules.front().conditions.front();
}

TEST(Conditions, ThatAreSoundAreRead) {
  for (const char* fine : {
           "path_pattern: [\"/\", \"/api/*\", \"*.php\"]",
           "path_pattern: {values: [\"/\"]}",
           "path_pattern: {regex_values: [\"^/(a|b){1,2}$\"]}",
           "host_header: [\"*.example.com\", localhost, \"[::1]:8080\"]",
           "host_header: [127.0.0.1, my_host]",
           "http_header: {http_header_name: X-Canary, values: [\"a b*\"]}",
           "http_header: {http_header_name: User-Agent, regex_values: [\"Chrome/1[0-9]+\"]}",
           "http_request_method: [GET, M-SEARCH, X_Y]",
           "http_request_method: {values: [GET]}",
           "query_string: [{key: version, value: \"v?\"}, {value: beta}]",
           "query_string: {values: [{key: a, value: \"\\\\*\"}]}",
           "source_ip: [\"10.0.0.0/8\", \"::1/128\", \"0.0.0.0/0\", \"192.0.2.1/32\", \"::/0\"]",
       }) {
    const Loaded loaded = with_conditions(fine);
    EXPECT_EQ(render(loaded), "") << fine;
  }
}

TEST(Conditions, AQueryPairWithoutAKeyMeansAnyKey) {
  const Loaded loaded = with_conditions("query_string: [{value: beta}]");
  EXPECT_FALSE(std::get<QueryString>(only_condition(loaded).of).values.front().key);
}

TEST(Conditions, ANetworkHasNoBitsBeyondItsPrefix) {
  const Loaded loaded = with_conditions("source_ip: [\"10.1.2.3/8\"]");
  EXPECT_EQ(std::get<SourceIp>(only_condition(loaded).of).values.front().address.to_string(), "10.0.0.0");
}

TEST(Conditions, AFaultHasItsPlace) {
  const std::string long_value(129, 'a');
  for (const Case& one : {
           Case{"unknown kind", "path: [\"/\"]", {"6:12 unknown key \"path\""}},
           Case{"misspelt kind",
                "path_patern: [\"/\"]",
                {"6:12 unknown key \"path_patern\": did you mean \"path_pattern\"?"}},
           Case{"two kinds in one",
                "path_pattern: [\"/\"]\n           host_header: [a]",
                {"7:25 a condition takes only one of path_pattern, host_header, http_header, http_request_method, "
                 "query_string "
                 "or source_ip, and path_pattern is written already"}},
           Case{"a value instead of a list",
                "path_pattern: /",
                {"6:26 path_pattern must be a list, not a single value"}},
           Case{"no values", "path_pattern: []", {"6:26 path_pattern needs at least one value"}},
           Case{"an empty value", "path_pattern: [\"\"]", {"6:27 a path pattern must not be empty"}},
           Case{"too long",
                "path_pattern: [/" + long_value + "]",
                {"6:27 a path pattern must have at most 128 characters, not 130"}},
           Case{
               "a character that no path has",
               "path_pattern: [\"/a#b\"]",
               {"6:27 a path pattern may hold only A-Z a-z 0-9 _ - . $ / ~ \" ' @ : + & * ? and spaces, not \"/a#b\""}},
           Case{"a character that no host has",
                "host_header: [\"a/b\"]",
                {"6:26 a host pattern may hold only A-Z a-z 0-9 - . _ : [ ] * ?, not \"a/b\""}},
           Case{"a path that never matches",
                "path_pattern: [api]",
                {"6:27 warning: a path begins with \"/\": \"api\" never matches"}},
           Case{"values and regex_values",
                "path_pattern: {values: [\"/\"], regex_values: [a]}",
                {"6:56 path_pattern takes only one of values or regex_values, and values is written already"}},
           Case{"five methods", "http_request_method: [GET, HEAD, PUT, POST, DELETE]", {}},
           Case{"five literal paths", "path_pattern: [/a, /b, /c, /d, /e]", {}},
           Case{"four values with wildcards",
                "path_pattern: [/a*, /b*, /c*, /d*]",
                {"6:12 a condition has at most 3 regular expressions or values with wildcards, not 4"}},
           Case{"four regular expressions",
                "path_pattern: {regex_values: [a, b, c, d]}",
                {"6:12 a condition has at most 3 regular expressions or values with wildcards, not 4"}},
           Case{"six networks",
                "source_ip: [1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8, 5.0.0.0/8, 6.0.0.0/8]",
                {"4:9 a rule's conditions have at most 5 values together, not 6"}},
           Case{"six values in a rule",
                "path_pattern: [/a, /b, /c]\n         - host_header: [a, b, c]",
                {"4:9 a rule's conditions have at most 5 values together, not 6"}},
           Case{"six wildcards",
                "path_pattern: [\"/*?*?*?\"]",
                {"4:9 warning: ALB may refuse a rule with more than 5 wildcards (* and ?)"}},
           Case{"seven wildcards",
                "path_pattern: [\"/*?*?*?*\"]",
                {"4:9 a rule has at most 6 wildcards (* and ?), not 7"}},
           Case{"seven literal stars", "query_string: [{value: '\\*\\*\\*\\*\\*\\*\\*'}]", {}},
           Case{"two of a kind",
                "path_pattern: [/a]\n         - path_pattern: [/b]",
                {"7:12 a rule has at most one path_pattern condition"}},
           Case{"two headers",
                "http_header: {http_header_name: A, values: [a]}\n         - http_header: {http_header_name: A, "
                "values: [b]}",
                {}},
           Case{"no header name", "http_header: {values: [a]}", {"6:25 http_header needs http_header_name"}},
           Case{"a long header name",
                "http_header: {http_header_name: " + std::string(41, 'x') + ", values: [a]}",
                {"6:44 http_header_name must have at most 40 characters, not 41"}},
           Case{"no token",
                "http_header: {http_header_name: \"X Y\", values: [a]}",
                {"6:44 http_header_name may hold only A-Z a-z 0-9 ! # $ % & ' * + - . ^ _ ` | ~, not \"X Y\""}},
           Case{"the host",
                "http_header: {http_header_name: hOst, values: [a]}",
                {"6:44 http_header_name must not be Host: write a host_header condition"}},
           Case{"a small method", "http_request_method: [get]", {"6:34 a method may hold only A-Z - _, not \"get\""}},
           Case{"a query pair without a value", "query_string: [{key: a}]", {"6:27 a query pair needs value"}},
           Case{"a query string as in Terraform",
                "query_string: {key: a, value: b}",
                {"6:27 \"key\" belongs in a list: write query_string: [{key: version, value: \"v?\"}]",
                 "6:35 \"value\" belongs in a list: write query_string: [{key: version, value: \"v?\"}]"}},
           Case{"an address without a prefix",
                "source_ip: [10.0.0.1]",
                {"6:24 a source IP must be a network: write 10.0.0.1/32"}},
           Case{"a prefix too long", "source_ip: [10.0.0.0/33]", {"6:24 the prefix of \"10.0.0.0/33\" must be 0-32"}},
           Case{"a padded prefix", "source_ip: [10.0.0.0/08]", {"6:24 the prefix of \"10.0.0.0/08\" must be 0-32"}},
           Case{"no network",
                "source_ip: [home]",
                {"6:24 a source IP must be a network such as 10.0.0.0/8 or ::1/128, not \"home\""}},
           Case{"broadcast",
                "source_ip: [255.255.255.255/32]",
                {"6:24 255.255.255.255/32 is no address that a request could come from"}},
           Case{"broadcast, IPv4-mapped",
                "source_ip: [\"::ffff:255.255.255.255/128\"]",
                {"6:24 255.255.255.255/32 is no address that a request could come from"}},
       }) {
    EXPECT_EQ(reports(with_conditions(one.written).diagnostics), one.expected) << one.description;
  }
}

TEST(Rule, AFaultHasItsPlace) {
  const std::string action = "action: {target_group: a}";
  for (const Case& one : {
           Case{"no action", "name: x", {"4:9 a rule needs action"}},
           Case{"a reserved name",
                "name: default\n        " + action,
                {"6:15 the name \"default\" is reserved for the listener's default_action"}},
           Case{"a bad name",
                "name: a b\n        " + action,
                {"6:15 name must be 1-64 of A-Z a-z 0-9 _ . -, not \"a b\""}},
           Case{"Terraform's words",
                "condition: []\n        order: 3\n        listener_arn: x\n        " + action,
                {"6:9 \"condition\" is called conditions here, a list", "7:9 unknown key \"order\"",
                 "8:9 \"listener_arn\" has no meaning here: a rule stands in its listener's rules"}},
           Case{"no regex",
                "transforms: [{url_rewrite: {replace: a}}]\n        " + action,
                {"6:36 url_rewrite needs regex"}},
           Case{
               "an empty replacement", "transforms: [{url_rewrite: {regex: a, replace: \"\"}}]\n        " + action, {}},
           Case{"transforms of what isn't forwarded",
                "transforms: [{url_rewrite: {regex: a, replace: b}}, {host_header_rewrite: {regex: a, replace: b}}]\n"
                "        action: {fixed_response: {status_code: 200}}",
                {"6:44 transforms change what a target is sent: they work with a forward action only",
                 "6:91 transforms change what a target is sent: they work with a forward action only"}},
           Case{"a transform twice",
                "transforms: [{url_rewrite: {regex: a, replace: b}}, {url_rewrite: {regex: a, replace: b}}]\n        " +
                    action,
                {"6:61 a rule has at most one url_rewrite"}},
           Case{"a long replacement",
                "transforms: [{url_rewrite: {regex: a, replace: " + std::string(1025, 'b') + "}}]\n        " + action,
                {"6:56 a transform's regex and replace must have at most 1024 characters, not 1025"}},
       }) {
    EXPECT_EQ(reports(with_rule(one.written).diagnostics), one.expected) << one.description;
  }
}

TEST(Rule, NeedsAtLeastOneCondition) {
  const std::string text = R"(listeners:
  - port: 80
    rules:
      - {priority: 1, conditions: [], action: {fixed_response: {status_code: 200}}}
      - {priority: 2, action: {fixed_response: {status_code: 200}}}
    default_action: {fixed_response: {status_code: 404}}
)";
  EXPECT_EQ(reports(text), (Reports{"4:35 a rule needs at least one condition: path_pattern: [\"/*\"] is everything",
                                    "5:9 a rule needs conditions"}));
}

TEST(Actions, AFaultHasItsPlace) {
  for (const Case& one : {
           Case{"a list",
                "[{type: forward}]",
                {"1:40 default_action is one mapping here, not a list: remove the \"-\""}},
           Case{"none",
                "{type: forward}",
                {"1:40 default_action needs one of target_group, forward, redirect or fixed_response"}},
           Case{"two",
                "{target_group: a, fixed_response: {status_code: 404}}",
                {"1:55 there is no target group \"a\"",
                 "1:74 default_action takes only one of target_group, forward, redirect or fixed_response, and "
                 "target_group is "
                 "written already"}},
           Case{"a type that agrees", "{type: fixed-response, fixed_response: {status_code: 404}}", {}},
           Case{"a type that does not",
                "{type: redirect, fixed_response: {status_code: 404}}",
                {"1:47 type must be fixed-response beside fixed_response, not \"redirect\""}},
           Case{"an ARN",
                "{target_group_arn: a}",
                {"1:41 \"target_group_arn\" is called target_group here and takes the group's name"}},
           Case{"no groups", "{forward: {target_groups: []}}", {"1:66 target_groups needs at least one group"}},
           Case{"a redirect that changes nothing",
                "{redirect: {status_code: HTTP_301}}",
                {"1:51 a redirect must change protocol, host, port or path, or it leads back to itself"}},
           Case{"only the query",
                "{redirect: {query: \"a\", status_code: HTTP_301}}",
                {"1:51 a redirect must change protocol, host, port or path, or it leads back to itself"}},
           Case{"a redirect to the same listener",
                "{redirect: {protocol: HTTP, status_code: HTTP_301}}",
                {"1:40 warning: this redirect changes nothing on this listener: it leads back to itself"}},
           Case{"a redirect to the same port",
                "{redirect: {port: 80, status_code: HTTP_301}}",
                {"1:40 warning: this redirect changes nothing on this listener: it leads back to itself"}},
           Case{"a redirect with another query", "{redirect: {port: 80, query: a, status_code: HTTP_301}}", {}},
           Case{"303",
                "{redirect: {port: 81, status_code: HTTP_303}}",
                {"1:75 status_code must be HTTP_301, HTTP_302, 301 or 302, not \"HTTP_303\": did you mean "
                 "\"HTTP_301\"?"}},
           Case{"the number alone", "{redirect: {port: 81, status_code: 302}}", {}},
           Case{"an empty query", "{redirect: {port: 81, query: \"\", status_code: 302}}", {}},
           Case{"a placeholder in the wrong part",
                "{redirect: {host: \"#{path}.x\", status_code: 302}}",
                {"1:58 redirect host can't hold \"#{path}\": it takes #{host}"}},
           Case{"an unknown placeholder",
                "{redirect: {path: \"/#{user}\", status_code: 302}}",
                {"1:58 redirect path can't hold \"#{user}\": it takes #{host} to #{path}"}},
           Case{"an open placeholder",
                "{redirect: {path: \"/#{path\", status_code: 302}}",
                {"1:58 redirect path can't hold \"#{path\": it takes #{host} to #{path}"}},
           Case{"a small protocol",
                "{redirect: {protocol: https, status_code: 302}}",
                {"1:62 redirect protocol must be HTTP, HTTPS or #{protocol}, not \"https\""}},
           Case{"a port",
                "{redirect: {port: 0, status_code: 302}}",
                {"1:58 redirect port must be 1-65535 or #{port}, not \"0\""}},
           Case{"a relative path",
                "{redirect: {path: a, status_code: 302}}",
                {"1:58 redirect path must begin with \"/\", not \"a\""}},
           Case{"a question mark",
                "{redirect: {port: 81, query: \"?a\", status_code: 302}}",
                {"1:69 redirect query is written without the leading \"?\""}},
           Case{"a line end",
                "{redirect: {path: \"/a\\r\\nb: c\", status_code: 302}}",
                {"1:58 path must not hold control characters, as \"/a\\x0d\\nb: c\" does"}},
           Case{"too long",
                "{redirect: {path: /" + std::string(128, 'a') + ", status_code: 302}}",
                {"1:58 redirect path must have at most 128 characters, not 129"}},
           Case{"no status", "{fixed_response: {content_type: text/html}}", {"1:57 fixed_response needs status_code"}},
           Case{"a redirect's status",
                "{fixed_response: {status_code: 301}}",
                {"1:71 status_code must be 2xx, 4xx or 5xx, not 301: write a redirect action"}},
           Case{"status 100", "{fixed_response: {status_code: 100}}", {"1:71 status_code must be 200-599, not 100"}},
           Case{"a content type",
                "{fixed_response: {status_code: 200, content_type: image/png}}",
                {"1:90 content_type must be text/plain, text/css, text/html, application/javascript or "
                 "application/json, not \"image/png\""}},
           Case{"a long body",
                "{fixed_response: {status_code: 200, message_body: " + std::string(1025, 'a') + "}}",
                {"1:90 message_body must have at most 1024 bytes, not 1025"}},
       }) {
    EXPECT_EQ(reports(with_default(one.written).diagnostics), one.expected) << one.description;
  }
}

TEST(Actions, ATargetGroupAloneIsAForwardToIt) {
  const Loaded loaded = with_rule("action: {target_group: a}");
  ASSERT_TRUE(loaded.model) << render(loaded);
  const Rule& rule = loaded.model->listeners.front().rules.front();
  EXPECT_EQ(std::get<Forward>(rule.action.of), (Forward{{{{"a", {}}, 1}}, SplitMode::Shuffled}));
  EXPECT_EQ(rule.name, "rule-1");
}

}  // namespace
}  // namespace kanaria::config
