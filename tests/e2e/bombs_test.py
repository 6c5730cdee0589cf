"""A thousand of the largest messages that the limits allow, held open all at once: what they cost is bounded, and what
they took is there for the next thousand."""

import os
import re
import resource
import unittest
from pathlib import Path

import bombs
from support import Case

COUNT = 1000
BOUND = 96 * 1024 * 1024
ROUNDS = 2
SMALL_REQUEST = b"GET / HTTP/1.1\r\nHost: bomb\r\n\r\n"
PATIENT = {"request_header_timeout": "2m", "idle_timeout": "2m"}

# What was freed is no memory of ours, though the address sanitizer keeps it for a while.
os.environ["ASAN_OPTIONS"] = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1")))


class Bombs(Case):
    def setUp(self):
        super().setUp()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 4 * COUNT:
            self.skipTest(f"{4 * COUNT} descriptors are needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def is_sanitized(self, daemon):
        """A sanitizer maps terabytes for its notes, and a part of them is resident."""
        status = Path(f"/proc/{daemon.process.pid}/status").read_text()
        return int(re.search(r"VmSize:\s+(\d+) kB", status)[1]) > 2**30

    def check(self, bomb, answer=b"", reaches_target=True, receive_buffer=None):
        """Holds them ROUNDS times. `reaches_target`: each request's head gets there, else it is refused or waits."""
        target = bombs.Target(answer)
        self.addCleanup(target.close)
        daemon = self.kanaria({"app": (1, [target.target])}, load_balancer=PATIENT)
        bound = BOUND * (4 if self.is_sanitized(daemon) else 1)
        idle = daemon.memory()
        for number in range(1, ROUNDS + 1):
            with bombs.held(daemon.port, bomb, COUNT, receive_buffer):
                if reaches_target:
                    bombs.await_that(lambda: target.heads >= number * COUNT, 30, "all heads at the target")
                bombs.await_that(lambda: bombs.unread(daemon.port) == 0, 30, "all bytes read")
                self.assertLess(daemon.memory() - idle, bound, f"round {number}")
            bombs.await_that(lambda: daemon.metric("client_connections") == 0, 30, "all clients gone")

    def test_unfinished_heads(self):
        self.check(bombs.UNFINISHED_HEADS, reaches_target=False)

    def test_whole_heads_whose_answers_do_not_come(self):
        self.check(bombs.WHOLE_REQUESTS)

    def test_whole_heads_of_a_later_version(self):
        self.check(bombs.LATER_VERSION)

    def test_whole_heads_with_an_absolute_target(self):
        self.check(bombs.ABSOLUTE_TARGET)

    def test_whole_heads_with_an_absolute_target_without_a_path(self):
        self.check(bombs.ABSOLUTE_QUERY)

    def test_whole_heads_of_one_list_of_addresses(self):
        self.check(bombs.FORWARDED_FOR)

    def test_unfinished_trailers(self):
        self.check(bombs.TRAILERS)

    def test_unfinished_trailers_behind_large_heads(self):
        self.check(bombs.LARGE_HEAD_AND_TRAILERS)

    def test_trailers_that_are_too_large(self):
        self.check(bombs.TRAILERS_OVER, reaches_target=False)

    def test_an_endless_chunk_extension(self):
        self.check(bombs.ENDLESS_EXTENSION, reaches_target=False)

    def test_more_chunk_extensions_than_data(self):
        self.check(bombs.MANY_EXTENSIONS, reaches_target=False)

    def test_as_many_chunk_extensions_as_data(self):
        self.check(bombs.ALLOWED_EXTENSIONS)

    def test_large_heads_of_answers_whose_bodies_do_not_come(self):
        self.check(SMALL_REQUEST, bombs.LARGE_ANSWER_HEAD + b"Content-Length: 10\r\n\r\nx")

    def test_large_heads_of_answers_that_clients_do_not_read(self):
        body = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        self.check(SMALL_REQUEST, bombs.LARGE_ANSWER_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + 1000 * body,
                   receive_buffer=4096)


if __name__ == "__main__":
    unittest.main()
