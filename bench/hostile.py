#!/usr/bin/env python3
"""Measures what hostile clients do to kanaria, and prints one table of it beside the aims. Ends with 1 when one is not
reached.

Slow clients: slowhttptest holds three crowds of connections, whose heads, whose bodies and whose reading are slow. In
the midst of them one well-behaved client sends requests, 100 on each connection; a time is from before the first byte,
or the connect, to the end of the answer. The same is measured without the crowds before.

Memory: tests/e2e/bombs.py has the messages. Each kind is held twice by a fresh kanaria; the higher number counts.

Descriptors: 400 clients come to a kanaria that may open 256, and go again.

bench/hostile.sh installs and builds what is needed first.
"""

import argparse
import contextlib
import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import command_line
import compare
import load
import processes
import report

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import bombs  # pylint: disable=wrong-import-position

DESCRIPTORS = 20000
MEBIBYTE = 1024 * 1024
PER_CONNECTION = 100  # well-behaved requests
CROWDS = {  # slowhttptest's options, and what is asked for
    "slow heads": (["-H", "-i", "5"], "/0"),
    "slow bodies": (["-B", "-i", "5", "-s", "8192"], "/0"),
    "slow reads": (["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32"], "/1m"),
}


class Bench:
    """Starts programs, each on its core, in a folder of its own."""

    def __init__(self, programs, folder, stack):
        self._programs = programs
        self._folder = folder
        self._stack = stack
        self._ports = processes.Ports()
        self._count = 0
        self.cores = processes.choose_cores()

    def output(self, name):
        self._count += 1
        return self._folder / f"{self._count}-{name}"

    def target(self):
        """The bench's own target. Its port."""
        port = self._ports.take()
        child = processes.Child("target", [f"{self._programs}/bench_target", str(port)], [self.cores.target],
                                self.output("target.log"))
        self._stack.callback(child.stop)
        load.await_answer(child, port, "/0")
        return port

    @contextlib.contextmanager
    def kanaria(self, target, settings="", prefix=()):
        """(the child, its port, its admin port) until the end of the block."""
        port, admin = self._ports.take(), self._ports.take()
        config = self.output("kanaria.yaml")
        config.write_text(f"""\
workers: 1
access_logs: {{enabled: false}}
load_balancer: {{{settings}}}
admin: {{address: "127.0.0.1:{admin}"}}
listeners: [{{address: 127.0.0.1, port: {port}, default_action: {{target_group: main}}}}]
target_groups:
  - {{name: main, health_check: {{enabled: false}}, targets: ["127.0.0.1:{target}"], target_idle_timeout: 60s}}
""")
        child = processes.Child("kanaria", [*prefix, f"{self._programs}/kanaria", "serve", "--config", str(config)],
                                [self.cores.proxy], self.output("kanaria.log"))
        try:
            load.await_answer(child, admin, "/readyz")
            yield child, port, admin
        finally:
            child.stop()

    @contextlib.contextmanager
    def crowds(self, port, connections, seconds):
        """All three at once, for so long at the most."""
        children = [processes.Child(name, ["slowhttptest", *options, "-c", str(connections), "-r", str(connections),
                                           "-l", str(seconds), "-p", "5", "-u", f"http://127.0.0.1:{port}{path}"],
                                    self.cores.load, self.output("slowhttptest.log"), patience=10)
                    for name, (options, path) in CROWDS.items()]
        try:
            yield
        finally:
            for child in children:
                child.stop()


def client_connections(admin):
    _, _, text = load.get(admin, "/metrics", timeout=10)
    return int(re.search(rb"^kanaria_client_connections\S* (\d+)", text, re.M)[1])


def behave(port, count):
    """Milliseconds that each of `count` requests took; those that were not answered are missing."""
    times = []
    for first in range(0, count, PER_CONNECTION):
        begin = time.perf_counter()
        try:
            with load.connect(port) as connection:
                for _ in range(min(PER_CONNECTION, count - first)):
                    load.ask(connection, "/0")
                    now = time.perf_counter()
                    times.append((now - begin) * 1000)
                    begin = now
        except (OSError, SystemExit):
            continue
    return times


def percentiles(times):
    cuts = statistics.quantiles(times, n=100)
    return {"answered": len(times), "p50_ms": cuts[49], "p99_ms": cuts[98], "longest_ms": max(times)}


