"""Start, reload and end of the daemon: bad input, ports in use, faults at reload, drain."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

from support import (BIN, TIMEOUT, Case, config_text, connect, count_answers, free_port, get, read_answer,
                     read_head, read_to_end, run_cli)

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
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
FOUR = range(4)
SIX_GROUPS = (FINE.replace("weight: 90}", "weight: 90}" + "".join(f", {{name: g{number}, weight: 1}}" for number in FOUR))
              + "".join(f"  - {{name: g{number}, targets: []}}\n" for number in FOUR))
SAME_PRIORITY = "      - {priority: 10, conditions: [{path_pattern: [/x]}], action: {target_group: app-main}}\n"
# description -> (text, the places that must be named, a word of the message)
BAD = {
    "empty": ("", [], "empty"),
    "syntax error": (FINE.replace("conditions: [{", "conditions: [{{", 1), ["5:44"], "no valid YAML"),
    "tab": (FINE.replace("    rules:", "\trules:", 1), ["3:1"], "tab"),
    "unknown key": (FINE.replace("priority: 10", "prioritty: 10"), ["4:9"], 'did you mean "priority"?'),
    "doubled key": (FINE.replace("- port: 18080", "- port: 18080\n    port: 18081"), ["3:5"], "written twice"),
    "anchor and alias": (FINE.replace('["127.0.0.1:9001"]', '&a ["127.0.0.1:9001"]').replace('["127.0.0.1:9002"]', "*a"),
                         ["9:31", "10:33"], "aliases"),
    "second document": (FINE + "---\n" + FINE, ["11:1"], "second document"),
    "weight 1000": (FINE.replace("weight: 90", "weight: 1000"), ["6:69"], "weight must be 0-999, not 1000"),
    "weight -1": (FINE.replace("weight: 90", "weight: -1"), ["6:69"], "not -1"),
    "weight ten": (FINE.replace("weight: 90", 'weight: "ten"'), ["6:69"], 'not "ten"'),
    "weight 010": (FINE.replace("weight: 90", "weight: 010"), ["6:69"], "leading zeros"),
    "six groups": (SIX_GROUPS, ["6:17"], "at most 5 target groups, not 6"),
    "unknown group": (FINE.replace("{name: app-canary, weight", "{name: app-canari, weight"), ["6:81"],
                      'did you mean "app-canary"?'),
    "two rules with one priority": (FINE.replace("    default_action", SAME_PRIORITY + "    default_action"), ["7:20"],
                                    "priority 10 is already used"),
    "bad regular expression": (FINE.replace('path_pattern: ["/"]', 'path_pattern: {regex_values: ["("]}'), ["5:53"],
                               "regular expression"),
    "not available yet": (FINE.replace("- port: 18080", "- port: 18080\n    ssl_policy: a"), ["3:5"], "not available yet"),
    "two faults": (FINE.replace("weight: 90", "weight: 1000").replace("127.0.0.1:9002", "127.0.0.1:99999"),
                   ["6:69", "10:34"], "99999"),
}


def faults_in(text, path):
    """(place, message) of each fault, as `check` prints it or, found later in a start, as a line of the log."""
    return re.findall(rf"^(?:\S+ error +)?{path}:(\d+:\d+): (?:error: )?(.*)$", text, re.M)


class BadInput(Case):
    def assert_faults(self, result, path, places, word):
        self.assertEqual(result.returncode, 78, result.stdout + result.stderr)
        self.assertEqual([place for place, _ in faults_in(result.stderr, path)], places, result.stderr)
        self.assertIn(word, result.stderr)
        self.assertIn(f"{path}:", result.stderr)

    def assert_refused(self, path, places, word):
        for command in (["check", path], ["serve", "--config", path]):
            with self.subTest(command=command[0]):
                self.assert_faults(run_cli(*command), path, places, word)

    def test_each_bad_file_is_refused_with_its_places(self):
        for description, (text, places, word) in BAD.items():
            with self.subTest(description):
                self.assert_refused(self.write("bad.yaml", text), places, word)

    def test_each_bad_file_changes_nothing_at_reload(self):
        main, canary = self.echo("app-main"), self.echo("app-canary")
        daemon = self.kanaria({"app-main": (90, [main.target]), "app-canary": (10, [canary.target])}, workers=2)
        # What a reload can't change stays as it is: the fault alone is the reason to refuse.
        fixed = f'workers: 2\nadmin: {{address: "127.0.0.1:{daemon.admin}"}}\n'
        for description, (text, places, word) in BAD.items():
            with self.subTest(description):
                daemon.config.write_text(text and text + fixed)
                self.assert_faults(daemon.reload(check=False), daemon.config, places, word)
                self.assertEqual(count_answers(daemon.port, 20), {"app-main": 18, "app-canary": 2})
        self.assertEqual(daemon.metric("config_last_reload_success"), 0)

    def test_a_missing_file_and_a_directory_are_refused(self):
        self.assert_refused(self.dir / "missing.yaml", [], "No such file")
        self.assert_refused(self.dir, [], "directory")

    def test_the_file_that_the_others_were_made_from_is_fine(self):
        result = run_cli("check", self.write("fine.yaml", FINE))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Ports(Case):
    def assert_port_refused(self, path, port, why, result):
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        fault = ("4:11", f"listener http-{port}: bind 127.0.0.1:{port}: {why}")
        self.assertEqual(faults_in(result.stderr, path), [fault], result.stderr)

    def serve_another(self, port, why, **settings):
        path = self.write("second.yaml", config_text(port, free_port(), {"app": (1, [])}, **settings))
        self.assert_port_refused(path, port, why, run_cli("serve", "--config", path))

    def test_a_port_in_use_is_exit_1(self):
        port = free_port()
        with socket.create_server(("127.0.0.1", port)):
            self.serve_another(port, "Address already in use")

    def test_a_second_kanaria_on_the_same_port_is_exit_1_and_takes_no_traffic(self):
        app = self.echo("app")
        daemon = self.kanaria({"app": (1, [app.target])}, workers=2)
        self.serve_another(daemon.port, "Address already in use", workers=2)
        self.assertEqual(count_answers(daemon.port, 50, 5), {"app": 50})

    def test_a_privileged_port_without_the_right_is_exit_1(self):
        start = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))
        if start <= 81:
            self.skipTest("every port may be used here")
        path = self.write("second.yaml", config_text(81, free_port(), {"app": (1, [])}))
        self.dir.chmod(0o755)
        command = [str(BIN / "kanaria"), "serve", "--config", str(path)]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all",
                       "--inh-caps=-all"] + command
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if "failed to execute" in result.stderr:
            self.skipTest("the binaries can't be reached by an ordinary user here")
        self.assert_port_refused(path, 81, "Permission denied; ports below 1024 want root or CAP_NET_BIND_SERVICE", result)


class Reload(Case):
    def start(self):
        self.app = self.echo("app")
        return self.kanaria({"app": (1, [self.app.target])})

    def rewrite(self, daemon, weight=1, targets=None, other_port=None):
        """The file that start() wrote, but for these."""
        group = (weight, [self.app.target] if targets is None else targets)
        daemon.config.write_text(config_text(daemon.port, daemon.admin, {"app": group}, other_port=other_port))

    def test_nothing_changed_is_said(self):
        self.assertIn("nothing changed", self.start().reload().stdout)

    def test_faults_change_nothing_and_are_loud(self):
        daemon = self.start()
        self.assertEqual(daemon.metric("config_last_reload_success"), 1)
        self.rewrite(daemon, weight=1000)
        result = daemon.reload(check=False)
        self.assertEqual(result.returncode, 78, result.stdout + result.stderr)
        self.assertIn("weight", result.stderr)
        self.assertIn(f"{daemon.config}:", result.stderr)
        daemon.wait_for_line("weight")
        self.assertEqual(daemon.metric("config_last_reload_success"), 0)
        self.assertEqual(count_answers(daemon.port, 10), {"app": 10})
        self.rewrite(daemon)
        daemon.reload()
        self.assertEqual(daemon.metric("config_last_reload_success"), 1)

    def test_faults_at_hup_are_in_the_log(self):
        daemon = self.start()
        self.rewrite(daemon, weight=1000)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line(rf"{daemon.config}:\d+:\d+")
        self.assertEqual(count_answers(daemon.port, 10), {"app": 10})

    def test_listeners_come_and_go_and_others_are_not_touched(self):
        daemon = self.start()
        other = free_port()
        with connect(daemon.port) as kept:
            for listens in (True, False, True):
                self.rewrite(daemon, other_port=other if listens else None)
                daemon.reload()
                if listens:
                    self.assertEqual(get(other)[0], 200)
                else:
                    self.assertRaises(ConnectionRefusedError, connect, other)
                kept.sendall(REQUEST)
                self.assertEqual(read_answer(kept)[0], 200)

    def test_half_a_head_on_a_removed_listener_is_still_answered(self):
        daemon = self.start()
        other = free_port()
        for description, served_before in (("new connection", False), ("kept connection", True)):
            with self.subTest(description):
                self.rewrite(daemon, other_port=other)
                daemon.reload()
                with connect(other) as sock:
                    if served_before:
                        sock.sendall(REQUEST)
                        self.assertEqual(read_answer(sock)[0], 200)
                    sock.sendall(REQUEST[:20])
                    self.rewrite(daemon)
                    daemon.reload()
                    sock.sendall(REQUEST[20:])
                    status, headers, _ = read_answer(sock)
                    self.assertEqual((status, headers["Connection"]), (200, "close"))
                    self.assertEqual(read_to_end(sock), b"")

    def test_a_port_that_cannot_be_bound_refuses_the_whole_reload(self):
        daemon = self.start()
        with socket.create_server(("127.0.0.1", free_port())) as taken:
            port = taken.getsockname()[1]
            self.rewrite(daemon, weight=0, other_port=port)
            result = daemon.reload(check=False)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        message = f"listener http-{port}: bind 127.0.0.1:{port}: Address already in use"
        self.assertEqual([text for _, text in faults_in(result.stderr, daemon.config)], [message], result.stderr)
        self.assertEqual(count_answers(daemon.port, 10), {"app": 10})

    def test_traffic_without_any_target_refuses_the_whole_reload(self):
        daemon = self.start()
        self.rewrite(daemon, targets=[])
        result = daemon.reload(check=False)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn("without a target", result.stderr)
        self.assertIn("--force", result.stderr)
        self.assertEqual(count_answers(daemon.port, 10), {"app": 10})

    def test_traffic_without_any_target_refuses_hup(self):
        daemon = self.start()
        self.rewrite(daemon, targets=[])
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line("without a target")
        self.assertEqual(count_answers(daemon.port, 10), {"app": 10})

    def test_all_weights_zero_is_applied_with_a_warning(self):
        daemon = self.start()
        self.rewrite(daemon, weight=0)
        self.assertIn("warning", daemon.reload().stderr)
        self.assertEqual(get(daemon.port)[0], 503)


class Drain(Case):
    def slow_target(self):
        self.arrived, self.go_on = threading.Event(), threading.Event()

        def script(sock):
            read_head(sock)
            self.arrived.set()
            assert self.go_on.wait(TIMEOUT)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        return self.scripted(script)

    def start_busy(self, client, drain_timeout):
        """A daemon that has got TERM while the request of `client` is in flight."""
        target = self.slow_target()
        self.addCleanup(self.go_on.set)
        daemon = self.kanaria({"app": (1, [target.target])}, load_balancer={"drain_timeout": drain_timeout})
        client.connect(("127.0.0.1", daemon.port))
        client.sendall(REQUEST)
        self.assertTrue(self.arrived.wait(TIMEOUT))
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_line("TERM: draining")
        return daemon

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
            busy.sendall(REQUEST)
            self.assertTrue(self.arrived.wait(TIMEOUT))
            daemon.signal(signal.SIGTERM)
            self.assertEqual(read_to_end(idle), b"")
            self.await_refused(daemon.port)
            self.go_on.set()
            status, headers, body = read_answer(busy)
            self.assertEqual((status, body, headers["Connection"]), (200, b"ok", "close"))
        self.assertEqual(daemon.wait(), 0)

    def test_drain_timeout_ends_what_does_not_finish(self):
        with socket.socket() as busy:
            self.assertEqual(self.start_busy(busy, "1s").wait(), 0)

    def test_drain_timeout_is_also_for_what_waited_in_the_queue(self):
        daemon = self.kanaria({"app": (1, [self.slow_target().target])}, load_balancer={"drain_timeout": "1s"})
        daemon.signal(signal.SIGSTOP)
        connect(daemon.port).close()  # has ended already when it is accepted
        with connect(daemon.port) as busy:
            busy.sendall(REQUEST)
            daemon.signal(signal.SIGTERM)
            daemon.signal(signal.SIGCONT)
            self.assertEqual(daemon.wait(), 0)

    def test_a_second_term_after_a_second_exits_at_once(self):
        with socket.socket() as busy:
            daemon = self.start_busy(busy, "1h")
            with self.assertRaises(subprocess.TimeoutExpired):
                daemon.process.wait(1.2)
            daemon.signal(signal.SIGTERM)
            daemon.ends_with = 1
            self.assertEqual(daemon.wait(), 1)

    def test_a_second_term_right_after_the_first_is_the_same_wish(self):
        with socket.socket() as busy:
            busy.settimeout(TIMEOUT)
            daemon = self.start_busy(busy, "1h")
            daemon.signal(signal.SIGTERM)
            self.go_on.set()
            self.assertEqual(read_answer(busy)[0], 200)
            self.assertEqual(daemon.wait(), 0)

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

    def test_usr2_is_survived_and_said_to_come_later(self):
        daemon = self.kanaria({"app": (1, [])})
        daemon.signal(signal.SIGUSR2)
        daemon.wait_for_line("USR2: .*not available yet")
        self.assertEqual(get(daemon.port)[0], 503)


if __name__ == "__main__":
    unittest.main()
