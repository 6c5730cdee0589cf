"""What the end-to-end tests share: real programs on free ports, scripted targets, and clients that count.

Nothing sleeps to wait: programs are ready when they say so, and everything has a deadline. A test that leaves a process
behind, or whose daemon does not end with 0 at TERM, fails.
"""

import concurrent.futures
import fcntl
import http.client
import io
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

BIN = Path(os.environ["KANARIA_BIN"])
SOURCE = Path(os.environ.get("KANARIA_SOURCE_DIR", Path(__file__).resolve().parents[2]))
LONG = os.environ.get("KANARIA_LONG") == "1"
TIMEOUT = 30.0  # for anything that should happen at once; sanitizers are slow


class Ports:
    """Ports for programs that must be told theirs. Tests run side by side, and between a look at a port and the program's own
    bind another test could choose the same: each port is one byte of a file, locked for as long as this process lives."""

    def __init__(self):
        path = Path(tempfile.gettempdir()) / f"kanaria-test-ports.{os.getuid()}"
        self._locks = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._taken = set()

    def take(self):
        """Outside the kernel's ephemeral range, so that no outgoing connection takes it."""
        while True:
            port = random.SystemRandom().randrange(10000, 32000)
            if port not in self._taken and self._lock(port) and self._is_free(port):
                self._taken.add(port)
                return port

    def _lock(self, port):
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            return True
        except BlockingIOError:
            return False

    @staticmethod
    def _is_free(port):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return True
            except OSError:
                return False


_ports = Ports()


def free_port():
    """A port that nobody listens on, and that no other test is given."""
    return _ports.take()


class Program:
    """A process with its output collected line by line."""

    def __init__(self, arguments, env=None):
        self.arguments = [str(argument) for argument in arguments]
        self.lines = []
        self.ends_with = 0  # the exit code that the test expects of it
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})}, text=True, errors="replace")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def output(self):
        return "\n".join(self.lines)

    def wait_for_line(self, pattern, timeout=TIMEOUT):
        """The match of the first line that fits; fails when the program ends or the time is over."""
        def found():
            return next((match for match in (re.search(pattern, line) for line in self.lines) if match), None)

        with self._news:
            self._news.wait_for(lambda: found() or not self._reader.is_alive(), timeout)
            match = found()
        if not match:
            raise AssertionError(f"{self.arguments} never said {pattern!r}:\n{self.output()}")
        return match

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=TIMEOUT):
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        self.process.stdout.close()
        return code

    def stop(self):
        """TERM and the exit code; a program that doesn't react is killed and the code is negative."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.wait()


class Echo(Program):
    def __init__(self, name, *flags):
        listens = [] if "--listen" in flags or "--port" in flags else ["--port", "0"]
        super().__init__([BIN / "kanaria-echo", "--name", name, *listens, *flags], env={"PORT": "0"})
        self.name = name
        try:
            place = self.wait_for_line(r"listens on (\S+)")[1]
        except AssertionError:
            self.stop()
            raise
        self.port = int(place.rpartition(":")[2]) if place[0] != "/" else None
        self.target = f"unix:{place}" if place[0] == "/" else f"127.0.0.1:{self.port}"


class Kanaria(Program):
    def __init__(self, config, port, admin, descriptors=None):
        limited = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
        super().__init__([*limited, BIN / "kanaria", "serve", "--config", config])
        self.config, self.port, self.admin = Path(config), port, admin
        try:
            self._await_ready()
        except AssertionError:
            self.stop()
            raise

    def _await_ready(self):
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self._reader.join(TIMEOUT)
                raise AssertionError(f"kanaria ended with {self.process.returncode}:\n{self.output()}")
            try:
                if get(self.admin, "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError(f"kanaria is not ready:\n{self.output()}")

    def metrics(self):
        return get(self.admin, "/metrics")[1].decode()

    def metric(self, name, **labels):
        """The sum of the samples of that name whose labels include these; 0 without any."""
        total = 0.0
        for line in self.metrics().splitlines():
            match = re.fullmatch(r"kanaria_(\w+)(?:\{(.*)\})? (\S+)", line)
            if not match or match[1] != name:
                continue
            present = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            if all(present.get(key) == value for key, value in labels.items()):
                total += float(match[3])
        return total

    def memory(self):
        """Resident bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def cpu_seconds(self):
        """That it has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lines_with(self, words):
        return [line for line in self.lines if words in line]

    def reload(self, check=True):
        result = run_cli("reload", "--admin", f"127.0.0.1:{self.admin}")
        if check and result.returncode != 0:
            raise AssertionError(f"reload: {result.returncode}\n{result.stdout}{result.stderr}")
        return result


def run_cli(*arguments, env=None, timeout=TIMEOUT * 2):
    """Runs one kanaria command to its end."""
    clean = {key: value for key, value in os.environ.items() if key not in ("KANARIA_ADMIN", "KANARIA_CONFIG")}
    return subprocess.run([str(BIN / "kanaria"), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", timeout=timeout, env={**clean, **(env or {})}, check=False)


def get(port, path="/", method="GET", body=None, headers=None, host="127.0.0.1"):
    """One request on its own connection: status, body, headers."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request(method, path, body=body, headers={"Connection": "close", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def name_in(body):
    """app-main of `APP_NAME: app-main`."""
    text = body.decode(errors="replace")
    return text[len("APP_NAME: "):] if text.startswith("APP_NAME: ") else text


