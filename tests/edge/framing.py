"""How long a request's body is: Content-Length, Transfer-Encoding, and never both."""

from vocabulary import (CHUNKED, Arrives, Beginning, Chunks, Ends, Gets, HalfCloses, Sends, TargetEnds, at_target, case, head,
                        logged, page, passes, post, refused)

LENGTH, LENGTHS, CODING, BOTH = "RFC 9112 §6.2", "RFC 9112 §6.3", "RFC 9112 §6.1", "RFC 9112 §6.3"
POST = b"POST / HTTP/1.1"


def length(name, text, sent, body, section=LENGTH):
    return passes(name, section, post(b"Content-Length: " + text + b"\r\n", body),
                  at_target(POST, framing=b"Content-Length: " + sent + b"\r\n", body=body))


def no_length(name, text, section=LENGTH):
    return refused(name, section, post(b"Content-Length: " + text + b"\r\n", b"hello"), "BadContentLength")


def coding(name, text, section=CODING):
    return passes(name, section, post(b"Transfer-Encoding:" + text + b"\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
                  at_target(POST, framing=CHUNKED, body=Chunks(b"hello")))


def no_coding(name, fields, reason="BadTransferEncoding", section=CODING, status=400, line=POST):
    return refused(name, section, post(fields, b"5\r\nhello\r\n0\r\n\r\n", line), reason, status)


def te(text):
    return b"Transfer-Encoding: " + text + b"\r\n"


def cut(name, fields, framing, sent, body, section="RFC 9112 §8"):
    """The client ends inside its body: so does the target's connection, and the message is never whole there."""
    return case(name, section,
                [Sends(post(fields, sent)), HalfCloses(), Arrives(*at_target(POST, framing=framing, body=body)),
                                Gets(*page(400)), Ends(), TargetEnds()], [logged(400, fault="request_body_cut")])


CASES = [
    length("five bytes", b"5", b"5", b"hello"),
    length("no bytes", b"0", b"0", b""),
    length("white space around the digits", b"\t 5 \t", b"5", b"hello", "RFC 9110 §5.5"),
    length("leading zeros", b"005", b"5", b"hello", "RFC 9110 §8.6"),
    length("many leading zeros", b"0" * 100 + b"5", b"5", b"hello", "RFC 9110 §8.6"),
    length("a body that looks like a request", b"%d" % len(head()), b"%d" % len(head()), head()),
    length("a body of line ends", b"8", b"8", b"\r\n\r\n\r\n\r\n"),
    length("a body of every byte", b"256", b"256", bytes(range(256))),
    length("a body of 10,000 bytes", b"10000", b"10000", b"x" * 10000),
    passes("no length is no body", "RFC 9112 §6.3", post(), at_target(POST)),
    passes("the name in capitals", "RFC 9110 §5.1", post(b"CONTENT-LENGTH: 5\r\n", b"hello"),
           at_target(POST, framing=b"Content-Length: 5\r\n", body=b"hello")),
    passes("Content-Length goes behind the fields", "RFC 9110 §8.6", post(b"Content-Length: 5\r\nX: a\r\n", b"hello"),
           at_target(POST, b"X: a\r\n", b"Content-Length: 5\r\n", b"hello")),
    passes("Connection can't take Content-Length away", "RFC 9110 §7.6.1",
           post(b"Connection: content-length\r\nContent-Length: 5\r\n", b"hello"),
           at_target(POST, framing=b"Content-Length: 5\r\n", body=b"hello")),

    no_length("a plus sign", b"+5"),
    no_length("a minus sign", b"-5"),
    no_length("minus zero", b"-0"),
    no_length("hexadecimal", b"0x5"),
    no_length("hexadecimal digits", b"a"),
    no_length("a decimal point", b"5.0"),
    no_length("an exponent", b"1e1"),
    no_length("an underscore", b"5_0"),
    no_length("two numbers", b"5 5"),
    no_length("a tab between digits", b"5\t0"),
    no_length("a list of equal ones", b"5, 5", "RFC 9110 §8.6"),
    no_length("a list of different ones", b"5, 6", "RFC 9110 §8.6"),
    no_length("a list with an empty end", b"5,", "RFC 9110 §8.6"),
    no_length("a semicolon behind it", b"5;"),
    no_length("quotes", b"\"5\""),
    no_length("a word", b"five"),
    no_length("nothing", b""),
    no_length("white space only", b" \t"),
    no_length("2^63", b"9223372036854775808", "RFC 9110 §8.6"),
    no_length("2^64 - 1", b"18446744073709551615", "RFC 9110 §8.6"),
    no_length("2^64, which is 0 to those who do not look", b"18446744073709551616", "RFC 9110 §8.6"),
    no_length("2^64 + 5, which is 5 to them", b"18446744073709551621", "RFC 9110 §8.6"),
    no_length("2^32 + 5 in a form that is longer than any number", b"1" + b"0" * 40 + b"5", "RFC 9110 §8.6"),
    refused("two that differ", LENGTHS, post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello!"),
            "MultipleContentLength"),
    refused("0, then 5", LENGTHS, post(b"Content-Length: 0\r\nContent-Length: 5\r\n", b"hello"), "MultipleContentLength"),
    refused("three, of which the last differs", LENGTHS,
            post(b"Content-Length: 5\r\nContent-Length: 5\r\nX: a\r\nContent-Length: 4\r\n", b"hello"),
            "MultipleContentLength"),
    refused("a good one and one with a sign", LENGTHS, post(b"Content-Length: 5\r\nContent-Length: +5\r\n", b"hello"),
            "BadContentLength"),
    refused("an empty one and a good one", LENGTHS, post(b"Content-Length:\r\nContent-Length: 5\r\n", b"hello"),
            "BadContentLength"),
    cut("cut inside a length", b"Content-Length: 9\r\n", b"Content-Length: 9\r\n", b"hello", Beginning(b"hello")),
    cut("cut before the first byte of a length", b"Content-Length: 9\r\n", b"Content-Length: 9\r\n", b"", Beginning(b"")),
    cut("2^63 - 1 is a length", b"Content-Length: 9223372036854775807\r\n", b"Content-Length: 9223372036854775807\r\n",
        b"hello", Beginning(b"hello"), "RFC 9110 §8.6"),
    cut("cut between chunks", CHUNKED, CHUNKED, b"5\r\nhello\r\n", Chunks(b"hello", cut=True)),
    cut("cut inside a chunk", CHUNKED, CHUNKED, b"5\r\nhel", Chunks(b"hel", cut=True)),
    cut("cut inside a chunk's size", CHUNKED, CHUNKED, b"5\r\nhello\r\n1", Chunks(b"hello", cut=True)),
    cut("cut behind the last chunk", CHUNKED, CHUNKED, b"5\r\nhello\r\n0\r\n", Chunks(b"hello", cut=True)),
    cut("cut inside a trailer", CHUNKED, CHUNKED, b"5\r\nhello\r\n0\r\nDig", Chunks(b"hello", cut=True)),

    coding("chunked", b" chunked"),
    coding("chunked in capitals", b" CHUNKED", "RFC 9110 §10.1.4"),
    coding("chunked with white space around it", b"\t chunked \t", "RFC 9110 §5.5"),
    coding("chunked without a space before it", b"chunked", "RFC 9110 §5.5"),
    passes("Connection can't take Transfer-Encoding away", "RFC 9110 §7.6.1",
           post(b"Connection: transfer-encoding\r\n" + CHUNKED, b"5\r\nhello\r\n0\r\n\r\n"),
           at_target(POST, framing=CHUNKED, body=Chunks(b"hello"))),
    no_coding("a coding that only ends like chunked", te(b"xchunked"), "-", status=501),
    no_coding("a coding that only begins like chunked", te(b"chunkedx"), "-", status=501),
    no_coding("gzip", te(b"gzip"), "-", status=501),
    no_coding("identity, which is none any more", te(b"identity"), "-", "RFC 9112 §7", 501),
    no_coding("gzip, then chunked: framed, but not ours to decode", te(b"gzip, chunked"), "-", status=501),
    no_coding("chunked, then gzip", te(b"chunked, gzip"), section="RFC 9112 §6.3"),
    no_coding("chunked, then identity", te(b"chunked, identity"), section="RFC 9112 §6.3"),
    no_coding("chunked twice", te(b"chunked, chunked"), "MultipleTransferEncodingChunked", "RFC 9112 §6.1"),
    no_coding("chunked, gzip and chunked", te(b"chunked, gzip, chunked"), "MultipleTransferEncodingChunked"),
    no_coding("two fields of chunked", CHUNKED * 2, "MultipleTransferEncodingChunked"),
    no_coding("two fields of chunked in different letters", CHUNKED + te(b"Chunked"), "MultipleTransferEncodingChunked"),
    no_coding("chunked, and gzip in a second field", CHUNKED + te(b"gzip")),
    no_coding("gzip, and chunked in a second field", te(b"gzip") + CHUNKED),
    no_coding("identity, and chunked in a second field", te(b"identity") + CHUNKED),
    no_coding("chunked in quotes", te(b"\"chunked\"")),
    no_coding("chunked in single quotes is a coding of another name", te(b"'chunked'"), "-", status=501),
    no_coding("chunked with a parameter", te(b"chunked;q=1"), section="RFC 9112 §7"),
    no_coding("chunked with an empty parameter", te(b"chunked;"), section="RFC 9112 §7"),
    no_coding("a parameter before chunked", te(b"gzip;q=1, chunked"), section="RFC 9112 §7"),
    no_coding("chunked and an empty end of the list", te(b"chunked,"), section="RFC 9110 §5.6.1"),
    no_coding("an empty beginning of the list", te(b", chunked"), section="RFC 9110 §5.6.1"),
    no_coding("an empty list", te(b"")),
    no_coding("a list of commas", te(b",,")),
    no_coding("two words", te(b"chunked identity")),
    no_coding("a word split in two", te(b"chun ked")),
    no_coding("a vertical tab before chunked", te(b"\x0bchunked"), "BadHeader", "RFC 9110 §5.5"),
    no_coding("NUL behind chunked", te(b"chunked\x00"), "BadHeader", "RFC 9110 §5.5"),
    no_coding("a high byte behind chunked", te(b"chunked\xa0")),
    no_coding("HTTP/1.0", CHUNKED, line=b"POST / HTTP/1.0"),
    no_coding("HTTP/1.0 with keep-alive", CHUNKED + b"Connection: keep-alive\r\n", line=b"POST / HTTP/1.0"),

    no_coding("a length after chunked", CHUNKED + b"Content-Length: 5\r\n", "BothTeClPresent", BOTH),
    no_coding("a length before chunked", b"Content-Length: 5\r\n" + CHUNKED, "BothTeClPresent", BOTH),
    no_coding("a length of 0 and chunked", b"Content-Length: 0\r\n" + CHUNKED, "BothTeClPresent", BOTH),
    no_coding("a length that fits, and chunked", b"Content-Length: 15\r\n" + CHUNKED, "BothTeClPresent", BOTH),
    no_coding("a length and a coding not ours", b"Content-Length: 5\r\n" + te(b"identity"), "BothTeClPresent", BOTH),
    no_coding("a length that is none, and chunked", b"Content-Length: five\r\n" + CHUNKED, "BadContentLength", BOTH),
    refused("what is wrong with the frame is told, though there is no Host", "RFC 9112 §6.1",
            head(te(b"chunked, gzip"), b"POST / HTTP/1.1", b""), "BadTransferEncoding"),
    refused("and though there are two", "RFC 9112 §6.1", head(te(b"chunked, gzip") + b"Host: b\r\n", b"POST / HTTP/1.1"),
            "BadTransferEncoding"),
    refused("and though the target is none", "RFC 9112 §6.1", head(te(b"chunked, gzip"), b"POST /\xe4 HTTP/1.1"),
            "BadTransferEncoding"),
    refused("what is odd about the frame too", LENGTHS, head(b"Content-Length: 5\r\n" * 2, b"POST / HTTP/1.1", b""),
            "DuplicateContentLength"),
    refused("without a Host, a coding not ours is 400 all the same", "RFC 9112 §3.2",
            head(te(b"gzip"), b"POST / HTTP/1.1", b"")),
    no_coding("a length and chunked in HTTP/1.0", b"Content-Length: 5\r\n" + CHUNKED, section=BOTH, line=b"POST / HTTP/1.0"),
]
