#!/usr/bin/env python3
"""Counts what a proxy does for one request in the steady state: user-space instructions, or system calls.

One process, this one, is both client and targets, and goes step by step: it sends a request, reads it as the target that it comes
to, answers, and reads the answer as the client. So the proxy sees the same order of events in every run. The counters are set to
zero after a warm-up and read at the end, both while the proxy waits: start and warm-up are not in the numbers.

It is not the load of bench/compare.sh: there, one wait of the proxy finds many connections ready, here it finds one.

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
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0  # seconds, for anything that should happen at once: callgrind is fifty times slower

# What wrk sends, and what bench_target answers it.
REQUEST = b"GET /app1/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\nAPP_NAME: app-main\n"[:-1]


def free_ports(count):
    """Ports that the kernel says are free now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def kanaria(folder, port, targets, access_log):
    config = folder / "kanaria.yaml"
    config.write_text(f"""\
workers: 1
access_logs: {{enabled: {str(access_log).lower()}, path: {folder}/access.log}}
admin: {{address: none}}
listeners:
  - address: 127.0.0.1
    port: {port}
    rules:
      - priority: 1
        conditions: [path_pattern: ["/app1/*"]]
        action: {{forward: {{target_groups: [{{name: main, weight: 90}}, {{name: canary, weight: 10}}]}}}}
    default_action: {{fixed_response: {{status_code: 404}}}}
target_groups:
  - {{name: main, targets: ["127.0.0.1:{targets[0]}"]}}
  - {{name: canary, targets: ["127.0.0.1:{targets[1]}"]}}
""")
    # Debian's valgrind stumbles over clang's DWARF 5; the names of functions are enough.
    program = folder / "kanaria"
    subprocess.run(["strip", "--strip-debug", "-o", program, f"{os.environ['KANARIA_BIN']}/kanaria"], check=True)
    return [str(program), "serve", "--config", str(config)]


def haproxy(folder, port, targets, access_log):
    config = folder / "haproxy.cfg"
    config.write_text(f"""\
global
    nbthread 1
    {"log stdout format raw local0" if access_log else ""}
defaults
    mode http
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    option forwardfor
    http-reuse always
    {"log global" if access_log else ""}
    {"option httplog" if access_log else ""}
frontend http
    bind 127.0.0.1:{port}
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Port %[dst_port]
    use_backend app if {{ path_beg /app1/ }}
    default_backend none
backend app
    balance roundrobin
    server main 127.0.0.1:{targets[0]} weight 90
    server canary 127.0.0.1:{targets[1]} weight 10
backend none
    http-request return status 404
""")
    return ["haproxy", "-db", "-f", str(config)]


