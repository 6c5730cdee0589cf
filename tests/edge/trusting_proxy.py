"""A small proxy that serves good requests well and refuses nothing, and the two that read nothing: what the others of
bad_proxies.py are made of."""

import re
import socket
import threading
from email.utils import formatdate

HOP_BY_HOP = {b"close", b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
              b"upgrade"}
OURS = {b"host", b"content-length", b"x-forwarded-proto", b"x-forwarded-port", b"x-amzn-trace-id"}
PAGE = b"<html>\r\n<head><title>%b</title></head>\r\n<body>\r\n<center><h1>%b</h1></center>\r\n</body>\r\n</html>\r\n"
PAGE_HEAD = (b"HTTP/1.1 %b\r\nDate: %b\r\nServer: kanaria\r\nContent-Type: text/html\r\nContent-Length: %d\r\n"
             b"Connection: close\r\n\r\n")
ID = b"1-00000000-000000000000000000000000"


def page(title):
    """An error page as the proxy under test writes it."""
    text = PAGE % (title, title)
    return PAGE_HEAD % (title, date(), len(text)) + text


def date():
    return formatdate(usegmt=True).encode()


class Source:
    """What comes on a connection, in lines and pieces."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def fill(self):
        try:
            data = self.sock.recv(1 << 16)
        except OSError:
            return False
        self.buffer += data
        return bool(data)

    def line(self):
        """Without its end; None when the connection ended before it."""
        while b"\n" not in self.buffer:
            if not self.fill():
                return None
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def some(self, most):
        """Empty at the end of the connection."""
        if not self.buffer:
            self.fill()
        piece, self.buffer = self.buffer[:most], self.buffer[most:]
        return piece


class Head:
    """A start line and fields, whatever they look like."""

    def __init__(self, line, fields, lines=()):
        self.line, self.fields = line, fields
        self.lines = lines  # the fields as they were written

    @classmethod
    def read(cls, source):
        line = source.line()
        while line == b"":
            line = source.line()
        if line is None:
            return None
        lines = []
        return cls(line, cls.read_fields(source, lines), lines)

    @staticmethod
    def read_fields(source, lines=None):
        fields = []
        while line := source.line():
            if lines is not None:
                lines.append(line)
            if line[:1] in (b" ", b"\t") and fields:
                fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip())
            else:
                name, _, value = line.partition(b":")
                fields.append((name.strip(), value.strip(b" \t")))
        return fields

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name]

    def options(self, name):
        return [item.strip().lower() for value in self.all(name) for item in value.split(b",")]


class Proxy:
    """Takes connections on a port of its own; serve() runs for each in a thread."""

    def __init__(self, target, settings):
        self.target, self.settings = target, settings
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return  # close() has ended it
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.run, args=(sock,), daemon=True).start()

    def run(self, sock):
        try:
            self.serve(sock)
        except Exception:  # pylint: disable=broad-except
            pass  # it is a bad proxy: whatever befalls it, the connection ends
        finally:
            sock.close()

    def connect(self):
        sock = socket.create_connection(self.target)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self, sock):
        raise NotImplementedError


def pump(source, sink):
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Relay(Proxy):
    """Passes bytes both ways and reads none of them."""

    def serve(self, sock):
        with self.connect() as target:
            upward = threading.Thread(target=pump, args=(sock, target), daemon=True)
            upward.start()
            pump(target, sock)
            sock.shutdown(socket.SHUT_RDWR)
            upward.join()


class Refuses(Proxy):
    """400 for everything: what a suite of bad requests alone would praise."""

    def serve(self, sock):
        source = Source(sock)
        source.fill()
        sock.sendall(page(b"400 Bad Request"))
        sock.shutdown(socket.SHUT_WR)
        while source.fill():
            pass


class Trusting(Proxy):
    """Sends on in good form whatever it could make out, and refuses nothing."""

    def serve(self, sock):
        client, target = Source(sock), None
        try:
            while request := Head.read(client):
                target = target or Source(self.connect())
                if not self.exchange(client, request, target):
                    target.sock.close()
                    target = None
                if not self.client_stays:
                    sock.shutdown(socket.SHUT_WR)
                    return
        finally:
            if target:
                target.sock.close()

    def exchange(self, client, request, target):
        """One request and its answer. True: the target's connection may be used again."""
        self.client_stays = self.keeps_client(request)
        target.sock.sendall(self.request_head(request, client.sock))
        if self.framing(request) is None:
            return self.answer(client, request, target)
        upload = threading.Thread(target=self.upload, args=(client, request, target), daemon=True)
        upload.start()
        target_stays = self.answer(client, request, target)
        upload.join()
        return target_stays

    def keeps_client(self, request):
        options = request.options(b"connection")
        return b"close" not in options and (not request.line.endswith(b"/1.0") or b"keep-alive" in options)

    # Requests

    def upload(self, client, request, target):
        try:
            if not self.body(client, target.sock, self.framing(request), True):
                target.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def framing(self, head):
        """"chunked", a number, or None."""
        if any(b"chunked" in value.lower() for value in head.all(b"transfer-encoding")):
            return "chunked"
        lengths = head.all(b"content-length")
        return self.number(lengths[-1], 10) if lengths else None

    @staticmethod
    def number(text, base):
        """As a careless strtoull reads it."""
        digits = re.match(rb"\s*[+-]?(?:0x)?([0-9a-fA-F]+)" if base == 16 else rb"\s*[+-]?(\d+)", text)
        return int(digits[1], base) % 2**64 if digits else 0

    def request_head(self, request, client):
        words = request.line.split()
        method, target = words[0], b" ".join(words[1:-1]) or b"/"
        authority = (request.all(b"host") or [b"127.0.0.1"])[0]
        absolute = re.fullmatch(rb"(?i)https?://([^/?]*)(.*)", target)
        if absolute:
            authority, target = absolute[1], absolute[2]
            if not target.startswith(b"/"):
                target = b"*" if method == b"OPTIONS" and not target else b"/" + target
        lines = [b"%b %b HTTP/1.1" % (method, self.rewrite(target)), b"Host: " + self.host(authority)]
        lines += [b"%b: %b" % field for field in self.request_fields(request) + self.forwarded(request, client)]
        framing = self.framing(request)
        if framing == "chunked":
            lines.append(b"Transfer-Encoding: chunked")
        elif framing is not None:
            lines.append(b"Content-Length: %d" % framing)
        if self.upgrades(request):
            lines += [b"Connection: Upgrade", b"Upgrade: websocket"]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def host(self, authority):
        if "preserve_host_header" in self.settings:
            return authority
        name, port = re.fullmatch(rb"(.*?)(?::(\d*))?", authority, re.S).groups()
        return name.lower() + b":" + (port or b"%d" % self.port)

    def rewrite(self, target):
        return target

    def upgrades(self, request):
        return (b"upgrade" in request.options(b"connection") and b"websocket" in request.options(b"upgrade")
                and request.line.startswith(b"GET ") and not request.line.endswith(b"/1.0"))

    def passed_on(self, head):
        named = head.options(b"connection")
        return [(name, value) for name, value in head.fields
                if name.lower() not in HOP_BY_HOP and name.lower() not in named]

    def request_fields(self, request):
        return [(name, value) for name, value in self.passed_on(request)
                if name.lower() not in OURS and (name.lower() != b"x-forwarded-for" or self.mode() == "preserve")]

    def mode(self):
        return self.settings.get("xff_header_processing_mode", "append")

    def forwarded(self, request, client):
        address = b"127.0.0.1:%d" % client.getpeername()[1] if "enable_xff_client_port" in self.settings else b"127.0.0.1"
        addresses = [value for value in request.all(b"x-forwarded-for") if value] + [address]
        traces = b"".join(request.all(b"x-amzn-trace-id"))
        root = re.sub(rb"Self=[^;]*;?", b"", traces)
        appended = [(b"X-Forwarded-For", b", ".join(addresses))] if self.mode() == "append" else []
        return appended + [(b"X-Forwarded-Proto", b"http"), (b"X-Forwarded-Port", b"%d" % self.port),
                           (b"X-Amzn-Trace-Id", b"Self=%b;%b" % (ID, root) if root else b"Root=" + ID)]

    # Answers

    def answer(self, client, request, target):
        head = Head.read(target)
        while head and (status := self.status(head)) < 200:
            if status == 101:
                return self.tunnel(client, head, target)
            if not request.line.endswith(b"/1.0"):
                self.interim(client, head)
            head = Head.read(target)
        if head is None:
            client.sock.sendall(page(b"502 Bad Gateway"))
            self.client_stays = False
            return False
        return self.final(client, request, head, status, target)

    @staticmethod
    def status(head):
        return int(re.search(rb"\d+", head.line.partition(b" ")[2])[0])

    def interim(self, client, head):
        client.sock.sendall(self.answer_head(head, self.passed_on(head)))

    def answer_head(self, head, fields):
        line = b"HTTP/1.1 " + self.reason(head.line.partition(b" ")[2])
        return b"\r\n".join([line, *(b"%b: %b" % field for field in fields)]) + b"\r\n\r\n"

    def reason(self, text):
        return text

    def tunnel(self, client, head, target):
        upgrade = [(name, value) for name, value in head.fields if name.lower() not in HOP_BY_HOP - {b"upgrade"}]
        client.sock.sendall(self.answer_head(head, upgrade + [(b"Connection", b"Upgrade")]) + target.buffer)
        target.sock.sendall(client.buffer)
        upward = threading.Thread(target=pump, args=(client.sock, target.sock), daemon=True)
        upward.start()
        pump(target.sock, client.sock)
        upward.join()
        self.client_stays = False
        return False

    def final(self, client, request, head, status, target):
        fields = [field for field in self.answer_fields(head) if field[0].lower() != b"content-length"]
        if b"date" not in [name.lower() for name, _ in fields]:
            fields += self.made_date()
        framing = self.framing(head)
        old, bodiless = request.line.endswith(b"/1.0"), request.line.startswith(b"HEAD ") or status in (204, 304)
        until_end = framing is None and not bodiless
        to_end = old and (framing == "chunked" or until_end)
        if not to_end and (until_end or framing == "chunked") and not bodiless:
            fields.append((b"Transfer-Encoding", b"chunked"))
        if isinstance(framing, int) and status != 204:
            fields.append((b"Content-Length", b"%d" % framing))
        self.client_stays = self.client_stays and not to_end
        if not self.client_stays:
            fields.append((b"Connection", b"close"))
        elif old:
            fields.append((b"Connection", b"keep-alive"))
        client.sock.sendall(self.answer_head(head, fields))
        whole = bodiless or self.body(target, client.sock, "end" if until_end else framing, not old)
        if not whole:
            self.client_stays = False
        return whole and not until_end and not self.is_dirty(target) and self.target_stays(head)

    def target_stays(self, head):
        options = head.options(b"connection")
        return b"close" not in options and (not head.line.startswith(b"HTTP/1.0") or b"keep-alive" in options)

    def answer_fields(self, head):
        return self.passed_on(head)

    def made_date(self):
        return [(b"Date", date())]

    def is_dirty(self, target):
        return bool(target.buffer)

    # Bodies

    def body(self, source, sink, framing, chunked):
        """Passes one on; `chunked`: the sink may get chunks. False: it broke off, and the sink has seen no end."""
        if framing == "chunked":
            return self.chunks(source, sink, chunked)
        if framing == "end":
            while piece := source.some(1 << 16):
                sink.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            sink.sendall(b"0\r\n\r\n" if chunked else b"")
            return True
        left = framing
        while left > 0:
            piece = source.some(left)
            if not piece:
                return self.broken(sink, left)
            sink.sendall(piece)
            left -= len(piece)
        return True

    def chunks(self, source, sink, chunked):
        while (line := source.line()) is not None:
            left = self.number(line, 16)
            if left == 0:
                trailers = Head.read_fields(source)
                sink.sendall(self.last_chunk(trailers) if chunked else b"")
                return True
            while left > 0:
                piece = source.some(left)
                if not piece:
                    return self.broken(sink, None)
                sink.sendall(self.chunk(piece, line) if chunked else piece)
                left -= len(piece)
            source.line()
        return self.broken(sink, None)

    def chunk(self, piece, _):
        return b"%x\r\n%b\r\n" % (len(piece), piece)

    def last_chunk(self, trailers):
        return b"0\r\n" + b"".join(b"%b: %b\r\n" % field for field in trailers) + b"\r\n"

    def broken(self, sink, left):
        return False
