"""The machine's clocks: the only module that reads them; everything else is handed a function.

Uptime and boot id come from the system's files rather than from a clock call: a program that was
started with a shifted clock sees the shift in both clock calls, but not in these files.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from exchange.domain.clock_trust import ClockReading

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_UPTIME: Final = Path("/proc/uptime")


def now() -> int:
    """Return milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


def read_clocks() -> ClockReading:
    """Read wall clock, uptime and boot id; the boot id is empty on systems without it."""
    try:
        seconds = float(_UPTIME.read_text(encoding="ascii").split()[0])
        return ClockReading(now(), int(seconds * 1000), _BOOT_ID.read_text("ascii").strip())
    except (OSError, ValueError, IndexError):
        return ClockReading(now(), 0, "")
