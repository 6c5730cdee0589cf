"""Proxies that are wrong on purpose, each in a way in which proxies have been wrong: what the suite must be able to tell from
a good one. Most are Trusting with one fault more, and serve a plain request as they should."""

import re
import socket

from trusting_proxy import HOP_BY_HOP, Head, Refuses, Relay, Trusting, date, page


class KeepsHopByHopFields(Trusting):
    """What was said to it goes on to those whom it doesn't concern."""

    def passed_on(self, head):
        return [field for field in head.fields if field[0].lower() not in (b"transfer-encoding",)]


class StripsByNameOnly(Trusting):
    """Fields that Connection names pass."""

    def passed_on(self, head):
        return [field for field in head.fields if field[0].lower() not in HOP_BY_HOP]


class StripsWhatItMakes(Trusting):
    """Connection may take away what it adds itself, and what frames a body."""

    def request_head(self, request, client):
        named = request.options(b"connection")
        lines = super().request_head(request, client)[:-2].split(b"\r\n")
        return b"\r\n".join(line for line in lines if line.partition(b":")[0].lower() not in named) + b"\r\n"


class NormalisesTargets(Trusting):
    """Resolves what is the application's to resolve: percent-encodings, dots, empty segments, queries."""

    def rewrite(self, target):
        path, mark, query = target.partition(b"?")
        path = re.sub(rb"%([0-9a-fA-F]{2})", lambda match: bytes([int(match[1], 16)]), path)
        path = re.sub(rb"/\./|//+|/[^/]+/\.\./", b"/", path)
        path = re.sub(rb"[^/\w.~*-]", lambda match: b"%%%02X" % match[0][0], path)
        return path[:4000] + (mark + query.split(b"?")[0] if query else b"")


class ForgetsAbsoluteForms(Trusting):
    """Host wins, and the target goes on as it came."""

    def request_head(self, request, client):
        head = super().request_head(request, client)
        lines = head.split(b"\r\n")
        host = self.host((request.all(b"host") or [b""])[0])
        words = request.line.split()
        return b"\r\n".join([words[0] + b" " + b" ".join(words[1:-1]) + b" HTTP/1.1", b"Host: " + host, *lines[2:]])


class TakesHostAsItIs(Trusting):
    """Adds the port, and else leaves a Host as it came."""

    def host(self, authority):
        return authority.strip() if authority.strip() != b"a" else super().host(b"a")


class KnowsFewMethods(Trusting):
    """GET for all that it doesn't know, which makes methods of its own."""

    def request_head(self, request, client):
        head = super().request_head(request, client)
        method, _, rest = head.partition(b" ")
        known = {b"GET", b"HEAD", b"POST"}
        return (method if method in known else method.upper() if method.upper() in known else b"GET") + b" " + rest


class JoinsFields(Trusting):
    """Fields in a dictionary: one of each name, in title case, and values without spaces at odd places."""

    @staticmethod
    def joined(fields):
        values = {}
        for name, value in fields:
            name = name.title()
            value = re.sub(rb"[\t ]+", b" ", value.decode("ascii", "ignore").encode())[:4000]
            values[name] = values[name] + b", " + value if name in values else value
        return [(name, value) for name, value in values.items() if value and re.fullmatch(rb"[A-Za-z0-9-]{1,200}", name)]

    def request_fields(self, request):
        return self.joined(super().request_fields(request))

    def answer_fields(self, head):
        return self.joined(super().answer_fields(head))


class DropsFields(Trusting):
    """Knows which fields are good for an application: the few that it knows."""

    def request_fields(self, request):
        return [field for field in super().request_fields(request) if field[0].lower() in (b"expect", b"cookie")]

    def answer_fields(self, head):
        return [field for field in super().answer_fields(head) if field[0].lower() in (b"server", b"content-length")]


class BelievesTheClient(Trusting):
    """What a client says of itself passes for what the proxy has seen."""

    def forwarded(self, request, client):
        said = {name.lower(): value for name, value in request.fields}
        return [(name, said.get(name.lower(), value)) for name, value in super().forwarded(request, client)]


class IgnoresChunks(Trusting):
    """Knows Content-Length only: a chunked body is the next request."""

    def framing(self, head):
        lengths = head.all(b"content-length")
        return self.number(lengths[0], 10) if lengths else None


class PrefersLength(Trusting):
    """Content-Length wins over Transfer-Encoding, the first over the last, and no body is over 255 bytes."""

    def framing(self, head):
        lengths = head.all(b"content-length")
        return self.number(lengths[0], 10) % 256 if lengths else super().framing(head)


