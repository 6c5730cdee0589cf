"""`kanaria completion`: the scripts do in the real shells what they should, and offer what is there to offer, no more."""

import os
import select
import shlex
import shutil
import subprocess
import threading
import unittest

from support import BIN, TIMEOUT, Case, run_cli

# What is typed, what is offered. The last word is the one that Tab is pressed in.
OFFERS = (
    ("kanaria ch", {"check"}),
    ("kanaria check --s", {"--strict"}),
    ("kanaria keys ", {"new"}),
    ("kanaria keys new --h", {"--help"}),
    ("kanaria targets app-main dr", {"drain"}),
    ("kanaria targets --admin 127.0.0.1:9900 app-main de", {"deregister"}),
    ("kanaria completion ", {"bash", "fish", "zsh"}),
    ("kanaria check ca", {"canary.yaml"}),
    ("kanaria check canary.yaml --strict oth", {"other.yaml"}),
    ("kanaria serve --config ca", {"canary.yaml"}),
    ("kanaria diff --config canary.yaml oth", {"other.yaml"}),
    ("kanaria gen", set()),             # hidden commands
    ("kanaria roll", {"rollout"}),
    ("kanaria rollout re", {"resume", "retry"}),
    ("kanaria rollout promote checkout --fu", {"--full"}),
    ("kanaria reload --dry", {"--dry-run"}),
    ("kanaria targets app-main nonsense", set()),
    ("kanaria probe --count-by ca", set()),  # a value that nobody can know
)


def visible():
    """The commands that help lists."""
    listed = run_cli("--help").stdout.partition("\nSubcommands:\n")[2]
    return {line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " " and line[2:].split()[0] != "kanaria"}


class Zsh:
    """A shell in a terminal, which completes in its line editor only. At Ctrl-T it inserts all that it offers, and says its line."""

    def __init__(self, folder, script):
        self._terminal, inner = os.openpty()
        self._said, say = os.pipe()
        self.process = subprocess.Popen(["zsh", "-fi"], cwd=folder, stdin=inner, stdout=inner, stderr=inner, pass_fds=[say],
                                        start_new_session=True,
                                        env={"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb"})
        os.close(inner)
        os.close(say)
        self._reader = threading.Thread(target=self._read_terminal, daemon=True)
        self._reader.start()
        self._setup = folder / "setup.zsh"
        self._setup.write_text(f"""
autoload -Uz compinit && compinit -D -u
source {shlex.quote(str(script))}
insert_all() {{ _main_complete; compstate[insert]=all; compstate[list]= }}
zle -C insert-all complete-word insert_all
say() {{ zle insert-all; print -r -- "$BUFFER" >&{say}; BUFFER= }}
zle -N say
bindkey -e
bindkey '^T' say
print -r -- ready >&{say}
""")
        self._write(f"source {shlex.quote(str(self._setup))}\n")
        self._read_line()

    def _read_terminal(self):
        try:
            while os.read(self._terminal, 4096):
                pass
        except OSError:
            pass  # the shell has ended

    def _write(self, text):
        os.write(self._terminal, text.encode())

    def _read_line(self):
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self._said], [], [], TIMEOUT)[0]:
                raise AssertionError("zsh says nothing")
            piece = os.read(self._said, 4096)
            if not piece:
                raise AssertionError("zsh has ended")
            line += piece
        return line.decode().rstrip("\n")

    def offered(self, typed):
        self._write(typed + "\x14")
        line = self._read_line()
        return line[typed.rindex(" ") + 1:].split() if line != typed else []

    def close(self):
        self.process.kill()
        self.process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        os.close(self._terminal)
        os.close(self._said)


class Completion(Case):
    def setUp(self):
        super().setUp()
        for name in ("canary.yaml", "other.yaml"):
            self.write(name, "")

    def script(self, shell):
        result = run_cli("completion", shell)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return self.write(f"script.{shell}", result.stdout)

    def run_shell(self, *command):
        result = subprocess.run(command, cwd=self.dir, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
                                env={"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(self.dir), "TERM": "dumb"}, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def assert_offers(self, offered):
        for typed, expected in OFFERS:
            with self.subTest(typed):
                self.assertEqual(set(offered(typed)), expected)
        self.assertEqual(set(offered("kanaria ")), visible())

    def test_bash(self):
        script = self.script("bash")

        def offered(typed):
            words = shlex.split(typed) + ([""] if typed.endswith(" ") else [])
            return self.run_shell("bash", "-euc", f"source {script}\nCOMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}\n"
                                  "compopt() { :; }\n_kanaria\nprintf '%s\\n' ${COMPREPLY[@]+\"${COMPREPLY[@]}\"}").split()

        self.assert_offers(offered)
        self.assertEqual(offered("kanaria serve --config = ca"), ["canary.yaml"])  # as bash cuts --config=ca
        self.assertIn("--config", offered("kanaria reload "))

    def test_bash_knows_whose_script_it_is(self):
        self.assertIn("_kanaria kanaria", self.run_shell("bash", "-euc", f"source {self.script('bash')}; complete -p kanaria"))

    @unittest.skipUnless(shutil.which("shellcheck"), "there is no shellcheck")
    def test_shellcheck_finds_nothing_to_say(self):
        self.run_shell("shellcheck", "--shell=bash", str(self.script("bash")))

    @unittest.skipUnless(shutil.which("fish"), "there is no fish")
    def test_fish(self):
        script = self.script("fish")
        self.run_shell("fish", "--no-execute", str(script))

        def offered(typed):
            out = self.run_shell("fish", "--no-config", "-c", f"source {script}; complete -C {shlex.quote(typed)}")
            return [line.partition("\t")[0] for line in out.splitlines()]

        self.assert_offers(offered)

    @unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
    def test_zsh(self):
        script = self.script("zsh")
        self.run_shell("zsh", "-n", str(script))
        shell = Zsh(self.dir, script)
        self.addCleanup(shell.close)
        self.assert_offers(shell.offered)


if __name__ == "__main__":
    unittest.main()
