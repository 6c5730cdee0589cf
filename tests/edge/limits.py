"""How much is too much, each from both sides of its bound."""

from vocabulary import (CHUNKED, FORWARDED, Arrives, Chunks, Ends, Gets, Sends, TargetEnds, answer, at_target, breaks, case,
                        got, head, logged, page, passes, post, refused, relays, spoils)

REQUEST_LINE, FIELDS, ADDRESSES = "ALB 16K request line", "ALB 16K/64K headers", "ALB 463"
LIMITS, BODY = "docs/http.md, limits", "docs/http.md, max_request_body"
KIB = 1024
POST = b"POST / HTTP/1.1"
END = b"0\r\n\r\n"


def target(size):
    """A request line of so many bytes, without its line end."""
    return b"/" + b"a" * (size - len(b"GET / HTTP/1.1"))


def lined(size):
    return b"GET " + target(size) + b" HTTP/1.1"


def one_field(size):
    return b"X: " + b"a" * (size - 3) + b"\r\n"


def fields(total):
    """Fields that are so many bytes with the Host line and all line ends."""
    left = total - len(b"Host: a\r\n")
    lines = []
    while left > 0:
        size = min(left, 16000) if left - 16000 > 10 or left <= 16000 else left - 100
        lines.append(one_field(size - 2))
        left -= size
    return b"".join(lines)


def too_large(name, fields_, section=FIELDS):
    return refused(name, section, head(fields_), fault="request_head_too_large")


def addresses(count):
    return b", ".join(b"192.0.2.%d" % number for number in range(count))


def bounded(name, request, arrived):
    return passes(name, BODY, request, arrived, daemons=("bounded",))


