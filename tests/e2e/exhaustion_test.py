"""More clients than there is room for: max_connections, and no file descriptor left. Nobody who is in is dropped, nothing
crashes or spins, one line tells of it, and who is freed for is served at once."""

import contextlib
import signal
import time
import unittest

from support import BIN, TIMEOUT, Case, config_text, connect, get, read_answer

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
FULL = "max_connections:"
NO_ACCEPT, NO_CONNECT = "can't accept connections", "can't connect to targets"


def is_served(sock):
    """One request on this connection; False: it was closed unheard."""
    try:
        sock.sendall(ASK)
        return read_answer(sock)[0] == 200
    except (AssertionError, ConnectionError):
        return False


class Crowd(Case):
    def setUp(self):
        super().setUp()
        self.app = self.echo("app")
        self.stack = self.enterContext(contextlib.ExitStack())

    def start(self, descriptors=None, **load_balancer):
        return self.kanaria({"app": (1, [self.app.target])}, descriptors, workers=2, load_balancer=load_balancer)

    def connect(self, daemon):
        return self.stack.enter_context(connect(daemon.port))

    def crowd(self, daemon, count):
        """So many connections, of which each was served."""
        socks = [self.connect(daemon) for _ in range(count)]
        for sock in socks:
            self.assertTrue(is_served(sock))
        return socks

    def assert_refused(self, daemon, count):
        for _ in range(count):
            with connect(daemon.port) as sock:
                self.assertEqual(sock.recv(1), b"")

    def await_that(self, holds, seconds=TIMEOUT):
        """Until holds() is true; how long it took."""
        began = time.monotonic()
        while not holds():
            self.assertLess(time.monotonic() - began, seconds)
            time.sleep(0.01)
        return time.monotonic() - began

    def assert_told(self, daemon, words, times):
        """The log has so many lines with these words, all that were to come by now among them."""
        daemon.reload()
        daemon.wait_for_line("reload by .* applied")
        self.assertEqual(len(daemon.lines_with(words)), times)

    def is_open(self, daemon):
        with connect(daemon.port) as sock:
            return is_served(sock)


class MaxConnections(Crowd):
    def test_more_are_closed_counted_and_told_once(self):
        daemon = self.start(max_connections=10)
        inside = self.crowd(daemon, 10)
        self.assert_refused(daemon, 5)
        self.assertEqual(daemon.metric("connections_refused_total", listener=f"http-{daemon.port}", reason="max_connections"), 5)
        self.assertTrue(all(is_served(sock) for sock in inside))
        daemon.wait_for_line(f"{FULL} 10 client connections")
        self.assert_told(daemon, FULL, 1)

    def test_it_is_told_once_though_there_is_room_for_one_now_and_then(self):
        daemon = self.start(max_connections=2)
        inside = self.crowd(daemon, 2)
        self.assert_refused(daemon, 1)
        for _ in range(3):
            inside.pop().close()
            self.await_that(lambda: daemon.metric("client_connections") == 1)
            inside += self.crowd(daemon, 1)
            self.assert_refused(daemon, 1)
        self.assert_told(daemon, FULL, 1)

    def test_a_reload_changes_it_and_drops_nobody(self):
        daemon = self.start(max_connections=10)

        def reload(was, count):
            daemon.config.write_text(config_text(daemon.port, daemon.admin, {"app": (1, [self.app.target])}, workers=2,
                                                 load_balancer={"max_connections": count}))
            self.assertIn(f"max_connections: {was} -> {count}", daemon.reload().stdout)

        inside = self.crowd(daemon, 10)
        self.assert_refused(daemon, 1)
        reload(10, 12)
        inside += self.crowd(daemon, 2)
        self.assert_refused(daemon, 1)
        daemon.wait_for_line(f"{FULL} 12 client connections")
        reload(12, 3)
        self.assertTrue(all(is_served(sock) for sock in inside))
        self.assert_refused(daemon, 1)
        for sock in inside[:9]:
            sock.close()
        self.await_that(lambda: daemon.metric("client_connections") == 3)
        self.assert_refused(daemon, 1)
        inside[9].close()
        self.await_that(lambda: self.is_open(daemon))

    def test_admin_connections_are_neither_counted_nor_refused(self):
        daemon = self.start(max_connections=1)
        self.crowd(daemon, 1)
        admins = [self.stack.enter_context(connect(daemon.admin)) for _ in range(5)]
        for sock in admins:
            sock.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(read_answer(sock)[0], 200)
        self.assert_refused(daemon, 1)
        self.assertEqual(get(daemon.admin, "/readyz")[0], 200)

    def test_auto_leaves_descriptors_for_targets_and_admin(self):
        daemon = self.start(descriptors=256)
        inside = self.crowd(daemon, 64)
        self.assert_refused(daemon, 3)
        for sock in inside:
            sock.sendall(ASK)
        self.assertEqual([read_answer(sock)[0] for sock in inside], [200] * 64)
        self.assertEqual(get(daemon.admin, "/readyz")[0], 200)
        self.assertEqual(daemon.lines_with("can't"), [])

    def test_a_number_that_descriptors_cannot_carry_is_told(self):
        daemon = self.start(descriptors=256, max_connections=300)
        daemon.wait_for_line("300 is more than the 256 descriptors")


