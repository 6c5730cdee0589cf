"""What the tests of rollouts share: a daemon with one rollout, targets that count what they are given, and users who go on
asking."""

import http.client
import json
import re
import signal
import threading
import time
from collections import Counter

from support import TIMEOUT, Case, config_text, free_port, get, name_in

JSON = {"Content-Type": "application/json"}
QUICKLY = "{interval: 1s, timeout: 500ms, healthy_threshold: 2, unhealthy_threshold: 2}"
HOLD = {"pause": {}}


def weight(percent):
    return {"set_weight": f"{percent}%"}


def pause(length):
    return {"pause": {"duration": length}}


class App:
    """A target that counts its requests before it answers, and fails or dawdles as it is told."""

    def __init__(self, case, name, fails=0.0, delay=0.0):
        self.name, self.fails, self.delay = name, fails, delay
        self.answers_each = None  # closes a connection at the request behind so many
        self.requests = 0
        self._failed = 0.0
        self._lock = threading.Lock()
        self.target = case.scripted(self._serve).target

    def _serve(self, sock):
        answered = 0
        with sock.makefile("rb") as reader:
            while reader.readline():
                while reader.readline() not in (b"\r\n", b""):
                    pass
                if answered == self.answers_each:
                    return
                answered += 1
                with self._lock:
                    self.requests += 1
                    self._failed += self.fails  # of 0.5 each second one
                    is_bad = self._failed > 0.999
                    self._failed -= is_bad
                time.sleep(self.delay)
                body = f"APP_NAME: {self.name}".encode()
                status = b"500 Internal Server Error" if is_bad else b"200 OK"
                sock.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


class Users:
    """Each sends one request after another on a connection of its own, until stop(). What they got is counted by status
    and by who answered."""

    def __init__(self, port, count, headers=None):
        self.answers = Counter()
        self._news = threading.Condition()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(port, headers or {})) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, port, headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        while not self._stopped.is_set():
            try:
                connection.request("GET", "/", headers=headers)
                answer = connection.getresponse()
                told = answer.status, name_in(answer.read())
            except (OSError, http.client.HTTPException) as failure:
                told = type(failure).__name__, ""
                connection.close()
                self._stopped.wait(0.01)  # the daemon is away
            with self._news:
                self.answers[told] += 1
                self._news.notify_all()
        connection.close()

    def wait_for(self, more):
        """Until so many more requests have ended."""
        with self._news:
            wanted = self.answers.total() + more
            if not self._news.wait_for(lambda: self.answers.total() >= wanted, TIMEOUT):
                raise AssertionError(f"only {self.answers.total()} of {wanted} requests have ended")

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join(TIMEOUT)
        return self.answers


