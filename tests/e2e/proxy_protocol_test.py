"""PROXY protocol on a listener: whose headers are heard, what they change, what is refused; sent by hand, by curl and by
HAProxy."""

import ipaddress
import json
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

from support import Case, Program, TIMEOUT, free_port, read_answer, read_to_end

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"  # not on everybody's PATH
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ECHO = b"GET /__echo HTTP/1.1\r\nHost: shop.test\r\n\r\n"


def v1(source="192.0.2.7", port=40000):
    family = "TCP6" if ":" in source else "TCP4"
    destination = "2001:db8::2" if ":" in source else "198.51.100.2"
    return f"PROXY {family} {source} {destination} {port} 443\r\n".encode()


def binary(command, pair, block):
    return SIGNATURE + bytes([0x20 | command, pair]) + struct.pack(">H", len(block)) + block


def v2(source="192.0.2.7", port=40000, tlvs=b""):
    address = ipaddress.ip_address(source).packed
    return binary(1, 0x21 if ":" in source else 0x11, address + address + struct.pack(">HH", port, 443) + tlvs)


def xff(body):
    """X-Forwarded-For of what the target says that it got."""
    return {name.lower(): value for name, value in json.loads(body)["headers"]}["x-forwarded-for"]


def connect_from(port, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT, source_address=(source, 0))


