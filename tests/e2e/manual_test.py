"""The man pages that the build made: one for each command that help lists, which man formats without a word."""

import re
import shutil
import subprocess
import unittest

from support import BIN, SOURCE, TIMEOUT, Case, run_cli

PAGES = BIN.parent / "generated/man"


def commands(*path):
    """The arguments that name each command which help lists, and those in it."""
    listed = run_cli(*path, "--help").stdout.partition("\nSubcommands:\n")[2]
    for name in re.findall(r"^  (\w[\w-]*) {2,}\S", listed, re.M):
        yield (*path, name)
        yield from commands(*path, name)


class Manual(Case):
    def format(self, page):
        result = subprocess.run(["man", "--warnings", "-l", str(page)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=TIMEOUT, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return re.sub(".\b", "", result.stdout)  # bold is struck twice

    def test_there_is_a_page_for_each_command(self):
        expected = {f"{'-'.join(('kanaria', *path))}.1" for path in commands()}
        self.assertIn("kanaria-keys-new.1", expected)
        self.assertEqual({page.name for page in PAGES.iterdir()}, expected | {"kanaria.1"})

    @unittest.skipUnless(shutil.which("man"), "there is no man")
    def test_man_finds_nothing_to_say(self):
        for page in [*PAGES.iterdir(), SOURCE / "packaging/man/kanaria-echo.1"]:
            with self.subTest(page.name):
                self.assertIn("NAME\n", self.format(page))

    @unittest.skipUnless(shutil.which("man"), "there is no man")
    def test_a_page_says_what_help_says(self):
        for path in commands():
            with self.subTest(path):
                shown = "".join(self.format(PAGES / f"{'-'.join(('kanaria', *path))}.1").split())
                said = run_cli(*path, "--help").stdout
                for option in re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", said.partition("Options:")[2]):
                    self.assertIn(option, shown)
                for line in said.partition("Example:\n")[2].splitlines():
                    self.assertIn("".join(line.split()), shown)

    @unittest.skipUnless(shutil.which("man"), "there is no man")
    def test_the_overview_has_every_command_and_no_hidden_one(self):
        shown = self.format(PAGES / "kanaria.1")
        for path in commands():
            if len(path) == 1:
                self.assertIn(f"kanaria-{path[0]}(1)", shown)
        self.assertNotIn("generate", shown)


if __name__ == "__main__":
    unittest.main()