class RolloutCase(Case):
    """A daemon whose rule `canary` gives everything to app-main, and has the rollout `checkout`."""

    STEPS = [weight(10), HOLD, weight(50), HOLD, weight(100)]
    daemon = None

    def setUp(self):
        super().setUp()
        self.port, self.admin = free_port(), free_port()
        self.rule = f"http-{self.port}/canary"
        self.state = self.dir / "state"
        self.state.mkdir(mode=0o750)
        self.file = self.state / "rollouts.json"
        self.main, self.canary = App(self, "main"), App(self, "canary")

    def text(self, rollout=None, analysis=None, weights=(100, 0), targets=None, without=False, **settings):
        """`rollout` and `analysis`: keys of theirs, beside or instead of the usual ones. `targets`: of main and canary.
        `without`: the rollout."""
        main, canary = targets or (self.main.target, self.canary.target)
        groups = {"app-main": (weights[0], [main]), "app-canary": (weights[1], [canary])}
        settings.setdefault("workers", 2)
        whole = {"name": "checkout", "rule": self.rule, "stable": "app-main", "canary": "app-canary", "revision": "r1",
                 "steps": self.STEPS, "bake_time": "1h",
                 "analysis": {"min_canary_requests": 0, "initial_delay": "1h", **(analysis or {})}, **(rollout or {})}
        return (config_text(self.port, self.admin, groups, **settings)
                + f"state_dir: {self.state}\naccess_logs: {{enabled: false}}\n"
                + ("" if without else f"rollouts: {json.dumps([whole])}\n"))

    def start(self, rollout=None, analysis=None, **settings):
        """The daemon, with its rollout at rest."""
        self.daemon = self.kanaria_with(self.text(rollout, analysis, **settings), self.port, self.admin)
        return self.daemon

    def begin(self, rollout=None, analysis=None, **settings):
        """The daemon, with its rollout at step 0 or behind it."""
        self.start(rollout, analysis, **settings)
        self.verb("start")
        return self.daemon

    def restart(self, how=signal.SIGTERM, text=None, before=lambda: None):
        """Ends the daemon, does what is to be done `before` the next one starts, and starts that."""
        self.daemon.ends_with = 0 if how == signal.SIGTERM else -how
        self.daemon.signal(how)
        self.daemon.process.wait(TIMEOUT)
        before()
        self.daemon = self.kanaria_with(text or self.daemon.config.read_text(), self.port, self.admin)
        return self.daemon

    def edit(self, rollout=None, analysis=None, **settings):
        """A reload with another file: what it printed."""
        self.daemon.config.write_text(self.text(rollout, analysis, **settings))
        return self.daemon.reload().stdout

    def hang_up(self):
        seen = len(self.daemon.lines_with("reload by HUP"))
        self.daemon.signal(signal.SIGHUP)
        self.wait_until(lambda: len(self.daemon.lines_with("reload by HUP")) > seen, "the reload has no line in the log")

    def ask(self, path, method="POST", headers=None):
        status, body, _ = get(self.admin, f"/api/v1/{path}", method, headers={**JSON, **(headers or {})})
        return status, json.loads(body)

    def verb(self, verb, code=200, **query):
        """What was answered."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        status, answer = self.ask(f"rollouts/checkout/{verb}?{asked}")
        self.assertEqual(status, code, f"{verb} {asked}: {answer}")
        return answer

    def refused(self, verb, **query):
        """Why."""
        return self.verb(verb, 409, **query)["error"]["message"]

    def look(self):
        status, answer = self.ask("rollouts/checkout", "GET")
        self.assertEqual(status, 200, answer)
        return answer

    @staticmethod
    def state_of(report):
        """Healthy, Degraded(ManualAbort)."""
        return report["phase"] + (f"({report['reason']})" if report["reason"] else "")

    def is_at(self, state, share=None):
        """At once."""
        report = self.look()
        self.assertEqual(self.state_of(report), state, report["why"])
        if share is not None:
            self.assertEqual(report["weight"], share, report["why"])
        return report

    def wait_until(self, condition, words):
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"{words}\n{self.daemon.output()}")
            time.sleep(0.01)

    def wait_for(self, state):
        """Until it is there; the report then."""
        reports = []

        def is_there():
            reports[:] = [self.look()]
            return self.state_of(reports[0]) == state

        try:
            self.wait_until(is_there, f"it never is {state}")
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{json.dumps(reports, indent=1)}") from None
        return reports[0]

    def wait_for_bad(self, stable):
        """Until so many bad answers of stable were weighed; the report then."""
        self.wait_until(lambda: [metric["bad"]["stable"] for metric in self.look()["metrics"][:1]] == [stable],
                        "they are not weighed")
        return self.look()

    def users(self, count=8, headers=None):
        users = Users(self.port, count, headers)
        self.addCleanup(users.stop)
        return users

    def assert_canary_gets_nothing(self, users, requests=300):
        """From now on, by the canary's own count."""
        users.wait_for(2 * 32)  # what was under way is over
        before = self.canary.requests
        users.wait_for(requests)
        self.assertEqual(self.canary.requests, before)

    def shares(self, requests, headers=None):
        """Who was given how many of so many requests: by the targets' own counts."""
        before = self.main.requests, self.canary.requests
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        for _ in range(requests):
            connection.request("GET", "/", headers=headers or {})
            connection.getresponse().read()
        connection.close()
        return self.main.requests - before[0], self.canary.requests - before[1]

    def transitions(self):
        """Lines of the log: one for each."""
        return [line for line in self.daemon.lines if re.match(r"\S+ \w+ +rollout checkout: ", line)]
