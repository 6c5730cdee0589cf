"""Every relative link of the documentation leads to a file and a heading, and every page of docs/ is linked from somewhere.

Usage: links_test.py SOURCE_DIR
"""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(1)).resolve()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def prose_of(text):
    """The text without code: blocks between fences, and what stands between backticks."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.M | re.S))


def links_in(text):
    """(path, heading) of each link that stays in the tree; either may be empty."""
    targets = re.findall(r"\]\(([^)\s]+)[^)]*\)|<img[^>]*\bsrc=\"([^\"]+)\"", prose_of(text))
    whole = [markdown or image for markdown, image in targets]
    return [tuple(target.partition("#")[::2]) for target in whole if not re.match(r"[a-z]+:", target)]


def headings_of(text):
    """The names that a forge gives to the headings."""
    outside = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.M | re.S)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", outside, re.M)}


def faults_of(page, text):
    for path, heading in links_in(text):
        target = page.parent / path if path else page
        if not target.exists():
            yield f"{path}: no such file"
        elif heading and heading not in headings_of(target.read_text(encoding="utf-8")):
            yield f"{path}#{heading}: no such heading"


class Links(unittest.TestCase):
    def test_each_leads_somewhere(self):
        faults = [f"{page.relative_to(ROOT)}: {fault}" for page in PAGES
                  for fault in faults_of(page, page.read_text(encoding="utf-8"))]
        self.assertEqual(faults, [])

    def test_each_page_of_docs_is_linked_from_another(self):
        linked = {(page.parent / path).resolve() for page in PAGES
                  for path, _ in links_in(page.read_text(encoding="utf-8")) if path and (page.parent / path).resolve() != page}
        self.assertEqual([page.name for page in PAGES if page.parent != ROOT and page not in linked], [])

    def test_the_checks_can_fail(self):
        page = ROOT / "README.md"
        for text, bad in (("[a](docs/missing.md)", True), ("[a](README.md#nowhere)", True), ("[a](#what-is-here)", True),
                          ("![a](missing.svg)", True), ("<img src=\"missing.svg\">", True),
                          ("[a](docs)", False), ("[a](https://example.com/missing.md)", False), ("`[a](missing.md)`", False),
                          ("```\n[a](missing.md)\n```", False)):
            with self.subTest(text):
                self.assertEqual(bool(list(faults_of(page, text))), bad)


if __name__ == "__main__":
    unittest.main()