def count_answers(port, requests, connections=1, path="/"):
    """Who answered `requests` requests over that many kept connections at once. A closed connection raises."""
    def share(amount):
        counts = Counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        connection.connect()
        kept = connection.sock
        for _ in range(amount):
            connection.request("GET", path)
            answer = connection.getresponse()
            counts[name_in(answer.read()) if answer.status == 200 else f"HTTP {answer.status}"] += 1
            if connection.sock is not kept:
                raise AssertionError("a kept connection was closed")
        connection.close()
        return counts

    amounts = [requests // connections + (1 if i < requests % connections else 0) for i in range(connections)]
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        return dict(sum(pool.map(share, amounts), Counter()))


def connect(port, host="127.0.0.1", receive_buffer=None):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(TIMEOUT)
    try:
        sock.connect((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def read_head(sock):
    """Bytes up to and with the empty line, one byte at a time so that nothing behind it is taken."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            raise AssertionError(f"the connection ended inside a head: {head!r}")
        head += byte
    return head


def read_exactly(sock, size):
    data = bytearray()
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise AssertionError(f"the connection ended after {len(data)} of {size} bytes")
        data += piece
    return bytes(data)


def read_to_end(sock):
    data = bytearray()
    while piece := sock.recv(65536):
        data += piece
    return bytes(data)


def read_answer(sock):
    """One answer with a Content-Length, and not a byte more: status, headers, body."""
    status_line, _, fields = read_head(sock).partition(b"\r\n")
    headers = http.client.parse_headers(io.BytesIO(fields))
    return int(status_line.split()[1]), headers, read_exactly(sock, int(headers["Content-Length"]))


class ScriptedTarget:
    """A target that does what a test tells it: `script(sock)` runs for each connection in a thread of its own."""

    def __init__(self, script):
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self.failures = []
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(TIMEOUT)
            self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            self._script(sock)
        except OSError:
            pass  # the other side may end a connection at any time
        except Exception as failure:  # pylint: disable=broad-except
            self.failures.append(failure)
        finally:
            self._open.discard(sock)
            sock.close()

    def close(self):
        # shutdown() wakes a thread that waits in accept(); close() alone doesn't.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def config_text(port, admin, groups, *, workers=1, path="/*", address="127.0.0.1", load_balancer=None, split=None,
                other_port=None, health_check="{enabled: false}", group_settings=""):
    """A file with one listener and one rule, and with `other_port` a listener that always forwards to the first group.
    `groups`: name -> (weight, [targets]). No health check is among the requests that targets see, unless asked for.
    `group_settings`: more keys of each group, as "slow_start: 30s"."""
    settings = "".join(f"  {key}: {value}\n" for key, value in (load_balancer or {}).items())
    weighted = "".join(f"              - {{name: {name}, weight: {weight}}}\n" for name, (weight, _) in groups.items())
    targets = "".join(f"  - {{name: {name}, health_check: {health_check}, {group_settings + ', ' if group_settings else ''}"
                      f"targets: [{', '.join(chr(34) + target + chr(34) for target in addresses)}]}}\n"
                      for name, (_, addresses) in groups.items())
    other = (f"  - port: {other_port}\n    address: \"{address}\"\n    default_action: {{target_group: {next(iter(groups))}}}\n"
             if other_port else "")
    return (f"workers: {workers}\n"
            + (f"load_balancer:\n{settings}" if settings else "")
            + f"admin: {{address: \"127.0.0.1:{admin}\"}}\n"
            f"listeners:\n"
            f"  - port: {port}\n"
            f"    address: \"{address}\"\n"
            f"    rules:\n"
            f"      - name: canary\n"
            f"        priority: 10\n"
            f"        conditions:\n"
            f"          - path_pattern: [\"{path}\"]\n"
            f"        action:\n"
            f"          forward:\n"
            + (f"            split: {split}\n" if split else "")
            + f"            target_groups:\n{weighted}"
            f"    default_action:\n"
            f"      fixed_response: {{status_code: 404, content_type: text/plain, message_body: \"no rule matched\"}}\n"
            f"{other}"
            f"target_groups:\n{targets}")


class Case(unittest.TestCase):
    """Starts programs for a test and makes sure that they end well."""

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="kanaria-e2e-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def echo(self, name, *flags):
        program = Echo(name, *flags)
        self.addCleanup(self._end, program)
        return program

    def scripted(self, script):
        target = ScriptedTarget(script)
        self.addCleanup(self._end_target, target)
        return target

    def kanaria(self, groups, descriptors=None, **settings):
        """A daemon with one listener, see config_text, that may open so many descriptors."""
        port, admin = free_port(), free_port()
        return self.kanaria_with(config_text(port, admin, groups, **settings), port, admin, descriptors)

    def kanaria_with(self, text, port, admin, descriptors=None):
        program = Kanaria(self.write("kanaria.yaml", text), port, admin, descriptors)
        self.addCleanup(self._end, program)
        return program

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text)
        return path

    def _end(self, program):
        code = program.stop()
        if code != program.ends_with:
            self.fail(f"{program.arguments} ended with {code}:\n{program.output()}")

    def _end_target(self, target):
        target.close()
        self.assertEqual(target.failures, [])
