"""HTTP/1.1 through the daemon: bodies in both directions, upgrades, odd clients, and what the target receives."""

import asyncio
import json
import socket
import threading
import unittest

import websockets

from support import Case, TIMEOUT, connect, get, read_answer, read_exactly, read_head, read_to_end


def chunks(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


class Http(Case):
    def start(self, *flags, **settings):
        self.app = self.echo("app", *flags)
        return self.kanaria({"app": (1, [self.app.target])}, **settings)

    def received(self, daemon, **request):
        status, body, _ = get(daemon.port, "/__echo", **request)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_the_body_is_exactly_the_targets(self):
        daemon = self.start()
        status, body, headers = get(daemon.port)
        self.assertEqual((status, body), (200, b"APP_NAME: app"))
        self.assertEqual(headers["Content-Length"], "13")

    def test_the_target_learns_who_asked(self):
        daemon = self.start()
        sent = self.received(daemon, headers={"Host": "shop.test", "X-Forwarded-For": "192.0.2.1"})
        fields = {name.lower(): value for name, value in sent["headers"]}
        self.assertEqual(fields["x-forwarded-for"], "192.0.2.1, 127.0.0.1")
        self.assertEqual(fields["x-forwarded-proto"], "http")
        self.assertEqual(fields["x-forwarded-port"], str(daemon.port))
        self.assertRegex(fields["x-amzn-trace-id"], r"^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$")

    def test_hop_by_hop_fields_end_here_and_so_do_those_that_connection_names(self):
        daemon = self.start()
        sent = self.received(daemon, headers={"Connection": "close, X-Private", "X-Private": "1", "Keep-Alive": "5",
                                              "TE": "trailers", "X-Public": "2"})
        names = {name.lower() for name, _ in sent["headers"]}
        self.assertIn("x-public", names)
        self.assertFalse(names & {"x-private", "keep-alive", "te"}, names)

    def test_a_path_that_no_rule_matches_is_answered_by_the_default_action(self):
        daemon = self.start(path="/only")
        self.assertEqual(get(daemon.port, "/other")[:2], (404, b"no rule matched"))

    def test_head_has_the_length_and_no_body(self):
        daemon = self.start()
        with connect(daemon.port) as sock:
            sock.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            head = read_head(sock)
            self.assertIn(b"content-length: 13", head.lower())
            self.assertEqual(read_answer(sock)[2], b"APP_NAME: app")

    def test_pipelined_requests_are_answered_in_order(self):
        daemon = self.start()
        with connect(daemon.port) as sock:
            sock.sendall(b"".join(b"GET /__echo?%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(20)))
            for number in range(20):
                self.assertEqual(json.loads(read_answer(sock)[2])["target"], f"/__echo?{number}")

    def test_an_http_1_0_client_gets_its_answer_and_the_end_of_the_connection(self):
        daemon = self.start()
        with connect(daemon.port) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = read_to_end(sock)
        self.assertRegex(answer, rb"^HTTP/1\.[01] 200 ")
        self.assertTrue(answer.endswith(b"\r\n\r\nAPP_NAME: app"), answer)

    def test_an_http_1_0_client_gets_no_chunks(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b"one", b"two") + b"0\r\n\r\n")

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        with connect(daemon.port) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            answer = read_to_end(sock)
        self.assertNotIn(b"chunked", answer.lower())
        self.assertTrue(answer.endswith(b"\r\n\r\nonetwo"), answer)

    def test_a_chunked_upload_arrives_whole(self):
        daemon = self.start()
        with connect(daemon.port) as sock:
            sock.sendall(b"POST /__echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         + chunks(b"x" * 100000, b"y") + b"0\r\n\r\n")
            self.assertEqual(json.loads(read_answer(sock)[2])["body_length"], 100001)

    def test_pieces_are_passed_on_as_they_come_in_both_directions(self):
        def script(sock):
            head = read_head(sock)
            assert b"chunked" in head.lower(), head
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in (b"ping1", b"ping2", b"ping3"):
                expected = chunks(piece)
                assert read_exactly(sock, len(expected)) == expected
                sock.sendall(chunks(piece.replace(b"ping", b"pong")))
            sock.sendall(b"0\r\n\r\n")
            read_to_end(sock)

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        with connect(daemon.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            self.assertIn(b" 200 ", read_head(sock))  # the target answers before the request is complete
            for number in (b"1", b"2", b"3"):
                sock.sendall(chunks(b"ping" + number))
                expected = chunks(b"pong" + number)
                self.assertEqual(read_exactly(sock, len(expected)), expected)
            sock.sendall(b"0\r\n\r\n")
            self.assertEqual(read_exactly(sock, 5), b"0\r\n\r\n")

    def test_expect_100_continue_is_the_targets_to_answer(self):
        asked = threading.Event()

        def script(sock):
            assert b"100-continue" in read_head(sock).lower()
            asked.set()
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert read_exactly(sock, 5) == b"hello"
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            read_to_end(sock)

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        with connect(daemon.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            self.assertTrue(asked.wait(TIMEOUT))
            self.assertTrue(read_head(sock).startswith(b"HTTP/1.1 100 "))
            sock.sendall(b"hello")
            self.assertEqual(read_answer(sock)[2], b"ok")

    def test_a_target_may_refuse_instead_of_100(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        with connect(daemon.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            self.assertTrue(read_head(sock).startswith(b"HTTP/1.1 417 "))

    def test_an_answer_that_ends_with_its_connection_is_passed_on_whole(self):
        def script(sock):
            read_head(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"z" * 300000)

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        status, body, _ = get(daemon.port)
        self.assertEqual((status, len(body)), (200, 300000))

    def test_websocket_messages_go_both_ways(self):
        daemon = self.start()

        async def talk():
            async with websockets.connect(f"ws://127.0.0.1:{daemon.port}/chat", open_timeout=TIMEOUT) as tunnel:
                for message in ("hello", b"\x00\xff", "x" * 200000):
                    await tunnel.send(message)
                    self.assertEqual(await asyncio.wait_for(tunnel.recv(), TIMEOUT), message)

        asyncio.run(talk())

    def test_a_unix_socket_is_a_target(self):
        app = self.echo("app", "--listen", f"unix:{self.dir}/app.sock")
        daemon = self.kanaria({"app": (1, [app.target])})
        self.assertEqual(get(daemon.port)[1], b"APP_NAME: app")

    def test_a_name_is_a_target(self):
        app = self.echo("app")
        daemon = self.kanaria({"app": (1, [f"localhost:{app.port}"])})
        self.assertEqual(get(daemon.port)[1], b"APP_NAME: app")

    @unittest.skipUnless(socket.has_ipv6, "no IPv6 here")
    def test_ipv6_on_both_sides(self):
        try:
            app = self.echo("app", "--address", "::1")
        except AssertionError:
            self.skipTest("::1 can't be bound here")
        daemon = self.kanaria({"app": (1, [f"[::1]:{app.port}"])}, address="::1")
        self.assertEqual(get(daemon.port, host="::1")[1], b"APP_NAME: app")

    def test_a_smuggled_request_is_refused_and_never_forwarded(self):
        daemon = self.start()
        for head in (b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: xchunked",
                     b"Content-Length: 5\r\nContent-Length: 6", b"Transfer-Encoding : chunked"):
            with self.subTest(head=head), connect(daemon.port) as sock:
                sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n0\r\n\r\nGET /__echo HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = read_to_end(sock)
                self.assertRegex(answer, rb"^HTTP/1\.1 (400|501) ")
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)


if __name__ == "__main__":
    unittest.main()
