#!/usr/bin/env python3
"""Measures kanaria beside HAProxy, nginx and a byte relay (the floor), and prints what it found as a table.

Each proxy runs on one core, load and targets on another. Within a round the proxies take turns, each for some seconds;
the first of a round is another one each time. What counts is the CPU time of the whole proxy over the requests that
were answered meanwhile, and the ratio to HAProxy in the same round: its median over the rounds says more than any
single time.

bench/compare.sh installs and builds what is needed first. bench/works.py says what is measured, bench/proxies.py how
the proxies are configured.
"""

import argparse
import contextlib
import datetime
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import command_line
import idle
import load
import processes
import proxies
import report
from proxies import FLOOR, PLAIN
from works import IDLE, KEYS, MEBIBYTE, START, WORKS, Lane

ROOT = Path(__file__).resolve().parents[1]
DESCRIPTORS = 20000  # for 5,000 idle clients, and as much again as HAProxy wants to have in reserve


class Bench:
    """The target, what runs beside it, and the folder that all of it writes to."""

    def __init__(self, programs, folder, stack):
        self.programs = programs
        self.cores = processes.choose_cores()
        self._folder = folder
        self._stack = stack
        self._ports = processes.Ports()
        self._count = 0
        self.targets = (self._ports.take(), self._ports.take())
        self.target = processes.Child("target", [f"{programs}/bench_target", *map(str, self.targets)],
                                      [self.cores.target], folder / "target.log")
        stack.callback(self.target.stop)
        load.await_answer(self.target, self.targets[0], "/0")

    def target_connections(self):
        """That the target has accepted so far, this question's included."""
        return int(load.get(self.targets[0], "/accepted")[2])

    def spawn(self, lane):
        """Starts a proxy and doesn't wait. (the child, its port, its metrics' port)"""
        self._count += 1
        folder = self._folder / f"{self._count}"
        folder.mkdir()
        place = proxies.Place(folder, self.programs, self._ports.take(), self._ports.take(), self.targets)
        cores = [self.cores.proxy] if lane.setup.workers == 1 else self.cores.two
        command = proxies.COMMANDS[lane.proxy](lane.setup, place)
        child = processes.Child(lane.name, command, cores, folder / "output.log")
        self._stack.callback(child.stop)
        return child, place.port, place.metrics_port

    def start(self, lane):
        """Starts a proxy and sees that it does what all of them must do. (the child, its port)"""
        child, port, metrics_port = self.spawn(lane)
        load.await_answer(child, port, "/app1/0")
        if lane.proxy != FLOOR:
            check_features(lane, port, metrics_port)
        return child, port


def check_features(lane, port, metrics_port):
    def require(holds, what):
        if not holds:
            command_line.fail(f"{lane.name}: {what}")

    _, _, head = load.get(port, f"/app{lane.setup.rules}/head")
    for field, value in (("For", "127.0.0.1"), ("Proto", "http"), ("Port", port)):
        require(re.search(rf"\r\nX-Forwarded-{field}: {value}\r\n".encode(), head, re.I),
                f"no X-Forwarded-{field} in {head}")
    require(load.get(port, f"/app{lane.setup.rules + 1}/0")[0] == 404, "takes paths that no rule names")
    require(len(load.get(port, "/app1/1m")[2]) == MEBIBYTE, "cuts bodies")
    require(load.get(metrics_port, "/metrics")[0] == 200, "no metrics")
    with load.connect(port) as connection:
        load.ask(connection, "/app1/0")
        load.ask(connection, "/app1/0", "Connection: close\r\n")
        require(connection.recv(1) == b"", "goes on after Connection: close")


def measure(bench, work, lane, port, pids, seconds):
    """One turn: numbers of one lane in one round."""
    url = f"http://127.0.0.1:{port}{work.path}"
    opened = bench.target_connections()
    cpu, target = processes.cpu_seconds(pids), processes.cpu_seconds(bench.target.pids())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if work.with_h2load:
        run = load.h2load(url, bench.cores.load, work.connections, seconds)
    else:
        arguments = ("rules", str(lane.setup.rules)) if lane.setup.rules > 1 else work.arguments
        run = load.wrk(url, bench.cores.load, work.connections, seconds, arguments)
    time.sleep(0.1)  # what ends connections and writes logs belongs to the requests
    used_now = resource.getrusage(resource.RUSAGE_CHILDREN)
    requests = max(run.requests, 1)
    return {
        "cpu_us": (processes.cpu_seconds(pids) - cpu) / requests * 1e6,
        "per_second": requests / run.seconds,
        "requests": run.requests,
        "errors": run.errors,
        "target_connections": bench.target_connections() - opened - 1,  # that one was ours
        "target_us": (processes.cpu_seconds(bench.target.pids()) - target) / requests * 1e6,
        "load_us": (used_now.ru_utime + used_now.ru_stime - used.ru_utime - used.ru_stime) / requests * 1e6,
    }


def say(words):
    print(words, file=sys.stderr, flush=True)


def compare(bench, work, rounds, seconds):
    """The rounds of one piece of work, by lane."""
    running = {lane: bench.start(lane) for lane in work.lanes}
    pids = {lane: child.pids() for lane, (child, _) in running.items()}
    results = {lane: [] for lane in work.lanes}
    for lane, (_, port) in running.items():
        measure(bench, work, lane, port, pids[lane], 1)  # fills pools and caches
    for number in range(rounds):
        first = number % len(work.lanes)
        for lane in work.lanes[first:] + work.lanes[:first]:
            results[lane].append(measure(bench, work, lane, running[lane][1], pids[lane], seconds))
        say(f"  round {number + 1}: " +
            "   ".join(f"{lane.name} {results[lane][-1]['cpu_us']:.1f}" for lane in work.lanes))
    for child, _ in running.values():
        child.stop()
    return [{"proxy": lane.proxy, "variant": lane.variant, "rounds": turns, "fault": fault_in(work, turns)}
            for lane, turns in results.items()]


