"""The machine and the processes of the bench: which cores, which ports, and what a process costs.

Every process that is started here ends with the bench: in order at its end, by the kernel if the bench is killed.
"""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import command_line

FIRST_PORT, LAST_PORT = 21200, 21299  # below the range from which the kernel takes ports for clients


@dataclass(frozen=True)
class Cores:
    """Which cores carry what, as numbers of CPUs. `load` may be several, `two` is for two workers."""
    load: tuple
    target: int
    proxy: int
    two: tuple
    share_a_core: bool = False  # proxy and load are hardware threads of one core: there is no second one

    @property
    def two_are_free(self):
        """Whether load and target leave the two cores of `two` alone."""
        return not {*self.load, self.target} & set(self.two)


def choose_cores():
    """One hardware thread of each core that this process may use."""
    cpus = sorted(os.sched_getaffinity(0))
    seen, cores = set(), []
    for cpu in cpus:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        core = siblings.read_text() if siblings.exists() else str(cpu)
        if core not in seen:
            seen.add(core)
            cores.append(cpu)
    if len(cpus) < 2:
        command_line.fail("it takes two CPUs: one for the proxy, one for load and target")
    if len(cores) < 2:
        return Cores(load=(cpus[0],), target=cpus[0], proxy=cpus[1], two=(cpus[0], cpus[1]), share_a_core=True)
    if len(cores) == 2:
        return Cores(load=(cores[0],), target=cores[0], proxy=cores[1], two=(cores[0], cores[1]))
    # Two workers answer more than one thread of load can ask for.
    load, target = ((cores[0],), cores[0]) if len(cores) == 3 else ((cores[0], *cores[4:5]), cores[3])
    return Cores(load, target, proxy=cores[1], two=(cores[1], cores[2]))


class Ports:
    """Hands out ports on which nobody listens, each once until all were used."""

    def __init__(self):
        self._next = FIRST_PORT

    def take(self):
        for _ in range(FIRST_PORT, LAST_PORT + 1):
            port = self._next
            self._next = FIRST_PORT + (port + 1 - FIRST_PORT) % (LAST_PORT + 1 - FIRST_PORT)
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
        command_line.fail(f"no free port between {FIRST_PORT} and {LAST_PORT}")


def raise_descriptor_limit(wanted):
    """For this process and those it starts. Returns what it got."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return wanted
        except (ValueError, OSError):
            wanted = hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    return max(soft, wanted)


class Child:
    """A server that runs until stop(), pinned, its output in a file. It gets `patience` seconds to end."""

    def __init__(self, name, command, cores, output, patience=3):
        self.name = name
        self.output = Path(output)
        self._patience = patience
        pinned = ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", ",".join(map(str, cores))]
        with open(output, "wb") as file:
            self._process = subprocess.Popen(pinned + command, stdin=subprocess.DEVNULL, stdout=file,
                                             stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self._process.pid

    def has_ended(self):
        return self._process.poll() is not None

    def pids(self):
        """Its process and all below it: nginx has a master and workers."""
        found = [self._process.pid]
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
            except OSError:  # it has ended meanwhile
                continue
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def stop(self):
        """TERM, and KILL when it is not gone in time."""
        if self.has_ended():
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=self._patience)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait(timeout=3)


def cpu_seconds(pids):
    """CPU time of whole processes, ended threads included.

    It is the sum that /proc/PID/stat shows as utime + stime, read through the processes' CPU clocks, because /proc
    rounds it down to ticks of 10 ms. See clock_getcpuclockid(3) for the number of the clock.
    """
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def memory_bytes(pids):
    """Proportional set size: a page that n processes share counts one n-th in each."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total
