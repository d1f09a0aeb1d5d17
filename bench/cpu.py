"""Who used the processors: of groups of processes, and of everybody else."""

import dataclasses
import os
import time

TICK = 1 / os.sysconf("SC_CLK_TCK")


def busy():
    """Seconds that all processors gave to processes, or lost to the host, since the machine began.

    Interrupts are left out: nobody can say for whom they were."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _wait, _irq, _softirq, steal = stat.readline().split()[1:9]
    return sum(map(int, (user, nice, system, steal))) * TICK


def of_sessions(leaders):
    """Seconds used by each session (by its leader's pid), children that have ended included."""
    used = dict.fromkeys(leaders, 0.0)
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:  # has just ended
            continue
        session = int(fields[3])
        if session in used:
            used[session] += sum(map(int, fields[11:15])) * TICK
    return used


def anonymous_kib(pid):
    """RssAnon: memory of its own, without the pages of mapped files."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    raise RuntimeError(f"no RssAnon of {pid}")


@dataclasses.dataclass
class Meter:
    """Measures from its making on. leaders: sessions whose time is wanted."""

    leaders: list

    def __post_init__(self):
        self._start = time.monotonic()
        self._busy = busy()
        self._children = self._of_children()
        self._used = of_sessions(self.leaders)

    @staticmethod
    def _of_children():
        times = os.times()
        return times.children_user + times.children_system + times.user + times.system

    def read(self):
        """(seconds used by each leader's session, by us and what we ran, share of the machine that
        went to anybody else)."""
        used = of_sessions(self.leaders)
        used = {leader: used[leader] - self._used[leader] for leader in self.leaders}
        load = self._of_children() - self._children
        elsewhere = busy() - self._busy - sum(used.values()) - load
        whole = (time.monotonic() - self._start) * os.cpu_count()
        return used, load, max(0.0, elsewhere / whole)
