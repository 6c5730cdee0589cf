"""The four forms of a request target, and which of their bytes go through."""

from vocabulary import CLOSE, MODES, answer, at_target, got, head, odd, passes, refused

ORIGIN, ABSOLUTE, ASTERISK, URI = "RFC 9112 §3.2.1", "RFC 9112 §3.2.2", "RFC 9112 §3.2.4", "RFC 3986 §3.3"


def lined(target, method=b"GET"):
    return head(line=method + b" " + target + b" HTTP/1.1")


def same(name, target, section=URI):
    """It goes through untouched."""
    return passes(name, section, lined(target), at_target(b"GET " + target + b" HTTP/1.1"))


def absolute(name, target, sent, host, *, method=b"GET", daemons=MODES):
    """The target's authority is the Host, whatever the Host field says."""
    return passes(name, ABSOLUTE, lined(target, method), at_target(method + b" " + sent + b" HTTP/1.1", host=host),
                  daemons=daemons)


def broken(name, target):
    """Not to be understood in one way, but no reader ends it in another place: it goes through where odd things do."""
    return odd(name, "RFC 3986 §2.1", lined(target), "NonCompliantUri",
               lambda last: at_target(b"GET " + target + b" HTTP/1.1", framing=last))


def no_form(name, target, section="RFC 9112 §3.2"):
    return refused(name, section, lined(target), "BadUri")


CASES = [
    same("a path and a query", b"/a/b?c=d&e=f", ORIGIN),
    same("an empty query is not none", b"/?", ORIGIN),
    same("question marks in a query", b"/?a?b/c?", ORIGIN),
    same("dot segments are the target's to resolve", b"/a/./b/../c"),
    same("empty segments stay", b"//a//b/"),
    same("what is percent-encoded stays so", b"/%61%2F%2e%2E%00%0d%0a%20?%61%26"),
    *broken("percent signs without their digits", b"/%zz%4"),
    *broken("a percent sign in a query", b"/?100%"),
    same("every byte that a path may have", b"/-._~!$&'()*+,;=:@azAZ09"),
    same("what browsers send though RFC 3986 does not list it", b"/a|b?q={\"x\":[1]}^`"),
    same("a path that looks like an absolute form", b"/http://b/"),
    same("a target of 8,000 bytes", b"/" + b"a" * 7999, "RFC 9112 §3"),

    passes("OPTIONS *", ASTERISK, lined(b"*", b"OPTIONS"), at_target(b"OPTIONS * HTTP/1.1")),
    refused("* without OPTIONS", ASTERISK, lined(b"*"), "BadUri"),
    refused("OPTIONS **", ASTERISK, lined(b"**", b"OPTIONS"), "BadUri"),
    refused("a path that begins with *", ASTERISK, lined(b"*/a"), "BadUri"),

    absolute("an absolute form wins over Host", b"http://b/p?q", b"/p?q", b"b:{port}"),
    absolute("an absolute form wins over Host that is kept as it is", b"http://B/p", b"/p", b"B", daemons=("preserve_host",)),
    absolute("an absolute form with a port", b"http://b:81/", b"/", b"b:81"),
    absolute("an absolute form with an empty port", b"http://b:/", b"/", b"b:{port}"),
    absolute("an absolute form without a path", b"http://b", b"/", b"b:{port}"),
    absolute("an absolute form without a path but with a query", b"http://b?q", b"/?q", b"b:{port}"),
    absolute("an absolute form of IPv6", b"http://[::1]:81/", b"/", b"[::1]:81"),
    absolute("a scheme in capitals, a host too", b"HTTP://B.Example/A", b"/A", b"b.example:{port}"),
    absolute("the scheme https", b"https://b/", b"/", b"b:{port}"),
    absolute("OPTIONS about a whole server", b"http://b", b"*", b"b:{port}", method=b"OPTIONS"),
    absolute("OPTIONS about a path", b"http://b/", b"/", b"b:{port}", method=b"OPTIONS"),
    refused("an absolute form without Host", "RFC 9112 §3.2", head(line=b"GET http://b/ HTTP/1.1", host=b"")),
    refused("an absolute form with two Hosts", "RFC 9112 §3.2", head(b"Host: b\r\n", b"GET http://b/ HTTP/1.1")),
    refused("an absolute form with a Host that is none", "RFC 9112 §3.2",
            head(line=b"GET http://b/ HTTP/1.1", host=b"Host: @\r\n")),
    passes("an absolute form in HTTP/1.0", ABSOLUTE, b"GET http://b/ HTTP/1.0\r\n\r\n", at_target(host=b"b:{port}"),
           answer(b"Content-Length: 0\r\n"), got(b"Content-Length: 0\r\n" + CLOSE), close=True),

    no_form("no form at all", b"a"),
    no_form("an authority", b"a:80", "RFC 9112 §3.2.3"),
    no_form("a query alone", b"?a"),
    no_form("another scheme", b"ftp://a/", "RFC 9110 §4.2"),
    no_form("a scheme and no authority", b"http:/a", "RFC 9110 §4.2.1"),
    no_form("an empty host", b"http:///a", "RFC 9110 §4.2.1"),
    no_form("nothing behind the scheme", b"http://", "RFC 9110 §4.2.1"),
    no_form("a port and no host", b"http://:80/", "RFC 9110 §4.2.1"),
    no_form("a user", b"http://u@a/", "RFC 9110 §4.2.4"),
    no_form("a user and a password", b"http://u:p@a/", "RFC 9110 §4.2.4"),
    no_form("a port of letters", b"http://a:b/", "RFC 3986 §3.2.3"),
    no_form("a port over 65535", b"http://a:65536/", "RFC 3986 §3.2.3"),
    no_form("an IPv6 address without its end", b"http://[::1/", "RFC 3986 §3.2.2"),
    no_form("an IPv6 address that is none", b"http://[::g]/", "RFC 3986 §3.2.2"),
    no_form("a host with a broken percent-encoding", b"http://a%zz/", "RFC 3986 §2.1"),
    no_form("a fragment", b"/a#b", ORIGIN),
    no_form("a backslash", b"/a\\b"),
    no_form("a backslash for the first slash", b"\\a"),
    no_form("angle brackets", b"/<a>"),
    no_form("NUL", b"/a\x00b"),
    no_form("a carriage return", b"/a\rb"),
    *(refused(f"the byte {byte:#04x}", URI, lined(b"/a%cb" % byte), "AmbiguousUri")
      for byte in (0x01, 0x07, 0x08, 0x0b, 0x0c, 0x1b, 0x1f, 0x7f, 0x80, 0xa0, 0xff)),
    refused("UTF-8", URI, lined("/ä".encode()), "AmbiguousUri"),
    refused("UTF-8 in a query", URI, lined("/?ä".encode()), "AmbiguousUri"),
    refused("a tab", URI, lined(b"/a\tb"), "AmbiguousUri"),
    refused("a space in the path", URI, lined(b"/a b"), "SpaceInUri"),
    refused("a space in the query", URI, lined(b"/?a b"), "SpaceInUri"),
    refused("a space and the look of a version", URI, lined(b"/ HTTP/1.1"), "SpaceInUri"),
    refused("a space in an absolute form", URI, lined(b"http://a/ b"), "SpaceInUri"),
]
