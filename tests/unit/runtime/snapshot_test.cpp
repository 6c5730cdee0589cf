#include "kanaria/runtime/snapshot.hpp"

#include <algorithm>

#include "models.hpp"

namespace kanaria::runtime {
namespace {

constexpr std::string_view kSecondListener = R"(
  - port: 8081
    name: admin-web
    default_action: {fixed_response: {status_code: 404}}
)";

/// The route of rule "api", which is the first forward of the first listener.
const Route& api_route(const Snapshot& snapshot) {
  return snapshot.listener(0)->routes[0];
}

template <class Row>
std::vector<typename Row::Name> names_of(const observe::RowTable<Row>& table) {
  std::vector<typename Row::Name> names;
  table.for_each([&](const auto& name, std::uint32_t) { names.push_back(name); });
  return names;
}

template <class Row>
bool is_named(const observe::RowTable<Row>& table, const typename Row::Name& name) {
  const auto names = names_of(table);
  return std::ranges::find(names, name) != names.end();
}

TEST(Compile, KnowsWhoseConnectionsBeginWithAProxyHeader) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr snapshot = snapshot_of(model_of(canary("[{name: main}]", R"(
  - port: 8081
    proxy_protocol: {version: v2, trusted: [10.0.0.0/8, "::1", "::ffff:192.0.2.0/120"]}
    default_action: {target_group: new}
)")),
                                           metrics, table);
  const auto expected = [&](std::uint32_t listener, const char* peer) {
    return snapshot->listener(listener)->proxy_protocol.expected_from(boost::asio::ip::make_address(peer));
  };
  EXPECT_EQ(expected(1, "10.1.2.3"), config::ProxyVersion::V2);
  EXPECT_EQ(expected(1, "::ffff:10.1.2.3"), config::ProxyVersion::V2);
  EXPECT_EQ(expected(1, "::1"), config::ProxyVersion::V2);
  EXPECT_EQ(expected(1, "192.0.2.7"), config::ProxyVersion::V2);
  EXPECT_EQ(expected(1, "::ffff:192.0.2.7"), config::ProxyVersion::V2);
  EXPECT_EQ(expected(1, "192.0.3.7"), config::ProxyVersion::Off);
  EXPECT_EQ(expected(1, "11.1.2.3"), config::ProxyVersion::Off);
  EXPECT_EQ(expected(1, "::2"), config::ProxyVersion::Off);
  EXPECT_EQ(expected(0, "10.1.2.3"), config::ProxyVersion::Off);
}

TEST(Compile, MakesWhatARequestNeeds) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr snapshot = snapshot_of(model_of(canary()), metrics, table);
  EXPECT_EQ(snapshot->revision(), 1U);
  const Listener* const web = snapshot->listener(0);
  ASSERT_NE(web, nullptr);
  EXPECT_EQ(web->name, "web");
  EXPECT_EQ(web->policy.listener_port, 8080);
  ASSERT_EQ(web->routes.size(), 2U);
  const Route& api = api_route(*snapshot);
  ASSERT_EQ(api.groups.size(), 2U);
  EXPECT_EQ(api.groups[0]->name, "main");
  EXPECT_EQ(api.groups[0]->targets[1]->text, "127.0.0.1:9002");
  EXPECT_EQ(api.groups[1]->name, "new");
  EXPECT_EQ(api.split->weight(0), 90U);
  EXPECT_EQ(metrics.routes().name(api.rows[1]), (observe::RouteRow::Name{"web", "api", "new"}));
  EXPECT_EQ(metrics.routes().name(web->rule_rows[0]), (observe::RouteRow::Name{"web", "api", ""}));
  EXPECT_EQ(web->routes[1].groups[0], api.groups[0]) << "a group is one object for all rules";
  EXPECT_EQ(snapshot->targets().size(), 3U);
}

TEST(Compile, KeepsTheObjectsOfWhatDidNotChange) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr first = snapshot_of(model_of(canary()), metrics, table);
  const SnapshotPtr second =
      snapshot_of(model_of("# moved by a comment\n" + canary({"[{name: main, weight: 90}, {name: new, weight: 10}]"},
                                                             std::string(kSecondListener))),
                  metrics, table, first.get());
  EXPECT_EQ(second->revision(), 2U);
  EXPECT_EQ(second->listener(0)->rules, first->listener(0)->rules);
  EXPECT_EQ(api_route(*second).split, api_route(*first).split);
  EXPECT_EQ(second->targets(), first->targets());
  EXPECT_EQ(second->listener(0)->row, first->listener(0)->row);
}

