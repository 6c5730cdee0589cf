"""Chunked requests: sizes, extensions, trailers."""

from vocabulary import (CHUNKED, GOT_OK, OK, Answers, Arrives, Chunks, Gets, Sends, at_target, breaks, case, logged, passes,
                        post, refused)

CHUNK, EXTENSION, TRAILER, FIELDS = "RFC 9112 §7.1", "RFC 9112 §7.1.1", "RFC 9112 §7.1.2", "RFC 9110 §6.5.1"
POST = b"POST / HTTP/1.1"
END = b"0\r\n\r\n"
HIGH = b"0\r\nX: \xe4\r\n\r\n"


def body(name, wire, text, trailers=b"", section=CHUNK, fields=b"", arrived=b""):
    return passes(name, section, post(fields + CHUNKED, wire), at_target(POST, arrived, CHUNKED, Chunks(text, trailers)))


def bad(name, wire, section=CHUNK):
    """What comes with the head is no chunk: nothing arrives."""
    return refused(f"{name} in the first chunk", section, post(CHUNKED, wire), fault="malformed_request_body")


def bad_size(name, size, section=CHUNK):
    return [bad(name, size + b"\r\nhello\r\n" + END, section),
            breaks(f"{name} in a later chunk", section, b"3\r\nabc\r\n" + size + b"\r\nhello\r\n" + END, b"abc")]