class ProxyProtocol(Case):
    def start(self, version, trusted='"127.0.0.1"', settings=""):
        if not hasattr(self, "app"):
            self.app = self.echo("app")
        port, admin = free_port(), free_port()
        return self.kanaria_with(self.text(port, admin, version, trusted, settings), port, admin)

    def text(self, port, admin, version, trusted='"127.0.0.1"', settings=""):
        return f"""
workers: 1
load_balancer: {{{settings}}}
admin: {{address: "127.0.0.1:{admin}"}}
listeners:
  - name: edge
    port: {port}
    address: "127.0.0.1"
    proxy_protocol: {{version: {version}, trusted: [{trusted}]}}
    rules:
      - priority: 1
        conditions: [{{source_ip: ["203.0.113.0/24", "2001:db8:5::/48"]}}]
        action: {{fixed_response: {{status_code: 200, content_type: text/plain, message_body: by source}}}}
    default_action: {{target_group: app}}
target_groups:
  - {{name: app, health_check: {{enabled: false}}, targets: ["{self.app.target}"]}}
"""

    def reload(self, daemon, version, trusted='"127.0.0.1"'):
        daemon.config.write_text(self.text(daemon.port, daemon.admin, version, trusted))
        daemon.reload()

    def answer(self, daemon, sent, source="127.0.0.1"):
        with connect_from(daemon.port, source) as sock:
            sock.sendall(sent)
            return read_answer(sock)

    def forwarded_for(self, daemon, header, source="127.0.0.1"):
        """X-Forwarded-For as the target gets it."""
        status, _, body = self.answer(daemon, header + ECHO, source)
        self.assertEqual(status, 200, body)
        return xff(body)

    def assert_closed_unheard(self, daemon, sent):
        before = self.refused(daemon)
        with connect_from(daemon.port) as sock:
            sock.sendall(sent)
            self.assert_nothing_comes(sock)
        self.assertEqual(self.refused(daemon), before + 1, sent)

    def assert_nothing_comes(self, sock):
        try:
            self.assertEqual(read_to_end(sock), b"")
        except ConnectionResetError:
            pass  # it left bytes unread

    def refused(self, daemon):
        return daemon.metric("connections_refused_total", listener="edge", reason="proxy_protocol")

    def test_each_version_in_one_packet_with_the_request(self):
        for version, headers in {"v1": [v1], "v2": [v2], "any": [v1, v2]}.items():
            daemon = self.start(version)
            for header in headers:
                for source in ("192.0.2.7", "2001:db8::7"):
                    self.assertEqual(self.forwarded_for(daemon, header(source)), source)
            self.assertEqual(self.forwarded_for(daemon, headers[0]("::ffff:192.0.2.7")), "192.0.2.7")
            self.assertEqual(self.refused(daemon), 0)

    def test_the_other_version_is_refused(self):
        for version, other in {"v1": v2(), "v2": v1()}.items():
            daemon = self.start(version)
            self.assert_closed_unheard(daemon, other + ECHO)
            daemon.wait_for_line(rf"warn.*listener edge: .*127\.0\.0\.1:\d+ unheard: its header is .*{version} is configured")

    def test_in_single_bytes(self):
        daemon = self.start("any")
        for header in (v1(), v2()):
            with connect_from(daemon.port) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in header + ECHO:
                    sock.send(bytes([byte]))
                status, _, body = read_answer(sock)
            self.assertEqual((status, xff(body)), (200, "192.0.2.7"))

    def test_it_stands_for_the_whole_connection(self):
        daemon = self.start("v2")
        with connect_from(daemon.port) as sock:
            sock.sendall(v2("203.0.113.9") + ECHO + ECHO)
            answers = [read_answer(sock), read_answer(sock)]
            sock.sendall(ECHO)
            answers.append(read_answer(sock))
        self.assertEqual([(status, body) for status, _, body in answers], [(200, b"by source")] * 3)

    def test_a_second_header_is_a_malformed_request(self):
        daemon = self.start("v1")
        with connect_from(daemon.port) as sock:
            sock.sendall(v1() + v1() + ECHO)
            self.assertTrue(read_to_end(sock).startswith(b"HTTP/1.1 400 "))

    def test_local_and_unknown_leave_the_connections_own_address(self):
        daemon = self.start("any")
        headers = {
            "UNKNOWN": b"PROXY UNKNOWN\r\n",
            "UNKNOWN with a rest": b"PROXY UNKNOWN 203.0.113.9 192.0.2.1 1 2\r\n",
            "LOCAL": binary(0, 0, b""),
            "LOCAL with addresses": binary(0, 0x11, socket.inet_aton("203.0.113.9") * 2 + b"\0\1\0\2"),
            "unspecified": binary(1, 0, b""),
            "Unix": binary(1, 0x31, b"/client".ljust(108, b"\0") * 2),
        }
        for description, header in headers.items():
            with self.subTest(description):
                self.assertEqual(self.forwarded_for(daemon, header), "127.0.0.1")

    def test_who_is_not_trusted_is_a_client_like_any_other(self):
        daemon = self.start("any")
        self.assertEqual(self.forwarded_for(daemon, b"", source="127.0.0.2"), "127.0.0.2")
        for header in (v1("203.0.113.9"), v2("203.0.113.9")):
            with connect_from(daemon.port, "127.0.0.2") as sock:
                sock.sendall(header + ECHO)
                self.assertTrue(read_to_end(sock).startswith(b"HTTP/1.1 400 "))
        self.assertEqual(self.refused(daemon), 0)

    def test_a_trusted_peer_without_a_header_is_refused_at_once(self):
        # The time-outs are longer than the test may take.
        daemon = self.start("any", settings="request_header_timeout: 1h, idle_timeout: 1h")
        for sent in (ECHO, b"POST / HTTP/1.1\r\n", b"\r\n" + ECHO, b"\x16\x03\x01"):
            self.assert_closed_unheard(daemon, sent)

    def test_malformed_headers_are_refused(self):
        daemon = self.start("any", settings="request_header_timeout: 1h, idle_timeout: 1h")
        for sent in (b"PROXY TCP4 192.0.2.7 198.51.100.2 080 443\r\n", b"PROXY TCP4 ::1 ::1 1 2\r\n",
                     b"PROXY UNKNOWN " + b"x" * 93, v1().replace(b"\r\n", b"\n"),
                     binary(2, 0x11, b"\0" * 12), binary(1, 0x41, b"\0" * 12), binary(1, 0x11, b"\1" * 11),
                     SIGNATURE + b"\x21\x11\xff\xff", v2(tlvs=b"\x04\0\x09x"), v2(tlvs=b"\x03\0\x04\0\0\0\0")):
            with self.subTest(sent):
                self.assert_closed_unheard(daemon, sent)

    def test_refusals_are_counted_each_and_logged_once(self):
        daemon = self.start("any")
        for _ in range(5):
            self.assert_closed_unheard(daemon, ECHO)
        self.assertEqual(daemon.stop(), 0)
        lines = [line for line in daemon.lines if "unheard" in line]
        self.assertEqual(len(lines), 1, daemon.output())
        self.assertIn("it does not begin with a PROXY header", lines[0])

    def test_a_header_that_is_cut_is_refused_and_silence_is_not(self):
        daemon = self.start("any")
        for sent, refused in ((b"", 0), (v1()[:20], 1), (v2()[:20], 1)):
            before = self.refused(daemon)
            with connect_from(daemon.port) as sock:
                sock.sendall(sent)
                sock.shutdown(socket.SHUT_WR)
                self.assert_nothing_comes(sock)
            self.assertEqual(self.refused(daemon) - before, refused, sent)

    def test_a_slow_header_is_given_request_header_timeout(self):
        daemon = self.start("any", settings="request_header_timeout: 300ms, idle_timeout: 1h")
        with connect_from(daemon.port) as sock:
            sock.sendall(v2()[:20])
            began = time.monotonic()
            self.assert_nothing_comes(sock)
            self.assertGreater(time.monotonic() - began, 0.2)
        self.assertEqual(self.refused(daemon), 1)
        daemon.wait_for_line("unheard: its header was not whole in time")

    def test_silence_is_given_the_idle_timeout(self):
        daemon = self.start("any", settings="request_header_timeout: 100ms, idle_timeout: 1s")
        began = time.monotonic()
        with connect_from(daemon.port) as sock:
            self.assertEqual(read_to_end(sock), b"")
        self.assertGreater(time.monotonic() - began, 0.8)
        self.assertEqual(self.refused(daemon), 0)

    def test_with_the_clients_port_and_in_the_access_log(self):
        daemon = self.start("any", settings="enable_xff_client_port: true")
        self.assertEqual(self.forwarded_for(daemon, v1("192.0.2.7", 40001)), "192.0.2.7:40001")
        self.assertEqual(self.forwarded_for(daemon, v2("2001:db8::7", 40002)), "[2001:db8::7]:40002")
        daemon.wait_for_line(r"^http \S+ \S+ 192\.0\.2\.7:40001 ")
        daemon.wait_for_line(r"^http \S+ \S+ \[?2001:db8::7\]?:40002 ")

    def test_source_ip_conditions_see_the_client(self):
        daemon = self.start("any", trusted='"127.0.0.0/8"')
        self.assertEqual(self.answer(daemon, v1("203.0.113.9") + ECHO)[2], b"by source")
        self.assertEqual(self.answer(daemon, v2("2001:db8:5::9") + ECHO)[2], b"by source")
        self.assertNotEqual(self.answer(daemon, v1("192.0.2.7") + ECHO)[2], b"by source")

    def test_the_header_is_not_among_the_bytes_of_the_request(self):
        daemon = self.start("any")
        self.answer(daemon, v2() + ECHO)
        daemon.wait_for_line(rf'^http .* {len(ECHO)} \d+ "GET ')

    def test_a_reload_turns_it_on_and_off_for_new_connections(self):
        daemon = self.start("off", trusted="")
        with connect_from(daemon.port) as kept:
            kept.sendall(ECHO)
            read_answer(kept)
            self.reload(daemon, "v1")
            self.assertEqual(self.forwarded_for(daemon, v1()), "192.0.2.7")
            self.assert_closed_unheard(daemon, ECHO)
            kept.sendall(ECHO)  # it had begun without
            self.assertEqual(read_answer(kept)[0], 200)
        with connect_from(daemon.port) as kept:
            kept.sendall(v1("203.0.113.9") + ECHO)
            read_answer(kept)
            self.reload(daemon, "off", "")
            self.assertEqual(self.forwarded_for(daemon, b""), "127.0.0.1")
            kept.sendall(ECHO)
            self.assertEqual(read_answer(kept)[2], b"by source")

    def test_who_waits_at_a_listener_that_a_reload_removes_is_heard_as_before(self):
        daemon = self.start("any")
        daemon.signal(signal.SIGSTOP)
        try:
            waiting = [connect_from(daemon.port) for _ in range(1000)]  # a turn takes 64 of them
            for sock in waiting[1:]:
                sock.sendall(v1("203.0.113.9") + ECHO)
            waiting[0].sendall(ECHO)  # and who sends none is closed as before
            daemon.config.write_text(self.text(free_port(), daemon.admin, "any"))
            daemon.signal(signal.SIGHUP)
        finally:
            daemon.signal(signal.SIGCONT)
        self.assert_nothing_comes(waiting[0])
        self.assertEqual({read_answer(sock)[2] for sock in waiting[1:]}, {b"by source"})
        for sock in waiting:
            sock.close()

    def test_a_drain_ends_connections_that_wait_for_a_header(self):
        daemon = self.start("any", settings="request_header_timeout: 1h, idle_timeout: 1h, drain_timeout: 1h")
        with connect_from(daemon.port) as silent, connect_from(daemon.port) as slow:
            slow.sendall(v1()[:20])
            deadline = time.monotonic() + TIMEOUT
            while daemon.metric("client_connections", listener="edge") < 2:
                self.assertLess(time.monotonic(), deadline)
            daemon.signal(signal.SIGTERM)
            for sock in (silent, slow):
                self.assert_nothing_comes(sock)
            self.assertEqual(daemon.wait(), 0)

    def test_the_admin_address_never_speaks_it(self):
        daemon = self.start("any")
        with connect_from(daemon.admin) as sock:
            sock.sendall(v1() + b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.assertIn(b" 400 ", read_to_end(sock).partition(b"\r\n")[0])

    def test_curl(self):
        daemon = self.start("v1")
        curl = subprocess.run(["curl", "-sS", "--max-time", "30", "--haproxy-protocol",
                               f"http://127.0.0.1:{daemon.port}/", f"http://127.0.0.1:{daemon.port}/"],
                              capture_output=True, text=True, timeout=TIMEOUT * 2, check=False)
        self.assertEqual((curl.returncode, curl.stdout), (0, "APP_NAME: app" * 2), curl.stderr)

    def test_haproxy(self):
        for option, version in (("send-proxy", "v1"), ("send-proxy-v2", "v2"),
                                ("send-proxy-v2 proxy-v2-options crc32c,unique-id", "v2")):
            with self.subTest(option):
                daemon = self.start(version)
                front = free_port()
                text = (f"defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n"
                        f"listen front\n bind 127.0.0.1:{front}\n server kanaria 127.0.0.1:{daemon.port} {option}\n")
                haproxy = Program([HAPROXY, "-db", "-f", self.write("haproxy.cfg", text)])
                self.addCleanup(self._end, haproxy)
                haproxy.ends_with = -signal.SIGTERM
                deadline = time.monotonic() + TIMEOUT
                while True:
                    try:
                        sock = connect_from(front, "127.0.0.9")
                        break
                    except ConnectionRefusedError:
                        self.assertLess(time.monotonic(), deadline, haproxy.output())
                        time.sleep(0.01)
                with sock:
                    port = sock.getsockname()[1]
                    sock.sendall(ECHO)
                    status, _, body = read_answer(sock)
                self.assertEqual(status, 200)
                self.assertIn("127.0.0.9", body.decode())
                daemon.wait_for_line(rf"^http \S+ \S+ 127\.0\.0\.9:{port} ")


if __name__ == "__main__":
    unittest.main()
