"""Our verdict on messages beside that of h11, a careful parser that others wrote: on thousands of messages, made from a
seeded grammar of heads that frame and then damaged, the two must understand the same, or differ for a reason that is
written down here.

Usage: h11_test.py FRAMING_VERDICT_PROGRAM
"""

import json
import random
import re
import subprocess
import sys
import unittest
from collections import Counter

import h11

PROGRAM = sys.argv.pop(1)
MESSAGES = 12_000  # of each kind
TOO_LATE_AS_TRAILERS = re.compile(
    rb"(?i)(content-length|content-encoding|content-type|content-range|host|expect|max-forwards|cache-control|range|"
    rb"authorization|cookie|proxy-authorization|set-cookie|connection|te|trailer|transfer-encoding|upgrade|"
    rb"x-forwarded-for) *:")


class Grammar:
    """Messages of one kind; most are valid, and the others nearly."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        """The first is taken half of the time."""
        return choices[0] if self.random.random() < 0.5 else self.random.choice(choices)

    def length(self):
        return self.one(b"5", b"0", b"3", b"05", b"+5", b"-1", b"5, 5", b"5,6", b"0x5", b"", b"5 5", b"9223372036854775807",
                        b"9223372036854775808", b"18446744073709551616", b"18446744073709551621")

    def coding(self):
        return self.one(b"chunked", b"Chunked", b"xchunked", b"gzip", b"gzip, chunked", b"chunked, chunked", b"identity",
                        b"chunked;q=1", b'"chunked"', b"chunked,", b"\x0bchunked", b" chunked\t")

    def framing_field(self):
        name = self.one(b"Content-Length", b"content-length", b"Transfer-Encoding", b"transfer-encoding",
                        b"Transfer-Encoding ", b"Content_Length", b"Transfer\x00Encoding")
        value = self.length() if b"ength" in name else self.coding()
        return name + self.one(b": ", b":", b":\t", b" : ") + value

    def other_field(self):
        return self.one(b"Accept: */*", b"X:", b"X: \xe4\xff", b"Connection: close", b"Connection: keep-alive, Upgrade",
                        b"Connection: close,, @", b"Upgrade: websocket", b"X: a\x7fb", b"X: a\x01b", b"X: a\tb",
                        b"Expect: 100-continue", b"Expect: other", b"Host: b", b"Trailer: Digest", b": empty", b"none",
                        b" folded: a", b"\tfolded")

    def fields(self, first, has_chunks):
        fields = [first]
        if self.random.random() < 0.6:
            fields.append(b"Transfer-Encoding: chunked" if has_chunks else b"Content-Length: 5")
        else:
            fields += [self.framing_field() for _ in range(self.random.randrange(3))]
        fields += [self.other_field() for _ in range(self.random.choice((0, 0, 1, 2)))]
        if self.random.random() < 0.3:
            self.random.shuffle(fields)
        return b"".join(field + self.one(*[b"\r\n"] * 15, b"\n") for field in fields if field is not None)

    def chunk(self):
        data = self.random.choice((b"hello", b"a", b"0\r\n\r\n", b"GET / HTTP/1.1\r\n"))
        size = self.one(b"%x" % len(data), b"%X" % len(data), b"0%x" % len(data), b"%021x" % len(data), b" %x" % len(data),
                        b"%x " % len(data), b"0x%x" % len(data), b"%x" % (len(data) + 1), b"", b"-1", b"8000000000000000",
                        b"10000000000000005")
        extension = self.one(b"", b"", b"", b";a=b", b';a="b;c"', b";", b" ;a", b";a=\x01", b";\xff")
        return size + extension + self.one(*[b"\r\n"] * 9, b"\n") + data + self.one(*[b"\r\n"] * 9, b"\n", b"")

    def body(self, has_chunks):
        if not has_chunks:
            return self.one(b"hello", b"")
        chunks = b"".join(self.chunk() for _ in range(self.random.choice((0, 1, 1, 2))))
        trailers = b"".join(self.one(b"Digest: x\r\n", b"X-Sum:\t1 \r\n", b"Host: evil\r\n", b"Content-Length: 5\r\n",
                                     b"Connection: close\r\n", b"Digest: x\r\n y\r\n", b"Digest: x\n", b"none\r\n",
                                     b"a b: c\r\n", b"Digest: \x01\r\n")
                            for _ in range(self.random.choice((0, 0, 0, 1, 2))))
        return chunks + self.one(b"0\r\n", b"00\r\n", b"0;x\r\n", b"0 \r\n", b"") + trailers + b"\r\n"

    def damaged(self, message):
        """A third of them has one byte too many, too few, or another, or an end too early."""
        if self.random.random() > 0.33:
            return message
        at = self.random.randrange(1, len(message))
        byte = self.random.choice((b"\r", b"\n", b"\r\n", b" ", b"\t", b"\0", b":", b",", b";", b"\x7f", b"\xff", b"5", b"\x0b"))
        damage = self.random.randrange(4)
        if damage == 0:
            return message[:at] + byte + message[at:]
        if damage == 1:
            return message[:at] + message[at + 1:]
        if damage == 2:
            return message[:at] + byte + message[at + 1:]
        return message[:at]

    def message(self, start_line, host, after):
        has_chunks = self.random.random() < 0.5
        head = start_line + b"\r\n" + self.fields(host, has_chunks) + b"\r\n"
        return self.damaged(head + self.body(has_chunks) + after)

    def request(self):
        line = (self.one(b"POST", b"GET", b"get", b"OPTIONS", b"CONNECT", b"TRACE", b"G(T") + self.one(b" ", b" ", b" ", b"  ", b"\t")
                + self.one(b"/", b"/a?b=c", b"*", b"http://c/", b"a:443", b"/a b", b"/\xc3\xa4", b"/a#b", b"/\\", b"foo", b"http://u@c/")
                + b" " + self.one(b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 "))
        host = self.one(b"Host: a", b"Host: a:80", b"Host: [::1]", b"Host:", b"Host: a b", b"Host: u@a", b"Host: a:99999", None)
        before = self.one(*[b""] * 20, b"\r\n", b"\r\n\r\n", b"\n")
        return self.message(before + line, host, b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")

    def answer(self):
        line = (self.one(b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.2") + b" "
                + self.one(b"200 OK", b"200 ", b"200", b"404 Not Found", b"204 No Content", b"304 Not Modified", b"100 Continue",
                           b"101 Switching Protocols", b"103 Early Hints", b"20 OK", b"2000 OK", b"099 OK", b"600 OK", b"200 O\x01K",
                           b"200 \xe4"))
        return self.message(line, None, b"HTTP/1.1 200 OK\r\n\r\n")


def verdict_of_h11(kind, message):
    """(refused, start, complete, body, consumed)."""
    if kind == "Q":
        connection = h11.Connection(h11.SERVER)
    else:
        connection = h11.Connection(h11.CLIENT)
        connection.send(h11.Request(method="HEAD" if kind == "H" else "GET", target="/",
                                    headers=[("Host", "a"), ("Upgrade", "websocket")]))
        connection.send(h11.EndOfMessage())
    connection.receive_data(message)
    start, body = None, b""
    try:
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                start = event.method + b" " + event.target
            elif isinstance(event, (h11.Response, h11.InformationalResponse)):
                start = b"%d" % event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            if isinstance(event, (h11.EndOfMessage, h11.InformationalResponse)):
                return False, start, True, body, len(message) - len(connection.trailing_data[0])
    except h11.RemoteProtocolError:
        return True, None, False, b"", 0
    return False, start, False, body, 0


def our_verdicts(messages):
    asked = b"".join(kind.encode() + len(message).to_bytes(4, "big") + message for kind, message in messages)
    answers = subprocess.run([PROGRAM], input=asked, stdout=subprocess.PIPE, check=True, timeout=60).stdout.splitlines()
    assert len(answers) == len(messages), (len(answers), len(messages))
    for answer in map(json.loads, answers):
        if answer["refused"]:
            yield True, None, False, b"", 0
        else:
            yield (False, bytes.fromhex(answer["start"]) if answer["has_head"] else None, answer["complete"],
                   bytes.fromhex(answer["body"]), answer["consumed"] if answer["complete"] else 0)


class Facts:
    """What the reasons below look at: a message taken apart with as little understanding as possible."""

    def __init__(self, kind, message):
        self.kind = kind
        end = re.search(rb"\n\r?\n", message)
        self.head = message[:end.end()] if end else message
        self.rest = message[len(self.head):]
        self.lines = [line.removesuffix(b"\r") for line in self.head.split(b"\n")]
        self.words = self.lines[0].split(b" ")

    def values(self, name):
        return [line.split(b":", 1)[1].strip(b" \t") for line in self.lines[1:] if re.match(rb"(?i)%b:" % name, line)]

    def is_valid_target(self):
        target = self.words[1] if len(self.words) == 3 else b""
        if target == b"*":
            return self.words[0] == b"OPTIONS"
        return bool(re.fullmatch(rb"(http://(\w+|\[::1\])(:\d*)?)?/[^#<>\\\x00-\x20\x7f-\xff]*", target))

    def has_valid_host(self):
        return all(re.fullmatch(rb"([\w.,;-]+|\[::1\])(:\d{0,4})?", value) for value in self.values(b"host"))


# Why we refuse what h11 takes. Each must be met, or it is out of date.
STRICTER = {
    "a line that ends without its carriage return": lambda m: re.search(rb"(?<!\r)\n", m.head + m.rest),
    "a folded line": lambda m: re.search(rb"\n[ \t]", m.head) or re.search(rb".\r\n[ \t]", m.rest),
    "a control byte in the head": lambda m: re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]", m.head),
    "another version": lambda m: not re.search(rb"HTTP/1\.[01]", m.lines[0]),
    "CONNECT or TRACE": lambda m: m.kind == "Q" and m.words[0] in (b"CONNECT", b"TRACE"),
    "a target of no form that we serve": lambda m: m.kind == "Q" and not m.is_valid_target(),
    "a Host that names no host": lambda m: m.kind == "Q" and not m.has_valid_host(),
    "an expectation other than 100-continue":
        lambda m: m.kind == "Q" and any(value.lower() != b"100-continue" for value in m.values(b"expect")),
    "Transfer-Encoding with Content-Length": lambda m: m.values(b"transfer-encoding") and m.values(b"content-length"),
    "Transfer-Encoding in HTTP/1.0": lambda m: m.values(b"transfer-encoding") and b"HTTP/1.0" in m.lines[0],
    "a list of lengths": lambda m: any(b"," in value for value in m.values(b"content-length")),
    "a length over 2^63 - 1":
        lambda m: any(value.isdigit() and int(value) >= 1 << 63 for value in m.values(b"content-length")),
    "a Connection that is no list of tokens":
        lambda m: any(re.search(rb"[^\w\-, \t!#$%&'*+.^`|~]|\w[ \t]+\w", value) for value in m.values(b"connection")),
    "a status without a space behind it": lambda m: m.kind != "Q" and re.fullmatch(rb"HTTP/1\.[01] \d{3}", m.lines[0]),
    "a status below 100 or above 599":
        lambda m: m.kind != "Q" and re.match(rb"HTTP/1\.[01] (0|[6-9])\d\d( |$)", m.lines[0]),
    "white space after a chunk's size": lambda m: re.search(rb"(^|\n)[0-9a-fA-F]+[ \t]", m.rest),
    "a chunk of 2^63 bytes and more": lambda m: re.search(rb"(^|\n)0*([89a-f][0-9a-f]{15}|[1-9a-f][0-9a-f]{16})", m.rest),
    "a control byte in a chunk's extension or a trailer":
        lambda m: re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]", m.rest),
    "a trailer that comes too late": lambda m: any(TOO_LATE_AS_TRAILERS.match(line) for line in m.rest.split(b"\n")),
}

# Why we take what h11 refuses, and where RFC 9112 lets us.
LOOSER = {
    "one empty line before a request (2.2)": lambda m: m.kind == "Q" and m.lines[0] == b"" and m.head.startswith(b"\r\n"),
    "one length in two spellings (6.3)":
        lambda m: len(set(m.values(b"content-length"))) > 1 and len(set(map(int, m.values(b"content-length")))) == 1,
    "a chunk's size with more than 20 digits (7.1)": lambda m: re.search(rb"(^|\n)0{5}[0-9a-fA-F]{16}", m.rest),
}


class H11(unittest.TestCase):
    def test_we_understand_what_h11_understands_or_say_why_not(self):
        grammar = Grammar(20261124)
        messages = [(kind, make()) for kind, make in (("Q", grammar.request), ("A", grammar.answer), ("H", grammar.answer))
                    for _ in range(MESSAGES)]
        counts, faults = Counter(), []
        for (kind, message), ours in zip(messages, our_verdicts(messages)):
            theirs = verdict_of_h11(kind, message)
            facts = Facts(kind, message)
            if ours == theirs:
                counts["both refuse" if ours[0] else "both take, whole" if ours[2] else "both take, more to come"] += 1
                continue
            if ours[0] != theirs[0]:
                what, reasons = ("stricter", STRICTER) if ours[0] else ("looser", LOOSER)
                reason = next((name for name, holds in reasons.items() if holds(facts)), None)
                if reason:
                    counts[f"{what}: {reason}"] += 1
                    continue
            faults.append(f"{kind} {message!r}\n  ours {ours}\n  h11  {theirs}")
        for what, count in sorted(counts.items()):
            print(f"{count:6}  {what}")
        self.assertEqual(len(faults), 0, "\n".join(faults[:10]))
        unmet = [f"stricter: {name}" for name in STRICTER] + [f"looser: {name}" for name in LOOSER]
        self.assertEqual([reason for reason in unmet if not counts[reason]], [], "reasons that nothing meets")
        for what in ("both refuse", "both take, whole", "both take, more to come"):
            self.assertGreater(counts[what], MESSAGES / 8, "the grammar makes too few")


if __name__ == "__main__":
    unittest.main()
