"""Users who stay where they are: by cookies, through reloads, restarts, kill -9, rotated keys, and when their place is
gone."""

import re
import signal
import socket
import subprocess
import threading
import time
import unittest
from collections import Counter

from support import TIMEOUT, Case, Kanaria, connect, free_port, get, name_in, read_head, run_cli

def heads(sock):
    """Of the requests that come on a connection, until it ends."""
    while sock.recv(1, socket.MSG_PEEK):
        yield read_head(sock).decode()


KEY = "{}:" + "A" * 42 + "{}="


class Browser:
    """A jar of cookies, as far as it matters here: names and values of one host."""

    def __init__(self, port):
        self.port, self.cookies, self.set = port, {}, {}

    def get(self, path="/", headers=None):
        """Who answered; `set` has what this answer set, by name: its attributes."""
        fields = dict(headers or {})
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        status, body, answer = get(self.port, path, headers=fields)
        if status != 200:
            return f"HTTP {status}"
        self.set = {}
        for line in answer.get_all("Set-Cookie") or []:
            pair, *attributes = line.split("; ")
            name, _, value = pair.partition("=")
            self.cookies[name] = value
            self.set[name] = attributes
        return name_in(body)


class Stickiness(Case):
    def setUp(self):
        super().setUp()
        self.port, self.admin = free_port(), free_port()
        self.state = self.dir / "state"
        self.state.mkdir(mode=0o700)

    def apps(self, **counts):
        """Echoes of each group: main=2 gives main-0 and main-1."""
        return {group: [self.echo(f"{group}-{i}") for i in range(count)] for group, count in counts.items()}

    def text(self, apps, weights, forward="", *, keys=None, group="", rules="", check="{enabled: false}"):
        """A file whose default action splits by `weights`. `group`: more keys of each group."""
        keys = keys or f"state_dir: {self.state}"
        weighted = ", ".join(f"{{name: {name}, weight: {weight}}}" for name, weight in weights.items())
        targets = "".join(
            f"  - {{name: {name}, health_check: {check}, {group + ', ' if group else ''}"
            f"targets: [{', '.join(chr(34) + app.target + chr(34) for app in echoes)}]}}\n" for name, echoes in apps.items())
        return (f"workers: 2\n{keys}\nadmin: {{address: \"127.0.0.1:{self.admin}\"}}\n"
                f"listeners:\n  - name: web\n    port: {self.port}\n    address: 127.0.0.1\n    rules:\n{rules or '      []'}\n"
                f"    default_action: {{forward: {{target_groups: [{weighted}], {forward}}}}}\n"
                f"target_groups:\n{targets}")

    def start(self, *arguments, **settings):
        return self.kanaria_with(self.text(*arguments, **settings), self.port, self.admin)

    def change(self, daemon, *arguments, **settings):
        daemon.config.write_text(self.text(*arguments, **settings))
        return daemon.reload()

    def await_metric(self, daemon, expected, name, **labels):
        """A request is counted when it ends, which its client doesn't see."""
        deadline = time.monotonic() + TIMEOUT
        while (value := daemon.metric(name, **labels)) != expected:
            self.assertLess(time.monotonic(), deadline, f"{name} {labels} is {value}, not {expected}")

    def users(self, count):
        return [Browser(self.port) for _ in range(count)]

    def sides(self, users, **arguments):
        return [user.get(**arguments).rpartition("-")[0] for user in users]


STICKY = "stickiness: {enabled: true, duration: 1h}"


