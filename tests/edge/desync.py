"""Requests that are odd and not refused outright: what each desync mitigation mode makes of them. What is refused in every
mode, and by which reason, stands with its theme."""

from vocabulary import (CHUNKED, CLOSE, GOT_OK, OK, Answers, Arrives, Chunks, Ends, Gets, Sends, TargetEnds, at_target, got,
                        head, logged, modes, odd, page, passes, post, refused)

LENGTH = b"Content-Length: 5\r\n"
ODD_THEN_PLAIN = [Sends(head(LENGTH) + b"hello" + head())]
ODD = logged(200, "UndefinedContentLengthSemantics")
ALB, DROP = "ALB desync mitigation", "ALB drop_invalid_header_fields"


def to_target(line=b"GET / HTTP/1.1", fields=b"", framing=b"", body=b""):
    """What arrives, by what goes last into its head."""
    return lambda last: at_target(line, fields, framing + last, body)


def served(name, request, reason, arrived=to_target(), **settings):
    return odd(name, ALB, request, reason, arrived, **settings)


def suspicious(name, field):
    """A field that may pass for one that frames does not go on."""
    return served(name, head(field), "SuspiciousHeader")


def dropped(name, fields, left=b""):
    return passes(name, DROP, head(fields), at_target(fields=left), daemons=("drop_invalid",))