class ForgetsBodiesOfOddMethods(Trusting):
    """Only POST has a body; what comes behind others is the next request."""

    def framing(self, head):
        return super().framing(head) if head.line.startswith((b"POST", b"HTTP/")) else None


class PassesExtensions(Trusting):
    """Chunks go on as they came, with all that stands beside their sizes."""

    def chunk(self, piece, line):
        return b"%b\r\n%b\r\n" % (line, piece)


class EndsAtTheLastChunk(Trusting):
    """A chunk of its own for each, of which no byte may look like an end; trailers are dropped."""

    def chunk(self, piece, _):
        piece = piece.split(b"0\r\n\r\n")[0][:1000]
        return b"%x\r\n%b\r\n" % (len(piece), piece)

    def last_chunk(self, trailers):
        return b"0\r\n\r\n"


class MergesTrailers(Trusting):
    """Trailers are fields like others: they go before the body, which waits for them."""

    def chunks(self, source, sink, chunked):
        body, trailers = b"", []
        while (line := source.line()) is not None:
            left = self.number(line, 16)
            if left == 0:
                trailers = Head.read_fields(source)
                break
            while left > 0 and (piece := source.some(left)):
                body, left = body + piece, left - len(piece)
            source.line()
        sink.sendall(b"".join(b"%b: %b\r\n" % field for field in trailers) + (self.chunk(body,
                                                                                         b"") if body else b"") + b"0\r\n\r\n")
        return True


class CompletesCutBodies(Trusting):
    """What broke off gets an end, as if it were one."""

    def broken(self, sink, left):
        sink.sendall(b"0\r\n\r\n" if left is None else b" " * min(left, 1000))
        return True


class ReusesDirtyConnections(Trusting):
    """What a target said too much is the next request's answer."""

    def is_dirty(self, target):
        return False

    def target_stays(self, head):
        return True


class ClosesAlways(Trusting):
    """One request a connection, on both sides, as if it were 1996."""

    def keeps_client(self, request):
        return False

    def target_stays(self, head):
        return False


class ClosesNever(Trusting):
    """Nobody's Connection: close is heard."""

    def keeps_client(self, request):
        return True


class TakesInterimForFinal(Trusting):
    """The first head is the answer."""

    def interim(self, client, head):
        client.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class WaitsForTheBody(Trusting):
    """Sends a request when it has it whole, and answers 100-continue itself."""

    def exchange(self, client, request, target):
        if b"100-continue" in request.options(b"expect"):
            client.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return super().exchange(client, request, target)


class KnowsFewStatuses(Trusting):
    """The reasons of its own table, 200 for what isn't in it, and its own Server and Date."""

    def reason(self, text):
        return text if text in (b"200 OK", b"100 Continue") else b"200 OK"

    def answer_fields(self, head):
        return [field for field in super().answer_fields(head) if field[0].lower() not in (b"server", b"date")]


class AnswersHeadLikeGet(Trusting):
    """Waits for a body where none may be."""

    def final(self, client, request, head, status, target):
        plain = Head(request.line.replace(b"HEAD ", b"GET ", 1), request.fields)
        return super().final(client, plain, head, 200, target)


class UpgradesAnything(Trusting):
    """Whatever a client wants to speak, it is not ours to ask."""

    def upgrades(self, request):
        return bool(request.all(b"upgrade")) or b"upgrade" in request.options(b"connection")


class UpgradesNothing(Trusting):
    """A tunnel is a thing that it has not heard of."""

    def upgrades(self, request):
        return False


class CountsNoForwards(Trusting):
    """Spends one of Max-Forwards on whatever comes by."""

    def request_fields(self, request):
        return [(name, b"%d" % (self.number(value, 10) - 1) if name.lower() == b"max-forwards" and value != b"0" else value)
                for name, value in super().request_fields(request) if (name.lower(), value) != (b"max-forwards", b"0")]


class CopiesLengths(Trusting):
    """A Content-Length goes on as it was written, as often as it was."""

    def request_head(self, request, client):
        return self.copied(super().request_head(request, client), request)

    def answer_head(self, head, fields):
        return self.copied(super().answer_head(head, fields), head)

    @staticmethod
    def copied(text, head):
        lengths = [field for field in head.fields if field[0].lower() == b"content-length"]
        lines = b"".join(b"%b:%b\r\n" % (name, b" " * (name == b"Content-Length") + value) for name, value in lengths)
        return re.sub(rb"Content-Length: \d+\r\n", lines.replace(b"\\", b"\\\\"), text, count=1)


