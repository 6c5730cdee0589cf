"""Large bodies in both directions past a slow side cost no memory: the daemon reads on only when it could write."""

import os
import threading
import unittest

from support import LONG, Case, connect, get, read_head, read_to_end

SIZE = (4096 if LONG else 256) * 1024 * 1024
PIECE = b"x" * (1024 * 1024)
MARGIN = 8 * 1024 * 1024

# The address sanitizer keeps what was freed for a while, to see uses of it: that is no memory of ours.
os.environ["ASAN_OPTIONS"] = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1")))


class Memory(Case):
    def measure(self, daemon, transfer):
        """How much the daemon's memory grows while `transfer(sample)` runs and calls sample() now and then."""
        before = daemon.memory()
        peak = before

        def sample():
            nonlocal peak
            peak = max(peak, daemon.memory())

        transfer(sample)
        return peak - before

    def warmed_up(self, target):
        daemon = self.kanaria({"app": (1, [target.target])})
        for _ in range(20):
            get(daemon.port, "/small")
        return daemon

    def test_a_large_answer_past_a_slow_reader(self):
        def script(sock):
            while b"GET /small" in read_head(sock):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            for _ in range(SIZE // len(PIECE)):
                sock.sendall(PIECE)

        daemon = self.warmed_up(self.scripted(script))

        def transfer(sample):
            with connect(daemon.port, receive_buffer=16384) as sock:
                sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                read_head(sock)
                buffer, received, next_sample = bytearray(65536), 0, 0
                while size := sock.recv_into(buffer):
                    received += size
                    if received >= next_sample:
                        sample()
                        next_sample += SIZE // 64
                self.assertEqual(received, SIZE)

        self.assertLess(self.measure(daemon, transfer), MARGIN)

    def test_a_large_request_past_a_slow_target(self):
        received = []

        def script(sock):
            while b"GET /small" in read_head(sock):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            buffer, total = bytearray(16384), 0
            while total < SIZE:
                size = sock.recv_into(buffer)
                if size == 0:
                    break
                total += size
            received.append(total)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        daemon = self.warmed_up(self.scripted(script))

        def transfer(sample):
            with connect(daemon.port) as sock:
                sock.sendall(b"POST /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % SIZE)
                for number in range(SIZE // len(PIECE)):
                    sock.sendall(PIECE)
                    if number % 8 == 0:
                        sample()
                self.assertTrue(read_to_end(sock).endswith(b"ok"))

        self.assertLess(self.measure(daemon, transfer), MARGIN)
        self.assertEqual(received, [SIZE])

    def test_both_directions_at_once(self):
        def script(sock):
            while b"GET /small" in read_head(sock):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            left = SIZE
            while left > 0:
                piece = sock.recv(65536)
                if not piece:
                    break
                sock.sendall(piece)
                left -= len(piece)

        daemon = self.warmed_up(self.scripted(script))

        def transfer(sample):
            with connect(daemon.port) as sock:
                sock.sendall(b"POST /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % SIZE)

                def send():
                    for _ in range(SIZE // len(PIECE)):
                        sock.sendall(PIECE)

                sender = threading.Thread(target=send)
                sender.start()
                read_head(sock)
                buffer, received, next_sample = bytearray(65536), 0, 0
                while size := sock.recv_into(buffer):
                    received += size
                    if received >= next_sample:
                        sample()
                        next_sample += SIZE // 64
                sender.join()
                self.assertEqual(received, SIZE)

        self.assertLess(self.measure(daemon, transfer), MARGIN)


if __name__ == "__main__":
    unittest.main()
