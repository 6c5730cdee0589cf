"""Host: exactly one, and one that names a host."""

from vocabulary import at_target, head, passes, refused

HOST, NAME, ADDRESS, PORT = "RFC 9112 §3.2", "RFC 3986 §3.2.2", "RFC 3986 §3.2.2", "RFC 3986 §3.2.3"


def named(text):
    return head(host=b"Host:" + text + b"\r\n")


def becomes(name, text, host, section=NAME):
    return passes(name, section, named(b" " + text), at_target(host=host))


def none(name, text, section=NAME, reason="-"):
    return refused(name, section, named(b" " + text), reason)


CASES = [
    becomes("a name, and the listener's port", b"example.com", b"example.com:{port}"),
    becomes("a name in capitals", b"Example.COM", b"example.com:{port}"),
    becomes("a port stays", b"a:81", b"a:81", PORT),
    becomes("an empty port is none", b"a:", b"a:{port}", PORT),
    becomes("the highest port", b"a:65535", b"a:65535", PORT),
    becomes("an IPv4 address", b"127.0.0.1", b"127.0.0.1:{port}", ADDRESS),
    becomes("an IPv6 address", b"[::1]", b"[::1]:{port}", ADDRESS),
    becomes("an IPv6 address with a port", b"[2001:DB8::1]:81", b"[2001:db8::1]:81", ADDRESS),
    becomes("a dot at the end", b"a.", b"a.:{port}"),
    becomes("an underscore", b"a_b", b"a_b:{port}"),
    becomes("every other byte that a name may have", b"a-._~!$&'()*+,;=", b"a-._~!$&'()*+,;=:{port}"),
    becomes("a percent-encoding", b"a%2fb", b"a%2fb:{port}", "RFC 3986 §2.1"),
    becomes("a name of 255 bytes", b"a" * 255, b"a" * 255 + b":{port}"),
    passes("white space around it", "RFC 9110 §5.5", named(b"\t  a \t"), at_target()),
    passes("no space before it", "RFC 9110 §5.5", named(b"a"), at_target()),
    passes("its name in capitals", "RFC 9110 §5.1", head(host=b"HOST: a\r\n"), at_target()),
    passes("the target gets it first", "RFC 9110 §7.2", head(b"B: 2\r\nHost: a\r\n", host=b"A: 1\r\n"),
           at_target(fields=b"A: 1\r\nB: 2\r\n")),
    passes("Connection can't take it away", "RFC 9110 §7.6.1", head(b"Connection: host\r\n"), at_target()),
    passes("as it is, where the operator wants it so", "ALB preserve_host_header", named(b" Example.COM"),
           at_target(host=b"Example.COM"), daemons=("preserve_host",)),
    passes("as it is with a port", "ALB preserve_host_header", named(b" a:80"), at_target(host=b"a:80"),
           daemons=("preserve_host",)),

    refused("none", HOST, head(host=b"")),
    refused("none, but a field that looks like it", HOST, head(host=b"X-Host: a\r\n")),
    refused("two", HOST, head(b"Host: b\r\n")),
    refused("the same twice", HOST, head(b"Host: a\r\n")),
    refused("two with other fields between them", HOST, head(b"A: 1\r\nhost: b\r\n")),
    none("an empty one", b""),
    none("two words", b"a b"),
    none("a list", b"a, b"),
    none("a user", b"u@a", "RFC 9110 §7.2"),
    none("a path", b"a/", "RFC 9110 §7.2"),
    none("a whole URI", b"http://a/", "RFC 9110 §7.2"),
    none("a query", b"a?b", "RFC 9110 §7.2"),
    none("a fragment", b"a#b", "RFC 9110 §7.2"),
    none("a backslash", b"a\\b"),
    none("an angle bracket", b"<a"),
    none("quotes", b"\"a\""),
    none("a broken percent-encoding", b"a%4", "RFC 3986 §2.1"),
    none("a percent-encoding that is none", b"a%zz", "RFC 3986 §2.1"),
    none("a name of 256 bytes", b"a" * 256),
    none("a port and no name", b":80", PORT),
    none("a port of letters", b"a:b", PORT),
    none("a negative port", b"a:-1", PORT),
    none("a port with a sign", b"a:+80", PORT),
    none("a port over 65535", b"a:65536", PORT),
    none("two ports", b"a:80:81", PORT),
    none("a space before the port", b"a: 80", PORT),
    none("an IPv6 address without brackets", b"::1", ADDRESS),
    none("an IPv6 address without its end", b"[::1", ADDRESS),
    none("a byte behind the bracket", b"[::1]a", ADDRESS),
    none("empty brackets", b"[]", ADDRESS),
    none("an IPv4 address in brackets", b"[127.0.0.1]", ADDRESS),
    none("a zone", b"[fe80::1%eth0]", ADDRESS),
    none("a high byte", b"\xe4", NAME, None),
    none("a tab inside", b"a\tb"),
]