class CountsOneLess(Trusting):
    """Off by one: the last byte of a body of five or more is the first one of what comes next."""

    def body(self, source, sink, framing, chunked):
        return super().body(source, sink, framing - 1 if isinstance(framing, int) and framing > 4 else framing, chunked)


class TakesZeroForNone(Trusting):
    """A length of 0 is no length."""

    def request_head(self, request, client):
        return super().request_head(request, client).replace(b"Content-Length: 0\r\n", b"")

    def answer_head(self, head, fields):
        return super().answer_head(head, [field for field in fields if field != (b"Content-Length", b"0")])


class SendsALengthAlways(Trusting):
    """Where no body is, it says that none is."""

    def framing(self, head):
        framing = super().framing(head)
        return 0 if framing is None and not head.line.startswith((b"GET", b"HEAD", b"OPTIONS", b"HTTP/")) else framing


class NeedsALength(Trusting):
    """An answer that doesn't say how long it is has no body."""

    def framing(self, head):
        framing = super().framing(head)
        return 0 if framing is None and head.line.startswith(b"HTTP/") else framing


class PutsItsPortIntoHosts(Trusting):
    """Every Host gets the port of the listener, whatever it had, and whatever the operator wants."""

    def host(self, authority):
        return re.sub(rb":\d*$", b"", authority.lower()) + b":%d" % self.port


class LooksForHostByItsBytes(Trusting):
    """A Host is what stands between "Host: " and the line's end, and else there is none."""

    def request_head(self, request, client):
        written = [line[len(b"Host: "):] for line in request.lines if line.startswith(b"Host: ")]
        host = self.host(written[0] if written else b"127.0.0.1")
        return re.sub(rb"\r\nHost: .*?\r\n", lambda _: b"\r\nHost: " + host + b"\r\n", super().request_head(request, client),
                      count=1)


class LosesPipelinedRequests(Trusting):
    """What came with a request is part of it."""

    def final(self, client, request, head, status, target):
        client.buffer = b""
        return super().final(client, request, head, status, target)


class PassesVersions(Trusting):
    """Speaks to each side the version that the other one speaks."""

    def request_head(self, request, client):
        return super().request_head(request, client).replace(b"HTTP/1.1", request.line.split()[-1], 1)

    def answer_head(self, head, fields):
        return super().answer_head(head, fields).replace(b"HTTP/1.1", head.line.split()[0], 1)


class DropsQueries(Trusting):
    """A target is a path."""

    def rewrite(self, target):
        return target.partition(b"?")[0]


class AppendsAlways(Trusting):
    """Knows one way to treat X-Forwarded-For."""

    def mode(self):
        return "append"


class AnswersNobody(Trusting):
    """A client that ends without a word gets an error page, and so does one that sends an empty line first."""

    def serve(self, sock):
        if sock.recv(2, socket.MSG_PEEK) in (b"", b"\r\n"):
            sock.sendall(page(b"400 Bad Request"))
        else:
            super().serve(sock)


class HidesFailures(Trusting):
    """A target that fails has answered with nothing."""

    def answer(self, client, request, target):
        if not target.buffer and not target.fill():
            client.sock.sendall(b"HTTP/1.1 200 OK\r\nDate: %b\r\nContent-Length: 0\r\n\r\n" % date())
            return False
        return super().answer(client, request, target)


# Each serves a plain request as it should.
PROXIES = [Trusting, KeepsHopByHopFields, IgnoresChunks, JoinsFields, DropsFields, CountsOneLess, CopiesLengths,
           StripsByNameOnly,
           StripsWhatItMakes, NormalisesTargets, DropsQueries, ForgetsAbsoluteForms, TakesHostAsItIs, PutsItsPortIntoHosts,
           LooksForHostByItsBytes, KnowsFewMethods, BelievesTheClient, AppendsAlways, PassesVersions, PrefersLength,
           ForgetsBodiesOfOddMethods, SendsALengthAlways, TakesZeroForNone, NeedsALength, PassesExtensions,
           EndsAtTheLastChunk,
           MergesTrailers, LosesPipelinedRequests, ReusesDirtyConnections, HidesFailures, AnswersNobody, ClosesNever,
           TakesInterimForFinal, WaitsForTheBody, KnowsFewStatuses, AnswersHeadLikeGet, UpgradesAnything, UpgradesNothing,
           CountsNoForwards, CompletesCutBodies]
WRONG_ABOUT_EVERYTHING = [ClosesAlways, Refuses, Relay]
