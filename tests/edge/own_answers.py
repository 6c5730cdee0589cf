"""Rules that answer by themselves: what they say, and that they say it to no request that is broken as far as it is here."""

from limits import addresses
from vocabulary import CHUNKED, CLOSE, Ends, Gets, HalfCloses, Sends, TITLES, case, got, head, logged, post, refused

ANSWERS, BODY, MAX_BODY = "ALB fixed-response", "RFC 9112 §7.1", "docs/http.md, max_request_body"
LENGTH = b"Content-Length: 5\r\n"
END = b"0\r\n\r\n"


def fixed(fields=b""):
    return got(b"Server: kanaria\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n" + fields, b"ours")


def moved():
    title = b"301 " + TITLES[301].encode()
    text = (b"<html>\r\n<head><title>%b</title></head>\r\n<body>\r\n<center><h1>%b</h1></center>\r\n</body>\r\n</html>\r\n"
            % (title, title))
    return got(b"Server: kanaria\r\nLocation: http://a:{port}/new\r\nContent-Type: text/html\r\nContent-Length: %d\r\n"
               % len(text), text, status=title)


def to(path, fields=b"", body=b"", method=b"POST"):
    return post(fields, body, method + b" " + path + b" HTTP/1.1")


def kept(name, request, gets, status=200, section=ANSWERS):
    """Answered, and the connection serves the next request."""
    return case(name, section, [Sends(request), Gets(*gets)], [logged(status)])


def broken(name, fields, body=b"", section=BODY, status=400, fault="malformed_request_body", daemons=None):
    """Refused, whether the rule has an answer, another place, or nothing to do with it."""
    return [refused(f"{name}, {words}", section, to(path, fields, body), status=status, fault=fault,
                    **({"daemons": daemons} if daemons else {}))
            for path, words in ((b"/fixed", "for a fixed answer"), (b"/moved", "for a redirect"))]


def early(name, fields, body, *then, section=BODY):
    """Answered before the body is whole. What comes of it is thrown away, and is never another request."""
    return case(name, section, [Sends(to(b"/fixed", fields, body)), Gets(*fixed(CLOSE)), *then, Ends()], [logged(200)])


CASES = [
    kept("a fixed answer", head(line=b"GET /fixed HTTP/1.1"), fixed()),
    kept("a fixed answer to HEAD", head(line=b"HEAD /fixed HTTP/1.1"), (fixed()[0][:-len(b"ours")],)),
    kept("a redirect", head(line=b"GET /moved HTTP/1.1"), moved(), 301, "ALB redirect"),
    kept("a fixed answer to a body", to(b"/fixed", LENGTH, b"hello"), fixed()),
    kept("a fixed answer to chunks", to(b"/fixed", CHUNKED, b"5\r\nhello\r\n" + END), fixed(), section=BODY),
    kept("a redirect of chunks with trailers", to(b"/moved", CHUNKED, b"0\r\nDigest: x\r\n\r\n"), moved(), 301, BODY),
    case("a body and the next request, for a fixed answer", "RFC 9112 §9.3.2",
         [Sends(to(b"/fixed", LENGTH, b"hello") * 2), Gets(*fixed()), Gets(*fixed())], [logged(200)] * 2),

    *broken("a size that is none", CHUNKED, b"g\r\nhello\r\n" + END),
    *broken("no line end behind a chunk", CHUNKED, b"5\r\nhello" + END),
    *broken("a trailer that frames", CHUNKED, b"0\r\nContent-Length: 5\r\n\r\n", "RFC 9110 §6.5.1"),
    *broken("chunks over what is allowed", CHUNKED, b"3e9\r\n" + b"x" * 1001 + b"\r\n" + END, MAX_BODY, 413,
            "request_body_too_large", ("bounded",)),
    *broken("a length over what is allowed", b"Content-Length: 1001\r\n", b"", MAX_BODY, 413, "request_body_too_large",
            ("bounded",)),
    *broken("31 addresses", b"X-Forwarded-For: " + addresses(31) + b"\r\n", b"", "ALB 463", 463, "too_many_forwarded_for"),
    refused("Max-Forwards of zero and a broken body", "RFC 9110 §7.6.2",
            to(b"/", b"Max-Forwards: 0\r\n" + CHUNKED, b"g\r\n", b"OPTIONS"), fault="malformed_request_body"),

    early("half a chunk", CHUNKED, b"5\r\nhel", Sends(b"lo\r\n" + END)),
    early("a chunk, and later one that is none", CHUNKED, b"5\r\nhello\r\n", Sends(b"g\r\n")),
    early("half a body, and later its end and a request", LENGTH, b"hel", Sends(b"lo" + head()), section="RFC 9112 §6.3"),
    early("half a body, and later none", LENGTH, b"hel", HalfCloses(), section="RFC 9112 §8"),
    early("a body that waits for 100-continue", LENGTH + b"Expect: 100-continue\r\n", b"", Sends(b"hello"),
          section="RFC 9110 §10.1.1"),
]
