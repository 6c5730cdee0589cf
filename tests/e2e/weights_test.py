"""Weights set by hand: `kanaria weights` and its API, over reloads, restarts and two people at once."""

import http.client
import json
import os
import pty
import signal
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

from support import BIN, Case, config_text, count_answers, free_port, get, name_in, run_cli

JSON = {"Content-Type": "application/json"}


class Base(Case):

    def setUp(self):
        super().setUp()
        self.main, self.canary = self.echo("main"), self.echo("canary")
        self.port, self.admin = free_port(), free_port()
        self.rule = f"http-{self.port}/canary"
        self.path = f"/api/v1/listeners/http-{self.port}/rules/canary/weights"
        self.daemon = self.kanaria_with(self.text(), self.port, self.admin)

    def text(self, main=90, canary=10):
        groups = {"app-main": (main, [self.main.target]), "app-canary": (canary, [self.canary.target])}
        return config_text(self.port, self.admin, groups, workers=2)

    def run_weights(self, *arguments, code=0, rule=None, **options):
        result = run_cli("weights", rule or self.rule, *arguments, "--admin", f"127.0.0.1:{self.admin}", **options)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}{result.stderr}")
        return result

    def ask(self, method="GET", body=None, headers=None, query="", path=None):
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        status, answer, head = get(self.admin, (path or self.path) + query, method, data, {**JSON, **(headers or {})})
        return status, json.loads(answer), head

    def shares(self, requests=100):
        counts = count_answers(self.port, requests)
        return counts.get("main", 0), counts.get("canary", 0)


