"""What Prometheus makes of /metrics, and of what is written for it: alerts, dashboard and the examples of docs/metrics.md."""

import concurrent.futures
import json
import re
import shutil
import subprocess
import time
import unittest
import urllib.parse

from support import (LONG, SOURCE, TIMEOUT, Case, Program, config_text, free_port, get, read_head, read_to_end, run_cli)

PROMTOOL = shutil.which("promtool")
ALERTS = SOURCE / "config/alerts.yaml"
DASHBOARD = SOURCE / "config/grafana.json"
PAGE = SOURCE / "docs/metrics.md"


def promtool(*arguments, text=None):
    result = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True,
                            timeout=TIMEOUT, cwd=SOURCE, check=False)
    return result.returncode, result.stdout + result.stderr


def names_in(text):
    """Metrics without their prefix, and without what belongs to a histogram's or summary's own series."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"(?<![:\w])kanaria_(\w+)", text)}


def dashboard_expressions():
    dashboard = json.loads(DASHBOARD.read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def examples():
    """The PromQL of docs/metrics.md."""
    return re.findall(r"^```promql\n(.*?)^```", PAGE.read_text(), re.M | re.S)


class Metrics(Case):
    def daemon(self, with_rollout=False):
        """Of 101 requests 90 for main, 10 for the canary, half of whose fail, and 1 for a target that nobody is. The rollout
        has begun, and is of a rule that they don't meet."""
        main, canary = self.echo("main"), self.echo("canary", "--fail-rate", "0.5")
        self.port, self.admin = free_port(), free_port()
        groups = {"app-main": (90, [main.target]), "app-canary": (10, [canary.target]),
                  "app-gone": (1, [f"127.0.0.1:{free_port()}"])}
        text = config_text(self.port, self.admin, groups, workers=2)
        if not with_rollout:
            return self.kanaria_with(text, self.port, self.admin)
        (self.dir / "state").mkdir(mode=0o750)
        two = "{target_groups: [{name: app-main, weight: 1}, {name: app-canary, weight: 0}]}"
        rollout = {"name": "checkout", "rule": f"http-{self.port}/default", "stable": "app-main", "canary": "app-canary",
                   "revision": "r1", "steps": [{"set_weight": "10%"}, {"pause": {}}, {"set_weight": "100%"}]}
        text = re.sub("fixed_response: .*", f"forward: {two}", text) + f"state_dir: {self.dir / 'state'}\n"
        daemon = self.kanaria_with(text + f"rollouts: {json.dumps([rollout])}\n", self.port, self.admin)
        run_cli("rollout", "start", "checkout", "--admin", f"127.0.0.1:{self.admin}")
        return daemon

    def ask(self, requests):
        """On a connection each: after a 502 it is closed."""
        for _ in range(requests):
            get(self.port)


