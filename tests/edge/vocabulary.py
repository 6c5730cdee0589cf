"""The words in which the tables are written: the usual shapes of a dialogue, and what goes with them on the wire."""

from dialogue import (MODES, Answers, Arrives, Beginning, Case, Chunks, Connects, Ends, Gets, HalfCloses, Logged, Sends,
                      TargetCloses, TargetEnds, TargetResets)

__all__ = ["CHUNKED", "CLOSE", "FORWARDED", "GOT_OK", "MODES", "OK", "Answers", "Arrives", "Beginning", "Chunks", "Connects",
           "Ends", "Gets", "HalfCloses", "Sends", "TargetCloses", "TargetEnds", "TargetResets", "answer", "asked",
           "at_target",
           "breaks", "case", "cut", "got", "head", "logged", "modes", "odd", "page", "passes", "post", "refused", "relays",
           "spoils"]

FORWARDED = (b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: {port}\r\n"
             b"X-Amzn-Trace-Id: Root={id}\r\n")
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CLOSE = b"Connection: close\r\n"

TITLES = {200: "OK", 301: "Moved Permanently", 400: "Bad Request", 405: "Method Not Allowed", 413: "Content Too Large", 414: "URI Too Long",
          417: "Expectation Failed", 463: "Too Many Forwarded Addresses", 501: "Not Implemented", 502: "Bad Gateway",
          505: "HTTP Version Not Supported"}
FAULTS = {400: "malformed_request", 405: "method_not_allowed", 413: "request_body_too_large", 414: "request_line_too_long",
          417: "expectation_failed", 463: "too_many_forwarded_for", 501: "unknown_transfer_coding",
          502: "malformed_response", 505: "unsupported_version"}
CLASSES = {"AmbiguousUri": "Ambiguous", "BadContentLength": "Severe", "BadHeader": "Severe", "BadMethod": "Severe",
           "BadTransferEncoding": "Severe", "BadUri": "Severe", "BadVersion": "Severe", "BothTeClPresent": "Ambiguous",
           "DuplicateContentLength": "Ambiguous", "EmptyHeader": "Ambiguous", "GetHeadZeroContentLength": "Acceptable",
           "MultipleContentLength": "Severe", "MultipleTransferEncodingChunked": "Severe",
           "NonCompliantHeader": "Acceptable", "NonCompliantUri": "Acceptable", "NonCompliantVersion": "Acceptable",
           "SpaceInUri": "Acceptable",
           "SuspiciousHeader": "Ambiguous", "UndefinedContentLengthSemantics": "Ambiguous",
           "UndefinedTransferEncodingSemantics": "Ambiguous", "-": "-"}


# Messages

def head(fields=b"", line=b"GET / HTTP/1.1", host=b"Host: a\r\n"):
    return line + b"\r\n" + host + fields + b"\r\n"


def post(fields=b"", body=b"", line=b"POST / HTTP/1.1"):
    return head(fields, line) + body


def at_target(line=b"GET / HTTP/1.1", fields=b"", framing=b"", body=b"", *, host=b"a:{port}", forwarded=FORWARDED):
    """A request as the target gets it: Host first, the client's fields, ours, the framing; parts for Arrives."""
    text = line + b"\r\nHost: " + host + b"\r\n" + fields + forwarded + framing + b"\r\n"
    return (text + body,) if isinstance(body, bytes) else (text, body)


