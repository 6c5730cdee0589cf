"""Rollouts over what happens to the daemon in the middle of them: edited files, restarts, kill -9, and a state_dir that has
nothing fit to go on from."""

import json
import signal
import time
import unittest

from rollout_support import HOLD, App, RolloutCase, pause, weight

LIMITED = [{"name": "errors", "type": "error_rate"}, {"name": "limited", "type": "error_rate", "slo_max": "50%"}]


class Edited(RolloutCase):
    """A reload in the middle, with another file."""

    def begin_at_half(self):
        """With evidence: 100 requests at 50%, of which some of stable's have failed."""
        self.begin()
        self.verb("promote")
        self.main.fails = 0.1
        self.shares(100)
        self.main.fails = 0.0
        self.before = self.wait_for_bad(5)
        self.assertEqual((self.before["weight"], self.before["canary"]["requests"]), (0.5, 50))

    def assert_goes_on(self, bad=5):
        """Nothing has moved, and evidence goes on."""
        report = self.look()
        for key in ("phase", "reason", "step", "weight", "step_since", "deadline", "weight_since", "history"):
            self.assertEqual(report[key], self.before[key], key)
        self.assertEqual((report["canary"]["requests"], report["stable"]["bad"]), (50, bad))
        self.assertEqual(report["metrics"][0], self.before["metrics"][0])
        self.assertEqual(self.shares(100), (50, 50))
        self.assertEqual(self.look()["canary"]["requests"], 100)

    def test_nothing_moves_where_its_section_is_the_same(self):
        self.begin_at_half()
        self.edit(load_balancer={"idle_timeout": "61s"})
        self.assert_goes_on()

    def test_nothing_moves_where_targets_change(self):
        self.begin_at_half()
        former, self.canary = self.canary, App(self, "canary-2")
        self.edit()
        seen = former.requests
        self.assert_goes_on()
        self.assertEqual(former.requests, seen)

    def test_other_steps_go_on_behind_the_one_of_the_same_weight(self):
        self.begin_at_half()
        self.edit({"steps": [weight(5), HOLD, weight(20), HOLD, weight(50), pause("1h"), weight(75), HOLD, weight(100)]})
        report = self.look()
        self.assertEqual((report["weight"], report["step"]), (0.5, 6))
        self.verb("promote")
        self.assertEqual(self.look()["weight"], 0.75)

    def test_it_bakes_where_the_steps_that_were_left_are_gone(self):
        self.begin({"steps": [weight(10), HOLD, weight(100), pause("1h")]})
        for _ in range(20):
            self.verb("promote")
            self.is_at("Progressing", 1)
            self.edit({"steps": [weight(10), HOLD, weight(100)]})
            self.assertIn(self.look()["phase"], ("Progressing", "Baking"))
            self.wait_for("Baking")
            self.verb("abort")
            self.edit({"steps": [weight(10), HOLD, weight(100), pause("1h")]})
            self.verb("retry")

    def test_steps_without_the_weight_in_force_leave_it_and_wait(self):
        self.begin_at_half()
        self.edit({"steps": [weight(5), HOLD, weight(60), HOLD, weight(100)]})
        self.is_at("Paused(ConfigDrift)", 0.5)
        self.assertEqual(self.shares(100), (50, 50))
        self.daemon.wait_for_line("none of them sets 50%, which the canary has: it waits for promote or abort")
        self.verb("promote")
        self.is_at("Paused(StepPause)", 0.6)

    def test_other_metrics_begin_evidence_anew(self):
        self.begin_at_half()
        limit = self.look()["metrics"][0]["limit"]
        self.edit(analysis={"metrics": LIMITED})
        self.is_at("Paused(StepPause)", 0.5)
        report = self.wait_for_bad(0)
        self.assertEqual((report["canary"]["requests"], report["metrics"][0]["evidence"]), (0, 1))
        self.assertAlmostEqual(report["metrics"][0]["limit"], 2 * limit, places=3)
        self.daemon.wait_for_line("the metrics were edited: evidence begins anew")
        self.assertEqual(self.shares(100), (50, 50))

    def test_another_limit_is_in_force_from_now_on(self):
        self.begin(analysis={"metrics": LIMITED})
        self.verb("promote")
        self.canary.fails = self.main.fails = 0.2
        self.shares(400)
        self.is_at("Paused(StepPause)", 0.5)
        self.edit(analysis={"metrics": [LIMITED[0], {**LIMITED[1], "slo_max": "5%"}]})
        self.wait_until(lambda: self.look()["metrics"][1]["within"] is False, "the new limit is not in force")
        self.assertEqual(self.look()["canary"]["requests"], 200)

    def test_another_revision_takes_the_canarys_share_and_waits_for_start(self):
        self.begin_at_half()
        self.edit({"revision": "r2"})
        self.is_at("Paused(NewRevision)", 0)
        self.assertEqual(self.shares(100), (100, 0))
        self.daemon.wait_for_line("the canary has nothing until kanaria rollout start checkout begins revision r2")
        self.verb("start")
        report = self.is_at("Paused(StepPause)", 0.1)
        self.assertEqual((report["revision"], report["canary"]["requests"]), ("r2", 0))
        self.assertEqual(self.wait_for_bad(0)["metrics"][0]["evidence"], 1)

    def test_another_revision_starts_by_itself_where_that_is_wanted(self):
        self.begin_at_half()
        self.edit({"revision": "r2", "auto_start": True})
        self.assertEqual(self.wait_for("Paused(StepPause)")["revision"], "r2")
        self.is_at("Paused(StepPause)", 0.1)

    def test_what_was_taken_back_stays_so(self):
        self.begin_at_half()
        self.verb("abort")
        self.hang_up()
        self.edit({"steps": [weight(50), HOLD, weight(100)], "auto_start": True}, {"metrics": LIMITED}, weights=(50, 50))
        self.is_at("Degraded(ManualAbort)", 0)
        self.assertEqual(self.shares(100), (100, 0))
        self.daemon.wait_for_line("is Degraded: revision r1 stays without traffic until retry or another revision")

    def test_edited_weights_of_its_rule_are_one_warning(self):
        self.begin_at_half()
        self.daemon.config.write_text(self.text(weights=(80, 20)))
        self.hang_up()
        self.assertEqual(len(self.daemon.lines_with("but rollout checkout decides them: its share stays")), 1)
        self.assert_goes_on()
        self.hang_up()
        self.assertEqual(len(self.daemon.lines_with("but rollout checkout decides them: its share stays")), 1)
        self.verb("promote", full=1)
        self.verb("promote")
        self.verb("promote")
        self.assertEqual(self.shares(100), (80, 20))

    def test_the_files_weights_are_in_force_when_it_is_removed(self):
        self.begin_at_half()
        self.edit(weights=(80, 20), without=True)
        self.assertEqual(self.shares(100), (80, 20))
        self.assertEqual(self.ask("rollouts", "GET")[1], {"rollouts": []})
        self.daemon.wait_for_line("rollout checkout is gone from the file, and what was in progress ended")

    def test_a_failed_revision_stays_so_over_its_removal(self):
        self.begin_at_half()
        self.verb("abort")
        self.edit(without=True)
        self.daemon.wait_for_line("rollout checkout is gone from the file, and its revision r1 has failed")
        self.edit()
        self.is_at("Degraded(ManualAbort)", 0)
        self.edit(without=True)
        self.restart()
        self.edit()
        self.is_at("Degraded(ManualAbort)", 0)

    def test_a_failed_revision_is_not_forgotten_by_another_one_that_never_began(self):
        self.begin_at_half()
        self.verb("abort")
        self.edit({"revision": "r2"})
        self.edit()
        self.assertIn("kanaria rollout retry checkout", self.refused("start"))
        self.is_at("Degraded(ManualAbort)", 0)

    def test_a_faulty_file_changes_nothing(self):
        self.begin_at_half()
        for fault in ({"steps": [weight(50), HOLD]}, {"canary": "app-canari"}, {"revision": "r 2"}, {"bake": "1m"}):
            self.daemon.config.write_text(self.text(fault))
            self.assertEqual(self.daemon.reload(check=False).returncode, 78)
        self.assert_goes_on()


