"""Bodies of every framing and size, byte for byte, in both directions: those that pass through memory, those that pass
through a kernel pipe, and those that change from one to the other on their way."""

import hashlib
import queue
import random
import socket
import unittest

from support import Case, connect, read_head, read_to_end

# About the sizes at which blocks are full and pipes begin, and one that fills every buffer on the way.
SIZES = (0, 1, 8_191, 8_192, 32_767, 32_768, 65_535, 65_536, 65_537, 131_072, 200_003, 3_000_001)


def body_of(size):
    return random.Random(size).randbytes(size)


def chunked(body, chunk):
    """The body in chunks of that size."""
    parts = []
    for at in range(0, len(body), chunk):
        piece = body[at:at + chunk]
        parts.append(b"%x\r\n%b\r\n" % (len(piece), piece))
    return b"".join(parts) + b"0\r\n\r\n"


def unchunked(text):
    body = b""
    while True:
        size, text = text.split(b"\r\n", 1)
        size = int(size, 16)
        if size == 0:
            return body, text[2:]
        body, text = body + text[:size], text[size + 2:]


def digest(body):
    return hashlib.sha256(body).hexdigest()


def read_lines(file):
    """The lines of a head without the empty one; none at the end of the connection."""
    lines = []
    while (line := file.readline()) not in (b"\r\n", b""):
        lines.append(line.rstrip())
    return lines


def read_body(head, file):
    if b"Transfer-Encoding: chunked" not in head:
        return file.read(next(int(line[15:]) for line in head if line.startswith(b"Content-Length:")))
    body = b""
    while size := int(file.readline(), 16):
        body += file.read(size)
        file.readline()
    file.readline()
    return body


class Bodies(Case):
    def answer_of(self, head, body, minor=1):
        """What a client receives of a target that answers so, until the end of its connection."""

        def script(sock):
            read_head(sock)
            sock.sendall(head + body)

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        with connect(daemon.port) as sock:
            sock.sendall(b"GET / HTTP/1.%d\r\nHost: a\r\nConnection: close\r\n\r\n" % minor)
            return read_to_end(sock).split(b"\r\n\r\n", 1)

    def test_answers_with_a_length(self):
        for size in SIZES:
            with self.subTest(size):
                head, body = self.answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, body_of(size))
                self.assertIn(b"Content-Length: %d" % size, head)
                self.assertEqual(digest(body), digest(body_of(size)))

    def test_answers_in_chunks(self):
        for chunk in (1_000, 70_000, 1_000_000):
            with self.subTest(chunk):
                body = body_of(2_500_007)
                head, received = self.answer_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunked(body, chunk))
                self.assertIn(b"Transfer-Encoding: chunked", head)
                received, rest = unchunked(received)
                self.assertEqual((digest(received), rest), (digest(body), b""))

    def test_answers_that_end_with_their_connection(self):
        for size in SIZES:
            with self.subTest(size):
                _, received = self.answer_of(b"HTTP/1.1 200 OK\r\n\r\n", body_of(size))
                received, rest = unchunked(received)
                self.assertEqual((digest(received), rest), (digest(body_of(size)), b""))

    def test_answers_that_end_with_their_connection_to_an_http_1_0_client(self):
        head, received = self.answer_of(b"HTTP/1.1 200 OK\r\n\r\n", body_of(3_000_001), minor=0)
        self.assertNotIn(b"chunked", head)
        self.assertEqual(digest(received), digest(body_of(3_000_001)))

    def test_an_answer_that_is_cut_inside_a_pipe_is_cut(self):
        head, received = self.answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: 3000001\r\n\r\n", body_of(3_000_001)[:1_000_000])
        self.assertIn(b"Content-Length: 3000001", head)
        self.assertEqual(digest(received), digest(body_of(3_000_001)[:len(received)]))
        self.assertLess(len(received), 3_000_001)

    def test_answers_follow_each_other_on_kept_connections(self):
        def script(sock):
            file = sock.makefile("rb")
            while head := read_lines(file):
                size = int(head[0].split(b" ")[1][1:])
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + body_of(size))

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        with connect(daemon.port) as sock:
            file = sock.makefile("rb")
            for size in SIZES + tuple(reversed(SIZES)):
                sock.sendall(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % size)
                self.assertEqual(digest(read_body(read_lines(file), file)), digest(body_of(size)), size)

    def test_uploads_of_every_framing_follow_each_other(self):
        """Each answer tells what the target has read; the next request waits in the kernel meanwhile."""

        def script(sock):
            file = sock.makefile("rb")
            while head := read_lines(file):
                text = digest(read_body(head, file)).encode()
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        uploads = [(b"Content-Length: %d\r\n" % size, body_of(size), body_of(size)) for size in SIZES]
        uploads += [(b"Transfer-Encoding: chunked\r\n", body_of(2_500_007), chunked(body_of(2_500_007), chunk))
                    for chunk in (1_000, 70_000, 1_000_000)]
        with connect(daemon.port) as sock:
            file = sock.makefile("rb")
            for field, body, wire in uploads:
                sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n" + wire)
                self.assertEqual(read_body(read_lines(file), file).decode(), digest(body), field)

    def test_an_upload_that_is_cut_inside_a_pipe_is_never_complete_for_the_target(self):
        arrived = queue.SimpleQueue()

        def script(sock):
            read_head(sock)
            received = b""
            try:
                while piece := sock.recv(1 << 16):
                    received += piece
            except ConnectionResetError:
                pass
            arrived.put(received)

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        with connect(daemon.port) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000001\r\n\r\n" + body_of(3_000_001)[:1_000_000])
            sock.shutdown(socket.SHUT_WR)
            received = arrived.get(timeout=30)
        self.assertLessEqual(len(received), 1_000_000)
        self.assertEqual(digest(received), digest(body_of(3_000_001)[:len(received)]))


if __name__ == "__main__":
    unittest.main()
