"""Targets that die, hang, refuse and come back while requests go on. Each request bears an id; what is accepted is
counted: what its client got, and how often targets were given it."""

import http.client
import itertools
import os
import signal
import socket
import sys
import threading
import time
import unittest
from collections import Counter
from pathlib import Path
from unittest import mock

from dns_server import SERVFAIL, SILENCE, DnsServer
from support import TIMEOUT, Case, Program, config_text, count_answers, free_port, get, name_in, read_to_end

HERE = Path(__file__).resolve().parent
QUICKLY = "{interval: 1s, timeout: 500ms, healthy_threshold: 2, unhealthy_threshold: 2}"


class Recorder:
    """recording_target.py on a port that stays the same over its deaths."""

    def __init__(self, case, name, keep=None, host="127.0.0.1", port=None):
        self.case, self.name, self.keep, self.host = case, name, keep, host
        self.port = port or free_port()
        self.target = f"{host}:{self.port}"
        self.log = case.dir / f"{name}.log"
        self.log.touch()
        self.program = None
        case.addCleanup(self.kill)
        self.start()

    def start(self):
        keep = [str(self.keep)] if self.keep else []
        where = f"{self.host}:{self.port}"
        self.program = Program([sys.executable, HERE / "recording_target.py", where, self.log, self.name, *keep])
        self.program.wait_for_line("listens on")

    def kill(self):
        if self.program.process.poll() is None:
            self.program.signal(signal.SIGKILL)
        self.program.wait()

    def requests(self):
        return self.log.read_text().split("\n")[:-1]


class Load:
    """Clients that send one request after another until they are stopped, on connections that they keep."""

    def __init__(self, port, methods, pause=lambda: None):
        self.port, self.pause = port, pause
        self.results = {}  # id -> status, or the name of what was raised
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._ids = itertools.count()
        self._threads = [threading.Thread(target=self._run, args=(method,), daemon=True) for method in methods]
        for thread in self._threads:
            thread.start()

    def _run(self, method):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        while not self._stopping.is_set():
            with self._news:
                name = f"{method}-{next(self._ids)}"
            try:
                connection.request(method, "/", body=b"x" if method == "POST" else None, headers={"X-Id": name})
                answer = connection.getresponse()
                answer.read()
                result = answer.status
            except (OSError, http.client.HTTPException) as failure:
                result = type(failure).__name__
                connection.close()
            with self._news:
                self.results[name] = result
                self._news.notify_all()
            self.pause()
        connection.close()

    def wait_for(self, more):
        """Until so many more requests have ended."""
        with self._news:
            wanted = len(self.results) + more
            if not self._news.wait_for(lambda: len(self.results) >= wanted, TIMEOUT):
                raise AssertionError(f"only {len(self.results)} of {wanted} requests have ended")

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(TIMEOUT)
        return self.results

    def counts(self, method):
        return Counter(result for name, result in self.results.items() if name.startswith(method))


