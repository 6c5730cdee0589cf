"""Load: one run of wrk or h2load against a proxy, and the few requests that see whether it does what it should."""

import http.client
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

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
        return subprocess.run(pinned + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=True, timeout=seconds + 15).stdout
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        raise SystemExit(f"compare.py: {failure}\n{failure.output}") from None


def wrk(url, cores, connections, seconds, arguments=()):
    output = run(["wrk", f"-t{len(cores)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", str(LUA), url, "--",
                  *arguments], cores, seconds)
    result = dict(re.findall(r"(\w+)=(\d+)", output[output.rindex("RESULT"):]))
    errors = sum(int(result[kind]) for kind in ("connect", "read", "write", "status", "timeout"))
    return Run(int(result["requests"]), int(result["microseconds"]) / 1e6, errors)


def h2load(url, cores, connections, requests, seconds):
    """HTTP/1.1, in spite of its name. A fixed number of requests: so that is what was answered, to the last one."""
    output = run(["h2load", "--h1", f"-t{len(cores)}", f"-c{connections}", f"-n{requests}", url], cores, seconds)
    took = re.search(r"finished in ([\d.]+)(ms|s)", output)
    good = int(re.search(r"status codes: (\d+) 2xx", output)[1])
    return Run(good, float(took[1]) / (1000 if took[2] == "ms" else 1), requests - good)


def get(port, path, timeout=2):
    """(status, headers, body) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def await_answer(child, port, path, pause=0.02, seconds=10):
    """Until the path answers 200. Between tries it waits for `pause` seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not child.has_ended():
        try:
            if get(port, path)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(pause)
    raise SystemExit(f"compare.py: {child.name} does not answer:\n{child.output.read_text(errors='replace')}")
