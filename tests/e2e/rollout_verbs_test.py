"""What people may ask of a rollout, and when; what they are told otherwise; what it leaves in metrics and log."""

import json
import re
import shutil
import subprocess
import unittest
from collections import Counter

from chaos_test import Recorder
from rollout_support import HOLD, JSON, QUICKLY, RolloutCase, pause, weight
from support import TIMEOUT, free_port, get, run_cli

PROMTOOL = shutil.which("promtool")

VERBS = ("start", "promote", "pause", "resume", "abort", "retry", "set-weight")


class Verbs(RolloutCase):
    LONG = [weight(10), pause("1h"), weight(50), HOLD, weight(100)]
    # What each phase allows: done, or so already.
    ALLOWED = {
        "Healthy": {"start"},
        "Progressing": {"promote", "pause", "resume", "abort", "set-weight"},
        "Paused(ManualPause)": {"promote", "pause", "resume", "abort", "set-weight"},
        "Paused(StepPause)": {"promote", "pause", "abort", "set-weight"},
        "Paused(Inconclusive)": {"promote", "pause", "abort", "set-weight"},
        "Paused(ConfigDrift)": {"promote", "pause", "abort", "set-weight"},
        "Paused(NewRevision)": {"start", "pause", "abort"},
        "Paused(StateLost)": {"start", "pause", "abort"},
        "Baking": {"promote", "abort"},
        "Baking(Handover)": {"promote", "abort"},
        "Healthy(Completed)": {"start", "abort"},
        "Degraded(ManualAbort)": {"retry", "abort"},
    }

    def bring_to(self, state):
        """A new daemon whose rollout is there."""
        self.file.unlink(missing_ok=True)
        self.start({"steps": self.LONG})
        if state == "Paused(StateLost)":
            self.restart(before=lambda: self.file.write_text("{"))
        elif state == "Paused(Inconclusive)":
            self.edit({"steps": [weight(10), pause("1s"), weight(100)]}, {"min_canary_requests": 100})
            self.verb("start")
        elif state != "Healthy":
            self.verb("start")
        if state == "Paused(ManualPause)":
            self.verb("pause")
        elif state == "Paused(ConfigDrift)":
            self.edit({"steps": [weight(20), pause("1h"), weight(100)]})
        elif state == "Paused(NewRevision)":
            self.edit({"steps": self.LONG, "revision": "r2"})
        elif state == "Degraded(ManualAbort)":
            self.verb("abort")
        by_promote = ("Paused(StepPause)", "Baking", "Baking(Handover)", "Healthy(Completed)")
        for reached in by_promote[:by_promote.index(state) + 1] if state in by_promote else ():
            self.verb("promote")
            self.is_at(reached)
        self.wait_for(state)

    def end(self):
        """The daemon, before the test is over."""
        self.assertEqual(self.daemon.stop(), 0)

    def refusals(self):
        """What each phase says to what it doesn't allow: (state, verb, words)."""
        for state, allowed in self.ALLOWED.items():
            self.bring_to(state)
            for verb in set(VERBS) - allowed:
                yield state, verb, self.refused(verb, **({"weight": "20%25"} if verb == "set-weight" else {}))
                self.is_at(state)
            self.end()

    def test_what_a_phase_doesnt_allow_is_refused_with_a_verb_that_would_do(self):
        unhelpful = [(state, verb, why) for state, verb, why in self.refusals()
                     if not any(re.search(rf"\b{other}\b", why) for other in self.ALLOWED[state] - {verb})]
        self.assertEqual(unhelpful, [])

    def test_what_a_phase_allows_is_done(self):
        for state, allowed in self.ALLOWED.items():
            for verb in allowed - {"abort"}:
                with self.subTest(state=state, verb=verb):
                    self.bring_to(state)
                    self.verb(verb, **({"weight": "20%25"} if verb == "set-weight" else {}))
                    self.end()

    def test_abort_takes_back_in_each_phase_and_may_be_asked_again(self):
        for state in [state for state, allowed in self.ALLOWED.items() if "abort" in allowed]:
            with self.subTest(state):
                self.bring_to(state)
                self.assertEqual(self.verb("abort")["changed"], not state.startswith("Degraded"))
                self.is_at("Degraded(ManualAbort)", 0)
                self.assertEqual(self.shares(20), (20, 0))
                self.assertFalse(self.verb("abort")["changed"])
                self.is_at("Degraded(ManualAbort)", 0)
                self.end()

    def test_abort_right_after_promote_full(self):
        self.begin()
        users = self.users(4)
        self.verb("promote", full=1)
        self.verb("abort")
        self.is_at("Degraded(ManualAbort)", 0)
        self.assert_canary_gets_nothing(users, 100)

    def test_pause_freezes_a_step_and_resume_goes_on(self):
        self.begin({"steps": [weight(10), pause("1s"), weight(100)]})
        self.assertTrue(self.verb("pause")["changed"])
        self.assertFalse(self.verb("pause")["changed"])
        began = self.is_at("Paused(ManualPause)", 0.1)["step_since"]
        self.daemon.wait_for_line("paused by")
        self.assertTrue(self.verb("resume")["changed"])
        self.assertGreaterEqual(self.look()["step_since"], began)
        self.assertFalse(self.verb("resume")["changed"])
        self.wait_for("Baking")

    def test_set_weight_pauses_the_steps_until_resume_or_promote(self):
        self.begin({"steps": [weight(10), HOLD, weight(50), HOLD, weight(100)]})
        self.verb("set-weight", weight="25%25")
        self.is_at("Paused(ManualPause)", 0.25)
        self.assertEqual(self.shares(100), (75, 25))
        self.verb("resume")
        self.wait_for("Paused(StepPause)")
        self.is_at("Paused(StepPause)", 0.25)
        self.verb("promote")
        self.is_at("Paused(StepPause)", 0.5)

    def test_a_smaller_weight_is_in_force_at_once_and_spills_nothing(self):
        self.begin()
        for percent, canary in ((100, 100), (50, 50), (10, 10)):
            self.verb("set-weight", weight=f"{percent}%25")
            self.assertEqual(self.shares(100), (100 - canary, canary))
        self.assertEqual(self.look()["spilled"], 0)

    def test_a_share_that_no_file_can_say_is_explained_and_leaves_what_is_shown_a_file(self):
        self.begin()
        self.verb("set-weight", weight="12.34%25")
        admin = ["--admin", f"127.0.0.1:{self.admin}"]
        shown = run_cli("show", *admin)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("weight: 100", shown.stdout)
        checked = run_cli("check", self.write("shown.yaml", shown.stdout))
        self.assertEqual(checked.returncode, 0, checked.stderr)
        explained = run_cli("explain", *admin, "GET", f"http://x:{self.port}/")
        self.assertEqual(explained.returncode, 0, explained.stderr)
        self.assertRegex(explained.stdout, r"app-main +4383 +87\.7%")
        self.assertRegex(explained.stdout, r"app-canary +617 +12\.3%")

    def test_retry_begins_at_step_0_with_fresh_evidence(self):
        self.canary.fails = 1.0
        self.begin()
        users = self.users()
        self.assertGreater(self.wait_for("Degraded(AnalysisFailed)")["metrics"][0]["evidence"], 200)
        users.stop()
        self.canary.fails = 0.0
        self.verb("retry")
        report = self.is_at("Paused(StepPause)", 0.1)
        self.assertEqual((report["step"], report["canary"]["requests"]), (2, 0))
        self.assertEqual(self.shares(100), (90, 10))
        report = self.wait_for_bad(0)
        self.assertEqual((report["metrics"][0]["evidence"], report["canary"]["requests"], report["canary"]["bad"]), (1, 10, 0))

    def test_what_is_misspelt_is_told_with_the_nearest_name(self):
        self.start()
        for path, words in (("chekout/start", 'did you mean "checkout"?'), ("checkout/prmote", 'did you mean "promote"?')):
            status, answer = self.ask(f"rollouts/{path}")
            self.assertEqual((status, answer["error"]["code"]), (404, "not_found"))
            self.assertIn(words, answer["error"]["message"])
        status, answer = self.ask("rollouts/chekout", "GET")
        self.assertIn('did you mean "checkout"?', answer["error"]["message"])
        self.assertEqual(status, 404)
        self.assertEqual([one["name"] for one in self.ask("rollouts", "GET")[1]["rollouts"]], ["checkout"])

    def test_what_makes_no_sense_is_refused(self):
        self.begin()
        for verb, query, words in (("set-weight", {}, "wants a weight, such as 10%"),
                                   ("set-weight", {"weight": "10"}, "between 0% and 100%"),
                                   ("set-weight", {"weight": "100.01%25"}, "between 0% and 100%"),
                                   ("set-weight", {"weight": "0.001%25"}, "in steps of 0.01%"),
                                   ("set-weight", {"weight": "-1%25"}, "between 0% and 100%"),
                                   ("start", {"revision": "a%20b"}, "1 to 64 of the characters"),
                                   ("promote", {"full": "yes"}, "full must be 1 or 0"),
                                   ("abort", {"weight": "1%25"}, "abort takes no weight")):
            self.assertIn(words, self.verb(verb, 400, **query)["error"]["message"])
        self.assertIn("the revision is r1, not r2", self.refused("start", revision="r2"))
        self.is_at("Paused(StepPause)", 0.1)

    def test_weights_of_a_rule_that_it_owns_are_refused_with_what_to_write(self):
        self.begin()
        path = f"listeners/http-{self.port}/rules/canary/weights"

        def put():
            status, body, _ = get(self.admin, f"/api/v1/{path}", "PUT", json.dumps({"app-main": 1, "app-canary": 1}), JSON)
            return status, json.loads(body)

        for _ in range(2):
            status, answer = put()
            self.assertEqual(status, 409, answer)
            self.assertIn("kanaria rollout set-weight checkout N%", answer["error"]["message"])
            self.assertIn("kanaria rollout abort checkout", answer["error"]["message"])
            self.verb("abort")  # Degraded owns it as well
        self.assertEqual(self.shares(20), (20, 0))

    def test_a_revision_that_the_file_doesnt_name_is_given_by_hand(self):
        self.start({"revision": "none"})
        self.assertIn("kanaria rollout start checkout --revision R", self.refused("start"))
        self.verb("start", revision="r7")
        self.assertEqual(self.look()["revision"], "r7")
        self.verb("abort")
        self.assertIn("kanaria rollout retry checkout", self.refused("start", revision="r7"))
        self.verb("start", revision="r8")
        self.is_at("Paused(StepPause)", 0.1)


