#!/usr/bin/env python3
"""Measures what users notice of stickiness, and what it costs, and prints one row of docs/performance.md each. Ends with 1
when an aim is not reached. Needs a built kanaria:

    KANARIA_BIN=build/release/bin KANARIA_SOURCE_DIR=$PWD bench/staying.py [test_cost test_cost_of_many]
"""

import os
import re
import statistics
import sys
import unittest
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import stickiness_test  # pylint: disable=wrong-import-position
from support import connect  # pylint: disable=wrong-import-position

USERS = 100_000
STEPS = (1, 10, 50, 100)  # per cent of the canary
BATCH = 500  # requests that a connection is sent at once
ROUNDS, REQUESTS = 21, 10_000
MOST_ADDED = 1.5  # us of CPU

ANSWER = re.compile(rb"HTTP/1\.1 200 OK\r\n(.*?)\r\n\r\nAPP_NAME: (\w+)-\d", re.S)
BUCKET = re.compile(rb"Set-Cookie: KANARIA_BUCKET=([^;]+)")


def cpu_nanoseconds(pid):
    """That the process's threads have run so far."""
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat"))


class Staying(stickiness_test.Stickiness):
    def ask(self, fields, path="/"):
        """(side, bucket cookie that was set or None) for one request with each of these fields, in their order."""
        answers = []
        with connect(self.port) as sock:
            for at in range(0, len(fields), BATCH):
                batch = fields[at:at + BATCH]
                sock.sendall(b"".join(b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (path.encode(), field) for field in batch))
                bytes_read, found = b"", []
                while len(found) < len(batch):
                    piece = sock.recv(1 << 20)
                    self.assertTrue(piece)
                    bytes_read += piece
                    found = ANSWER.findall(bytes_read)
                for head, side in found:
                    bucket = BUCKET.search(head)
                    answers.append((side.decode(), bucket[1] if bucket else None))
        return answers

    def grow(self, fields_of, kind):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 100, "canary": 0}, stickiness_test.PerUser.PER_USER)
        fields, before = fields_of(), ["main"] * USERS
        shares, moved_in, moved_back = [], [], 0
        for percent in STEPS:
            self.change(daemon, apps, {"main": 100 - percent, "canary": percent}, stickiness_test.PerUser.PER_USER)
            now = [side for side, _ in self.ask(fields)]
            moves = Counter((was, side) for was, side in zip(before, now) if was != side)
            moved_in.append(moves["main", "canary"])
            moved_back += moves["canary", "main"]
            shares.append(now.count("canary"))
            before = now
        print(f"| {USERS:,} {kind}, canary {' -> '.join(map(str, STEPS))} %: who moved into it; who moved back | "
              f"{', '.join(f'{count:,}' for count in moved_in)}; {moved_back} (aim 0) |")
        self.assertEqual(moved_back, 0)
        self.assertEqual(shares, [sum(moved_in[:i + 1]) for i in range(len(STEPS))])
        self.assertEqual(shares[-1], USERS)

    def test_known_users(self):
        self.grow(lambda: [b"X-User: user-%d\r\n" % i for i in range(USERS)], "known users")

    def test_dealt_users(self):
        def first_visits():
            answers = self.ask([b""] * USERS)
            return [b"Cookie: KANARIA_BUCKET=%s\r\n" % bucket for _, bucket in answers]
        self.grow(first_visits, "users with a dealt bucket")

    def test_shares_of_new_users(self):
        apps = self.apps(main=1, canary=1)
        self.start(apps, {"main": 97, "canary": 3}, stickiness_test.PerUser.PER_USER)
        sides = [side for side, _ in self.ask([b""] * 20_000)]
        blocks = {sides[at:at + 100].count("canary") for at in range(0, len(sides), 100)}
        print(f"| canary's part of new users at 97 : 3, in each of 200 blocks of 100 | "
              f"{min(blocks)} to {max(blocks)} (aim 3) |")
        self.assertEqual(blocks, {3})

    def test_cost(self):
        self.measure_cost("a valid AWSALBTG, the same user's again and again", users=1)

    def test_cost_of_many(self):
        self.measure_cost("a valid AWSALBTG, of more users in turn than are remembered", users=4000)

    def measure_cost(self, kind, users):
        apps = self.apps(main=1, canary=1)
        plain = ("      - {priority: 1, name: plain, conditions: [{path_pattern: [\"/plain\"]}], action: {forward: {"
                 "target_groups: [{name: main, weight: 1}]}}}")
        daemon = self.start(apps, {"main": 50, "canary": 50}, "stickiness: {enabled: true, duration: 7d}", rules=plain)
        cookies = []  # of users of main, where the plain rule sends all: the way is the same
        while len(cookies) < users:
            user = self.users(1)[0]
            if user.get().startswith("main"):
                cookies.append(user.cookies["AWSALBTG"])
        fields = [f"Cookie: AWSALBTG={cookies[i % users]}\r\n".encode() for i in range(REQUESTS)]

        def cost(path):
            """CPU per request in us, of the daemon alone."""
            before = cpu_nanoseconds(daemon.process.pid)
            self.ask(fields, path)
            return (cpu_nanoseconds(daemon.process.pid) - before) / REQUESTS / 1000

        # Alone on a core: what else runs would leave nothing in its caches.
        for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {0})
        for pid in (0, *(app.process.pid for group in apps.values() for app in group)):
            os.sched_setaffinity(pid, {1})
        cost("/plain"), cost("/")
        rounds = [(cost("/plain"), cost("/"), cost("/plain")) for _ in range(ROUNDS)]
        os.sched_setaffinity(0, range(os.cpu_count()))
        added = statistics.median(sticky - (before + after) / 2 for before, sticky, after in rounds)
        apart = statistics.median(abs(before - after) for before, _, after in rounds)
        without = statistics.median((before + after) / 2 for before, _, after in rounds)
        print(f"| added CPU per small request with {kind}, median of {ROUNDS} rounds of {REQUESTS:,} | "
              f"{added:.2f} us (aim {MOST_ADDED}); {without:.1f} without, {apart:.1f} apart from itself |", flush=True)
        self.assertLess(added, MOST_ADDED)


if __name__ == "__main__":
    runner = unittest.TextTestRunner(verbosity=0)
    loader = unittest.defaultTestLoader
    tests = loader.loadTestsFromNames(sys.argv[1:], Staying) if sys.argv[1:] else loader.loadTestsFromTestCase(Staying)
    sys.exit(not runner.run(tests).wasSuccessful())
