"""kanaria-echo's command line: what is wrong with it is said in words that lead to the cause."""

import os
import socket
import subprocess
import unittest

from support import BIN, TIMEOUT, Case, free_port


class Echo(Case):
    def assert_ends(self, code, words, *flags, env=None):
        result = subprocess.run([str(BIN / "kanaria-echo"), *flags], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=TIMEOUT, env={**os.environ, **(env or {})}, check=False)
        text = result.stdout + result.stderr
        self.assertEqual(result.returncode, code, text)
        self.assertRegex(text, words)

    def test_a_port_in_use_is_exit_1_and_named(self):
        with socket.create_server(("127.0.0.1", free_port())) as taken:
            port = str(taken.getsockname()[1])
            self.assert_ends(1, rf"^kanaria-echo: can't listen on 127\.0\.0\.1:{port}: Address already in use\n$",
                             "--address", "127.0.0.1", "--port", port)

    def test_a_socket_in_no_folder_is_exit_1_and_named(self):
        path = f"{self.dir}/missing/app.sock"
        self.assert_ends(1, f"can't listen on {path}: No such file or directory", "--listen", f"unix:{path}")

    def test_what_is_no_port_or_address_is_exit_2_and_named(self):
        self.assert_ends(2, "PORT in the environment, must be 0-65535, not abc", env={"PORT": "abc"})
        self.assert_ends(2, "--port: .*not 65536", "--port", "65536")
        self.assert_ends(2, "--address: must be an IP address, not nowhere", "--address", "nowhere")

    def test_it_tells_its_version(self):
        self.assert_ends(0, r"^kanaria-echo \d+\.\d+\.\d+\n$", "--version")


if __name__ == "__main__":
    unittest.main()