class Spilled(RolloutCase):
    """A group without a healthy target."""

    def begin_with(self, main, canary, **settings):
        return self.begin(targets=(main, canary), health_check=QUICKLY, **settings)

    def wait_for_health(self, group, healthy):
        self.wait_until(lambda: self.daemon.metric("targets", target_group=group, state="healthy") == healthy, "its health")

    def test_the_share_of_a_dead_canary_goes_to_stable_until_it_is_taken_back(self):
        canary = Recorder(self, "canary")
        self.begin_with(self.main.target, canary.target, rollout={"unhealthy_abort_after": "5s"})
        self.wait_for_health("app-canary", 1)
        canary.kill()
        self.wait_for_health("app-canary", 0)
        users = self.users(2)
        self.wait_until(lambda: self.look()["spilled"] > 10, "nothing spills")
        self.assertEqual(self.look()["canary"]["requests"], 0)
        report = self.wait_for("Degraded(CanaryUnhealthy)")
        self.assertEqual(report["weight"], 0)
        self.assertIn("no healthy target for 5s", report["why"])
        self.assertEqual(set(users.stop()), {(200, "main")})

    def test_a_canary_that_dies_is_taken_back_after_a_few_errors(self):
        canary = Recorder(self, "canary")
        self.begin_with(self.main.target, canary.target)
        self.wait_for_health("app-canary", 1)
        users = self.users()
        self.wait_until(canary.requests, "the canary gets nothing")
        canary.kill()
        self.wait_until(lambda: self.look()["phase"] == "Degraded", "it is not taken back")
        users.wait_for(300)
        answers = users.stop()
        self.assertLessEqual(answers.total() - answers[200, "main"] - answers[200, "canary"], 25)

    def test_the_share_of_a_dead_stable_never_goes_to_the_canary(self):
        main = Recorder(self, "main")
        self.begin_with(main.target, self.canary.target)
        self.wait_for_health("app-main", 1)
        main.kill()
        self.wait_for_health("app-main", 0)
        answers = Counter(get(self.port)[0] for _ in range(100))
        self.assertEqual((answers[200], answers.total()), (10, 100))
        self.verb("abort")
        self.assertNotIn(200, {get(self.port)[0] for _ in range(30)})

    def test_spilled_requests_are_no_evidence(self):
        self.main.fails = 0.5
        self.begin_with(self.main.target, f"127.0.0.1:{free_port()}", rollout={"unhealthy_abort_after": "1h"},
                        analysis={"false_rollback_rate": "0.000001"})
        self.wait_for_health("app-canary", 0)
        self.wait_until(lambda: self.shares(10) and self.look()["spilled"] > 0, "nothing spills")
        before = self.look()
        self.shares(200)
        after = self.look()
        self.assertGreaterEqual(after["spilled"], before["spilled"] + 20)
        self.assertEqual([after[arm]["requests"] for arm in ("stable", "canary")],
                         [before[arm]["requests"] for arm in ("stable", "canary")])


