"""Start, reload and end of the daemon: bad input, ports in use, faults at reload, drain."""

import os
import signal
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

from support import (BIN, TIMEOUT, Case, config_text, connect, count_answers, free_port, get, read_answer,
                     read_head, read_to_end, run_cli)

FINE = """\
listeners:
  - port: 18080
    rules:
      - priority: 10
        conditions: [{path_pattern: ["/"]}]
        action: {forward: {target_groups: [{name: app-main, weight: 90}, {name: app-canary, weight: 10}]}}
    default_action: {fixed_response: {status_code: 404}}
target_groups:
  - {name: app-main, targets: ["127.0.0.1:9001"]}
  - {name: app-canary, targets: ["127.0.0.1:9002"]}
"""
GROUPS = "".join(f", {{name: g{number}, weight: 1}}" for number in range(5))
# description -> (text, the place that must be named, a word of the message)
BAD = {
    "empty": ("", "", ""),
    "syntax error": (FINE.replace("conditions: [{", "conditions: [{{", 1), ":5:", ""),
    "tab": (FINE.replace("    rules:", "\trules:", 1), ":3:", ""),
    "unknown key": (FINE.replace("priority: 10", "prioritty: 10"), ":4:", "priority"),
    "doubled key": (FINE.replace("- port: 18080", "- port: 18080\n    port: 18081"), ":3:", "port"),
    "alias": (FINE.replace('targets: ["127.0.0.1:9001"]', 'targets: &a ["127.0.0.1:9001"]').replace('targets: ["127.0.0.1:9002"]', "targets: *a"), ":", ""),
    "second document": (FINE + "---\n" + FINE, ":", "document"),
    "weight 1000": (FINE.replace("weight: 90", "weight: 1000"), ":6:", "weight"),
    "weight -1": (FINE.replace("weight: 90", "weight: -1"), ":6:", "weight"),
    "weight ten": (FINE.replace("weight: 90", 'weight: "ten"'), ":6:", "ten"),
    "weight 010": (FINE.replace("weight: 90", "weight: 010"), ":6:", "010"),
    "six groups": (FINE.replace("weight: 90}", "weight: 90}" + GROUPS), ":6:", ""),
    "unknown group": (FINE.replace("{name: app-canary, weight: 10}", "{name: app-canari, weight: 10}"), ":6:", "app-canary"),
    "two rules with one priority": (FINE.replace("    default_action", "      - {priority: 10, conditions: [{path_pattern: [/x]}], action: {target_group: app-main}}\n    default_action"), ":7:", "10"),
    "bad regular expression": (FINE.replace('path_pattern: ["/"]', 'path_pattern: {regex_values: ["("]}'), ":5:", ""),
    "not available yet": (FINE + "state_dir: /tmp\n", ":11:", "not available yet"),
}


class BadInput(Case):
    def assert_refused(self, path, place, word):
        for command in (["check", path], ["serve", "--config", path]):
            with self.subTest(command=command[0]):
                result = run_cli(*command)
                text = result.stdout + result.stderr
                self.assertEqual(result.returncode, 78, text)
                self.assertIn(f"{path}{place}", text)
                self.assertIn(word, text)

    def test_each_bad_file_is_refused_with_its_place(self):
        for description, (text, place, word) in BAD.items():
            with self.subTest(description):
                self.assert_refused(self.write("bad.yaml", text), place, word)

    def test_a_missing_file_and_a_directory_are_refused(self):
        self.assert_refused(self.dir / "missing.yaml", "", "")
        self.assert_refused(self.dir, "", "")

    def test_all_faults_are_reported_at_once(self):
        text = FINE.replace("weight: 90", "weight: 1000").replace("127.0.0.1:9002", "127.0.0.1:99999")
        result = run_cli("check", self.write("bad.yaml", text))
        self.assertIn(":6:", result.stderr)
        self.assertIn(":10:", result.stderr)

    def test_the_file_that_the_others_were_made_from_is_fine(self):
        result = run_cli("check", self.write("fine.yaml", FINE))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Ports(Case):
    def assert_port_refused(self, text, port, run=run_cli):
        result = run("serve", "--config", self.write("second.yaml", text))
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(str(port), result.stderr)

    def test_a_port_in_use_is_exit_1(self):
        port = free_port()
        with socket.create_server(("127.0.0.1", port)):
            self.assert_port_refused(config_text(port, free_port(), {"app": (1, [])}), port)

    def test_a_second_kanaria_on_the_same_port_is_exit_1_and_takes_no_traffic(self):
        app = self.echo("app")
        daemon = self.kanaria({"app": (1, [app.target])}, workers=2)
        self.assert_port_refused(config_text(daemon.port, free_port(), {"app": (1, [])}, workers=2), daemon.port)
        self.assertEqual(count_answers(daemon.port, 50, 5), {"app": 50})

    def test_a_privileged_port_without_the_right_is_exit_1(self):
        start = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))
        if start <= 81:
            self.skipTest("every port may be used here")
        text = config_text(81, free_port(), {"app": (1, [])})
        path = self.write("second.yaml", text)
        self.dir.chmod(0o755)
        command = [str(BIN / "kanaria"), "serve", "--config", str(path)]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all",
                       "--inh-caps=-all"] + command
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if "failed to execute" in result.stderr:
            self.skipTest("the binaries can't be reached by an ordinary user here")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn("81", result.stderr)


