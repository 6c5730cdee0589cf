#!/usr/bin/env python3
"""Measures how long /metrics takes with 100 rules, 50 groups and 1,000 targets, and what clients notice of it, and prints one
row of docs/performance.md each. Ends with 1 when an aim is not reached. Needs a built kanaria, and h2load:

    KANARIA_BIN=build/release/bin KANARIA_SOURCE_DIR=$PWD bench/metrics.py
"""

import re
import statistics
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from support import Case, connect, free_port, get  # pylint: disable=wrong-import-position

RULES, GROUPS, TARGETS = 100, 50, 20  # targets of each group
SCRAPES = 200
LONGEST = 50  # ms
ROUNDS, SECONDS, CLIENTS, RATE = 15, 2, 10, 200  # requests a second of each client
SCRAPE_EVERY = 0.2  # s; a Prometheus asks every 15


def config(port, admin, targets):
    rules = "".join(f"      - {{priority: {i + 1}, conditions: [{{path_pattern: [\"/{i}\"]}}], action: {{forward: {{target_groups: ["
                    f"{{name: g{i % GROUPS}, weight: 9}}, {{name: g{(i + 1) % GROUPS}, weight: 1}}]}}}}}}\n" for i in range(RULES))
    listed = ", ".join(f'"{target}"' for target in targets)
    groups = "".join(f"  - {{name: g{i}, health_check: {{enabled: false}}, targets: [{listed}]}}\n" for i in range(GROUPS))
    return (f"workers: 1\nadmin: {{address: \"127.0.0.1:{admin}\"}}\naccess_logs: {{enabled: false}}\n"
            f"listeners:\n  - port: {port}\n    address: 127.0.0.1\n    rules:\n{rules}"
            f"    default_action: {{fixed_response: {{status_code: 404}}}}\ntarget_groups:\n{groups}")


class Scraping(Case):
    def start(self):
        apps = [self.echo("app") for _ in range(TARGETS)]
        self.port, self.admin = free_port(), free_port()
        daemon = self.kanaria_with(config(self.port, self.admin, [app.target for app in apps]), self.port, self.admin)
        # So that no rule, group or target has nothing to tell.
        with connect(self.port) as sock:
            for rule in range(RULES):
                requests = 10 * TARGETS
                sock.sendall(f"GET /{rule} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * requests)
                answers = b""
                while answers.count(b"APP_NAME: app") < requests:
                    piece = sock.recv(1 << 20)
                    self.assertTrue(piece)
                    answers += piece
        return daemon

    def scrape(self):
        began = time.monotonic()
        text = get(self.admin, "/metrics")[1]
        return (time.monotonic() - began) * 1000, text

    def test_page(self):
        daemon = self.start()
        before = daemon.cpu_seconds()
        pages = [self.scrape() for _ in range(SCRAPES)]
        cpu = (daemon.cpu_seconds() - before) / SCRAPES * 1000
        text = pages[-1][1].decode()
        self.assertEqual(len(re.findall("^kanaria_target_requests_total{.*} [1-9]", text, re.M)), GROUPS * TARGETS)
        times = sorted(took for took, _ in pages)
        longest = times[SCRAPES * 99 // 100]
        print(f"| /metrics with {RULES} rules, {GROUPS} groups, {GROUPS * TARGETS:,} targets, {len(text) / 1024:.0f} KiB: from its client's "
              f"connect to its last byte, p99 of {SCRAPES} | {longest:.1f} ms (aim {LONGEST}); median {statistics.median(times):.1f}, "
              f"{cpu:.1f} ms of CPU |", flush=True)
        self.assertLess(longest, LONGEST)

    def p99(self, scraped):
        """Of requests at a steady rate, in ms."""
        over = threading.Event()

        def scrape_on():
            while not over.wait(SCRAPE_EVERY):
                self.scrape()

        scraper = threading.Thread(target=scrape_on)
        if scraped:
            scraper.start()
        log = self.dir / "requests.tsv"
        subprocess.run(["h2load", "--h1", f"-c{CLIENTS}", f"--rps={RATE}", f"-D{SECONDS}", f"--log-file={log}",
                        f"http://127.0.0.1:{self.port}/7"], stdout=subprocess.DEVNULL, timeout=60, check=True)
        over.set()
        if scraped:
            scraper.join()
        rows = [line.split() for line in log.read_text().splitlines()]
        log.unlink()
        self.assertEqual({row[1] for row in rows}, {"200"})
        self.assertGreater(len(rows), CLIENTS * RATE * SECONDS * 0.9)
        times = sorted(int(row[2]) for row in rows)
        return times[len(times) * 99 // 100] / 1000

    def test_traffic(self):
        self.start()
        self.p99(scraped=False)
        rounds = [(self.p99(False), self.p99(True), self.p99(False)) for _ in range(ROUNDS)]
        without = statistics.median((before + after) / 2 for before, _, after in rounds)
        added = statistics.median(scraped - (before + after) / 2 for before, scraped, after in rounds)
        apart = statistics.median(abs(before - after) for before, _, after in rounds)
        print(f"| p99 of {CLIENTS * RATE:,} requests a second while /metrics is read every {SCRAPE_EVERY * 1000:.0f} ms, median of {ROUNDS} rounds of "
              f"{SECONDS} s | {added:+.2f} ms (aim: none) on {without:.2f}; {apart:.2f} apart from itself |", flush=True)
        self.assertLess(added, max(apart, 0.1 * without))


if __name__ == "__main__":
    runner = unittest.TextTestRunner(verbosity=0)
    loader = unittest.defaultTestLoader
    tests = loader.loadTestsFromNames(sys.argv[1:], Scraping) if sys.argv[1:] else loader.loadTestsFromTestCase(Scraping)
    sys.exit(not runner.run(tests).wasSuccessful())
