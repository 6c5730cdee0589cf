#!/usr/bin/env python3
"""Runs the programs of bench/micro/ and prints one table: CPU time of each piece, beside the aim where there is one.

What else runs on the machine can only add time, so the fastest of several repetitions is the one that is held against
the aim; how far the median is from it says how far the machine was from quiet.

bench/micro.sh installs and builds what is needed first.
"""

import argparse
import json
import statistics
import subprocess
from collections import defaultdict
from pathlib import Path

import command_line

PROGRAMS = Path(__file__).resolve().parents[1] / "build/release/bin"
AIMS = {  # ns
    "split_and_pick/canary": 60,
    "split_and_pick/small_canary": 60,
    "split_and_pick/thirds": 60,
    "split_and_pick/primes": 60,
    "pick/round_robin/1000": 100,
    "pick/least_outstanding/1000": 100,
    "pick/weighted_random/1000": 100,
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
            command_line.fail(f"{run['run_name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            times[run["run_name"]].append(run["cpu_time"])
    return times


def main(arguments):
    parser = argparse.ArgumentParser(prog="bench/micro.sh",
                                     description="Measures split, pick, rule match, heads and the access-log line.")
    parser.add_argument("--filter", default=".", metavar="RE", help="only those whose name has a match of it")
    parser.add_argument("--repetitions", type=command_line.positive, default=9, help="of each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.1, help="a repetition takes at least (%(default)s)")
    parser.add_argument("--programs", type=Path, default=PROGRAMS, help="the folder with micro_* (%(default)s)")
    options = parser.parse_args(arguments)

    print(f"{'ns of CPU':30} {'fastest':>9} {'median':>9} {'aim':>7}")
    for program in sorted(options.programs.glob("micro_*")):
        for name, times in measure(program, options).items():
            aim = AIMS.get(name)
            reached = "" if aim is None else f"{aim:7}  {'reached' if min(times) <= aim else 'not reached'}"
            print(f"{name:30} {min(times):9.1f} {statistics.median(times):9.1f} {reached}".rstrip(), flush=True)


if __name__ == "__main__":
    command_line.run(main)
