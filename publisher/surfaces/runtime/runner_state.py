"""How the runner works: at which pace, and what it remembers of each surface."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from exchange.domain.errors import StoreUnavailable, UsageError, VerificationFailed
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from publisher.surfaces.port import Surface
    from publisher.surfaces.runtime.checkpoints import Checkpoint

FIRST_RETRY: Final = 500  # milliseconds; doubles with each failure in a row
LAST_RETRY: Final = 30_000
# Failures in a row after which a surface that cannot be read is rebuilt without being asked for.
HEAL_AT: Final = frozenset({2, 6})
UNREADABLE: Final = (StoreUnavailable, FileNotFoundError, NotADirectoryError)
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
    # What named the served files after this process published, and its newest checkpoint; None
    # while nothing is known of them.
    served: tuple[int, int] | None = None
    noted: Checkpoint | None = None
    unreadable: bool = False  # whether the newest failure is one of its files
    healed: int = 0  # how many failures there were when it was last rebuilt for them
    alarmed: bool = True  # an earlier process may have left an alarm
    failures: int = 0
    since: int = 0
    retry_at: int = 0


def named(desks: Sequence[Desk], names: Collection[str]) -> list[Desk]:
    """Return those of the names, all of them without names. Raises UsageError."""
    if not names:
        return list(desks)
    known = {name for desk in desks for name in names_of(desk)}
    if unknown := sorted(set(names) - known):
        raise UsageError(
            f"there is no surface {', '.join(unknown)}",
            f"The surfaces are {', '.join(label(desk.surface) for desk in desks)}.",
        )
    return [desk for desk in desks if set(names) & set(names_of(desk))]


def needs_healing(desk: Desk) -> bool:
    """Whether a surface failed often enough for its files to be given up; bounded tries."""
    return desk.unreadable and desk.failures in HEAL_AT and desk.healed != desk.failures


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