TEST(Compile, OtherWeightsMakeAnotherSplitAndNothingElse) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr first = snapshot_of(model_of(canary()), metrics, table);
  const SnapshotPtr second =
      snapshot_of(model_of(canary("[{name: main, weight: 80}, {name: new, weight: 20}]")), metrics, table, first.get());
  EXPECT_NE(api_route(*second).split, api_route(*first).split);
  EXPECT_EQ(api_route(*first).split->weight(1), 10U);
  EXPECT_EQ(api_route(*second).split->weight(1), 20U);
  EXPECT_EQ(second->listener(0)->routes[1].split, first->listener(0)->routes[1].split) << "the default rule's";
  EXPECT_EQ(second->targets(), first->targets());
  EXPECT_EQ(api_route(*second).rows, api_route(*first).rows) << "counters go on";
}

TEST(Compile, ASplitBelongsToItsRuleGroupsAndMode) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr first = snapshot_of(model_of(canary()), metrics, table);
  const std::string text = canary();
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    other.replace(other.find(from), from.size(), to);
    return snapshot_of(model_of(other), metrics, table, first.get());
  };
  EXPECT_NE(api_route(*changed("name: api", "name: other")).split, api_route(*first).split);
  EXPECT_NE(api_route(*changed("name: web", "name: net")).split, api_route(*first).split);
  EXPECT_NE(api_route(*changed("weight: 10}]", "weight: 10}], split: random")).split, api_route(*first).split);
  EXPECT_EQ(api_route(*changed("priority: 10", "priority: 20")).split, api_route(*first).split);
  EXPECT_EQ(api_route(*changed("/api/*", "/v2/*")).split, api_route(*first).split);
}

TEST(Compile, ATargetOfTwoGroupsIsTwoAndATargetNamedTwiceIsOne) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  Meanings known;
  known["app.test"].addresses = {boost::asio::ip::make_address("127.0.0.1")};
  const ModelPtr model = model_of(R"(
listeners: [{port: 80, default_action: {forward: {target_groups: [{name: a, weight: 1}, {name: b, weight: 1}]}}}]
target_groups:
  - {name: a, targets: ["127.0.0.1:1", "app.test:1"]}
  - {name: b, targets: ["127.0.0.1:1"]}
)");
  const SnapshotPtr snapshot = compile(prepared(model, nullptr, known), {0}, nullptr, metrics, table);
  const Route& route = snapshot->listener(0)->routes[0];
  EXPECT_EQ(route.groups[0]->targets.size(), 1U);
  EXPECT_NE(route.groups[0]->targets[0], route.groups[1]->targets[0]);
  EXPECT_NE(route.groups[0]->targets[0]->row, route.groups[1]->targets[0]->row);
}

TEST(Compile, ARemovedListenerHasNoBindingAnyMore) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr first =
      snapshot_of(model_of(canary("[{name: main, weight: 90}, {name: new, weight: 10}]", std::string(kSecondListener))),
                  metrics, table);
  ASSERT_NE(first->listener(1), nullptr);
  const SnapshotPtr second = snapshot_of(model_of(canary()), metrics, table, first.get());
  EXPECT_NE(second->listener(0), nullptr);
  EXPECT_EQ(second->listener(1), nullptr);
  EXPECT_EQ(second->listener(99), nullptr);
}

TEST(Compile, BindingsNeedNotBeDense) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr snapshot = compile(prepared(model_of(canary())), {5}, nullptr, metrics, table);
  EXPECT_EQ(snapshot->listener(0), nullptr);
  ASSERT_NE(snapshot->listener(5), nullptr);
  EXPECT_EQ(snapshot->listener(5)->name, "web");
}

TEST(Compile, RowsGoWithTheLastSnapshotThatNamesThem) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  SnapshotPtr first = snapshot_of(model_of(canary()), metrics, table);
  SnapshotPtr second = snapshot_of(model_of(canary("[{name: main, weight: 1}]")), metrics, table, first.get());
  const observe::RouteRow::Name canary_route{"web", "api", "new"};
  EXPECT_TRUE(is_named(metrics.routes(), canary_route));
  first.reset();
  EXPECT_FALSE(is_named(metrics.routes(), canary_route));
  EXPECT_EQ(names_of(metrics.targets()).size(), 3U);
  second.reset();
  EXPECT_TRUE(names_of(metrics.routes()).empty());
  EXPECT_TRUE(names_of(metrics.groups()).empty());
  EXPECT_TRUE(is_named(metrics.listeners(), {"web"})) << "connections outlive their listener and count to the end";
}

