"""The admin API as its clients meet it: who may ask, what is told, and what an operator sees of it."""

import http.client
import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
import unittest

import jsonschema

from support import BIN, SOURCE, TIMEOUT, Case, config_text, connect, count_answers, free_port, get, run_cli

JSON = {"Content-Type": "application/json"}
TOKEN = "correct-horse-battery-staple"


class Admin(Case):
    def setUp(self):
        super().setUp()
        self.main, self.canary = self.echo("main"), self.echo("canary")
        self.port, self.admin = free_port(), free_port()
        self.rule = f"http-{self.port}/canary"
        self.weights = f"/api/v1/listeners/http-{self.port}/rules/canary/weights"

    def text(self, admin="", main=90, canary=10, **settings):
        groups = {"app-main": (main, [self.main.target]), "app-canary": (canary, [self.canary.target])}
        text = config_text(self.port, self.admin, groups, **settings)
        return text.replace(f'admin: {{address: "127.0.0.1:{self.admin}"',
                            f'admin: {{address: "127.0.0.1:{self.admin}"{admin}')

    def start(self, admin="", **settings):
        self.daemon = self.kanaria_with(self.text(admin, **settings), self.port, self.admin)
        return self.daemon

    def code(self, *arguments, **headers):
        status, body, _ = get(*arguments, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return status, json.loads(body).get("error", {}).get("code")

    def command(self, *arguments, code=0, env=None):
        result = run_cli(*arguments, "--admin", f"127.0.0.1:{self.admin}", env=env)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}{result.stderr}")
        return result


