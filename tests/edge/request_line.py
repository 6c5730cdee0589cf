"""Request lines: method, target, version, and what stands before them."""

from vocabulary import at_target, head, passes, refused

LINE, METHOD, VERSION = "RFC 9112 §3", "RFC 9112 §3.1", "RFC 9112 §2.3"


def lined(line):
    return head(line=line)


def method(name, text):
    return passes(name, METHOD, lined(text + b" / HTTP/1.1"), at_target(text + b" / HTTP/1.1"))


def no_method(name, text):
    return refused(name, METHOD, lined(text + b" / HTTP/1.1"), "BadMethod")


def no_version(name, text):
    return refused(name, VERSION, lined(b"GET / " + text), "BadVersion")


CASES = [
    passes("a small request", LINE, head()),
    passes("an empty line before it is not its beginning", "RFC 9112 §2.2", b"\r\n" + head()),
    refused("two empty lines before it", "RFC 9112 §2.2", b"\r\n\r\n" + head(), None),
    refused("an empty line of a bare line feed before it", "RFC 9112 §2.2", b"\n" + head(), None),
    refused("a carriage return before it", "RFC 9112 §2.2", b"\r" + head(), None),
    refused("a bare line feed at its end", "RFC 9112 §2.2", head(line=b"GET / HTTP/1.1").replace(b"1.1\r\n", b"1.1\n"), None),
    refused("two carriage returns at its end", "RFC 9112 §2.2", lined(b"GET / HTTP/1.1\r"), None),

    method("a method in small letters is one of its own", b"get"),
    method("trace in small letters is not TRACE", b"trace"),
    method("a method of one letter", b"X"),
    method("a method with a hyphen", b"M-SEARCH"),
    method("every other byte of a token", b"!#$%&'*+.^_`|~09azAZ"),
    method("a method of 1,000 bytes", b"M" * 1000),
    *(no_method(f"{chr(byte)} in a method", b"G%cT" % byte) for byte in b"\"(),/:;<=>?@[\\]{}"),
    *(no_method(f"the byte {byte:#04x} in a method", b"G%cT" % byte) for byte in (0x00, 0x01, 0x0b, 0x1b, 0x7f, 0x80, 0xff)),
    refused("a space before the method", LINE, b" " + head(), None),
    refused("a tab before the method", LINE, b"\t" + head(), None),
    refused("no method", LINE, lined(b"/ HTTP/1.1"), None),
    refused("a TLS hello on a plain port", LINE, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "BadMethod"),
    refused("TRACE", "RFC 9110 §9.3.8", lined(b"TRACE / HTTP/1.1"), status=405),
    refused("CONNECT", "RFC 9110 §9.3.6", head(line=b"CONNECT a:443 HTTP/1.1", host=b"Host: a:443\r\n"), status=405),
    refused("CONNECT with a path", "RFC 9110 §9.3.6", lined(b"CONNECT / HTTP/1.1"), status=405),

    refused("two spaces before the target", LINE, lined(b"GET  / HTTP/1.1"), None),
    refused("two spaces after the target", LINE, lined(b"GET /  HTTP/1.1"), None),
    refused("a space at the end", LINE, lined(b"GET / HTTP/1.1 "), None),
    refused("a tab before the target", LINE, lined(b"GET\t/ HTTP/1.1"), None),
    refused("a tab after the target", LINE, lined(b"GET /\tHTTP/1.1"), None),
    refused("a form feed for a space", LINE, lined(b"GET\x0c/ HTTP/1.1"), None),
    refused("one word", LINE, lined(b"GET"), None),
    refused("a method and a version", LINE, lined(b"GET HTTP/1.1"), None),

    no_version("http in small letters", b"http/1.1"),
    no_version("Http", b"Http/1.1"),
    no_version("HTTPS/1.1", b"HTTPS/1.1"),
    no_version("no minor version", b"HTTP/1"),
    no_version("an empty minor version", b"HTTP/1."),
    no_version("an empty major version", b"HTTP/.1"),
    no_version("no dot", b"HTTP/11"),
    no_version("a comma for the dot", b"HTTP/1,1"),
    no_version("a minor version of two digits", b"HTTP/1.10"),
    no_version("a major version of two digits", b"HTTP/01.1"),
    no_version("a letter for a digit", b"HTTP/1.x"),
    no_version("a sign", b"HTTP/+1.1"),
    no_version("a byte behind it", b"HTTP/1.1x"),
    no_version("another protocol", b"ICY/1.1"),
    no_version("a NUL in it", b"HTTP/1.\x001"),
    refused("HTTP/0.9", VERSION, b"GET /\r\n\r\n", "BadVersion"),
    refused("HTTP/0.9 with fields", VERSION, lined(b"GET /"), "BadVersion"),
    refused("HTTP/2.0", "RFC 9110 §15.6.6", lined(b"GET / HTTP/2.0"), "NonCompliantVersion", 505),
    refused("HTTP/3.0", "RFC 9110 §15.6.6", lined(b"GET / HTTP/3.0"), "NonCompliantVersion", 505),
    refused("HTTP/0.9 written out", "RFC 9110 §15.6.6", lined(b"GET / HTTP/0.9"), "NonCompliantVersion", 505),
    refused("the preface of HTTP/2", "RFC 9113 §3.4", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None, 505),
]
