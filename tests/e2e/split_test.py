"""The main job: exact shares, over all workers and connections, through reloads."""

import threading
import unittest

from support import Case, config_text, count_answers, run_cli


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
        done = threading.Event()
        totals, failures = [], []

        def load():
            try:
                # count_answers raises when a kept connection is closed.
                while not done.is_set():
                    totals.append(count_answers(daemon.port, 200, 1))
            except Exception as failure:  # pylint: disable=broad-except
                failures.append(failure)

        clients = [threading.Thread(target=load) for _ in range(4)]
        for client in clients:
            client.start()
        for number in range(20):
            self.set_weights(daemon, *((50, 50) if number % 2 == 0 else (90, 10)), workers=4)
            daemon.reload()
        done.set()
        for client in clients:
            client.join()
        self.assertEqual(failures, [])
        self.assertTrue(totals)
        names = {name for counts in totals for name in counts}
        self.assertLessEqual(names, {"app-main", "app-canary"})

    def test_probe_counts_the_same_and_finds_it_plausible(self):
        daemon = self.start(90, 10, workers=2)
        result = run_cli("probe", f"http://127.0.0.1:{daemon.port}/", "-n", "200", "-c", "4", "--config", daemon.config)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"app-canary +20 +10\.0% +expected 10\.0%")
        self.assertRegex(result.stdout, r"app-main +180 +90\.0% +expected 90\.0%")
        self.assertIn("exactly as expected", result.stdout)


if __name__ == "__main__":
    unittest.main()