class Groups(Stickiness):
    def test_keep_their_users_through_reloads_restarts_and_a_kill(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 80, "canary": 20}, STICKY)
        users = self.users(20)
        first = self.sides(users)
        self.assertEqual(Counter(first), {"main": 16, "canary": 4})
        self.assertEqual(self.sides(users), first)

        self.change(daemon, apps, {"main": 20, "canary": 80}, STICKY)
        self.assertEqual(self.sides(users), first)
        self.assertEqual(Counter(self.sides(self.users(10))), {"main": 2, "canary": 8})

        daemon.stop()
        daemon = self.start(apps, {"main": 80, "canary": 20}, STICKY)
        self.assertEqual(self.sides(users), first)

        daemon.ends_with = -signal.SIGKILL
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        self.start(apps, {"main": 80, "canary": 20}, STICKY)
        self.assertEqual(self.sides(users), first)

    def test_set_albs_two_cookies_once(self):
        self.start(self.apps(main=1), {"main": 1}, STICKY)
        user = self.users(1)[0]
        user.get()
        self.assertEqual(sorted(user.set), ["AWSALBTG", "AWSALBTGCORS"])
        self.assertEqual(user.cookies["AWSALBTG"], user.cookies["AWSALBTGCORS"])
        self.assertRegex(user.cookies["AWSALBTG"], r"^[A-Za-z0-9_-]+$")
        expires, *rest = user.set["AWSALBTG"]
        self.assertRegex(expires, r"^Expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertEqual(rest, ["Path=/", "HttpOnly", "SameSite=Lax"])
        self.assertEqual(user.set["AWSALBTGCORS"][1:], ["Path=/", "HttpOnly", "SameSite=None", "Secure"])
        user.get()
        self.assertEqual(user.set, {})  # young enough
        del user.cookies["AWSALBTG"]    # in another site's frame
        user.get()
        self.assertEqual(user.set, {})

    def test_are_told_by_the_newer_of_the_two_cookies(self):
        """A page in another site's frame is given the third-party cookie alone, so it may know of more."""
        apps = self.apps(main=1, canary=1)
        rule = ("      - {priority: 1, name: b, conditions: [{path_pattern: [\"/b\"]}], action: {forward: {" + STICKY
                + ", target_groups: [{name: main, weight: 1}, {name: canary, weight: 1}]}}}")
        daemon = self.start(apps, {"main": 1, "canary": 1}, STICKY, rules=rule)
        for user in self.users(8):
            page = user.get()
            first_party = user.cookies.pop("AWSALBTG")
            framed = user.get("/b")
            user.cookies["AWSALBTG"] = first_party  # which says nothing of /b
            self.assertEqual([user.get("/b"), user.get()], [framed, page])
        self.await_metric(daemon, 16, "sticky_requests_total", result="new")
        self.await_metric(daemon, 16, "sticky_requests_total", result="kept")

    def test_count_kept_new_and_moved_requests(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 1, "canary": 0}, STICKY)
        users = self.users(3)
        self.sides(users * 2)
        self.await_metric(daemon, 3, "sticky_requests_total", target_group="main", result="new")
        self.await_metric(daemon, 3, "sticky_requests_total", target_group="main", result="kept")
        self.assertEqual(daemon.metric("split_requests_total", target_group="main"), 3)
        self.change(daemon, apps, {"main": 0, "canary": 1}, STICKY)
        self.assertEqual(self.sides(users), ["canary"] * 3)
        self.await_metric(daemon, 3, "sticky_requests_total", target_group="canary", result="moved")

    def test_of_weight_zero_or_out_of_the_rule_lose_their_users_at_once(self):
        apps = self.apps(main=1, canary=1, third=1)
        daemon = self.start(apps, {"main": 1, "canary": 0, "third": 0}, STICKY)
        users = self.users(4)
        self.assertEqual(self.sides(users), ["main"] * 4)
        self.change(daemon, apps, {"main": 0, "canary": 1, "third": 0}, STICKY)
        self.assertEqual(self.sides(users), ["canary"] * 4)
        self.assertIn("AWSALBTG", users[0].set)
        self.change(daemon, apps, {"third": 1}, STICKY)
        self.assertEqual(self.sides(users), ["third"] * 4)
        self.change(daemon, apps, {"main": 1, "canary": 1, "third": 1}, STICKY)
        self.assertEqual(self.sides(users), ["third"] * 4)  # where their new cookies say

    def test_all_of_weight_zero_answer_503(self):
        apps = self.apps(main=1)
        daemon = self.start(apps, {"main": 1}, STICKY)
        user = self.users(1)[0]
        self.assertEqual(user.get(), "main-0")
        self.change(daemon, apps, {"main": 0}, STICKY)
        self.assertEqual(user.get(), "HTTP 503")

    def test_without_a_target_lose_their_users(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 1, "canary": 9}, STICKY)
        users = self.users(10)
        self.assertEqual(Counter(self.sides(users)), {"main": 1, "canary": 9})
        drained = run_cli("targets", "canary", "drain", apps["canary"][0].target, "--admin", f"127.0.0.1:{self.admin}")
        self.assertEqual(drained.returncode, 0, drained.stderr)
        self.assertEqual(self.sides(users), ["main"] * 10)  # at once, whatever its weight
        self.await_metric(daemon, 9, "sticky_requests_total", result="moved")
        self.assertIn("HTTP 503", [user.get() for user in self.users(11)])  # new visitors are split as ever

    def test_that_failed_give_their_users_to_the_others_with_failover(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 1, "canary": 1}, STICKY + ", failover: true",
                            check="{interval: 1s, timeout: 500ms, healthy_threshold: 2, unhealthy_threshold: 2}")
        users = self.users(6)
        self.assertEqual(Counter(self.sides(users)), {"main": 3, "canary": 3})
        apps["canary"][0].stop()
        self.await_metric(daemon, 1, "targets", target_group="canary", state="unhealthy")
        self.assertEqual(self.sides(users), ["main"] * 6)
        self.assertEqual(self.sides(users), ["main"] * 6)
        self.await_metric(daemon, 3, "sticky_requests_total", target_group="main", result="moved")

    def test_of_two_rules_share_a_cookie_and_keep_apart(self):
        apps = self.apps(main=1, canary=1, api=1, beta=1)
        rule = ("      - {priority: 1, name: api, conditions: [{path_pattern: [\"/api*\"]}], action: {forward: {" + STICKY
                + ", target_groups: [{name: api, weight: 1}, {name: beta, weight: 1}]}}}")
        self.start(apps, {"main": 1, "canary": 1}, STICKY, rules=rule)
        users = self.users(8)
        pages, calls = self.sides(users), self.sides(users, path="/api")
        self.assertEqual(set(pages), {"main", "canary"})
        self.assertEqual(set(calls), {"api", "beta"})
        for _ in range(3):
            self.assertEqual(self.sides(users), pages)
            self.assertEqual(self.sides(users, path="/api"), calls)

    def test_of_many_rules_share_a_cookie(self):
        apps = self.apps(main=1, canary=1)
        rules = "\n".join(
            f"      - {{priority: {i + 1}, name: rule{i}, conditions: [{{path_pattern: [\"/{i}/*\"]}}], action: {{forward: {{{STICKY}, "
            f"target_groups: [{{name: main, weight: 1}}, {{name: canary, weight: 1}}]}}}}}}" for i in range(30))
        daemon = self.start(apps, {"main": 1, "canary": 1}, STICKY, rules=rules)
        user = self.users(1)[0]
        first = [user.get(f"/{i}/") for i in range(30)]
        for _ in range(3):
            self.assertEqual([user.get(f"/{i}/") for i in range(30)], first)
        self.await_metric(daemon, 30, "sticky_requests_total", result="new")
        self.assertLess(len(user.cookies["AWSALBTG"]), 900)

    def test_of_more_rules_than_a_cookie_has_room_for_lose_the_oldest_alone(self):
        apps = self.apps(main=1)
        rules = "\n".join(
            f"      - {{priority: {i + 1}, name: rule{i}, conditions: [{{path_pattern: [\"/{i}/*\"]}}], action: {{forward: {{{STICKY}, "
            f"target_groups: [{{name: main, weight: 1}}]}}}}}}" for i in range(33))
        daemon = self.start(apps, {"main": 1}, STICKY, rules=rules)
        user = self.users(1)[0]
        for i in range(33):
            user.get(f"/{i}/")
        for i in range(1, 33):
            user.get(f"/{i}/")
            self.assertEqual(user.set, {}, f"rule {i} gave way")
        self.await_metric(daemon, 33, "sticky_requests_total", result="new")
        user.get("/0/")
        self.await_metric(daemon, 34, "sticky_requests_total", result="new")

    def test_are_in_the_access_log(self):
        daemon = self.start(self.apps(main=1), {"main": 1}, STICKY)
        user = self.users(1)[0]
        user.cookies["AWSALBTG"] = "made%20up"
        self.assertEqual(user.get(), "main-0")
        self.assertIn(" main ", daemon.wait_for_line(r'.*"AWSALBTGCookieInvalid".*')[0])

    def test_may_expire(self):
        apps = self.apps(main=1)
        daemon = self.start(apps, {"main": 1}, STICKY)
        user = self.users(1)[0]
        user.get()
        self.change(daemon, apps, {"main": 1}, "stickiness: {enabled: true, duration: 1s}")
        cookies, deadline = user.cookies, time.monotonic() + TIMEOUT
        while daemon.metric("cookies_rejected_total", reason="expired") == 0:
            self.assertLess(time.monotonic(), deadline)
            user.cookies = dict(cookies)  # what renewed it is thrown away
            user.get()
        self.assertIn("AWSALBTG", user.set)
        self.assertGreater(daemon.metric("sticky_requests_total", result="new"), 1)


