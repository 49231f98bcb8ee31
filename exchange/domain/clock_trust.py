"""Decides whether the machine's clock can be trusted to end publicity (pure).

A wrong clock must end nothing for good: an `expire` event cannot be taken back without a decision
for each record. So the wall clock is compared with what a running machine knows by itself, the
time since it booted, and with the last heartbeat that was kept. Decision:
docs/decisions/0016-clock-trust.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MILLISECONDS_OF_DAY: Final = 86_400_000
STEP_BOUND: Final = MILLISECONDS_OF_DAY  # wall clock against uptime, within one boot
GAP_BOUND: Final = 30 * MILLISECONDS_OF_DAY  # from the last heartbeat to a program's start


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One reading of the clocks of a machine.

    `wall`: milliseconds since 1970-01-01 UTC. `uptime`: milliseconds since boot, time asleep
    included. `boot_id`: names the boot (empty where the system tells none), since
    uptimes of different boots cannot be compared.
    """

    wall: int
    uptime: int
    boot_id: str

    @property
    def boot_time(self) -> int:
        """The time of boot by the wall clock (milliseconds): constant unless that clock is set."""
        return self.wall - self.uptime


class ClockDoubt(StrEnum):
    """The reason why the clock is not trusted."""

    STEPPED = "stepped"  # the wall clock moved by more than a day against the uptime
    LONG_GAP = "long-gap"  # a start more than 30 days after the last heartbeat
    UNREADABLE = "unreadable"  # the heartbeat is damaged, so nothing is known


def assess(
    heartbeat: ClockReading | None, now: ClockReading, *, starting: bool
) -> ClockDoubt | None:
    """Return the reason to doubt the reading `now`; None when it is trusted.

    `heartbeat` is the last trusted reading; None (a new or upgraded data directory) doubts
    nothing. `starting`: this program has not trusted a reading yet; a long quiet time under a
    running service is no doubt.
    """
    if heartbeat is None:
        return None
    same_boot = bool(now.boot_id) and heartbeat.boot_id == now.boot_id
    if same_boot and abs(now.boot_time - heartbeat.boot_time) > STEP_BOUND:
        return ClockDoubt.STEPPED
    if starting and now.wall - heartbeat.wall > GAP_BOUND:
        return ClockDoubt.LONG_GAP
    return None
