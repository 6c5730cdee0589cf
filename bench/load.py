"""Load: one run of wrk or h2load against a proxy, and the few requests that see whether it does what it should."""

import http.client
import re
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import command_line

LUA = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Run:
    requests: int  # that got their whole answer
    seconds: float
    errors: int  # failed connects, reads and writes, time-outs, statuses other than 2xx


def run(command, cores, seconds):
    """Its output. A load that doesn't end in time is killed, and fails."""
    pinned = ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", ",".join(map(str, cores))]
    try:
        return subprocess.run(pinned + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=True, timeout=seconds + 15).stdout
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        command_line.fail(f"{failure}\n{failure.output}")


def wrk(url, cores, connections, seconds, arguments=()):
    output = run(["wrk", f"-t{len(cores)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", str(LUA), url,
                  "--", *arguments], cores, seconds)
    result = dict(re.findall(r"(\w+)=(\d+)", output[output.rindex("RESULT"):]))
    errors = sum(int(result[kind]) for kind in ("connect", "read", "write", "status", "timeout"))
    return Run(int(result["requests"]), int(result["microseconds"]) / 1e6, errors)


def h2load(url, cores, connections, seconds):
    """HTTP/1.1, in spite of its name."""
    output = run(["h2load", "--h1", f"-t{len(cores)}", f"-c{connections}", f"-D{seconds}s", url], cores, seconds)
    took = re.search(r"finished in ([\d.]+)(ms|s)", output)
    done, errored, timeout = map(int, re.search(r"(\d+) done, .* (\d+) errored, (\d+) timeout", output).groups())
    good = int(re.search(r"status codes: (\d+) 2xx", output)[1])
    return Run(good, float(took[1]) / (1000 if took[2] == "ms" else 1), done - good + errored + timeout)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def ask(connection, path, field=""):
    """Sends a request for a small answer, with one more header field, and reads the answer."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n{field}\r\n".encode())
    answer = b""
    while b"\r\n\r\nAPP_NAME: app-main" not in answer:
        piece = connection.recv(4096)
        if not piece:
            command_line.fail(f"a connection was closed after {answer}")
        answer += piece


def get(port, path, timeout=2):
    """(status, headers, body) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def await_success(child, attempt, what, pause, seconds):
    """Until attempt() returns true; an OSError means not yet. Between tries it waits for `pause` seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not child.has_ended():
        try:
            if attempt():
                return
        except OSError:
            pass
        time.sleep(pause)
    command_line.fail(f"{child.name} does not {what}:\n{child.output.read_text(errors='replace')}")


def await_answer(child, port, path, pause=0.02, seconds=10):
    """Until the path answers 200."""
    await_success(child, lambda: get(port, path)[0] == 200, "answer", pause, seconds)


def await_listening(child, port, seconds):
    """For when nobody would answer yet."""
    def attempt():
        connect(port).close()
        return True

    await_success(child, attempt, "listen", 0.05, seconds)
