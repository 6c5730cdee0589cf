"""Facts about the source tree: who may include whom, sizes, headers that say what they are, words, coroutine traps.

Usage: includes_test.py SOURCE_DIR
"""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(1)).resolve()
ORDER = "base net http cookies observe config rules targets evidence runtime rollout proxy server admin cli".split()
# Heavy or replaceable libraries, and the only folders of src/ that may see them.
CONFINED = {"yaml-cpp/": {"config"}, "boost/beast": {"http", "cli", "echo"}, "nlohmann/": {"runtime", "rollout", "admin", "cli", "echo"},
            "CLI/": {"cli", "echo"}, "re2/": {"rules"}, "ares": {"net"}, "openssl/": {"cookies", "server"},
            "prometheus/": {"observe"}}
SOURCE_LINES, HEADER_LINES = 450, 200
FORBIDDEN = {"upstream", "downstream", "backend", "cluster", "manager", "helper", "util", "utils", "impl"}
# The only uses of a forbidden word: the private struct behind a pointer that keeps Beast out of public headers, and the
# hooks of Beast's parser.
PERMITTED = re.compile(r"Impl|impl_|on_\w+_impl")


def files(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".hpp", ".cpp"))


def relative(path):
    return path.relative_to(ROOT).as_posix()


def folder_of(path):
    """base of include/kanaria/base/x.hpp and of src/base/x.cpp; empty for src/main.cpp."""
    parts = path.relative_to(ROOT).parts
    rest = parts[2:] if parts[0] == "include" else parts[1:]
    return rest[0] if len(rest) > 1 else ""


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(encoding="utf-8"), re.M)


