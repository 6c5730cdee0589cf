"""What a proxy does with what it understands: Expect, Max-Forwards, Upgrade, X-Forwarded-*, and methods."""

from vocabulary import (CHUNKED, CLOSE, FORWARDED, GOT_OK, OK, Answers, Arrives, Chunks, Ends, Gets, HalfCloses, Sends,
                        TargetCloses, TargetEnds, answer, at_target, case, got, head, logged, passes, post, refused)

EXPECT, FORWARDS, UPGRADE, XFF = "RFC 9110 §10.1.1", "RFC 9110 §7.6.2", "RFC 9110 §7.8", "ALB X-Forwarded-For"
LENGTH = b"Content-Length: 5\r\n"
POST = b"POST / HTTP/1.1"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
WEBSOCKET = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\n"


def expects(text=b"100-continue"):
    return b"Expect: " + text + b"\r\n"


def options(name, value, sent, target=b"/"):
    return passes(name, FORWARDS, head(b"Max-Forwards: " + value + b"\r\n", b"OPTIONS " + target + b" HTTP/1.1"),
                  at_target(b"OPTIONS " + target + b" HTTP/1.1", b"Max-Forwards: " + sent + b"\r\n"))


def last_hop(name, fields, target=b"/"):
    """The proxy is the one that is asked."""
    return case(name, FORWARDS, [Sends(head(fields, b"OPTIONS " + target + b" HTTP/1.1")),
                                 Gets(*got(b"Server: kanaria\r\nContent-Length: 0\r\n"))], [logged(200)])


def no_forwards(name, fields):
    return refused(name, FORWARDS, head(fields, b"OPTIONS / HTTP/1.1"))


def tunnel(name, fields, sent=b"", answers=WEBSOCKET, gets=b"Upgrade: websocket\r\nConnection: Upgrade\r\n", section=UPGRADE):
    return case(name, section, [
        Sends(head(fields)), Arrives(*at_target(fields=sent, framing=WEBSOCKET)), Answers(SWITCHED + answers + b"\r\n"),
        Gets(SWITCHED + gets + b"\r\n"), Sends(b"\x81\x00GET / HTTP/1.1\r\n\r\n"), Arrives(b"\x81\x00GET / HTTP/1.1\r\n\r\n"),
        Answers(b"\x82\x00HTTP/1.1 200 OK\r\n\r\n"), Gets(b"\x82\x00HTTP/1.1 200 OK\r\n\r\n"),
        TargetCloses(), Ends(), HalfCloses(), TargetEnds()], [logged(101)])


def no_upgrade(name, request, arrived=None, section=UPGRADE):
    return passes(name, section, request, arrived)


def xff(name, sent, arrived, section=XFF, daemons=("monitor", "defensive", "strictest")):
    return passes(name, section, head(sent), at_target(forwarded=arrived + FORWARDED.partition(b"\r\n")[2]), daemons=daemons)


def ours(name, fields):
    """What a client says where we speak is dropped."""
    return passes(name, "ALB X-Forwarded headers", head(fields))


def traced(name, value, arrived):
    return passes(name, "ALB X-Amzn-Trace-Id", head(b"X-Amzn-Trace-Id: " + value + b"\r\n"),
                  at_target(forwarded=FORWARDED.replace(b"Root={id}", arrived)))


def preserved(name, fields, section=XFF):
    return passes(name, section, head(fields), at_target(fields=fields, forwarded=FORWARDED.partition(b"\r\n")[2]),
                  daemons=("xff_preserve",))


