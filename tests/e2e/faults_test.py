"""Targets that are down, hang, reset or speak nonsense; clients that go away. Always the right answer, never a hang."""

import concurrent.futures
import socket
import struct
import threading
import time
import unittest

from support import Case, TIMEOUT, connect, count_answers, free_port, get, read_answer, read_exactly, read_head, read_to_end

BAD_GATEWAY = (b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
               b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")
UNAVAILABLE = BAD_GATEWAY.replace(b"502 Bad Gateway", b"503 Service Temporarily Unavailable")
TIME_OUT = BAD_GATEWAY.replace(b"502 Bad Gateway", b"504 Gateway Time-out")
SHORT = {"idle_timeout": "1s", "target_connect_timeout": "1s"}


def reset(sock):
    """Ends the connection with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Faults(Case):
    def start(self, script, **settings):
        return self.kanaria({"app": (1, [self.scripted(script).target])}, **settings)

    def test_alb_s_bodies_have_alb_s_lengths(self):
        self.assertEqual([len(body) for body in (BAD_GATEWAY, UNAVAILABLE, TIME_OUT)], [122, 162, 132])

    def test_a_target_that_is_down_is_502(self):
        daemon = self.kanaria({"app": (1, [f"127.0.0.1:{free_port()}"])})
        status, body, headers = get(daemon.port)
        self.assertEqual((status, body), (502, BAD_GATEWAY))
        self.assertEqual(headers["Content-Type"], "text/html")

    def test_a_group_without_targets_is_503(self):
        daemon = self.kanaria({"app": (1, [])})
        self.assertEqual(get(daemon.port)[:2], (503, UNAVAILABLE))

    def test_another_target_is_tried_when_a_connect_fails(self):
        app = self.echo("app")
        daemon = self.kanaria({"app": (1, [f"127.0.0.1:{free_port()}", app.target])})
        self.assertEqual(count_answers(daemon.port, 20), {"app": 20})

    def test_a_target_that_says_nothing_is_504(self):
        daemon = self.start(lambda sock: read_to_end(sock), load_balancer=SHORT)
        self.assertEqual(get(daemon.port)[:2], (504, TIME_OUT))

    def test_answers_that_are_none_are_502(self):
        def closes(sock):
            read_head(sock)

        def resets(sock):
            read_head(sock)
            reset(sock)

        def says(data):
            def script(sock):
                read_head(sock)
                sock.sendall(data)
                read_to_end(sock)
            return script

        cases = {
            "closes without a word": closes,
            "resets": resets,
            "closes inside the head": lambda sock: (read_head(sock), sock.sendall(b"HTTP/1.1 200 OK\r\nA: b")),
            "no HTTP at all": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
            "a status of letters": says(b"HTTP/1.1 abc OK\r\n\r\n"),
            "two lengths": says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            "length and chunks": says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "a 101 nobody asked for": says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            "a head over 32K": says(b"HTTP/1.1 200 OK\r\n" + b"".join(b"A%d: %s\r\n" % (i, b"x" * 1000) for i in range(40)) + b"\r\n"),
        }
        for description, script in cases.items():
            with self.subTest(description):
                daemon = self.start(script, load_balancer={"idle_timeout": "5s"})
                self.assertEqual(get(daemon.port, method="POST", body=b"x")[:2], (502, BAD_GATEWAY))

    def test_an_answer_that_is_cut_is_cut_for_the_client_too(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

        daemon = self.start(script)
        with connect(daemon.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIn(b" 200 ", read_head(sock))
            try:
                self.assertEqual(read_to_end(sock), b"only this")
            except ConnectionResetError:
                pass  # a reset says "cut" as well as an early end does

    def test_chunks_that_break_never_look_complete(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n")
            read_to_end(sock)

        daemon = self.start(script)
        with connect(daemon.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            read_head(sock)
            try:
                self.assertNotIn(b"0\r\n\r\n", read_to_end(sock))
            except ConnectionResetError:
                pass

    def test_a_pooled_connection_that_the_target_closed_costs_no_request(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")  # and closes, though it promised to stay

        # Each request may find its connection closed under it, and then a further try is wanted for each.
        daemon = self.start(script, group_settings="retries: {budget: 100%}")
        self.assertEqual(count_answers(daemon.port, 50), {"ok": 50})

    def test_an_answer_before_the_body_is_complete_reaches_the_client(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")

        daemon = self.start(script)
        with connect(daemon.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
            status, _, body = read_answer(sock)
        self.assertEqual((status, body), (413, b"big"))

    def test_the_request_to_the_target_ends_when_the_client_goes_away(self):
        arrived, ended = threading.Event(), threading.Event()

        def script(sock):
            read_head(sock)
            arrived.set()
            try:
                read_to_end(sock)
            except ConnectionResetError:
                pass
            ended.set()

        daemon = self.start(script)
        for leave in (socket.socket.close, reset):
            with self.subTest(leave=leave):
                arrived.clear()
                ended.clear()
                sock = connect(daemon.port)
                sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertTrue(arrived.wait(TIMEOUT))
                leave(sock)
                self.assertTrue(ended.wait(TIMEOUT))

    def test_a_client_that_leaves_inside_the_answer_ends_the_target_s_connection(self):
        ended = threading.Event()

        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                while True:
                    sock.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            finally:
                ended.set()

        daemon = self.start(script)
        with connect(daemon.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            read_exactly(sock, 100000)
        self.assertTrue(ended.wait(TIMEOUT))

    def test_a_head_that_never_ends_is_408(self):
        daemon = self.start(read_to_end, load_balancer={"request_header_timeout": "1s"})
        with connect(daemon.port) as sock:
            sock.sendall(b"GET /slow?q HTTP/1.1\r\nHost: a\r\n")
            self.assertRegex(read_to_end(sock), rb"^HTTP/1\.1 408 ")
        line = daemon.wait_for_line(r' 408 - (\d+) \d+ "GET http://-:\d+/slow\?q HTTP/1\.1" .*"request_head_timeout"$')
        self.assertEqual(int(line[1]), len(b"GET /slow?q HTTP/1.1\r\nHost: a\r\n"))

    def test_a_head_request_that_never_ends_is_408_without_a_body(self):
        daemon = self.start(read_to_end, load_balancer={"request_header_timeout": "1s"})
        with connect(daemon.port) as sock:
            sock.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n")
            answer = read_to_end(sock)
        self.assertRegex(answer, rb"^HTTP/1\.1 408 ")
        self.assertTrue(answer.endswith(b"\r\n\r\n"), answer)

    def test_a_refused_head_is_logged_with_the_bytes_that_came(self):
        daemon = self.start(read_to_end)
        for request in (b"GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
            with connect(daemon.port) as sock:
                sock.sendall(request)
                self.assertRegex(read_to_end(sock), rb"^HTTP/1\.1 400 ")
            daemon.wait_for_line(rf' 400 - {len(request)} \d+ "GET ')

    def test_a_daemon_that_saw_every_fault_still_serves(self):
        app = self.echo("app")
        bad = self.scripted(reset)
        daemon = self.kanaria({"good": (1, [app.target]), "bad": (1, [bad.target])}, workers=2)
        # A 502 ends the client's connection, as ALB's does: one connection a request.
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: get(daemon.port)[0], range(200)))
        self.assertEqual(sorted(statuses), [200] * 100 + [502] * 100)

    def test_a_stalled_target_does_not_hold_up_the_others(self):
        app = self.echo("app")
        stalled = self.scripted(lambda sock: read_to_end(sock))
        daemon = self.kanaria({"good": (1, [app.target]), "bad": (1, [stalled.target])}, load_balancer={"idle_timeout": "3s"})
        results = []
        clients = [threading.Thread(target=lambda: results.append((get(daemon.port)[0], time.monotonic())))
                   for _ in range(10)]
        start = time.monotonic()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        good = [when - start for status, when in results if status == 200]
        self.assertEqual(sorted(status for status, _ in results), [200] * 5 + [504] * 5)
        self.assertLess(max(good), 2.9)


if __name__ == "__main__":
    unittest.main()
