"""The main job: exact shares, over all workers and connections, through reloads."""

import http.client
import itertools
import threading
import unittest

from support import TIMEOUT, Case, config_text, connect, count_answers, free_port, get, name_in, run_cli


class Load:
    """Clients that send one request after another until stop(): some keep their one connection all the time, some take a
    new one each time. Every answer must be a 200 of one of `names`."""

    def __init__(self, port, names, kept, fresh):
        self.failures = []
        self._port, self._names = port, names
        self._answers = [0] * (kept + fresh)
        self._progress = threading.Condition()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number, self._keep if number < kept else self._renew))
                         for number in range(kept + fresh)]
        for thread in self._threads:
            thread.start()

    def _run(self, number, client):
        try:
            for status, body in client():
                if status != 200 or name_in(body) not in self._names:
                    raise AssertionError(f"{status} {body!r}")
                with self._progress:
                    self._answers[number] += 1
                    self._progress.notify_all()
        except Exception as failure:  # pylint: disable=broad-except
            with self._progress:
                self.failures.append(failure)
                self._progress.notify_all()

    def _keep(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        connection.auto_open = 0  # a request on a connection that was closed raises instead of making another
        connection.connect()
        try:
            while not self._stopped.is_set():
                connection.request("GET", "/")
                answer = connection.getresponse()
                yield answer.status, answer.read()
        finally:
            connection.close()

    def _renew(self):
        while not self._stopped.is_set():
            yield get(self._port)[:2]

    def await_answers(self):
        """Until each client has had two more answers: so one of their requests was sent after this was called."""
        with self._progress:
            goal = [answers + 2 for answers in self._answers]
            came = self._progress.wait_for(
                lambda: self.failures or all(have >= wanted for have, wanted in zip(self._answers, goal)), TIMEOUT)
        if self.failures or not came:
            raise AssertionError(f"clients failed: {self.failures}" if self.failures else "no answers come")

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()


class Split(Case):
    def start(self, main, canary, **settings):
        self.main, self.canary = self.echo("app-main"), self.echo("app-canary")
        return self.kanaria(self.groups(main, canary), **settings)

    def groups(self, main, canary):
        return {"app-main": (main, [self.main.target]), "app-canary": (canary, [self.canary.target])}

    def set_weights(self, daemon, main, canary, **settings):
        daemon.config.write_text(config_text(daemon.port, daemon.admin, self.groups(main, canary), **settings))

    def test_two_hundred_requests_are_split_180_to_20(self):
        daemon = self.start(90, 10)
        self.assertEqual(count_answers(daemon.port, 200), {"app-main": 180, "app-canary": 20})

    def test_every_block_is_exact_over_four_workers_and_many_connections(self):
        daemon = self.start(90, 10, workers=4)
        for connections in (1, 3, 16):
            with self.subTest(connections=connections):
                self.assertEqual(count_answers(daemon.port, 400, connections), {"app-main": 360, "app-canary": 40})

    def test_weight_zero_gets_nothing(self):
        daemon = self.start(1, 0)
        self.assertEqual(count_answers(daemon.port, 100, 4), {"app-main": 100})

    def test_all_weights_zero_is_503(self):
        daemon = self.start(0, 0)
        self.assertEqual(count_answers(daemon.port, 1), {"HTTP 503": 1})

    def test_random_is_plausible(self):
        daemon = self.start(90, 10, split="random")
        counts = count_answers(daemon.port, 2000, 4)
        # Ten standard deviations around 200.
        self.assertTrue(66 < counts["app-canary"] < 334, counts)

    def test_weights_are_new_right_after_reload_has_answered(self):
        daemon = self.start(90, 10, workers=4)
        for main, canary in ((0, 1), (1, 0), (0, 1), (50, 50)):
            self.set_weights(daemon, main, canary, workers=4)
            result = daemon.reload()
            self.assertIn("app-canary", result.stdout)
            counts = count_answers(daemon.port, 40, 4)
            expected = {"app-main": 40 * main // (main + canary), "app-canary": 40 * canary // (main + canary)}
            self.assertEqual(counts, {name: count for name, count in expected.items() if count})

    def test_a_reload_that_leaves_the_weights_alone_leaves_the_split_where_it_was(self):
        daemon = self.start(90, 10, workers=4)
        whole = {"app-main": 0, "app-canary": 0}
        # 7 and 13 are no parts of a block of 10: only a split that goes on adds up.
        for requests in (7, 13, 1, 9, 33, 37):
            for name, count in count_answers(daemon.port, requests, 1).items():
                whole[name] += count
            self.set_weights(daemon, 90, 10, workers=4, load_balancer={"idle_timeout": f"{requests + 60}s"})
            daemon.reload()
        self.assertEqual(whole, {"app-main": 90, "app-canary": 10})

    def test_twenty_reloads_under_load_lose_no_request_and_close_no_kept_connection(self):
        daemon = self.start(90, 10, workers=4)
        second, other_port = self.echo("app-main"), free_port()
        load = Load(daemon.port, ("app-main", "app-canary"), kept=8, fresh=4)
        self.addCleanup(load.stop)
        # Each reload takes the next of one of the three, in turn.
        weights = itertools.cycle([(50, 50), (0, 1), (90, 10)])
        targets = itertools.cycle([[self.main.target, second.target], [second.target], [self.main.target]])
        ports = itertools.cycle([other_port, None])
        main, canary = 90, 10
        main_targets, listens = [self.main.target], None
        for number in range(20):
            load.await_answers()
            if number % 3 == 0:
                main, canary = next(weights)
            elif number % 3 == 1:
                main_targets = next(targets)
            else:
                listens = next(ports)
            groups = {"app-main": (main, main_targets), "app-canary": (canary, [self.canary.target])}
            daemon.config.write_text(config_text(daemon.port, daemon.admin, groups, workers=4, other_port=listens))
            self.assertNotIn("nothing changed", daemon.reload().stdout)
            if listens:
                self.assertEqual(get(other_port)[1], b"APP_NAME: app-main")
            else:
                self.assertRaises(ConnectionRefusedError, connect, other_port)
        load.await_answers()
        load.stop()
        self.assertEqual(load.failures, [])

    def test_probe_counts_the_same_and_finds_it_plausible(self):
        daemon = self.start(90, 10, workers=2)
        result = run_cli("probe", f"http://127.0.0.1:{daemon.port}/", "-n", "200", "-c", "4", "--config", daemon.config)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"app-canary +20 +10\.0% +expected 10\.0%")
        self.assertRegex(result.stdout, r"app-main +180 +90\.0% +expected 90\.0%")
        self.assertIn("exactly as expected", result.stdout)


if __name__ == "__main__":
    unittest.main()
