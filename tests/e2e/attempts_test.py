"""Which target a request is sent to, how often, what it is told there, and what is counted and logged of it."""

import json
import socket
import time
import unittest
from collections import Counter

from support import TIMEOUT, Case, connect, count_answers, free_port, get, read_answer, read_head, read_to_end

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def dead_target():
    return f"127.0.0.1:{free_port()}"


class Attempts(Case):
    def await_metric(self, daemon, value, name, **labels):
        deadline = time.monotonic() + TIMEOUT
        while (found := daemon.metric(name, **labels)) != value:
            self.assertLess(time.monotonic(), deadline, f"{name} is {found}, not {value}")

    def test_refused_requests_draw_no_ticket(self):
        main, canary = self.echo("main"), self.echo("canary")
        daemon = self.kanaria({"main": (90, [main.target]), "canary": (10, [canary.target])})
        answers = Counter()
        for _ in range(40):
            answers += count_answers(daemon.port, 5)
            refused = get(daemon.port, headers={"X-Forwarded-For": ", ".join(["192.0.2.1"] * 31)})
            self.assertEqual(refused[0], 463)
        self.assertEqual(answers, {"main": 180, "canary": 20})
        self.assertEqual(daemon.metric("split_requests_total"), 200)

    def test_one_target_alive_among_five_dead_ones_answers_every_request(self):
        app = self.echo("app")
        daemon = self.kanaria({"app": (1, [dead_target() for _ in range(5)] + [app.target])})
        self.assertEqual(count_answers(daemon.port, 24), {"app": 24})

    def test_each_refused_connect_is_one_retry_while_there_is_another_target(self):
        app, dead = self.echo("app"), dead_target()
        daemon = self.kanaria({"app": (1, [dead, app.target])})
        self.assertEqual(count_answers(daemon.port, 3), {"app": 3})
        refused = daemon.metric("target_requests_total", target=dead)
        self.assertGreater(refused, 0)
        self.assertEqual(daemon.metric("target_requests_total", target=app.target), 3)
        self.assertEqual(daemon.metric("retries_total", reason="connect_refused"), refused)
        self.assertEqual(daemon.metric("retries_total"), refused)

    def test_a_refused_connect_without_another_target_is_no_retry(self):
        daemon = self.kanaria({"app": (1, [dead_target()])})
        self.assertEqual(get(daemon.port)[0], 502)
        self.await_metric(daemon, 1, "proxy_errors_total", reason="connect_refused")
        self.assertEqual(daemon.metric("target_requests_total"), 1)
        self.assertEqual(daemon.metric("retries_total"), 0)

    def test_what_ends_before_its_answer_is_sent_again_only_if_it_is_idempotent(self):
        heard = []

        def hang_up(sock):
            heard.append(read_head(sock).split()[0])

        daemon = self.kanaria({"app": (1, [self.scripted(hang_up).target, self.echo("app").target])},
                              group_settings="retries: {budget: 100%}, passive_health: {enabled: false}")
        for method in ("GET", "DELETE"):
            answers = [get(daemon.port, method=method)[0] for _ in range(10)]
            self.assertEqual(answers, [200] * 10)
            self.assertIn(method.encode(), heard)
        heard.clear()
        answers = Counter(get(daemon.port, method="POST", body=b"once")[0] for _ in range(10))
        self.assertEqual(answers, {200: 10 - len(heard), 502: len(heard)})
        self.assertGreater(len(heard), 0)

    def test_a_large_head_that_was_given_back_is_not_sent_again(self):
        fields = b"".join(b"X-%d: 1\r\n" % number for number in range(200))

        def hang_up(sock):
            read_head(sock)

        daemon = self.kanaria({"app": (1, [self.scripted(hang_up).target, self.scripted(hang_up).target])})
        with connect(daemon.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n")
            self.assertEqual(read_answer(sock)[0], 502)
        self.assertEqual(daemon.metric("target_requests_total"), 1)

    def test_a_unix_target_whose_queue_is_full_is_waited_for(self):
        path = str(self.dir / "app.sock")
        with socket.socket(socket.AF_UNIX) as target:
            target.settimeout(TIMEOUT)
            target.bind(path)
            target.listen(0)
            with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as refused:
                first.connect(path)
                refused.setblocking(False)
                self.assertRaises(BlockingIOError, refused.connect, path)
            daemon = self.kanaria({"app": (1, [f"unix:{path}"])})
            with connect(daemon.port) as client:
                client.sendall(REQUEST)
                self.await_metric(daemon, 1, "target_in_flight")
                target.accept()[0].close()
                with target.accept()[0] as sock:
                    sock.settimeout(TIMEOUT)
                    read_head(sock)
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    self.assertEqual(read_answer(client)[::2], (200, b"ok"))

    def test_a_target_that_owes_a_100_and_says_nothing_is_504(self):
        app = self.scripted(read_to_end)
        daemon = self.kanaria({"app": (1, [app.target])}, load_balancer={"idle_timeout": "1s"})
        with connect(daemon.port) as sock:
            sock.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
            self.assertEqual(read_answer(sock)[0], 504)
        daemon.wait_for_line(' 504 - .* "target_timeout"$')

    @unittest.skipUnless(socket.has_ipv6, "no IPv6 here")
    def test_without_a_host_the_target_is_told_the_address_and_port_that_the_client_used(self):
        app = self.echo("app")
        for address, host in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
            with self.subTest(address):
                try:
                    daemon = self.kanaria({"app": (1, [app.target])}, address=address)
                except AssertionError:
                    self.skipTest(f"{address} can't be bound here")
                with connect(daemon.port, address) as sock:
                    sock.sendall(b"GET /__echo HTTP/1.0\r\n\r\n")
                    sent = json.loads(read_to_end(sock).partition(b"\r\n\r\n")[2])
                hosts = [value for name, value in sent["headers"] if name.lower() == "host"]
                self.assertEqual(hosts, [f"{host}:{daemon.port}"])

    def test_each_of_two_pipelined_requests_is_logged_with_its_own_size(self):
        daemon = self.kanaria({"app": (1, [self.echo("app").target])})
        requests = (b"GET /short HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"POST /long HTTP/1.1\r\nHost: a\r\nX: y\r\nContent-Length: 10\r\n\r\n0123456789")
        with connect(daemon.port) as sock:
            sock.sendall(b"".join(requests))
            for _ in requests:
                self.assertEqual(read_answer(sock)[0], 200)
        for request, path in zip(requests, ("/short", "/long")):
            line = daemon.wait_for_line(f"^.* \"[A-Z]+ http://a:{daemon.port}{path} .*$")[0]
            self.assertEqual(int(line.split()[10]), len(request), line)


if __name__ == "__main__":
    unittest.main()
