"""A case of the suite: a dialogue of raw bytes between a client, the proxy and a target, and the judge that plays it.

A case is a list of steps in the order in which they must happen. Every byte that the client or the target receives must
be one that a step names: what does not fit is a failure at once, wherever the dialogue stands, and so is a connection to the
target that no step takes. Each case ends with one more request, the sentinel, so that "nothing arrived" is proven by what
arrives next and not by waiting, and a connection that must stay is proven by using it.

Bytes that a step expects may hold these names; all others stand for themselves:

    {date}      an IMF-fixdate of this minute (RFC 9110 §5.6.7)
    {id}        the id of a trace: 1-8hex-24hex
    {port}      the listener's port            {client}   the client's port
    {host}      what the sentinel's Host becomes, and {xff} its X-Forwarded-For line, under the settings of the proxy
"""

import errno
import re
import select
import socket
import struct
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

MODES = ("monitor", "defensive", "strictest")


class Failure(AssertionError):
    pass


# What a side may expect beside plain bytes. match() returns the position behind it, None when more bytes are needed.

class Literal:
    def __init__(self, text):
        self.text = text

    def match(self, data, at, _):
        there = data[at:at + len(self.text)]
        if there != self.text[:len(there)]:
            differs = next(i for i, byte in enumerate(there) if byte != self.text[i])
            start = max(0, differs - 60)
            raise Failure(f"expected {self.text[start:differs + 60]!r}, got {data[at + start:at + differs + 200]!r}")
        return at + len(self.text) if len(there) == len(self.text) else None

    def __repr__(self):
        return repr(self.text)


class Named:
    """A value of a fixed size that differs from run to run."""

    def __init__(self, size, pattern, check=lambda text: True):
        self.size, self.pattern, self.check = size, re.compile(pattern), check

    def match(self, data, at, _):
        text = data[at:at + self.size]
        if len(text) < self.size:
            return None
        if not self.pattern.fullmatch(text) or not self.check(text):
            raise Failure(f"expected {self.pattern.pattern!r}, got {bytes(text)!r}")
        return at + self.size


class ClientPort:
    def match(self, data, at, ports):
        digits = re.match(rb"\d*", data[at:])[0]
        if at + len(digits) == len(data):
            return None
        if int(digits or b"0") not in ports:
            raise Failure(f"expected the client's port, got {bytes(data[at:at + 20])!r}")
        return at + len(digits)


class Chunks:
    """A chunked body of just these bytes and trailers. How it is cut into chunks is the sender's business; that there are
    no extensions is not. `cut`: a beginning of the bytes, in whole chunks, and never the end."""

    SIZE = re.compile(rb"([0-9a-fA-F]{1,16})\r\n")

    def __init__(self, text, trailers=b"", cut=False):
        self.text, self.trailers, self.cut = text, trailers, cut

    def match(self, data, at, ports):
        rest = self.text
        while True:
            size = self.SIZE.match(data, at)
            if not size:
                if re.fullmatch(rb"[0-9a-fA-F]{0,16}\r?", data[at:]):
                    return at if self.cut and at == len(data) else None
                raise Failure(f"expected a chunk's size, got {bytes(data[at:at + 60])!r}")
            length = int(size[1], 16)
            if length == 0:
                break
            if length > len(rest):
                raise Failure(f"a chunk of {length} bytes, where {len(rest)} are left")
            end = Literal(rest[:length] + b"\r\n").match(data, size.end(), ports)
            if end is None:
                return None
            at, rest = end, rest[length:]
        if rest or self.cut:
            raise Failure(f"the body ends before {rest!r}" if rest else "a body that was cut ends like a whole one")
        return Literal(self.trailers + b"\r\n").match(data, size.end(), ports)


class Beginning:
    """Any beginning of these bytes: how much of a body went through before it was cut."""

    def __init__(self, text):
        self.text = text

    def match(self, data, at, ports):
        end = min(len(data), at + len(self.text))
        return Literal(self.text[:end - at]).match(data, at, ports)


