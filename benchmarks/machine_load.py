"""How busy others kept the machine while a benchmark ran: what makes a figure one of a quiet hour.

The load average counts the benchmark itself; so what is kept is the share of all processors that
processes other than the benchmark's own used, and that the hypervisor took, from `/proc/stat`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CROWDED: Final = 0.10  # of all processors used by others: from here on a figure is not quoted
_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ, _STEAL = 0, 1, 2, 5, 6, 7


@dataclass(frozen=True)
class Moment:
    """Seconds since the machine started: of the clock, of busy processors, of our own."""

    clock: float
    busy: float
    own: float

    @classmethod
    def now(cls) -> Moment:
        """Read the three."""
        return cls(time.monotonic(), _busy_seconds(), seconds_below(os.getpid()))


def others_share(since: Moment) -> float:
    """Return the share of all processors that others used since then, from 0 to 1."""
    now = Moment.now()
    elapsed = (now.clock - since.clock) * (os.cpu_count() or 1)
    others = (now.busy - since.busy) - (now.own - since.own)
    return round(min(1.0, max(0.0, others / elapsed)), 3) if elapsed > 0 else 0.0


def is_crowded(load: dict[str, Any]) -> bool:
    """Return whether what was measured under a kept load is not to be quoted."""
    return bool(max([load["others"], *load["rounds"]]) > CROWDED)


def _busy_seconds() -> float:
    ticks = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]))
    kinds = (_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ, _STEAL)
    return sum(ticks[kind] for kind in kinds) / os.sysconf("SC_CLK_TCK")


def seconds_below(pid: int) -> float:
    """Return processor seconds of a process, its ended children and all that run below it."""
    ticks, waiting = 0, [pid]
    while waiting:
        place = Path(f"/proc/{waiting.pop()}")
        try:
            stated = (place / "stat").read_text().rpartition(")")[2].split()
            for task in (place / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it ended while we looked
        ticks += sum(map(int, stated[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
