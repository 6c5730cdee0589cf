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
PATIENT = {"request_header_timeout": "2m", "idle_timeout": "2m", "target_connect_timeout": "2m"}

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

    def check(self, bomb):
        target = bombs.Target(bomb.answer)
        self.addCleanup(target.close)
        daemon = self.kanaria({"app": (1, [target.target])}, load_balancer=PATIENT)
        bound = BOUND * (4 if self.is_sanitized(daemon) else 1)
        idle = daemon.memory()
        for number in range(1, ROUNDS + 1):
            with bombs.held(daemon.port, bomb, COUNT):
                if bomb.reaches_target:
                    bombs.await_that(lambda: target.heads >= number * COUNT, 30, "all heads at the target")
                bombs.await_that(lambda: bombs.unread(daemon.port) == 0, 30, "all bytes read")
                self.assertLess(daemon.memory() - idle, bound, f"round {number}")
            bombs.await_that(lambda: daemon.metric("client_connections") == 0, 30, "all clients gone")


def add_tests():
    """One for each bomb, named after it."""
    for bomb in bombs.BOMBS:
        setattr(Bombs, "test_" + re.sub(r"\W+", "_", bomb.name), lambda self, bomb=bomb: self.check(bomb))


add_tests()

if __name__ == "__main__":
    unittest.main()
