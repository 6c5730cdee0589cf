"""config/schema.json, which editors read, beside `kanaria check`: what one takes the other takes, as far as a schema can say it.
That it has the parser's keys and no others is tests/unit/config/schema_test.cpp's."""

import copy
import json
import re
import unittest

import jsonschema
import yaml

from support import SOURCE, Case, run_cli

SCHEMA = json.loads((SOURCE / "config/schema.json").read_text())
# Prometheus' files stand there too.
EXAMPLES = sorted(file for file in (SOURCE / "config").glob("*.yaml") if not file.name.startswith("alerts"))
MODELINE = "# yaml-language-server: $schema=schema.json\n"


class Yaml12(yaml.SafeLoader):
    """As editors read YAML: on, off and 1:30 are text."""


Yaml12.yaml_implicit_resolvers = {}
for TAG, PATTERN, FIRST in (("bool", r"true|false", "tf"), ("null", r"null|~|", ["n", "~", ""]),
                            ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"), ("float", r"-?[0-9]+\.[0-9]+", "-0123456789")):
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{TAG}", re.compile(rf"^(?:{PATTERN})$"), list(FIRST))


def read_yaml(text):
    return yaml.load(text, Yaml12)


VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def faults_of(document):
    return [f"{'.'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in VALIDATOR.iter_errors(document)]


# Every kind of mapping once, at the path beside its name.
BASE = read_yaml("""
log: {}
load_balancer: {}
access_logs: {}
admin: {address: none}
cookie_key_file: none
listeners:
  - name: web
    port: 8080
    proxy_protocol: {version: v1, trusted: [192.0.2.1]}
    rules:
      - priority: 10
        conditions:
          - path_pattern: {values: [/a]}
          - http_header: {http_header_name: X-A, values: [b]}
        transforms:
          - url_rewrite: {regex: c, replace: d}
        action:
          forward: {target_groups: [{name: main, weight: 1}]}
      - priority: 20
        conditions:
          - http_request_method: {values: [GET]}
          - query_string: {values: [{key: e, value: f}]}
        action: {redirect: {host: g, status_code: HTTP_301}}
      - priority: 30
        conditions: [{path_pattern: [/h]}]
        action: {forward: {split: per_user, user_key: [{cookie: i}], target_groups: [{name: main}], stickiness: {enabled: false}}}
      - name: split
        priority: 40
        conditions: [{path_pattern: [/j]}]
        action: {forward: {target_groups: [{name: main, weight: 100}, {name: second, weight: 0}]}}
    default_action: {fixed_response: {status_code: 404}}
state_dir: ${DIR}
target_groups:
  - name: main
    targets: ["10.0.0.1:80"]
    stickiness: {enabled: false}
    health_check: {}
    target_group_health: {unhealthy_state_routing: {}}
    retries: {}
    passive_health: {}
  - {name: second}
rollouts:
  - name: checkout
    rule: web/split
    stable: main
    canary: second
    steps: [{set_weight: 1%}, {pause: {duration: 5m}}, {set_weight: 50%}, {analysis: {}}, {set_weight: 100%}]
    match: [{path_pattern: [/k], target_group: second}]
    analysis: {metrics: [{name: errors, type: error_rate, bad: {}}]}
""")
LISTENER = ("listeners", 0)
RULES = (*LISTENER, "rules")
GROUP = ("target_groups", 0)
ROLLOUT = ("rollouts", 0)
METRIC = (*ROLLOUT, "analysis", "metrics", 0)
PLACES = {
    "File": (),
    "Log": ("log",),
    "LoadBalancer": ("load_balancer",),
    "AccessLogs": ("access_logs",),
    "Admin": ("admin",),
    "Listener": LISTENER,
    "ProxyProtocol": (*LISTENER, "proxy_protocol"),
    "Rule": (*RULES, 0),
    "Condition": (*RULES, 0, "conditions", 0),
    "Patterns": (*RULES, 0, "conditions", 0, "path_pattern"),
    "HttpHeader": (*RULES, 0, "conditions", 1, "http_header"),
    "Values": (*RULES, 1, "conditions", 0, "http_request_method"),
    "QueryString": (*RULES, 1, "conditions", 1, "query_string"),
    "QueryPair": (*RULES, 1, "conditions", 1, "query_string", "values", 0),
    "Transform": (*RULES, 0, "transforms", 0),
    "Rewrite": (*RULES, 0, "transforms", 0, "url_rewrite"),
    "Action": (*RULES, 0, "action"),
    "Forward": (*RULES, 0, "action", "forward"),
    "GroupStickiness": (*RULES, 2, "action", "forward", "stickiness"),
    "UserKey": (*RULES, 2, "action", "forward", "user_key", 0),
    "WeightedGroup": (*RULES, 0, "action", "forward", "target_groups", 0),
    "Redirect": (*RULES, 1, "action", "redirect"),
    "FixedResponse": (*LISTENER, "default_action", "fixed_response"),
    "TargetGroup": GROUP,
    "TargetStickiness": (*GROUP, "stickiness"),
    "HealthCheck": (*GROUP, "health_check"),
    "TargetGroupHealth": (*GROUP, "target_group_health"),
    "UnhealthyStateRouting": (*GROUP, "target_group_health", "unhealthy_state_routing"),
    "Retries": (*GROUP, "retries"),
    "PassiveHealth": (*GROUP, "passive_health"),
    "Rollout": ROLLOUT,
    "RolloutStep": (*ROLLOUT, "steps", 0),
    "Pause": (*ROLLOUT, "steps", 1, "pause"),
    "AnalysisStep": (*ROLLOUT, "steps", 3, "analysis"),
    "RolloutMatch": (*ROLLOUT, "match", 0),
    "RolloutAnalysis": (*ROLLOUT, "analysis"),
    "RolloutMetric": METRIC,
    "BadAnswers": (*METRIC, "bad"),
}
DELETE = object()
LATENCY = {"type": "latency", "bad": DELETE}
THRESHOLD = {"type": "threshold", "bad": DELETE, "metric": "p99", "max": 1}
# What must stand beside a value for it to be in order.
BESIDE = {
    ("HealthCheck", "interval", 1): {"timeout": "100ms"},
    ("HealthCheck", "timeout", 120): {"interval": 300},
    ("TargetGroup", "load_balancing_anomaly_mitigation", "on"): {"load_balancing_algorithm_type": "weighted_random"},
    ("TargetStickiness", "type", "app_cookie"): {"cookie_name": "a"},
    ("RolloutMetric", "type", "latency"): LATENCY,
    ("RolloutMetric", "type", "threshold"): THRESHOLD,
    ("RolloutMetric", "slo_p99_max", 3600): LATENCY,
    ("RolloutMetric", "metric", "success_rate"): {"type": "threshold", "bad": DELETE, "min": "99%"},
    ("RolloutMetric", "metric", "p99"): THRESHOLD,
    ("RolloutMetric", "max", 3600): {**THRESHOLD, "max": 3600},
    ("RolloutMetric", "interval", 1): THRESHOLD,
    ("RolloutMetric", "interval", 86400): THRESHOLD,
    ("RolloutMetric", "failure_limit", 0): THRESHOLD,
    ("RolloutMetric", "failure_limit", 1000): THRESHOLD,
}
# Bounds of less than a second, which a number can't say: the schema's whole seconds are wider.
FINER = {("LoadBalancer", "request_header_timeout"), ("LoadBalancer", "target_connect_timeout"), ("TargetGroup", "target_idle_timeout"),
         ("TargetGroup", "pending_timeout"), ("HealthCheck", "timeout"), ("RolloutMetric", "slo_p99_max"), ("RolloutMetric", "max")}


def mapping_at(document, scope):
    for step in PLACES[scope]:
        document = document[step]
    return document


def with_value(scope, key, value, **beside):
    """The base file with that value, and `beside` in the same mapping."""
    document = copy.deepcopy(BASE)
    mapping = mapping_at(document, scope)
    for name, what in {key: value, **beside}.items():
        if what is DELETE:
            del mapping[name]
        else:
            mapping[name] = what
    return document


def mappings():
    return {name: definition for name, definition in SCHEMA["definitions"].items() if "properties" in definition}


def properties():
    for scope, definition in mappings().items():
        for key, value in definition["properties"].items():
            reference = value.get("$ref", "").rpartition("/")[2]
            yield scope, key, {**value, **SCHEMA["definitions"].get(reference, {})}


class Schema(Case):
    def verdicts(self, documents):
        """What `kanaria check` says of each: whether it would take it, and its words."""
        files = [self.write(f"{i}.yaml", json.dumps(document)) for i, document in enumerate(documents)]
        result = run_cli("check", *files, env={"DIR": str(self.dir)})
        taken = {}
        for file, errors in re.findall(r"^(\S+\.yaml): (fine|no errors|\d+ errors?)", result.stdout, re.M):
            taken[file] = errors in ("fine", "no errors")
        said = {str(file): [line for line in result.stderr.splitlines() if line.startswith(f"{file}:")] for file in files}
        return [(taken[str(file)], said[str(file)]) for file in files]

    def assert_verdicts(self, cases):
        """`cases`: what it is, the document, whether both take it."""
        cases = list(cases)
        for (name, document, good), (taken, said) in zip(cases, self.verdicts([document for _, document, _ in cases])):
            with self.subTest(name):
                self.assertEqual(taken, good, f"kanaria check: {said}")
                self.assertEqual(not faults_of(document), good, f"the schema: {faults_of(document)}")

    def test_it_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)
        self.assertEqual(faults_of(BASE), [])
        self.assertEqual(set(PLACES), set(mappings()))

    def test_every_example_names_it_and_holds_to_it(self):
        self.assertGreater(len(EXAMPLES), 5)
        for example in EXAMPLES:
            with self.subTest(example.name):
                text = example.read_text()
                self.assertTrue(text.startswith(MODELINE))
                self.assertEqual(faults_of(read_yaml(text)), [])

    def test_it_takes_what_show_prints(self):
        for example in [*EXAMPLES, self.write("base.yaml", json.dumps(BASE)), SOURCE / "packaging/kanaria.yaml"]:
            with self.subTest(example.name):
                shown = run_cli("show", "--config", example, env={"DIR": str(self.dir)})
                self.assertEqual(shown.returncode, 0, shown.stderr)
                self.assertEqual(faults_of(read_yaml(shown.stdout)), [])

    def test_numbers_have_the_daemons_bounds(self):
        def cases():
            for scope, key, value in properties():
                if "maximum" not in value:
                    continue
                low, high = value["minimum"], value["maximum"]
                for number, good in ((low - 1, False), (low, True), (high, True), (high + 1, False), (str(high), True)):
                    if number == low and (scope, key) in FINER:
                        continue
                    yield f"{scope}.{key}: {number!r}", with_value(scope, key, number, **BESIDE.get((scope, key, int(number)), {})), good

        self.assert_verdicts(cases())

    def test_words_are_the_daemons(self):
        def cases():
            for scope, key, value in properties():
                items = value.get("items", {})
                for choice, wrap in ((value, lambda word: word), (items, lambda word: [word])):
                    for option in choice.get("anyOf", []):
                        for word in option.get("enum", []):
                            if (scope, key) == ("Action", "type") and word != "forward":
                                continue
                            beside = BESIDE.get((scope, key, word), {})
                            yield f"{scope}.{key}: {word}", with_value(scope, key, wrap(word), **beside), True
                        if "enum" in option:
                            yield f"{scope}.{key}: nonsense", with_value(scope, key, wrap("nonsense")), False

        self.assert_verdicts(cases())

    def test_defaults_are_the_daemons(self):
        """Written out, they change nothing. Two can't be: the base file needs another value there."""
        needed = {("File", "state_dir"), ("Redirect", "host")}
        defaults = [(scope, key, value["default"]) for scope, key, value in properties() if "default" in value]
        self.assertGreater(len(defaults), 50)
        without, written = copy.deepcopy(BASE), copy.deepcopy(BASE)
        for scope, key, default in defaults:
            if (scope, key) not in needed:
                mapping_at(without, scope).pop(key, None)
                mapping_at(written, scope)[key] = default
        self.assertEqual(faults_of(written), [])
        shown = [run_cli("show", "--config", self.write("file.yaml", json.dumps(document)), env={"DIR": str(self.dir)})
                 for document in (without, written)]
        self.assertEqual((shown[1].returncode, shown[1].stderr), (0, shown[0].stderr))
        self.assertEqual(shown[1].stdout, shown[0].stdout)

    def test_a_key_that_is_needed_is_needed_by_both(self):
        def cases():
            for scope, definition in mappings().items():
                for key in definition.get("required", []):
                    yield f"{scope} without {key}", with_value(scope, key, DELETE), False

        self.assert_verdicts(cases())

    def test_any_scalar_may_be_a_variable(self):
        instead_of = {("Action", "target_group"): "forward", ("UserKey", "http_header"): "cookie"}
        for scope, key, value in properties():
            lists = any(option.get("type") == "array" for option in value.get("anyOf", []))
            if lists or value.get("type") in ("object", "array"):
                continue
            with self.subTest(f"{scope}.{key}"):
                other = instead_of.get((scope, key))
                beside = {other: DELETE} if other else {}
                if scope == "RolloutMetric":  # whatever type it is, its keys may be so
                    beside = {"type": "${VAR}"}
                self.assertEqual(faults_of(with_value(scope, key, "a${VAR}", **beside)), [])

    def test_both_refuse(self):
        self.assert_verdicts((str(change), with_value(*change[:3], **dict(*change[3:])), False) for change in (
            ("File", "nonsense", 1),
            ("File", "listeners", []),
            ("File", "listeners", {}),
            ("File", "load_balancer", None),
            ("File", "rollouts", {}),
            ("LoadBalancer", "idle_timeout", "60 s"),
            ("LoadBalancer", "idle_timeout", "060s"),
            ("LoadBalancer", "idle_timeout", True),
            ("LoadBalancer", "enable_http2", True),
            ("LoadBalancer", "max_request_body", "10MB"),
            ("LoadBalancer", "preserve_host_header", "yes"),
            ("LoadBalancer", "preserve_host_header", 1),
            ("LoadBalancer", "name", "two words"),
            ("Admin", "address", "0.0.0.0:9900"),
            ("Listener", "port", "http"),
            ("Listener", "address", "localhost"),
            ("Listener", "default_action", [{"target_group": "main"}]),
            ("Listener", "rules", {}),
            ("ProxyProtocol", "trusted", []),
            ("ProxyProtocol", "trusted", DELETE),
            ("Rule", "name", "default"),
            ("Rule", "conditions", []),
            ("Rule", "condition", []),
            ("Condition", "host_header", ["a"]),
            ("Condition", "path_pattern", []),
            ("Condition", "path_pattern", ["/" * 129]),
            ("Condition", "path_pattern", ["/{}"]),
            ("Condition", "path_pattern", "/a"),
            ("Patterns", "regex_values", ["a"]),
            ("HttpHeader", "regex_values", ["a"]),
            ("HttpHeader", "http_header_name", "Host"),
            ("Condition", "path_pattern", DELETE, {"source_ip": ["10.0.0.1"]}),
            ("Condition", "path_pattern", DELETE),
            ("QueryPair", "value", ""),
            ("Rewrite", "regex", ""),
            ("Transform", "host_header_rewrite", {"regex": "a", "replace": "b"}),
            ("Action", "target_group", "main"),
            ("Action", "forward", DELETE),
            ("Action", "type", "redirect"),
            ("Forward", "target_groups", []),
            ("Forward", "target_groups", [{"name": "main", "weight": 1}, {"name": "second"}]),
            ("WeightedGroup", "weight", 1000),
            ("WeightedGroup", "weight", "1%"),
            ("UserKey", "http_header", "X-User"),
            ("UserKey", "cookie", "AWSALB"),
            ("Redirect", "path", "no-slash"),
            ("Redirect", "protocol", "FTP"),
            ("Redirect", "query", "?a"),
            ("Redirect", "host", DELETE),
            ("FixedResponse", "status_code", 302),
            ("FixedResponse", "message_body", "a" * 1025),
            ("TargetGroup", "targets", "10.0.0.1:80"),
            ("TargetGroup", "targets", ["http://10.0.0.1:80"]),
            ("TargetGroup", "targets", [{"id": "10.0.0.1"}]),
            ("TargetGroup", "targets", ["10.0.0.1:80", "10.0.0.1:80"]),
            ("TargetGroup", "load_balancing_anomaly_mitigation", True),
            ("TargetStickiness", "type", "app_cookie", {"enabled": True}),
            ("HealthCheck", "path", "health"),
            ("HealthCheck", "path", "/#a"),
            ("HealthCheck", "matcher", "2xx"),
            ("HealthCheck", "matcher", "200, 201"),
            ("Retries", "retry_on", ["nonsense"]),
            ("Retries", "retry_on", ["connect_failure", "connect_failure"]),
            ("Retries", "budget", "20 %"),
            ("PassiveHealth", "on", "reset"),
            ("Rollout", "hooks", []),
            ("Rollout", "rule", "split"),
            ("Rollout", "steps", []),
            ("Rollout", "holdback", "50.01%"),
            ("Rollout", "holdback", 5),
            ("Rollout", "revision", "a b"),
            ("RolloutStep", "set_weight", 10),
            ("RolloutStep", "set_weight", "10"),
            ("RolloutStep", "set_weight", "0.001%"),
            ("RolloutStep", "set_weight", "100.5%"),
            ("RolloutStep", "set_weight", "-1%"),
            ("RolloutStep", "set_weight", DELETE),
            ("RolloutStep", "pause", {}),
            ("RolloutStep", "pause", "5m", {"set_weight": DELETE}),
            ("AnalysisStep", "min_canary_requests", "none"),
            ("RolloutMatch", "path_pattern", DELETE),
            ("RolloutMatch", "source_ip", ["10.0.0.1"]),
            ("RolloutAnalysis", "metrics", []),
            ("RolloutAnalysis", "false_rollback_rate", 0),
            ("RolloutAnalysis", "false_rollback_rate", 0.5),
            ("RolloutAnalysis", "false_rollback_rate", "1%"),
            ("RolloutAnalysis", "tolerance", 0.9),
            ("RolloutMetric", "slo_max", "0%"),
            ("RolloutMetric", "slo_max", "100%"),
            ("RolloutMetric", "slo_max", 0.05),
            ("RolloutMetric", "slo_p99_max", 1),
            ("RolloutMetric", "slo_max", "5%", LATENCY),
            ("RolloutMetric", "interval", 60),
            ("RolloutMetric", "metric", "p99", {"type": "threshold", "bad": DELETE}),
            ("RolloutMetric", "min", "99%", THRESHOLD),
            ("RolloutMetric", "type", "threshold", {"bad": DELETE}),
            ("BadAnswers", "matcher", "5xx")))

    def test_both_take(self):
        self.assert_verdicts((str(change), with_value(*change), True) for change in (
            ("File", "workers", "4"),
            ("LoadBalancer", "idle_timeout", "1500ms"),
            ("LoadBalancer", "max_request_body", "10MiB"),
            ("LoadBalancer", "preserve_host_header", "true"),
            ("LoadBalancer", "name", 7),
            ("Admin", "address", "[::1]:9900"),
            ("Admin", "address", "unix:/run/kanaria/admin.sock"),
            ("Listener", "address", "::1"),
            ("Listener", "port", "${UNSET:-8081}"),
            ("ProxyProtocol", "version", "${UNSET:-v2}"),
            ("Condition", "path_pattern", ["/", "/api/*", 7]),
            ("HttpHeader", "values", [True]),
            ("Values", "values", ["GET", "HEAD"]),
            ("FixedResponse", "message_body", ""),
            ("FixedResponse", "status_code", "503"),
            ("Redirect", "query", ""),
            ("Redirect", "port", "#{port}"),
            ("Rewrite", "replace", ""),
            ("TargetGroup", "targets", ["[::1]:80", "unix:/run/app.sock", "app.internal:80", "${UNSET:-10.0.0.1}:80"]),
            ("TargetGroup", "targets", []),
            ("HealthCheck", "matcher", 204),
            ("HealthCheck", "matcher", "200,204-299"),
            ("UnhealthyStateRouting", "minimum_healthy_targets_percentage", "50%"),
            ("Retries", "retry_on", []),
            ("File", "rollouts", []),
            ("Rollout", "holdback", "49.99%"),
            ("Rollout", "match", []),
            ("Rollout", "revision", "${UNSET:-2026-11-23.1}"),
            ("RolloutStep", "set_weight", "0%"),
            ("RolloutStep", "set_weight", "12.50%"),
            ("RolloutStep", "set_weight", "${UNSET:-5%}"),
            ("AnalysisStep", "max_wait", "30m"),
            ("RolloutAnalysis", "false_rollback_rate", 0.499999),
            ("RolloutAnalysis", "false_rollback_rate", "0.01"),
            ("RolloutAnalysis", "tolerance", 1.5),
            ("RolloutMetric", "slo_max", "0.0001%"),
            ("RolloutMetric", "slo_max", "none"),
            ("BadAnswers", "matcher", "429,500-599")))


if __name__ == "__main__":
    unittest.main()
