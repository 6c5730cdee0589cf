#!/usr/bin/env python3
"""Runs the programs of bench/micro/ and prints one table: CPU time of each piece, beside the limit where there is one.

What else runs on the machine can only add time, so the fastest of several repetitions is the one that is held against the limit;
how far the median is from it says how far the machine was from quiet.

bench/micro.sh installs and builds what is needed first.
"""

import argparse
import json
import statistics
import subprocess
from collections import defaultdict
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[1] / "build/release/bin"
LIMITS = {  # ns
    "split_and_pick/canary": 60,
    "split_and_pick/small_canary": 60,
    "split_and_pick/thirds": 60,
    "split_and_pick/primes": 60,
    "find/1000": 150,
}


def measure(program, options):
    """{benchmark: its repetitions' CPU times in ns}, in the program's order."""
    command = [program, "--benchmark_format=json", f"--benchmark_filter={options.filter}",
               f"--benchmark_repetitions={options.repetitions}", f"--benchmark_min_time={options.seconds}"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    times = defaultdict(list)
    for run in json.loads(output)["benchmarks"] if output else []:
        if "error_message" in run:
            raise SystemExit(f"micro.py: {run['run_name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            times[run["run_name"]].append(run["cpu_time"])
    return times


def main():
    parser = argparse.ArgumentParser(description="Measures split, pick, rule match, heads and the access-log line.")
    parser.add_argument("--filter", default=".", metavar="RE", help="only those whose name has a match of it")
    parser.add_argument("--repetitions", type=int, default=9, help="of each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.1, help="a repetition takes at least (%(default)s)")
    parser.add_argument("--programs", type=Path, default=PROGRAMS, help="the folder with micro_* (%(default)s)")
    options = parser.parse_args()

    print(f"{'ns of CPU':30} {'fastest':>9} {'median':>9} {'limit':>7}")
    for program in sorted(options.programs.glob("micro_*")):
        for name, times in measure(program, options).items():
            limit = LIMITS.get(name)
            reached = "" if limit is None else f"{limit:7}  {'reached' if min(times) <= limit else 'not reached'}"
            print(f"{name:30} {min(times):9.1f} {statistics.median(times):9.1f} {reached}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