def fault_in(work, turns):
    """Why these numbers count for nothing; empty when they do."""
    if errors := sum(turn["errors"] for turn in turns):
        return f"{errors} errors"
    # The floor opens one for each client, and wrk tries its address first.
    if any(turn["target_connections"] > 2 * work.connections for turn in turns):
        return "target's connections not kept"
    return ""


def measure_idle(bench, count):
    """Bytes that each of `count` idle client connections costs a proxy."""
    found = {}
    for name in PLAIN:
        child, port = bench.start(Lane(name))
        found[name] = idle.bytes_per_connection(child.pids(), port, "/app1/0", count)
        say(f"  {name} {found[name]:.0f} bytes")
        child.stop()
    return found


def measure_start(bench, count):
    """Milliseconds from the start of the program to the end of the first answer, which came from the target."""
    found = {name: [] for name in PLAIN}
    for _ in range(count):
        for name in PLAIN:
            begin = time.monotonic()
            child, port, _ = bench.spawn(Lane(name))
            load.await_answer(child, port, "/app1/0", pause=0.0005)
            found[name].append((time.monotonic() - begin) * 1000)
            child.stop()
    say("  " + "   ".join(f"{name} {min(times):.0f}-{max(times):.0f} ms" for name, times in found.items()))
    return found


def first_line(*command):
    """Of its output; empty when it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False, timeout=10)
    return done.stdout.partition("\n")[0] if done.returncode == 0 else ""


def other_work(seconds=1):
    """The share of all cores that is busy while the bench does nothing."""
    def busy_and_all():
        values = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(values) - values[3] - values[4], sum(values)

    before = busy_and_all()
    time.sleep(seconds)
    after = busy_and_all()
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def describe(bench, arguments):
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    distribution = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    kanaria = first_line(f"{bench.programs}/kanaria", "--version").removeprefix("kanaria ")
    if shutil.which("git") and (revision := first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty")):
        kanaria += f" ({revision})"
    return {
        "when": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "command": re.sub(r" --json[= ]\S+", "", " ".join(["bench/compare.sh", *arguments])),
        "cpu": cpu[1] if cpu else os.uname().machine,
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)),
        "system": f"{distribution[1] if distribution else 'Linux'}, Linux {os.uname().release}",
        "cores": {"proxy": bench.cores.proxy, "load": bench.cores.load, "target": bench.cores.target,
                  "two": bench.cores.two, "two_are_free": bench.cores.two_are_free,
                  "share_a_core": bench.cores.share_a_core},
        "other_work": other_work(),
        "versions": {
            "kanaria": kanaria,
            **{name: first_line("dpkg-query", "-W", "-f", "${Version}", package) for name, package in
               (("HAProxy", "haproxy"), ("nginx", "nginx"), ("wrk", "wrk"), ("h2load", "nghttp2-client"))},
        },
    }


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench/compare.sh", description=__doc__.partition("\n")[0],
                                     epilog="Works: " + ", ".join(KEYS))
    parser.add_argument("--quick", action="store_true",
                        help="two rounds, to see that it works; the numbers are worth little")
    parser.add_argument("--only", metavar="WORK,...", default=",".join(KEYS), help="measure these alone")
    parser.add_argument("--rounds", type=command_line.positive, metavar="N", help="rounds of each work (default: 7)")
    parser.add_argument("--seconds", type=command_line.positive, metavar="N", default=1,
                        help="seconds of each turn in a round (default: 1)")
    parser.add_argument("--json", metavar="FILE", type=Path,
                        help="write what was measured to FILE, after each work; bench/report.py makes the tables and "
                             "the picture of it")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (2 if options.quick else 7)
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(KEYS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}; there are {', '.join(KEYS)}")
    if options.json:
        try:
            options.json.touch()  # rather now than after some minutes
        except OSError as failure:
            parser.error(str(failure))
    return options


def measure_all(bench, options, descriptors, results):
    """Adds to the results, and yields after each piece of work."""
    for work in (work for work in WORKS if work.key in options.only):
        say(f"{work.title}: µs of CPU a request")
        results["works"][work.key] = {"title": work.title, "connections": work.connections,
                                      "lanes": compare(bench, work, options.rounds, options.seconds)}
        yield
    if IDLE in options.only:
        count = min(1000 if options.quick else 5000, descriptors // 4)
        say(f"{count} idle connections")
        results[IDLE] = {"connections": count, "bytes": measure_idle(bench, count)}
        yield
    if START in options.only:
        say("start to first answer")
        results[START] = measure_start(bench, 3 if options.quick else 11)
        yield


def main(arguments):
    options = parse(arguments)
    programs = ROOT / "build/release/bin"
    descriptors = processes.raise_descriptor_limit(DESCRIPTORS)
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kanaria-bench.")))
        folder.chmod(0o755)
        bench = Bench(programs, folder, stack)
        results = {"machine": describe(bench, arguments), "rounds": options.rounds, "seconds": options.seconds,
                   "works": {}}
        for _ in measure_all(bench, options, descriptors, results):
            results["took_seconds"] = round(time.monotonic() - begin)
            if options.json:
                options.json.write_text(json.dumps(results, indent=1) + "\n")
    print(report.text(results))
    return 1 if report.Results(results).has_faults() else 0


if __name__ == "__main__":
    command_line.run(main)
