"""The edge, byte by byte: each case of the tables through a real daemon, in each of the modes that it holds for, with what
the access log says about it."""

import re
import socket
import unittest
from collections import defaultdict

import tables
from daemons import DAEMONS
from dialogue import Failure, Logged, Stage
from support import Case as Programs, TIMEOUT, Kanaria, free_port

LEAST_CASES = 250


def logged_by_port(lines):
    """What the log says, by the port of the client."""
    by_port = defaultdict(list)
    for line in lines:
        fields = [text.strip('"') for text in re.findall(r'"[^"]*"|\S+', line)]
        if len(fields) == 35:
            by_port[int(fields[3].rpartition(":")[2])].append(Logged(int(fields[8]), fields[34], fields[28], fields[27]))
    return by_port


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
        self.judge_log(daemon, cases, ports)

    def judge_log(self, daemon, cases, ports):
        if not ports:
            return
        # Lines come in the order in which the one worker's requests ended: with the last sentinel's, all are there.
        last = list(ports.values())[-1][-1]
        daemon.wait_for_line(rf'^http \S+ kanaria 127\.0\.0\.1:{last} .*/sentinel HTTP')
        log = logged_by_port(daemon.lines)
        for case in cases:
            if case.name not in ports:
                continue
            with self.subTest("the log of " + case.name, section=case.section):
                said = [entry for port in ports[case.name] for entry in log[port]]
                wanted = [Logged(entry.status, entry.fault, *((said[i].reason, said[i].classification)
                                                            if entry.reason is None and i < len(said)
                                                            else (entry.reason, entry.classification)))
                          for i, entry in enumerate(case.log)]
                self.assertEqual(said, wanted)


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