class Chaos(Case):
    def group(self, targets, **settings):
        """A daemon with one group."""
        return self.kanaria({"app": (1, targets)}, **settings)

    def wait_until(self, condition, words):
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            self.assertLess(time.monotonic(), deadline, words)
            time.sleep(0.01)

    @staticmethod
    def delivered(recorders):
        """How often each POST was given to a target."""
        return Counter(line for recorder in recorders for line in recorder.requests() if line.startswith("POST"))

    def assert_delivered_once(self, recorders, load):
        delivered = self.delivered(recorders)
        self.assertEqual([line for line, times in delivered.items() if times > 1], [])
        answered = {name for name, result in load.results.items() if name.startswith("POST") and result == 200}
        self.assertLessEqual(answered, {line.split()[1] for line in delivered})

    def kill_ten_times(self, requests):
        """A target of two is killed after so many requests, and started again after twice as many. The load, and both targets."""
        victim, other = Recorder(self, "victim"), Recorder(self, "other")
        daemon = self.group([victim.target, other.target], health_check=QUICKLY)
        load = Load(daemon.port, ["GET"] * 4 + ["POST"] * 2)
        for _ in range(10):
            load.wait_for(requests)
            victim.kill()
            load.wait_for(2 * requests)
            victim.start()
            before = len(victim.requests())
            self.wait_until(lambda seen=before: len(victim.requests()) > seen, "the victim is given no request any more")
        load.stop()
        self.assertEqual(set(load.counts("GET")), {200})
        self.assertLessEqual(set(load.counts("POST")), {200, 502})
        self.assert_delivered_once([victim, other], load)
        return load, [victim, other]

    def test_a_target_of_two_that_is_killed_ten_times_loses_no_get_and_repeats_no_post(self):
        self.kill_ten_times(100)

    def test_refused_and_black_holed_targets_cost_no_request(self):
        app = Recorder(self, "app")
        with socket.socket() as hole, socket.socket() as fill_one, socket.socket() as fill_two:
            hole.bind(("127.0.0.1", 0))
            hole.listen(0)
            for fill in (fill_one, fill_two):  # its queue is full: a further SYN is not answered
                fill.setblocking(False)
                fill.connect_ex(hole.getsockname())
            targets = [f"127.0.0.1:{free_port()}", f"127.0.0.1:{hole.getsockname()[1]}", app.target]
            daemon = self.group(targets, group_settings="passive_health: {max_ejected: 100%}",
                                load_balancer={"target_connect_timeout": "500ms"})
            load = Load(daemon.port, ["GET"] * 4)
            self.wait_until(lambda: daemon.metric("ejections_total") >= 2, "the dead targets are not ejected")
            load.wait_for(200)
            load.stop()
        self.assertEqual(set(load.counts("GET")), {200})

    def test_a_hanging_target_is_ejected_and_its_sibling_answers(self):
        app, hanging = Recorder(self, "app"), self.scripted(read_to_end)
        daemon = self.group([hanging.target, app.target], load_balancer={"idle_timeout": "1s"})
        load = Load(daemon.port, ["GET"] * 4)
        self.wait_until(lambda: daemon.metric("ejections_total") >= 1, "the hanging target is not ejected")
        ejected = len(load.results)
        load.wait_for(200)
        load.stop()
        counts = load.counts("GET")
        self.assertEqual(set(counts), {200, 504})
        # Each client may be caught once before three in a row are seen, and once until control looks.
        self.assertLessEqual(counts[504], 2 * 4)
        self.assertGreater(len(load.results) - ejected, 100)

    def test_a_target_that_closes_idle_connections_quickly_loses_nothing(self):
        app = Recorder(self, "app", keep=0.02)
        daemon = self.group([app.target])
        pauses = itertools.cycle([0.0, 0.019, 0.02, 0.021, 0.0205, 0.001])
        load = Load(daemon.port, ["GET"] * 3 + ["POST"] * 3, pause=lambda: time.sleep(next(pauses)))
        load.wait_for(1500)
        load.stop()
        self.assertEqual(set(load.counts("GET")), {200})
        self.assertLessEqual(set(load.counts("POST")), {200, 502})
        self.assert_delivered_once([app], load)

    def test_twenty_reloads_that_add_remove_and_reweight_lose_nothing(self):
        recorders = [Recorder(self, f"app-{i}") for i in range(4)]
        port, admin = free_port(), free_port()

        def text(first, second, weights):
            groups = {"main": (weights[0], [recorders[i].target for i in first]),
                      "canary": (weights[1], [recorders[i].target for i in second])}
            return config_text(port, admin, groups, health_check=QUICKLY)

        daemon = self.kanaria_with(text([0], [3], (90, 10)), port, admin)
        load = Load(port, ["GET"] * 4 + ["POST"] * 2)
        for i in range(20):
            first = [[0], [0, 1], [0, 1, 2], [1, 2], [2]][i % 5]
            daemon.config.write_text(text(first, [3] if i % 2 else [3, 0], (100 - i, i + 1)))
            daemon.reload()
            load.wait_for(50)
        load.stop()
        daemon.config.write_text(text([0], [3], (75, 25)))
        daemon.reload()
        self.assertEqual(set(load.counts("GET")) | set(load.counts("POST")), {200})
        self.assert_delivered_once(recorders, load)
        self.assertEqual(count_answers(port, 100), {"app-0": 75, "app-3": 25})

    def test_all_targets_down_and_back(self):
        recorders = [Recorder(self, name) for name in ("one", "two")]
        daemon = self.group([recorder.target for recorder in recorders], health_check=QUICKLY)
        self.wait_until(lambda: daemon.metric("targets", state="healthy") == 2, "the targets are not healthy")
        for recorder in recorders:
            recorder.kill()
        self.assertEqual(get(daemon.port)[0], 502)
        self.wait_until(lambda: daemon.metric("targets", state="unhealthy") == 2, "the targets are not unhealthy")
        before = daemon.metric("fail_open_requests_total")
        self.assertEqual(get(daemon.port)[0], 502)
        self.wait_until(lambda: daemon.metric("fail_open_requests_total") > before, "no request failed open")
        for recorder in recorders:
            recorder.start()
        self.wait_until(lambda: daemon.metric("targets", state="healthy") == 2, "the targets don't come back")
        names = Counter(name_in(get(daemon.port)[1]) for _ in range(20))
        self.assertEqual(names, {"one": 10, "two": 10})

    def test_dns_that_changes_fails_and_is_silent_loses_nothing(self):
        port = free_port()
        hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        recorders = [Recorder(self, f"app{i}", host=host, port=port) for i, host in enumerate(hosts)]
        first, second, third = recorders
        with DnsServer({"app.test": [first.host]}) as dns:
            with mock.patch.dict(os.environ, {"KANARIA_DNS_SERVERS": dns.address}):
                daemon = self.group([f"app.test:{port}"], group_settings="dns_max_ttl: 1s")
            load = Load(daemon.port, ["GET"] * 3 + ["POST"])
            load.wait_for(100)
            dns.set("app.test", [first.host, second.host])
            self.wait_until(second.requests, "the added address is given no request")
            dns.fail("app.test", SERVFAIL)
            daemon.wait_for_line("name app.test can't be resolved: .*; its last 2 addresses stay")
            load.wait_for(100)
            dns.fail("app.test", SILENCE)
            dns.wait_asked("app.test")
            load.wait_for(100)
            dns.set("app.test", [third.host])
            self.wait_until(third.requests, "the new address is given no request")
            self.wait_until(lambda: daemon.metric("targets", state="unavailable") == 1, "the old ones don't leave")
            left = [len(recorder.requests()) for recorder in (first, second)]
            first.kill()  # nobody asks for them any more
            second.kill()
            load.wait_for(100)
            load.stop()
        self.assertEqual([len(recorder.requests()) for recorder in (first, second)], left)
        self.assertEqual(set(load.counts("GET")) | set(load.counts("POST")), {200})
        self.assert_delivered_once(recorders, load)


if __name__ == "__main__":
    unittest.main()