class Cookies(Stickiness):
    def one(self, **settings):
        daemon = self.start(self.apps(main=1), {"main": 1}, STICKY, **settings)
        user = self.users(1)[0]
        user.get()
        return daemon, user.cookies["AWSALBTG"]

    def test_that_we_did_not_seal_are_new_visitors_and_counted(self):
        daemon, valid = self.one()
        changed = valid[:30] + ("A" if valid[30] != "A" else "B") + valid[31:]
        for reason, value in (("forged", changed), ("malformed", "app-main"), ("malformed", "%41%42"), ("too_long", "A" * 3000),
                              ("malformed", ""), ("unknown_key", "AQAAAA" + valid[6:])):
            with self.subTest(reason=reason, value=value[:20]):
                before = daemon.metric("cookies_rejected_total", target_group="main", reason=reason)
                user = Browser(self.port)
                user.cookies["AWSALBTG"] = value
                self.assertEqual(user.get(), "main-0")
                self.assertIn("AWSALBTG", user.set)
                self.await_metric(daemon, before + 1, "cookies_rejected_total", target_group="main", reason=reason)

    def test_of_another_purpose_are_new_visitors(self):
        apps = self.apps(main=2)
        daemon = self.start(apps, {"main": 1}, STICKY, group="stickiness: {enabled: true}")
        user = self.users(1)[0]
        user.get()
        swapped = Browser(self.port)
        swapped.cookies = {"AWSALBTG": user.cookies["AWSALB"], "AWSALB": user.cookies["AWSALBTG"]}
        swapped.get()
        self.await_metric(daemon, 2, "cookies_rejected_total", reason="foreign")
        self.assertEqual(sorted(swapped.set), ["AWSALB", "AWSALBCORS", "AWSALBTG", "AWSALBTGCORS"])

    def test_reach_the_target_with_all_others(self):
        self.start(self.apps(main=1), {"main": 1}, STICKY)
        body = get(self.port, "/__echo", headers={"Cookie": "a=b; AWSALBTG=x; c=d"})[1].decode()
        self.assertIn('["Cookie","a=b; AWSALBTG=x; c=d"]', body)

    def test_are_looked_for_in_a_bounded_number_of_places(self):
        daemon, valid = self.one()
        many = "; ".join(["AWSALBTG=wrong"] * 3 + [f"AWSALBTG={valid}"])
        self.assertIsNone(get(self.port, headers={"Cookie": many})[2].get("Set-Cookie"))
        many = "; ".join(["AWSALBTG=wrong"] * 1000 + [f"AWSALBTG={valid}"])
        self.assertIsNotNone(get(self.port, headers={"Cookie": many})[2].get("Set-Cookie"))
        self.await_metric(daemon, 1, "cookies_rejected_total", reason="malformed")

    def test_stay_valid_while_their_key_is_rotated(self):
        keys = self.dir / "keys"
        first, second = run_cli("keys", "new").stdout, run_cli("keys", "new").stdout
        self.assertRegex(first, r"^\d{4}-\d\d-\d\d-[0-9a-f]{4}:[A-Za-z0-9+/]{43}=\n$")
        keys.write_text(first)
        keys.chmod(0o600)
        apps = self.apps(main=1, canary=1)
        settings = {"keys": f"cookie_key_file: {keys}"}
        daemon = self.start(apps, {"main": 1, "canary": 1}, STICKY, **settings)
        users = self.users(6)
        sides = self.sides(users)

        keys.write_text(second + first)
        told = self.change(daemon, apps, {"main": 1, "canary": 1}, STICKY, **settings).stdout
        old_id, new_id = first.partition(":")[0], second.partition(":")[0]
        self.assertIn(f"cookie keys: {old_id} -> {new_id}, then {old_id}", told)
        self.assertNotIn(second.partition(":")[2].strip(), told + daemon.output())
        absent = users.pop()
        sides.pop()
        self.assertEqual(self.sides(users), sides)
        self.assertIn("AWSALBTG", users[0].set)  # sealed anew by the new key, and
        self.assertEqual(self.sides(users), sides)
        self.assertEqual(users[0].set, {})  # once

        keys.write_text(second)
        daemon.reload()
        self.assertEqual(self.sides(users), sides)
        self.assertEqual(daemon.metric("cookies_rejected_total"), 0)
        absent.get()
        self.await_metric(daemon, 1, "cookies_rejected_total", reason="unknown_key")

    def test_of_one_instance_are_known_to_another_with_the_same_key_file(self):
        keys = self.write("keys", KEY.format("k", "E"))
        keys.chmod(0o600)
        apps = self.apps(main=1, canary=1)
        text = self.text(apps, {"main": 1, "canary": 1}, STICKY, keys=f"cookie_key_file: {keys}")
        self.kanaria_with(text, self.port, self.admin)
        users = self.users(6)
        sides = self.sides(users)
        port, admin = free_port(), free_port()
        text = text.replace(str(self.port), str(port)).replace(str(self.admin), str(admin))
        other = Kanaria(self.write("other.yaml", text), port, admin)
        self.addCleanup(self._end, other)
        for user in users:
            user.port = port
        self.assertEqual(self.sides(users), sides)


