"""Each command as an operator types it: once as it should go, once as it shouldn't."""

import json
import re
import unittest

from support import SOURCE, Case, Program, config_text, connect, free_port, get, read_to_end, run_cli, BIN


class Commands(Case):
    def file(self, main=90, canary=10, name="file.yaml", **settings):
        groups = {"app-main": (main, ["127.0.0.1:9001"]), "app-canary": (canary, ["127.0.0.1:9002"])}
        return self.write(name, config_text(18080, 19900, groups, **settings))

    def assert_run(self, code, *arguments, **settings):
        result = run_cli(*arguments, **settings)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}{result.stderr}")
        self.assertNotIn("Sanitizer", result.stderr)
        return result

    def test_version_names_the_libraries(self):
        self.assertRegex(self.assert_run(0, "--version").stdout, r"^kanaria \d+\.\d+\.\d+\nBoost 1\.81\.0, OpenSSL 3\.\d.*yaml-cpp \d.*RE2.*c-ares \d.*prometheus-cpp \d")

    def test_every_command_has_help_with_an_example(self):
        overview = self.assert_run(0, "--help").stdout
        for command in ("serve", "check", "show", "diff", "explain", "probe", "reload", "status", "weights", "targets",
                        "rollout", "errors", "healthcheck", "completion"):
            with self.subTest(command):
                self.assertIn(f"\n  {command} ", overview)
                self.assertRegex(self.assert_run(0, command, "--help").stdout, f"Example:\n  .*kanaria {command}")

    def test_usage_errors_are_exit_2(self):
        for arguments in ([], ["nonsense"], ["check"], ["check", "--nonsense", "x"], ["serve"], ["diff"],
                          ["weights"], ["rollout"], ["rollout", "status"], ["rollout", "set-weight", "checkout"],
                          ["rollout", "promote", "checkout", "--yes"], ["rollout", "status", "checkout", "--timeout", "1h"],
                          ["rollout", "status", "checkout", "--wait", "--timeout", "0s"], ["rollout", "abort", "a/b"],
                          ["explain", "GET"], ["probe", "shop.test"], ["probe", "http://shop.test/", "-n", "0"],
                          ["probe", "http://shop.test/", "-H", "no colon"], ["probe", "https://shop.test/"],
                          ["healthcheck", "--admin", "nonsense"], ["completion"], ["completion", "csh"]):
            with self.subTest(arguments):
                self.assert_run(2, *arguments)

    def test_a_command_of_commands_without_one_shows_its_help(self):
        shown = self.assert_run(2, "rollout").stderr
        self.assertEqual(shown, self.assert_run(0, "rollout", "--help").stdout)
        for verb in ("list", "status", "start", "promote", "pause", "resume", "abort", "retry", "set-weight"):
            self.assertIn(f"\n  {verb} ", shown)
            self.assertRegex(self.assert_run(0, "rollout", verb, "--help").stdout, f"Example:\n  kanaria rollout {verb}")

    def test_a_misspelt_command_is_answered_with_what_was_meant(self):
        self.assertIn('unknown command "chek": did you mean "check"?', self.assert_run(2, "chek", "x").stderr)
        self.assertIn('unknown option "-v"', self.assert_run(2, "-v").stderr)
        self.assertIn('unknown command "strat": did you mean "start"?', self.assert_run(2, "rollout", "strat", "x").stderr)
        self.assertIn("kanaria keys --help lists them", self.assert_run(2, "keys", "explode").stderr)
        self.assertIn("there is only --help", self.assert_run(2, "rollout", "--admin", "127.0.0.1:1", "abort", "x").stderr)

    def test_check_says_all_faults_at_once(self):
        text = (self.dir / self.file()).read_text()
        rule = text.replace("path_pattern:", "path_pattern: {regex_values: [\"(\"]} #", 1).replace("app-main", "app-mani", 1)
        result = self.assert_run(78, "check", self.write("faults.yaml", rule))
        self.assertIn("regular expression can't be used", result.stderr)
        self.assertIn("there is no target group", result.stderr)
        self.assertIn("2 errors", result.stdout)

    def test_check_prints_shares_and_warnings(self):
        result = self.assert_run(0, "check", self.file())
        self.assertRegex(result.stdout, r"http-18080/canary\s+app-main 90 \(90\.0%\)\s+app-canary 10 \(10\.0%\)")
        odd = self.file(0, 0, name="odd.yaml")
        self.assertIn("warning", self.assert_run(0, "check", odd).stderr)
        self.assert_run(78, "check", "--strict", odd)
        self.assert_run(78, "check", odd, "--strict", self.file())

    def test_check_prints_what_rollouts_do(self):
        example = (SOURCE / "config/rollout.yaml").read_text()
        result = self.assert_run(0, "check", self.write("rollout.yaml", example), env={"STATE_DIRECTORY": str(self.dir)})
        self.assertRegex(result.stdout, r"rollout checkout +http/canary +app-main -> app-canary\n"
                                        r" +1% 5m, 10% analysis, 50% until promote, 100%, bake 10m\n +at least 15m;")

    def test_check_compiles_the_matches_of_rollouts(self):
        example = (SOURCE / "config/rollout.yaml").read_text().replace("values: [always]", 'regex_values: ["("]')
        result = self.assert_run(78, "check", self.write("rollout.yaml", example), env={"STATE_DIRECTORY": str(self.dir)})
        line = example[:example.index("regex_values")].count("\n") + 1
        self.assertRegex(result.stderr, rf"rollout\.yaml:{line}:\d+: error: .*regular expression")
        self.assertIn("1 error,", result.stdout)

    def test_check_goes_on_after_a_bad_file(self):
        bad = self.write("bad.yaml", "listeners: 7\n")
        result = self.assert_run(78, "check", bad, self.file())
        self.assertIn("app-canary 10 (10.0%)", result.stdout)

    def test_every_example_passes_check(self):
        examples = [file for file in (SOURCE / "config").glob("*.yaml") if not file.name.startswith("alerts")]
        files = sorted([*examples, SOURCE / "docker/kanaria/kanaria.yaml"])
        self.assertIn("canary.yaml", [file.name for file in files])
        for file in [*files, SOURCE / "packaging" / "kanaria.yaml"]:
            with self.subTest(file.name):
                self.assert_run(0, "check", "--strict", file, env={"STATE_DIRECTORY": str(self.dir)})

    def test_show_prints_what_passes_check_and_shows_the_same(self):
        shown = self.assert_run(0, "show", "--config", self.file()).stdout
        self.assertIn("drain_timeout: 25s", shown)
        again = self.write("shown.yaml", shown)
        self.assert_run(0, "check", again)
        self.assertEqual(self.assert_run(0, "show", "--config", again).stdout, shown)
        self.assert_run(78, "show", "--config", self.dir / "missing.yaml")

    def test_diff_says_what_would_change(self):
        before, after = self.file(), self.file(50, 50, name="after.yaml")
        result = self.assert_run(3, "diff", "--config", before, after)
        self.assertIn("app-canary", result.stdout)
        self.assertRegex(result.stdout, r"10.*50")
        self.assertIn("nothing would change", self.assert_run(0, "diff", before, "--config", before).stdout)
        self.assert_run(78, "diff", "--config", before, self.dir / "missing.yaml")

    def test_explain_follows_a_request(self):
        file = self.file(path="/api/*")
        result = self.assert_run(0, "explain", "GET", "http://shop.test:18080/api/cart?beta=1", "--config", file,
                                 "--from", "203.0.113.7", "-H", "X-Canary: always")
        for pattern in (r"listener +http-18080", r"rule +10 +canary +YES .*/api/", r"forward +app-main +90 +90\.0%",
                        r"app-canary +10 +10\.0%", r"split shuffled", r"sends +GET /api/cart\?beta=1 HTTP/1\.1",
                        r"X-Canary: always", r"X-Forwarded-For: 203\.0\.113\.7", r"limits +connect 3s, answer (1m|60s)"):
            self.assertRegex(result.stdout, pattern)

    def test_explain_says_why_a_rule_was_passed_over(self):
        file = self.file(path="/api/*")
        result = self.assert_run(0, "explain", "--config", file, "GET", "http://shop.test:18080/other")
        self.assertRegex(result.stdout, r"rule +10 +canary +no +.*path_pattern")
        self.assertRegex(result.stdout, r"rule +default +default +YES  it takes what no other rule matches\n")
        self.assertRegex(result.stdout, r"answers +404")

    def test_explain_says_what_is_refused_whatever_the_rule_does(self):
        result = self.assert_run(0, "explain", "--config", self.file(path="/api/*"), "GET", "http://shop.test:18080/other",
                                 "-H", "X-Forwarded-For: " + ", ".join(["192.0.2.1"] * 31))
        self.assertRegex(result.stdout, r"answers +463")
        self.assertNotIn("404", result.stdout)

    def test_explain_refuses_what_it_cannot_know(self):
        file = self.file()
        self.assertIn("http-18080", self.assert_run(2, "explain", "--config", file, "GET", "http://shop.test/").stderr)
        self.assert_run(0, "explain", "--config", file, "GET", "http://shop.test/", "--listener", "http-18080")
        self.assert_run(2, "explain", "--config", file, "GET", "http://shop.test:18080/", "--from", "somewhere")
        self.assertIn("405", self.assert_run(2, "explain", "--config", file, "TRACE", "http://shop.test:18080/").stderr)

    def test_probe_counts_by_name_by_header_and_by_status(self):
        app = self.echo("app-main", "--body-size", "4KiB")
        failing = self.echo("app", "--status", "503", "--delay", "1ms")
        url = f"http://{app.target}/"
        self.assertRegex(self.assert_run(0, "probe", url, "-n", "20", "-c", "3").stdout, r"app-main +20 +100\.0%")
        self.assertRegex(self.assert_run(0, "probe", url, "-n", "7", "--count-by", "Content-Length").stdout, r"4096 +7 ")
        self.assertRegex(self.assert_run(0, "probe", f"http://{failing.target}/", "-n", "3").stdout, r"app +3 ")
        self.assertRegex(self.assert_run(0, "probe", f"{url}__echo", "-n", "3").stdout, r"HTTP 200 +3 ")

    def test_probe_without_anyone_there_is_exit_1(self):
        result = self.assert_run(1, "probe", f"http://127.0.0.1:{free_port()}/", "-n", "5")
        self.assertRegex(result.stdout, r"no answer: .*refused +5 ")

    def test_probe_without_a_counted_answer_is_not_plausible(self):
        groups = {"app-main": (1, ["127.0.0.1:9001"])}
        app = self.echo("somebody-else")
        for port in (app.port, free_port()):
            file = self.write("expected.yaml", config_text(port, free_port(), groups))
            result = self.assert_run(3, "probe", f"http://127.0.0.1:{port}/", "-n", "3", "--config", file)
            self.assertIn("NOT plausible: no answer names a target group", result.stdout)

    def test_probe_finds_a_wrong_split_implausible(self):
        app = self.echo("app-canary")
        groups = {"app-main": (90, ["127.0.0.1:9001"]), "app-canary": (10, ["127.0.0.1:9002"])}
        file = self.write("expected.yaml", config_text(app.port, free_port(), groups))
        result = self.assert_run(3, "probe", f"http://{app.target}/", "-n", "50", env={"KANARIA_CONFIG": str(file)})
        self.assertIn("NOT plausible", result.stdout)

    def test_client_commands_find_the_daemon(self):
        daemon = self.kanaria({"app": (1, [])})
        admin = f"127.0.0.1:{daemon.admin}"
        self.assert_run(0, "healthcheck", "--admin", admin)
        self.assert_run(0, "healthcheck", env={"KANARIA_ADMIN": admin})
        self.assert_run(0, "healthcheck", env={"KANARIA_CONFIG": str(daemon.config)})
        self.assert_run(0, "reload", "--admin", admin)
        off = self.write("off.yaml", daemon.config.read_text().replace(f'"{admin}"', "none"))
        for command in (["healthcheck"], ["reload"], ["targets", "app"]):
            self.assertIn("turns the admin listener off", self.assert_run(1, *command, "--config", off).stderr)
        nobody = f"127.0.0.1:{free_port()}"
        self.assertIn(nobody, self.assert_run(1, "healthcheck", "--admin", nobody).stderr)
        self.assertIn(nobody, self.assert_run(1, "reload", "--admin", nobody).stderr)

    def test_the_admin_listener_may_be_a_unix_socket(self):
        place = f"unix:{self.dir}/admin.sock"
        text = config_text(free_port(), 1, {"app": (1, [])})
        file = self.write("unix.yaml", re.sub(r"address: \"127\.0\.0\.1:1\"", f'address: "{place}"', text))
        daemon = Program([BIN / "kanaria", "serve", "--config", file])
        self.addCleanup(lambda: self.assertEqual(daemon.stop(), 0, daemon.output()))
        while run_cli("healthcheck", "--admin", place).returncode != 0:
            self.assertIsNone(daemon.process.poll(), daemon.output())
        self.assertIn("nothing changed", self.assert_run(0, "reload", env={"KANARIA_CONFIG": str(file)}).stdout)

    def test_a_page_elsewhere_cannot_make_changes(self):
        daemon = self.kanaria({"app": (1, [])})
        json_type = {"Content-Type": "application/json"}
        cases = {
            "no JSON": {},
            "a form": {"Content-Type": "text/plain"},
            "another Origin": {**json_type, "Origin": "http://evil.example"},
            "another Host": {**json_type, "Host": "evil.example"},
        }
        for description, headers in cases.items():
            with self.subTest(description):
                status, body, _ = get(daemon.admin, "/api/v1/reload", "POST", headers=headers)
                self.assertIn(status, (400, 403, 415, 421), body)
                self.assertIn("code", json.loads(body)["error"])
        for path, method, allow in (("/api/v1/reload", "GET", "POST"), ("/metrics", "POST", "GET, HEAD")):
            status, _, answered = get(daemon.admin, path, method)
            self.assertEqual((status, answered["Allow"]), (405, allow))
        with connect(daemon.admin) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n")
            self.assertRegex(read_to_end(sock), rb"^HTTP/1.1 400 .*(?s:.*)malformed_request_body")
        self.assertEqual(get(daemon.admin, "/api/v1/reload", "POST", headers=json_type)[0], 200)


class Echo(Case):
    def test_it_describes_what_it_received_in_order(self):
        app = self.echo("app")
        _, body, _ = get(app.port, "/__echo?x=1", "PUT", b"hello", {"X-B": "1", "X-A": "2"})
        received = json.loads(body)
        self.assertEqual((received["method"], received["target"], received["body_length"]), ("PUT", "/__echo?x=1", 5))
        names = [name for name, _ in received["headers"]]
        self.assertLess(names.index("X-B"), names.index("X-A"))

    def test_fail_rate_fails_some(self):
        app = self.echo("app", "--fail-rate", "0.5")
        statuses = [get(app.port)[0] for _ in range(200)]
        self.assertEqual(set(statuses), {200, 500})


if __name__ == "__main__":
    unittest.main()