class Access(Admin):
    def tokens(self, text=f"# who\n\nci:{TOKEN}\nalice:another-token-of-hers\n"):
        file = self.write("tokens", text)
        file.chmod(0o640)
        return file

    def test_tokens_are_wanted_and_named_in_the_log(self):
        file = self.tokens()
        self.start(f', token_file: "{file}"')
        for header in (None, "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer ci:{TOKEN}", "Bearer "):
            headers = {"Authorization": header} if header else {}
            status, body, answered = get(self.admin, "/api/v1/status", headers=headers)
            self.assertEqual((status, answered["WWW-Authenticate"]), (401, "Bearer"), header)
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(get(self.admin, path)[0], 200)
        self.assertEqual(get(self.admin, "/api/v1/status", headers={"Authorization": f"bearer {TOKEN}"})[0], 200)
        self.command("status", code=1)
        self.command("status", "--token-file", str(file))
        bare = self.write("bare", "another-token-of-hers\n")
        self.command("weights", self.rule, "app-main=1", "app-canary=1", "--yes", env={"KANARIA_TOKEN_FILE": str(bare)})
        self.daemon.wait_for_line(r"changed by token alice \(says \w+@")
        self.assertNotIn(TOKEN, self.daemon.output())
        # Another one from the next reload on.
        self.tokens("ci:a-new-token-for-everybody\n")
        self.daemon.signal(signal.SIGHUP)
        self.daemon.wait_for_line("reload by HUP applied")
        self.assertEqual(get(self.admin, "/api/v1/status", headers={"Authorization": f"Bearer {TOKEN}"})[0], 401)

    def test_a_token_file_with_a_fault_is_told_and_never_quoted(self):
        cases = (("ci\n", "line 1: a line is NAME:TOKEN"), ("ci:short\n", "line 1: a token has 16 to 512"),
                 (f"ci:{TOKEN}\nci:{TOKEN}2\n", "line 2: the name ci is used already"),
                 (f"ci:{TOKEN}\nyou:{TOKEN}\n", "line 2: it has the token of ci"), ("# none\n", "has no token in it"))
        for text, words in cases:
            file = self.tokens(text)
            config = self.write("kanaria.yaml", self.text(f', token_file: "{file}"'))
            result = run_cli("serve", "--config", config)
            self.assertEqual(result.returncode, 78, result.stderr)
            self.assertIn(words, result.stderr)
            self.assertIn(words, run_cli("check", config).stderr)
            self.assertNotIn(TOKEN, result.stderr)
        file.chmod(0o644)
        self.assertIn("is open to everybody", run_cli("serve", "--config", config).stderr)
        file.unlink()
        self.assertIn("can't be read", run_cli("serve", "--config", config).stderr)
        self.assertIn("isn't here", run_cli("check", config).stderr)

    def test_the_read_only_address_never_takes_a_change(self):
        other = free_port()
        self.start(f', token_file: "{self.tokens()}", read_only_address: "127.0.0.1:{other}"')
        for path in ("/healthz", "/metrics", "/api/v1/status", "/api/v1/config", "/api/v1/errors", self.weights):
            self.assertEqual(get(other, path)[0], 200, path)
        auth = {"Authorization": f"Bearer {TOKEN}", **JSON}
        for method, path in (("PUT", self.weights), ("DELETE", self.weights), ("POST", "/api/v1/reload"),
                             ("POST", "/api/v1/target-groups/app-main/targets")):
            status, body, _ = get(other, path, method, "{}", auth)
            self.assertEqual((status, json.loads(body)["error"]["code"]), (403, "read_only"), path)
        self.assertEqual(count_answers(self.port, 100), {"main": 90, "canary": 10})

    def test_pages_of_other_sites_reach_nothing(self):
        self.start(", allowed_hosts: [kanaria.internal]")
        for method, path in (("GET", "/api/v1/status"), ("GET", "/api/v1/config"), ("PUT", self.weights)):
            self.assertEqual(self.code(self.admin, path, method, "{}", Host="evil.example", **{"Content_Type": "application/json"}),
                             (403, "forbidden_host"))
            self.assertEqual(self.code(self.admin, path, method, "{}", Origin="http://evil.example", **{"Content_Type": "application/json"}),
                             (403, "forbidden_origin"))
        self.assertEqual(self.code(self.admin, self.weights, "PUT", "{}", Content_Type="text/plain"),
                         (415, "unsupported_media_type"))
        for host in ("kanaria.internal", f"KANARIA.internal:{self.admin}", "10.0.0.1"):
            self.assertEqual(get(self.admin, "/api/v1/status", headers={"Host": host})[0], 200)
        self.assertEqual(self.code(self.admin, "/api/v1/status", Host="kanaria.internal.evil.example")[0], 403)

    def test_over_a_unix_socket_the_user_is_known(self):
        place = self.dir / "admin.sock"
        text = self.text().replace(f"127.0.0.1:{self.admin}", f"unix:{place}")
        config = self.write("unix.yaml", text)
        process = subprocess.Popen([BIN / "kanaria", "serve", "--config", config], stderr=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, text=True)
        try:
            for line in process.stderr:
                if "ready:" in line:
                    break
            result = run_cli("weights", self.rule, "app-main=1", "app-canary=1", "--yes", "--admin", f"unix:{place}")
            self.assertEqual(result.returncode, 0, result.stderr)
            line = next(line for line in process.stderr if "changed by" in line)
            self.assertIn(f"changed by uid {os.getuid()} (says", line)
        finally:
            process.terminate()
            process.wait(20)
            process.stderr.close()


