"""Heads of answers: status lines and fields."""

from vocabulary import CLOSE, answer, got, relays, spoils

STATUS, VERSION, FIELD, HOPS, DATE = "RFC 9112 §4", "RFC 9110 §2.5", "RFC 9112 §5", "RFC 9110 §7.6.1", "RFC 9110 §6.6.1"
LENGTH = b"Content-Length: 2\r\n"
GOT = got(LENGTH, b"ok")


def lined(line):
    return line + b"\r\n" + LENGTH + b"\r\nok"


def status(name, text, section=STATUS, code=None):
    return relays(name, section, lined(b"HTTP/1.1 " + text), got(LENGTH, b"ok", status=text), status=code or int(text[:3]))


def no_line(name, line, section=STATUS):
    return spoils(name, section, lined(line))


def same(name, fields, section=FIELD):
    return relays(name, section, answer(fields + LENGTH, b"ok"), got(LENGTH, b"ok", before=fields))


def becomes(name, fields, before=b"", section=FIELD):
    return relays(name, section, answer(fields + LENGTH, b"ok"), got(LENGTH, b"ok", before=before))


def bad(name, fields, section=FIELD):
    return spoils(name, section, answer(fields + LENGTH, b"ok"))


def dated(name, fields, before):
    return relays(name, DATE, answer(fields + LENGTH, b"ok"), got(LENGTH, b"ok", before=before, date=b""))


