#!/usr/bin/env python3
"""Makes tables of what bench/compare.sh measured.

Usage: bench/report.py RESULTS.json [--document]

Prints the tables. With --document it writes them into docs/performance.md, between the marks that stand there, and the
picture to docs/performance.svg; all works must have been measured for that.
"""

import json
import statistics
import sys
from pathlib import Path

import command_line
import plot
from plot import number
from proxies import FLOOR, HAPROXY, HAPROXY_64K, HAPROXY_SPLICE, KANARIA, NGINX_REGEX, PLAIN
from works import KEYS

ROOT = Path(__file__).resolve().parents[1]
PAGE, PICTURE = ROOT / "docs/performance.md", ROOT / "docs/performance.svg"
OTHER_AIMS = ("The aims for the rule match and for split + pick are under [Small pieces](#small-pieces). An image may "
              "add 60 MiB to its base: `docker/check.sh` checks it, [containers.md](containers.md#build) has the number.")
BEGIN, END = "<!-- written by bench/report.py -->", "<!-- until here -->"


class Results:
    """What was measured, with the questions that the tables ask of it. None is an answer: it was not measured."""

    def __init__(self, raw):
        self.raw = raw

    def lanes(self, key):
        return self.raw["works"].get(key, {"lanes": []})["lanes"]

    def lane(self, key, proxy, variant=""):
        return next((lane for lane in self.lanes(key) if (lane["proxy"], lane["variant"]) == (proxy, variant)), None)

    def median(self, key, proxy, variant="", what="cpu_us"):
        lane = self.lane(key, proxy, variant)
        return statistics.median(turn[what] for turn in lane["rounds"]) if lane else None

    def ratio(self, key, one, other, what="cpu_us"):
        """Median over the rounds of one lane to the other in the same round; a lane is (proxy, variant)."""
        one, other = self.lane(key, *one), self.lane(key, *other)
        if not one or not other:
            return None
        return statistics.median(a[what] / b[what] for a, b in zip(one["rounds"], other["rounds"]))

    def tuned(self, key):
        """The better one of HAProxy's tuned variants, as a lane."""
        found = [(self.median(key, proxy), proxy) for proxy in (HAPROXY_64K, HAPROXY_SPLICE) if self.lane(key, proxy)]
        return (min(found)[1], "") if found else (HAPROXY_64K, "")

    def busy(self, proxy, variant):
        """The share of two cores that proxy, targets and load take together while two workers run."""
        return statistics.median(turn["per_second"] * (turn["cpu_us"] + turn["target_us"] + turn["load_us"]) / 2e6
                                 for turn in self.lane("workers", proxy, variant)["rounds"])

    def fault(self, key, *lanes):
        """Why a ratio between these lanes counts for nothing; empty when it does."""
        return next((lane["fault"] for lane in self.lanes(key)
                     if (lane["proxy"], lane["variant"]) in lanes and lane["fault"]), "")

    def has_faults(self):
        return any(lane["fault"] for work in self.raw["works"].values() for lane in work["lanes"])


def work_rows(results):
    """work, proxy, CPU, requests a second, to HAProxy, to the floor"""
    yield ("work", "proxy", "µs of CPU a request", "requests/s", "to HAProxy", "to floor")
    for key, work in results.raw["works"].items():
        title = work["title"]
        for lane in work["lanes"]:
            me = (lane["proxy"], lane["variant"])
            times = [turn["cpu_us"] for turn in lane["rounds"]]
            ratios = [results.ratio(key, me, (base, lane["variant"])) for base in (HAPROXY, FLOOR)]
            mark = f" [{lane['fault']}]" if lane["fault"] else ""
            yield (title, ", ".join(filter(None, me)) + mark,
                   f"{number(statistics.median(times))} ({number(min(times))}-{number(max(times))})",
                   number(results.median(key, *me, "per_second")),
                   *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios))
            title = ""


def other_rows(results):
    """work, then a value for each proxy"""
    yield ("work", *PLAIN)
    if results.lanes("rules"):
        yield ("CPU with 1,000 path rules to that with 10",
               *(f"{results.ratio('rules', (proxy, '1,000 rules'), (proxy, '10 rules')):.2f}" for proxy in PLAIN))
        yield ("the same, rules as regular expressions", "", "",
               f"{results.ratio('rules', (NGINX_REGEX, '1,000 rules'), (NGINX_REGEX, '10 rules')):.2f}")
    if results.lanes("workers"):
        two, one = "2 workers", "1 worker"
        yield ("requests/s with two workers to one",
               *(f"{results.ratio('workers', (proxy, two), (proxy, one), 'per_second'):.2f}" for proxy in PLAIN))
        yield ("CPU a request with two workers to one",
               *(f"{results.ratio('workers', (proxy, two), (proxy, one)):.2f}" for proxy in PLAIN))
    if idle := results.raw.get("idle"):
        yield (f"bytes an idle client connection, of {idle['connections']:,}",
               *(f"{idle['bytes'][proxy]:,.0f}" for proxy in PLAIN))
    if start := results.raw.get("start"):
        yield ("ms from start to first answer", *(f"{statistics.median(start[proxy]):.0f}" for proxy in PLAIN))