def is_this_minute(text):
    date = parsedate_to_datetime(text.decode())
    return abs(date.timestamp() - time.time()) < 60 and date.strftime("%a, %d %b %Y %H:%M:%S GMT") == text.decode()


NAMED = {
    b"{date}": Named(29, rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", is_this_minute),
    b"{id}": Named(35, rb"1-[0-9a-f]{8}-[0-9a-f]{24}"),
    b"{client}": ClientPort(),
}


def elements(parts, values):
    """What a step expects as things that match: names are resolved, neighbouring bytes stay apart."""
    for part in parts:
        if not isinstance(part, bytes):
            yield part
            continue
        for name, value in values.items():
            part = part.replace(name, value)
        for piece in re.split(rb"(\{(?:date|id|client)\})", part):
            if piece:
                yield NAMED.get(piece) or Literal(piece)


# Steps: the client's ...

@dataclass
class Sends:
    text: bytes


class HalfCloses:
    """The client sends no more, but still listens."""


class Connects:
    """Another connection of the client; the steps after it are about this one."""


class Gets:
    def __init__(self, *parts):
        self.parts = parts


@dataclass
class Ends:
    """The client's connection ends: "fin", "reset", or "cut" for either, where it says that something is missing."""
    how: str = "fin"


# ... and the target's.

class Arrives:
    def __init__(self, *parts):
        self.parts = parts


@dataclass
class Answers:
    text: bytes


class TargetCloses:
    pass


class TargetResets:
    pass


class TargetEnds:
    """The proxy ends its connection to the target; the next request comes on another."""


@dataclass
class Logged:
    """What the access log says about a request: status, class and reason of its desync mitigation, word of the fault."""
    status: int
    fault: str = "-"
    reason: str = "-"  # None: the case doesn't care, and not for the class either
    classification: str = "-"

    def as_far_as(self, wanted):
        """The same without what `wanted` doesn't care for."""
        return Logged(self.status, self.fault, None, None) if wanted.reason is None else self


@dataclass
class Case:
    name: str
    section: str
    steps: list
    log: list = field(default_factory=list)
    daemons: tuple = MODES  # those that it holds for


class Wire:
    """One connection and what has come on it, which is held against what is expected."""

    def __init__(self, who, sock, expected, ports):
        self.who, self.sock, self.expected, self.ports = who, sock, expected, ports
        self.received = bytearray()
        self.matched = 0  # how many of the expected elements have come
        self.wanted = 0   # how many must have come by now
        self.end = None   # "fin" or "reset"; "here": we have closed it
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self):
        try:
            data = self.sock.recv(1 << 18, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except ConnectionResetError:
            self.end = "reset"
            return
        if not data:
            self.end = "fin"
            return
        self.received += data
        self.judge()

    def judge(self):
        at = count = 0
        for element in self.expected:
            try:
                end = element.match(self.received, at, self.ports)
            except Failure as failure:
                raise Failure(f"{self.who}: {failure}") from None
            if end is None:
                break
            at, count = end, count + 1
        else:
            if at < len(self.received):
                raise Failure(f"{self.who}: nothing more was to come, got {bytes(self.received[at:at + 300])!r}")
        self.matched = count

    def send(self, text):
        try:
            self.sock.sendall(text)
        except OSError as error:  # the proxy may refuse before it has all; what it says then is what counts
            if not isinstance(error, (BrokenPipeError, ConnectionResetError)):
                raise Failure(f"{self.who}: can't send: {error}") from None

    def half_close(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:  # after a reset nothing is connected; what was read until then is what counts
            if error.errno != errno.ENOTCONN:
                raise


class Stage:
    """Plays a case: one client after another, and the target behind `listener`, which is the proxy's only one."""

    def __init__(self, case, port, listener, values, timeout):
        self.case, self.port, self.listener, self.timeout = case, port, listener, timeout
        self.client_ports = []
        self.clients, self.targets = [], []
        self.targets_ended = 0
        self.sizes = {}  # of the steps that expect something, in elements
        self.for_clients, self.for_targets = [[]], [[]]
        values = {**values, b"{port}": b"%d" % port}  # last: it stands in others
        for step in case.steps:
            if isinstance(step, Connects):
                self.for_clients.append([])
            elif isinstance(step, (TargetEnds, TargetResets)):
                self.for_targets.append([])
            elif isinstance(step, (Gets, Arrives)):
                expected = list(elements(step.parts, values))
                (self.for_clients if isinstance(step, Gets) else self.for_targets)[-1].extend(expected)
                self.sizes[id(step)] = len(expected)

    def play(self):
        """Raises Failure. Returns the ports of the client's connections."""
        try:
            self.connect()
            for number, step in enumerate(self.case.steps):
                try:
                    self.take(step)
                except Failure as failure:
                    raise Failure(f"step {number + 1}, {type(step).__name__}: {failure}") from None
            self.nothing_is_left()
            return self.client_ports
        finally:
            for wire in self.clients:
                wire.sock.close()
            for wire in self.targets:
                self.end_target(wire)

    def end_target(self, wire):
        """Waits until the proxy has closed its end too: else the next case's request may be faster than this FIN."""
        try:
            if not wire.end:
                wire.sock.shutdown(socket.SHUT_WR)
                while wire.sock.recv(65536):
                    pass
        except OSError:
            pass  # closed all the same
        wire.sock.close()

    def take(self, step):
        client = self.clients[-1]
        match step:
            case Sends():
                client.send(step.text)
            case HalfCloses():
                client.half_close()
            case Connects():
                self.connect()
            case Gets():
                self.read(client, self.sizes[id(step)])
            case Ends():
                self.read_to_end(client)
                if step.how not in (client.end, "cut"):
                    raise Failure(f"the client's connection ended by {client.end}, not by {step.how}")
            case Arrives():
                self.read(self.target(), self.sizes[id(step)])
            case Answers():
                self.target().send(step.text)
            case TargetCloses():
                self.target().half_close()
            case TargetEnds():
                self.read_to_end(self.target())
                self.targets_ended += 1
            case TargetResets():
                target = self.target()
                target.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                target.sock.close()
                target.end = "here"
                self.targets_ended += 1

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.client_ports.append(sock.getsockname()[1])
        self.clients.append(Wire("client", sock, self.for_clients[len(self.clients)], self.client_ports))

    def target(self):
        """The target's present connection."""
        self.until(lambda: len(self.targets) > self.targets_ended, "nothing connected to the target")
        return self.targets[self.targets_ended]

    def read(self, wire, size):
        wire.wanted += size
        self.until(lambda: wire.matched >= wire.wanted or wire.end, f"{wire.who} waits in vain")
        if wire.matched < wire.wanted:
            raise Failure(f"{wire.who}: ended after {bytes(wire.received)!r}")

    def read_to_end(self, wire):
        self.until(lambda: wire.end, f"{wire.who} was not closed")
        if wire.matched < wire.wanted:
            raise Failure(f"{wire.who}: ended after {bytes(wire.received)!r}")

    def until(self, holds, otherwise):
        """Takes whatever comes on any connection until `holds`."""
        deadline = time.monotonic() + self.timeout
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0:
                came = "; ".join(f"{wire.who} got {bytes(wire.received)!r}" for wire in self.clients + self.targets)
                raise Failure(f"{otherwise}: {came or 'nothing came'}")
            self.take_what_comes(left)

    def take_what_comes(self, timeout):
        open_wires = {wire.sock: wire for wire in self.clients + self.targets if not wire.end}
        for ready in select.select([self.listener, *open_wires], [], [], timeout)[0]:
            if ready is self.listener:
                self.accept()
            else:
                open_wires[ready].receive()

    def accept(self):
        sock, _ = self.listener.accept()
        sock.settimeout(self.timeout)
        number = len(self.targets)
        expected = self.for_targets[number] if number < len(self.for_targets) else []
        self.targets.append(Wire(f"target's connection {number + 1}", sock, expected, self.client_ports))

    def nothing_is_left(self):
        self.take_what_comes(0)
        if len(self.targets) > len(self.for_targets):
            raise Failure(f"the target got {len(self.targets)} connections, not {len(self.for_targets)}")
