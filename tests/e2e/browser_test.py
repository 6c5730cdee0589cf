"""A real browser keeps its side: Chromium, headless, with a profile on disk that outlives it. Skipped where it isn't
installed; scripts/setup.sh --lint installs it, and scripts/test.sh --full fails without it."""

import re
import shutil
import signal
import socket
import subprocess
import unittest
from collections import Counter

import stickiness_test
from stickiness_test import STICKY
from support import LONG, TIMEOUT, read_head

PER_USER = stickiness_test.PerUser.PER_USER
CHROMIUM = shutil.which("chromium")
PAGE = """<!doctype html><title>{name}</title><body><p id="page">{name}</p><p id="calls"></p><script>
const names = [];
for (let i = 0; i < 5; i++) fetch("/call?" + i).then(answer => answer.text()).then(name => {{
  names.push(name);
  if (names.length == 5) document.getElementById("calls").textContent = names.join(" ") + " end";
}});
</script>"""


@unittest.skipUnless(CHROMIUM or LONG, "chromium is not installed")
class Browsers(stickiness_test.Stickiness):
    def app(self, name):
        """A page whose script calls the application five times at once."""
        def serve(sock):
            while sock.recv(1, socket.MSG_PEEK):
                head = read_head(sock).decode()
                is_call = head.startswith("GET /call")
                body = name if is_call else PAGE.format(name=name)
                sock.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: text/{'plain' if is_call else 'html'}\r\nCache-Control: no-store\r\n"
                             f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return self.scripted(serve)

    def visit(self, profile):
        """Opens the page in a browser of its own process: who answered the page and its script's calls."""
        result = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={self.dir / profile}", "--virtual-time-budget=5000", "--dump-dom",
             f"http://127.0.0.1:{self.port}/"],
            capture_output=True, text=True, timeout=2 * TIMEOUT, check=True)
        page = re.search(r'id="page">([\w-]+)<', result.stdout)
        calls = re.search(r'id="calls">([\w -]+) end<', result.stdout)
        self.assertTrue(page and calls, result.stdout + result.stderr[-2000:])
        return [page[1], *calls[1].split()]

    def keeps_its_side(self, forward):
        apps = {name: [self.app(name)] for name in ("main", "canary")}
        daemon = self.start(apps, {"main": 50, "canary": 50}, forward)
        profiles = [f"profile-{i}" for i in range(2)]
        first = {profile: self.visit(profile) for profile in profiles}
        self.assertEqual(Counter(names[0] for names in first.values()), {"main": 1, "canary": 1})
        for names in first.values():
            self.assertEqual(set(names), {names[0]})

        self.change(daemon, apps, {"main": 40, "canary": 60} if forward == STICKY else {"main": 500, "canary": 500}, forward)
        self.assertEqual({profile: self.visit(profile) for profile in profiles}, first)
        daemon.stop()
        daemon = self.start(apps, {"main": 50, "canary": 50}, forward)
        self.assertEqual({profile: self.visit(profile) for profile in profiles}, first)
        daemon.ends_with = -signal.SIGKILL
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        daemon = self.start(apps, {"main": 50, "canary": 50}, forward)
        self.assertEqual({profile: self.visit(profile) for profile in profiles}, first)
        return daemon, apps, profiles

    def test_keep_their_group(self):
        self.keeps_its_side(STICKY)

    def test_keep_their_bucket_and_move_only_into_a_canary_that_grows(self):
        daemon, apps, profiles = self.keeps_its_side(PER_USER)
        self.change(daemon, apps, {"main": 0, "canary": 100}, PER_USER)
        for profile in profiles:
            self.assertEqual(self.visit(profile), ["canary"] * 6)


if __name__ == "__main__":
    unittest.main()
