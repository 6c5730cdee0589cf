"""The access log: JSON that any reader takes, and a file that is moved away while it is written."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

from support import TIMEOUT, Case, config_text, connect, free_port, get, read_to_end


class AccessLogs(Case):
    def start(self, **logs):
        self.app = self.echo("app")
        self.port, self.admin = free_port(), free_port()
        self.file = self.dir / "access.log"
        return self.kanaria_with(self.text(**logs), self.port, self.admin)

    def text(self, format="alb"):
        return (config_text(self.port, self.admin, {"app": (1, [self.app.target])}, workers=2)
                + f"access_logs: {{path: \"{self.file}\", format: {format}}}\n")

    def wait_lines(self, count, file=None):
        """The file's lines, as soon as there are so many."""
        file = file or self.file
        deadline = time.monotonic() + TIMEOUT
        while not file.exists() or file.read_bytes().count(b"\n") < count:
            self.assertLess(time.monotonic(), deadline, f"{file} never has {count} lines")
            time.sleep(0.01)
        return file.read_text().splitlines()


class Lost(AccessLogs):
    def test_a_file_that_takes_nothing_is_told_once_and_counted(self):
        daemon = self.kanaria_for("/dev/full")
        for count in range(1, 4):
            get(self.port)
            deadline = time.monotonic() + TIMEOUT
            while daemon.metric("access_log_dropped_total") < count:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
        daemon.wait_for_line("the access log loses lines: No space left on device")
        get(self.admin, "/api/v1/status")
        self.assertEqual(len(daemon.lines_with("the access log loses lines")), 1)
        self.assertEqual(daemon.metric("access_log_dropped_total"), 3)

    def kanaria_for(self, path):
        self.app = self.echo("app")
        self.port, self.admin = free_port(), free_port()
        self.file = path
        return self.kanaria_with(self.text(), self.port, self.admin)


class Json(AccessLogs):
    def test_each_line_is_an_object_with_the_same_keys(self):
        self.start(format="json")
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        get(self.port, "/a?b=1", headers={"User-Agent": 'curl "x" \\ \t', "traceparent": trace})
        with connect(self.port) as sock:
            sock.sendall(b"GET /a\xe4 HTTP/1.1\r\nHost: a\r\nUser-Agent: \xff\"},{\r\nConnection: close\r\n\r\n")
            read_to_end(sock)
        with connect(self.port) as sock:
            sock.sendall(b"nonsense\r\n\r\n")
            read_to_end(sock)
        lines = [json.loads(line) for line in self.wait_lines(3)]
        self.assertEqual({tuple(line) for line in lines}, {tuple(lines[0])})
        first = next(line for line in lines if line["request_target"] == "/a?b=1")
        self.assertEqual((first["elb_status_code"], first["answered_by"], first["target_group"], first["rule"],
                          first["traceparent"], first["fault"]), (200, "target", "app", "canary", trace, None))
        self.assertEqual(first["user_agent"], 'curl "x" \\')
        self.assertEqual(sorted(line["elb_status_code"] for line in lines)[1:], [400, 400])

    def test_a_reload_changes_the_format(self):
        daemon = self.start()
        get(self.port)
        self.wait_lines(1)
        daemon.config.write_text(self.text(format="json"))
        self.assertIn("access_logs format: alb -> json", daemon.reload().stdout)
        get(self.port)
        first, second = self.wait_lines(2)
        self.assertTrue(first.startswith("http "))
        self.assertEqual(json.loads(second)["elb_status_code"], 200)

    def test_traceparent_is_passed_on(self):
        self.start()
        self.assertIn('["traceparent","00-1-2-01"]', get(self.port, "/__echo", headers={"traceparent": "00-1-2-01"})[1].decode())


