"""Target groups: health checks, choosing, failover, bounds, deregistration, passive health, retries and names. What a target
was given is counted at the target."""

import http.client
import os
import select
import socket
import threading
import time
import unittest
from collections import Counter
from unittest import mock

from dns_server import SERVFAIL, DnsServer
from support import TIMEOUT, Case, connect, free_port, get, name_in, read_answer

UNCHECKED = "health_check: {enabled: false}"
CHECKED = "health_check: {path: /health, interval: 1s, timeout: 500ms, healthy_threshold: 2, unhealthy_threshold: 2}"
ACCESS_LOG = "access_logs: {enabled: true}\n"


class App:
    """A target on a port that stays the same. Health checks are answered with `health`, requests with its name, when `hold()`
    is over; or it closes instead, where it `fails`. What has come is written down before it is answered."""

    def __init__(self, case, name, host="127.0.0.1", port=None):
        self.name, self.host, self.port = name, host, port or free_port()
        self.target = f"{host}:{self.port}"
        self.health, self.fails = 200, False
        self.streams = False  # answers never end
        self.checks = []  # heads
        self.verdicts = Counter()  # status -> checks answered with it
        self.requests = []  # (method, path)
        self.most_connections = 0
        self._open = set()
        self._permits = None  # requests that may be answered; None: all
        self._news = threading.Condition()
        self._listener = None
        case.addCleanup(self.kill)
        self.start()

    def start(self):
        self._listener = socket.create_server((self.host, self.port), backlog=256)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def kill(self):
        with self._news:
            self._permits = None
            self._news.notify_all()
            sockets = [*self._open]
        for sock in (self._listener, *sockets):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._listener.close()

    def hold(self):
        with self._news:
            self._permits = 0

    def release(self, requests=None):
        """So many requests more are answered; without a number all, from now on."""
        with self._news:
            self._permits = None if requests is None else self._permits + requests
            self._news.notify_all()

    def wait_requests(self, number):
        """Until so many have come."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.requests) >= number, TIMEOUT):
                raise AssertionError(f"{self.name} was given {len(self.requests)} requests of {number}")

    def wait_checks(self, more):
        with self._news:
            wanted = len(self.checks) + more
            if not self._news.wait_for(lambda: len(self.checks) >= wanted, TIMEOUT):
                raise AssertionError(f"{self.name} was checked {len(self.checks)} times of {wanted}")

    def set_health(self, status):
        """From the next check on, which verdicts count."""
        with self._news:
            self.health = status
            self.verdicts.clear()

    def paths(self):
        return [path for _, path in self.requests]

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(TIMEOUT)
            with self._news:
                # Those that the other side has closed are gone, though their threads may not know yet.
                self._open = {one for one in self._open if not self._is_at_end(one)} | {sock}
                self.most_connections = max(self.most_connections, len(self._open))
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    @staticmethod
    def _is_at_end(sock):
        if sock.fileno() < 0:
            return True
        poller = select.poll()
        poller.register(sock, select.POLLRDHUP)
        return bool(poller.poll(0))

    def _serve(self, sock):
        try:
            with sock, sock.makefile("rb") as reader:
                while head := self._head(reader):
                    if not self._answer(sock, reader, head):
                        return
        except OSError:
            pass  # the other side may end a connection at any time
        finally:
            with self._news:
                self._open.discard(sock)

    @staticmethod
    def _head(reader):
        lines = []
        while (line := reader.readline()) not in (b"\r\n", b""):
            lines.append(line.decode("latin-1").rstrip("\r\n"))
        return lines

    def _answer(self, sock, reader, head):
        fields = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:])}
        if fields.get("user-agent") == "ELB-HealthChecker/2.0":
            with self._news:
                status = self.health
                self.checks.append(head)
                self.verdicts[status] += 1
                self._news.notify_all()
            sock.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
            return False
        reader.read(int(fields.get("content-length", "0")))
        method, path, _ = head[0].split()
        with self._news:
            self.requests.append((method, path))
            self._news.notify_all()
            fails = self.fails
            if not self._news.wait_for(lambda: self._permits is None or self._permits > 0, TIMEOUT):
                raise AssertionError(f"{self.name} was never let answer {path}")
            if self._permits is not None:
                self._permits -= 1
        if fails:
            return False
        body = f"APP_NAME: {self.name}".encode()
        length = len(body) + self.streams
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (length, body))
        return True


class Client:
    """One request on its own connection, which is kept; the answer when it is asked for."""

    def __init__(self, case, port, path, method="GET", also=""):
        self.sock = connect(port)
        case.addCleanup(self.sock.close)
        paths = [path, also] if also else [path]
        self.sock.sendall("".join(f"{method} {one} HTTP/1.1\r\nHost: x\r\n\r\n" for one in paths).encode())

    def status(self):
        return read_answer(self.sock)[0]


class TargetsCase(Case):
    def app(self, name, **where):
        return App(self, name, **where)

    def text(self, groups, weights, *, workers=1, failover=False, head=""):
        """`groups`: name -> (targets, settings); `weights`: name -> weight, of those that the rule names."""
        named = ", ".join(f"{{name: {name}, weight: {weight}}}" for name, weight in weights.items())
        listed = "".join(
            f"  - {{name: {name}, {settings}, targets: [{', '.join(chr(34) + target + chr(34) for target in targets)}]}}\n"
            for name, (targets, settings) in groups.items())
        return (f"workers: {workers}\n{head}admin: {{address: \"127.0.0.1:{self.admin}\"}}\n"
                f"listeners:\n  - port: {self.port}\n    address: 127.0.0.1\n    default_action:\n"
                f"      forward: {{{'failover: true, ' if failover else ''}target_groups: [{named}]}}\n"
                f"target_groups:\n{listed}")

    def serve(self, groups, weights, **settings):
        self.port, self.admin = free_port(), free_port()
        return self.kanaria_with(self.text(groups, weights, **settings), self.port, self.admin)

    def serve_one(self, apps, group=UNCHECKED, **settings):
        """A daemon with one group of these targets."""
        return self.serve({"app": ([self.target_of(app) for app in apps], group)}, {"app": 1}, **settings)

    def reload_one(self, daemon, apps, group=UNCHECKED, **settings):
        daemon.config.write_text(
            self.text({"app": ([self.target_of(app) for app in apps], group)}, {"app": 1}, **settings))
        daemon.reload()

    @staticmethod
    def target_of(app):
        return app if isinstance(app, str) else app.target

    def wait_until(self, condition, words, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), deadline, words)
            time.sleep(0.005)

    def wait_states(self, daemon, group="app", **states):
        self.wait_until(lambda: all(daemon.metric("targets", target_group=group, state=state) == count
                                    for state, count in states.items()), f"{group} never has {states}")

    def wait_pending(self, daemon, number):
        self.wait_until(lambda: daemon.metric("pending_requests") == number, f"never {number} requests wait")

    def answers(self, requests, method="GET"):
        """Who answered, one request after another on one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        names = []
        for i in range(requests):
            connection.request(method, f"/{i}")
            answer = connection.getresponse()
            body = answer.read()
            names.append(name_in(body) if answer.status == 200 else answer.status)
        connection.close()
        return names