class Descriptors(Crowd):
    def setUp(self):
        super().setUp()
        if b"__ubsan_handle_dynamic_type_cache_miss" in (BIN / "kanaria").read_bytes():
            self.skipTest("UBSan's check of virtual calls opens a pipe, and calls an object broken when it can't")

    def test_none_left_and_then_freed(self):
        daemon = self.start(descriptors=256, max_connections=100_000)
        with contextlib.ExitStack() as crowd:
            socks = [crowd.enter_context(connect(daemon.port)) for _ in range(400)]
            daemon.wait_for_line(NO_ACCEPT)
            # Those that are in have no descriptor left for a target.
            for sock in socks[:20]:
                sock.sendall(ASK)
                self.assertEqual(read_answer(sock)[0], 503)
            daemon.wait_for_line(NO_CONNECT)

            used, began = daemon.cpu_seconds(), time.monotonic()
            time.sleep(2)  # it is the time itself that is looked at
            self.assertLess(daemon.cpu_seconds() - used, 0.1 * (time.monotonic() - began))

            # Some leave, and as many come: that is still the same shortage.
            for sock in socks[20:40]:
                sock.close()
            for _ in range(20):
                crowd.enter_context(connect(daemon.port))
        self.assertLess(self.await_that(lambda: self.is_open(daemon)), 1)
        self.assertEqual(get(daemon.admin, "/readyz")[0], 200)
        self.assert_told(daemon, NO_ACCEPT, 1)
        self.assert_told(daemon, NO_CONNECT, 1)
        self.assertGreater(daemon.metric("connections_refused_total", reason="descriptors"), 0)
        self.assertEqual(daemon.metric("proxy_errors_total", reason="out_of_resources"), 20)
        self.await_that(lambda: daemon.metric("client_connections") == 0)
        self.crowd(daemon, 50)

    def test_a_reload_without_descriptors_does_no_harm(self):
        daemon = self.start(descriptors=256, max_connections=100_000)
        with contextlib.ExitStack() as crowd:
            inside = self.crowd(daemon, 1)
            for _ in range(400):
                crowd.enter_context(connect(daemon.port))
            daemon.wait_for_line(NO_ACCEPT)
            daemon.signal(signal.SIGHUP)  # nobody can reach the admin listener
            daemon.wait_for_line("reload by HUP")
            inside[0].sendall(ASK)
            self.assertIn(read_answer(inside[0])[0], (200, 503))
        self.assertLess(self.await_that(lambda: self.is_open(daemon)), 1)
        daemon.reload()


if __name__ == "__main__":
    unittest.main()