class Exported(Metrics):
    @staticmethod
    def await_counted(daemon, requests):
        """A request is counted after its last byte went out."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline and sum(
                map(float, re.findall(r"^kanaria_request_duration_seconds_count{.*} (\S+)$", daemon.metrics(), re.M))) < requests:
            pass

    def exported(self):
        """Each metric that the daemon can tell of: a family is there without a sample too."""
        return dict(re.findall(r"^# TYPE kanaria_(\w+) (\w+)$", self.daemon().metrics(), re.M))

    def test_times_are_told_by_group_and_by_who_answered(self):
        daemon = self.daemon()
        self.ask(101)
        self.await_counted(daemon, 101)
        for group, by, count in (("app-main", "target", 90), ("app-canary", "target", 10), ("app-gone", "kanaria", 1)):
            labels = {"target_group": group, "answered_by": by}
            self.assertEqual(daemon.metric("request_duration_seconds_count", **labels), count, group)
            self.assertEqual(daemon.metric("request_duration_seconds_bucket", le="+Inf", **labels), count, group)
            self.assertGreater(daemon.metric("request_duration_seconds_sum", **labels), 0)
            answered = count if by == "target" else 0
            self.assertEqual(daemon.metric("target_response_seconds_count", **labels), answered, group)

    def test_a_target_that_closes_is_timed_and_one_that_hangs_is_not(self):
        closing, hanging = self.scripted(read_head), self.scripted(read_to_end)
        daemon = self.kanaria({"closing": (1, [closing.target])})
        self.assertEqual(get(daemon.port)[0], 502)
        self.await_counted(daemon, 1)
        self.assertEqual(daemon.metric("target_response_seconds_count", target_group="closing", answered_by="kanaria"), 1)

        # At least one of the two meets the target that closes first, and then the other one.
        daemon = self.kanaria({"both": (1, [closing.target, hanging.target])}, load_balancer={"idle_timeout": "1s"})
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(get, [daemon.port] * 2))
        self.assertEqual([answer[0] for answer in answers], [504, 504])
        self.await_counted(daemon, 2)
        self.assertGreater(daemon.metric("retries_total"), 0)
        self.assertEqual(daemon.metric("request_duration_seconds_count", answered_by="kanaria"), 2)
        self.assertEqual(daemon.metric("target_response_seconds_count"), 0)

    def test_every_metric_of_the_page_exists_and_the_other_way_round(self):
        rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (counter|gauge|histogram|summary) \|", PAGE.read_text(), re.M)
        described = {name: kind for names, kind in rows for name in re.findall(r"`(\w+)`", names)}
        self.assertEqual(described, self.exported())

    def test_alerts_and_dashboard_name_only_what_there_is(self):
        known = set(self.exported())
        for file in (ALERTS, ALERTS.with_name("alerts_test.yaml"), DASHBOARD):
            used = names_in(file.read_text())
            self.assertGreater(len(used), 5, file)
            self.assertEqual(used - known, set(), file)

    def test_names_are_found_where_they_stand(self):
        self.assertEqual(names_in("rate(kanaria_a_total[5m]) / kanaria_b_seconds_bucket + rule:kanaria_c:rate5m"),
                         {"a_total", "b_seconds"})


@unittest.skipUnless(PROMTOOL or LONG, "promtool is not installed (Debian's package prometheus)")
class Prometheus(Metrics):
    def test_promtool_finds_nothing_in_metrics(self):
        daemon = self.daemon()
        self.ask(101)
        get(self.port, "/", headers={"Host": "a b"})
        self.assertEqual(promtool("check", "metrics", text=daemon.metrics()), (0, ""))

    def test_promtool_would_find_something(self):
        text = "# HELP kanaria_requests of what?\n# TYPE kanaria_requests counter\nkanaria_requests 1\n"
        self.assertIn("kanaria_requests", promtool("check", "metrics", text=text)[1])

    def test_alerts_are_rules_and_pass_their_tests(self):
        code, said = promtool("check", "rules", ALERTS)
        self.assertEqual(code, 0, said)
        code, said = promtool("test", "rules", ALERTS.with_name("alerts_test.yaml"))
        self.assertEqual(code, 0, said)

    def test_each_alert_is_tried_and_explained(self):
        alerts = re.findall(r"- alert: (\w+)\n(.*?)(?=\n\n|\Z)", ALERTS.read_text(), re.S)
        tried = re.findall(r"alertname: (\w+)\n\s+eval_time: \w+\n\s+exp_alerts:\n\s+- exp_labels",
                           ALERTS.with_name("alerts_test.yaml").read_text())
        self.assertEqual({name for name, _ in alerts} - set(tried), set())
        for name, body in alerts:
            self.assertRegex(body, r"(?s)severity: .*summary: .*description: ", name)
        self.assertEqual(set(re.findall(r"`(Kanaria\w+)`", PAGE.read_text())), {name for name, _ in alerts})

    def test_dashboard_and_examples_find_what_prometheus_has_scraped(self):
        self.daemon(with_rollout=True)
        config = self.write("prometheus.yml", "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
                            "scrape_configs: [{job_name: kanaria, static_configs: [{targets: "
                            f"[\"127.0.0.1:{self.admin}\"]}}]}}]\n")
        port = free_port()
        server = Program(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.dir / 'tsdb'}",
                          f"--web.listen-address=127.0.0.1:{port}"])
        self.addCleanup(self._end, server)
        server.wait_for_line("Server is ready")

        def ask(expression):
            expression = re.sub(r"\$__rate_interval|\b[15]m\b", "30s", expression)
            expression = re.sub(r"\$\w+", ".*", expression)
            status, body, _ = get(port, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
            self.assertEqual(status, 200, f"{expression}\n{body.decode()}")
            return json.loads(body)["data"]["result"]

        for _ in range(2):  # a counter has a rate once it was seen twice
            self.ask(202)
            scraped, deadline = f"timestamp(kanaria_build_info) > {time.time()}", time.monotonic() + TIMEOUT
            while not ask(scraped):
                self.assertLess(time.monotonic(), deadline, server.output())
                time.sleep(0.05)
        rare = re.compile("fail_open|refused_total|pending|retries_total")  # nothing of these happens here
        for expression in [*dashboard_expressions(), *examples()]:
            with self.subTest(expression):
                found = ask(expression)
                if not rare.search(expression):
                    self.assertTrue(found)


if __name__ == "__main__":
    unittest.main()
