"""Rollouts, as those see them whose requests they split: what goes to the canary, what takes it back, what is told."""

import time
import unittest
from collections import Counter

from rollout_support import HOLD, RolloutCase, pause, weight
from support import get


class Bad(RolloutCase):
    """A canary that is worse."""

    # The median is 3; beside them what is under way when it is told, and unlucky draws.
    MOST_ERRORS = 25

    def assert_is_taken_back(self, users, metric="errors"):
        report = self.wait_for("Degraded(AnalysisFailed)")
        self.assertEqual(report["weight"], 0)
        self.assertIn(f"{metric}: the canary is worse", report["why"])
        self.assert_canary_gets_nothing(users)
        return report

    def assert_errors_are_few(self, fails):
        self.canary.fails = fails
        self.begin()
        users = self.users()
        self.assert_is_taken_back(users)
        answers = users.stop()
        self.assertEqual(set(answers), {(200, "main"), (500, "canary"), *([(200, "canary")] if fails < 1 else [])})
        self.assertLessEqual(answers[500, "canary"], self.MOST_ERRORS)
        self.assertGreaterEqual(answers[500, "canary"], 2)
        self.assertEqual(self.shares(100), (100, 0))

    def test_a_canary_that_always_fails_is_taken_back_after_a_few_errors(self):
        self.assert_errors_are_few(1.0)

    def test_a_canary_that_fails_half_the_time_is_taken_back_after_a_few_errors(self):
        self.assert_errors_are_few(0.5)

    def test_a_real_application_with_a_fail_rate_is_taken_back(self):
        canary = self.echo("canary", "--fail-rate", "0.5")
        self.begin(targets=(self.main.target, canary.target))
        users = self.users()
        self.wait_for("Degraded(AnalysisFailed)")
        users.wait_for(64)
        seen = self.daemon.metric("target_requests_total", target_group="app-canary")
        users.wait_for(300)
        self.assertEqual(self.daemon.metric("target_requests_total", target_group="app-canary"), seen)
        self.assertLessEqual(users.stop()[500, "HTTP 500"] + users.answers[500, "canary"], self.MOST_ERRORS)

    def test_a_slow_canary_is_taken_back_by_its_latency(self):
        self.canary.delay = 0.05
        self.begin(analysis={"initial_delay": "0s"})
        report = self.assert_is_taken_back(self.users(), "latency")
        self.assertEqual(report["canary"]["bad"], 0)

    def test_a_canary_may_be_slow_at_first(self):
        self.canary.delay = 0.05
        self.begin()
        users = self.users()
        users.wait_for(1000)
        self.is_at("Paused(StepPause)", 0.1)

    def test_a_dry_run_takes_nothing_back(self):
        self.canary.fails = 1.0
        self.begin(analysis={"dry_run": True})
        users = self.users()
        self.wait_until(lambda: self.daemon.metric("rollout_evidence", metric="errors") > 200, "there is no evidence")
        before = self.canary.requests
        users.wait_for(300)
        self.assertGreater(self.canary.requests, before)
        self.assertTrue(self.is_at("Paused(StepPause)", 0.1)["dry_run"])

    def test_a_dry_run_that_a_reload_brings_takes_nothing_back_either(self):
        self.begin()
        self.edit(analysis={"dry_run": True})
        self.canary.fails = 1.0
        self.assertEqual(self.shares(1000), (900, 100))
        report = self.is_at("Paused(StepPause)", 0.1)
        self.assertEqual(report["spilled"], 0)

    def test_a_threshold_takes_back_what_fails_in_an_interval(self):
        self.canary.fails = 0.5
        self.begin(analysis={"metrics": [{"name": "legacy", "type": "threshold", "metric": "success_rate", "min": "99%",
                                          "interval": "1s", "failure_limit": 1}]})
        users = self.users()
        report = self.wait_for("Degraded(AnalysisFailed)")
        self.assertEqual(report["why"], "legacy: 2 failed, 1 may")
        self.assert_canary_gets_nothing(users)

    def send(self, method):
        """One request on a connection of its own: its status."""
        return get(self.port, "/", method)[0]

    def test_a_canary_that_closes_kept_connections_under_what_cant_be_sent_again_is_taken_back(self):
        self.canary.answers_each = 4
        self.begin()
        answers = Counter(self.send("GET") for _ in range(200))
        # A second try heals them, and is the one that counts; as far as there is a budget for it.
        self.assertGreater(self.daemon.metric("retries_total", target_group="app-canary"), 0)
        self.assertEqual(self.look()["canary"]["bad"], answers[502])
        for _ in range(1000):
            answers[self.send("POST")] += 1
            if self.look()["phase"] == "Degraded":
                break
        self.assertGreaterEqual(answers[502], 3)
        self.assertEqual(self.look()["reason"], "AnalysisFailed")
        self.assertEqual(self.look()["canary"]["bad"], answers[502])

    def test_a_canary_that_has_no_room_for_its_requests_is_taken_back(self):
        self.canary.delay = 0.5
        self.begin({"steps": [weight(50), HOLD, weight(100)]}, group_settings="max_connections_per_target: 6, max_pending: 0")
        users = self.users(12)
        self.assert_is_taken_back(users)
        self.assertGreater(sum(count for (status, _), count in users.stop().items() if status == 503), 2)

    def test_a_threshold_takes_back_what_is_slow(self):
        self.canary.delay = 0.05
        self.begin(analysis={"initial_delay": "0s", "metrics": [{"name": "legacy", "type": "threshold", "metric": "p99",
                                                                 "max": "20ms", "interval": "1s"}]})
        self.users()
        self.assertIn("legacy: 1 failed, 0 may", self.wait_for("Degraded(AnalysisFailed)")["why"])

    def test_a_canary_over_its_limit_alone_is_taken_back(self):
        self.canary.fails = 0.3
        self.main.fails = 0.02
        self.begin(analysis={"tolerance": 10, "metrics": [{"name": "errors", "type": "error_rate", "slo_max": "5%"}]},
                   rollout={"steps": [weight(50), HOLD, weight(100)]})
        users = self.users()
        report = self.wait_for("Degraded(LimitExceeded)")
        self.assertRegex(report["why"], r"errors is over its limit: \d+\.\d\d% of 5\.00%")
        self.assert_canary_gets_nothing(users)

    def test_two_bad_arms_are_an_incident_and_no_word_against_the_canary(self):
        self.main.fails = self.canary.fails = 0.3
        self.begin(analysis={"metrics": [{"name": "errors", "type": "error_rate", "slo_max": "5%"}]},
                   rollout={"steps": [weight(50), pause("1h"), weight(100)]})
        users = self.users()
        report = self.wait_for("Paused(Incident)")
        users.stop()
        self.assertEqual(report["weight"], 0.5)
        self.assertIn("stable is over the limit of errors as well", report["why"])
        self.assertAlmostEqual(self.shares(100)[1], 50, delta=1)  # the users ended within a block

    def test_an_incident_takes_it_back_where_that_is_wanted(self):
        self.main.fails = self.canary.fails = 0.3
        self.begin(analysis={"on_incident": "abort", "metrics": [{"name": "errors", "type": "error_rate", "slo_max": "5%"}]},
                   rollout={"steps": [weight(50), pause("1h"), weight(100)]})
        self.users()
        self.wait_for("Degraded(Incident)")

    def test_a_paused_one_is_taken_back_too(self):
        self.begin()
        self.verb("pause")
        self.canary.fails = 1.0
        self.assert_is_taken_back(self.users())

    def test_one_that_bakes_is_taken_back_by_its_limit(self):
        self.begin(analysis={"metrics": [{"name": "errors", "type": "error_rate", "slo_max": "5%"}]})
        self.verb("promote", full=1)
        self.is_at("Baking", 1.0)
        self.canary.fails = 1.0
        users = self.users()
        self.wait_for("Degraded(LimitExceeded)")
        self.assert_canary_gets_nothing(users)

    def test_the_failures_of_one_user_count_once(self):
        split = "per_user\n            user_key: [{http_header: X-User}]"
        self.canary.fails = 1.0
        self.begin(split=split, rollout={"steps": [weight(50), HOLD, weight(100)]})

        def status(user):
            return get(self.port, "/", headers={"X-User": user})[0]

        mine = next(user for user in (f"user-{i}" for i in range(100)) if status(user) == 500)
        for _ in range(100):
            self.assertEqual(status(mine), 500)
        report = self.is_at("Paused(StepPause)", 0.5)
        self.assertGreater(report["canary"]["bad"], 100)
        self.assertLess(report["metrics"][0]["evidence"], 5)
        users, errors = (f"other-{i}" for i in range(1000)), 0
        while self.look()["phase"] != "Degraded":
            errors += status(next(users)) == 500
        self.assertLessEqual(errors, self.MOST_ERRORS)
        self.assertEqual(status(mine), 200)