class HealthChecks(TargetsCase):
    def test_a_check_on_the_wire_and_who_is_checked(self):
        main, zero, nobody, elsewhere = (self.app(name) for name in ("main", "zero", "nobody", "elsewhere"))
        checked = "health_check: {path: '/health?deep=1'}"
        began = time.monotonic()
        daemon = self.serve({
            "main": ([main.target], checked), "zero": ([zero.target], checked), "nobody": ([nobody.target], checked),
            "other-port": ([self.app("traffic").target], f"health_check: {{path: /up, port: {elsewhere.port}}}"),
            "off": ([self.app("off").target], UNCHECKED),
        }, {"main": 100, "zero": 0, "other-port": 0, "off": 0})
        for group in ("main", "zero", "other-port"):
            self.wait_states(daemon, group, healthy=1, initial=0)
        self.assertLess(time.monotonic() - began, 1.5)  # within a second, and the start's time
        self.assertEqual(daemon.metric("targets", target_group="nobody", state="unused"), 1)
        self.assertEqual(daemon.metric("targets", target_group="off", state="unavailable"), 1)
        self.assertEqual(nobody.checks, [])
        self.assertEqual(main.checks[0][0], "GET /health?deep=1 HTTP/1.1")
        self.assertEqual({line.lower() for line in main.checks[0][1:]}, {
            f"host: {main.target}", "user-agent: elb-healthchecker/2.0", "connection: close"})
        self.assertEqual(elsewhere.checks[0][0], "GET /up HTTP/1.1")
        self.assertIn(f"host: {elsewhere.target}", [line.lower() for line in elsewhere.checks[0]])
        self.assertEqual(len(main.checks), 1)  # the next one is an interval away

    def test_a_group_is_checked_from_when_a_rule_uses_it(self):
        app, late = self.app("app"), self.app("late")
        groups = {"app": ([app.target], CHECKED), "late": ([late.target], CHECKED)}
        daemon = self.serve(groups, {"app": 1})
        self.wait_states(daemon, "late", unused=1)
        daemon.config.write_text(self.text(groups, {"app": 1, "late": 0}))
        daemon.reload()
        self.wait_states(daemon, "late", healthy=1, unused=0)

    def test_thresholds_and_the_matcher_and_both_over_reloads(self):
        app, other = self.app("app"), self.app("other")
        app.set_health(204)

        def settings(priority):
            return CHECKED.replace("path: /health", "path: /health, matcher: '204-206,210'") + f", max_pending: {priority}"

        other.set_health(210)
        daemon = self.serve_one([app, other], settings(1))
        self.wait_states(daemon, healthy=2)
        self.assertEqual(app.verdicts, {204: 1})  # the first success is enough
        app.set_health(207)
        app.wait_checks(1)
        self.reload_one(daemon, [app, other], settings(2))
        self.wait_states(daemon, healthy=1, unhealthy=1)
        self.assertEqual(app.verdicts, {207: 2})  # the failure before the reload counts
        daemon.wait_for_line(rf"{app.target}: unhealthy \(Health checks failed with these codes: \[207\]\)")
        self.reload_one(daemon, [app, other], settings(3))
        self.assertEqual(daemon.metric("targets", target_group="app", state="unhealthy"), 1)
        self.assertEqual(daemon.metric("targets", target_group="app", state="initial"), 0)
        self.assertEqual(self.answers(4), ["other"] * 4)
        app.set_health(205)
        self.wait_states(daemon, healthy=2)
        self.assertEqual(app.verdicts, {205: 2})  # no new target: it has to prove itself
        self.assertEqual(Counter(self.answers(4)), {"app": 2, "other": 2})

    def test_fail_open_is_counted(self):
        sick, fine = self.app("sick"), self.app("fine")
        sick.set_health(500)
        groups = {"one": ([sick.target], CHECKED),
                  "two": ([sick.target, fine.target], CHECKED + ", target_group_health: "
                          "{unhealthy_state_routing: {minimum_healthy_targets_percentage: 60}}")}
        daemon = self.serve(groups, {"one": 1, "two": 1})
        self.wait_states(daemon, "one", unhealthy=1)
        self.wait_states(daemon, "two", unhealthy=1, healthy=1)
        before = daemon.metric("fail_open_requests_total", target_group="one")
        names = self.answers(20)
        self.assertEqual(Counter(names), {"sick": 15, "fine": 5})
        self.assertEqual(daemon.metric("fail_open_requests_total", target_group="one") - before, 10)
        self.assertEqual(daemon.metric("fail_open_requests_total", target_group="two"), 10)
        sick.set_health(200)
        self.wait_states(daemon, "one", healthy=1)
        before = daemon.metric("fail_open_requests_total", target_group="one")
        self.answers(4)
        self.assertEqual(daemon.metric("fail_open_requests_total", target_group="one"), before)