class Silent(RolloutCase):
    """No traffic."""

    QUICK = {"steps": [weight(10), pause("1s"), weight(100)]}

    def test_it_waits_for_requests_and_goes_on_by_itself_when_they_come(self):
        self.begin(self.QUICK, {"min_canary_requests": 10})
        self.shares(20)
        report = self.wait_for("Paused(Inconclusive)")
        self.assertEqual(report["weight"], 0.1)
        self.assertIn("2 of 10 canary requests", report["why"])
        self.shares(70)
        self.daemon.reload()  # which takes longer than a look at what has come
        self.assertEqual(self.is_at("Paused(Inconclusive)", 0.1)["canary"]["requests"], 9)
        self.shares(10)
        self.assertIn("10 canary requests", "".join(one["why"] for one in self.wait_for("Baking")["history"]))

    def test_it_goes_on_where_that_is_wanted(self):
        self.begin(self.QUICK, {"min_canary_requests": 10, "on_inconclusive": "promote"})
        self.wait_for("Baking")

    def test_it_is_taken_back_where_that_is_wanted(self):
        self.begin(self.QUICK, {"min_canary_requests": 10, "on_inconclusive": "abort"})
        self.assertEqual(self.wait_for("Degraded(Inconclusive)")["weight"], 0)

    def test_an_analysis_waits_as_long_as_it_may(self):
        self.begin({"steps": [weight(10), {"analysis": {"min_canary_requests": 5, "max_wait": "1s"}}, weight(100)]})
        self.wait_for("Paused(Inconclusive)")
        self.shares(50)
        self.wait_for("Baking")