def answer(fields=b"", body=b"", status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n" + body


def got(fields=b"", body=b"", *, status=b"200 OK", before=b"", date=b"Date: {date}\r\n"):
    """An answer as the client gets it: the target's fields (`before`), Date, the framing; parts for Gets."""
    text = b"HTTP/1.1 " + status + b"\r\n" + before + date + fields + b"\r\n"
    return (text + body,) if isinstance(body, bytes) else (text, body)


OK = answer(b"Content-Length: 2\r\n", b"ok")
GOT_OK = got(b"Content-Length: 2\r\n", b"ok")


def page(status, body=True):
    """What the proxy answers itself: ALB's page, and the end of the connection."""
    title = b"%d %s" % (status, TITLES[status].encode())
    text = (b"<html>\r\n<head><title>%b</title></head>\r\n<body>\r\n<center><h1>%b</h1></center>\r\n</body>\r\n</html>\r\n"
            % (title, title))
    allow = b"Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n" if status == 405 else b""
    return got(b"Server: kanaria\r\n" + allow + b"Content-Type: text/html\r\nContent-Length: %d\r\n" % len(text) + CLOSE,
               text if body else b"", status=title)


# Cases. Each gets its sentinel here: on the client's connection if that stays, else on a new one; and it arrives on the
# target's present connection, or on the next after TargetEnds.

SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: a\r\n\r\n"
SENTINEL_ARRIVES = at_target(b"GET /sentinel HTTP/1.1", host=b"{host}",
                             forwarded=FORWARDED.replace(b"X-Forwarded-For: 127.0.0.1\r\n", b"{xff}"))
LAST = answer(b"Content-Length: 4\r\n", b"last")
GOT_LAST = got(b"Content-Length: 4\r\n", b"last")


def case(name, section, steps, log, daemons=MODES):
    ended = isinstance(([None] + [step for step in steps if isinstance(step, (Connects, Ends))])[-1], Ends)
    sentinel = [Sends(SENTINEL), Arrives(*SENTINEL_ARRIVES), Answers(LAST), Gets(*GOT_LAST)]
    return Case(name, section, [*steps, *([Connects()] if ended else []), *sentinel], [*log, Logged(200)], daemons)


def asked(answers, request=head(), arrived=None):
    """The steps up to a target's answer."""
    return [Sends(request), Arrives(*(at_target() if arrived is None else arrived)), Answers(answers)]


def logged(status, reason="-", fault=None):
    """`reason` None: the log may give any."""
    fault = fault or FAULTS.get(status, "-")
    return Logged(status, fault, reason, reason and CLASSES[reason])


def passes(name, section, request, arrived=None, answers=OK, gets=GOT_OK, *, close=False, daemons=MODES, status=200):
    """The request reaches the target just so, and both connections stay; `close`: the client's ends."""
    steps = [*asked(answers, request, arrived), Gets(*gets), *([Ends()] if close else [])]
    return case(name, section, steps, [logged(status, fault="-")], daemons)


def refused(name, section, request, reason="-", status=400, *, fault=None, daemons=MODES, body=True):
    """The client gets a page and the end of its connection; the target hears nothing of it."""
    steps = [Sends(request), Gets(*page(status, body)), Ends()]
    return case(name, section, steps, [logged(status, reason, fault)], daemons)


def breaks(name, section, body, arrived=b"", *, fields=CHUNKED, framing=CHUNKED):
    """A chunked request that turns out to be none when its target has its head already: 400 for the client, and a message
    that is seen to be cut for the target."""
    steps = [Sends(post(fields)), Arrives(*at_target(b"POST / HTTP/1.1", framing=framing)), Sends(body),
             Arrives(Chunks(arrived, cut=True)), Gets(*page(400)), Ends(), TargetEnds()]
    return case(name, section, steps, [logged(400, fault="malformed_request_body")])


def modes(name, section, monitor, defensive, strictest):
    """What differs by desync_mitigation_mode: steps and log of each."""
    return [case(f"{name}: {mode}", section, *pair, (mode,)) for mode, pair in zip(MODES, (monitor, defensive, strictest))]


def odd(name, section, request, reason, arrived, *, to_head=False):
    """An odd request that monitor and defensive pass on in a form of ours and strictest refuses. Ambiguous ones end both
    connections in defensive. `arrived(last)`: what arrives, with these fields at the end of its head."""
    body = b"" if to_head else b"ok"
    answers = answer(b"Content-Length: 2\r\n", body)
    kept = [*asked(answers, request, arrived(b"")), Gets(*got(b"Content-Length: 2\r\n", body))]
    closed = [*asked(answers, request, arrived(CLOSE)), Gets(*got(b"Content-Length: 2\r\n" + CLOSE, body)), Ends(),
              TargetEnds()]
    refusal = [Sends(request), Gets(*page(400, not to_head)), Ends()]
    served = [logged(200, reason)]
    return modes(name, section, (kept, served), (closed if CLASSES[reason] == "Ambiguous" else kept, served),
                 (refusal, [logged(400, reason, "non_compliant_request")]))


def relays(name, section, answers, gets, *, request=head(), arrived=None, status=200, target_ends=False, close=False):
    """An answer of the target and what becomes of it. `target_ends`: its connection is not used again. `close`: the
    client's ends."""
    steps = [*asked(answers, request, arrived), Gets(*gets), *([Ends()] if close else []),
             *([TargetEnds()] if target_ends else [])]
    return case(name, section, steps, [logged(status, fault="-")])


def spoils(name, section, answers, *, request=head(), arrived=None, body=True, fault=None):
    """An answer that is none: 502, and the target's connection ends."""
    steps = [*asked(answers, request, arrived), Gets(*page(502, body)), Ends(), TargetEnds()]
    return case(name, section, steps, [logged(502, fault=fault)])


def cut(name, section, answers, gets, then=None, *, request=head(), arrived=None, how="cut", fault="response_body_cut"):
    """An answer that breaks off after its head: so it does for the client. `then`: bytes that the target sends once the
    client has the first ones; without them, the target closes."""
    steps = [*asked(answers, request, arrived), Gets(*gets), TargetCloses() if then is None else Answers(then), Ends(how),
             TargetEnds()]
    return case(name, section, steps, [logged(200, fault=fault)])