class KeyFiles(Stickiness):
    def refused(self, keys, *words, check=78):
        """By a start, and by `check`, which may run elsewhere: what isn't there is a warning of its."""
        path = self.write("kanaria.yaml", self.text(self.groups, {"main": 1}, STICKY, keys=keys))
        started = run_cli("serve", "--config", path)
        self.assertEqual(started.returncode, 78, started.stdout + started.stderr)
        checked = run_cli("check", path)
        self.assertEqual(checked.returncode, check, checked.stdout + checked.stderr)
        self.assertRegex(checked.stderr, r"kanaria\.yaml:2:\d+")
        self.assertRegex(started.stderr, r"kanaria\.yaml:2:\d+")
        for part in words:
            self.assertIn(part, started.stderr)
            if check != 0:
                self.assertIn(part, checked.stderr)

    def setUp(self):
        super().setUp()
        self.groups = self.apps(main=1)

    def test_with_faults_refuse_a_start(self):
        keys = self.dir / "keys"
        place = f"cookie_key_file: {keys}"
        self.refused(place, f"{keys}: can't be read: No such file or directory", check=0)
        keys.write_text("a:AAAA\n")
        keys.chmod(0o600)
        self.refused(place, f"{keys}: line 1: the key must have 32 bytes, not 3")
        keys.write_text(KEY.format("k", "E"))
        keys.chmod(0o604)
        self.refused(place, f"{keys}: is open to everybody: chmod o= {keys}")
        keys.unlink()
        keys.mkdir()
        self.refused(place, f"{keys}: is no file")

    def test_that_are_damaged_in_state_dir_stay_as_they_are(self):
        keys = self.state / "cookie_keys"
        keys.write_text("k:AAAA")
        keys.chmod(0o600)
        self.refused(f"state_dir: {self.state}", f"{keys}: line 1", f"kanaria keys new > {keys}")
        self.assertEqual(keys.read_text(), "k:AAAA")
        self.refused(f"state_dir: {self.dir}/missing", "no directory: make it, mkdir -m 750", check=0)
        self.state.chmod(0o777)
        self.refused(f"state_dir: {self.state}", f"{self.state} may be written by everybody: chmod o-w {self.state}")

    def test_that_are_gone_from_state_dir_are_not_made_anew_by_a_reload(self):
        daemon = self.start(self.groups, {"main": 1}, STICKY)
        daemon.wait_for_line("made a key for cookies")
        user = self.users(1)[0]
        user.get()
        keys = self.state / "cookie_keys"
        text = keys.read_text()
        keys.unlink()
        result = daemon.reload(check=False)
        self.assertEqual(result.returncode, 78)
        self.assertIn(f"{keys} isn't there: put the keys in force back", result.stderr + result.stdout)
        user.get()
        self.assertEqual(user.set, {})
        keys.touch(0o600)
        keys.write_text(text)
        daemon.reload()

    def test_with_faults_refuse_a_reload_and_change_nothing(self):
        keys = self.write("keys", KEY.format("k", "E"))
        keys.chmod(0o600)
        daemon = self.start(self.groups, {"main": 1}, STICKY, keys=f"cookie_key_file: {keys}")
        user = self.users(1)[0]
        user.get()
        keys.write_text("")
        result = daemon.reload(check=False)
        self.assertEqual(result.returncode, 78)
        self.assertIn("there is no key in it", result.stderr + result.stdout)
        user.get()
        self.assertEqual(user.set, {})
        # What is changed by hand meanwhile needs no keys.
        registered = run_cli("targets", "main", "register", "127.0.0.1:9", "--admin", f"127.0.0.1:{self.admin}")
        self.assertEqual(registered.returncode, 0, registered.stdout + registered.stderr)


