"""Field lines: what is passed on as it is, and what no reader should have to guess at."""

from vocabulary import at_target, head, passes, refused

LINE, NAME, VALUE, FOLD = "RFC 9112 §5", "RFC 9110 §5.1", "RFC 9110 §5.5", "RFC 9112 §5.2"
END = "RFC 9112 §2.2"


def same(name, fields, section=VALUE):
    return passes(name, section, head(fields), at_target(fields=fields))


def becomes(name, fields, arrived, section=VALUE):
    return passes(name, section, head(fields), at_target(fields=arrived))


def bad(name, fields, section=LINE, reason="BadHeader"):
    return refused(name, section, head(fields), reason)


CASES = [
    same("names keep their case and fields their order", b"x-b: 1\r\nX-A: 2\r\nX-b: 3\r\n", NAME),
    same("every byte of a token in a name", b"!#$%&'*+-.^_`|~09azAZ: a\r\n", NAME),
    same("a name of one letter", b"x: a\r\n", NAME),
    same("a name of 1,000 bytes", b"x" * 1000 + b": a\r\n", NAME),
    same("fields of the same name are not joined", b"X: a\r\nX: b\r\nX: a\r\n", "RFC 9110 §5.3"),
    same("Cookie fields are not joined", b"Cookie: a=1\r\nCookie: b=2\r\n", "RFC 6265 §5.4"),
    same("spaces and tabs inside a value", b"X: a  b\tc\r\n"),
    same("colons, commas and quotes in a value", b"X: a:b, \"c\\\"d\", <e>;f=g\r\n"),
    same("a value of 8,000 bytes", b"X: " + b"a" * 8000 + b"\r\n"),
    same("a Via that came passes, and none is added", b"Via: 1.0 b\r\n", "RFC 9110 §7.6.3"),
    same("what authenticates is for the target", b"Authorization: Basic YTpi\r\n", "RFC 9110 §11.6.2"),
    same("conditions and ranges are for the target", b"If-None-Match: \"a\"\r\nRange: bytes=0-1\r\n", "RFC 9110 §13.1"),
    same("fields of a body that isn't there", b"Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", "RFC 9110 §8.3"),
    becomes("white space around a value", b"X: \t a \t\r\n", b"X: a\r\n"),
    becomes("no space before a value", b"X:a\r\n", b"X: a\r\n"),
    becomes("an empty value", b"X:\r\n", b"X: \r\n"),
    becomes("a value of white space", b"X: \t \r\n", b"X: \r\n"),

    bad("a folded field", b"X: a\r\n b\r\n", FOLD),
    bad("a field folded by a tab", b"X: a\r\n\tb\r\n", FOLD),
    bad("a folded field without a value on its first line", b"X:\r\n a\r\n", FOLD),
    bad("a fold that hides a field", b"X: a\r\n Content-Length: 5\r\n", FOLD),
    bad("a folded Transfer-Encoding", b"Transfer-Encoding:\r\n chunked\r\n", FOLD),
    refused("a fold before the first field", "RFC 9112 §2.2", head(host=b" Host: a\r\n"), "BadHeader"),
    bad("a line of a space", b" \r\n", FOLD, "EmptyHeader"),
    bad("a line of blanks", b"\t  \t\r\n", FOLD, "EmptyHeader"),
    bad("an empty name", b": a\r\n", NAME, "EmptyHeader"),
    bad("a colon alone", b":\r\n", NAME, "EmptyHeader"),

    bad("no colon", b"X\r\n"),
    bad("a space before the colon", b"X : a\r\n", "RFC 9112 §5.1"),
    bad("a tab before the colon", b"X\t: a\r\n", "RFC 9112 §5.1"),
    bad("a space before the colon of Content-Length", b"Content-Length : 5\r\n", "RFC 9112 §5.1"),
    bad("a space before the colon of Transfer-Encoding", b"Transfer-Encoding : chunked\r\n", "RFC 9112 §5.1"),
    refused("a space before the colon of Host", "RFC 9112 §5.1", head(host=b"Host : a\r\n"), "BadHeader"),
    *(bad(f"{chr(byte)} in a name", b"X%cY: a\r\n" % byte, NAME) for byte in b" \"(),/;<=>?@[\\]{}"),
    *(bad(f"the byte {byte:#04x} in a name", b"X%cY: a\r\n" % byte, NAME) for byte in (0x00, 0x01, 0x0b, 0x7f, 0x80, 0xff)),
    *(bad(f"the byte {byte:#04x} in a value", b"X: a%cb\r\n" % byte, VALUE)
      for byte in (0x00, 0x01, 0x07, 0x08, 0x0b, 0x0c, 0x0e, 0x1b, 0x1f, 0x7f)),
    bad("NUL at the end of a value", b"X: a\x00\r\n", VALUE),
    bad("NUL before a value", b"X:\x00a\r\n", VALUE),
    bad("a carriage return in a value", b"X: a\rb\r\n", VALUE),
    bad("a carriage return that hides a field", b"X: a\rContent-Length: 5\r\n", VALUE),
    bad("a carriage return in a name", b"X\rY: a\r\n", NAME),
    bad("two carriage returns at the end of a line", b"X: a\r\r\n", END),
    bad("a carriage return before a field", b"\rX: a\r\n", END),
    bad("a bare line feed after a field", b"X: a\nY: b\r\n", END),
    bad("a bare line feed that hides a field", b"X: a\nTransfer-Encoding: chunked\r\n", END),
    bad("a bare line feed before the end", b"X: a\r\n\n", END),
    refused("a bare line feed for the empty line", END, head()[:-2] + b"\n", "BadHeader"),
    refused("bare line feeds only", END, head().replace(b"\r\n", b"\n"), None),
]