CASES = [
    status("404", b"404 Not Found"),
    status("500 is the target's own", b"500 Oops"),
    status("502 is the target's own, and its connection stays", b"502 Bad Gateway"),
    status("a status that nobody has registered", b"299 Fine"),
    status("the highest status", b"599 X", "RFC 9110 §15"),
    status("an empty reason", b"200 "),
    status("a reason of many words, with a tab", b"200 It is\tfine: (really)"),
    status("a reason of high bytes", b"200 \xc3\xa4\xff"),
    relays("an answer of HTTP/1.2 is read as one of 1.1", VERSION, lined(b"HTTP/1.2 200 OK"), GOT),
    no_line("no space before an empty reason", b"HTTP/1.1 200"),
    no_line("two spaces before the status", b"HTTP/1.1  200 OK"),
    no_line("a tab before the status", b"HTTP/1.1\t200 OK"),
    no_line("no status", b"HTTP/1.1 OK"),
    no_line("a status of letters", b"HTTP/1.1 abc OK"),
    no_line("two digits", b"HTTP/1.1 20 OK"),
    no_line("four digits", b"HTTP/1.1 2000 OK"),
    no_line("a negative status", b"HTTP/1.1 -20 OK"),
    no_line("hexadecimal digits", b"HTTP/1.1 2a0 OK"),
    no_line("status 099", b"HTTP/1.1 099 OK", "RFC 9110 §15"),
    no_line("status 000", b"HTTP/1.1 000 OK", "RFC 9110 §15"),
    no_line("status 600", b"HTTP/1.1 600 OK", "RFC 9110 §15"),
    no_line("NUL in a reason", b"HTTP/1.1 200 O\x00K"),
    no_line("a control byte in a reason", b"HTTP/1.1 200 O\x01K"),
    no_line("a carriage return in a reason", b"HTTP/1.1 200 O\rK"),
    no_line("HTTP/2.0", b"HTTP/2.0 200 OK", VERSION),
    no_line("HTTP/0.9", b"HTTP/0.9 200 OK", VERSION),
    no_line("http in small letters", b"http/1.1 200 OK", "RFC 9112 §2.3"),
    no_line("a minor version of two digits", b"HTTP/1.10 200 OK", "RFC 9112 §2.3"),
    no_line("an empty line first", b"\r\nHTTP/1.1 200 OK"),
    no_line("a space first", b" HTTP/1.1 200 OK"),
    no_line("a request", b"GET / HTTP/1.1"),
    spoils("no HTTP at all", STATUS, b"SSH-2.0-OpenSSH_9.2\r\n"),
    spoils("bare text", "RFC 9112 §2.3", b"hello\n"),
    spoils("a bare line feed at the end of the status line", "RFC 9112 §2.2", b"HTTP/1.1 200 OK\n" + LENGTH + b"\r\nok"),
    spoils("bare line feeds only", "RFC 9112 §2.2", answer(LENGTH, b"ok").replace(b"\r\n", b"\n")),

    same("names keep their case and fields their order", b"x-b: 1\r\nX-A: 2\r\nX-b: 3\r\n"),
    same("Set-Cookie fields are not joined", b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", "RFC 9110 §5.3"),
    same("the target's Server stays", b"Server: app\r\n", "RFC 9110 §10.2.4"),
    same("a Via that came passes, and none is added", b"Via: 1.1 b\r\n", "RFC 9110 §7.6.3"),
    same("high bytes in a value", b"X: \xe4\xff\r\n", "RFC 9110 §5.5"),
    same("what is ours in a request is the target's in an answer",
         b"X-Forwarded-For: a\r\nX-Amzn-Trace-Id: b\r\nHost: c\r\n"),
    same("every byte of a token in a name", b"!#$%&'*+-.^_`|~09azAZ: a\r\n", "RFC 9110 §5.1"),
    becomes("white space around a value", b"X: \t a \t\r\n", b"X: a\r\n", "RFC 9110 §5.5"),
    becomes("an empty value", b"X:\r\n", b"X: \r\n", "RFC 9110 §5.5"),
    becomes("fields that end at this hop",
            b"Keep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nTrailer: X\r\nTE: x\r\n", section=HOPS),
    becomes("fields that Connection names", b"A: 1\r\nConnection: a, B\r\nB: 2\r\nC: 3\r\n", b"C: 3\r\n", HOPS),
    becomes("a Server that Connection names", b"Connection: server\r\nServer: app\r\n", section=HOPS),
    becomes("keep-alive", b"Connection: keep-alive\r\n", section=HOPS),
    dated("the target's Date stays", b"Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n", b"Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n"),
    dated("a Date in small letters is one", b"date: Tue, 15 Nov 1994 08:12:31 GMT\r\n",
          b"date: Tue, 15 Nov 1994 08:12:31 GMT\r\n"),
    becomes("a Date that Connection takes away is made anew", b"Connection: date\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n",
            section=DATE),

    bad("a folded field", b"X: a\r\n b\r\n", "RFC 9112 §5.2"),
    bad("a field folded by a tab", b"X: a\r\n\tb\r\n", "RFC 9112 §5.2"),
    bad("a fold before the first field", b" X: a\r\n", "RFC 9112 §2.2"),
    bad("a space before the colon", b"X : a\r\n", "RFC 9112 §5.1"),
    bad("a tab before the colon", b"X\t: a\r\n", "RFC 9112 §5.1"),
    bad("no colon", b"X\r\n"),
    bad("an empty name", b": a\r\n"),
    *(bad(f"{chr(byte)} in a name", b"X%cY: a\r\n" % byte, "RFC 9110 §5.1") for byte in b"\"(),/;<=>?@[\\]{}"),
    bad("NUL in a name", b"X\x00: a\r\n", "RFC 9110 §5.1"),
    bad("a high byte in a name", b"X\xe4: a\r\n", "RFC 9110 §5.1"),
    *(bad(f"the byte {byte:#04x} in a value", b"X: a%cb\r\n" % byte, "RFC 9110 §5.5") for byte in (0x00, 0x01, 0x0b, 0x1b,
                                                                                                   0x7f)),
    bad("a carriage return in a value", b"X: a\rb\r\n", "RFC 9110 §5.5"),
    bad("a carriage return that would split the answer", b"X: a\rSet-Cookie: b\r\n", "RFC 9110 §5.5"),
    bad("a bare line feed after a field", b"X: a\nY: b\r\n", "RFC 9112 §2.2"),
    bad("two carriage returns at the end of a line", b"X: a\r\r\n", "RFC 9112 §2.2"),
    spoils("a bare line feed for the empty line", "RFC 9112 §2.2", b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\nok"),
    bad("a broken Connection list", b"Connection: close,, @\r\n", "RFC 9110 §7.6.1"),
    relays("close is for the target's connection only", HOPS, answer(CLOSE + LENGTH, b"ok"), GOT, target_ends=True),
]