class Failover(TargetsCase):
    def assert_blocks(self, size, share, blocks=5):
        names = self.answers(size * blocks)
        for i in range(blocks):
            self.assertEqual(Counter(names[i * size:(i + 1) * size]), share, f"block {i}")

    def test_a_groups_share_goes_to_the_others_and_back_exactly(self):
        apps = {name: self.app(name) for name in ("first", "second", "third", "zero")}
        daemon = self.serve({name: ([app.target], CHECKED) for name, app in apps.items()},
                            {"first": 60, "second": 30, "third": 10, "zero": 0}, failover=True)

        def wait(**states):
            for name in apps:
                self.wait_states(daemon, name, **{states.get(name, "healthy"): 1})

        wait()
        self.assert_blocks(10, {"first": 6, "second": 3, "third": 1})
        self.assertEqual(daemon.metric("failover_requests_total"), 0)
        apps["first"].kill()
        wait(first="unhealthy")
        self.assert_blocks(4, {"second": 3, "third": 1})
        self.assertEqual(daemon.metric("failover_requests_total"), 20)
        self.assertEqual(daemon.metric("failover_requests_total", target_group="second"), 15)
        apps["first"].start()
        for name in ("second", "third"):
            apps[name].set_health(503)
        wait(second="unhealthy", third="unhealthy")
        self.assert_blocks(1, {"first": 1}, 20)
        apps["first"].set_health(503)
        wait(first="unhealthy", second="unhealthy", third="unhealthy")
        self.assert_blocks(10, {"first": 6, "second": 3, "third": 1}, 2)  # nobody is left: each fails open
        self.assertEqual(daemon.metric("fail_open_requests_total"), 20)
        for name in ("first", "second", "third"):
            apps[name].set_health(200)
        wait()
        self.assert_blocks(10, {"first": 6, "second": 3, "third": 1})
        self.assertEqual(apps["zero"].requests, [])

    def test_health_outlives_a_time_out_of_use_and_a_new_target_revives_nobody(self):
        main, dead, also_dead = (self.app(name) for name in ("main", "dead", "also_dead"))
        for app in (dead, also_dead):
            app.set_health(503)
        groups = {"main": ([main.target], CHECKED), "dead": ([dead.target], CHECKED)}
        daemon = self.serve(groups, {"main": 1, "dead": 1}, failover=True)
        self.wait_states(daemon, "dead", unhealthy=1)
        self.assert_blocks(20, {"main": 20}, 1)
        for weights in ({"main": 1}, {"main": 1, "dead": 1}):
            daemon.config.write_text(self.text(groups, weights, failover=True))
            daemon.reload()
        self.assertEqual(daemon.metric("targets", target_group="dead", state="unhealthy"), 1)
        self.assert_blocks(20, {"main": 20}, 1)
        groups["dead"] = ([dead.target, also_dead.target], CHECKED)
        daemon.config.write_text(self.text(groups, {"main": 1, "dead": 1}, failover=True))
        daemon.reload()
        self.assert_blocks(20, {"main": 20}, 1)
        self.assertEqual(dead.requests + also_dead.requests, [])

    def test_ninety_to_ten_and_without_failover(self):
        apps = {name: self.app(name) for name in ("main", "canary", "zero")}
        groups = {name: ([app.target], CHECKED) for name, app in apps.items()}
        weights = {"main": 90, "canary": 10, "zero": 0}
        apps["main"].set_health(500)
        daemon = self.serve(groups, weights, failover=True)
        self.wait_states(daemon, "main", unhealthy=1)
        self.assert_blocks(1, {"canary": 1}, 20)
        daemon.config.write_text(self.text(groups, weights))
        daemon.reload()
        self.assert_blocks(10, {"main": 9, "canary": 1}, 3)
        self.assertEqual(apps["zero"].requests, [])


