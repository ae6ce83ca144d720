"""What Linux says of processes: processor time and memory of a whole tree, and what strangers burn."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_OWN, _REAPED = slice(11, 13), slice(13, 15)  # utime stime, cutime cstime after the name; proc(5)


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None  # it ended meanwhile
    return text.rpartition(")")[2].split()


def tree(roots: Iterable[int]) -> list[int]:
    """These processes and all their descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names are what is needed
        if entry.isdigit() and (stat := _stat(int(entry))):
            children.setdefault(int(stat[1]), []).append(int(entry))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def parent_of(pid: int) -> int:
    """The process that made this one; 0 when it ended."""
    stat = _stat(pid)
    return int(stat[1]) if stat else 0


def cpu_s(pids: Iterable[int]) -> float:
    """User and system time of these processes and of their children that ended."""
    total = 0
    for pid in pids:
        if stat := _stat(pid):
            total += sum(int(ticks) for ticks in (*stat[_OWN], *stat[_REAPED]))
    return total * TICK_S


def pss_mb(pids: Iterable[int]) -> float:
    """Memory of these processes, what they share counted once among them."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total / 1024


def busy_s() -> float:
    """Processor time that everybody on this machine has used since it started."""
    first = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(field) for field in first[:8])
    return (user + nice + system + irq + softirq + steal) * TICK_S


def wait_for_quiet(limit_s: float, *, cores: float = 0.15, look_s: float = 0.1) -> None:
    """Until strangers burn less than `cores`, but not longer than `limit_s`."""
    until = time.monotonic() + limit_s
    while time.monotonic() + look_s < until:
        before, began = busy_s(), time.monotonic()
        time.sleep(look_s)
        if (busy_s() - before) / (time.monotonic() - began) < cores:
            return