class Targets(Stickiness):
    LB = "stickiness: {enabled: true}"
    APP = "stickiness: {enabled: true, type: app_cookie, cookie_name: SESSION}"

    def test_keep_their_users(self):
        daemon = self.start(self.apps(main=3), {"main": 1}, group=self.LB)
        users = self.users(6)
        first = [user.get() for user in users]
        self.assertEqual(set(first), {"main-0", "main-1", "main-2"})
        self.assertEqual(sorted(users[0].set), ["AWSALB", "AWSALBCORS"])
        self.assertEqual(users[0].set["AWSALBCORS"][1:], ["Path=/", "HttpOnly", "SameSite=None", "Secure"])
        for _ in range(3):
            self.assertEqual([user.get() for user in users], first)
        self.await_metric(daemon, 18, "sticky_requests_total", result="kept")

    def test_keep_their_users_beside_groups_that_do(self):
        self.start(self.apps(main=2, canary=2), {"main": 1, "canary": 1}, STICKY, group=self.LB)
        users = self.users(8)
        first = [user.get() for user in users]
        self.assertEqual(sorted(users[0].set), ["AWSALB", "AWSALBCORS", "AWSALBTG", "AWSALBTGCORS"])
        for _ in range(3):
            self.assertEqual([user.get() for user in users], first)

    def test_that_are_drained_or_deregistered_lose_their_users_at_once(self):
        apps = self.apps(main=2)
        daemon = self.start(apps, {"main": 1}, group=self.LB)
        users = self.users(4)
        first = [user.get() for user in users]
        self.assertEqual(set(first), {"main-0", "main-1"})
        drained = run_cli("targets", "main", "drain", apps["main"][0].target, "--admin", f"127.0.0.1:{self.admin}")
        self.assertEqual(drained.returncode, 0, drained.stderr)
        self.assertEqual([user.get() for user in users], ["main-1"] * 4)
        run_cli("targets", "main", "undrain", apps["main"][0].target, "--admin", f"127.0.0.1:{self.admin}")
        self.assertEqual([user.get() for user in users], ["main-1"] * 4)  # they were given new cookies
        self.change(daemon, {"main": apps["main"][:1]}, {"main": 1}, group=self.LB)
        self.assertEqual([user.get() for user in users], ["main-0"] * 4)

    def test_that_fail_lose_their_users_to_who_answers(self):
        apps = self.apps(main=2)
        self.start(apps, {"main": 1}, group=self.LB)
        users = self.users(4)
        first = [user.get() for user in users]
        apps["main"][0].stop()
        self.assertEqual([user.get() for user in users], ["main-1"] * 4)  # tried again, and told so
        moved = [user for user, was in zip(users, first) if was == "main-0"]
        self.assertTrue(moved)
        for user in moved:
            self.assertIn("AWSALB", user.set)

    def test_at_their_bound_lose_their_users(self):
        held = threading.Event()

        def serve(sock):
            for head in heads(sock):
                if "/hold" in head:
                    held.set()
                    sock.recv(1)  # until we are told to go
                    return
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nAPP_NAME: busy")

        daemon = self.start({"main": [self.scripted(serve), self.echo("free")]}, {"main": 1},
                   group=self.LB + ", max_connections_per_target: 1")
        user = self.users(1)[0]
        while user.get() != "busy":
            user.cookies = {}
        # Its room is given back a moment after its answer, and by then the holder must find it.
        deadline = time.monotonic() + TIMEOUT
        while daemon.metric("target_in_flight") > 0:
            self.assertLess(time.monotonic(), deadline)
        holder = connect(self.port)
        self.addCleanup(holder.close)
        holder.sendall(f"GET /hold HTTP/1.1\r\nHost: a\r\nCookie: AWSALB={user.cookies['AWSALB']}\r\n\r\n".encode())
        self.assertTrue(held.wait(TIMEOUT))
        self.assertEqual(user.get(), "free")
        self.assertIn("AWSALB", user.set)

    def app(self, name, cookie="abc"):
        """An application that sets its own cookie unless the client has it."""
        def serve(sock):
            for head in heads(sock):
                own = "" if cookie is None or "SESSION=" in head else f"Set-Cookie: SESSION={cookie}; Path=/\r\n"
                body = f"APP_NAME: {name}"
                sock.sendall(f"HTTP/1.1 200 OK\r\n{own}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return self.scripted(serve)

    def test_keep_the_users_of_an_application_by_its_cookie(self):
        daemon = self.start({"main": [self.app(f"main-{i}") for i in range(3)]}, {"main": 1}, group=self.APP)
        users = self.users(6)
        first = [user.get() for user in users]
        self.assertEqual(set(first), {"main-0", "main-1", "main-2"})
        self.assertEqual(sorted(users[0].set), ["AWSALBAPP-0", "SESSION"])
        self.assertEqual(users[0].set["AWSALBAPP-0"][1:], ["Path=/", "HttpOnly", "SameSite=Lax"])
        for _ in range(3):
            self.assertEqual([user.get() for user in users], first)
        self.assertEqual(users[0].set, {})
        self.await_metric(daemon, 18, "sticky_requests_total", result="kept")
        # The client must return both.
        for user in users:
            user.cookies = {"AWSALBAPP-0": user.cookies["AWSALBAPP-0"]}
            user.get()
        self.await_metric(daemon, 12, "sticky_requests_total", result="new")
        self.await_metric(daemon, 18, "sticky_requests_total", result="kept")
        # Who has lost ours, or has one that is rejected, stays where the next answer comes from.
        for lost in ({}, {"AWSALBAPP-0": "forged"}):
            users[0].cookies = {"SESSION": "abc", **lost}
            name = users[0].get()
            self.assertEqual(list(users[0].set), ["AWSALBAPP-0"])
            self.assertEqual([users[0].get() for _ in range(3)], [name] * 3)

    def test_that_set_no_cookie_of_their_own_keep_nobody(self):
        daemon = self.start({"main": [self.app("main-0", cookie=None)]}, {"main": 1}, group=self.APP)
        user = self.users(1)[0]
        user.get()
        self.assertEqual(user.set, {})
        self.await_metric(daemon, 1, "requests_total")
        self.assertEqual(daemon.metric("sticky_requests_total"), 0)


    def test_that_took_their_cookie_back_keep_nobody(self):
        self.start({"main": [self.app("main-0", cookie="")]}, {"main": 1}, group=self.APP)
        user = self.users(1)[0]
        user.get()
        self.assertEqual(list(user.set), ["SESSION"])

    def test_that_get_stickiness_while_a_request_waits_leave_other_groups_alone(self):
        held, waiting = threading.Event(), threading.Event()

        def serve(sock):
            for head in heads(sock):
                if "/hold" in head:
                    held.set()
                    waiting.wait(TIMEOUT)
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nAPP_NAME: busy")

        apps = {"main": [self.scripted(serve)], "other": [self.echo(f"other-{i}") for i in range(4)]}
        rule = "      - {priority: 1, name: other, conditions: [{path_pattern: [\"/other\"]}], action: {target_group: other}}"

        def text(main):
            other = self.text(apps, {"main": 1}, "failover: false", rules=rule).replace("{name: other, health", f"{{name: other, {self.LB}, health")
            return other.replace("{name: main, health_check: {enabled: false}", f"{{name: main, max_connections_per_target: 1, {main}health_check: {{enabled: false}}")

        daemon = self.kanaria_with(text(""), self.port, self.admin)
        user = self.users(1)[0]
        mine = user.get("/other")
        holder = connect(self.port)
        self.addCleanup(holder.close)
        holder.sendall(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(held.wait(TIMEOUT))
        answers = []
        waiter = threading.Thread(target=lambda: answers.append(user.get()))
        waiter.start()
        self.await_metric(daemon, 1, "pending_requests", target_group="main")
        daemon.config.write_text(text(self.LB + ", "))
        daemon.reload()
        waiting.set()
        waiter.join()
        self.assertEqual(answers, ["busy"])
        self.assertEqual(user.set, {})
        self.assertEqual([user.get("/other") for _ in range(4)], [mine] * 4)


class PerUser(Stickiness):
    PER_USER = "split: per_user, user_key: [{cookie: uid}, {http_header: X-User}]"

    def test_known_users_have_a_bucket(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 50, "canary": 50}, self.PER_USER)
        names = ["alice", "bob", "user-1", "user-2", "42"]
        sides = self.sides_of(names)
        self.await_metric(daemon, 5, "sticky_requests_total", result="kept")
        self.assertEqual(daemon.metric("sticky_requests_total", result="new"), 0)
        self.change(daemon, apps, {"main": 0, "canary": 50}, self.PER_USER)
        self.assertEqual(self.sides_of(names), ["canary"] * 5)
        self.change(daemon, apps, {"main": 50, "canary": 50}, self.PER_USER)
        self.assertEqual(self.sides_of(names), sides)
        by_cookie = Browser(self.port)
        by_cookie.cookies["uid"] = "alice"
        self.assertEqual(by_cookie.get().rpartition("-")[0], sides[0])
        self.assertEqual(by_cookie.set, {})

    def sides_of(self, names):
        return [Browser(self.port).get(headers={"X-User": name}).rpartition("-")[0] for name in names]

    def test_growing_only_moves_users_in(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 99, "canary": 1}, self.PER_USER)
        names = [f"user-{i}" for i in range(200)]
        users = self.users(100)
        canary = set()
        for weight in (1, 10, 50, 100):
            self.change(daemon, apps, {"main": 100 - weight, "canary": weight}, self.PER_USER)
            now = {name for name, side in zip(names, self.sides_of(names)) if side == "canary"}
            now |= {i for i, side in enumerate(self.sides(users)) if side == "canary"}
            self.assertLessEqual(canary, now)
            canary = now
        self.assertEqual(len(canary), 300)

    def test_new_users_are_dealt_exactly(self):
        self.start(self.apps(main=1, canary=1), {"main": 90, "canary": 10}, self.PER_USER)
        for _ in range(5):
            self.assertEqual(Counter(self.sides(self.users(10))), {"main": 9, "canary": 1})

    def test_new_users_keep_their_bucket(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 50, "canary": 50}, self.PER_USER)
        users = self.users(10)
        sides = self.sides(users)
        self.assertEqual(sorted(users[0].set), ["KANARIA_BUCKET", "KANARIA_BUCKETCORS"])
        self.assertEqual(users[0].set["KANARIA_BUCKETCORS"][1:], ["Path=/", "HttpOnly", "SameSite=None", "Secure"])
        self.assertEqual(users[0].set["KANARIA_BUCKET"][1:], ["Path=/", "HttpOnly", "SameSite=Lax"])
        self.assertEqual(self.sides(users), sides)
        self.assertEqual(users[0].set, {})
        self.change(daemon, apps, {"main": 0, "canary": 50}, self.PER_USER)
        self.assertEqual(self.sides(users), ["canary"] * 10)
        self.await_metric(daemon, sides.count("main"), "sticky_requests_total", result="moved")
        self.change(daemon, apps, {"main": 50, "canary": 50}, self.PER_USER)
        self.assertEqual(self.sides(users), sides)
        daemon.stop()
        self.start(apps, {"main": 50, "canary": 50}, self.PER_USER)
        self.assertEqual(self.sides(users), sides)

    def test_users_come_back_after_a_failover(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 50, "canary": 50}, self.PER_USER + ", failover: true",
                            check="{interval: 1s, timeout: 500ms, healthy_threshold: 2, unhealthy_threshold: 2}")
        users = self.users(6)
        sides = self.sides(users)
        apps["canary"][0].signal(signal.SIGSTOP)
        self.addCleanup(apps["canary"][0].signal, signal.SIGCONT)
        self.await_metric(daemon, 1, "targets", target_group="canary", state="unhealthy")
        self.assertEqual(self.sides(users), ["main"] * 6)
        newcomers = self.users(4)
        self.assertEqual(self.sides(newcomers), ["main"] * 4)
        apps["canary"][0].signal(signal.SIGCONT)
        self.await_metric(daemon, 1, "targets", target_group="canary", state="healthy")
        self.assertEqual(self.sides(users), sides)
        self.assertEqual(Counter(self.sides(newcomers)), {"main": 2, "canary": 2})  # dealt as ever


    def test_users_of_other_groups_stay_when_one_fails(self):
        apps = self.apps(a=1, b=1, c=1)
        daemon = self.start(apps, {"a": 34, "b": 33, "c": 33}, self.PER_USER + ", failover: true",
                            check="{interval: 1s, timeout: 500ms, healthy_threshold: 2, unhealthy_threshold: 2}")
        names, users = [f"user-{i}" for i in range(100)], self.users(50)
        before = self.sides_of(names) + self.sides(users)
        apps["a"][0].signal(signal.SIGSTOP)
        self.addCleanup(apps["a"][0].signal, signal.SIGCONT)
        self.await_metric(daemon, 1, "targets", target_group="a", state="unhealthy")
        after = self.sides_of(names) + self.sides(users)
        moves = Counter((was, now) for was, now in zip(before, after) if was != now)
        self.assertEqual(set(moves), {("a", "b"), ("a", "c")})
        self.assertEqual(sum(moves.values()), before.count("a"))
        apps["a"][0].signal(signal.SIGCONT)
        self.await_metric(daemon, 1, "targets", target_group="a", state="healthy")
        self.assertEqual(self.sides_of(names) + self.sides(users), before)


