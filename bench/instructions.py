#!/usr/bin/env python3
"""Counts what a proxy does for one request in the steady state: user-space instructions, or system calls.

This process is both the clients and the targets, and goes step by step: it sends a request, reads it as the target that
it comes to, answers, and reads the answer as the client, each time after the proxy has come to rest. So the proxy meets
the same events in the same order in every run, each in a wait of its own, where under load one wait finds several.
Counting begins after a warm-up and ends before the proxy does: its start, its end and the warm-up are not in the
numbers. Neither are its timers: what an idle second costs is counted too, and taken off for the time that the requests
took.

bench/instructions.sh installs and builds what is needed first.
"""

import argparse
import contextlib
import os
import re
import select
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import command_line
import load
import processes
import proxies
from command_line import fail

PROGRAMS = Path(os.environ.get("KANARIA_BIN", Path(__file__).resolve().parents[1] / "build/release/bin"))
PATIENCE = 60.0  # seconds, for anything that should happen at once: under callgrind all takes fifty times as long
IDLE = 1.0  # seconds, to see what the timers cost

# What wrk sends, and a small answer.
REQUEST_LINE = b"GET /app1/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
BODY = b"APP_NAME: app-main"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def command_of(proxy, folder, ports, options):
    programs = PROGRAMS
    if proxy == proxies.KANARIA:
        # Debian's valgrind stumbles over clang's DWARF 5. The names of functions are enough.
        programs = folder
        subprocess.run(["strip", "--strip-debug", "-o", folder / "kanaria", PROGRAMS / "kanaria"], check=True)
    port, metrics_port, *targets = ports
    place = proxies.Place(folder, programs, port, metrics_port, targets)
    setup = proxies.Setup(access_log=options.access_log, rollout=options.rollout)
    return proxies.COMMANDS[proxy](setup, place)


def start_rollout(port):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/rollouts/app/start", method="POST",
                                     headers={"Content-Type": "application/json"})
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):
                return
        except urllib.error.HTTPError as refused:
            if refused.code != 503 or time.monotonic() > end:  # it listens, but isn't ready
                raise
            time.sleep(0.05)