class Told(RolloutCase):
    """In metrics and in the log."""

    def test_metrics_tell_what_it_does(self):
        self.start()
        metric = lambda name, **labels: self.daemon.metric(name, rollout="checkout", **labels)
        self.assertEqual((metric("rollout_state", state="Healthy"), metric("rollout_state")), (1, 1))
        self.verb("start")
        self.assertEqual((metric("rollout_state", state="Paused"), metric("rollout_state")), (1, 1))
        self.assertEqual((metric("rollout_step"), metric("rollout_weight")), (1, 0.1))
        self.main.fails = 0.1
        self.shares(100)
        self.assertEqual([metric("rollout_requests_total", arm=arm) for arm in ("stable", "canary")], [90, 10])
        self.wait_for_bad(9)
        self.assertEqual([metric("rollout_bad_total", arm=arm, metric="errors") for arm in ("stable", "canary")], [9, 0])
        self.assertTrue(0 < metric("rollout_evidence", metric="errors") <= 1)
        self.assertEqual(metric("rollbacks_total"), 0)
        self.canary.fails, self.main.fails = 1.0, 0.0
        users = self.users()
        self.wait_for("Degraded(AnalysisFailed)")
        users.stop()
        self.assertEqual((metric("rollout_state", state="Degraded"), metric("rollout_weight")), (1, 0))
        self.assertEqual((metric("rollbacks_total", reason="AnalysisFailed"), metric("rollbacks_total")), (1, 1))
        self.assertGreater(metric("rollout_evidence", metric="errors"), 200)
        errors = users.answers[500, "canary"]
        self.assertEqual(metric("rollout_requests_total", arm="canary"), 10 + errors)
        self.assertEqual(metric("rollout_bad_total", arm="canary", metric="errors"), errors)
        found = subprocess.run([PROMTOOL, "check", "metrics"], input=self.daemon.metrics(), capture_output=True, text=True,
                               timeout=TIMEOUT, check=False)
        self.assertEqual((found.returncode, found.stdout + found.stderr), (0, ""))

    def test_bad_answers_that_come_after_it_was_taken_back_are_told_as_well(self):
        self.canary.fails, self.canary.delay = 1.0, 0.06
        self.begin({"steps": [weight(50), HOLD, weight(100)]}, {"metrics": [{"name": "errors", "type": "error_rate"}]})
        users = self.users(24)
        self.wait_for("Degraded(AnalysisFailed)")
        users.wait_for(200)
        errors = users.stop()[500, "canary"]
        report = self.look()
        self.assertEqual((report["canary"]["bad"], report["metrics"][0]["bad"]["canary"]), (errors, errors))
        for name in ("rollout_requests_total", "rollout_bad_total"):
            self.assertEqual(self.daemon.metric(name, arm="canary"), errors)

    def test_each_transition_has_one_line_and_each_verb_one_of_who_asked(self):
        self.start()
        status, _ = self.ask("rollouts/checkout/start", headers={"X-Kanaria-Client": "alice@ci-7"})
        self.assertEqual(status, 200)
        self.verb("promote")
        self.verb("promote")
        self.verb("abort")
        self.verb("abort")
        self.refused("promote")
        self.daemon.wait_for_line("rollout checkout .*promote.*refused")
        self.assertEqual(len(self.transitions()), len(self.look()["history"]), self.daemon.output())
        for words in ("step 1 -> 2, Progressing: promoted by", "weight 10% -> 50%, Progressing: set 50%",
                      "weight 50% -> 100%, Progressing: set 100%", "Baking: all steps are passed",
                      r"weight 100% -> 0%, Degraded\(ManualAbort\): aborted by"):
            self.assertEqual(len([line for line in self.transitions() if re.search(words, line)]), 1, words)
        self.daemon.wait_for_line(r"rollout checkout changed by 127\.0\.0\.1:\d+ \(says alice@ci-7\): start")
        self.assertEqual(len([line for line in self.daemon.lines if re.search("rollout checkout .* abort", line)]), 2)


if __name__ == "__main__":
    unittest.main()
