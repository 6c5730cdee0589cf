#!/usr/bin/env python3
"""Measures what users notice of stickiness, and what it costs, and prints one row of docs/performance.md each. Ends with 1
when an aim is not reached. Needs a built kanaria:

    KANARIA_BIN=build/release/bin KANARIA_SOURCE_DIR=$PWD bench/staying.py [test_cost]
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
ROUNDS, REQUESTS = 21, 20_000
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
        apps = self.apps(main=1, canary=1)
        plain = ("      - {priority: 1, name: plain, conditions: [{path_pattern: [\"/plain\"]}], action: {forward: {"
                 "target_groups: [{name: main, weight: 50}, {name: canary, weight: 50}]}}}")
        daemon = self.start(apps, {"main": 50, "canary": 50}, stickiness_test.STICKY, rules=plain)
        def cost(path):
            """CPU per request in us, of the daemon alone. The cookie is young: an older one would be renewed."""
            user = self.users(1)[0]
            user.get()
            field = f"Cookie: AWSALBTG={user.cookies['AWSALBTG']}\r\n".encode()
            before = cpu_nanoseconds(daemon.process.pid)
            self.ask([field] * REQUESTS, path)
            return (cpu_nanoseconds(daemon.process.pid) - before) / REQUESTS / 1000

        # Alone on a core: what else runs would leave nothing in its caches.
        for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {0})
        for pid in (0, *(app.process.pid for group in apps.values() for app in group)):
            os.sched_setaffinity(pid, {1})
        cost("/plain"), cost("/")
        pairs = [(cost("/plain"), cost("/")) for _ in range(ROUNDS)]
        added = statistics.median(sticky - without for without, sticky in pairs)
        os.sched_setaffinity(0, range(os.cpu_count()))
        print(f"| added CPU per small request with a valid AWSALBTG, median of {ROUNDS} pairs of {REQUESTS:,} | {added:.2f} us (aim {MOST_ADDED}); "
              f"{statistics.median(pair[0] for pair in pairs):.1f} without |")
        self.assertLess(added, MOST_ADDED)


if __name__ == "__main__":
    runner = unittest.TextTestRunner(verbosity=0)
    loader = unittest.defaultTestLoader
    tests = loader.loadTestsFromNames(sys.argv[1:], Staying) if sys.argv[1:] else loader.loadTestsFromTestCase(Staying)
    sys.exit(not runner.run(tests).wasSuccessful())
