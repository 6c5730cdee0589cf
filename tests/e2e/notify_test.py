"""What a service manager is told by sd_notify: a real datagram socket stands in for systemd's."""

import os
import re
import secrets
import signal
import socket
import time
import unittest
from unittest import mock

from support import BIN, TIMEOUT, Case, Program, config_text, free_port, get, run_cli

IN_FORCE = r"1 listener, configuration [0-9a-f]{12}"


class Notify(Case):
    def listen(self, address):
        """The manager's end. Programs that start from here on are told of it."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        self.socket.settimeout(TIMEOUT)
        environment = mock.patch.dict(os.environ, {"NOTIFY_SOCKET": address})
        environment.start()
        self.addCleanup(environment.stop)

    def start(self, address=None, **settings):
        self.listen(address or str(self.dir / "notify"))
        return self.kanaria({"app": (1, [])}, **settings)

    def told(self):
        """The next message, as a dictionary."""
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def assert_nothing_more(self):
        self.socket.setblocking(False)
        self.assertRaises(BlockingIOError, self.socket.recv, 4096)
        self.socket.settimeout(TIMEOUT)

    def assert_ready(self, status):
        message = self.told()
        self.assertEqual(message.keys(), {"READY", "STATUS"})
        self.assertEqual(message["READY"], "1")
        self.assertRegex(message["STATUS"], f"^{status}$")

    def assert_reloading(self, since):
        message = self.told()
        self.assertEqual(message.keys(), {"RELOADING", "MONOTONIC_USEC", "STATUS"})
        self.assertEqual((message["RELOADING"], message["STATUS"]), ("1", "reloading"))
        microseconds = int(message["MONOTONIC_USEC"])
        self.assertTrue(since <= microseconds * 1000 <= time.monotonic_ns(), message)

    def assert_stopping(self, seconds):
        self.assertEqual(self.told(), {"STOPPING": "1", "STATUS": "draining",
                                       "EXTEND_TIMEOUT_USEC": str(seconds * 1_000_000)})

    def test_a_life_is_told_in_order(self):
        daemon = self.start()
        self.assert_ready(f"ready: {IN_FORCE}")
        fine = daemon.config.read_text()
        for description, text, status in (
                ("a fine file", fine.replace("weight: 1", "weight: 2"), f"ready: {IN_FORCE}"),
                ("a faulty one", "workers: many\nlisteners: 5\n", f"reload refused: 2 faults; in force: {IN_FORCE}"),
                ("a fine one again", fine, f"ready: {IN_FORCE}")):
            with self.subTest(description):
                daemon.config.write_text(text)
                since = time.monotonic_ns()
                daemon.signal(signal.SIGHUP)
                self.assert_reloading(since)
                self.assert_ready(status)
        self.assert_nothing_more()
        daemon.signal(signal.SIGTERM)
        self.assert_stopping(25 + 0 + 5)
        self.assertEqual(daemon.wait(), 0)
        self.assert_nothing_more()

    def test_it_is_ready_when_it_says_so(self):
        self.listen(str(self.dir / "notify"))
        port, admin = free_port(), free_port()
        config = self.write("kanaria.yaml", config_text(port, admin, {"app": (1, [])}))
        daemon = Program([BIN / "kanaria", "serve", "--config", config])
        self.addCleanup(self._end, daemon)
        self.assert_ready(f"ready: {IN_FORCE}")
        self.assertEqual((get(admin, "/readyz")[0], get(port)[0]), (200, 503))

    def test_the_command_and_its_refusal_are_told_too(self):
        daemon = self.start()
        self.assert_ready(f"ready: {IN_FORCE}")
        since = time.monotonic_ns()
        daemon.reload()
        self.assert_reloading(since)
        self.assert_ready(f"ready: {IN_FORCE}")
        daemon.config.write_text("")
        self.assertEqual(daemon.reload(check=False).returncode, 78)
        self.assert_reloading(since)
        self.assert_ready(f"reload refused: 1 fault; in force: {IN_FORCE}")
        self.assert_nothing_more()

    def test_the_hash_is_that_of_the_metrics(self):
        daemon = self.start()
        told = re.search(r"configuration (\w+)", self.told()["STATUS"])[1]
        self.assertIn(told, daemon.metrics())

    def test_a_socket_without_a_file_works_too(self):
        daemon = self.start("@kanaria-test-" + secrets.token_hex(8))
        self.assert_ready(f"ready: {IN_FORCE}")
        daemon.signal(signal.SIGTERM)
        self.assert_stopping(25 + 0 + 5)

    def test_the_patience_asked_for_covers_both_times(self):
        daemon = self.start(load_balancer={"drain_timeout": "2m", "drain_delay": "1s"})
        self.assert_ready(f"ready: {IN_FORCE}")
        daemon.signal(signal.SIGTERM)
        self.assert_stopping(120 + 1 + 5)

    def test_a_manager_that_is_gone_disturbs_nobody(self):
        daemon = self.start()
        self.socket.close()
        daemon.reload()
        self.assertEqual(daemon.stop(), 0)

    def test_a_manager_that_does_not_read_holds_nothing_up(self):
        daemon = self.start()
        for _ in range(40):  # more than the kernel keeps for it (net.unix.max_dgram_qlen)
            daemon.reload()
        self.assertEqual(daemon.stop(), 0)

    def test_a_bad_configuration_is_never_ready(self):
        self.listen(str(self.dir / "notify"))
        self.assertEqual(run_cli("serve", "--config", self.write("bad.yaml", "")).returncode, 78)
        self.assert_nothing_more()


if __name__ == "__main__":
    unittest.main()
