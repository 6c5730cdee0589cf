"""Messages that are as large as the limits allow and don't end: many of them at once must not cost much memory. Also
the target and the wait that go with them. bench/hostile.py measures with BOMBS what bombs_test.py bounds.
"""

import contextlib
import selectors
import socket
import threading
import time
from pathlib import Path
from typing import NamedTuple

KIB = 1024
PIECE = 64 * KIB


def fields(size, count=255):
    """`count` fields of `size` bytes in all, each line with its end."""
    lines = []
    for number in range(count):
        length = size // count + (1 if number < size % count else 0)
        name = b"x-%d: " % number
        lines.append(name + b"v" * (length - len(name) - 2) + b"\r\n")
    return b"".join(lines)


def request(line=100, head=200, framing=b"", count=255):
    """A request with a line and fields of about these sizes, without the empty line."""
    start, end = b"POST /", b" HTTP/1.1\r\nHost: bomb\r\n"
    return start + b"p" * (line - len(start) - 12) + end + framing + (fields(head, count) if head >= 8 * KIB else b"")


CHUNKED = b"Transfer-Encoding: chunked\r\n"
FULL_LINE, FULL_HEAD = 16 * KIB - 16, 63 * KIB

UNFINISHED_HEADS = request(line=FULL_LINE, head=FULL_HEAD)
WHOLE_REQUESTS = request(line=FULL_LINE, head=FULL_HEAD) + b"\r\n"
LATER_VERSION = WHOLE_REQUESTS.replace(b" HTTP/1.1", b" HTTP/1.2", 1)
ABSOLUTE_TARGET = request(line=FULL_LINE - 16, head=FULL_HEAD).replace(b"POST /p", b"POST http://bomb/p?", 1) + b"\r\n"
FORWARDED_FOR = (request(line=FULL_LINE, head=14 * KIB, count=250) + 3 * (b"X-Forwarded-For: " + b"f" * (16 * KIB - 32) + b"\r\n")
                 + b"\r\n")
ABSOLUTE_QUERY = ABSOLUTE_TARGET.replace(b"bomb/p?", b"bomb?p", 1)
TRAILERS = request(framing=CHUNKED) + b"\r\n0\r\n" + fields(8 * KIB - 64, 64)
LARGE_HEAD_AND_TRAILERS = (request(line=FULL_LINE, head=FULL_HEAD, framing=CHUNKED, count=250) + b"\r\n1\r\nx\r\n0\r\n"
                           + fields(8 * KIB - 64, 64))
TRAILERS_OVER = TRAILERS + fields(KIB, 4) + b"\r\n"
ENDLESS_EXTENSION = request(framing=CHUNKED) + b"\r\n1;" + b"e" * (256 * KIB)
# 1,000 bytes of extension a chunk, until they are too many for the data that they bring.
MANY_EXTENSIONS = request(framing=CHUNKED) + b"\r\n" + (b"1;" + b"e" * 1000 + b"\r\nx\r\n") * 256
# As many as the data allows.
ALLOWED_EXTENSIONS = request(framing=CHUNKED) + b"\r\n" + (b"3e8;" + b"e" * 1000 + b"\r\n" + b"x" * 1000 + b"\r\n") * 64
SMALL_REQUEST = b"GET / HTTP/1.1\r\nHost: bomb\r\n\r\n"
LARGE_ANSWER_HEAD = b"HTTP/1.1 200 OK\r\n" + fields(31 * KIB)
UNFINISHED_ANSWER = LARGE_ANSWER_HEAD + b"Content-Length: 10\r\n\r\nx"
LONG_ANSWER = LARGE_ANSWER_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + 1000 * (b"1000\r\n" + b"x" * 4096 + b"\r\n")


class Bomb(NamedTuple):
    name: str
    sent: bytes
    reaches_target: bool = True  # each request's head does; else it is refused or waits
    answer: bytes = b""
    receive_buffer: int | None = None  # of the client


BOMBS = (
    Bomb("unfinished heads of 79 KiB", UNFINISHED_HEADS, reaches_target=False),
    Bomb("whole heads of 79 KiB, no answer", WHOLE_REQUESTS),
    Bomb("the same of a later version", LATER_VERSION),
    Bomb("the same with an absolute target", ABSOLUTE_TARGET),
    Bomb("the same with an absolute target without a path", ABSOLUTE_QUERY),
    Bomb("the same with 48 KiB of X-Forwarded-For", FORWARDED_FOR),
    Bomb("unfinished trailers of 8 KiB", TRAILERS),
    Bomb("the same behind heads of 79 KiB", LARGE_HEAD_AND_TRAILERS),
    Bomb("trailers over 8 KiB", TRAILERS_OVER, reaches_target=False),
    Bomb("an endless chunk extension", ENDLESS_EXTENSION, reaches_target=False),
    Bomb("more chunk extensions than data", MANY_EXTENSIONS, reaches_target=False),
    Bomb("as many chunk extensions as data", ALLOWED_EXTENSIONS),
    Bomb("answers' heads of 31 KiB, no body", SMALL_REQUEST, answer=UNFINISHED_ANSWER),
    Bomb("answers' heads of 31 KiB, unread", SMALL_REQUEST, answer=LONG_ANSWER, receive_buffer=4096),
)


class Target:
    """Takes all that comes, and answers each request's head with the same bytes, as far as they are taken; b"": with
    nothing."""

    def __init__(self, answer=b""):
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self.heads = 0  # that came whole
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, stop = socket.socketpair()
        self._selector.register(stop, selectors.EVENT_READ)
        self._stop = stop
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._stop:
                    return
                if key.fileobj is self._listener:
                    sock, _ = self._listener.accept()
                    sock.setblocking(False)
                    self._selector.register(sock, selectors.EVENT_READ, {"tail": b"", "left": b""})
                else:
                    with contextlib.suppress(BlockingIOError):
                        self._serve(key.fileobj, key.data)

    def _serve(self, sock, state):
        try:
            if state["left"]:
                state["left"] = state["left"][sock.send(state["left"]):]
                if not state["left"]:
                    self._selector.modify(sock, selectors.EVENT_READ, state)
                return
            data = sock.recv(PIECE)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(sock)
            sock.close()
            return
        seen = state["tail"] + data
        heads = seen.count(b"\r\n\r\n")
        state["tail"] = b"" if seen.endswith(b"\r\n\r\n") else seen[-3:]
        self.heads += heads
        if heads and self._answer:
            state["left"] = memoryview(self._answer)
            self._selector.modify(sock, selectors.EVENT_WRITE, state)

    def close(self):
        self._wake.close()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()


def await_that(holds, seconds, what):
    """Until holds() is true; it looks often, for what it asks tells nobody."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def unread(port):
    """Bytes that wait in the kernel for the server that listens on this port; those of connections that nobody has
    accepted yet too."""
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, queues = line.split()[:5]
        if int(local.rpartition(":")[2], 16) == port:
            total += int(queues.partition(":")[2], 16)
    return total


@contextlib.contextmanager
def held(port, bomb, count):
    """`count` connections to this port of which each has sent the bomb; open until the end of the block."""
    with contextlib.ExitStack() as stack:
        socks = []
        for _ in range(count):
            sock = stack.enter_context(socket.socket())
            if bomb.receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, bomb.receive_buffer)
            sock.settimeout(30)
            sock.connect(("127.0.0.1", port))
            with contextlib.suppress(ConnectionError):  # some bombs are refused before they are whole
                sock.sendall(bomb.sent)
            socks.append(sock)
        yield socks