TEST(Compile, AUnixTargetIsItsPath) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr snapshot = snapshot_of(model_of(R"(
listeners: [{port: 80, default_action: {target_group: a}}]
target_groups: [{name: a, targets: ["unix:/run/app.sock"]}]
)"),
                                           metrics, table);
  ASSERT_EQ(snapshot->targets().size(), 1U);
  EXPECT_EQ(snapshot->targets()[0]->text, "unix:/run/app.sock");
}

// ---- prepare

std::string with_target(const std::string& target) {
  return "listeners: [{port: 80, default_action: {target_group: a}}]\ntarget_groups: [{name: a, targets: [\"" + target +
         "\"]}]\n";
}

TEST(Prepare, ABadRegularExpressionIsToldWithItsPlace) {
  const ModelPtr model = model_of(R"(listeners:
  - port: 80
    rules:
      - priority: 1
        conditions: [path_pattern: {regex_values: ["^/(a"]}]
        action: {target_group: a}
    default_action: {target_group: a}
target_groups: [{name: a, targets: []}]
)");
  config::Diagnostics diagnostics;
  const Prepared result = prepare(model, 1, nullptr, {}, diagnostics);
  EXPECT_EQ(result.model, nullptr);
  ASSERT_TRUE(diagnostics.has_errors());
  const config::Diagnostic fault = diagnostics.sorted().front();
  EXPECT_EQ(fault.at, (config::Position{5, 52}));
  EXPECT_NE(fault.message.find("missing )"), std::string::npos) << fault.message;
}

TEST(Prepare, ANameBecomesItsAddresses) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  Meanings known;
  known["app.test"].addresses = {boost::asio::ip::make_address("192.0.2.7"),
                                 boost::asio::ip::make_address("2001:db8::7")};
  const SnapshotPtr snapshot =
      compile(prepared(model_of(with_target("app.test:9001")), nullptr, known), {0}, nullptr, metrics, table);
  ASSERT_EQ(snapshot->targets().size(), 2U);
  EXPECT_EQ(snapshot->targets()[0]->text, "192.0.2.7:9001");
  EXPECT_EQ(snapshot->targets()[1]->text, "[2001:db8::7]:9001");
}

TEST(Prepare, ANameIsAskedAtLeastAsOftenAsTheMostEagerOfItsGroupsWants) {
  const ModelPtr model = model_of(R"(
listeners: [{port: 80, default_action: {target_group: a}}]
target_groups:
  - {name: a, targets: ["app.test:80", "192.0.2.7:80", "unix:/run/app.sock"], dns_max_ttl: 10s}
  - {name: b, targets: ["app.test:81"], dns_max_ttl: 2s}
)");
  EXPECT_EQ(runtime::names_of(*model), (Names::Wanted{{"app.test", Milliseconds(2'000)}}));
}

TEST(Prepare, ANameThatIsNotFoundWarnsWithItsPlace) {
  config::Diagnostics diagnostics;
  Meanings known;
  known["no-such-name.invalid"].error = "there is no such name";
  const Prepared result = prepare(model_of(with_target("no-such-name.invalid:80")), 1, nullptr, known, diagnostics);
  EXPECT_NE(result.model, nullptr);
  ASSERT_EQ(diagnostics.sorted().size(), 1U);
  const config::Diagnostic warning = diagnostics.sorted().front();
  EXPECT_EQ(warning.severity, config::Severity::Warning);
  EXPECT_EQ(warning.at, (config::Position{2, 37}));
  EXPECT_EQ(warning.message, "target no-such-name.invalid:80: there is no such name");
}

TEST(Prepare, ANameWithoutAnyAddressIsAnEmptyGroup) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr snapshot = snapshot_of(model_of(with_target("no-such-name.invalid:80")), metrics, table);
  EXPECT_TRUE(snapshot->targets().empty());
  EXPECT_TRUE(snapshot->listener(0)->routes[0].groups[0]->targets.empty());
}

}  // namespace
}  // namespace kanaria::runtime
