"""`cmake --install`: what it brings and where, that it keeps an edited configuration, and what systemd says of it."""

import os
import shutil
import stat
import subprocess
import unittest
from pathlib import Path

from support import BIN, TIMEOUT, Case

CONFIG = "etc/kanaria/kanaria.yaml"
UNIT = "usr/local/lib/systemd/system/kanaria.service"
MODES = {
    "usr/local/bin/kanaria": 0o755,
    "usr/local/bin/kanaria-echo": 0o755,
    "usr/local/share/man/man1/kanaria.1": 0o644,
    "usr/local/share/man/man1/kanaria-check.1": 0o644,
    "usr/local/share/man/man1/kanaria-echo.1": 0o644,
    "usr/local/share/bash-completion/completions/kanaria": 0o644,
    "usr/local/share/fish/vendor_completions.d/kanaria.fish": 0o644,
    "usr/local/share/zsh/site-functions/_kanaria": 0o644,
    "usr/local/share/doc/kanaria/README.md": 0o644,
    "usr/local/share/doc/kanaria/docs/install.md": 0o644,
    "usr/local/share/doc/kanaria/config/canary.yaml": 0o644,
    "usr/local/share/doc/kanaria/config/alerts.yaml": 0o644,
    "usr/local/share/doc/kanaria/config/grafana.json": 0o644,
    "usr/local/share/doc/kanaria/config/schema.json": 0o644,
    "usr/local/lib/sysusers.d/kanaria.conf": 0o644,
    UNIT: 0o644,
    CONFIG: 0o644,
}


class Install(Case):
    def run_command(self, *command, **environment):
        result = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, timeout=TIMEOUT, env={**os.environ, **environment}, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def install(self):
        root = Path(self.dir) / "a root"
        for written in ("install_manifest.txt", "kanaria.service"):  # root's, after `sudo cmake --install`
            (BIN.parent / written).unlink(missing_ok=True)
        self.run_command("cmake", "--install", BIN.parent, "--prefix", "/usr/local", DESTDIR=str(root))
        return root

    def test_it_brings_everything_and_keeps_an_edited_configuration(self):
        root = self.install()
        self.assertEqual({name: stat.S_IMODE((root / name).stat().st_mode) for name in MODES}, MODES)
        self.run_command(root / "usr/local/bin/kanaria", "check", "--strict", root / CONFIG)

        (root / CONFIG).write_text("edited\n")
        self.install()
        self.assertEqual((root / CONFIG).read_text(), "edited\n")

    def test_the_unit_starts_the_installed_program(self):
        root = self.install()
        self.assertIn("\nExecStart=/usr/local/bin/kanaria serve --config /etc/kanaria/kanaria.yaml\n",
                      (root / UNIT).read_text())

    @unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze")
    def test_systemd_finds_nothing_to_say_of_the_unit(self):
        root = self.install()
        for target in ("sysinit", "shutdown"):  # what every service needs, and this root has no other unit
            (root / UNIT).with_name(f"{target}.target").write_text(f"[Unit]\nDescription={target}\n")
        self.assertEqual(self.run_command("systemd-analyze", "verify", "--man=no", f"--root={root}", UNIT), "")


if __name__ == "__main__":
    unittest.main()
