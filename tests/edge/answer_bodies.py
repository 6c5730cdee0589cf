"""Bodies of answers: how long they are, what happens when they break off, and bytes that belong to none."""

from vocabulary import (CHUNKED, CLOSE, GOT_OK, OK, Answers, Arrives, Beginning, Chunks, Connects, Ends, Gets, Sends,
                        TargetCloses, TargetEnds, TargetResets, answer, asked, at_target, case, cut, got, head, logged, page,
                        relays, spoils)

FRAMING, CHUNK, CODING, CUT, EXTRA = "RFC 9112 §6.3", "RFC 9112 §7.1", "RFC 9112 §6.1", "RFC 9112 §8", "RFC 9112 §6.3"
LIMITS = "docs/http.md, limits"
LENGTH = b"Content-Length: 5\r\n"
END = b"0\r\n\r\n"
HEAD = head(line=b"HEAD / HTTP/1.1")
HEAD_ARRIVES = at_target(b"HEAD / HTTP/1.1")
OLD = b"GET / HTTP/1.0\r\nHost: a\r\n\r\n"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
KEPT = [*asked(OK), Gets(*GOT_OK)]


def length(name, text, wire=b"hello", sent=b"5", section=FRAMING):
    return relays(name, section, answer(b"Content-Length: " + text + b"\r\n", wire),
                  got(b"Content-Length: " + sent + b"\r\n", wire))


def no_length(name, text, section="RFC 9112 §6.2"):
    return spoils(name, section, answer(b"Content-Length: " + text + b"\r\n", b"hello"))


def chunks(name, wire, text, trailers=b"", section=CHUNK):
    return relays(name, section, answer(CHUNKED, wire), got(CHUNKED, Chunks(text, trailers)))


def no_coding(name, fields, section=CODING, version=b"HTTP/1.1"):
    return spoils(name, section, version + b" 200 OK\r\n" + fields + b"\r\n5\r\nhello\r\n" + END)


def bad_chunk(name, wire, section=CHUNK):
    """A later chunk: the client has the first one already, and sees that the rest is missing."""
    return cut(f"{name} after a good chunk", section, answer(CHUNKED, b"3\r\nabc\r\n"),
               got(CHUNKED, Chunks(b"abc" + b"?" * 16, cut=True)), wire, fault="malformed_response")


def bad_first(name, wire):
    """Nothing of the answer has gone out: it is none."""
    return spoils(f"{name} in the first chunk", "docs/http.md, answers", answer(CHUNKED, wire))


def no_body(name, answers, gets, *, request=head(), arrived=None, target_ends=False, section="RFC 9110 §6.4.1", status=200):
    return relays(name, section, answers, gets, request=request, arrived=arrived, target_ends=target_ends, status=status)


def extra(name, answers, gets, *, request=head(), arrived=None):
    """Bytes behind the end of an answer: never the next request's answer, and the connection is not used again."""
    return relays(name, EXTRA, answers, gets, request=request, arrived=arrived, target_ends=True)