def prepared(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(PATIENCE)
    return connection


def received_until(connection, end):
    """All bytes up to those of `end`."""
    received = b""
    while not received.endswith(end):
        more = connection.recv(65536)
        if not more:
            raise SystemExit("instructions.py: the proxy closed a connection")
        received += more
    return received


class Peers:
    """The clients and the targets of a proxy, one step at a time."""

    def __init__(self, targets):
        self._listening = [self._listen(port) for port in targets]
        self._clients = []
        self._kept = []

    @staticmethod
    def _listen(port):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        return listening

    def connect(self, port, count, is_alive):
        end = time.monotonic() + PATIENCE
        while len(self._clients) < count:
            try:
                self._clients.append(prepared(socket.create_connection(("127.0.0.1", port))))
            except ConnectionRefusedError:
                if not is_alive() or time.monotonic() > end:
                    raise SystemExit("instructions.py: the proxy does not listen") from None
                time.sleep(0.05)

    def exchange(self, times):
        """So many requests on each connection. All connections have a request in flight before the first is answered."""
        for _ in range(times):
            targets = []
            for client in self._clients:
                client.sendall(REQUEST)
                targets.append(self._next_target())
                received_until(targets[-1], b"\r\n\r\n")
            for client, target in zip(self._clients, targets):
                target.sendall(ANSWER)
                answer = received_until(client, ANSWER[-18:])
                if not answer.startswith(b"HTTP/1.1 200 "):
                    raise SystemExit(f"instructions.py: the proxy answered {answer!r}")

    def _next_target(self):
        """The connection on which the proxy sends, a new one or one that was kept."""
        while True:
            ready, _, _ = select.select(self._listening + self._kept, [], [], PATIENCE)
            if not ready:
                raise SystemExit("instructions.py: the proxy does not forward")
            if ready[0] not in self._listening:
                return ready[0]
            self._kept.append(prepared(ready[0].accept()[0]))

    def close(self):
        for each in self._clients + self._kept + self._listening:
            each.close()


def wait_until_idle(pid):
    """Until every thread sleeps, looked at five times in a row."""
    end = time.monotonic() + PATIENCE
    idle = 0
    while idle < 5:
        states = [stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
        idle = idle + 1 if all(state in "St" for state in states) else 0
        if time.monotonic() > end:
            raise SystemExit("instructions.py: the proxy is never idle")
        time.sleep(0.02)


@contextlib.contextmanager
def running(command, folder):
    with open(folder / "output", "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    except BaseException:
        sys.stderr.write((folder / "output").read_text(errors="replace"))
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class Profile:
    """Instructions of the thread that carries the requests, and of all others."""
    worker: int = 0
    others: int = 0
    file: Path = None


def instructions(make_command, options):
    """Runs the proxy under callgrind and returns a Profile; its file stays in options.keep."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port, *targets = free_ports(3)
        peers = Peers(targets)
        out = options.keep / make_command.__name__
        for old in options.keep.glob(f"{out.name}*"):
            old.unlink()
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--separate-threads=yes", "--instr-atstart=no",
                   f"--vgdb-prefix={folder}/vgdb"] + make_command(folder, port, targets, options.access_log)

        def ask(process, *words):
            subprocess.run(["vgdb", f"--vgdb-prefix={folder}/vgdb", f"--pid={process.pid}", *words], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)

        with contextlib.closing(peers), running(command, folder) as process:
            peers.connect(port, options.in_flight, lambda: process.poll() is None)
            peers.exchange(options.warm_up)
            wait_until_idle(process.pid)
            ask(process, "instrumentation", "on")
            peers.exchange(options.requests // options.in_flight)
            wait_until_idle(process.pid)
            ask(process, "dump")
            profile = Profile()
            for file in options.keep.glob(f"{out.name}.1*"):
                count = int(re.search(r"^(?:totals|summary): (\d+)", file.read_text(), re.MULTILINE)[1])
                if count > profile.worker:
                    profile.others += profile.worker
                    profile.worker, profile.file = count, file
                else:
                    profile.others += count
            return profile


def functions(profile, inclusive, count):
    """The functions with the most instructions: (instructions, name)."""
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no",
                           f"--inclusive={'yes' if inclusive else 'no'}", str(profile.file)],
                          check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^ *([\d,]+) +(\S.*)$", text, re.MULTILINE)
    return [(int(number.replace(",", "")), name) for number, name in found if "PROGRAM TOTALS" not in name][:count]


def shortened(name):
    """A function's name without its file's folders and its template arguments' inner parts."""
    name = re.sub(r" \[[^\]]*\]$", "", name)
    place, _, function = name.partition(":")
    while len(function) > 110 and re.search(r"<[^<>]+>", function):
        function = re.sub(r"<[^<>]+>", "{}", function)
    return f"{function[:200]}  ({Path(place).name})"


def system_calls(make_command, options):
    """Runs the proxy under strace and returns {call: count} of the thread that carries the requests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port, *targets = free_ports(3)
        peers = Peers(targets)
        with contextlib.closing(peers), running(make_command(folder, port, targets, options.access_log), folder) as process:
            peers.connect(port, options.in_flight, lambda: process.poll() is None)
            peers.exchange(options.warm_up)
            wait_until_idle(process.pid)
            tasks = {task.name: (task / "comm").read_text().strip() for task in Path(f"/proc/{process.pid}/task").iterdir()}
            thread = next((task for task, comm in tasks.items() if comm == "worker-0"), str(process.pid))
            strace = subprocess.Popen(["strace", "-c", "-o", folder / "strace", "-p", thread], stderr=subprocess.DEVNULL)
            status = Path(f"/proc/{thread}/status")
            while not re.search(r"TracerPid:\t[1-9]", status.read_text()):
                if strace.poll() is not None:
                    raise SystemExit("instructions.py: strace can't attach")
                time.sleep(0.01)
            peers.exchange(options.requests // options.in_flight)
            wait_until_idle(process.pid)
            strace.send_signal(signal.SIGINT)
            strace.wait()
            found = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +\d* *(\w+)$", (folder / "strace").read_text(), re.MULTILINE)
            return {call: int(count) for count, call in found if call not in ("total", "restart_syscall")}


def main():
    parser = argparse.ArgumentParser(description="Counts instructions or system calls per request in the steady state.")
    parser.add_argument("--requests", type=int, default=2000, help="how many are counted (%(default)s)")
    parser.add_argument("--warm-up", type=int, default=200,
                        help="how many are sent before on each connection (%(default)s)")
    parser.add_argument("--in-flight", type=int, default=1, metavar="N",
                        help="over N connections, each with a request in flight before the first is answered (%(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="runs; more than one show the spread")
    parser.add_argument("--access-log", action="store_true", help="with the access log on")
    parser.add_argument("--haproxy", action="store_true", help="HAProxy too, set up alike")
    parser.add_argument("--top", type=int, default=0, metavar="N",
                        help="show the N functions with the most instructions, with and without those they call")
    parser.add_argument("--syscalls", action="store_true", help="count system calls by strace instead")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep callgrind's files there")
    options = parser.parse_args()
    options.requests -= options.requests % options.in_flight

    proxies = [kanaria, haproxy] if options.haproxy else [kanaria]
    log = "on" if options.access_log else "off"
    print(f"{options.requests} requests, {options.in_flight} in flight, access log {log}\n", flush=True)
    if options.syscalls:
        for proxy in proxies:
            calls = system_calls(proxy, options)
            listed = ", ".join(f"{call} {count / options.requests:.2f}" for call, count in calls.items())
            print(f"{proxy.__name__:8} {sum(calls.values()) / options.requests:6.2f} system calls a request: {listed}")
        return
    with contextlib.ExitStack() as stack:
        if not options.keep:
            options.keep = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options.keep.mkdir(parents=True, exist_ok=True)
        print(f"{'':8} {'worker':>10} {'others':>8}   instructions a request, of the busiest thread and of all others")
        for proxy in proxies:
            runs = [instructions(proxy, options) for _ in range(options.repeat)]
            for run in runs:
                worker, others = run.worker / options.requests, run.others / options.requests
                print(f"{proxy.__name__:8} {worker:10,.1f} {others:8,.1f}", flush=True)
            if options.repeat > 1:
                counts = [run.worker for run in runs]
                print(f"{'':8} spread {100 * (max(counts) - min(counts)) / statistics.median(counts):.3f} %")
            if options.top:
                for inclusive in (False, True):
                    print(f"\n{proxy.__name__}, {'with what they call' if inclusive else 'by themselves'}:")
                    for count, name in functions(runs[-1], inclusive, options.top):
                        print(f"{count / options.requests:10,.1f} {100 * count / runs[-1].worker:5.1f} %  {shortened(name)}")


if __name__ == "__main__":
    main()