CASES = [
    *served("GET with a length of 0", head(b"Content-Length: 0\r\n"), "GetHeadZeroContentLength",
            to_target(framing=b"Content-Length: 0\r\n")),
    *served("HEAD with a length of 0", head(b"Content-Length: 0\r\n", b"HEAD / HTTP/1.1"), "GetHeadZeroContentLength",
            to_target(b"HEAD / HTTP/1.1", framing=b"Content-Length: 0\r\n"), to_head=True),
    *served("GET with a body", head(LENGTH) + b"hello", "UndefinedContentLengthSemantics",
            to_target(framing=LENGTH, body=b"hello")),
    *served("HEAD with a body", head(LENGTH, b"HEAD / HTTP/1.1") + b"hello", "UndefinedContentLengthSemantics",
            to_target(b"HEAD / HTTP/1.1", framing=LENGTH, body=b"hello"), to_head=True),
    *served("GET with chunks", head(CHUNKED) + b"5\r\nhello\r\n0\r\n\r\n", "UndefinedTransferEncodingSemantics",
            to_target(framing=CHUNKED, body=Chunks(b"hello"))),
    *served("GET with no chunk but the last", head(CHUNKED) + b"0\r\n\r\n", "UndefinedTransferEncodingSemantics",
            to_target(framing=CHUNKED, body=Chunks(b""))),
    *served("HEAD with chunks", head(CHUNKED, b"HEAD / HTTP/1.1") + b"0\r\n\r\n", "UndefinedTransferEncodingSemantics",
            to_target(b"HEAD / HTTP/1.1", framing=CHUNKED, body=Chunks(b"")), to_head=True),
    *served("the same length twice", post(LENGTH * 2, b"hello"), "DuplicateContentLength",
            to_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")),
    *served("the same length three times, apart and in other letters",
            post(LENGTH + b"X: a\r\n" + LENGTH.lower() + b"Y: b\r\n" + LENGTH, b"hello"), "DuplicateContentLength",
            to_target(b"POST / HTTP/1.1", b"X: a\r\nY: b\r\n", LENGTH, b"hello")),

    *suspicious("Content_Length", b"Content_Length: 5\r\n"),
    *suspicious("ContentLength", b"ContentLength: 5\r\n"),
    *suspicious("content.length in small letters", b"content.length: 5\r\n"),
    *suspicious("Content-Length with a digit", b"Content-Length1: 5\r\n"),
    *suspicious("Content--Length", b"Content--Length: 5\r\n"),
    *suspicious("Transfer_Encoding", b"Transfer_Encoding: chunked\r\n"),
    *suspicious("TransferEncoding", b"TransferEncoding: chunked\r\n"),
    *suspicious("Transfer-Encoding in apostrophes", b"'Transfer-Encoding': chunked\r\n"),
    *served("a suspicious field beside true ones", post(b"Transfer_Encoding: chunked\r\n" + LENGTH, b"hello"),
            "SuspiciousHeader", to_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")),
    passes("a longer name that holds theirs is not suspicious", ALB, head(b"X-Content-Length: 5\r\n"),
           at_target(fields=b"X-Content-Length: 5\r\n")),
    passes("a shorter name is not", ALB, head(b"Content: 5\r\nLength: 5\r\n"),
           at_target(fields=b"Content: 5\r\nLength: 5\r\n")),
    passes("TE is no Transfer-Encoding", ALB, head(b"T-E: chunked\r\n"), at_target(fields=b"T-E: chunked\r\n")),

    *served("high bytes in a value", head(b"X: \xe4\xff\x80\r\n"), "NonCompliantHeader",
            to_target(fields=b"X: \xe4\xff\x80\r\n")),
    *served("UTF-8 in a value", head("X: ä€\r\n".encode()), "NonCompliantHeader", to_target(fields="X: ä€\r\n".encode())),
    *served("a high byte at the ends of a value", head(b"X: \xa0a\xa0\r\n"), "NonCompliantHeader",
            to_target(fields=b"X: \xa0a\xa0\r\n")),
    *served("HTTP/1.2", head(line=b"GET / HTTP/1.2"), "NonCompliantVersion"),
    *served("HTTP/1.9 with a body", post(LENGTH, b"hello", b"POST / HTTP/1.9"), "NonCompliantVersion",
            to_target(b"POST / HTTP/1.1", framing=LENGTH, body=b"hello")),

    *served("of two reasons the more severe is told", post(b"X: \xe4\r\n" + LENGTH * 2, b"hello"), "DuplicateContentLength",
            to_target(b"POST / HTTP/1.1", b"X: \xe4\r\n", LENGTH, b"hello")),
    *served("of equals the first of the table is told", head(LENGTH * 2) + b"hello", "DuplicateContentLength",
            to_target(framing=LENGTH, body=b"hello")),
    *served("of acceptable ones too", head(b"X: \xe4\r\nContent-Length: 0\r\n", b"GET / HTTP/1.2"),
            "GetHeadZeroContentLength", to_target(fields=b"X: \xe4\r\n", framing=b"Content-Length: 0\r\n")),
    refused("a severe one beside an odd one", ALB, head(b"X: \xe4\x00\r\n" + LENGTH * 2) + b"hello", "BadHeader"),
    *modes("what is pipelined behind an odd request", ALB,
           ([*ODD_THEN_PLAIN, Arrives(*at_target(framing=LENGTH, body=b"hello")), Answers(OK), Gets(*GOT_OK),
             Arrives(*at_target()), Answers(OK), Gets(*GOT_OK)], [ODD, logged(200)]),
           ([*ODD_THEN_PLAIN, Arrives(*at_target(framing=LENGTH + CLOSE, body=b"hello")), Answers(OK),
             Gets(*got(b"Content-Length: 2\r\n" + CLOSE, b"ok")), Ends(), TargetEnds()], [ODD]),
           ([*ODD_THEN_PLAIN, Gets(*page(400)), Ends()],
            [logged(400, "UndefinedContentLengthSemantics", "non_compliant_request")])),

    dropped("a name with an underscore", b"X_A: 1\r\nX-B: 2\r\n", b"X-B: 2\r\n"),
    dropped("names with other bytes", b"X.A: 1\r\nX!B: 2\r\nX~: 3\r\n$X: 4\r\n"),
    dropped("letters, digits and hyphens stay", b"-a-Z-09-: 1\r\n", b"-a-Z-09-: 1\r\n"),
    passes("an odd name stays where nothing else is said", DROP, head(b"X_A.b!: 1\r\n"), at_target(fields=b"X_A.b!: 1\r\n")),
]
