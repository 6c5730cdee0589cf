"""Which connection carries what: pipelining, persistence, HTTP/1.0, and the fields that end at this hop."""

from vocabulary import (CHUNKED, CLOSE, FORWARDED, GOT_OK, OK, Answers, Arrives, Chunks, Ends, Gets, HalfCloses, Sends,
                        TargetEnds, answer, asked, at_target, case, got, head, logged, page, passes, post, refused, spoils)

PIPELINE, PERSISTENCE, CLOSING, HOPS = "RFC 9112 §9.3.2", "RFC 9112 §9.3", "RFC 9112 §9.6", "RFC 9110 §7.6.1"
LENGTH = b"Content-Length: 5\r\n"
GOT_CLOSE = got(b"Content-Length: 2\r\n" + CLOSE, b"ok")
GOT_KEPT = got(b"Content-Length: 2\r\nConnection: keep-alive\r\n", b"ok")
BAD = b"GET / HTTP/1.1\r\n\r\n"  # without Host


def numbered(number):
    return head(line=b"GET /%d HTTP/1.1" % number)


def served(*arrived):
    return [Arrives(*arrived), Answers(OK), Gets(*GOT_OK)]


def each(*numbers):
    return [step for number in numbers for step in served(*at_target(b"GET /%d HTTP/1.1" % number))]


def pipeline(name, wire, steps, log, section=PIPELINE):
    return case(name, section, [Sends(wire), *steps], log)


REFUSED = [Gets(*page(400)), Ends()]


def closes(name, fields, section=CLOSING):
    """The client asked for the end: it is told so and gets it, and the target isn't bothered."""
    return passes(name, section, head(fields), gets=GOT_CLOSE, close=True)


def stripped(name, fields, left=b"", section=HOPS):
    return passes(name, section, head(fields), at_target(fields=left))


def old(name, request, arrived=None, answers=OK, gets=GOT_CLOSE, section="RFC 9112 §C.2.2", **settings):
    """An HTTP/1.0 client."""
    return passes(name, section, request, arrived, answers, gets, **{"close": True, **settings})


def target_ends(name, fields, version=b"1.1", section=CLOSING):
    """The target's connection can't be used again; the client's can."""
    text = b"HTTP/" + version + b" 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nok"
    return case(name, section, [*asked(text), Gets(*GOT_OK), TargetEnds()], [logged(200)])


