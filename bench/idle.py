"""What an idle client connection costs a proxy: the memory that many of them add to it, divided by their number."""

import contextlib
import socket
import time

import processes


def open_and_ask(port, path):
    """A connection with one request done, that is kept."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\nAPP_NAME: app-main" not in answer:
        piece = connection.recv(4096)
        if not piece:
            raise SystemExit(f"idle.py: the connection was closed after {answer}")
        answer += piece
    return connection


def bytes_per_connection(pids, port, path, count):
    """Of connections that have had one request each."""
    with contextlib.ExitStack() as stack:
        for _ in range(50):  # what every further connection finds there
            stack.enter_context(open_and_ask(port, path))
        time.sleep(0.5)
        before = processes.memory_bytes(pids)
        for _ in range(count):
            stack.enter_context(open_and_ask(port, path))
        time.sleep(0.5)
        return (processes.memory_bytes(pids) - before) / count