class Alb(AccessLogs):
    def test_goaccess_reads_every_line(self):
        daemon = self.start()
        # A line has to be shorter than the 4 KiB that GoAccess reads at once; ALB's may be longer too.
        odd = ["Mozilla/5.0 (X11; Linux x86_64) \"odd\" \\ agent", "\xe4\xff", "-", "a" * 3000, "%s %d {} [x]"]
        for agent in odd:
            get(self.port, "/a?b=%22&c=d", headers={"User-Agent": agent})
        for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
            get(self.port, "/p%20q", method=method)
        raw = [b"GET /x HTTP/1.0\r\n\r\n", b"nonsense\r\n\r\n", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
               b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET http://other.test/abs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
               b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"]
        for request in raw:
            with connect(self.port) as sock:
                sock.sendall(request)
                read_to_end(sock)
        self.app.stop()
        get(self.port, "/down")
        lines = self.wait_lines(len(odd) + 7 + len(raw) + 1)
        daemon.stop()
        report, invalid = self.dir / "report.json", self.dir / "invalid.log"
        subprocess.run(["goaccess", self.file, "--no-global-config", "--log-format=AWSALB", "-o", report,
                        f"--invalid-requests={invalid}"], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=True)
        general = json.loads(report.read_text())["general"]
        refused = invalid.read_text() if invalid.exists() else ""
        self.assertEqual((general["total_requests"], general["failed_requests"]), (len(lines), 0), refused)


    def test_lnavs_alb_pattern_reads_what_was_forwarded(self):
        # Its pattern of ALB's lines wants the address of a target in each.
        daemon = self.start()
        for agent in ("curl/7.88.1", "Mozilla/5.0 (X11; Linux x86_64) \"odd\" \\ agent", "\xe4\xff", "a" * 3000):
            get(self.port, "/a?b=%22&c=d", headers={"User-Agent": agent})
        for method in ("HEAD", "POST", "BREW"):
            get(self.port, "/p%20q", method=method)
        self.assertEqual(len(self.wait_lines(7)), 7)
        daemon.stop()
        read = subprocess.run(["lnav", "-n", "-c", ";select elb_status_code, count(*) from alb_log group by 1", "-c", ":write-csv-to -",
                               self.file], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
                              env={**os.environ, "HOME": str(self.dir), "TERM": "xterm"}, check=True).stdout
        self.assertEqual(read.splitlines()[1:], ["200,7"])


class Rotation(AccessLogs):
    def test_a_file_that_was_moved_away_is_made_anew_at_usr1_and_no_line_is_lost(self):
        daemon = self.start()
        sent, stop = [0, 0, 0], threading.Event()

        def ask(client):
            while not stop.is_set():
                self.assertEqual(get(self.port)[0], 200)
                sent[client] += 1

        clients = [threading.Thread(target=ask, args=(i,)) for i in range(len(sent))]
        for client in clients:
            client.start()
        moved = []
        for i in range(3):
            self.wait_lines(20)
            moved.append(self.dir / f"access.log.{i}")
            self.file.rename(moved[-1])
            daemon.signal(signal.SIGUSR1)
            self.wait_lines(1)  # in the new one
        stop.set()
        for client in clients:
            client.join()
        files = [*moved, self.file]
        deadline = time.monotonic() + TIMEOUT
        while (lines := sum(file.read_bytes().count(b"\n") for file in files)) < sum(sent):
            self.assertLess(time.monotonic(), deadline, f"{lines} lines of {sum(sent)} requests")
        self.assertEqual(lines, sum(sent))
        for file in files:
            for line in file.read_text().splitlines():
                self.assertEqual(len(line.split('"')), len(self.wait_lines(1)[0].split('"')), line)
        self.assertEqual(daemon.metric("access_log_dropped_total"), 0)

    def test_a_path_that_cant_be_opened_any_more_leaves_the_old_file(self):
        daemon = self.start()
        self.file = self.dir / "logs" / "access.log"
        self.file.parent.mkdir()
        daemon.config.write_text(self.text())
        daemon.reload()
        self.file.parent.rename(self.dir / "moved")
        daemon.signal(signal.SIGUSR1)
        daemon.wait_for_line("USR1: access log .* can't be opened: No such file or directory; lines go on into the old file")
        get(self.port)
        self.wait_lines(1, self.dir / "moved" / "access.log")
        shutil.rmtree(self.dir / "moved")

    def test_a_torn_line_is_ended_before_the_next_also_when_nobody_moved_the_file(self):
        daemon = self.start(format="json")
        get(self.port, "/before")
        self.wait_lines(1)
        prlimit = ["prlimit", "--pid", str(daemon.process.pid)]
        subprocess.run([*prlimit, f"--fsize={self.file.stat().st_size + 300}:unlimited"], check=True)
        get(self.port, "/torn")
        deadline = time.monotonic() + TIMEOUT
        while daemon.metric("access_log_dropped_total") == 0:
            self.assertLess(time.monotonic(), deadline)
        subprocess.run([*prlimit, "--fsize=unlimited:unlimited"], check=True)
        daemon.signal(signal.SIGUSR1)
        daemon.wait_for_line("USR1: access log reopened")
        get(self.port, "/after")
        before, half, after = self.wait_lines(3)
        self.assertEqual([json.loads(line)["request_target"] for line in (before, after)], ["/before", "/after"])
        self.assertEqual(len(half), 300)

    def test_stdout_stays_at_usr1(self):
        app = self.echo("app")
        daemon = self.kanaria({"app": (1, [app.target])})
        daemon.signal(signal.SIGUSR1)
        daemon.wait_for_line("USR1: the access log is no file, nothing is reopened")
        get(daemon.port, "/after")
        daemon.wait_for_line("^http .*/after")


if __name__ == "__main__":
    unittest.main()
