"""Targets changed by hand: `kanaria targets` and its API, over reloads and restarts."""

import json
import signal
import unittest

from support import Case, count_answers, config_text, free_port, get, read_answer, connect, run_cli

JSON = {"Content-Type": "application/json"}


class Targets(Case):
    def setUp(self):
        super().setUp()
        self.apps = [self.echo(name) for name in ("one", "two", "three")]
        self.daemon = self.start()

    def start(self):
        port, admin = free_port(), free_port()
        return self.kanaria_with(self.text(port, admin), port, admin)

    def text(self, port, admin, path="/*"):
        return config_text(port, admin, {"app-main": (1, [app.target for app in self.apps[:2]])}, path=path)

    def run_targets(self, *arguments, code=0, group="app-main"):
        result = run_cli("targets", group, *arguments, "--admin", f"127.0.0.1:{self.daemon.admin}")
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}{result.stderr}")
        return result

    def ask(self, method="GET", body=None, headers=None, group="app-main"):
        status, answer, _ = get(self.daemon.admin, f"/api/v1/target-groups/{group}/targets", method,
                                body if body is None or isinstance(body, (str, bytes)) else json.dumps(body),
                                JSON if headers is None else headers)
        return status, json.loads(answer)

    def states(self):
        return {row["target"]: (row["state"], row["source"]) for row in self.ask()[1]["targets"]}

    def answers(self):
        return set(count_answers(self.daemon.port, 12))

    def test_a_drained_target_gets_no_new_requests_until_it_is_undrained(self):
        one, two, _ = self.apps
        self.assertEqual(self.answers(), {"one", "two"})
        drained = self.run_targets("drain", two.target)
        self.assertIn(f"target group app-main: target {two.target} drained", drained.stdout)
        self.assertIn("a restart forgets it", drained.stderr)
        self.assertEqual(self.answers(), {"one"})
        self.assertEqual(self.states(), {one.target: ("unavailable", "file"), two.target: ("draining", "file")})
        self.assertIn("nothing changed", self.run_targets("drain", two.target).stdout)
        self.run_targets("undrain", two.target)
        self.assertEqual(self.answers(), {"one", "two"})

    def test_targets_come_and_go_by_hand(self):
        one, two, three = self.apps
        self.run_targets("register", three.target)
        self.assertEqual(self.answers(), {"one", "two", "three"})
        self.assertEqual(self.states()[three.target], ("unavailable", "hand"))
        self.run_targets("deregister", two.target)
        self.assertEqual(self.answers(), {"one", "three"})
        self.assertIn("nothing changed", self.run_targets("register", one.target).stdout)
        self.run_targets("--reset")
        self.assertEqual(self.answers(), {"one", "two"})
        self.assertIn("nothing changed", self.run_targets("--reset").stdout)

    def test_a_request_in_flight_outlives_its_targets_deregistration(self):
        held = self.scripted(lambda sock: (sock.recv(65536), began.append(sock), sock.recv(1)))
        began = []
        self.run_targets("register", held.target)
        self.run_targets("drain", self.apps[0].target)
        self.run_targets("deregister", self.apps[1].target)
        client = connect(self.daemon.port)
        self.addCleanup(client.close)
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while not began:
            self.assertIsNone(self.daemon.process.poll())
        self.run_targets("register", self.apps[1].target)
        self.run_targets("deregister", held.target)
        self.assertEqual(self.states()[held.target], ("draining", None))
        self.assertEqual(self.answers(), {"two"})
        began[0].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        self.assertEqual(read_answer(client)[0], 200)

    def test_they_outlive_reloads_and_a_restart_forgets_them(self):
        two, three = self.apps[1:]
        self.run_targets("drain", two.target)
        self.run_targets("register", three.target)
        self.daemon.config.write_text(self.text(self.daemon.port, self.daemon.admin, "/new/*"))
        self.daemon.signal(signal.SIGHUP)
        self.daemon.wait_for_line(f"override kept: target group app-main: target {two.target} drained")
        self.daemon.wait_for_line(f"override kept: target group app-main: target {three.target} registered")
        self.assertEqual(get(self.daemon.port, "/old")[0], 404, "the rest of the file is applied")
        self.assertEqual(set(count_answers(self.daemon.port, 12, path="/new/")), {"one", "three"})
        self.daemon.stop()
        self.daemon = self.start()
        self.assertEqual(self.answers(), {"one", "two"})

    def test_the_list_fits_a_terminal(self):
        self.run_targets("drain", self.apps[1].target)
        self.run_targets("register", "unix:/run/" + "long" * 20)
        listed = self.run_targets().stdout
        self.assertRegex(listed, rf"(?m)^{self.apps[0].target} +unavailable +0 +100% +file$")
        self.assertRegex(listed, rf"(?m)^{self.apps[1].target} +draining +0 +0% +file$")
        self.assertRegex(listed, r"Target.DeregistrationInProgress")
        self.assertRegex(listed, rf"(?m)^  {self.apps[1].target} drained$")
        self.assertRegex(listed, r"(?m)^    \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ by 127\.0\.0\.1:\d+ \(says .*$")
        for line in listed.splitlines():
            if "longlong" not in line:
                self.assertLessEqual(len(line), 80, line)

    def test_what_is_not_there_is_answered_with_what_was_meant(self):
        one = self.apps[0].target
        self.assertIn('did you mean "app-main"?', self.run_targets(code=1, group="app-mian").stderr)
        self.assertIn('did you mean "app-main"?', self.run_targets("drain", one, code=1, group="app-mian").stderr)
        self.assertIn("did you mean", self.run_targets("drain", one[:-1], code=1).stderr)
        self.assertIn("in target group app-main", self.run_targets("deregister", "app.test:80", code=1).stderr)
        self.assertIn("needs a port", self.run_targets("register", "127.0.0.1", code=1).stderr)
        self.run_targets("drian", one, code=2)
        self.run_targets("drain", code=2)
        self.run_targets("drain", one, "--reset", code=2)
        self.run_targets(code=2, group="a/b")

    def test_the_last_target_of_a_rule_stays(self):
        one, two, _ = self.apps
        self.run_targets("drain", one.target)
        for action in ("drain", "deregister"):
            self.assertIn("without a target", self.run_targets(action, two.target, code=1).stderr)
        self.assertEqual(self.answers(), {"two"})

    def test_every_change_is_one_line_of_the_log(self):
        two = self.apps[1].target
        self.run_targets("drain", two)
        self.daemon.wait_for_line(rf'targets of "app-main" changed by 127\.0\.0\.1:\d+ \(says .*\): drain "{two}": .* drained')
        self.run_targets("drain", "app.test:80", code=1)
        self.daemon.wait_for_line('drain "app.test:80": refused: there is no target')
        self.run_targets("--reset")
        self.daemon.wait_for_line("changed by .*: reset: ")

    def test_the_api_takes_nothing_but_changes(self):
        change = {"target": self.apps[1].target, "action": "drain"}
        for description, status, arguments in (
                ("no JSON type", 415, {"body": change, "headers": {}}),
                ("a form", 415, {"body": change, "headers": {"Content-Type": "text/plain"}}),
                ("another Origin", 403, {"body": change, "headers": {**JSON, "Origin": "http://evil.example"}}),
                ("another Host", 403, {"body": change, "headers": {**JSON, "Host": "evil.example"}}),
                ("no body", 400, {}),
                ("no JSON", 400, {"body": "{"}),
                ("deep JSON", 400, {"body": "[" * 10000}),
                ("no object", 400, {"body": [change]}),
                ("no action", 400, {"body": {"target": "a:80"}}),
                ("a number", 400, {"body": {**change, "target": 80}}),
                ("another key", 400, {"body": {**change, "force": True}}),
                ("an unknown action", 400, {"body": {**change, "action": "drian"}}),
                ("no target", 422, {"body": {**change, "target": ""}}),
                ("a control character", 422, {"body": {**change, "target": "unix:/a\n"}}),
                ("a large body", 413, {"body": {**change, "target": "a" * 17000}}),
                ("an unknown group", 404, {"body": change, "group": "app-mian"}),
        ):
            with self.subTest(description):
                answer = self.ask("POST", **arguments)
                self.assertEqual(answer[0], status, answer)
                self.assertIn("code", answer[1]["error"])
        self.assertEqual(self.ask("DELETE", headers={})[0], 415)
        self.assertEqual(self.ask("PUT", change)[0], 405)
        self.assertEqual(self.ask(group="app-mian")[0], 404)
        self.assertEqual(self.ask()[1]["overrides"], [])
        self.assertEqual(self.ask("POST", change)[0], 200)
        self.assertEqual([one["override"] for one in self.ask()[1]["overrides"]], ["drained"])


if __name__ == "__main__":
    unittest.main()