CASES = [
    pipeline("two requests at once", numbered(1) + numbered(2), each(1, 2), [logged(200)] * 2),
    pipeline("ten requests at once", b"".join(map(numbered, range(10))), each(*range(10)), [logged(200)] * 10),
    pipeline("a body with a length, then a request", post(LENGTH, b"hello") + numbered(1),
             [*served(*at_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")), *each(1)], [logged(200)] * 2),
    pipeline("a chunked body, then a request", post(CHUNKED, b"5\r\nhello\r\n0\r\n\r\n") + numbered(1),
             [*served(*at_target(b"POST / HTTP/1.1", framing=CHUNKED, body=Chunks(b"hello"))), *each(1)], [logged(200)] * 2),
    pipeline("trailers, then a request", post(CHUNKED, b"0\r\nDigest: x\r\n\r\n") + numbered(1),
             [*served(*at_target(b"POST / HTTP/1.1", framing=CHUNKED, body=Chunks(b"", b"Digest: x\r\n"))), *each(1)],
             [logged(200)] * 2),
    pipeline("a length of 0, then a request", post(b"Content-Length: 0\r\n") + numbered(1),
             [*served(*at_target(b"POST / HTTP/1.1", framing=b"Content-Length: 0\r\n")), *each(1)], [logged(200)] * 2),
    pipeline("a line end behind a body that has none", post(LENGTH, b"hello\r\n") + numbered(1),
             [*served(*at_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")), *each(1)], [logged(200)] * 2,
             "RFC 9112 §2.2"),
    pipeline("two line ends behind a body", post(LENGTH, b"hello\r\n\r\n") + numbered(1),
             [*served(*at_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")), *REFUSED],
             [logged(200), logged(400, None)], "RFC 9112 §2.2"),
    pipeline("bytes behind a body are a request of their own", post(LENGTH, b"hello}") + numbered(1),
             [*served(*at_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")), *REFUSED],
             [logged(200), logged(400, None)], "RFC 9112 §6.3"),
    pipeline("a HEAD, then a request", head(line=b"HEAD / HTTP/1.1") + numbered(1),
             [Arrives(*at_target(b"HEAD / HTTP/1.1")), Answers(answer(LENGTH)), Gets(*got(LENGTH)), *each(1)],
             [logged(200)] * 2),
    pipeline("a good request, then a bad one", numbered(1) + BAD, [*each(1), *REFUSED], [logged(200), logged(400)]),
    pipeline("a bad request, then a good one that nobody hears of", BAD + numbered(1), REFUSED, [logged(400)]),
    pipeline("a body that no one asked for is not the next request's", head(CLOSE) + numbered(1),
             [Arrives(*at_target()), Answers(OK), Gets(*GOT_CLOSE), Ends()], [logged(200)], CLOSING),
    pipeline("one request, and half of the next when the client ends", numbered(1) + b"GET / HT",
             [*each(1), HalfCloses(), *REFUSED], [logged(200), logged(400, None)], "RFC 9112 §8"),
    case("the end of a client that has asked nothing", CLOSING, [HalfCloses(), Ends()], []),
    case("a line end and no request", "RFC 9112 §2.2", [Sends(b"\r\n"), HalfCloses(), Ends()], []),
    case("half a line end and no request", "RFC 9112 §2.2", [Sends(b"\r"), HalfCloses(), Ends()], []),
    pipeline("a line end behind a body, and the client's end", post(LENGTH, b"hello\r\n"),
             [*served(*at_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")), HalfCloses(), Ends()], [logged(200)],
             "RFC 9112 §2.2"),
    case("a line end, and the request later", "RFC 9112 §2.2",
         [*(Sends(b"%c" % byte) for byte in b"\r\n" + head()), *served(*at_target())], [logged(200)]),
    case("two line ends, one by one", "RFC 9112 §2.2", [Sends(b"\r\n"), Sends(b"\r\n"), *REFUSED], [logged(400, None)]),
    case("the end of a client inside its head", "RFC 9112 §8",
         [Sends(b"GET / HTTP/1.1\r\nHost: a\r\n"), HalfCloses(), *REFUSED], [logged(400, None)]),
    case("the end of a client inside the head of a HEAD", "RFC 9110 §9.3.2",
         [Sends(b"HEAD / HTTP/1.1\r\nHost: a\r\n"), HalfCloses(), Gets(*page(400, body=False)), Ends()],
         [logged(400, None)]),
    case("the end of a client inside the request line of a HEAD", "RFC 9110 §9.3.2",
         [Sends(b"HEAD /"), HalfCloses(), Gets(*page(400, body=False)), Ends()], [logged(400, None)]),
    case("a head that comes byte by byte", "RFC 9112 §2.2",
         [*(Sends(b"%c" % byte) for byte in head()), *served(*at_target())], [logged(200)]),
    case("a client that sends no more may still listen", CLOSING,
         [Sends(head(CLOSE)), Arrives(*at_target()), Answers(answer(b"Content-Length: 2\r\n")),
          Gets(*got(b"Content-Length: 2\r\n" + CLOSE)), Answers(b"ok"), Gets(b"ok"), Ends()], [logged(200)]),

    closes("close", CLOSE),
    closes("close in capitals", b"Connection: CLOSE\r\n"),
    closes("close in a list", b"Connection: x, close ,y\r\n"),
    closes("close in a second field", b"Connection: x\r\nConnection: close\r\n"),
    closes("close beside keep-alive", b"Connection: keep-alive, close\r\n", PERSISTENCE),
    passes("a word that only begins like close", CLOSING, head(b"Connection: closed\r\n")),
    passes("keep-alive is nothing new in HTTP/1.1", PERSISTENCE, head(b"Connection: keep-alive\r\n")),

    stripped("a field that Connection names", b"Connection: X-Private\r\nX-Private: 1\r\nX-Public: 2\r\n",
             b"X-Public: 2\r\n"),
    stripped("names in other letters", b"Connection: x-private\r\nX-PRIVATE: 1\r\n"),
    stripped("several names and fields", b"A: 1\r\nConnection: a , b\r\nB: 2\r\nC: 3\r\nA: 4\r\nConnection: c\r\nD: 5\r\n",
             b"D: 5\r\n"),
    stripped("a Cookie that Connection names", b"Connection: cookie\r\nCookie: a=1\r\n"),
    stripped("empty items of the list", b"Connection: ,, x ,\r\nX: 1\r\n", section="RFC 9110 §5.6.1"),
    refused("a parameter in Connection, which is a list of tokens", HOPS, head(b"Connection: keep-alive, timeout=5\r\n")),
    refused("what is no token in Connection", HOPS, head(b"Connection: keep-alive, @\r\n")),
    refused("a parameter in Proxy-Connection", HOPS, head(b"Proxy-Connection: keep-alive, timeout=5\r\n")),
    spoils("a target's Connection with what is no token", HOPS,
           answer(b"Connection: keep-alive, timeout=5\r\nContent-Length: 2\r\n", b"ok")),
    stripped("Keep-Alive", b"Keep-Alive: timeout=5\r\n"),
    stripped("Proxy-Connection", b"Proxy-Connection: keep-alive\r\n"),
    stripped("TE", b"TE: trailers, deflate;q=0.5\r\n"),
    stripped("Trailer", b"Trailer: Digest\r\n"),
    stripped("Upgrade", b"Upgrade: h2c\r\n", section="RFC 9110 §7.8"),
    stripped("they can't name what we make",
             b"Connection: x-forwarded-for, x-forwarded-proto, x-forwarded-port, x-amzn-trace-id\r\n"),
    passes("nor what the client says of it", HOPS, head(b"Connection: x-forwarded-for\r\nX-Forwarded-For: 192.0.2.1\r\n"),
           at_target(forwarded=FORWARDED.replace(b"127.0.0.1", b"192.0.2.1, 127.0.0.1"))),

    old("HTTP/1.0 ends by itself", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n"),
    old("HTTP/1.0 without Host", b"GET / HTTP/1.0\r\n\r\n", at_target(host=b"127.0.0.1:{port}"), section="RFC 9110 §7.2"),
    old("HTTP/1.0 with a body", b"POST / HTTP/1.0\r\nHost: a\r\n" + LENGTH + b"\r\nhello",
        at_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")),
    old("HTTP/1.0 with keep-alive", b"GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", gets=GOT_KEPT,
        close=False, section=PERSISTENCE),
    old("HTTP/1.0 with keep-alive and close", b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n",
        section=PERSISTENCE),
    old("Proxy-Connection keeps nothing", b"GET / HTTP/1.0\r\nHost: a\r\nProxy-Connection: keep-alive\r\n\r\n",
        section="RFC 9112 §C.2.2"),
    old("HTTP/1.0 can't be asked to upgrade",
        b"GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade, keep-alive\r\nUpgrade: websocket\r\n\r\n",
        gets=GOT_KEPT, close=False, section="RFC 9110 §7.8"),
    old("HTTP/1.0 can't expect", b"POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n" + LENGTH + b"\r\nhello",
        at_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello"), section="RFC 9110 §10.1.1"),
    old("HTTP/1.0 gets no chunks", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", answers=answer(CHUNKED, b"5\r\nhello\r\n0\r\n\r\n"),
        gets=got(CLOSE, b"hello"), section="RFC 9112 §6.1"),
    old("HTTP/1.0 with keep-alive gets no chunks, and the end",
        b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        answers=answer(CHUNKED, b"5\r\nhello\r\n0\r\n\r\n"), gets=got(CLOSE, b"hello"), section="RFC 9112 §6.1"),
    old("HTTP/1.0 gets no trailers", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        answers=answer(CHUNKED, b"5\r\nhello\r\n0\r\nDigest: x\r\n\r\n"), gets=got(CLOSE, b"hello"),
        section="RFC 9112 §7.1.2"),
    pipeline("HTTP/1.0 with keep-alive, then HTTP/1.1",
             b"GET /0 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" + numbered(1),
             [Arrives(*at_target(b"GET /0 HTTP/1.1")), Answers(OK), Gets(*GOT_KEPT), *each(1)], [logged(200)] * 2),

    target_ends("a target that says close", CLOSE),
    target_ends("a target that says close in a list", b"Connection: x, Close\r\n"),
    target_ends("a target of HTTP/1.0", b"", b"1.0", PERSISTENCE),
    target_ends("a target of HTTP/1.0 that keeps and closes", b"Connection: keep-alive, close\r\n", b"1.0", PERSISTENCE),
    passes("a target of HTTP/1.0 that keeps", PERSISTENCE, head(),
           answers=b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"),
]
