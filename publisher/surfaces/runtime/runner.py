"""The projector's loop: brings every surface to the ledger's head, removals first.

Surfaces advance independently: a failing one keeps its position, has an alarm and is retried,
and the others go on. The caller holds the projector's lock.
Source: docs/design/surfaces.md "The port".
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from exchange.domain.errors import CredenceError
from publisher.surfaces.port import INLINE, label
from publisher.surfaces.runtime.alarms import Alarm, describe, describe_in_chinese
from publisher.surfaces.runtime.change_cache import ChangeCache
from publisher.surfaces.runtime.checkpoints import DAMAGED, REPLACED
from publisher.surfaces.runtime.ledger_comparison import LedgerComparison
from publisher.surfaces.runtime.runner_state import (
    FIRST_RETRY,
    LAST_RETRY,
    Pace,
    SurfaceState,
    has_reached,
    is_due,
    named,
    needs_healing,
    standing_still,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from exchange.domain.record import Change
    from publisher.surfaces.port import ChangeSource, Surface
    from publisher.surfaces.runtime.alarms import Alarms

T = TypeVar("T")

_FIRST_CHUNK = 1_000
# Less costs more by the chunk than it spares; the ledger never cuts a group of 100.
_LEAST = 500
_LANES = 2  # beside our own: the triple stores' engine, and another process
_QUICK, _SLOW = 600, 1_500  # milliseconds for a step
NEAR = 1_000  # changes; a backlog of no more is applied as fast as redacted
DEPARTURES = 1_000  # redacted at once
_SHOWING = 4  # pause between two publications, in multiples of what the last one took


class Runner:
    """Projects the ledger onto the surfaces; `clock` is milliseconds since 1970-01-01 UTC.

    With `comparison`, a surface that was built from another ledger is rebuilt from this one.
    """

    def __init__(  # noqa: PLR0913 (wiring calls it once)
        self,
        ledger: ChangeSource,
        surfaces: Sequence[Surface],
        alarms: Alarms,
        clock: Callable[[], int],
        pace: Pace | None = None,
        *,
        comparison: LedgerComparison | None = None,
    ) -> None:
        self._ledger = ledger
        self._alarms = alarms
        self._clock = clock
        self._comparison = comparison or LedgerComparison(ledger, clock)
        self._pace = pace or Pace()
        self._states = [SurfaceState(surface) for surface in surfaces]
        # One for all: surfaces that keep step read the ledger once a tier.
        self._chunk = min(_FIRST_CHUNK, self._pace.chunk)
        self._erasing_again_at = 0
        self._changes = ChangeCache(ledger)
        self._lane_threads = ThreadPoolExecutor(_LANES, "surface")

    def positions(self) -> dict[str, int]:
        """Return the position of each surface, by its label."""
        return {label(state.surface): state.surface.position() for state in self._states}

    def step(self) -> bool:
        """Redact removed records, then apply one chunk to each surface; return whether any moved.

        A surface that failed is left out until its time to retry.
        """
        now = self._clock()
        due = [state for state in self._states if is_due(state.retry_at, now)]
        self._heal(due)
        self._compare(due)
        due = [state for state in due if is_due(state.retry_at, now)]
        sound = [state for state in due if self._attempt(state, self._redact) is not None]
        read = [(state, self._attempt(state, self._read)) for state in sound]
        taken = [(state, changes) for state, changes in read if changes is not None]
        if any(changes for _, changes in taken):
            return self._advance_all(taken)
        self._changes.clear()  # not needed soon, and they hold text
        moved = [self._attempt(state, self._advancing(changes)) for state, changes in taken]
        return any(moved)

    @property
    def rebuilding(self) -> bool:
        """Whether readers still have a surface that was built from another ledger."""
        return any(state.other_history for state in self._states)

    def catch_up(self, deadline: int | None = None) -> bool:
        """Step until each surface has reached the present head; return whether all have.

        `deadline` is in milliseconds of the clock. Without one, failing surfaces are given up
        when nothing else is left to do.
        """
        return self._bring(self._states, deadline)

    def rebuild(self, names: Collection[str] = (), deadline: int | None = None) -> bool:
        """Rebuild surfaces from the ledger, all of them without names; return whether all did.

        A name is a label (`public/triples`) or a surface's name in every tier (`triples`).
        Raises UsageError for an unknown name.
        """
        chosen = named(self._states, names)
        for state in chosen:
            state.retry_at, state.compared_at = 0, None
        # What only a surface of another history knows is read before it is rebuilt.
        self._compare(chosen)
        for state in chosen:
            if self._attempt(state, self._reset):
                state.failures = state.retry_at = 0  # they were those of the old files
        return self._bring(chosen, deadline)

    def finish_erasures(self) -> bool:
        """Rebuild every surface after an erasure; return whether no erasure is unfinished.

        Only a rebuild removes the bytes: stores keep deleted text in their files.
        """
        unfinished = list(self._ledger.unfinished_erasures())
        if not unfinished:
            return True
        self._changes.clear()
        if not is_due(self._erasing_again_at, self._clock()):
            return False
        if not self.rebuild():
            self._erasing_again_at = self._clock() + FIRST_RETRY
            return False
        for position in unfinished:
            self._ledger.erasure_done(position)
        return not self._ledger.unfinished_erasures()

    def run(
        self, stop: threading.Event, maintain: Callable[[Runner], None], poll_seconds: float = 0.2
    ) -> None:
        """Step until `stop` is set, and call `maintain` between the steps.

        `poll_seconds` is the pause when nothing was to do. The current step is always finished.
        """
        while not stop.is_set():
            self.finish_erasures()
            maintain(self)
            if not self.step() and not self.verify_next():
                stop.wait(poll_seconds)

    def _bring(self, states: Iterable[SurfaceState], deadline: int | None) -> bool:
        goals = [(state, self._ledger.head(state.surface.tier)) for state in states]
        while True:
            self.step()
            behind = [state for state, goal in goals if not has_reached(state, goal)]
            if not behind:
                return True
            if deadline is not None and self._clock() >= deadline:
                return False
            if all(state.failures for state in behind):
                if deadline is None:
                    return False
                self._pace.pause(FIRST_RETRY / 1000)

    def verify_next(self) -> bool:
        """Compare a surface that has no checkpoint with the ledger; False if all have one."""
        for state in self._states:
            if state.failures or state.rebuilding:
                continue
            if self._attempt(state, self._comparison.is_unverified) and self._at_head(state):
                if reason := self._attempt(state, self._comparison.verify):
                    self._disown({label(state.surface): reason})
                return True
        return False

    def _at_head(self, state: SurfaceState) -> bool:
        return state.surface.position() == self._ledger.head(state.surface.tier)

    def _compare(self, states: Sequence[SurfaceState]) -> None:
        """Rebuild what was built from another ledger."""
        due = [state for state in states if self._comparison.is_due(state)]
        reasons = {
            label(state.surface): self._attempt(state, self._comparison.reason) for state in due
        }
        if foreign := {name: reason for name, reason in reasons.items() if reason}:
            self._disown(foreign)

    def _disown(self, reasons: Mapping[str, str]) -> None:
        """Rebuild surfaces of another history, after the ledger took over what only they know.

        Their alarms stay until readers have the new surface.
        """
        try:
            reasons = self._comparison.take_in(reasons, self._states)
        except Exception as problem:  # noqa: BLE001 - what they know must not be lost, whatever
            # stands in the way; they are compared and asked again.
            for state in self._states:
                if label(state.surface) in reasons:
                    state.compared_at = None
                    self._fail(state, problem)
            return
        for state in self._states:
            if reason := reasons.get(label(state.surface)):
                self._mark_foreign(state, reason)
                if reason == REPLACED:
                    state.surface.close()  # its open files were replaced
                self._attempt(state, self._reset)
                state.redacted_up_to = 0

    def _heal(self, states: Iterable[SurfaceState]) -> None:
        """Rebuild surfaces whose files cannot be read, if nothing is lost by it."""
        for state in filter(needs_healing, states):
            if self._comparison.can_heal(state):
                state.rebuilt_at_failure = state.failures
                if self._attempt(state, self._reset):
                    self._mark_foreign(state, DAMAGED)

    def _mark_foreign(self, state: SurfaceState, reason: str) -> None:
        """Raise an alarm that stays until readers have the rebuilt surface."""
        state.other_history = state.alarmed = True
        self._alarms.raise_alarm(state.surface, self._comparison.alarm(state, reason))

    def _redact(self, state: SurfaceState) -> bool:
        """Take down records removed after the surface's position, and publish at once.

        A sound surface near the head is left to its next chunk, which is as quick and publishes
        the new text of a record together with the removal of the old.
        """
        tier, position = state.surface.tier, state.surface.position()
        if not state.failures and self._ledger.head(tier) - position <= NEAR:
            return False
        return self._take_down(state)

    def _take_down(self, state: SurfaceState) -> bool:
        tier = state.surface.tier
        after = (
            state.redacted_up_to
            if state.rebuilding
            else max(state.redacted_up_to, state.surface.position())
        )
        any_removed = False
        while rows := self._ledger.removals(tier, after, DEPARTURES):
            state.surface.redact([iri for _, iri in rows])
            after = rows[-1][0]
            any_removed = True
        if any_removed:
            self._publish(state, at_head=False)
            # Only now: if publishing failed, redaction and publishing are repeated. Where nothing
            # was redacted, the chunk itself may remove text, and is not published yet.
            self._comparison.cleared(state, after)
            state.redacted_up_to = after
        return any_removed

    def _read(self, state: SurfaceState) -> Sequence[Change]:
        """Return the surface's next chunk; nothing at the head."""
        surface = state.surface
        state.head = self._ledger.head(surface.tier)
        surface.choose_lane(state.head - surface.position())
        position = surface.position()
        if position > state.head:
            state.compared_at = None
        if position >= state.head:
            return ()
        changes = self._changes.changes(surface.tier, position, self._chunk)
        return changes or standing_still(surface)

    def _advance_all(self, taken: Sequence[tuple[SurfaceState, Sequence[Change]]]) -> bool:
        """Advance every surface: lanes in parallel, the surfaces of one lane in order."""
        began = self._clock()
        lanes: dict[str, list[tuple[SurfaceState, Sequence[Change]]]] = {INLINE: []}
        for state, changes in taken:
            lanes.setdefault(state.surface.lane, []).append((state, changes))

        def advance(lane: str) -> list[bool | None]:
            return [
                self._attempt(state, self._advancing(changes)) for state, changes in lanes[lane]
            ]

        beside = [self._lane_threads.submit(advance, lane) for lane in lanes if lane != INLINE]
        moved = advance(INLINE)
        if not all(running.done() for running in beside):
            self._look_ahead([state for state, _ in lanes[INLINE]])
        moved += [has_moved for running in beside for has_moved in running.result()]
        self._adapt(self._clock() - began)
        return any(moved)

    def _look_ahead(self, states: Iterable[SurfaceState]) -> None:
        """Read the next changes while other lanes still work; they need the same ones."""
        for state in states:
            if not state.failures:
                self._attempt(state, self._peek)

    def _peek(self, state: SurfaceState) -> bool:
        position = state.surface.position()
        if position < state.head:
            self._changes.changes(state.surface.tier, position, self._chunk)
        return True

    def _advancing(self, changes: Sequence[Change]) -> Callable[[SurfaceState], bool]:
        return lambda state: self._advance(state, changes)

    def _advance(self, state: SurfaceState, changes: Sequence[Change]) -> bool:
        """Apply one chunk and publish when it is time."""
        surface = state.surface
        if changes:
            self._apply(state, changes)
            # A record may have left after its text was read for this chunk.
            self._take_down(state)
        at_head = surface.position() >= state.head
        if self._is_due(state, changes, at_head=at_head):
            self._publish(state, at_head=at_head)
        if state.alarmed and not state.other_history:
            self._recover(state)
        return bool(changes)

    def _is_due(self, state: SurfaceState, changes: Sequence[Change], *, at_head: bool) -> bool:
        """Return whether to publish what was applied.

        Removals are published at once. During a load publishing takes at most a fifth of the
        time, since it costs the same however little is new.
        """
        if any(change.retracts_text for change in changes):
            return True
        if at_head and (state.rebuilding or state.head == self._ledger.head(state.surface.tier)):
            return True
        pause = max(self._pace.publish_every, min(_SHOWING * state.publish_took, LAST_RETRY))
        # Negative after the clock was set back.
        return not 0 <= self._clock() - state.published_at < pause

    def _apply(self, state: SurfaceState, changes: Sequence[Change]) -> None:
        surface = state.surface
        self._comparison.before_apply(state, changes[-1].seq)
        surface.apply(changes)
        if surface.position() != changes[-1].seq:
            standing_still(surface)

    def _adapt(self, took: int) -> None:
        """Double the chunk after a quick step, halve it after a slow one: removals wait for it."""
        if took < _QUICK:
            self._chunk = min(self._chunk * 2, self._pace.chunk)
        elif took > _SLOW:
            self._chunk = max(self._chunk // 2, min(_LEAST, self._pace.chunk))

    def _publish(self, state: SurfaceState, *, at_head: bool) -> None:
        if self._comparison.replaced(state):
            return  # a checkpoint of our files would be wrong for these; the next step compares
        position, began = state.surface.position(), self._clock()
        state.surface.publish(at_head=at_head)
        state.published_at = self._clock()
        state.publish_took = state.published_at - began
        if at_head and state.rebuilding:
            state.rebuilding = state.other_history = False
            self._comparison.rebuilt(state, position)
        self._comparison.published(state)
        if not state.rebuilding:
            state.published_position = position
            self._comparison.cleared(state, position)

    def _reset(self, state: SurfaceState) -> bool:
        # Removals so far are redacted in the old files, which readers keep until the swap. A
        # surface whose position cannot be read has no files to redact.
        with suppress(CredenceError, OSError):
            state.redacted_up_to = max(state.redacted_up_to, state.surface.position())
        state.served_files = state.newest_checkpoint = None
        state.surface.reset()
        state.rebuilding, state.published_position = True, -1
        return True

    def _attempt(self, state: SurfaceState, action: Callable[[SurfaceState], T]) -> T | None:
        """Run the action; on an error set alarm and retry time, and return None."""
        try:
            return action(state)
        except Exception as problem:  # noqa: BLE001 - one surface's fault, whatever it is, must
            # not stop the withdrawals of the others; it is kept as state and never skipped.
            self._fail(state, problem)
            return None

    def _fail(self, state: SurfaceState, problem: Exception) -> None:
        state.fail(problem, self._clock())
        zh = describe_in_chinese(problem)
        name, since = label(state.surface), state.failing_since
        alarm = Alarm(name, describe(problem), since, state.failures, zh)
        self._alarms.raise_alarm(state.surface, alarm)

    def _recover(self, state: SurfaceState) -> None:
        self._alarms.clear(state.surface)
        state.recover()
