"""A DNS server that says what the test tells it to, at any time: UDP on a free port of 127.0.0.1. kanaria asks it with
KANARIA_DNS_SERVERS=<server.address> in its environment.

    with DnsServer({"app.test": ["127.0.0.1", "::1"]}) as dns:
        dns.set("app.test", ["127.0.0.2"], ttl=1)
        dns.fail("app.test", SERVFAIL)
        dns.fail("app.test", SILENCE)
        dns.forget("app.test")          # NXDOMAIN, as every other name
"""

import ipaddress
import socket
import struct
import threading
from collections import Counter

from support import TIMEOUT

NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
SILENCE = -1
TYPES = {1: 4, 28: 6}  # A and AAAA: the IP version of their addresses


class DnsServer:
    def __init__(self, names=None):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._news = threading.Condition()
        self._answers = {}  # name -> (code, addresses, ttl)
        self._asked = Counter()
        for name, addresses in (names or {}).items():
            self.set(name, addresses)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Nobody answers any more, as if the server had crashed."""
        if self._thread.is_alive():
            # An empty datagram ends the thread; the socket stays open until then.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"", self._socket.getsockname())
            self._thread.join(TIMEOUT)
        self._socket.close()

    def set(self, name, addresses, ttl=60):
        """Of both families, as they come; none: the name exists without an address."""
        with self._news:
            self._answers[name] = (NOERROR, [ipaddress.ip_address(address) for address in addresses], ttl)

    def fail(self, name, code):
        """SERVFAIL, NXDOMAIN, REFUSED or SILENCE, until set() says otherwise."""
        with self._news:
            self._answers[name] = (code, [], 0)

    def forget(self, name):
        with self._news:
            self._answers.pop(name, None)

    def asked(self, name):
        """How many questions for the name have come; each look-up asks two, for A and AAAA."""
        with self._news:
            return self._asked[name]

    def wait_asked(self, name, more=2):
        """Until so many further questions for the name have come."""
        with self._news:
            wanted = self._asked[name] + more
            if not self._news.wait_for(lambda: self._asked[name] >= wanted, TIMEOUT):
                raise AssertionError(f"nobody asks for {name}: {self._asked[name]} of {wanted} questions")

    def _serve(self):
        while True:
            query, client = self._socket.recvfrom(4096)
            if not query:
                return
            reply = self._reply(query)
            if reply:
                self._socket.sendto(reply, client)

    def _reply(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("ascii").lower())
            at += 1 + query[at]
        name, kind = ".".join(labels), struct.unpack_from("!H", query, at + 1)[0]
        with self._news:
            self._asked[name] += 1
            self._news.notify_all()
            code, addresses, ttl = self._answers.get(name, (NXDOMAIN, [], 0))
        if code == SILENCE:
            return None
        records = [struct.pack("!HHHIH", 0xC00C, kind, 1, ttl, len(address.packed)) + address.packed
                   for address in addresses if address.version == TYPES.get(kind)]
        header = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        return header + query[12:at + 5] + b"".join(records)