def bad_trailer(name, trailer, section=FIELDS):
    return breaks(name, section, b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n", b"hello")


CASES = [
    body("one chunk", b"5\r\nhello\r\n" + END, b"hello"),
    body("several chunks", b"1\r\nh\r\n3\r\nell\r\n1\r\no\r\n" + END, b"hello"),
    body("no chunk but the last", END, b""),
    body("digits in capitals", b"0000A\r\n0123456789\r\n" + END, b"0123456789"),
    body("digits in small letters", b"1f\r\n" + b"x" * 31 + b"\r\n" + END, b"x" * 31),
    body("a size of 16 digits", b"0000000000000005\r\nhello\r\n" + END, b"hello"),
    body("more than one zero at the end", b"5\r\nhello\r\n000\r\n\r\n", b"hello"),
    body("data that looks like the end", b"7\r\n\r\n0\r\n\r\n\r\n" + END, b"\r\n0\r\n\r\n"),
    body("every byte as data", b"100\r\n" + bytes(range(256)) + b"\r\n" + END, bytes(range(256))),
    body("10,000 bytes", b"2710\r\n" + b"x" * 10000 + b"\r\n" + END, b"x" * 10000),
    body("300 chunks of one byte", b"1\r\nx\r\n" * 300 + END, b"x" * 300),
    case("a chunk that comes byte by byte", CHUNK,
         [Sends(post(CHUNKED)), Arrives(*at_target(POST, framing=CHUNKED)),
          *(Sends(b"%c" % byte) for byte in b"5;a=b\r\nhello\r\n0\r\nDigest: x\r\n\r\n"),
          Arrives(Chunks(b"hello", b"Digest: x\r\n")), Answers(OK), Gets(*GOT_OK)], [logged(200)]),

    body("an extension ends here", b"5;a\r\nhello\r\n" + END, b"hello", section=EXTENSION),
    body("an extension with a value", b"5;a=b\r\nhello\r\n" + END, b"hello", section=EXTENSION),
    body("several extensions", b"5;a=b;c;d=e\r\nhello\r\n" + END, b"hello", section=EXTENSION),
    body("an extension in quotes", b"5;a=\"b;c \\\" d\"\r\nhello\r\n" + END, b"hello", section=EXTENSION),
    body("white space inside an extension", b"5; a = b\r\nhello\r\n" + END, b"hello", section=EXTENSION),
    body("an extension of the last chunk", b"5\r\nhello\r\n0;a=b\r\n\r\n", b"hello", section=EXTENSION),
    bad("an extension without a size", b";a=b\r\nhello\r\n" + END, EXTENSION),
    bad("a space before an extension", b"5 ;a\r\nhello\r\n" + END, EXTENSION),
    bad("a tab before an extension", b"5\t;a\r\nhello\r\n" + END, EXTENSION),
    bad("a line feed in an extension", b"5;a\nb\r\nhello\r\n" + END, EXTENSION),
    bad("a line feed in quotes", b"5;a=\"\n\"\r\nhello\r\n" + END, EXTENSION),
    bad("a line end in quotes", b"5;a=\"\r\n\"\r\nhello\r\n" + END, EXTENSION),
    bad("a carriage return in an extension", b"5;a\rb\r\nhello\r\n" + END, EXTENSION),
    bad("NUL in an extension", b"5;a=\"\x00\"\r\nhello\r\n" + END, EXTENSION),
    bad("DEL in an extension", b"5;a\x7f\r\nhello\r\n" + END, EXTENSION),

    *bad_size("no size", b""),
    *bad_size("a letter that is no digit", b"g"),
    *bad_size("a space before the size", b" 5"),
    *bad_size("a space behind the size", b"5 "),
    *bad_size("0x", b"0x5"),
    *bad_size("a plus sign", b"+5"),
    *bad_size("a minus sign", b"-5"),
    bad("an underscore", b"0_5\r\nhello\r\n" + END),
    bad("a decimal point", b"5.0\r\nhello\r\n" + END),
    bad("quotes", b"\"5\"\r\nhello\r\n" + END),
    bad("NUL behind the size", b"5\x00\r\nhello\r\n" + END),
    bad("2^63", b"8000000000000000\r\nhello\r\n" + END),
    bad("2^64, which is 0 to those who do not look", b"10000000000000000\r\n\r\n"),
    bad("2^64 + 5, which is 5 to them", b"10000000000000005\r\nhello\r\n" + END),
    bad("2^32 digits' worth", b"f" * 40 + b"\r\nhello\r\n" + END),
    bad("a bare line feed behind the size", b"5\nhello\r\n" + END),
    bad("a carriage return alone behind the size", b"5\rhello\r\n" + END),
    bad("two carriage returns behind the size", b"5\r\r\nhello\r\n" + END),
    bad("a bare line feed behind the data", b"5\r\nhello\n" + END),
    bad("a carriage return alone behind the data", b"5\r\nhello\r" + END),
    bad("no line end behind the data", b"5\r\nhello" + END),
    bad("data that is longer than its size", b"4\r\nhello\r\n" + END),
    bad("data that is shorter than its size", b"6\r\nhello\r\n" + END),
    bad("another request where a size should be", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    breaks("a bare line feed behind the last size", CHUNK, b"5\r\nhello\r\n0\n\r\n", b"hello"),
    breaks("a bare line feed for the last line", CHUNK, b"5\r\nhello\r\n0\r\n\n", b"hello"),

    body("a trailer stays one", b"5\r\nhello\r\n0\r\nDigest: x\r\n\r\n", b"hello", b"Digest: x\r\n", FIELDS),
    body("trailers keep order and case", b"0\r\nX-b: 1\r\nx-A:  2 \r\n\r\n", b"", b"X-b: 1\r\nx-A: 2\r\n", FIELDS),
    body("Trailer and TE end at this hop", b"0\r\nDigest: x\r\n\r\n", b"", b"Digest: x\r\n", "RFC 9110 §6.6.2",
         b"Trailer: Digest\r\nTE: trailers\r\n"),
    *(bad_trailer(f"{name} as a trailer", name.encode() + b": 5\r\n")
      for name in ("Host", "Content-Length", "Transfer-Encoding", "Content-Type", "Content-Encoding", "Content-Range",
                   "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Authorization", "Cookie", "Expect",
                   "Max-Forwards", "Cache-Control", "Range", "Proxy-Authorization", "X-Forwarded-For", "X-Forwarded-Proto",
                   "X-Forwarded-Port", "X-Forwarded-Host", "X-Forwarded-Server", "X-Amzn-Trace-Id", "Pragma", "If-Match",
                   "If-None-Match", "If-Modified-Since", "If-Range", "Date", "Location", "Content_Length", "Content_Type",
                   "X_Forwarded_For", "if_match", "Transfer_Encoding", "proxy_connection")),
    body("a name that only begins like theirs", b"0\r\nHosts: x\r\nIffy: y\r\n\r\n", b"", b"Hosts: x\r\nIffy: y\r\n", FIELDS),
    body("a trailer that Connection names", b"0\r\nDigest: x\r\nX: y\r\n\r\n", b"", b"X: y\r\n", "RFC 9110 §7.6.1",
         b"Connection: digest\r\n"),
    passes("a trailer with a high byte", FIELDS, post(CHUNKED, HIGH), at_target(POST, framing=CHUNKED,
                                                                               body=Chunks(b"", b"X: \xe4\r\n")),
           daemons=("monitor", "defensive")),
    refused("a trailer with a high byte, strictly", FIELDS, post(CHUNKED, HIGH), fault="malformed_request_body",
            daemons=("strictest",)),
    passes("trailers with odd names where these are dropped", "ALB drop_invalid_header_fields",
           post(CHUNKED, b"0\r\nX_A: 1\r\nX-B: 2\r\nX.C: 3\r\n\r\n"),
           at_target(POST, framing=CHUNKED, body=Chunks(b"", b"X-B: 2\r\n")), daemons=("drop_invalid",)),
    bad_trailer("a field that frames, in other letters, as a trailer", b"tRANSFER-eNCODING: chunked\r\n"),
    bad_trailer("a trailer without a colon", b"Digest\r\n", TRAILER),
    bad_trailer("a trailer with an empty name", b": x\r\n", TRAILER),
    bad_trailer("a trailer with a space before its colon", b"Digest : x\r\n", TRAILER),
    bad_trailer("a folded trailer", b"Digest: x\r\n y\r\n", TRAILER),
    bad_trailer("a folded first trailer", b" Digest: x\r\n", TRAILER),
    bad_trailer("a bare line feed behind a trailer", b"Digest: x\n", TRAILER),
    bad_trailer("a carriage return in a trailer", b"Digest: x\ry\r\n", TRAILER),
    bad_trailer("NUL in a trailer", b"Digest: \x00\r\n", TRAILER),
    bad_trailer("a high byte in a trailer's name", b"Dig\xe4st: x\r\n", TRAILER),
]