class Choosing(TargetsCase):
    def test_least_outstanding_requests_spares_a_slow_target(self):
        apps = [self.app("one"), self.app("two")]
        daemon = self.serve_one(apps, UNCHECKED + ", load_balancing_algorithm_type: least_outstanding_requests", workers=2)
        for app in apps:
            app.hold()
        waiting = Client(self, daemon.port, "/slow")
        self.wait_until(lambda: any(app.requests for app in apps), "nobody is given the request")
        slow, fast = sorted(apps, key=lambda app: len(app.requests), reverse=True)
        fast.release()
        for _ in range(30):  # over both workers
            # A request is over a moment after its answer, and with one in flight at each the two are equals.
            self.wait_until(lambda: daemon.metric("target_in_flight", target=fast.target) == 0, "it never ends")
            self.assertEqual(get(daemon.port)[0], 200)
        self.assertEqual((len(slow.requests), len(fast.requests)), (1, 30))
        slow.release()
        self.assertEqual(waiting.status(), 200)
        self.wait_until(lambda: daemon.metric("target_in_flight") == 0, "a request stays in flight")
        self.assertIn(slow.name, self.answers(4))

    def test_weighted_random_spreads_at_random(self):
        self.serve_one([self.app("one"), self.app("two")], UNCHECKED + ", load_balancing_algorithm_type: weighted_random")
        names = self.answers(400)
        self.assertEqual(set(names), {"one", "two"})
        self.assertTrue(130 <= names.count("one") <= 270, names.count("one"))  # 7 standard deviations
        same = sum(a == b for a, b in zip(names, names[1:]))
        self.assertTrue(130 <= same <= 270, same)  # turns would never repeat one


