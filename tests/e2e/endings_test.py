"""How connections end: never a byte lost of what is whole, never whole what was cut, never at the cost of another one."""

import queue
import signal
import socket
import threading
import time
import unittest

from support import (TIMEOUT, Case, config_text, connect, free_port, read_answer, read_exactly, read_head,
                     read_to_end)

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
PIECE = 60_000
BIG = 400 * PIECE  # more than all buffers on the way hold
SMALL_BUFFER = 65536


class RemovedListener(Case):
    """A removed listener's descriptor has a number that the next connection gets: nothing may still be said in its name."""

    def start(self):
        """A daemon with two listeners, and a target that answers /a and /b when it may and all else at once."""
        self.arrived = {path: threading.Event() for path in (b"/a", b"/b")}
        self.go_on = {path: threading.Event() for path in self.arrived}

        def script(sock):
            path = read_head(sock).split()[1]
            if path in self.arrived:
                self.arrived[path].set()
                assert self.go_on[path].wait(TIMEOUT)
            sock.sendall(OK)

        self.groups = {"app": (1, [self.scripted(script).target])}
        for event in self.go_on.values():
            self.addCleanup(event.set)
        port, admin, self.other = free_port(), free_port(), free_port()
        return self.kanaria_with(self.text(port, admin, self.other), port, admin)

    def text(self, port, admin, other=None):
        return config_text(port, admin, self.groups, path="/?*", other_port=other, load_balancer={"idle_timeout": "5s"})

    def ask(self, sock, path):
        sock.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        self.assertTrue(self.arrived[path].wait(TIMEOUT))

    def remove_other(self, daemon):
        daemon.config.write_text(self.text(daemon.port, daemon.admin))
        daemon.reload()

    def end(self, sock, path):
        self.go_on[path].set()
        self.assertEqual(read_answer(sock)[2], b"ok")
        self.assertEqual(read_to_end(sock), b"")

    def test_its_last_request_does_not_disturb_a_target_s_connection_made_meanwhile(self):
        daemon = self.start()
        with connect(daemon.port) as kept, connect(self.other) as last:
            kept.sendall(REQUEST)  # answered without a target: the next descriptor is that of the connection to one
            self.assertEqual(read_answer(kept)[0], 404)
            self.ask(last, b"/a")
            self.remove_other(daemon)
            self.ask(kept, b"/b")
            self.end(last, b"/a")
            self.go_on[b"/b"].set()
            self.assertEqual(read_answer(kept)[::2], (200, b"ok"))

    def test_its_last_request_does_not_disturb_clients_that_came_meanwhile(self):
        daemon = self.start()
        with connect(self.other) as last:
            self.ask(last, b"/a")
            self.remove_other(daemon)
            clients = [connect(daemon.port) for _ in range(4)]
            for client in clients:
                self.addCleanup(client.close)
            for end in (lambda: self.end(last, b"/a"), last.close):
                for client in clients:
                    client.sendall(REQUEST.replace(b"/ ", b"/x "))
                    self.assertEqual(read_answer(client)[0], 200)
                end()
            for client in clients:
                client.sendall(REQUEST)
                self.assertEqual(read_answer(client)[0], 404)