def code_of(text):
    """The text without comments and literals; line breaks stay."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)
    return token.sub(lambda match: re.sub(r"[^\n]", " ", match[0]) if match[0][0] == "/" else '""' + "\n" * match[0].count("\n"), text)


def words_of(identifier):
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


def awaited_expressions(code):
    """Each co_await with its operand, up to the end of the statement or the bracket around it."""
    for match in re.finditer(r"\bco_await\b", code):
        depth, position = 0, match.end()
        while position < len(code):
            character = code[position]
            if character in "([{":
                depth += 1
            elif character in ")]}":
                depth -= 1
            if depth < 0 or (depth == 0 and character == ";"):
                break
            position += 1
        yield match.start(), code[match.end():position]


# A call argument that starts with a brace: f({..}), f(a, {..}); or a named temporary: f(Head{..}).
TEMPORARY_AGGREGATE = re.compile(r"[(,]\s*\{|[(,]\s*[A-Za-z_][\w:]*(?:<[^<>]*>)?\s*\{")
CAPTURING_LAMBDA = re.compile(r"(?<![\w\])])\[\s*[^\]\s][^\]]*\]\s*[({]")


class Tree(unittest.TestCase):
    def assert_none(self, faults):
        if faults:
            self.fail("\n" + "\n".join(faults))

    def test_a_folder_includes_only_those_before_it(self):
        faults = []
        for path in files("include", "src"):
            folder = folder_of(path)
            if folder not in ORDER:
                continue
            for name in includes(path):
                match = re.match(r"kanaria/(\w+)/", name)
                if match and (match[1] not in ORDER or ORDER.index(match[1]) > ORDER.index(folder)):
                    faults.append(f"{relative(path)}: includes {name}")
        self.assert_none(faults)

    def test_echo_stands_alone(self):
        self.assert_none([f"{relative(path)}: includes {name}" for path in files("src/echo")
                          for name in includes(path) if name.startswith("kanaria/")])

    def test_a_source_folder_reaches_into_no_other(self):
        self.assert_none([f"{relative(path)}: includes {name}" for path in files("include", "src")
                          for name in includes(path) if ".." in name])

    def test_libraries_are_seen_only_where_they_belong(self):
        self.assert_none([f"{relative(path)}: includes {name}" for path in files("include", "src")
                          for name in includes(path) for prefix, allowed in CONFINED.items()
                          if name.startswith(prefix) and folder_of(path) not in allowed])

    def test_no_public_header_includes_beast(self):
        self.assert_none([f"{relative(path)}: includes {name}" for path in files("include") for name in includes(path)
                          if name.startswith("boost/beast")])

    def test_every_header_says_first_what_it_is(self):
        faults = []
        for path in files("include", "src"):
            if path.suffix != ".hpp":
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
            comment = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
            if comment == 0:
                faults.append(f"{relative(path)}: opens without a comment")
            if "#pragma once" not in lines[comment:comment + 2]:
                faults.append(f"{relative(path)}: no #pragma once after its comment")
        self.assert_none(faults)

    def test_units_are_small(self):
        faults = []
        for path in files("include", "src"):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > (HEADER_LINES if path.suffix == ".hpp" else SOURCE_LINES):
                faults.append(f"{relative(path)}: {lines} lines: it has become two")
        self.assert_none(faults)

    def test_names_avoid_words_that_say_nothing(self):
        faults = []
        for path in files("include", "src", "tests"):
            if words_of(path.stem) & FORBIDDEN:
                faults.append(f"{relative(path)}: its name")
            code = "\n".join(line for line in code_of(path.read_text(encoding="utf-8")).splitlines()
                             if not line.lstrip().startswith("#"))
            names = {name for name in re.findall(r"[A-Za-z_]\w*", code) if words_of(name) & FORBIDDEN}
            faults += [f"{relative(path)}: {name}" for name in sorted(names) if not PERMITTED.fullmatch(name)]
        self.assert_none(faults)

    def test_file_names_are_snake_case(self):
        self.assert_none([relative(path) for path in files("include", "src", "tests", "bench")
                          if not re.fullmatch(r"[a-z0-9_]+", path.stem)])

    def test_nothing_is_left_to_do(self):
        self.assert_none([relative(path) for path in files("include", "src", "tests", "bench")
                          if re.search(r"\b(TODO|FIXME|XXX)\b|@param", path.read_text(encoding="utf-8"))])

    def test_no_awaited_expression_holds_a_temporary_aggregate_or_a_capturing_lambda(self):
        # g++ 12 destroys them twice. Name them first.
        faults = []
        for path in files("include", "src", "tests"):
            code = code_of(path.read_text(encoding="utf-8"))
            for start, expression in awaited_expressions(code):
                if TEMPORARY_AGGREGATE.search(expression) or CAPTURING_LAMBDA.search(expression):
                    line = code.count("\n", 0, start) + 1
                    faults.append(f"{relative(path)}:{line}: co_await {' '.join(expression.split())}")
        self.assert_none(faults)


class Rules(unittest.TestCase):
    """The checks above can fail: what they look for is found, and what is harmless is not."""

    def test_awaited_temporaries_are_found(self):
        for text, bad in (("co_await f({1, 2});", True), ("co_await f(a, Head{1});", True),
                          ("co_await f([x] { return x; });", True), ("co_await f([&](int a) { g(a); });", True),
                          ("co_await f(a[0], b);", False), ("co_await f([] { return 1; });", False),
                          ("if (co_await f()) { g({1}); }", False), ("x = co_await f(a); y = Head{1};", False)):
            with self.subTest(text):
                found = any(TEMPORARY_AGGREGATE.search(part) or CAPTURING_LAMBDA.search(part)
                            for _, part in awaited_expressions(text))
                self.assertEqual(found, bad)

    def test_words_are_found_inside_names(self):
        self.assertIn("backend", words_of("BackendPool"))
        self.assertIn("util", words_of("string_util"))
        self.assertNotIn("util", words_of("utility"))

    def test_comments_and_literals_are_no_code(self):
        self.assertNotIn("cluster", code_of('int a; // cluster\nauto b = "cluster"; /* cluster */ char c = \'"\';'))
        self.assertIn("after", code_of("char c = '\"'; int after = 1'000'000;"))


if __name__ == "__main__":
    unittest.main()
