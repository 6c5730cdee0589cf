#!/usr/bin/env python3
"""thin"""
import argparse, json, os, shutil, signal, statistics, sys, tempfile, time
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
import load, processes, proxies
from proxies import KANARIA, HAPROXY, NGINX, FLOOR, Setup, Place

def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=str(Path(__file__).resolve().parents[1] / "build/release/bin"))
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2)
    a = p.parse_args()
    cores = processes.choose_cores(); ports = processes.Ports()
    processes.raise_descriptor_limit(20000)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = Path(tempfile.mkdtemp(prefix="kanaria-bench.")); work.chmod(0o755)
    children = []
    try:
        targets = (ports.take(), ports.take())
        t = processes.Child("target", [f"{a.bin}/bench_target", *map(str, targets)], [cores.target], work / "target.log"); children.append(t)
        load.await_answer(t, targets[0], "/0")
        run = {}
        for name in (KANARIA, HAPROXY, NGINX, FLOOR):
            folder = work / name; folder.mkdir()
            place = Place(folder, Path(a.bin), ports.take(), ports.take(), targets)
            c = processes.Child(name, proxies.COMMANDS[name](Setup(), place), [cores.proxy], folder / "output.log"); children.append(c)
            load.await_answer(c, place.port, "/app1/0")
            run[name] = (c.pids(), f"http://127.0.0.1:{place.port}/app1/0")
            load.wrk(run[name][1], cores.load, 32, 1)
        got = {name: [] for name in run}
        for r in range(a.rounds):
            for name, (pids, url) in run.items():
                before = processes.cpu_seconds(pids)
                result = load.wrk(url, cores.load, 32, a.seconds)
                time.sleep(0.1)
                us = (processes.cpu_seconds(pids) - before) / result.requests * 1e6
                got[name].append(us)
                print(f"{name:8} {us:6.2f} us  {result.requests/result.seconds:8.0f}/s errors {result.errors}", flush=True)
        for name in got:
            ratio = statistics.median(x / y for x, y in zip(got[name], got[HAPROXY]))
            floor = statistics.median(x / y for x, y in zip(got[name], got[FLOOR]))
            print(f"{name:8} median {statistics.median(got[name]):6.2f}  {min(got[name]):.2f}-{max(got[name]):.2f}  to haproxy {ratio:.3f} to floor {floor:.3f}")
    finally:
        for c in reversed(children): c.stop()
        shutil.rmtree(work)
main()
