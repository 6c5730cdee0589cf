"""Interim answers, and the one that changes the protocol."""

from vocabulary import (CLOSE, GOT_OK, OK, Ends, Gets, TargetEnds, answer, asked, at_target, case, got, head, logged, page,
                        relays, spoils)

INTERIM, SWITCH = "RFC 9110 §15.2", "RFC 9110 §15.2.2"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
WEBSOCKET = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
ASKED = {"request": head(WEBSOCKET), "arrived": at_target(framing=WEBSOCKET)}
OLD = b"GET / HTTP/1.0\r\nHost: a\r\n\r\n"
GOT_CLOSE = got(b"Content-Length: 2\r\n" + CLOSE, b"ok")


def switched(fields, version=b"1.1"):
    return b"HTTP/" + version + b" 101 Switching Protocols\r\n" + fields + b"\r\n"


def interim(name, answers, gets, section=INTERIM, **settings):
    return relays(name, section, answers + OK, (gets + GOT_OK[0],), **settings)


CASES = [
    interim("100 that nobody asked for", CONTINUE, CONTINUE),
    interim("103 with its fields, and no Date", HINTS, HINTS, "RFC 8297 §2"),
    interim("several of them", CONTINUE + HINTS + HINTS, CONTINUE + HINTS + HINTS),
    interim("one that nobody knows", b"HTTP/1.1 199 X\r\n\r\n", b"HTTP/1.1 199 X\r\n\r\n"),
    interim("fields that end at this hop",
            b"HTTP/1.1 103 Early Hints\r\nConnection: X, close\r\nX: a\r\nKeep-Alive: b\r\nLink: </a>\r\n\r\n", HINTS,
            "RFC 9110 §7.6.1"),
    interim("sixteen of them", CONTINUE * 16, CONTINUE * 16, "docs/http.md, limits"),
    relays("none of them for HTTP/1.0", INTERIM, CONTINUE + HINTS + OK, GOT_CLOSE, request=OLD, close=True),
    relays("one before an answer to HEAD", INTERIM, HINTS + answer(b"Content-Length: 2\r\n"),
           (HINTS + got(b"Content-Length: 2\r\n")[0],),
           request=head(line=b"HEAD / HTTP/1.1"), arrived=at_target(b"HEAD / HTTP/1.1")),
    relays("one of a target of HTTP/1.0", "RFC 9110 §15.2", HINTS.replace(b"1.1", b"1.0") + OK, (HINTS + GOT_OK[0],)),
    case("a flood of them", INTERIM, [*asked(CONTINUE * 1000), Gets(CONTINUE * 16, *page(502)), Ends(),
                                     TargetEnds()], [logged(502)]),
    spoils("a flood of them, for a client that gets none", INTERIM, CONTINUE * 1000, request=OLD),
    spoils("one that is broken", "RFC 9112 §5.1", b"HTTP/1.1 103 Early Hints\r\nLink : a\r\n\r\n" + OK),
    spoils("102 with a bare line feed", "RFC 9112 §2.2", b"HTTP/1.1 102 Processing\n\r\n" + OK),
    spoils("101 that nobody asked for", SWITCH, switched(WEBSOCKET)),
    spoils("101 to what is no upgrade here", SWITCH, switched(b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
           request=head(b"Connection: Upgrade\r\nUpgrade: h2c\r\n")),
    spoils("101 to HTTP/1.0", SWITCH, switched(WEBSOCKET), request=OLD.replace(b"\r\n\r\n", b"\r\n" + WEBSOCKET + b"\r\n")),
    spoils("101 to another protocol", "RFC 9110 §7.8", switched(b"Connection: Upgrade\r\nUpgrade: h2c\r\n"), **ASKED),
    spoils("101 to no protocol", SWITCH, switched(b"Connection: Upgrade\r\n"), **ASKED),
    spoils("101 without Connection: upgrade", SWITCH, switched(b"Upgrade: websocket\r\n"), **ASKED),
    spoils("101 with a length", "RFC 9110 §8.6", switched(WEBSOCKET + b"Content-Length: 5\r\n"), **ASKED),
    spoils("101 with a length of 0", "RFC 9110 §8.6", switched(WEBSOCKET + b"Content-Length: 0\r\n"), **ASKED),
    spoils("101 with chunks", "RFC 9112 §6.1", switched(WEBSOCKET + b"Transfer-Encoding: chunked\r\n"), **ASKED),
    spoils("101 to two protocols", "RFC 9110 §7.8", switched(b"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"), **ASKED),
]