class Good(RolloutCase):
    """A canary that is no worse."""

    QUICK = [weight(10), {"analysis": {"min_canary_requests": 20}}, weight(50), {"analysis": {"min_canary_requests": 20}},
             weight(100)]

    def test_it_goes_through_its_steps_and_bakes_and_hands_back(self):
        self.begin({"steps": self.QUICK, "bake_time": "1s"}, weights=(95, 5))
        users = self.users(4)
        report = self.wait_for("Baking(Handover)")
        users.stop()
        self.assertEqual([(one["from_weight"], one["to_weight"]) for one in report["history"]],
                         [(0, 0), (0, 0.1), (0.1, 0.5), (0.5, 1), (1, 1), (1, 1)])
        self.assertEqual({step["is"] for step in report["steps"][:-1]}, {"passed"})
        self.assertEqual(self.shares(100), (0, 100))
        self.assertIn("the file's weights are in force", self.verb("promote")["message"])
        self.is_at("Healthy(Completed)")
        self.assertEqual(self.shares(100), (95, 5))

    def test_roles_swap_and_the_next_one_goes_the_other_way(self):
        self.begin({"steps": self.QUICK, "bake_time": "1s", "on_complete": "swap"}, weights=(95, 5))
        users = self.users(4)
        report = self.wait_for("Healthy(Completed)")
        users.stop()
        self.assertTrue(report["swapped"])
        self.assertEqual((report["stable"]["target_group"], report["canary"]["target_group"]), ("app-canary", "app-main"))
        self.assertAlmostEqual(self.shares(100)[0], 5, delta=1, msg="the file's weights are read by role")
        self.restart()
        self.assertEqual(self.shares(100), (5, 95))
        self.verb("start")
        self.is_at("Progressing", 0.1)
        self.assertEqual(self.shares(100), (10, 90))
        self.verb("abort")
        self.assertEqual(self.shares(100), (0, 100))

    def test_a_swap_is_undone_by_abort(self):
        self.begin({"steps": self.QUICK, "bake_time": "1h", "on_complete": "swap"})
        self.verb("promote", full=1)
        self.verb("promote")
        self.is_at("Healthy(Completed)")
        self.assertEqual(self.shares(100), (0, 100))
        self.verb("abort")
        self.assertFalse(self.is_at("Degraded(ManualAbort)", 0)["swapped"])
        self.assertEqual(self.shares(100), (100, 0))

    def test_no_undo_after_its_window(self):
        self.begin({"undo_window": "0s"})
        self.verb("promote", full=1)
        self.verb("promote")
        self.verb("promote")
        time.sleep(0.002)  # times are of the wall
        self.assertIn("undo_window is over", self.refused("abort"))

    def test_shares_are_exact_at_each_weight(self):
        self.begin()
        for percent, requests, canary in (("10%25", 200, 20), ("1%25", 400, 4), ("12.5%25", 400, 50), ("0.01%25", 10_000, 1),
                                          ("100%25", 50, 50), ("0%25", 50, 0), ("99%25", 100, 99)):
            with self.subTest(percent):
                self.verb("set-weight", weight=percent)
                self.assertEqual(self.shares(requests), (requests - canary, canary))

    def test_a_holdback_stays_on_stable_until_the_bake_is_over(self):
        self.begin({"holdback": "5%"})
        self.verb("promote", full=1)
        self.assertEqual(self.shares(100), (5, 95))
        self.verb("promote")
        self.assertEqual(self.shares(100), (0, 100))

    def test_a_timed_pause_waits_its_time(self):
        self.begin({"steps": [weight(10), pause("1s"), weight(100)]})
        began = time.monotonic()
        self.wait_for("Baking")
        self.assertGreater(time.monotonic() - began, 0.9)
        self.assertLess(time.monotonic() - began, 5)