class CurlAndExplain(Stickiness):
    def test_curl_keeps_its_side(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 1, "canary": 1}, STICKY)
        jar = self.dir / "jar"

        def curl():
            result = subprocess.run(["curl", "-sS", "-c", jar, "-b", jar, f"http://127.0.0.1:{self.port}/"],
                                    capture_output=True, text=True, check=True, timeout=TIMEOUT)
            return result.stdout

        first = curl()
        for weights in ({"main": 1, "canary": 9}, {"main": 9, "canary": 1}):
            self.change(daemon, apps, weights, STICKY)
            self.assertEqual([curl() for _ in range(3)], [first] * 3)

    def explain(self, daemon, *headers):
        arguments = [part for header in headers for part in ("-H", header)]
        result = run_cli("explain", "--config", daemon.config, "GET", f"http://127.0.0.1:{self.port}/", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_explain_says_what_a_cookie_means(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 1, "canary": 1}, STICKY, group="stickiness: {enabled: true}")
        user = self.users(1)[0]
        side = user.get().rpartition("-")[0]
        said = self.explain(daemon, f"Cookie: AWSALBTG={user.cookies['AWSALBTG']}; AWSALB={user.cookies['AWSALB']}")
        self.assertIn("split shuffled, stickiness 1h, failover off", said)
        self.assertRegex(said, rf"cookie +AWSALBTG: {side}, for (1h|59m \d+s) more")
        target = re.escape(apps[side][0].target)
        self.assertRegex(said, rf"cookie +AWSALB: {target} of {side}, for (1d|23h 59m) more")
        none = self.explain(daemon)
        for what in ("AWSALBTG for this rule", "AWSALB for main", "AWSALB for canary"):
            self.assertRegex(none, rf"cookie +no {what}: a new visitor")
        self.assertRegex(self.explain(daemon, "Cookie: AWSALBTG=abc"), r"cookie +AWSALBTG: malformed: a new visitor")
        self.assertRegex(self.explain(daemon, f"Cookie: AWSALBTG={user.cookies['AWSALB']}"),
                         r"cookie +AWSALBTG: foreign: a new visitor")
        # As the daemon: the first that opens, of the first four.
        valid = f"AWSALBTG={user.cookies['AWSALBTG']}"
        said = self.explain(daemon, f"Cookie: AWSALBTG=x; {valid}; {valid}")
        self.assertRegex(said, rf"(?s)AWSALBTG: malformed.*AWSALBTG: {side}, for.*AWSALBTG: not looked at")
        said = self.explain(daemon, "Cookie: " + "AWSALBTG=x; " * 4 + valid)
        self.assertNotIn(side + ", for", said)

    def test_explain_says_where_a_user_belongs(self):
        apps = self.apps(main=1, canary=1)
        daemon = self.start(apps, {"main": 90, "canary": 10}, PerUser.PER_USER)
        said = self.explain(daemon, "X-User: alice")
        bucket, group = re.search(r'user +X-User says "alice": bucket (\d+) is (\w+)\'s', said).groups()
        self.assertEqual(group, "main" if int(bucket) < 9000 else "canary")
        self.assertEqual(Browser(self.port).get(headers={"X-User": "alice"}), f"{group}-0")
        user = self.users(1)[0]
        group = user.get().rpartition("-")[0]
        said = self.explain(daemon, f"Cookie: KANARIA_BUCKET={user.cookies['KANARIA_BUCKET']}")
        self.assertRegex(said, rf"cookie +KANARIA_BUCKET: bucket \d+ is {group}'s, for (365d|364d 23h) more")


if __name__ == "__main__":
    unittest.main()