class Bounds(TargetsCase):
    ONE = UNCHECKED + ", max_connections_per_target: 1, pending_timeout: 30s"

    def held(self, bounds=ONE, **settings):
        """A daemon whose only target has been given one request and holds it."""
        app = self.app("app")
        daemon = self.serve_one([app], bounds, head=ACCESS_LOG, **settings)
        app.hold()
        first = Client(self, daemon.port, "/0")
        app.wait_requests(1)
        return daemon, app, first

    def wait_in_line(self, daemon, paths):
        """Clients that came one after the other."""
        clients = []
        for path in paths:
            clients.append(Client(self, daemon.port, path))
            self.wait_pending(daemon, len(clients))
        return clients

    def test_a_target_never_has_more_connections_than_allowed(self):
        for allowed in (1, 3):
            with self.subTest(allowed=allowed):
                app = self.app("app")
                daemon = self.serve_one([app], self.ONE.replace("target: 1", f"target: {allowed}"), workers=2)
                results = []

                def run(results=results):
                    for i in range(10):
                        results.append(get(daemon.port, f"/{i}")[0])  # pylint: disable=cell-var-from-loop

                threads = [threading.Thread(target=run) for _ in range(8)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(TIMEOUT)
                self.assertEqual(results, [200] * 80)
                self.assertEqual(len(app.requests), 80)
                self.assertEqual(app.most_connections, allowed)

    def test_an_idle_connection_of_another_worker_makes_room(self):
        app = self.app("app")
        daemon = self.serve_one([app], self.ONE.replace("target: 1", "target: 2"), workers=2)
        for i in range(40):  # whichever worker gets them
            app.hold()
            clients = [Client(self, daemon.port, f"/{i}-{j}") for j in range(2)]
            app.wait_requests(2 * i + 2)
            app.release()
            self.assertEqual([client.status() for client in clients], [200, 200])
            for client in clients:
                client.sock.close()
        self.assertEqual(app.most_connections, 2)

    def test_waiting_requests_are_answered_in_order(self):
        for workers in (1, 2):
            with self.subTest(workers=workers):
                daemon, app, first = self.held(workers=workers)
                paths = [f"/{i}" for i in range(1, 9)]
                clients = [first, *self.wait_in_line(daemon, paths)]
                for i, client in enumerate(clients):
                    app.release(1)
                    self.assertEqual(client.status(), 200)
                    self.assertLessEqual(len(app.requests), i + 2)
                self.assertEqual(app.paths(), ["/0", *paths])
                self.assertEqual(app.most_connections, 1)
                self.wait_pending(daemon, 0)

    def test_a_request_that_comes_later_does_not_overtake_the_line(self):
        app = self.app("app")
        daemon = self.serve_one([app], self.ONE)
        app.hold()
        first = Client(self, daemon.port, "/0", also="/pipelined")
        app.wait_requests(1)
        (second,) = self.wait_in_line(daemon, ["/waits"])
        app.release()
        self.assertEqual([first.status(), second.status(), first.status()], [200] * 3)
        self.assertEqual(app.paths(), ["/0", "/waits", "/pipelined"])

    def test_more_than_max_pending_are_refused_at_once(self):
        daemon, app, first = self.held(self.ONE + ", max_pending: 1")
        (waits,) = self.wait_in_line(daemon, ["/1"])
        began = time.monotonic()
        self.assertEqual(get(daemon.port, "/2")[0], 503)
        self.assertLess(time.monotonic() - began, 5)
        app.release()
        self.assertEqual([first.status(), waits.status()], [200, 200])
        self.assertEqual(app.paths(), ["/0", "/1"])
        self.assertEqual(daemon.metric("proxy_errors_total", reason="targets_full"), 1)

    def test_none_waits_where_none_may(self):
        daemon, app, first = self.held(self.ONE + ", max_pending: 0")
        self.assertEqual(get(daemon.port, "/1")[0], 503)
        app.release()
        self.assertEqual(first.status(), 200)

    def test_waiting_ends_after_pending_timeout(self):
        daemon, app, first = self.held(self.ONE.replace("30s", "300ms"))
        began = time.monotonic()
        self.assertEqual(get(daemon.port, "/1")[0], 503)
        self.assertGreater(time.monotonic() - began, 0.25)
        self.assertLess(time.monotonic() - began, 5)
        self.wait_pending(daemon, 0)
        app.release()
        self.assertEqual(first.status(), 200)
        self.assertEqual(get(daemon.port, "/2")[0], 200)
        self.assertEqual(app.paths(), ["/0", "/2"])
        self.assertEqual(daemon.metric("proxy_errors_total", reason="pending_timeout"), 1)

    def test_a_client_that_leaves_gives_its_place_on(self):
        daemon, app, first = self.held(self.ONE + ", max_pending: 2")
        leaves, stays = self.wait_in_line(daemon, ["/leaves", "/stays"])
        leaves.sock.close()
        self.wait_pending(daemon, 1)
        daemon.wait_for_line(r'^http \S+ \S+ \S+ - \S+ \S+ \S+ 460 - .*/leaves ')
        late = Client(self, daemon.port, "/late")  # there is a place in line again
        self.wait_pending(daemon, 2)
        app.release()
        self.assertEqual([client.status() for client in (first, stays, late)], [200] * 3)
        self.assertEqual(app.paths(), ["/0", "/stays", "/late"])

    def test_in_flight_counts_survive_a_reload(self):
        daemon, app, first = self.held()
        self.reload_one(daemon, [app], self.ONE + ", max_pending: 7", head=ACCESS_LOG)
        self.assertEqual(daemon.metric("target_in_flight"), 1)
        (waits,) = self.wait_in_line(daemon, ["/1"])
        self.assertEqual(app.paths(), ["/0"])
        app.release()
        self.assertEqual([first.status(), waits.status()], [200, 200])

    def test_a_target_that_a_reload_brings_takes_those_who_wait(self):
        daemon, app, first = self.held()
        (waits,) = self.wait_in_line(daemon, ["/1"])
        new = self.app("new")
        self.reload_one(daemon, [app, new], self.ONE, head=ACCESS_LOG)
        waits.sock.settimeout(5)
        self.assertEqual(waits.status(), 200)
        self.assertEqual(get(daemon.port, "/2")[0], 200)
        self.assertEqual(new.paths(), ["/1", "/2"])
        app.release()
        self.assertEqual(first.status(), 200)

    def test_a_target_that_a_reload_removes_takes_none_of_those_who_wait(self):
        stays, leaves = self.app("stays"), self.app("leaves")
        daemon = self.serve_one([stays, leaves], self.ONE)
        stays.hold()
        leaves.hold()
        clients = [Client(self, daemon.port, f"/{i}") for i in range(2)]
        stays.wait_requests(1)
        leaves.wait_requests(1)
        (waits,) = self.wait_in_line(daemon, ["/waits"])
        self.reload_one(daemon, [stays], self.ONE)
        leaves.release()
        self.wait_until(lambda: daemon.metric("target_in_flight") == 1, "the removed target doesn't finish")
        self.assertEqual(daemon.metric("pending_requests"), 1)
        stays.release()
        self.assertEqual([client.status() for client in (*clients, waits)], [200] * 3)
        self.assertIn("/waits", stays.paths())
        self.assertEqual(len(leaves.requests), 1)

    def test_a_target_that_becomes_healthy_takes_those_who_wait(self):
        busy, sick = self.app("busy"), self.app("sick")
        sick.set_health(500)
        daemon = self.serve_one([busy, sick], self.ONE.replace(UNCHECKED, CHECKED))
        self.wait_states(daemon, healthy=1, unhealthy=1)
        busy.hold()
        first = Client(self, daemon.port, "/0")
        busy.wait_requests(1)
        (waits,) = self.wait_in_line(daemon, ["/1"])
        sick.set_health(200)
        self.wait_states(daemon, healthy=2)
        waits.sock.settimeout(3)
        self.assertEqual(waits.status(), 200)
        self.assertEqual(sick.paths(), ["/1"])
        busy.release()
        self.assertEqual(first.status(), 200)


class Deregistration(TargetsCase):
    def test_a_removed_target_finishes_what_it_has(self):
        old, new = self.app("old"), self.app("new")
        daemon = self.serve_one([old])
        old.hold()
        first = Client(self, daemon.port, "/first")
        old.wait_requests(1)
        self.reload_one(daemon, [new])
        self.assertEqual(daemon.metric("targets", state="draining"), 1)
        self.assertEqual(self.answers(10), ["new"] * 10)
        old.release()
        self.assertEqual(first.status(), 200)
        self.wait_states(daemon, draining=0, unavailable=1)
        self.assertEqual(old.paths(), ["/first"])

    def test_what_lasts_longer_than_the_delay_is_cut(self):
        old, new = self.app("old"), self.app("new")
        delay = UNCHECKED + ", deregistration_delay: 1s"
        daemon = self.serve_one([old], delay)
        old.hold()
        first = Client(self, daemon.port, "/first")
        old.wait_requests(1)
        began = time.monotonic()
        self.reload_one(daemon, [new], delay)
        self.assertEqual(first.status(), 502)
        self.assertGreater(time.monotonic() - began, 0.95)
        self.assertLess(time.monotonic() - began, 5)
        self.wait_states(daemon, draining=0)
        self.assertEqual(daemon.metric("proxy_errors_total", reason="target_deregistered"), 1)
        self.assertEqual(new.requests, [])  # never sent twice

    def test_a_target_that_comes_back_keeps_its_state_and_its_requests(self):
        app, other = self.app("app"), self.app("other")
        settings = CHECKED + ", deregistration_delay: 1s"
        daemon = self.serve_one([app, other], settings)
        self.wait_states(daemon, healthy=2)
        app.hold()
        clients = [Client(self, daemon.port, f"/{i}") for i in range(2)]
        app.wait_requests(1)
        app.set_health(500)
        self.wait_states(daemon, unhealthy=1)
        self.reload_one(daemon, [other], settings)
        self.wait_states(daemon, draining=1, unhealthy=0)
        self.reload_one(daemon, [app, other], settings)
        self.assertEqual(daemon.metric("targets", state="unhealthy"), 1)
        app.set_health(200)
        self.wait_states(daemon, healthy=2)
        self.assertEqual(app.verdicts, {200: 2})
        app.release()  # long after the delay
        self.assertEqual([client.status() for client in clients], [200, 200])
        self.assertEqual(len(app.requests) + len(other.requests), 2)


class PassiveHealth(TargetsCase):
    def test_failures_eject_for_a_growing_time_and_a_probe_brings_back(self):
        bad, good = self.app("bad"), self.app("good")
        bad.fails = True
        daemon = self.serve_one([bad, good], UNCHECKED + ", retries: {max: 0}, passive_health: {ejection_time: 1s}")
        self.assertEqual(Counter(self.answers(6)), {502: 3, "good": 3})
        daemon.wait_for_line(rf"target app/{bad.target}: ejected for 1 s after 3 failures in a row")
        began = time.monotonic()
        self.wait_until(lambda: self.answers(2) == ["good"] * 2, "no worker knows it")  # the line may be sooner
        seen = len(bad.requests)
        self.assertEqual(self.answers(20), ["good"] * 20)
        self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(len(bad.requests), seen)
        self.wait_until(lambda: get(daemon.port)[0] == 502, "no probe is sent")
        self.assertEqual(len(bad.requests), seen + 1)
        daemon.wait_for_line(rf"target app/{bad.target}: ejected for 2 s after")
        began = time.monotonic()
        self.assertEqual(daemon.metric("ejections_total", target_group="app"), 2)
        bad.fails = False
        self.wait_until(lambda: (get(daemon.port)[0], len(bad.requests))[1] == seen + 2, "no probe is sent")
        self.assertGreater(time.monotonic() - began, 1.5)
        self.wait_until(lambda: (get(daemon.port)[0], len(bad.requests))[1] == seen + 3, "it isn't brought back")
        self.assertEqual(Counter(self.answers(10)), {"bad": 5, "good": 5})
        self.assertEqual(daemon.metric("ejections_total", target_group="app"), 2)

    def test_a_probe_whose_answer_goes_on_brings_its_target_back(self):
        bad, good = self.app("bad"), self.app("good")
        bad.fails = True
        daemon = self.serve_one([bad, good], UNCHECKED + ", passive_health: {ejection_time: 1s}")
        self.wait_until(lambda: self.answers(1) and daemon.metric("ejections_total") == 1, "it isn't ejected")
        bad.fails = False
        bad.streams = True
        self.wait_until(lambda: self.begins_answer(daemon, bad), "no probe is sent")
        # Its answer goes on, and others are given to it already.
        daemon.wait_for_line(rf"target app/{bad.target}: back after its ejection")

    def begins_answer(self, daemon, app):
        """One request on a connection that stays; True: this target has begun to answer it."""
        client = Client(self, daemon.port, "/")
        with client.sock.makefile("rb") as reader:
            while reader.readline() not in (b"\r\n", b""):
                pass
            return f"APP_NAME: {app.name}".encode() in reader.read(len("APP_NAME: ") + len(app.name))

    def test_a_post_is_never_a_probe(self):
        bad, good = self.app("bad"), self.app("good")
        bad.fails = True
        daemon = self.serve_one([bad, good], UNCHECKED + ", passive_health: {ejection_time: 2s}")
        while len(bad.requests) < 3:
            self.assertEqual(self.answers(1), ["good"])  # tried again on the other one
        self.wait_until(lambda: daemon.metric("ejections_total") == 1, "it isn't ejected")
        ejected = time.monotonic()
        before = len(bad.requests)
        while time.monotonic() - ejected < 2.5:  # a probe has been wanted for half a second, and is for 1.5 more
            self.assertEqual(self.answers(4, "POST"), ["good"] * 4)
        self.assertEqual(len(bad.requests), before)
        self.assertEqual(self.answers(1), ["good"])  # the probe fails, and is sent again
        self.assertEqual(len(bad.requests), before + 1)

    def test_the_last_target_is_never_ejected(self):
        apps = [self.app("one"), self.app("two")]
        for app in apps:
            app.fails = True
        daemon = self.serve_one(apps, UNCHECKED + ", retries: {max: 0}, passive_health: {max_ejected: 100%}")
        self.answers(10)
        self.wait_until(lambda: daemon.metric("ejections_total") == 1, "none is ejected")
        before = [len(app.requests) for app in apps]
        self.assertEqual(self.answers(10), [502] * 10)
        after = [len(app.requests) for app in apps]
        self.assertEqual(sorted(b - a for a, b in zip(before, after)), [0, 10])
        self.assertEqual(daemon.metric("ejections_total"), 1)


class Retries(TargetsCase):
    NEVER_OUT = UNCHECKED + ", passive_health: {enabled: false}, retries: "

    def failing(self, retries):
        """How often two targets that answer nothing are given 30 requests."""
        apps = [self.app("one"), self.app("two")]
        for app in apps:
            app.fails = True
        daemon = self.serve_one(apps, self.NEVER_OUT + retries)
        self.assertEqual(self.answers(30), [502] * 30)
        given = sum(len(app.requests) for app in apps)
        self.assertEqual(daemon.metric("retries_total", reason="target_closed"), given - 30)
        return given

    def test_a_budget_that_is_spent(self):
        # Three tries to begin with, and a tenth of one for each request.
        self.assertEqual(self.failing("{max: 1, budget: 10%}"), 30 + 3 + 3)
        self.assertEqual(self.failing("{max: 1, budget: 100%}"), 60)
        self.assertEqual(self.failing("{max: 1, budget: 0%}"), 30)

    def test_none_at_all(self):
        self.assertEqual(self.failing("{max: 0, budget: 100%}"), 30)

    def test_no_target_is_tried_twice(self):
        self.assertEqual(self.failing("{max: 15, budget: 100%}"), 60)

    def test_only_for_what_is_listed(self):
        self.assertEqual(self.failing("{budget: 100%, retry_on: [connect_failure]}"), 30)
        refuses, app = f"127.0.0.1:{free_port()}", self.app("app")
        self.serve_one([refuses, app], self.NEVER_OUT + "{budget: 0%, retry_on: [connect_failure]}")
        self.assertEqual(self.answers(20), ["app"] * 20)  # costs no budget
        self.serve_one([refuses, app], self.NEVER_OUT + "{budget: 100%, retry_on: [reset_before_answer]}")
        self.assertEqual(Counter(self.answers(20)), {"app": 10, 502: 10})

    def test_a_post_is_sent_once(self):
        bad, good = self.app("bad"), self.app("good")
        bad.fails = True
        self.serve_one([bad, good], self.NEVER_OUT + "{budget: 100%}")
        self.assertEqual(Counter(self.answers(20, "POST")), {"good": 10, 502: 10})
        self.assertEqual(len(bad.requests) + len(good.requests), 20)


class Names(TargetsCase):
    SETTINGS = UNCHECKED + ", dns_max_ttl: 1s"

    def serve_names(self, dns, port):
        with mock.patch.dict(os.environ, {"KANARIA_DNS_SERVERS": dns.address}):
            return self.serve_one([f"app.test:{port}"], self.SETTINGS)

    def apps(self):
        port = free_port()
        return port, self.app("one", host="127.0.0.1", port=port), self.app("two", host="127.0.0.2", port=port)

    def test_addresses_come_and_go_and_stay_when_dns_fails(self):
        port, one, two = self.apps()
        with DnsServer({"app.test": [one.host]}) as dns:
            daemon = self.serve_names(dns, port)
            self.assertEqual(self.answers(4), ["one"] * 4)
            dns.set("app.test", [one.host, two.host])
            began = time.monotonic()
            self.wait_until(lambda: daemon.metric("targets") == 2, "the added address isn't seen")
            self.assertLess(time.monotonic() - began, 3)  # dns_max_ttl, though the TTL is a minute
            self.wait_until(lambda: "two" in self.answers(1), "the added address isn't used")  # by its worker
            self.assertEqual(Counter(self.answers(10)), {"one": 5, "two": 5})
            dns.set("app.test", [two.host])
            self.wait_until(lambda: daemon.metric("targets", state="unavailable") == 1, "the address isn't removed")
            self.assertEqual(self.answers(10), ["two"] * 10)
            dns.fail("app.test", SERVFAIL)
            daemon.wait_for_line("name app.test can't be resolved: .*; its last 1 addresses stay")
            self.assertEqual(self.answers(10), ["two"] * 10)
            dns.set("app.test", [one.host])
            daemon.wait_for_line("name app.test resolves again")
            self.wait_until(lambda: self.answers(1) == ["one"], "the new address isn't used")

    def test_a_name_that_resolves_later(self):
        port, one, _ = self.apps()
        with DnsServer() as dns:
            daemon = self.serve_names(dns, port)
            daemon.wait_for_line("(?i)warn.*app.test")
            self.assertEqual(self.answers(1), [503])
            dns.set("app.test", [one.host])
            self.wait_until(lambda: self.answers(1) == ["one"], "it never heals")
            daemon.wait_for_line("name app.test resolves again")


if __name__ == "__main__":
    unittest.main()
