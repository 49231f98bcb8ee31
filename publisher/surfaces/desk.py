"""How the runner works: at which pace, and what it remembers of each surface."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from exchange.domain.errors import VerificationFailed
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from collections.abc import Callable

    from publisher.surfaces.port import Surface

FIRST_RETRY: Final = 500  # milliseconds; doubles with each failure in a row
LAST_RETRY: Final = 30_000
CHUNK = 2_500  # changes applied at once at most: what is held of them is read, cut and sent
# Milliseconds between generations while a backlog is worked off: each costs the servers a new
# set of query workers. What takes text away does not wait for it.
PUBLISH_EVERY = 5_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once and how often; `pause` waits some seconds."""

    chunk: int = CHUNK
    publish_every: int = PUBLISH_EVERY
    pause: Callable[[float], None] = time.sleep


@dataclass(slots=True)
class Desk:
    """State of one surface; nothing here needs to survive a restart."""

    surface: Surface
    head: int = 0  # of the ledger when the next chunk was read
    redacted: int = 0  # departures up to here were redacted by this process
    published: int = -1  # position that readers have; -1 before this process published
    published_at: int = 0
    showing: int = 0  # milliseconds that publishing took last
    rebuilding: bool = False
    # Whether what readers have was built from another ledger; until the rebuild is shown.
    foreign: bool = False
    compared_at: int | None = None
    alarmed: bool = True  # an earlier process may have left an alarm
    failures: int = 0
    since: int = 0
    retry_at: int = 0


def standing_still(surface: Surface) -> NoReturn:
    """Raise that a surface took changes and did not move."""
    raise VerificationFailed(
        f"{label(surface)} did not move although the ledger is ahead",
        "Run `credence ledger verify`, then `credence rebuild`.",
    )


def has_reached(desk: Desk, goal: int) -> bool:
    """Whether readers have the surface up to a number of its tier's sequence."""
    return not desk.failures and not desk.rebuilding and desk.published >= goal


def is_due(at: int, now: int) -> bool:
    """Whether a time has come, or lies further off than any pause: the clock was set back."""
    return at <= now or at - now > LAST_RETRY


def names_of(desk: Desk) -> tuple[str, str]:
    """Return the names by which a surface is asked for."""
    return label(desk.surface), desk.surface.name