CASES = [
    case("100-continue is the target's to answer", EXPECT, [
        Sends(post(expects() + LENGTH)), Arrives(*at_target(POST, expects(), LENGTH)), Answers(CONTINUE), Gets(CONTINUE),
        Sends(b"hello"), Arrives(b"hello"), Answers(OK), Gets(*GOT_OK)], [logged(200)]),
    case("100-continue before chunks", EXPECT, [
        Sends(post(expects() + CHUNKED)), Arrives(*at_target(POST, expects(), CHUNKED)), Answers(CONTINUE), Gets(CONTINUE),
        Sends(b"5\r\nhello\r\n0\r\n\r\n"), Arrives(Chunks(b"hello")), Answers(OK), Gets(*GOT_OK)], [logged(200)]),
    case("a target that refuses instead", EXPECT, [
        Sends(post(expects() + LENGTH)), Arrives(*at_target(POST, expects(), LENGTH)),
        Answers(answer(b"Content-Length: 2\r\n", b"no", b"403 Forbidden")),
        Gets(*got(b"Content-Length: 2\r\n" + CLOSE, b"no", status=b"403 Forbidden")), Ends(), TargetEnds()], [logged(403)]),
    passes("100-continue and the body at once", EXPECT, post(expects() + LENGTH, b"hello"),
           at_target(POST, expects(), LENGTH, b"hello"), CONTINUE + OK, (CONTINUE + GOT_OK[0],)),
    passes("100-continue in other letters", EXPECT, post(expects(b"100-Continue") + LENGTH, b"hello"),
           at_target(POST, expects(b"100-Continue"), LENGTH, b"hello")),
    refused("an expectation that nobody knows", EXPECT, head(expects(b"200-ok")), status=417),
    refused("100-continue and another expectation", EXPECT, post(expects(b"100-continue, x") + LENGTH, b"hello"), status=417),
    refused("another expectation in a second field", EXPECT, post(expects() + expects(b"x") + LENGTH, b"hello"), status=417),
    refused("100-continue with a value", EXPECT, post(expects(b"100-continue=1") + LENGTH, b"hello"), status=417),
    refused("a word that only begins like 100-continue", EXPECT, post(expects(b"100-continued") + LENGTH, b"hello"),
            status=417),

    options("Max-Forwards counts down", b"10", b"9"),
    options("Max-Forwards of one", b"1", b"0"),
    options("Max-Forwards about a whole server", b"2", b"1", b"*"),
    last_hop("Max-Forwards of zero ends here", b"Max-Forwards: 0\r\n"),
    last_hop("Max-Forwards of zero about a whole server", b"Max-Forwards: 0\r\n", b"*"),
    last_hop("Max-Forwards with leading zeros", b"max-forwards: 00\r\n"),
    no_forwards("Max-Forwards that is no number", b"Max-Forwards: x\r\n"),
    no_forwards("a negative Max-Forwards", b"Max-Forwards: -1\r\n"),
    no_forwards("an empty Max-Forwards", b"Max-Forwards:\r\n"),
    no_forwards("a Max-Forwards that goes on", b"Max-Forwards: 1x\r\n"),
    no_forwards("two Max-Forwards", b"Max-Forwards: 1\r\nMax-Forwards: 1\r\n"),
    refused("TRACE that ends here is refused all the same", FORWARDS, head(b"Max-Forwards: 0\r\n", b"TRACE / HTTP/1.1"),
            status=405),
    passes("Max-Forwards is nothing to other methods", FORWARDS, head(b"Max-Forwards: 0\r\n"),
           at_target(fields=b"Max-Forwards: 0\r\n")),
    passes("nor is one that is no number", FORWARDS, head(b"Max-Forwards: x\r\n"), at_target(fields=b"Max-Forwards: x\r\n")),

    tunnel("websocket", WEBSOCKET),
    tunnel("websocket with its fields", WEBSOCKET + b"Sec-WebSocket-Key: a\r\n", b"Sec-WebSocket-Key: a\r\n",
           WEBSOCKET + b"Sec-WebSocket-Accept: b\r\n",
           b"Upgrade: websocket\r\nSec-WebSocket-Accept: b\r\nConnection: Upgrade\r\n", "RFC 6455 §4"),
    tunnel("websocket in other letters", b"Connection: keep-alive, UPGRADE\r\nUpgrade: WebSocket\r\n"),
    tunnel("of several protocols, websocket goes on", b"Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n"),
    case("bytes behind an upgrade go into the tunnel, in both directions", UPGRADE, [
        Sends(head(WEBSOCKET) + b"\x81\x00"), Arrives(*at_target(framing=WEBSOCKET)),
        Answers(SWITCHED + WEBSOCKET + b"\r\n\x82\x00"),
        Gets(SWITCHED + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x82\x00"), Arrives(b"\x81\x00"),
        TargetCloses(), Ends(), HalfCloses(), TargetEnds()], [logged(101)]),
    case("bytes behind an upgrade that is declined are the next request", UPGRADE, [
        Sends(head(WEBSOCKET) + head()), Arrives(*at_target(framing=WEBSOCKET)), Answers(OK), Gets(*GOT_OK),
        Arrives(*at_target()), Answers(OK), Gets(*GOT_OK)], [logged(200)] * 2),
    case("a target that declines websocket", UPGRADE, [
        Sends(head(WEBSOCKET)), Arrives(*at_target(framing=WEBSOCKET)), Answers(OK), Gets(*GOT_OK)], [logged(200)]),
    no_upgrade("h2c", head(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
               section="RFC 9113 §3.1"),
    no_upgrade("TLS", head(b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n")),
    no_upgrade("websocket that Connection does not name", head(b"Upgrade: websocket\r\n")),
    no_upgrade("a Connection that names no protocol", head(b"Connection: Upgrade\r\n")),
    no_upgrade("websocket by POST", post(WEBSOCKET, b""), at_target(POST), "RFC 6455 §4.1"),
    no_upgrade("websocket with a body", post(WEBSOCKET + LENGTH, b"hello"),
               at_target(POST, framing=LENGTH, body=b"hello"), "RFC 6455 §4.1"),
    no_upgrade("a word that only begins like websocket", head(b"Connection: Upgrade\r\nUpgrade: websocket2\r\n")),

    xff("an address is appended", b"X-Forwarded-For: 192.0.2.1\r\n", b"X-Forwarded-For: 192.0.2.1, 127.0.0.1\r\n"),
    xff("several fields become one list", b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\n",
        b"X-Forwarded-For: 192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1\r\n"),
    xff("an empty list", b"X-Forwarded-For:\r\n", b"X-Forwarded-For: 127.0.0.1\r\n"),
    xff("what is no address stays: it is the client's word", b"X-Forwarded-For: unknown, \"_x\"\r\n",
        b"X-Forwarded-For: unknown, \"_x\", 127.0.0.1\r\n"),
    xff("with the client's port", b"X-Forwarded-For: 192.0.2.1\r\n", b"X-Forwarded-For: 192.0.2.1, 127.0.0.1:{client}\r\n",
        "ALB xff_client_port", ("client_port",)),
    preserved("an address is preserved", b"X-Forwarded-For: 192.0.2.1\r\n"),
    preserved("several fields are preserved as they are",
              b"X-Forwarded-For: 192.0.2.1\r\nX: a\r\nx-forwarded-for: 192.0.2.2\r\n"),
    xff("an address is removed", b"X-Forwarded-For: 192.0.2.1\r\nx-forwarded-for: b\r\n", b"", daemons=("xff_remove",)),
    ours("X-Forwarded-Proto", b"X-Forwarded-Proto: https\r\n"),
    ours("X-Forwarded-Proto twice, in other letters", b"x-forwarded-proto: a\r\nX-FORWARDED-PROTO: b\r\n"),
    ours("X-Forwarded-Port", b"X-Forwarded-Port: 443\r\n"),
    passes("Forwarded is the client's own", "RFC 7239 §4", head(b"Forwarded: for=192.0.2.1\r\n"),
           at_target(fields=b"Forwarded: for=192.0.2.1\r\n")),
    traced("a trace that began elsewhere", b"Root=1-5759e988-bd862e3fe1be46a994272793",
           b"Self={id};Root=1-5759e988-bd862e3fe1be46a994272793"),
    traced("a trace that came by another balancer",
           b"Self=1-67891234-12456789abcdef012345678;Root=1-67891233-abcdef012345678912345678",
           b"Self={id};Root=1-67891233-abcdef012345678912345678"),
    traced("a trace with fields of its own", b"Root=1-5759e988-bd862e3fe1be46a994272793;CalledFrom=app",
           b"Self={id};Root=1-5759e988-bd862e3fe1be46a994272793;CalledFrom=app"),

    passes("HEAD", "RFC 9110 §9.3.2", head(line=b"HEAD / HTTP/1.1"), at_target(b"HEAD / HTTP/1.1"), answer(LENGTH),
           got(LENGTH)),
    passes("PUT", "RFC 9110 §9.3.4", post(LENGTH, b"hello", b"PUT /a HTTP/1.1"),
           at_target(b"PUT /a HTTP/1.1", framing=LENGTH, body=b"hello")),
    passes("PATCH with chunks", "RFC 5789 §2", post(CHUNKED, b"5\r\nhello\r\n0\r\n\r\n", b"PATCH /a HTTP/1.1"),
           at_target(b"PATCH /a HTTP/1.1", framing=CHUNKED, body=Chunks(b"hello"))),
    passes("DELETE", "RFC 9110 §9.3.5", head(line=b"DELETE /a HTTP/1.1"), at_target(b"DELETE /a HTTP/1.1")),
    passes("DELETE with a body", "RFC 9110 §9.3.5", post(LENGTH, b"hello", b"DELETE /a HTTP/1.1"),
           at_target(b"DELETE /a HTTP/1.1", framing=LENGTH, body=b"hello")),
    passes("OPTIONS with a body", "RFC 9110 §9.3.7", post(LENGTH, b"hello", b"OPTIONS /a HTTP/1.1"),
           at_target(b"OPTIONS /a HTTP/1.1", framing=LENGTH, body=b"hello")),
    passes("a method that nobody knows, with a body", "RFC 9110 §9.1", post(LENGTH, b"hello", b"FROB /a HTTP/1.1"),
           at_target(b"FROB /a HTTP/1.1", framing=LENGTH, body=b"hello")),
    refused("a bad HEAD gets a head only", "RFC 9110 §9.3.2", b"HEAD / HTTP/1.1\r\n\r\n", body=False),
    refused("a HEAD with a bad field gets a head only", "RFC 9110 §9.3.2", head(b"X : a\r\n", b"HEAD / HTTP/1.1"),
            "BadHeader", body=False),
]
