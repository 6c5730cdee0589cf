#!/usr/bin/env python3
"""Measures what clients notice when the access log's disk stalls for 5 s, and prints one row of docs/performance.md. Ends with 1
when an aim is not reached. The disk is stalled where the daemon meets it: the thread that writes the log is stopped, as one is that
hangs in write(2), with a debugger's system call; so it wants root. Needs a built kanaria, and h2load:

    KANARIA_BIN=build/release/bin KANARIA_SOURCE_DIR=$PWD bench/stall.py
"""

import ctypes
import os
import statistics
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from support import Case, config_text, free_port  # pylint: disable=wrong-import-position

STALL, BEFORE, AFTER = 5, 2, 3  # s
CLIENTS = 32
ROUNDS = 5
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000


class Stalled:
    """A thread that is stopped for a while. All of it happens on one thread of ours, as ptrace(2) wants."""

    def __init__(self, thread):
        self._thread = thread
        self._libc = ctypes.CDLL(None, use_errno=True)

    def _ptrace(self, request):
        if self._libc.ptrace(ctypes.c_long(request), ctypes.c_long(self._thread), None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def __enter__(self):
        self._ptrace(PTRACE_SEIZE)
        self._ptrace(PTRACE_INTERRUPT)
        os.waitpid(self._thread, WALL)
        return self

    def __exit__(self, *_):
        self._ptrace(PTRACE_DETACH)


class Stall(Case):
    def writer_of(self, daemon):
        """The thread that writes the log: neither control, which is the first, nor a worker, nor the one for what blocks."""
        before = self.switches(daemon)
        time.sleep(1)  # it looks at its rings twenty times a second; what else sleeps does so for longer
        after = self.switches(daemon)
        others = {tid for tid, (name, _) in after.items() if tid != daemon.process.pid and not name.startswith("worker-")}
        return max(others, key=lambda tid: after[tid][1] - before[tid][1])

    @staticmethod
    def switches(daemon):
        threads = {}
        for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
            lines = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
            threads[int(task.name)] = (lines["Name"], int(lines["voluntary_ctxt_switches"]))
        return threads

    def load(self, port):
        """Latencies of a run in us, in order."""
        log = self.dir / "requests.tsv"
        subprocess.run(["h2load", "--h1", f"-c{CLIENTS}", f"-D{BEFORE + STALL + AFTER}", f"--log-file={log}",
                        f"http://127.0.0.1:{port}/"], stdout=subprocess.DEVNULL, timeout=60, check=True)
        rows = [line.split() for line in log.read_text().splitlines()]
        log.unlink()
        self.assertEqual({row[1] for row in rows}, {"200"})
        return sorted(int(row[2]) for row in rows)

    def test_stall(self):
        app = self.echo("app")
        port, admin = free_port(), free_port()
        file = self.dir / "access.log"
        daemon = self.kanaria_with(config_text(port, admin, {"app": (1, [app.target])})
                                   + f"access_logs: {{path: \"{file}\"}}\n", port, admin)
        writer = self.writer_of(daemon)
        self.load(port)
        rows = []
        for _ in range(ROUNDS):
            plain = self.load(port)
            lost = daemon.metric("access_log_dropped_total")
            latencies = []
            loader = threading.Thread(target=lambda: latencies.extend(self.load(port)))
            loader.start()
            time.sleep(BEFORE)
            with Stalled(writer):
                time.sleep(STALL)
            loader.join()
            rows.append((plain, latencies, daemon.metric("access_log_dropped_total") - lost))
        def part(times, share):
            return times[min(len(times) - 1, int(len(times) * share))] / 1000
        for share, name in ((0.99, "p99"), (0.999, "p99.9"), (1, "the longest")):
            print(f"| {name} of requests at full speed, without and with {STALL} s of a disk that stalls, medians of {ROUNDS} | "
                  f"{statistics.median(part(plain, share) for plain, _, _ in rows):.1f} ms, "
                  f"{statistics.median(part(stalled, share) for _, stalled, _ in rows):.1f} ms |")
        print(f"| requests that took a second or more, of {sum(len(stalled) for _, stalled, _ in rows):,} | "
              f"{sum(time >= 1_000_000 for _, stalled, _ in rows for time in stalled)} (aim 0) |")
        print(f"| lines that were dropped and counted, of each round | "
              f"{', '.join(f'{dropped:,.0f}' for _, _, dropped in rows)} |", flush=True)
        for _, stalled, dropped in rows:
            self.assertGreater(dropped, 0, "the rings hold all of it: the stall is too short to tell")
            self.assertLess(stalled[-1], 1_000_000)
        # Every request is a line or counted.
        requests = daemon.metric("requests_total")
        deadline = time.monotonic() + 10
        while file.read_bytes().count(b"\n") + daemon.metric("access_log_dropped_total") < requests:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        print(f"| requests that are neither a line nor counted, of {requests:,.0f} | 0 |")
        self.assertIn(len(daemon.lines_with("the access log loses lines")), range(1, ROUNDS + 1))


if __name__ == "__main__":
    sys.exit(not unittest.TextTestRunner(verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Stall)).wasSuccessful())
