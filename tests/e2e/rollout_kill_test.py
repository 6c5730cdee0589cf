"""kill -9 while verbs and steps race: whatever was under way, the canary never has more after it than before, and nothing at
all once an abort was answered."""

import http.client
import json
import random
import re
import signal
import threading
import time
import unittest

from rollout_support import JSON, RolloutCase, weight
from support import LONG, TIMEOUT

RUNS = 1000 if LONG else 25
SEED = 4711


class Driver:
    """Somebody who asks for one thing after another until the daemon is gone. `last`: what was answered last, of what
    changed something; `asked`: what was never answered."""

    VERBS = ["set-weight"] * 6 + ["promote"] * 3 + ["abort"] * 3 + ["retry"] * 3 + ["start", "resume", "pause"]

    def __init__(self, admin, seed):
        self.random = random.Random(seed)
        self.last = self.asked = ""
        self._admin = admin
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._admin, timeout=TIMEOUT)
        try:
            while True:
                verb = self.random.choice(self.VERBS)
                query = f"?weight={self.random.randrange(10_001) / 100:.2f}%25" if verb == "set-weight" else ""
                self.asked = verb
                connection.request("POST", f"/api/v1/rollouts/checkout/{verb}{query}", headers=JSON)
                answer = connection.getresponse()
                told = json.loads(answer.read())
                if answer.status == 200 and (told["changed"] or verb == "abort"):
                    self.last = verb
                self.asked = ""
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()

    def join(self):
        self._thread.join(TIMEOUT)


class Kill(RolloutCase):
    # A ladder that is climbed as fast as requests come.
    STEPS = [step for percent in range(1, 100, 4) for step in (weight(percent), {"analysis": {"min_canary_requests": 1}})]
    STEPS.append(weight(100))

    def last_weight(self):
        """That was in force, by the log: in hundredths of a percent."""
        told = [match[1] for match in (re.search(r"weight \S+ -> (\S+)%", line) for line in self.transitions()) if match]
        return round(float(told[-1]) * 100) if told else None

    def kept(self):
        """In the file; what had died before it is forgotten, for three deaths in five minutes would take it back."""
        kept = json.loads(self.file.read_text())
        kept["starts"] = []
        self.file.write_text(json.dumps(kept))
        return kept["rollouts"]["checkout"]["state"]

    def run_and_kill(self, seed, before):
        """The weight after it. `before`: the one before."""
        driver = Driver(self.admin, seed)
        time.sleep(driver.random.uniform(0, 0.2))  # the random point
        self.daemon.ends_with = -signal.SIGKILL
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        driver.join()
        weight_at_kill = self.last_weight()
        state = self.kept()
        told = (f"seed {seed}: {state['phase']} {state['weight']}, last {driver.last}, asked {driver.asked}\n"
                f"{self.daemon.output()}")
        self.assertLessEqual(state["weight"], before if weight_at_kill is None else weight_at_kill, told)
        is_aborted = driver.last == "abort" and driver.asked not in ("retry", "start")
        if is_aborted:
            self.assertEqual((state["phase"], state["weight"]), ("Degraded", 0), told)
        self.daemon = self.kanaria_with(self.daemon.config.read_text(), self.port, self.admin)
        report = self.look()
        if is_aborted:
            self.assertEqual((report["phase"], report["weight"]), ("Degraded", 0), told)
        # Steps may have gone on meanwhile, each with a line.
        climbed = self.last_weight()
        expected = state["weight"] if climbed is None else climbed
        self.assertLessEqual(round((report["weight"] or 0) * 10_000), expected, told)
        self.assertNotEqual(report["reason"], "StateLost", told)
        return max(expected, state["weight"])

    def test_a_kill_at_a_random_point_never_leaves_the_canary_more(self):
        self.begin()
        users = self.users(2)
        before = 10_000
        for run in range(RUNS):
            before = self.run_and_kill(SEED + run, before)
        users.stop()


if __name__ == "__main__":
    unittest.main()