def tuned(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(PATIENCE)
    return connection


def received_until(connection, end):
    """All bytes up to those of `end`."""
    received = b""
    while not received.endswith(end):
        more = connection.recv(65536)
        if not more:
            fail("the proxy closed a connection")
        received += more
    return received


class Peers:
    """The clients and the targets of a proxy, one step at a time. `rest` returns when the proxy has nothing to do."""

    def __init__(self, port, targets, options, rest):
        self._rest = rest
        self._port = port
        self._in_flight = options.in_flight
        self._renew = options.new_connections
        self._request = REQUEST_LINE + (b"Connection: close\r\n\r\n" if self._renew else b"\r\n")
        self._listening = [socket.create_server(("127.0.0.1", target)) for target in targets]
        self._kept = []  # connections from the proxy
        self._clients = []

    def connect(self):
        for _ in range(self._in_flight):
            self._rest()
            self._clients.append(tuned(socket.create_connection(("127.0.0.1", self._port))))

    def exchange(self, times):
        """So many requests on each connection. All connections have one in flight before the first is answered."""
        for _ in range(times):
            if not self._clients:
                self.connect()
            targets = []
            for client in self._clients:
                self._rest()
                client.sendall(self._request)
                targets.append(self._next_target())
                received_until(targets[-1], b"\r\n\r\n")
            for client, target in zip(self._clients, targets):
                self._rest()
                target.sendall(ANSWER)
                answer = received_until(client, BODY)
                if not answer.startswith(b"HTTP/1.1 200 "):
                    fail(f"the proxy answered {answer!r}")
            if self._renew:
                self._drop_clients()
        self._rest()

    def _next_target(self):
        """The connection on which the proxy sends, a new one or one that was kept."""
        while True:
            ready, _, _ = select.select(self._listening + self._kept, [], [], PATIENCE)
            if not ready:
                fail("the proxy does not forward")
            if ready[0] not in self._listening:
                return ready[0]
            self._kept.append(tuned(ready[0].accept()[0]))

    def _drop_clients(self):
        for client in self._clients:
            if client.recv(1):
                fail("the proxy sent more than an answer")
            client.close()
        self._clients = []

    def close(self):
        for each in self._clients + self._kept + self._listening:
            each.close()


class Proxy:
    """A proxy that runs, with its peers. Warm and idle when it is made."""

    def __init__(self, name, folder, stack, options, prefix=()):
        free = processes.Ports()
        ports = [free.take() for _ in range(4)]
        port, admin, *targets = ports
        self._options = options
        self._peers = stack.enter_context(contextlib.closing(Peers(port, targets, options, self._rest)))
        command = [*prefix, *command_of(name, folder, ports, options)]
        child = processes.Child(name, command, os.sched_getaffinity(0), folder / "output", PATIENCE)
        stack.callback(child.stop)
        self.pid = child.pid
        load.await_listening(child, port, PATIENCE)
        if options.rollout:
            start_rollout(admin)
        self._peers.exchange(options.warm_up)

    def carry(self):
        """The requests that count."""
        self._peers.exchange(self._options.requests // self._options.in_flight)

    def threads(self):
        """{id: name}"""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return {int(task.name): (task / "comm").read_text().strip() for task in tasks}

    def _rest(self):
        """Returns when all threads sleep: the last work for a request comes after its answer. A thread that was woken
        counts as running at once. Two looks, because they don't see all threads at the same moment."""
        end = time.monotonic() + PATIENCE
        quiet = 0
        while quiet < 2:
            stats = Path(f"/proc/{self.pid}/task").glob("*/stat")
            quiet = quiet + 1 if all(stat.read_text().rpartition(")")[2].split()[0] == "S" for stat in stats) else 0
            if time.monotonic() > end:
                fail("the proxy is never idle")


@dataclass
class Profile:
    """Instructions of the busiest thread, which carries the requests, and of all others."""
    worker: float
    others: float
    file: Path  # of the worker, timers included


def counts_of(dump):
    """{thread: instructions} of callgrind's files of one dump."""
    counts = {}
    for file in dump.parent.glob(f"{dump.name}-*"):
        total = re.search(r"^(?:totals|summary): (\d+)", file.read_text(), re.MULTILINE)
        counts[file.name.rpartition("-")[2]] = int(total[1])
    return counts


def instructions(name, options):
    """Runs the proxy under callgrind, whose files stay in options.keep."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        out = options.keep / f"callgrind.out.{name}"
        for old in options.keep.glob(f"{out.name}*"):
            old.unlink()
        gdb = f"--vgdb-prefix={folder}/vgdb"
        proxy = Proxy(name, folder, stack, options,
                      ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--separate-threads=yes",
                       "--instr-atstart=no", gdb])

        def tell_callgrind(*words):
            subprocess.run(["vgdb", gdb, f"--pid={proxy.pid}", *words], check=True, capture_output=True,
                           timeout=PATIENCE)
            return time.monotonic()

        began = tell_callgrind("instrumentation", "on")
        proxy.carry()
        ended = tell_callgrind("dump")
        time.sleep(IDLE)
        idle = tell_callgrind("dump") - ended
        total, of_idle = counts_of(Path(f"{out}.1")), counts_of(Path(f"{out}.2"))
        counts = {thread: count - of_idle.get(thread, 0) * (ended - began) / idle for thread, count in total.items()}
        worker = max(counts, key=counts.get)
        return Profile(counts[worker], sum(counts.values()) - counts[worker], Path(f"{out}.1-{worker}"))


def functions(profile, inclusive, count):
    """The functions with the most instructions: (instructions, name)."""
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no",
                           f"--inclusive={'yes' if inclusive else 'no'}", profile.file],
                          check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^ *([\d,]+) +[^:\s]+:(.+?)(?: \[[^\]]*\])?$", text, re.MULTILINE)
    return [(int(number.replace(",", "")), name) for number, name in found][:count]


def shortened(name):
    """Template arguments and parameters, from the innermost outwards, go until the name fits on a line."""
    for bracketed in (r"<[^<>]+>", r"\([^()]+\)"):
        while len(name) > 100:
            shorter = re.sub(bracketed, lambda match: match[0][0] + match[0][-1], name, count=1)
            shorter = shorter.replace("<>", "\u2039\u203a")
            if shorter == name:
                break
            name = shorter
    return name.replace("\u2039\u203a", "<>")


def print_instructions(name, options):
    runs = [instructions(name, options) for _ in range(options.repeat)]
    for run in runs:
        print(f"{name:8} {run.worker / options.requests:10,.1f} {run.others / options.requests:8,.1f}", flush=True)
    if options.repeat > 1:
        counts = [run.worker for run in runs]
        spread = 100 * (max(counts) - min(counts)) / statistics.median(counts)
        print(f"{'':8} {spread:9.3f} % from the least to the most")
    if options.top:
        for inclusive, title in ((False, "by themselves"), (True, "with what they call")):
            print(f"\n{name}: functions {title}")
            for count, function in functions(runs[-1], inclusive, options.top):
                share = 100 * count / runs[-1].worker
                print(f"{count / options.requests:10,.1f} {share:5.1f} %  {shortened(function)}")
        print()


def system_calls(name, options):
    """Runs the proxy, attaches strace to the thread that carries requests, and returns {call: count}."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        proxy = Proxy(name, folder, stack, options)
        thread = next((id for id, comm in proxy.threads().items() if comm == "worker-0"), proxy.pid)
        strace = subprocess.Popen(["strace", "-c", "-o", folder / "strace", "-p", str(thread)],
                                  stderr=subprocess.DEVNULL)
        status = Path(f"/proc/{thread}/status")
        while "TracerPid:\t0\n" in status.read_text():
            if strace.poll() is not None:
                fail("strace can't attach to the proxy")
            time.sleep(0.01)
        proxy.carry()
        strace.send_signal(signal.SIGINT)
        strace.wait()
        found = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +\d* *(\w+)$", (folder / "strace").read_text(), re.MULTILINE)
        return {call: int(count) for count, call in found if call not in ("total", "restart_syscall")}


def print_system_calls(name, options):
    calls = system_calls(name, options)
    often_first = sorted(calls, key=lambda call: -calls[call])
    listed = ", ".join(f"{call} {calls[call] / options.requests:.2f}" for call in often_first)
    print(f"{name:8} {sum(calls.values()) / options.requests:6.2f}: {listed}", flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench/instructions.sh",
                                     description="Counts instructions or system calls per request in the steady state.")
    parser.add_argument("--requests", type=command_line.positive, default=2000, metavar="N",
                        help="how many are counted (%(default)s)")
    parser.add_argument("--warm-up", type=command_line.positive, default=200, metavar="N",
                        help="how many are sent before, on each connection (%(default)s)")
    parser.add_argument("--in-flight", type=command_line.positive, default=1, metavar="N",
                        help="over N connections, each with a request in flight before the first is answered "
                             "(%(default)s)")
    parser.add_argument("--new-connections", action="store_true", help="a new connection for each request")
    parser.add_argument("--access-log", action="store_true", help="with the access log on")
    parser.add_argument("--rollout", action="store_true",
                        help="with a rollout in progress, which has the canary at the 10 %% that it has anyway")
    parser.add_argument("--haproxy", action="store_true", help="HAProxy too, set up alike")
    parser.add_argument("--repeat", type=command_line.positive, default=1, metavar="N",
                        help="so many runs, and how far apart they are")
    parser.add_argument("--top", type=int, default=0, metavar="N", help="the N functions with the most instructions")
    parser.add_argument("--keep", type=Path, metavar="FOLDER",
                        help="keep callgrind's files there, e.g. for kcachegrind")
    parser.add_argument("--syscalls", action="store_true", help="count system calls, by strace, instead")
    options = parser.parse_args(arguments)
    if options.requests < options.in_flight:
        parser.error("--requests must be at least --in-flight")
    if options.rollout and options.haproxy:
        parser.error("HAProxy has no rollouts")
    options.requests -= options.requests % options.in_flight
    return options


def main(arguments):
    options = parse(arguments)
    connections = "a new connection for each" if options.new_connections else "kept connections"
    print(f"{options.requests} requests, {options.in_flight} in flight, {connections}, "
          f"access log {'on' if options.access_log else 'off'}{', a rollout in progress' if options.rollout else ''}\n")
    names = [proxies.KANARIA, proxies.HAPROXY] if options.haproxy else [proxies.KANARIA]
    if options.syscalls:
        print("system calls a request, of the thread that carries them")
        for name in names:
            print_system_calls(name, options)
        return
    print("instructions a request, of the thread that carries them and of all others")
    with contextlib.ExitStack() as stack:
        options.keep = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options.keep.mkdir(parents=True, exist_ok=True)
        for name in names:
            print_instructions(name, options)


if __name__ == "__main__":
    command_line.run(main)