class Seen(Admin):
    def status(self):
        return json.loads(get(self.admin, "/api/v1/status")[1])

    def test_status_shows_where_the_last_minute_went(self):
        self.start()
        count_answers(self.port, 200)
        shown = self.command("status").stdout
        self.assertRegex(shown, r"(?m)^kanaria \S+  ready  up ")
        self.assertRegex(shown, r"config #1 \([0-9a-f]{6}\) applied .* by the start")
        self.assertRegex(shown, r"app-main +90 +90\.0% +90\.0% +\d+\.\d +0\.00% +\S+ms +\S+ms +1/1")
        self.assertRegex(shown, r"app-canary +10 +10\.0% +10\.0% .* 1/1")
        self.assertRegex(shown, r'10 canary   \d+\.\d/s   path "/\*"')
        self.assertRegex(shown, r"default   0\.0/s   fixed_response 404")
        self.assertNotIn("\x1b", shown)
        self.assertTrue(all(len(line) <= 80 for line in shown.splitlines()), shown)
        groups = self.status()["listeners"][0]["rules"][0]["weights"]["target_groups"]
        self.assertEqual([group["recent"]["requests"] for group in groups], [180, 20])
        self.assertEqual(json.loads(self.command("status", "--json").stdout).keys(), self.status().keys())

    def test_what_needs_a_person_stands_first(self):
        self.start()
        self.command("weights", self.rule, "app-main=50", "app-canary=50", "--yes", "--reason", "INC-204")
        self.command("targets", "app-main", "register", "127.0.0.1:9")
        self.daemon.config.write_text(self.text(main=80, canary=20))
        shown = self.command("status", code=3).stdout
        self.assertRegex(shown, r'(?m)^! .*canary  override "INC-204", until it is reset\n  by 127\.0\.0\.1:\d+ \(says ')
        self.assertIn("! app-main  127.0.0.1:9 registered by", shown)
        self.assertIn("! the file differs from what runs", shown)
        self.assertLess(shown.index("! the file"), shown.index("app-main  "))
        self.assertEqual(self.status()["config"]["file_state"], "differs")
        self.daemon.config.write_text(self.text(main=80, canary=20) + "nonsense: 1\n")
        self.assertEqual(self.status()["config"]["file_state"], "broken")
        self.assertIn("nonsense", self.command("status", code=3).stdout)
        self.daemon.config.write_text("# a comment\n" + self.text())
        self.assertEqual(self.status()["config"]["file_state"], "in_sync")
        self.daemon.config.unlink()
        self.assertEqual(self.status()["config"]["file_state"], "broken")
        self.daemon.config.write_text(self.text(main=80, canary=20))
        self.command("reload", "--reset-overrides")
        self.assertEqual(self.status()["config"]["file_state"], "in_sync")
        self.command("status")

    def test_answers_are_as_the_openapi_document_says(self):
        self.start()
        self.command("weights", self.rule, "app-main=50", "app-canary=50", "--yes", "--for", "1h")
        self.command("targets", "app-main", "register", "127.0.0.1:9")
        get(self.port)
        self.main.stop()
        self.canary.stop()
        get(self.port)
        document = json.loads((SOURCE / "docs/openapi.json").read_text())
        of = {"status": "Status", "errors": "Errors", self.weights.removeprefix("/api/v1/"): "Weights",
              "target-groups/app-main/targets": "Targets", "nothing": "Error",
              f"explain?method=GET&url=http://a:{self.port}/x": "Explanation",
              f"explain?method=GET&url=http://a:{self.port}/x&headers=a": "Explanation", "explain?method=GET": "Error",
              "target-groups/nothing/targets": "Error"}
        for path, schema in of.items():
            with self.subTest(path):
                answer = json.loads(get(self.admin, "/api/v1/" + path)[1])
                jsonschema.validate(answer, {"$ref": f"#/components/schemas/{schema}",
                                             "components": document["components"]},
                                    cls=jsonschema.Draft202012Validator)

    def test_nothing_of_it_is_cut_for_a_file(self):
        self.start()
        rule = self.text().replace("name: canary", "name: " + "long-" * 12).replace("app-canary", "app-" + "canary-" * 8)
        self.daemon.config.write_text(rule)
        self.command("reload")
        shown = self.command("status").stdout
        self.assertIn("long-" * 12, shown)
        self.assertIn("app-" + "canary-" * 8 + " ", shown)
        names = self.on_terminal(80, "status", env={"NO_COLOR": "1"})
        self.assertRegex(names, r"app-\S*\.\.\.\S*ary- ")

    def test_a_fifo_in_the_files_place_holds_nothing_up(self):
        self.start()
        self.daemon.config.unlink()
        os.mkfifo(self.daemon.config)
        self.assertEqual(self.status()["config"]["file_state"], "broken")
        self.assertIn("no plain file", self.command("reload", code=78).stderr)
        self.command("weights", self.rule, "app-main=50", "app-canary=50", "--yes")
        self.daemon.config.unlink()

    def test_what_a_start_would_refuse_is_broken(self):
        keys = self.write("keys", run_cli("keys", "new").stdout)
        keys.chmod(0o600)
        self.daemon = self.kanaria_with(self.text(split="per_user") + f"cookie_key_file: {keys}\n", self.port, self.admin)
        self.assertEqual(self.status()["config"]["file_state"], "in_sync")
        keys.rename(keys.with_name("gone"))
        self.assertEqual(self.status()["config"]["file_state"], "broken")
        keys.with_name("gone").rename(keys)
        self.assertEqual(self.status()["config"]["file_state"], "in_sync")
        self.daemon.config.write_text(self.daemon.config.read_text().replace('path_pattern: ["/*"]',
                                                                             'path_pattern: {regex_values: ["("]}'))
        self.assertEqual(self.status()["config"]["file_state"], "broken")

    def test_connections_to_it_are_few(self):
        self.start()
        held = [connect(self.admin) for _ in range(64)]
        for sock in held:
            self.addCleanup(sock.close)
            sock.sendall(b"GET /healthz HTTP/1.1\r\n")
        with connect(self.admin) as sock:
            sock.settimeout(5)
            try:
                self.assertEqual(sock.recv(1), b"")
            except ConnectionResetError:
                pass
        self.assertEqual(get(self.port)[0], 200)
        for sock in held:
            sock.close()
        deadline = time.monotonic() + 10
        while True:
            try:
                self.assertEqual(get(self.admin, "/healthz")[0], 200)
                break
            except (OSError, http.client.HTTPException):
                self.assertLess(time.monotonic(), deadline)

    def on_terminal(self, columns, *arguments, env=None):
        """What is written on a terminal of that width until the program ends."""
        ours, theirs = pty.openpty()
        import fcntl, struct, termios  # pylint: disable=import-outside-toplevel,multiple-imports
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([BIN / "kanaria", *arguments, "--admin", f"127.0.0.1:{self.admin}"], stdin=theirs,
                                   stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm", **(env or {})})
        # What a terminal has not given out yet can be lost when its last user closes it, so that isn't the program.
        last = threading.Thread(target=lambda: (process.wait(), os.write(theirs, b"\0")))
        last.start()
        shown = b""
        while not shown.endswith(b"\0"):
            shown += os.read(ours, 65536)
        last.join()
        os.close(theirs)
        os.close(ours)
        return shown[:-1].decode()

    def test_status_fits_what_it_is_shown_on(self):
        self.start()
        plain = lambda text: re.sub(r"\x1b\[\d+m", "", text)
        for columns in (20, 40, 80, 200):
            shown = self.on_terminal(columns, "status", env={"LC_ALL": "C"})
            self.assertIn("\x1b[", shown)
            self.assertTrue(shown.isascii())
            for line in plain(shown).splitlines():
                self.assertLessEqual(len(line), columns, line)
        self.assertIn("\u2514", self.on_terminal(80, "status", env={"LC_ALL": "C.UTF-8"}))
        self.assertNotIn("\x1b", self.on_terminal(80, "status", env={"NO_COLOR": "1"}))

    def test_watching_ends_with_its_reader(self):
        self.start()
        process = subprocess.Popen([BIN / "kanaria", "status", "--watch", "--admin", f"127.0.0.1:{self.admin}"],
                                   stdout=subprocess.PIPE)
        self.assertTrue(process.stdout.readline().startswith(b"kanaria "))
        process.stdout.close()
        self.assertNotEqual(process.wait(20), 0)

    def test_errors_tell_of_the_last_that_went_wrong(self):
        self.canary.stop()
        failing = self.echo("failing", "--status", "500")
        self.main = failing
        self.start()
        self.assertEqual(json.loads(get(self.admin, "/api/v1/errors")[1])["errors"], [])
        self.assertEqual(self.command("errors").stdout, "no errors\n")
        for _ in range(10):
            get(self.port)
        get(self.port, "/x?y=1", headers={"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678"})
        # An exchange is told of after its last byte went out.
        deadline = time.monotonic() + TIMEOUT
        answer = {"errors": []}
        while len(answer["errors"]) < 11 and time.monotonic() < deadline:
            answer = json.loads(get(self.admin, "/api/v1/errors")[1])
        self.assertEqual(len(answer["errors"]), 11)
        self.assertEqual([error["sequence"] for error in answer["errors"]], list(range(1, 12)))
        faults = {(error["target_group"], error["fault"], error["target_status_code"]) for error in answer["errors"]}
        self.assertEqual(faults, {("app-main", None, 500), ("app-canary", "connect_refused", None)})
        shown = self.command("errors", "app-canary").stdout
        self.assertRegex(shown, r"502 http-\d+/canary app-canary \S+ connect_refused  GET /")
        self.assertNotIn("app-main", shown)
        self.assertIn("Root=1-67891233-abcdef012345678912345678", self.command("errors").stdout)
        self.assertEqual(len(json.loads(get(self.admin, "/api/v1/errors?after=9")[1])["errors"]), 2)
        for query in ("?after=x", "?after=-1", "?before=1"):
            self.assertEqual(get(self.admin, "/api/v1/errors" + query)[0], 400)
        self.assertIn('did you mean "app-main"', self.command("errors", "app-mian", code=1).stderr)

    def test_errors_can_be_followed(self):
        self.canary.stop()
        self.start(main=0, canary=1)
        process = subprocess.Popen([BIN / "kanaria", "errors", "--follow", "--admin", f"127.0.0.1:{self.admin}"],
                                   stdout=subprocess.PIPE, text=True)
        for path in ("/one", "/two"):
            get(self.port, path)
            self.assertIn(f"GET {path}", process.stdout.readline())
        process.terminate()
        process.wait(20)
        process.stdout.close()

    def test_explain_answers_with_the_rule_and_why(self):
        self.start(path="/api/*")
        def explain(query):
            status, body, _ = get(self.admin, f"/api/v1/explain?url=http://a:{self.port}{query}")
            return status, json.loads(body)
        _, found = explain("/api/x&method=GET")
        self.assertEqual([(rule["rule"], rule["matches"]) for rule in found["rules"]], [("canary", True)])
        self.assertIn("/api/*", found["rules"][0]["reasons"][0])
        self.assertEqual([group["weight"] for group in found["weights"]["target_groups"]], [90, 10])
        self.assertEqual(found["sends"][:2], ["GET /api/x HTTP/1.1", f"Host: a:{self.port}"])
        _, found = explain("/other&method=GET&headers=X-A:%201%0AX-B:%202")
        self.assertEqual([(rule["rule"], rule["matches"]) for rule in found["rules"]], [("canary", False), ("default", True)])
        self.assertEqual((found["action"], found["weights"]), ("fixed_response 404", None))
        _, found = explain("/api/x&method=GET&headers=Content-Length:%201%0AContent-Length:%202")
        self.assertEqual(found["answers"]["status"], 400)
        for query, status in (("/&method=GET&from=nobody", 400), ("/&method=GET&listener=nothing", 404), ("/", 400)):
            self.assertEqual(explain(query)[0], status)

    def test_show_diff_and_explain_ask_the_daemon(self):
        self.start()
        self.command("weights", self.rule, "app-main=50", "app-canary=50", "--yes", "--reason", "INC-204")
        shown = self.command("show").stdout
        self.assertIn('{name: "app-canary", weight: 50}', shown)
        self.assertEqual(run_cli("check", self.write("shown.yaml", shown)).returncode, 0)
        # What a reload would change, and that is nothing: the override stays.
        self.assertIn("nothing would change", self.command("diff", self.daemon.config).stdout)
        self.assertIn("canary weight 10 -> 50", self.command("diff", self.write("same.yaml", shown), code=3).stdout)
        explained = self.command("explain", "GET", f"http://a:{self.port}/x").stdout
        self.assertIn("of the running configuration", explained)
        self.assertRegex(explained, r"app-canary +50 +50\.0% +1/1 healthy")
        self.assertIn('"INC-204"', explained)


if __name__ == "__main__":
    unittest.main()
