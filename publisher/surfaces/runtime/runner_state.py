"""The runner's pace, and its state of each surface."""

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
    """Size of a chunk (changes) and time between publications (ms); `pause` sleeps (seconds)."""

    chunk: int = CHUNK
    publish_every: int = PUBLISH_EVERY
    pause: Callable[[float], None] = time.sleep


@dataclass(slots=True)
class SurfaceState:
    """The runner's state of one surface; it is not kept over a restart."""

    surface: Surface
    head: int = 0  # of the ledger when the next chunk was read
    redacted_up_to: int = 0  # removals up to here were redacted by this process
    published_position: int = -1  # position that readers have; -1 before this process published
    published_at: int = 0
    publish_took: int = 0  # milliseconds that publishing took last
    rebuilding: bool = False
    # Whether readers have a surface built from another ledger; until the rebuild is published.
    other_history: bool = False
    compared_at: int | None = None
    # Identity of the served files after this process published; None while it is unknown.
    served_files: tuple[int, int] | None = None
    newest_checkpoint: Checkpoint | None = None
    unreadable: bool = False  # whether the newest failure is one of its files
    rebuilt_at_failure: int = 0  # how many failures there were when it was last rebuilt for them
    alarmed: bool = True  # an earlier process may have left an alarm
    failures: int = 0
    failing_since: int = 0
    retry_at: int = 0

    def fail(self, problem: Exception, now: int) -> None:
        """Count a failure and set the time of the next try; `now` is milliseconds."""
        self.failing_since = self.failing_since or now
        self.failures += 1
        self.retry_at = now + min(LAST_RETRY, FIRST_RETRY << min(self.failures - 1, 10))
        self.alarmed = True
        self.unreadable = isinstance(problem, UNREADABLE)
        self.served_files = None  # opening it again publishes

    def recover(self) -> None:
        """Forget the failures after a success."""
        self.alarmed = False
        self.failures = self.failing_since = self.retry_at = self.rebuilt_at_failure = 0


def named(states: Sequence[SurfaceState], names: Collection[str]) -> list[SurfaceState]:
    """Return the states of the named surfaces, all without names. Raises UsageError."""
    if not names:
        return list(states)
    known = {name for state in states for name in names_of(state)}
    if unknown := sorted(set(names) - known):
        raise UsageError(
            f"there is no surface {', '.join(unknown)}",
            f"The surfaces are {', '.join(label(state.surface) for state in states)}.",
        )
    return [state for state in states if set(names) & set(names_of(state))]


def needs_healing(state: SurfaceState) -> bool:
    """Whether a surface failed often enough to be rebuilt; at most twice in a row of failures."""
    return (
        state.unreadable
        and state.failures in HEAL_AT
        and state.rebuilt_at_failure != state.failures
    )


def standing_still(surface: Surface) -> NoReturn:
    """Raise VerificationFailed: a surface took changes and its position did not move."""
    raise VerificationFailed(
        f"{label(surface)} did not move although the ledger is ahead",
        "Run `credence ledger verify`, then `credence rebuild`.",
    )


def has_reached(state: SurfaceState, goal: int) -> bool:
    """Whether the surface is published up to a number of its tier's sequence."""
    return not state.failures and not state.rebuilding and state.published_position >= goal


def is_due(at: int, now: int) -> bool:
    """Whether a time (ms) has come, or is so far off that the clock must have been set back."""
    return at <= now or at - now > LAST_RETRY


def names_of(state: SurfaceState) -> tuple[str, str]:
    """Return the names of a surface: `public/triples` and `triples`."""
    return label(state.surface), state.surface.name