class Weights(Base):
    def test_they_are_in_force_from_the_answer_on(self):
        self.assertEqual(self.shares(), (90, 10))
        for canary in (100, 0, 50):
            self.run_weights(f"app-main={100 - canary}", f"app-canary={canary}", "--yes")
            self.assertEqual(self.shares(), (100 - canary, canary))
        shown = self.run_weights().stdout
        self.assertRegex(shown, r"app-canary +50 +50\.0% +1/1 healthy")
        self.assertIn("override by ", shown)
        self.assertIn(" (says ", shown)

    def test_no_request_after_the_answer_goes_by_the_old_weights(self):
        sent, over = [], threading.Event()

        def load():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            while not over.is_set():
                began = time.monotonic()
                connection.request("GET", "/")
                name = name_in(connection.getresponse().read())
                sent.append((began, time.monotonic(), name))
            connection.close()

        clients = [threading.Thread(target=load) for _ in range(8)]
        for client in clients:
            client.start()
        changes = []  # (from when, to whom everything goes)
        for turn in range(20):
            canary = 100 if turn % 2 == 0 else 0
            asked = time.monotonic()
            self.assertEqual(self.ask("PUT", {"app-main": 100 - canary, "app-canary": canary})[0], 200)
            changes.append((asked, time.monotonic(), "canary" if canary else "main"))
            seen = len(sent)
            while len(sent) < seen + 50:
                time.sleep(0.001)
        over.set()
        for client in clients:
            client.join()
        # Those that were sent after one change was answered and done before the next one was asked for.
        between = [(name, wanted) for began, ended, name in sent
                   for (_, answered, wanted), (asked, _, _) in zip(changes, [*changes[1:], (float("inf"), 0, "")])
                   if answered < began and ended < asked]
        wrong = [pair for pair in between if pair[0] != pair[1]]
        self.assertEqual(wrong, [])
        self.assertGreater(len(between), 200)

    def test_they_outlive_reloads_until_they_are_reset(self):
        self.run_weights("app-main=0", "app-canary=100", "--yes", "--reason", "INC-204")
        self.daemon.config.write_text(self.text(80, 20))
        self.daemon.signal(signal.SIGHUP)
        self.daemon.wait_for_line(f"override kept: rule {self.rule}")
        self.assertEqual(self.shares(), (0, 100))
        self.run_weights("--reset")
        self.assertEqual(self.shares(), (80, 20))
        self.assertIn("the file decides", self.run_weights().stdout)

    def test_reload_may_reset_them(self):
        self.run_weights("app-main=0", "app-canary=100", "--yes")
        run_cli("reload", "--admin", f"127.0.0.1:{self.admin}", "--reset-overrides", "--dry-run")
        self.assertEqual(self.shares(), (0, 100))
        self.assertIn("canary weight 100 -> 10",
                      run_cli("reload", "--admin", f"127.0.0.1:{self.admin}", "--reset-overrides").stdout)
        self.assertEqual(self.shares(), (90, 10))

    def test_they_end_when_their_time_is_over(self):
        self.run_weights("app-main=0", "app-canary=100", "--yes", "--for", "1s")
        self.daemon.wait_for_line(f"weights of {self.rule} changed by the end of its time")
        self.assertEqual(self.shares(), (90, 10))

    def test_two_shells_cant_overwrite_each_other_unseen(self):
        _, _, head = self.ask()
        status, _, after = self.ask("PUT", {"app-main": 50, "app-canary": 50}, {"If-Match": head["ETag"]})
        self.assertEqual(status, 200)
        self.assertNotEqual(after["ETag"], head["ETag"])
        status, answer, now = self.ask("PUT", {"app-main": 0, "app-canary": 100}, {"If-Match": head["ETag"]})
        self.assertEqual((status, answer["error"]["code"]), (412, "stale_generation"))
        self.assertIn("changed meanwhile, by 127.0.0.1:", answer["error"]["message"])
        self.assertEqual(now["ETag"], after["ETag"])
        self.assertEqual(self.shares(), (50, 50))
        self.assertEqual(self.ask("DELETE", headers={"If-Match": head["ETag"]})[0], 412)
        self.assertEqual(self.ask("DELETE", headers={"If-Match": f'"x", {now["ETag"]}'})[0], 200)
        self.assertEqual(self.ask("PUT", {"app-main": 1, "app-canary": 1}, {"If-Match": f'W/{after["ETag"]}'})[0], 412)

    def test_each_change_has_one_line_in_the_log(self):
        self.ask("PUT", {"app-main": 50, "app-canary": 50}, {"X-Kanaria-Client": "alice@ci"},
                 query="?for=30m&reason=INC-204%0Aforged")
        line = self.daemon.wait_for_line(f"weights of {self.rule} changed by").string
        self.assertRegex(line, r'by 127\.0\.0\.1:\d+ \(says alice@ci\): app-main=50 app-canary=50 for 1800s '
                               r'"INC-204\\nforged" \(unconditional\): .*app-main weight 90 -> 50 .*10 -> 50')

    def test_no_word_of_a_client_can_forge_the_line(self):
        self.ask("PUT", {"app-main": 9, "app-canary": 1}, {"X-Kanaria-Client": "bob): app-main=0: x"},
                 query="?reason=" + "y" * 150 + "%22%3A%20refused")
        line = self.daemon.wait_for_line(f"weights of {self.rule} changed by").string
        self.assertIn("(says bob?? app-main?0? x): app-main=9 app-canary=1", line)
        self.assertIn('"' + "y" * 150 + '\\": refused"', line)

    def test_an_override_with_the_files_weights_is_a_change(self):
        self.assertIn("an override decides, not the file", self.run_weights("app-main=90", "app-canary=10", "--yes").stdout)
        self.assertIn("the file decides again", self.run_weights("--reset").stdout)
        self.assertIn("no weight changed", self.run_weights("--reset").stdout)

    def test_bad_input_is_refused_with_what_to_write(self):
        cases = (
            ({"app-main": 50, "app-canari": 50}, 404, 'did you mean "app-canary"?'),
            ({"app-main": 50}, 422, "all target groups of the rule must be named: app-main=50 app-canary=10"),
            ({"app-main": 1000, "app-canary": 1}, 422, "between 0 and 999, not 1000"),
            ({"app-main": 10 ** 30, "app-canary": 1}, 400, "the body must be"),
            ({"app-main": 1.5, "app-canary": 1}, 400, "the body must be"),
            ({"app-main": "1", "app-canary": 1}, 400, "the body must be"),
            ({"app-main": True, "app-canary": 1}, 400, "the body must be"),
            ("[1, 2]", 400, "the body must be"),
            ('{"app-main": 50, "app-main": 60, "app-canary": 50}', 400, "the body must be"),
            ("{", 400, "the body must be"),
            ("[" * 10_000, 400, "the body must be"),
            (b"\xff\xfe", 400, "the body must be"),
        )
        for body, expected, words in cases:
            with self.subTest(body=body):
                status, answer, _ = self.ask("PUT", body)
                self.assertEqual(status, expected, answer)
                self.assertIn(words, answer["error"]["message"])
        good = {"app-main": 1, "app-canary": 1}
        for query, words in (("?for=0s", "for must be"), ("?for=400d", "for must be"), ("?fro=1m", 'did you mean "for"'),
                             ("?for=1m&for=2m", "twice"), ("?for=%zz", "hex digits")):
            status, answer, _ = self.ask("PUT", good, query=query)
            self.assertEqual(status, 400, answer)
            self.assertIn(words, answer["error"]["message"])
        self.assertEqual(self.ask("PUT", good, query="?reason=" + "x" * 201)[0], 422)
        self.assertEqual(self.ask(path=self.path.replace("canary", "canarx"))[0], 404)
        self.assertEqual(self.ask(path=self.path.replace("canary", "default"))[0], 422)
        self.assertEqual(self.shares(), (90, 10))

    def test_a_body_without_end_is_refused(self):
        with socket.create_connection(("127.0.0.1", self.admin)) as sock:
            sock.sendall(f"PUT {self.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         f"Content-Length: {10 << 20}\r\n\r\n".encode())
            sock.settimeout(20)
            try:
                for _ in range(160):
                    sock.sendall(b" " * 65536)
            except OSError:
                pass  # it stopped listening, as it may
            try:
                self.assertIn(b" 413 ", sock.recv(4096))
            except ConnectionResetError:
                pass
        self.assertEqual(self.shares(), (90, 10))

    def test_the_command_asks_where_there_is_somebody(self):
        self.assertIn("wants --yes", self.run_weights("app-main=50", "app-canary=50", code=1).stderr)
        self.assertEqual(self.shares(), (90, 10))
        zero = self.run_weights("app-main=0", "app-canary=0", "--yes", code=1)
        self.assertIn("every request gets 503", zero.stderr)
        self.assertIn("--yes --yes", zero.stderr)
        self.run_weights("app-main=0", "app-canary=0", "--yes", "--yes")
        self.assertEqual(get(self.port, "/")[0], 503)
        self.assertEqual(self.answer_questions(["n"], "app-main=50", "app-canary=50"), 1)
        self.assertEqual(self.answer_questions(["y"], "app-main=50", "app-canary=50"), 0)
        self.assertEqual(self.shares(), (50, 50))
        self.assertEqual(self.answer_questions(["y", "n"], "app-main=0", "app-canary=0"), 1)
        self.assertEqual(self.shares(), (50, 50))

    def answer_questions(self, answers, *arguments):
        """The command's exit code on a terminal where somebody types these."""
        ours, theirs = pty.openpty()
        command = [BIN / "kanaria", "weights", self.rule, *arguments, "--admin", f"127.0.0.1:{self.admin}"]
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = b""
        for answer in answers:
            while not shown.endswith(b"[y/N] "):
                shown += os.read(ours, 1024)
            os.write(ours, answer.encode() + b"\n")
            shown = b""
        code = process.wait(20)
        os.close(ours)
        return code

    def test_wrong_arguments_are_told_apart(self):
        for arguments, words in ((("app-main",), "write it as app-main=90"), (("=5",), "write it as"),
                                 (("app-main=x", "app-canary=1"), "is no weight"), (("--for", "1m"), "go with weights"),
                                 (("--reset", "app-main=1"), "without weights"),
                                 (("app-main=1", "app-canary=1", "--for", "0s"), "--for must be"),
                                 (("app-main=1", "app-canary=1", "--reason", "x" * 201), "at most 200 bytes")):
            self.assertIn(words, self.run_weights(*arguments, code=2).stderr)
        self.assertIn("LISTENER/RULE", self.run_weights(code=2, rule="canary").stderr)
        self.assertIn('did you mean "canary"', self.run_weights(code=1, rule=self.rule[:-1] + "i").stderr)
        unnamed = self.run_weights("app-main=50", "--yes", code=1).stderr
        self.assertIn("app-main=50 app-canary=10", unnamed)


class WeightsWithStateDir(Base):
    def text(self, main=90, canary=10):
        self.state = Path(self.dir) / "state"
        self.state.mkdir(mode=0o750, exist_ok=True)
        return super().text(main, canary) + f"state_dir: {self.state}\n"

    def restart(self, how=signal.SIGTERM):
        self.daemon.ends_with = 0 if how == signal.SIGTERM else -how
        self.daemon.signal(how)
        self.daemon.process.wait(20)
        self.daemon = self.kanaria_with(self.text(), self.port, self.admin)

    def test_a_restart_and_a_kill_keep_what_was_set(self):
        changed = self.run_weights("app-main=25", "app-canary=75", "--yes", "--reason", "INC-204")
        self.assertNotIn("state_dir", changed.stderr)
        run_cli("targets", "app-main", "register", "127.0.0.1:9", "--admin", f"127.0.0.1:{self.admin}")
        self.assertEqual((self.state / "overrides.json").stat().st_mode & 0o777, 0o600)
        _, _, head = self.ask()
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.restart(how)
            self.assertIn("INC-204", self.run_weights().stdout)
            _, answer, again = self.ask()
            self.assertEqual([group["weight"] for group in answer["target_groups"]], [25, 75])
            self.assertNotEqual(again["ETag"], head["ETag"], "a generation is never seen twice")
            self.assertIn("127.0.0.1:9", run_cli("targets", "app-main", "--admin", f"127.0.0.1:{self.admin}").stdout)
        self.run_weights("--reset")
        self.restart()
        self.assertIn("the file decides", self.run_weights().stdout)

    def test_what_is_over_is_not_kept(self):
        self.run_weights("app-main=0", "app-canary=100", "--yes", "--for", "1s")
        self.daemon.ends_with = -signal.SIGKILL
        self.daemon.signal(signal.SIGKILL)
        self.daemon.process.wait(20)
        kept = json.loads((self.state / "overrides.json").read_text())
        time.sleep(max(0.0, kept["weights"][0]["until"] + 1 - time.time()))  # the file's own clock is what is tested
        self.daemon = self.kanaria_with(self.text(), self.port, self.admin)
        self.assertEqual(self.shares(), (90, 10))

    def test_a_damaged_file_doesnt_keep_it_from_starting(self):
        self.daemon.signal(signal.SIGTERM)
        self.daemon.process.wait(20)
        (self.state / "overrides.json").write_text('{"version": 1, "weights": [{"ru')
        self.daemon = self.kanaria_with(self.text(), self.port, self.admin)
        self.assertEqual(self.shares(), (90, 10))
        self.daemon.wait_for_line("nothing of what was changed by hand is in force")
        status = run_cli("status", "--admin", f"127.0.0.1:{self.admin}")
        self.assertEqual(status.returncode, 3)
        self.assertIn("what was set by hand before the start is lost", status.stdout)
        self.assertTrue((self.state / "overrides.json.damaged").exists())

    def test_a_disk_that_takes_nothing_is_told(self):
        self.state.rename(self.state.with_name("gone"))
        changed = self.run_weights("app-main=25", "app-canary=75", "--yes")
        self.assertIn("can't be kept over a restart", changed.stderr)
        self.assertEqual(self.shares(), (25, 75))
        self.daemon.wait_for_line("warning: what was changed by hand can't be kept over a restart")
        status = run_cli("status", "--admin", f"127.0.0.1:{self.admin}")
        self.assertEqual(status.returncode, 3)
        self.assertIn("! a restart would lose what is set by hand", status.stdout)
        self.state.with_name("gone").rename(self.state)
        self.daemon.wait_for_line("what is set by hand is kept over a restart again")
        self.assertIn("app-canary", (self.state / "overrides.json").read_text())


if __name__ == "__main__":
    unittest.main()
