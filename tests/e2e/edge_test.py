"""Bounds and times at the edge: bodies over their bound, a connection's age, clients and targets that fall silent, and
clients that leave while nobody reads from them."""

import json
import signal
import socket
import struct
import threading
import time
import unittest

import bombs
from support import TIMEOUT, Case, connect, read_answer, read_head, read_to_end

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def answer_all(sock):
    """Answers each request that has no body."""
    received = b""
    while piece := sock.recv(65536):
        received += piece
        if received.endswith(b"\r\n\r\n"):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            received = b""


class Edge(Case):
    def one_group(self, target, **settings):
        return self.kanaria({"app-main": (1, [target])}, load_balancer=settings)

    def log_line(self, kanaria, *parts):
        """The access log's line with all of these in it."""
        return kanaria.wait_for_line(".*".join(parts))

    def test_a_body_that_says_it_is_too_long_is_413_and_reaches_nobody(self):
        target = self.scripted(answer_all)
        kanaria = self.one_group(target.target, max_request_body="10")
        with connect(kanaria.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world")
            status, headers, _ = read_answer(sock)
            self.assertEqual((status, headers["Connection"]), (413, "close"))
            self.assertEqual(read_to_end(sock), b"")
        self.log_line(kanaria, ' 413 - ', '"request_body_too_large"')
        self.assertEqual(kanaria.metric("requests_refused_total", reason="request_body_too_large"), 1)
        self.assertEqual(kanaria.metric("target_requests_total"), 0)

    def test_a_body_as_long_as_its_bound_passes(self):
        echo = self.echo("app-main")
        kanaria = self.one_group(echo.target, max_request_body="10")
        with connect(kanaria.port) as sock:
            for request in (b"POST /__echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
                            b"POST /__echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"):
                sock.sendall(request)
                status, _, body = read_answer(sock)
                self.assertEqual((status, json.loads(body)["body_length"]), (200, 10))

    def test_chunks_that_get_too_long_are_413_and_never_complete_for_the_target(self):
        received = []

        def take_all(sock):
            read_head(sock)
            received.append(read_to_end(sock))

        target = self.scripted(take_all)
        kanaria = self.one_group(target.target, max_request_body="10")
        for first, rest in ((b"5\r\nhello\r\n", b"6\r\nworld!\r\n0\r\n\r\n"), (b"b\r\nhello world\r\n0\r\n\r\n", b"")):
            with self.subTest(first=first), connect(kanaria.port) as sock:
                sock.sendall(CHUNKED + first)
                sock.sendall(rest)
                self.assertEqual(read_answer(sock)[0], 413)
                self.assertEqual(read_to_end(sock), b"")
        self.log_line(kanaria, ' 413 - ', '"request_body_too_large"')
        self.assertFalse([body for body in received if body.endswith(b"0\r\n\r\n")], received)

    def test_an_old_connection_serves_one_more_request(self):
        kanaria = self.one_group(self.scripted(answer_all).target, client_keep_alive="1s")
        with connect(kanaria.port) as sock:
            began = time.monotonic()
            while True:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _, headers, body = read_answer(sock)
                self.assertEqual(body, b"ok")
                if headers["Connection"]:
                    break
                self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(headers["Connection"], "close")
            self.assertGreaterEqual(time.monotonic() - began, 0.9)
            self.assertEqual(read_to_end(sock), b"")

    def test_a_client_that_falls_silent_in_its_body_is_408(self):
        def read_on(sock):
            read_to_end(sock)

        kanaria = self.one_group(self.scripted(read_on).target, idle_timeout="1s")
        with connect(kanaria.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
            self.assertEqual(read_answer(sock)[0], 408)
            self.assertEqual(read_to_end(sock), b"")
        self.log_line(kanaria, ' 408 - ', '"request_body_timeout"')

    def test_the_log_has_a_large_head_that_was_let_go_of_while_its_body_came(self):
        echo = self.echo("app-main")
        kanaria = self.one_group(echo.target)
        large = b"".join(b"X: %s\r\n" % (b"x" * 1000) for _ in range(30))
        # In the midst of it, where no page stays for the sake of its neighbours.
        request = (b"POST /__echo?q HTTP/1.1\r\n" + large + b"User-Agent: careful/1\r\nHost: shop.test\r\n" + large
                   + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        with connect(kanaria.port) as sock:
            for _ in range(2):
                sock.sendall(request)
                bombs.await_that(lambda: bombs.unread(kanaria.port) == 0, TIMEOUT, "all bytes read")
                sock.sendall(b"5\r\nworld\r\n0\r\n\r\n" + b"GET /__echo HTTP/1.1\r\nHost: a\r\n\r\n")
                body = json.loads(read_answer(sock)[2])
                self.assertEqual((body["target"], body["body_length"], len(body["headers"])), ("/__echo?q", 10, 60 + 7))
                self.assertEqual(json.loads(read_answer(sock)[2])["target"], "/__echo")
        self.log_line(kanaria, ' 200 200 ', r'"POST http://shop\.test:\d+/__echo\?q HTTP/1.1" "careful/1"')

    def test_a_trailer_that_connection_names_ends_here_though_the_head_was_let_go_of(self):
        received = []

        def record(sock):
            data = b""
            while not data.endswith((b"0\r\n\r\n", b"yes\r\n\r\n")):
                data += sock.recv(65536)
            received.append(data)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        kanaria = self.one_group(self.scripted(record).target)
        some = b"".join(b"X: %s\r\n" % (b"x" * 400) for _ in range(20))
        with connect(kanaria.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + some + b"Connection: x-secret\r\n" + some
                         + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            bombs.await_that(lambda: bombs.unread(kanaria.port) == 0, TIMEOUT, "all bytes read")
            sock.sendall(b"0\r\nX-Secret: yes\r\n\r\n")
            self.assertEqual(read_answer(sock)[2], b"ok")
        self.assertEqual(received[0].partition(b"\r\n\r\n")[2], b"1\r\na\r\n0\r\n\r\n")

    def test_an_idle_connection_is_closed_without_a_word(self):
        kanaria = self.one_group(self.scripted(answer_all).target, idle_timeout="1s")
        with connect(kanaria.port) as sock:
            self.assertEqual(read_to_end(sock), b"")
        with connect(kanaria.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(read_answer(sock)[2], b"ok")
            self.assertEqual(read_to_end(sock), b"")

    def test_an_empty_line_begins_no_request(self):
        """A deadline runs from the first byte behind it; until then the connection is an idle one."""
        kanaria = self.one_group(self.scripted(answer_all).target, idle_timeout="2s", request_header_timeout="1s")
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        with connect(kanaria.port) as sock:
            sock.sendall(request + b"\r\n")
            self.assertEqual(read_answer(sock)[2], b"ok")
            began = time.monotonic()
            self.assertEqual(read_to_end(sock), b"")
            self.assertGreater(time.monotonic() - began, 1.8)
        with connect(kanaria.port) as sock:
            sock.sendall(b"\r\n")
            with self.assertRaises(TimeoutError):  # longer than a head may take
                sock.settimeout(1.5)
                sock.recv(1)
            sock.sendall(request)
            sock.settimeout(TIMEOUT)
            self.assertEqual(read_answer(sock)[2], b"ok")
            sock.sendall(b"\r\nGET")
            began = time.monotonic()
            self.assertEqual(read_answer(sock)[0], 408)
            self.assertLess(time.monotonic() - began, 1.8)
        self.log_line(kanaria, '"request_head_timeout"')
        self.assertEqual(len(kanaria.lines_with("127.0.0.1:")), 3)

    def test_an_idle_connection_with_an_empty_line_ends_at_term(self):
        kanaria = self.one_group(self.scripted(answer_all).target, idle_timeout="4000s")
        with connect(kanaria.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n")
            self.assertEqual(read_answer(sock)[2], b"ok")
            kanaria.signal(signal.SIGTERM)
            self.assertEqual(read_to_end(sock), b"")
        self.assertEqual(kanaria.wait(), 0)

    def test_a_client_that_does_not_take_its_answer_is_ended(self):
        def pour(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                sock.sendall(bytes(65536))

        kanaria = self.one_group(self.scripted(pour).target, idle_timeout="1s")
        with connect(kanaria.port, receive_buffer=4096) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.log_line(kanaria, '"client_stalled"')

    def test_a_reset_is_seen_behind_an_upload_that_its_target_does_not_take(self):
        def take_nothing(sock):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            read_head(sock)
            held.append(sock)
            done.acquire()

        held, done = [], threading.Semaphore(0)
        self.addCleanup(done.release)
        kanaria = self.one_group(self.scripted(take_nothing).target, idle_timeout="4000s")
        with connect(kanaria.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
            sock.settimeout(1.0)
            try:
                while True:
                    sock.sendall(bytes(65536))
            except TimeoutError:
                pass  # all buffers on the way are full
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.log_line(kanaria, ' 460 - ', '"client_gone"')

    def test_options_that_may_go_no_further_are_ours_to_answer(self):
        target = self.scripted(answer_all)
        kanaria = self.one_group(target.target)
        with connect(kanaria.port) as sock:
            sock.sendall(b"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
            status, headers, body = read_answer(sock)
            self.assertEqual((status, headers["Server"], body), (200, "kanaria", b""))
        self.assertEqual(kanaria.metric("target_requests_total"), 0)

    def test_what_a_target_says_between_two_requests_reaches_no_client(self):
        answered, spoken = threading.Semaphore(0), threading.Semaphore(0)

        def speak_unasked(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            answered.acquire()
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            spoken.release()
            read_to_end(sock)

        kanaria = self.one_group(self.scripted(speak_unasked).target)
        with connect(kanaria.port) as sock:
            for _ in range(50):
                sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(read_answer(sock)[2], b"ok")
                answered.release()
                spoken.acquire()


if __name__ == "__main__":
    unittest.main()
