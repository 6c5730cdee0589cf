"""Each case of the tables can fail: it is played before proxies that are wrong on purpose until one doesn't stand it.

Prints which proxy fails how many cases first. A proxy that is wrong about everything proves little about a case, so those
come last, and few cases may need them.
"""

import concurrent.futures
import socket
import unittest
from collections import Counter

import tables
from bad_proxies import PROXIES, WRONG_ABOUT_EVERYTHING
from daemons import DAEMONS
from dialogue import Failure, Stage

HANGS = 0.5  # seconds; a proxy that doesn't go on has failed the case too
PLAIN = ("request_line", "a small request")
MAY_NEED_THEM = 10  # cases that say no more than the plain request does


def stands(proxy, case):
    settings = DAEMONS[case.daemons[0]]
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        running = proxy(listener.getsockname(), settings.settings)
        try:
            Stage(case, running.port, listener, settings.values, HANGS).play()
            return True
        except Failure:
            return False
        finally:
            running.close()


def first_to_fail(case):
    return next((proxy for proxy in PROXIES + WRONG_ABOUT_EVERYTHING if not stands(proxy, case)), None)


class BadProxies(unittest.TestCase):
    def test_each_case_fails_before_one_of_them(self):
        cases = [case for theme in tables.THEMES.values() for case in theme]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:  # most of the time is waited for those that hang
            first = list(pool.map(first_to_fail, cases))
        firsts = Counter(proxy.__name__ for proxy in first if proxy)
        for name, count in firsts.most_common():
            print(f"{count:4} cases fail first on {name}")
        self.assertEqual([case.name for case, proxy in zip(cases, first) if not proxy], [])
        self.assertLessEqual(sum(firsts[proxy.__name__] for proxy in WRONG_ABOUT_EVERYTHING), MAY_NEED_THEM)

    def test_those_that_are_wrong_about_one_thing_serve_a_plain_request(self):
        theme, name = PLAIN
        plain = next(case for case in tables.THEMES[theme] if case.name == name)
        self.assertEqual([proxy.__name__ for proxy in PROXIES if not stands(proxy, plain)], [])
        self.assertEqual([proxy.__name__ for proxy in WRONG_ABOUT_EVERYTHING if stands(proxy, plain)], [])


if __name__ == "__main__":
    unittest.main()