class Restarted(RolloutCase):
    def keep(self):
        """Until the evidence that is there is in the file."""
        had = json.loads(self.file.read_text())["written"]
        users = self.users(1)
        self.wait_until(lambda: json.loads(self.file.read_text())["written"] > had, "evidence is not kept")
        users.stop()

    def test_a_restart_goes_on_where_it_was(self):
        self.begin({"steps": [weight(10), HOLD, weight(50), pause("1h"), weight(100)]})
        self.verb("promote")
        self.main.fails = 0.1
        self.shares(100)
        before = self.wait_for_bad(5)
        self.restart()
        after = self.is_at("Progressing", 0.5)
        for key in ("revision", "step", "step_since", "weight_since", "started_at", "deadline", "history"):
            self.assertEqual(after[key], before[key], key)
        self.assertEqual(self.wait_for_bad(5)["metrics"][0], before["metrics"][0])
        for arm in ("stable", "canary"):
            self.assertEqual((after[arm]["requests"], after[arm]["bad"]), (before[arm]["requests"], before[arm]["bad"]))
        self.assertEqual(self.shares(100), (50, 50))

    def test_kill_9_loses_five_seconds_of_evidence_at_most(self):
        self.begin({"steps": [weight(10), HOLD, weight(50), pause("1h"), weight(100)]})
        self.verb("promote")
        self.main.fails = 0.1
        self.shares(100)
        before = self.wait_for_bad(5)
        self.main.fails = 0.0
        self.keep()
        self.restart(signal.SIGKILL)
        after = self.is_at("Progressing", 0.5)
        for key in ("revision", "step", "step_since", "weight_since", "started_at", "deadline", "history"):
            self.assertEqual(after[key], before[key], key)
        self.assertGreaterEqual(after["canary"]["requests"], 50)
        self.assertEqual(after["stable"]["bad"], 5)
        self.assertEqual(self.wait_for_bad(5)["metrics"][0]["evidence"], before["metrics"][0]["evidence"])
        self.assertEqual(self.shares(100), (50, 50))

    def test_a_pause_is_over_at_its_time_even_if_the_daemon_was_away(self):
        self.begin({"steps": [weight(10), pause("2s"), weight(100)]})
        self.restart(signal.SIGKILL, before=lambda: time.sleep(2))  # the wall's own time is what is tested
        self.daemon.wait_for_line("weight 10% -> 100%.*pause of 2s is over", 1)

    def test_evidence_of_before_a_kill_counts_after_it(self):
        self.begin()
        self.canary.fails = 1.0
        while self.canary.requests == 0:
            self.shares(1)
        self.wait_until(lambda: self.look()["canary"]["bad"] == 1, "no error")
        bad = self.look()["canary"]["bad"]
        self.restart()
        users = self.users(1)
        self.wait_for("Degraded(AnalysisFailed)")
        self.assertLessEqual(bad + users.stop()[500, "canary"], 8)

    def test_three_deaths_in_five_minutes_take_it_back(self):
        self.begin()
        for state in ("Paused(StepPause)", "Paused(StepPause)", "Degraded(CrashLoop)"):
            self.restart(signal.SIGKILL)
            self.is_at(state, 0 if "Crash" in state else 0.1)
        self.assertEqual(self.shares(100), (100, 0))
        self.assertEqual(self.daemon.metric("rollbacks_total", reason="CrashLoop"), 1)

    def test_deaths_at_rest_and_clean_restarts_take_nothing_back(self):
        self.start()
        for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGTERM, signal.SIGTERM):
            self.restart(how)
        self.is_at("Healthy")

    def test_deaths_before_it_began_are_not_counted(self):
        self.start()
        for _ in range(2):
            self.restart(signal.SIGKILL)
        self.verb("start")
        self.restart(signal.SIGKILL)
        self.is_at("Paused(StepPause)", 0.1)

    def test_it_is_taken_back_when_its_deadline_is_over(self):
        self.begin({"steps": [weight(10), pause("1h"), weight(100)]})

        def be_late():
            kept = json.loads(self.file.read_text())
            kept["rollouts"]["checkout"]["state"]["deadline"] = int(time.time() * 1000) + 500
            self.file.write_text(json.dumps(kept))

        self.restart(before=be_late)
        self.assertIn("longer than progress_deadline, 2h", self.wait_for("Degraded(ProgressDeadline)")["why"])

    def test_clean_restarts_in_the_middle_take_nothing_back(self):
        self.begin()
        for _ in range(4):
            self.restart()
        self.is_at("Paused(StepPause)", 0.1)

    def test_metrics_are_told_at_once(self):
        self.begin()
        self.assertEqual(len(self.look()["metrics"]), 2)
        self.restart()
        self.assertEqual(len(self.look()["metrics"]), 2)

    def test_a_failed_revision_stays_so(self):
        self.canary.fails = 1.0
        self.begin(weights=(50, 50))
        users = self.users()
        self.wait_for("Degraded(AnalysisFailed)")
        users.stop()
        self.hang_up()
        self.is_at("Degraded(AnalysisFailed)", 0)
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.restart(how)
            self.is_at("Degraded(AnalysisFailed)", 0)
            self.assertEqual(self.shares(50), (50, 0))

    def test_what_it_was_taken_back_for_is_told_after_a_restart_too(self):
        self.canary.fails = 1.0
        self.begin()
        users = self.users()
        before = self.wait_for("Degraded(AnalysisFailed)")
        users.stop()
        self.restart()
        after = self.look()
        self.assertEqual((after["why"], after["verdict_words"]), (before["why"], before["verdict_words"]))
        self.assertGreaterEqual(after["canary"]["bad"], before["canary"]["bad"])
        self.assertEqual([metric["name"] for metric in after["metrics"]], ["errors", "latency"])
        self.assertGreater(self.daemon.metric("rollout_bad_total", arm="canary", metric="errors"), 0)

    def test_an_abort_is_kept_when_it_is_answered(self):
        self.begin()
        self.verb("abort")
        self.restart(signal.SIGKILL)
        self.is_at("Degraded(ManualAbort)", 0)

    def test_it_is_at_rest_without_a_file(self):
        self.begin(weights=(80, 20))
        self.restart(before=self.file.unlink)
        self.is_at("Healthy")
        self.assertEqual(self.shares(100), (80, 20))

    def assert_lost(self, edit, words, file_moves=True):
        self.begin(weights=(80, 20))
        self.restart(before=edit)
        report = self.is_at("Paused(StateLost)", 0)
        self.assertEqual(self.shares(100), (100, 0))
        self.daemon.wait_for_line(words)
        self.assertEqual(self.file.with_name("rollouts.json.damaged").exists(), file_moves)
        self.hang_up()
        self.restart()
        self.is_at("Paused(StateLost)", 0)
        self.verb("start")
        self.is_at("Paused(StepPause)", 0.1)
        return report

    def change_kept(self, **changes):
        kept = json.loads(self.file.read_text())
        kept.update(changes)
        self.file.write_text(json.dumps(kept))

    def test_a_damaged_file_leaves_the_canary_nothing(self):
        self.assert_lost(lambda: self.file.write_text(self.file.read_text()[:-30]),
                         "rollouts.json is no JSON object; it is kept as")

    def test_a_file_with_nonsense_leaves_the_canary_nothing(self):
        self.assert_lost(lambda: self.change_kept(rollouts={"checkout": {}}), "rollouts.json is damaged")

    def test_a_file_of_a_newer_version_leaves_the_canary_nothing(self):
        self.assert_lost(lambda: self.change_kept(version=99), "rollouts.json is of a newer version of kanaria; it is kept as")

    def test_a_file_that_is_too_old_leaves_the_canary_nothing(self):
        day = 86_400_000
        self.assert_lost(lambda: self.change_kept(written=int(time.time() * 1000) - day - 1000),
                         "older than state_max_age, 1d", file_moves=False)

    def test_a_disk_that_takes_nothing_is_a_warning(self):
        self.start()
        self.state.rename(self.state.with_name("gone"))
        for verb in ("start", "promote", "pause", "abort"):
            warnings = self.verb(verb)["warnings"]
            self.assertIn("this is not kept over a restart", "".join(warnings), verb)
        self.is_at("Degraded(ManualAbort)", 0)
        self.assertIn("can't be written", self.look()["unkept"])
        self.daemon.wait_for_line("rollouts are not kept over a restart: .*rollouts.json can't be written")
        self.state.with_name("gone").rename(self.state)
        self.assertEqual(self.verb("retry")["warnings"], [])
        self.assertIsNone(self.look()["unkept"])
        self.daemon.wait_for_line("rollouts are kept over a restart again")

    def test_a_disk_that_is_back_is_told_and_written_by_itself(self):
        self.begin()
        self.state.rename(self.state.with_name("gone"))
        self.verb("promote")
        self.state.with_name("gone").rename(self.state)
        self.wait_until(lambda: not self.look()["unkept"], "it is not tried again")
        self.restart(signal.SIGKILL)
        self.is_at("Paused(StepPause)", 0.5)

    def test_an_abort_that_the_disk_didnt_take_is_kept_when_it_is_back(self):
        self.begin()
        self.state.rename(self.state.with_name("gone"))
        self.verb("abort")
        self.state.with_name("gone").rename(self.state)
        self.wait_until(lambda: not self.look()["unkept"], "it is not tried again")
        self.restart(signal.SIGKILL)
        self.is_at("Degraded(ManualAbort)", 0)


if __name__ == "__main__":
    unittest.main()