def measure_slow(bench, options):
    target = bench.target()
    with bench.kanaria(target) as (_, port, admin):
        behave(port, options.requests // 5)  # fills pools and caches
        unloaded = percentiles(behave(port, options.requests))
        with bench.crowds(port, options.clients, seconds=60):
            bombs.await_that(lambda: client_connections(admin) >= len(CROWDS) * options.clients, 30,
                             "the slow clients are there")
            loaded = percentiles(behave(port, options.requests))
            stayed = client_connections(admin)
    return {"requests": options.requests, "clients": options.clients, "stayed": stayed, "unloaded": unloaded,
            "loaded": loaded}


def measure_memory(bench, options):
    found = {}
    for bomb in bombs.BOMBS:
        with contextlib.closing(bombs.Target(bomb.answer)) as target, \
                bench.kanaria(target.port, "request_header_timeout: 2m, idle_timeout: 2m") as (child, port, admin):
            idle = processes.memory_bytes([child.pid])
            held = 0
            for number in (1, 2):
                with bombs.held(port, bomb, options.clients):
                    if bomb.reaches_target:
                        bombs.await_that(lambda: target.heads >= number * options.clients, 60, f"{bomb.name}: forwarded")
                    bombs.await_that(lambda: bombs.unread(port) == 0, 60, f"{bomb.name}: read")
                    held = max(held, processes.memory_bytes([child.pid]) - idle)
                bombs.await_that(lambda: client_connections(admin) == 0, 60, f"{bomb.name}: gone")
            found[bomb.name] = {"held": held, "after": processes.memory_bytes([child.pid]) - idle}
        compare.say(f"  {bomb.name}: {held / MEBIBYTE:.1f} MiB")
    return found


def answers(port):
    try:
        return load.get(port, "/0")[0] == 200
    except OSError:
        return False


def measure_descriptors(bench):
    limited = ["prlimit", "--nofile=256"]
    with bench.kanaria(bench.target(), "max_connections: 100000", limited) as (child, port, _):
        with contextlib.ExitStack() as crowd:
            for _ in range(400):
                crowd.enter_context(load.connect(port))
            bombs.await_that(lambda: "can't accept" in child.output.read_text(), 10, "no descriptor is left")
            cpu, began = processes.cpu_seconds([child.pid]), time.monotonic()
            time.sleep(3)
            busy = (processes.cpu_seconds([child.pid]) - cpu) / (time.monotonic() - began)
        freed = time.monotonic()
        bombs.await_that(lambda: answers(port), 10, "it serves again")
        again = time.monotonic() - freed
        return {"busy": busy, "again_seconds": again, "lines": child.output.read_text().count("can't accept")}


def rows(results):
    yield ("what", "at most", "measured", "verdict")
    if slow := results.get("slow"):
        bound = max(2 * slow["unloaded"]["p99_ms"], 10)
        crowd = f"{len(CROWDS)} x {slow['clients']:,} slow clients"
        yield (f"{crowd}: well-behaved requests answered", f"{slow['requests']:,}", f"{slow['loaded']['answered']:,}",
               report.verdict(slow["loaded"]["answered"] == slow["requests"]))
        yield ("the same: slow clients that were there to the end", "", f"{slow['stayed']:,}", "")
        for what in ("p50", "p99", "longest"):
            value, alone = slow["loaded"][f"{what}_ms"], slow["unloaded"][f"{what}_ms"]
            most, word = (f"{bound:.1f} ms", report.verdict(value <= bound)) if what == "p99" else ("", "")
            yield (f"the same: {what}, alone {alone:.2f} ms", most, f"{value:.2f} ms", word)
    for name, memory in results.get("memory", {}).items():
        yield (f"memory over idle: {name}", "96 MiB",
               f"{memory['held'] / MEBIBYTE:.1f} MiB, after {memory['after'] / MEBIBYTE:.1f}",
               report.verdict(memory["held"] <= 96 * MEBIBYTE))
    if none := results.get("descriptors"):
        yield ("no descriptor left: CPU meanwhile", "", f"{none['busy']:.1%}", "")
        yield ("no descriptor left: lines of log", "1", str(none["lines"]), report.verdict(none["lines"] == 1))
        yield ("descriptors freed: served again after", "1 s", f"{none['again_seconds']:.2f} s",
               report.verdict(none["again_seconds"] <= 1))


def main(arguments):
    works = {"slow": measure_slow, "memory": measure_memory, "descriptors": lambda bench, _: measure_descriptors(bench)}
    parser = argparse.ArgumentParser(prog="bench/hostile.sh", description=__doc__.partition("\n\n")[0],
                                     epilog="Works: " + ", ".join(works))
    parser.add_argument("--only", metavar="WORK,...", default=",".join(works), help="measure these alone")
    parser.add_argument("--requests", type=command_line.positive, default=5000, metavar="N",
                        help="well-behaved requests (%(default)s)")
    parser.add_argument("--clients", type=command_line.positive, default=1000, metavar="N",
                        help="of each kind of hostile clients (%(default)s)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write what was measured to FILE too")
    parser.add_argument("--document", action="store_true", help="print the table for docs/performance.md")
    options = parser.parse_args(arguments)
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(works):
        parser.error(f"no such work: {', '.join(sorted(unknown))}; there are {', '.join(works)}")
    processes.raise_descriptor_limit(DESCRIPTORS)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kanaria-bench.")))
        bench = Bench(ROOT / "build/release/bin", folder, stack)
        results = {}
        for name in wanted:
            compare.say(name)
            results[name] = works[name](bench, options)
            if options.json:
                options.json.write_text(json.dumps(results, indent=1) + "\n")
    table = list(rows(results))
    print((report.markdown_table if options.document else report.aligned)(table))
    return 1 if any(verdict == report.verdict(False) for *_, verdict in table) else 0


if __name__ == "__main__":
    command_line.run(main)