CASES = [
    length("a length", b"5"),
    length("a length of 0", b"0", b"", b"0"),
    length("leading zeros", b"005"),
    length("white space around the digits", b"\t 5 \t"),
    length("a body that looks like an answer", b"%d" % len(EVIL), EVIL, b"%d" % len(EVIL)),
    length("every byte", b"256", bytes(range(256)), b"256"),
    relays("two lengths that agree become one", "RFC 9112 §6.3", answer(LENGTH * 2, b"hello"), got(LENGTH, b"hello")),
    spoils("two lengths that differ", FRAMING, answer(LENGTH + b"Content-Length: 6\r\n", b"hello!")),
    spoils("three lengths, of which the last differs", FRAMING, answer(LENGTH * 2 + b"Content-Length: 6\r\n", b"hello!")),
    no_length("a list of lengths", b"5, 6", "RFC 9110 §8.6"),
    no_length("a plus sign", b"+5"),
    no_length("a minus sign", b"-5"),
    no_length("hexadecimal", b"0x5"),
    no_length("two numbers", b"5 5"),
    no_length("a decimal point", b"5.0"),
    no_length("a word", b"five"),
    no_length("nothing", b""),
    no_length("2^63", b"9223372036854775808", "RFC 9110 §8.6"),
    no_length("2^64, which is 0 to those who do not look", b"18446744073709551616", "RFC 9110 §8.6"),
    no_length("2^64 + 5, which is 5 to them", b"18446744073709551621", "RFC 9110 §8.6"),

    chunks("chunks", b"1\r\nh\r\n004\r\nello\r\n" + END, b"hello"),
    chunks("no chunk but the last", END, b""),
    chunks("extensions end here", b"5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n", b"hello", section="RFC 9112 §7.1.1"),
    chunks("data that looks like the end", b"7\r\n\r\n0\r\n\r\n\r\n" + END, b"\r\n0\r\n\r\n"),
    chunks("trailers stay trailers", b"5\r\nhello\r\n0\r\nDigest: x\r\nx-B: 2\r\n\r\n", b"hello", b"Digest: x\r\nx-B: 2\r\n",
           "RFC 9110 §6.5"),
    relays("chunked in capitals", CODING, answer(b"Transfer-Encoding: CHUNKED\r\n", b"5\r\nhello\r\n" + END),
           got(CHUNKED, Chunks(b"hello"))),
    no_coding("a length after chunked", CHUNKED + LENGTH, FRAMING),
    no_coding("a length before chunked", LENGTH + CHUNKED, FRAMING),
    no_coding("an unknown coding", b"Transfer-Encoding: xchunked\r\n"),
    no_coding("gzip", b"Transfer-Encoding: gzip\r\n"),
    no_coding("gzip, then chunked: framed, but not ours to decode", b"Transfer-Encoding: gzip, chunked\r\n"),
    no_coding("chunked, then gzip", b"Transfer-Encoding: chunked, gzip\r\n", FRAMING),
    no_coding("chunked twice", b"Transfer-Encoding: chunked, chunked\r\n"),
    no_coding("two fields of chunked", CHUNKED * 2),
    no_coding("chunked with a parameter", b"Transfer-Encoding: chunked;q=1\r\n"),
    no_coding("an empty coding", b"Transfer-Encoding:\r\n"),
    no_coding("chunked in HTTP/1.0", CHUNKED, CODING, b"HTTP/1.0"),
    *(bad_chunk(name, wire) for name, wire in (
        ("no size", b"\r\nhello\r\n"), ("a letter that is no digit", b"z\r\n"),
        ("a space behind the size", b"5 \r\nhello\r\n"),
        ("0x", b"0x5\r\nhello\r\n"), ("a minus sign", b"-5\r\nhello\r\n"), ("2^64 + 1", b"10000000000000001\r\nh\r\n"),
        ("a bare line feed behind the size", b"5\nhello\r\n"), ("a bare line feed behind the data", b"5\r\n?????\n0\r\n\r\n"),
        ("data that is longer than its size", b"4\r\n?????\r\n"), ("another answer", EVIL),
        ("a line feed in quotes", b"5;a=\"\n\"\r\n?????\r\n"),
        ("a line of more than 1 KiB", b"5;" + b"a" * 1100 + b"\r\n?????\r\n"))),
    *(bad_chunk(f"{name} as a trailer,", b"0\r\n" + name.encode() + b": 5\r\n\r\n", "RFC 9110 §6.5.1")
      for name in ("Set-Cookie", "Content-Length", "Transfer-Encoding", "Content-Type", "Connection", "WWW-Authenticate")),
    bad_chunk("a trailer without a colon", b"0\r\nDigest\r\n\r\n", "RFC 9112 §7.1.2"),
    bad_chunk("a folded trailer", b"0\r\nDigest: x\r\n y\r\n\r\n", "RFC 9112 §7.1.2"),
    bad_chunk("trailers of more than 8 KiB", b"0\r\nX: " + b"a" * 8300 + b"\r\n\r\n", LIMITS),
    bad_first("a letter that is no digit", b"z\r\nhello\r\n" + END),
    bad_first("a size of 2^64", b"10000000000000000\r\n\r\n"),

    case("a body without a length reaches HTTP/1.1 in chunks", FRAMING, [
        *asked(answer(b"", b"hello")), TargetCloses(), Gets(*got(CHUNKED, Chunks(b"hello"))), TargetEnds()], [logged(200)]),
    case("a body without a length that has no byte", FRAMING, [
        *asked(answer()), TargetCloses(), Gets(*got(CHUNKED, Chunks(b""))), TargetEnds()], [logged(200)]),
    case("a body without a length reaches HTTP/1.0 as it is", FRAMING, [
        Sends(OLD), Arrives(*at_target()), Answers(answer(b"", b"hello")), TargetCloses(), Gets(*got(CLOSE, b"hello")),
        Ends(), TargetEnds()], [logged(200)]),
    case("a body without a length in HTTP/1.0", FRAMING, [
        *asked(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello"), TargetCloses(),
        Gets(*got(CHUNKED, Chunks(b"hello"))), TargetEnds()], [logged(200)]),
    case("a body without a length that a reset ends", CUT, [
        *asked(answer(b"", b"hello")), Gets(*got(CHUNKED, Chunks(b"hello", cut=True))), TargetResets(),
        Ends("cut")], [logged(200, fault="response_body_cut")]),

    cut("a length that is cut", CUT, answer(b"Content-Length: 9\r\n", b"hello"),
        got(b"Content-Length: 9\r\n", Beginning(b"hello"))),
    cut("a length that is cut before its first byte", CUT, answer(b"Content-Length: 9\r\n"),
        got(b"Content-Length: 9\r\n", b"")),
    cut("chunks that are cut between two", CUT, answer(CHUNKED, b"5\r\nhello\r\n"), got(CHUNKED, Chunks(b"hello", cut=True))),
    cut("chunks that are cut inside one", CUT, answer(CHUNKED, b"9\r\nhello"), got(CHUNKED, Chunks(b"hello", cut=True))),
    cut("chunks that are cut before the last line", CUT, answer(CHUNKED, b"5\r\nhello\r\n0\r\n"),
        got(CHUNKED, Chunks(b"hello", cut=True))),
    cut("chunks that are cut for HTTP/1.0, which only a reset tells", CUT, answer(CHUNKED, b"5\r\nhello\r\n"),
        got(CLOSE, Beginning(b"hello")), request=OLD, how="reset"),
    case("an answer that is cut inside its head", CUT, [
        *asked(b"HTTP/1.1 200 OK\r\nContent-Le"), TargetCloses(), Gets(*page(502)), Ends(), TargetEnds()],
        [logged(502, fault="target_closed")]),
    case("an answer that is cut inside its first word", CUT, [
        *asked(b"HT"), TargetCloses(), Gets(*page(502)), Ends(), TargetEnds()], [logged(502, fault="target_closed")]),
    case("no answer but a reset", CUT, [Sends(head()), Arrives(*at_target()), TargetResets(), Gets(*page(502)), Ends()],
         [logged(502, fault="target_reset")]),

    no_body("an answer to HEAD", answer(LENGTH), got(LENGTH), request=HEAD, arrived=HEAD_ARRIVES),
    no_body("an answer to HEAD without a length", answer(), got(), request=HEAD, arrived=HEAD_ARRIVES),
    no_body("an answer to HEAD that would be chunked", answer(CHUNKED), got(), request=HEAD, arrived=HEAD_ARRIVES),
    no_body("an answer to HEAD with a body", answer(LENGTH, b"hello"), got(LENGTH), request=HEAD, arrived=HEAD_ARRIVES,
            target_ends=True),
    no_body("204", answer(status=b"204 No Content"), got(status=b"204 No Content"), status=204),
    no_body("204 with a length", answer(LENGTH, status=b"204 No Content"), got(status=b"204 No Content"), target_ends=True,
            status=204, section="RFC 9110 §8.6"),
    no_body("204 with a body", answer(LENGTH, b"hello", b"204 No Content"), got(status=b"204 No Content"), target_ends=True,
            status=204),
    no_body("204 with chunks", answer(CHUNKED, b"5\r\nhello\r\n" + END, b"204 No Content"), got(status=b"204 No Content"),
            target_ends=True, status=204, section=CODING),
    no_body("304", answer(b"ETag: \"a\"\r\n", status=b"304 Not Modified"),
            got(before=b"ETag: \"a\"\r\n", status=b"304 Not Modified"), status=304),
    no_body("304 with the length of what is not sent", answer(LENGTH, status=b"304 Not Modified"),
            got(LENGTH, status=b"304 Not Modified"), status=304, section="RFC 9110 §8.6"),
    no_body("304 with a body", answer(LENGTH, b"hello", b"304 Not Modified"), got(LENGTH, status=b"304 Not Modified"),
            target_ends=True, status=304),
    spoils("a bad answer to HEAD", "RFC 9110 §9.3.2", answer(b"X : a\r\n"), request=HEAD, arrived=HEAD_ARRIVES, body=False),

    extra("bytes behind a length", OK + b"!", GOT_OK),
    extra("an answer behind a length", OK + EVIL, GOT_OK),
    extra("a line end behind a length", OK + b"\r\n", GOT_OK),
    extra("an answer behind a length of 0", answer(b"Content-Length: 0\r\n") + EVIL, got(b"Content-Length: 0\r\n")),
    extra("an answer behind the last chunk", answer(CHUNKED, b"5\r\nhello\r\n" + END) + EVIL, got(CHUNKED, Chunks(b"hello"))),
    extra("an answer behind trailers", answer(CHUNKED, b"0\r\nDigest: x\r\n\r\n") + EVIL,
          got(CHUNKED, Chunks(b"", b"Digest: x\r\n"))),
    extra("an answer behind one to HEAD", answer(LENGTH) + EVIL, got(LENGTH), request=HEAD, arrived=HEAD_ARRIVES),
    case("an answer that nobody asked for, while the connection waits", EXTRA,
         [*KEPT, Answers(EVIL), TargetEnds()], [logged(200)]),
    case("a byte that nobody asked for, while the connection waits", EXTRA,
         [*KEPT, Answers(b"\n"), TargetEnds()], [logged(200)]),
    case("the end of a connection that waits", "RFC 9112 §9.3.1", [*KEPT, TargetCloses(), TargetEnds()], [logged(200)]),
    case("a reset of a connection that waits", "RFC 9112 §9.3.1", [*KEPT, TargetResets()], [logged(200)]),
    case("a kept connection that ends instead of an answer: GET goes again", "RFC 9110 §9.2.2", [
        *KEPT, Sends(head()), Arrives(*at_target()), TargetCloses(), TargetEnds(), Arrives(*at_target()), Answers(OK),
        Gets(*GOT_OK)], [logged(200)] * 2),
    case("a kept connection that is reset instead of an answer: PUT goes again with its body", "RFC 9110 §9.2.2", [
        *KEPT, Sends(head(LENGTH, b"PUT / HTTP/1.1") + b"hello"),
        Arrives(*at_target(b"PUT / HTTP/1.1", framing=LENGTH, body=b"hello")),
        TargetResets(), Arrives(*at_target(b"PUT / HTTP/1.1", framing=LENGTH, body=b"hello")), Answers(OK), Gets(*GOT_OK)],
        [logged(200)] * 2),
    case("a kept connection that ends instead of an answer: POST does not", "RFC 9110 §9.2.2", [
        *KEPT, Sends(head(line=b"POST / HTTP/1.1")), Arrives(*at_target(b"POST / HTTP/1.1")), TargetCloses(),
        Gets(*page(502)), Ends(), TargetEnds()], [logged(200), logged(502, fault="reused_connection_closed")]),
    case("a kept connection that ends inside a head: nothing goes again", "RFC 9110 §9.2.2", [
        *KEPT, *asked(b"HTTP/1.1 2"), TargetCloses(), Gets(*page(502)), Ends(), TargetEnds()],
        [logged(200), logged(502, fault="target_closed")]),
    case("a new connection that ends instead of an answer: nothing goes again", "RFC 9110 §9.2.2", [
        Sends(head()), Arrives(*at_target()), TargetCloses(), Gets(*page(502)), Ends(), TargetEnds()],
        [logged(502, fault="target_closed")]),
    case("an answer before its request is whole", "RFC 9112 §9.5", [
        Sends(head(b"Content-Length: 9\r\n", b"POST / HTTP/1.1") + b"hello"),
        Arrives(*at_target(b"POST / HTTP/1.1", framing=b"Content-Length: 9\r\n", body=b"hello")), Answers(OK),
        Gets(*got(b"Content-Length: 2\r\n" + CLOSE, b"ok")), Ends(), TargetEnds()], [logged(200)]),
    case("bytes behind an answer do not reach the client that is next", EXTRA, [
        Sends(head(CLOSE)), Arrives(*at_target()), Answers(OK + EVIL), Gets(*got(b"Content-Length: 2\r\n" + CLOSE, b"ok")),
        Ends(), TargetEnds(), Connects(), *asked(OK), Gets(*GOT_OK)], [logged(200)] * 2),
]