class Answers(Case):
    def start(self, script, **settings):
        return self.kanaria({"app": (1, [self.scripted(script).target])}, **settings)

    def test_an_answer_that_ends_before_the_request_ends_the_connection(self):
        heads = queue.SimpleQueue()

        def script(sock):
            heads.put(read_head(sock))
            sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            read_to_end(sock)

        daemon = self.start(script)
        for description, field, size in (("half a body", b"", 500), ("a 100 was awaited", b"Expect: 100-continue\r\n", 0)):
            with self.subTest(description), connect(daemon.port) as sock:
                sock.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\n" + field + b"Content-Length: 1000\r\n\r\n" + b"x" * size)
                status, headers, body = read_answer(sock)
                self.assertEqual((status, headers["Connection"], body), (403, "close", b"no"))
                sock.sendall(b"x" * (1000 - size) + REQUEST)
                sock.shutdown(socket.SHUT_WR)
                self.assertEqual(read_to_end(sock), b"")
                self.assertTrue(heads.get(timeout=TIMEOUT).startswith(b"PUT "))
        self.assertTrue(heads.empty())

    def test_an_early_answer_ends_its_connection_at_once(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            read_to_end(sock)

        daemon = self.start(script)
        took = []
        for _ in range(15):
            with connect(daemon.port) as sock:
                sock.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
                self.assertEqual(read_answer(sock)[0], 403)
                start = time.monotonic()
                self.assertEqual(read_to_end(sock), b"")
                took.append(time.monotonic() - start)
        # Not only when the loop looks at its wheel again, every 100 ms.
        self.assertLess(sorted(took)[len(took) // 2], 0.02, took)

    @staticmethod
    def big_and_small(sock):
        head = read_head(sock)
        if b"/big" not in head:
            sock.sendall(OK)
            return
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % BIG)
        if b"Content-Length: 3" in head:
            assert read_exactly(sock, 3) == b"abc"
        sock.sendall(bytes(BIG))

    @staticmethod
    def read_big(sock):
        for _ in range(BIG // PIECE):
            read_exactly(sock, PIECE)

    def test_what_comes_behind_a_last_request_does_not_cut_its_answer(self):
        daemon = self.start(self.big_and_small)
        for description, behind in (("an empty line", b"\r\n"), ("a request", REQUEST)):
            with self.subTest(description), connect(daemon.port, receive_buffer=SMALL_BUFFER) as sock:
                sock.sendall(b"POST /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc")
                self.assertIn(b" 200 ", read_head(sock))
                sock.sendall(behind)
                self.read_big(sock)
                self.assertEqual(read_to_end(sock), b"")

    def test_at_term_a_big_answer_is_not_cut_and_the_request_behind_it_is_answered(self):
        daemon = self.start(self.big_and_small)
        with connect(daemon.port, receive_buffer=SMALL_BUFFER) as sock:
            sock.sendall(REQUEST.replace(b"/ ", b"/big "))
            self.assertIn(b" 200 ", read_head(sock))
            sock.sendall(REQUEST)
            daemon.signal(signal.SIGTERM)
            daemon.wait_for_line("TERM: draining")
            self.read_big(sock)
            status, headers, body = read_answer(sock)
            self.assertEqual((status, headers["Connection"], body), (200, "close", b"ok"))
            self.assertEqual(read_to_end(sock), b"")
        self.assertEqual(daemon.wait(), 0)

    def test_an_http_1_0_client_sees_by_a_reset_that_chunks_were_cut(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

        daemon = self.start(script)
        with connect(daemon.port) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            self.assertRaises(ConnectionResetError, read_to_end, sock)
        daemon.wait_for_line('"response_body_cut"$')

    def test_half_a_head_and_the_end_are_answered_400_and_logged(self):
        daemon = self.start(read_head)
        with connect(daemon.port) as sock:
            sock.sendall(b"GET /half HTTP/1.1\r\nHo")
            sock.shutdown(socket.SHUT_WR)
            self.assertTrue(read_to_end(sock).startswith(b"HTTP/1.1 400 "))
        daemon.wait_for_line(' 400 - 22 .*"GET http://-:.*/half HTTP/1.1".* "malformed_request"$')
        self.assertEqual(daemon.metric("requests_refused_total", reason="malformed_request"), 1)


class Tunnels(Case):
    """Each direction of a tunnel ends by itself."""

    def start(self, script, **settings):
        def switch(sock):
            read_head(sock)
            sock.sendall(SWITCHED)
            script(sock)

        return self.kanaria({"app": (1, [self.scripted(switch).target])}, **settings)

    def enter(self, sock):
        sock.sendall(UPGRADE)
        self.assertIn(b" 101 ", read_head(sock))

    def test_the_target_s_end_cuts_nothing_in_either_direction(self):
        arrived = queue.SimpleQueue()

        def script(sock):
            sock.sendall(bytes(BIG))
            sock.shutdown(socket.SHUT_WR)
            arrived.put(len(read_to_end(sock)))

        daemon = self.start(script)
        with connect(daemon.port, receive_buffer=SMALL_BUFFER) as sock:
            self.enter(sock)
            sock.sendall(bytes(10_000))
            self.assertEqual(len(read_to_end(sock)), BIG)
            sock.sendall(bytes(BIG))
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(arrived.get(timeout=TIMEOUT), 10_000 + BIG)

    def test_the_client_s_end_cuts_nothing_in_either_direction(self):
        arrived = queue.SimpleQueue()

        def script(sock):
            arrived.put(len(read_to_end(sock)))
            sock.sendall(bytes(BIG))

        daemon = self.start(script)
        with connect(daemon.port, receive_buffer=SMALL_BUFFER) as sock:
            self.enter(sock)
            sock.sendall(bytes(BIG))
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(arrived.get(timeout=TIMEOUT), BIG)
            self.assertEqual(len(read_to_end(sock)), BIG)

    def test_an_idle_one_ends_after_idle_timeout_and_that_is_no_error(self):
        daemon = self.start(read_to_end, load_balancer={"idle_timeout": "1s"})
        with connect(daemon.port) as sock:
            self.enter(sock)
            start = time.monotonic()
            self.assertEqual(read_to_end(sock), b"")
            self.assertGreater(time.monotonic() - start, 0.9)
        daemon.wait_for_line("^ws .* 101 101 ")
        self.assertEqual(daemon.metric("requests_total", code="101", answered_by="target"), 1)
        self.assertEqual(daemon.metric("proxy_errors_total"), 0)


if __name__ == "__main__":
    unittest.main()