CASES = [
    passes("a request line of 16 KiB", REQUEST_LINE, head(line=lined(16 * KIB)), at_target(lined(16 * KIB))),
    refused("a request line of 16 KiB and a byte", REQUEST_LINE, head(line=lined(16 * KIB + 1)), status=414),
    refused("a request line that never ends", REQUEST_LINE, b"GET /" + b"a" * 40000, status=414),
    refused("a method that never ends", REQUEST_LINE, b"A" * 20000, status=414),

    passes("a field of 16 KiB", FIELDS, head(one_field(16 * KIB)), at_target(fields=one_field(16 * KIB))),
    too_large("a field of 16 KiB and a byte", one_field(16 * KIB + 1)),
    too_large("a name of more than 16 KiB", b"x" * 17000 + b": a\r\n"),
    refused("a field that never ends", FIELDS, head()[:-2] + b"X: " + b"a" * 40000, fault="request_head_too_large"),
    passes("fields of nearly 64 KiB", FIELDS, head(fields(64 * KIB - 100)), at_target(fields=fields(64 * KIB - 100))),
    too_large("fields of more than 64 KiB", fields(64 * KIB + 10)),
    refused("a head that never ends", FIELDS, head()[:-2] + one_field(8000) * 12, fault="request_head_too_large"),
    passes("256 fields", LIMITS, head(b"x:\r\n" * 255), at_target(fields=b"x: \r\n" * 255)),
    too_large("257 fields", b"x:\r\n" * 256, LIMITS),

    passes("a chunk line of 1 KiB", LIMITS, post(CHUNKED, b"5;" + b"a" * 1022 + b"\r\nhello\r\n" + END),
           at_target(POST, framing=CHUNKED, body=Chunks(b"hello"))),
    breaks("a chunk line of 1 KiB and a byte", LIMITS, b"5;" + b"a" * 1023 + b"\r\nhello\r\n" + END),
    breaks("a size of a thousand zeros", LIMITS, b"0" * 1100 + b"5\r\nhello\r\n" + END),
    passes("extensions as long as their bound", LIMITS, post(CHUNKED, (b"1;" + b"a" * 1000 + b"\r\nx\r\n") * 15 + END),
           at_target(POST, framing=CHUNKED, body=Chunks(b"x" * 15))),
    breaks("extensions that are longer than the body allows", LIMITS,
           (b"1;" + b"a" * 1000 + b"\r\nx\r\n") * 20 + END, b"x" * 20),
    passes("extensions of a body that is longer than they are", LIMITS,
           post(CHUNKED, (b"400;" + b"a" * 900 + b"\r\n" + b"x" * 1024 + b"\r\n") * 40 + END),
           at_target(POST, framing=CHUNKED, body=Chunks(b"x" * 40960))),
    passes("trailers of nearly 8 KiB", LIMITS, post(CHUNKED, b"0\r\nX: " + b"a" * 8000 + b"\r\n\r\n"),
           at_target(POST, framing=CHUNKED, body=Chunks(b"", b"X: " + b"a" * 8000 + b"\r\n"))),
    breaks("trailers of more than 8 KiB", LIMITS, b"0\r\nX: " + b"a" * 8300 + b"\r\n\r\n"),
    breaks("many trailers of more than 8 KiB", LIMITS, b"0\r\n" + (b"X: " + b"a" * 100 + b"\r\n") * 90 + b"\r\n"),
    passes("256 trailers", LIMITS, post(CHUNKED, b"0\r\n" + b"x:\r\n" * 256 + b"\r\n"),
           at_target(POST, framing=CHUNKED, body=Chunks(b"", b"x: \r\n" * 256))),
    breaks("257 trailers", LIMITS, b"0\r\n" + b"x:\r\n" * 257 + b"\r\n"),

    passes("30 addresses", ADDRESSES, head(b"X-Forwarded-For: " + addresses(30) + b"\r\n"),
           at_target(forwarded=FORWARDED.replace(b"127.0.0.1", addresses(30) + b", 127.0.0.1"))),
    refused("31 addresses", ADDRESSES, head(b"X-Forwarded-For: " + addresses(31) + b"\r\n"), status=463),
    refused("31 addresses in two fields", ADDRESSES,
            head(b"X-Forwarded-For: " + addresses(20) + b"\r\nx-forwarded-for: " + addresses(11) + b"\r\n"), status=463),

    bounded("a body of just what is allowed", post(b"Content-Length: 1000\r\n", b"x" * 1000),
            at_target(POST, framing=b"Content-Length: 1000\r\n", body=b"x" * 1000)),
    bounded("chunks of just what is allowed", post(CHUNKED, b"3e8\r\n" + b"x" * 1000 + b"\r\n" + END),
            at_target(POST, framing=CHUNKED, body=Chunks(b"x" * 1000))),
    refused("a length over what is allowed", BODY, post(b"Content-Length: 1001\r\n", b"x" * 1001), status=413,
            daemons=("bounded",)),
    refused("a length over what is allowed, announced", BODY, post(b"Content-Length: 9999999\r\nExpect: 100-continue\r\n"),
            status=413, daemons=("bounded",)),
    case("chunks over what is allowed", BODY,
         [Sends(post(CHUNKED, b"320\r\n" + b"x" * 800 + b"\r\n")),
          Arrives(*at_target(POST, framing=CHUNKED), Chunks(b"x" * 1001, cut=True)),
          Sends(b"320\r\n" + b"x" * 800 + b"\r\n"), Gets(*page(413)), Ends(), TargetEnds()], [logged(413)], ("bounded",)),

    relays("an answer's field of 16 KiB", LIMITS, answer(one_field(16 * KIB) + b"Content-Length: 2\r\n", b"ok"),
           got(b"Content-Length: 2\r\n", b"ok", before=one_field(16 * KIB))),
    spoils("an answer's field of more than 16 KiB", LIMITS, answer(one_field(16 * KIB + 1)),
           fault="response_head_too_large"),
    relays("an answer's head of nearly 32 KiB", "ALB 32K response headers",
           answer(one_field(16000) * 2 + b"Content-Length: 2\r\n", b"ok"),
           got(b"Content-Length: 2\r\n", b"ok", before=one_field(16000) * 2)),
    spoils("an answer's head of more than 32 KiB", "ALB 32K response headers", answer(one_field(11000) * 3),
           fault="response_head_too_large"),
    spoils("an answer's head that never ends", "ALB 32K response headers", b"HTTP/1.1 200 OK\r\n" + one_field(8000) * 9,
           fault="response_head_too_large"),
    spoils("a status line that never ends", "ALB 32K response headers", b"HTTP/1.1 200 " + b"a" * 40000,
           fault="response_head_too_large"),
    relays("an answer of 255 fields and a length", LIMITS, answer(b"x:\r\n" * 255 + b"Content-Length: 2\r\n", b"ok"),
           got(b"Content-Length: 2\r\n", b"ok", before=b"x: \r\n" * 255)),
    spoils("an answer of 257 fields", LIMITS, answer(b"x:\r\n" * 257), fault="response_head_too_large"),
]
