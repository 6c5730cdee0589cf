"""The edge, byte by byte: each case of the tables through a real daemon, in each of the modes that it holds for, with what
the access log and the metrics say about it.

By hand: KANARIA_BIN=build/release/bin PYTHONPATH=tests/e2e /usr/bin/python3 tests/edge/edge_test.py [-k THEME]
"""

import re
import socket
import unittest
from collections import Counter, defaultdict

import tables
from daemons import DAEMONS
from dialogue import Failure, Logged, Stage
from support import Case as Programs, TIMEOUT, free_port

LEAST_CASES = 250
FIELDS = 35  # of a line of the access log
CLASSES = ("Acceptable", "Ambiguous", "Severe")


def entries_of(lines):
    """The access log's entries among what a daemon has said, as its fields."""
    rows = ([text.strip('"') for text in re.findall(r'"[^"]*"|\S+', line)] for line in lines)
    return [fields for fields in rows if len(fields) == FIELDS]


def port_of(fields):
    return int(fields[3].rpartition(":")[2])


def told_by(fields):
    return Logged(int(fields[8]), fault=fields[34], reason=fields[28], classification=fields[27])


class Edge(Programs):
    """One test for each daemon and theme, made below."""

    def play_all(self, name, cases):
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.addCleanup(listener.close)
        port, admin = free_port(), free_port()
        settings = DAEMONS[name]
        daemon = self.kanaria_with(settings.config(port, admin, listener.getsockname()[1]), port, admin)
        ports = {}
        for case in cases:
            with self.subTest(case.name, section=case.section):
                try:
                    ports[case.name] = Stage(case, port, listener, settings.values, TIMEOUT).play()
                except Failure as failure:
                    raise failure.with_traceback(None) from None
        if ports:
            # Lines come in the order in which the one worker's requests ended: with the last sentinel's, all are there.
            last = list(ports.values())[-1][-1]
            daemon.wait_for_line(rf"^http \S+ kanaria 127\.0\.0\.1:{last} .*/sentinel HTTP")
            entries = entries_of(daemon.lines)
            self.judge_log(cases, ports, entries)
            self.judge_metrics(daemon, entries)

    def judge_log(self, cases, ports, entries):
        told = defaultdict(list)
        for fields in entries:
            told[port_of(fields)].append(told_by(fields))
        for case in cases:
            if case.name in ports:
                with self.subTest("the log of " + case.name, section=case.section):
                    entries_told = [entry for port in ports[case.name] for entry in told[port]]
                    self.assertEqual([entry.as_far_as(wanted) for entry, wanted in zip(entries_told, case.log)], case.log)
                    self.assertEqual(len(entries_told), len(case.log))

    def judge_metrics(self, daemon, entries):
        """The metrics count what the log tells."""
        for name in CLASSES:
            with self.subTest("kanaria_non_compliant_requests_total", name=name):
                self.assertEqual(daemon.metric("non_compliant_requests_total", **{"class": name.lower()}),
                                 sum(fields[27] == name for fields in entries))
        refused = Counter(fields[34] for fields in entries if fields[16] == "-" and fields[34] != "-")
        for reason, count in refused.items():
            with self.subTest("kanaria_requests_refused_total", reason=reason):
                self.assertEqual(daemon.metric("requests_refused_total", reason=reason), count)


def add_test(name, theme, cases):
    def test(self):
        self.play_all(name, cases)

    setattr(Edge, f"test_{name}_{theme}", test)


for daemon_name in DAEMONS:
    for theme_name, theme_cases in tables.THEMES.items():
        chosen = [case for case in theme_cases if daemon_name in case.daemons]
        if chosen:
            add_test(daemon_name, theme_name, chosen)


class Tables(unittest.TestCase):
    def test_there_are_enough_cases(self):
        self.assertGreaterEqual(sum(map(len, tables.THEMES.values())), LEAST_CASES)

    def test_each_case_has_a_name_of_its_own(self):
        for theme, cases in tables.THEMES.items():
            names = [case.name for case in cases]
            self.assertEqual(sorted(names), sorted(set(names)), theme)


if __name__ == "__main__":
    unittest.main()