class Reload(Case):
    def start(self):
        self.app = self.echo("app")
        return self.kanaria({"app": (1, [self.app.target])})

    def test_nothing_changed_is_said(self):
        self.assertIn("nothing changed", self.start().reload().stdout)

    def test_faults_change_nothing_and_are_loud(self):
        daemon = self.start()
        self.assertEqual(daemon.metric("config_last_reload_success"), 1)
        good = daemon.config.read_text()
        daemon.config.write_text(good.replace("weight: 1}", "weight: 1000}"))
        result = daemon.reload(check=False)
        self.assertEqual(result.returncode, 78, result.stdout + result.stderr)
        self.assertIn("weight", result.stderr)
        self.assertIn(f"{daemon.config}:", result.stderr)
        daemon.wait_for_line("weight")
        self.assertEqual(daemon.metric("config_last_reload_success"), 0)
        self.assertEqual(count_answers(daemon.port, 10), {"app": 10})
        daemon.config.write_text(good)
        daemon.reload()
        self.assertEqual(daemon.metric("config_last_reload_success"), 1)

    def test_faults_at_hup_are_in_the_log(self):
        daemon = self.start()
        daemon.config.write_text(daemon.config.read_text().replace("weight: 1}", "weight: 1000}"))
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line(rf"{daemon.config}:\d+:\d+")
        self.assertEqual(count_answers(daemon.port, 10), {"app": 10})

    def test_listeners_come_and_go_and_others_are_not_touched(self):
        daemon = self.start()
        first = daemon.config.read_text()
        other = free_port()
        added = first.replace("target_groups:\n  - {name: app,", f"  - port: {other}\n    address: 127.0.0.1\n    default_action: {{target_group: app}}\ntarget_groups:\n  - {{name: app,")
        self.assertNotEqual(first, added)
        with connect(daemon.port) as kept:
            for text, listens in ((added, True), (first, False), (added, True)):
                daemon.config.write_text(text)
                daemon.reload()
                if listens:
                    self.assertEqual(get(other)[0], 200)
                else:
                    self.assertRaises(ConnectionRefusedError, connect, other)
                kept.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(read_answer(kept)[0], 200)

    def test_a_port_that_cannot_be_bound_refuses_the_whole_reload(self):
        daemon = self.start()
        first = daemon.config.read_text()
        with socket.create_server(("127.0.0.1", free_port())) as taken:
            port = taken.getsockname()[1]
            daemon.config.write_text(first.replace("weight: 1}", "weight: 0}").replace(
                "target_groups:\n  - {name: app,",
                f"  - port: {port}\n    address: 127.0.0.1\n    default_action: {{target_group: app}}\ntarget_groups:\n  - {{name: app,"))
            result = daemon.reload(check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(str(port), result.stderr)
        self.assertEqual(count_answers(daemon.port, 10), {"app": 10})


class Drain(Case):
    def slow_target(self):
        self.arrived, self.go_on = threading.Event(), threading.Event()

        def script(sock):
            read_head(sock)
            self.arrived.set()
            assert self.go_on.wait(TIMEOUT)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        return self.scripted(script)

    def await_refused(self, port):
        """Idle connections close a moment before the listening sockets do."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            try:
                connect(port).close()
            except ConnectionRefusedError:
                return
            except ConnectionResetError:
                continue
        self.fail("connects are still taken")

    def test_a_request_in_flight_finishes_and_idle_connections_close(self):
        daemon = self.kanaria({"app": (1, [self.slow_target().target])})
        with connect(daemon.port) as busy, connect(daemon.port) as idle:
            busy.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(self.arrived.wait(TIMEOUT))
            daemon.signal(signal.SIGTERM)
            self.assertEqual(read_to_end(idle), b"")
            self.await_refused(daemon.port)
            self.go_on.set()
            status, headers, body = read_answer(busy)
            self.assertEqual((status, body, headers["Connection"]), (200, b"ok", "close"))
        self.assertEqual(daemon.wait(), 0)

    def test_drain_timeout_ends_what_does_not_finish(self):
        daemon = self.kanaria({"app": (1, [self.slow_target().target])}, load_balancer={"drain_timeout": "1s"})
        with connect(daemon.port) as busy:
            busy.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(self.arrived.wait(TIMEOUT))
            daemon.signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(), 0)
            try:
                read_to_end(busy)
            except ConnectionResetError:
                pass
        self.go_on.set()

    def test_readyz_turns_503_while_drain_delay_still_takes_connections(self):
        app = self.echo("app")
        daemon = self.kanaria({"app": (1, [app.target])}, load_balancer={"drain_delay": "3s"})
        self.assertEqual(get(daemon.admin, "/healthz")[0], 200)
        daemon.signal(signal.SIGTERM)
        while get(daemon.admin, "/readyz")[0] == 200:
            pass
        self.assertEqual(get(daemon.port)[0], 200)
        self.assertEqual(run_cli("healthcheck", "--admin", f"127.0.0.1:{daemon.admin}").returncode, 1)
        self.assertEqual(daemon.wait(), 0)

    def test_int_and_quit_drain_as_term_does(self):
        for number in (signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number):
                daemon = self.kanaria({"app": (1, [])})
                daemon.signal(number)
                self.assertEqual(daemon.wait(), 0)

    def test_usr2_is_survived(self):
        daemon = self.kanaria({"app": (1, [])})
        daemon.signal(signal.SIGUSR2)
        daemon.wait_for_line("(?i)usr2")
        self.assertEqual(get(daemon.port)[0], 503)


if __name__ == "__main__":
    unittest.main()