class Matched(RolloutCase):
    ALWAYS, NEVER = {"X-Canary": "always"}, {"X-Canary": "never"}
    MATCH = {"match": [{"http_header": {"http_header_name": "X-Canary", "values": [word]}, "target_group": group}
                       for word, group in (("always", "app-canary"), ("never", "app-main"))]}

    def test_who_asks_for_an_arm_gets_it_and_is_no_evidence(self):
        self.canary.fails = 1.0
        self.begin(self.MATCH)
        self.verb("set-weight", weight="50%25")
        self.assertEqual(self.shares(50, self.NEVER), (50, 0))
        self.assertEqual(self.shares(50, self.ALWAYS), (0, 50))
        report = self.is_at("Paused(ManualPause)", 0.5)
        self.assertEqual((report["matched"], report["canary"]["requests"], report["stable"]["requests"]), (100, 0, 0))
        self.assertEqual(self.wait_for_bad(0)["metrics"][0]["evidence"], 1)
        self.assertIsNone(report["canary"]["got"])

    def test_the_others_have_exact_shares_all_the_same(self):
        self.begin(self.MATCH)
        counts = [self.shares(1, self.ALWAYS) if i % 3 == 0 else self.shares(1) for i in range(150)]
        self.assertEqual(sum(canary for _, canary in counts), 50 + 10)

    def test_nothing_reaches_a_canary_that_was_taken_back(self):
        self.begin(self.MATCH)
        self.assertEqual(self.shares(10, self.ALWAYS), (0, 10))
        self.verb("abort")
        self.assertEqual(self.shares(50, self.ALWAYS), (50, 0))

    def test_a_user_who_stays_with_the_canary_leaves_it_when_it_is_taken_back(self):
        self.begin(split="shuffled\n            stickiness: {enabled: true, duration: 1h}")
        answers = [get(self.port) for _ in range(10)]
        fields = next(fields for _, body, fields in answers if body == b"APP_NAME: canary")
        mine = {"Cookie": "; ".join(line.split(";")[0] for line in fields.get_all("Set-Cookie"))}
        self.assertEqual(self.shares(20, mine), (0, 20))
        self.verb("abort")
        self.assertEqual(self.shares(20, mine), (20, 0))

    def test_at_rest_nobody_is_matched(self):
        self.start(self.MATCH)
        self.assertEqual(self.shares(50, self.ALWAYS), (50, 0))


if __name__ == "__main__":
    unittest.main()