def verdict(reached, fault=""):
    if fault:
        return f"doesn't count: {fault}"
    return "reached" if reached else "not reached"


def aim_rows(results):
    """aim, at most, measured, reached or not"""
    yield ("aim", "at most", "measured", "verdict")
    kanaria, haproxy, floor = (KANARIA, ""), (HAPROXY, ""), (FLOOR, "")

    def ratio(aim, most, key, one, other):
        value = results.ratio(key, one, other)
        if value is not None:
            yield (aim, f"{most:.2f}", f"{value:.2f}", verdict(round(value, 2) <= most, results.fault(key, one, other)))

    yield from ratio("small, keep-alive: CPU to HAProxy", 0.97, "small", kanaria, haproxy)
    yield from ratio("small, keep-alive: CPU to the floor", 1.15, "small", kanaria, floor)
    yield from ratio("small, access log on: CPU to HAProxy", 0.97, "small-log", kanaria, haproxy)
    yield from ratio("a new connection each: CPU to HAProxy", 1.00, "close", kanaria, haproxy)
    for key, what in (("1m", "1 MiB answer"), ("upload", "1 MiB upload")):
        yield from ratio(f"{what}: CPU to HAProxy as shipped", 0.70, key, kanaria, haproxy)
        tuned = results.tuned(key)
        yield from ratio(f"{what}: CPU to the better tuned ({tuned[0]})", 1.00, key, kanaria, tuned)
    yield from ratio("1,000 path rules: CPU to 10", 1.05, "rules", (KANARIA, "1,000 rules"), (KANARIA, "10 rules"))
    if idle := results.raw.get("idle"):
        value = idle["bytes"][KANARIA]
        yield ("an idle client connection: bytes", "2,048", f"{value:,.0f}", verdict(value <= 2048))
    if start := results.raw.get("start"):
        value = statistics.median(start[KANARIA])
        yield ("start to first answer: ms", "100", f"{value:.0f}", verdict(value <= 100))
    yield from worker_row(results)


def worker_row(results):
    two, one = (KANARIA, "2 workers"), (KANARIA, "1 worker")
    more = results.ratio("workers", two, one, "per_second")
    if more is None:
        return
    words = verdict(more >= 1.8, results.fault("workers", two, one))
    if not results.raw["machine"]["cores"]["two_are_free"]:
        words = f"can't be seen here: load and targets share these cores, which are {results.busy(*two):.0%} busy"
    yield ("two workers: requests/s to one", "at least 1.80", f"{more:.2f}", words)


def aligned(rows):
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def markdown_table(rows):
    rows = list(rows)
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def circumstances(results):
    machine = results.raw["machine"]
    cores = machine["cores"]
    lines = [
        f"{machine['when']}, {machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_gib']} GiB, "
        f"{machine['system']}.",
        ", ".join(f"{name} {version}" for name, version in machine["versions"].items()) + ".",
        f"Proxy on CPU {cores['proxy']}, load on {' and '.join(map(str, cores['load']))}, targets on "
        f"{cores['target']}; two workers on CPUs {cores['two'][0]} and {cores['two'][1]}.",
        f"Rounds: {results.raw['rounds']}, of {results.raw['seconds']} s a turn; it took "
        f"{results.raw['took_seconds'] / 60:.1f} minutes. Before it began, other work kept "
        f"{machine['other_work']:.0%} of the CPUs busy.",
    ]
    if cores["share_a_core"]:
        lines.append("All of these are hardware threads of one core: load and proxy slow each other down.")
    return lines


def text(raw):
    """For the terminal."""
    results = Results(raw)
    tables = [list(rows) for rows in (work_rows(results), other_rows(results), aim_rows(results))]
    return "\n\n".join(["\n".join(circumstances(results)), *(aligned(rows) for rows in tables if len(rows) > 1)])


def markdown(raw):
    """The same for docs/performance.md."""
    results = Results(raw)
    sections = [" ".join(circumstances(results)), f"    {raw['machine']['command']}",
                f"### Against the aims\n\n{markdown_table(aim_rows(results))}\n\n{OTHER_AIMS}",
                "### CPU per request\n\nMedian (lowest-highest) of the rounds.\n\n" +
                markdown_table(work_rows(results)),
                "### And besides\n\n" + markdown_table(other_rows(results))]
    return "\n\n".join(sections)


def document(raw):
    if missing := [key for key in KEYS if key not in raw and key not in raw["works"]]:
        command_line.fail(f"the page wants all works; not measured: {', '.join(missing)}")
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        command_line.fail(f"{PAGE} lacks the marks '{BEGIN}' and '{END}'")
    PAGE.write_text(f"{before}{BEGIN}\n\n{markdown(raw)}\n\n{END}{after}", encoding="utf-8")
    PICTURE.write_text(plot.picture(Results(raw)), encoding="utf-8")


def main(arguments):
    if len(arguments) not in (1, 2) or arguments[0] in ("-h", "--help") or arguments[1:] not in ([], ["--document"]):
        raise SystemExit(__doc__.strip())
    raw = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    print(text(raw))
    if arguments[1:]:
        document(raw)


if __name__ == "__main__":
    main(sys.argv[1:])
