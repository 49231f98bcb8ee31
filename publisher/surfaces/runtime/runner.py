"""Bring every surface to the ledger's head, withdrawals first (docs/design/surfaces.md "The port").

Surfaces advance independently: a failing one keeps its position, raises an alarm and is tried
again, and the others go on. The caller holds the projector's lock.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from exchange.domain.errors import CredenceError
from publisher.surfaces.port import INLINE, label
from publisher.surfaces.runtime.alarms import Alarm, describe, describe_in_chinese
from publisher.surfaces.runtime.change_cache import Windows
from publisher.surfaces.runtime.checkpoints import DAMAGED, REPLACED
from publisher.surfaces.runtime.ledger_comparison import Histories
from publisher.surfaces.runtime.runner_state import (
    FIRST_RETRY,
    LAST_RETRY,
    UNREADABLE,
    Desk,
    Pace,
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
    from publisher.surfaces.port import Source, Surface
    from publisher.surfaces.runtime.alarms import Alarms

T = TypeVar("T")

_FIRST_CHUNK = 1_000
# Less costs more by the chunk than it spares; the ledger never cuts a group of 100.
_LEAST = 500
_LANES = 2  # beside our own: the triple stores' engine, and another process
_QUICK, _SLOW = 600, 1_500  # milliseconds for a step
NEAR = 1_000  # changes; a backlog of no more is applied as fast as redacted
DEPARTURES = 1_000  # redacted at once
_SHOWING = 4  # times as long as publishing took


class Runner:
    """Projects the ledger onto the surfaces; `clock` is milliseconds.

    With `histories`, a surface that was built from another ledger is rebuilt from this one.
    """

    def __init__(  # noqa: PLR0913 (wiring calls it once)
        self,
        ledger: Source,
        surfaces: Sequence[Surface],
        alarms: Alarms,
        clock: Callable[[], int],
        pace: Pace | None = None,
        *,
        histories: Histories | None = None,
    ) -> None:
        self._ledger = ledger
        self._alarms = alarms
        self._clock = clock
        self._histories = histories or Histories(ledger, clock)
        self._pace = pace or Pace()
        self._desks = [Desk(surface) for surface in surfaces]
        # One for all: surfaces that keep step read the ledger once a tier.
        self._chunk = min(_FIRST_CHUNK, self._pace.chunk)
        self._erasing_again_at = 0
        self._windows = Windows(ledger)
        self._beside = ThreadPoolExecutor(_LANES, "lane")

    def positions(self) -> dict[str, int]:
        """Position of each surface by its label."""
        return {label(desk.surface): desk.surface.position() for desk in self._desks}

    def step(self) -> bool:
        """Redact what has left, then apply one chunk to each surface; whether any moved.

        Surfaces that failed wait until their time has come.
        """
        now = self._clock()
        due = [desk for desk in self._desks if is_due(desk.retry_at, now)]
        self._heal(due)
        self._compare(due)
        due = [desk for desk in due if is_due(desk.retry_at, now)]
        sound = [desk for desk in due if self._attempt(desk, self._redact) is not None]
        read = [(desk, self._attempt(desk, self._read)) for desk in sound]
        taken = [(desk, changes) for desk, changes in read if changes is not None]
        if any(changes for _, changes in taken):
            return self._advance_all(taken)
        self._windows.clear()  # nobody needs them soon, and they hold text
        moved = [self._attempt(desk, self._advancing(changes)) for desk, changes in taken]
        return any(moved)

    @property
    def rebuilding(self) -> bool:
        """Whether readers still have a surface that was built from another ledger."""
        return any(desk.foreign for desk in self._desks)

    def catch_up(self, deadline: int | None = None) -> bool:
        """Step until each surface stood at the head of this moment; whether all did.

        `deadline` is a time of the clock in milliseconds. Without one, failing surfaces are
        given up as soon as nothing else remains to be done.
        """
        return self._bring(self._desks, deadline)

    def rebuild(self, names: Collection[str] = (), deadline: int | None = None) -> bool:
        """Build surfaces anew from the ledger, all of them without names; whether all stand.

        A name is a label (`public/triples`) or a surface's name in every tier (`triples`).
        Raises UsageError for a name that no surface has.
        """
        chosen = named(self._desks, names)
        for desk in chosen:
            desk.retry_at, desk.compared_at = 0, None
        # What a surface of another history knows is asked before it goes.
        self._compare(chosen)
        for desk in chosen:
            self._attempt(desk, self._reset)
        return self._bring(chosen, deadline)

    def finish_erasures(self) -> bool:
        """Rebuild every surface if an erasure waits for it; whether none is left waiting.

        Only a rebuild takes the bytes off the disk: stores keep deleted text in their files.
        """
        waiting = list(self._ledger.unfinished_erasures())
        if not waiting:
            return True
        self._windows.clear()
        if not is_due(self._erasing_again_at, self._clock()):
            return False
        if not self.rebuild():
            self._erasing_again_at = self._clock() + FIRST_RETRY
            return False
        for position in waiting:
            self._ledger.erasure_done(position)
        return not self._ledger.unfinished_erasures()

    def run(
        self, stop: threading.Event, upkeep: Callable[[Runner], None], poll_seconds: float = 0.2
    ) -> None:
        """Project until told to stop, `upkeep` between the steps; the one under way is finished."""
        while not stop.is_set():
            self.finish_erasures()
            upkeep(self)
            if not self.step() and not self.verify_next():
                stop.wait(poll_seconds)

    def _bring(self, desks: Iterable[Desk], deadline: int | None) -> bool:
        goals = [(desk, self._ledger.head(desk.surface.tier)) for desk in desks]
        while True:
            self.step()
            behind = [desk for desk, goal in goals if not has_reached(desk, goal)]
            if not behind:
                return True
            if deadline is not None and self._clock() >= deadline:
                return False
            if all(desk.failures for desk in behind):
                if deadline is None:
                    return False
                self._pace.pause(FIRST_RETRY / 1000)

    def verify_next(self) -> bool:
        """Compare a surface without a checkpoint with the whole ledger; whether there was one."""
        for desk in self._desks:
            if desk.failures or desk.rebuilding:
                continue
            if self._attempt(desk, self._histories.is_unverified) and self._at_head(desk):
                if reason := self._attempt(desk, self._histories.verify):
                    self._disown({label(desk.surface): reason})
                return True
        return False

    def _at_head(self, desk: Desk) -> bool:
        return desk.surface.position() == self._ledger.head(desk.surface.tier)

    def _compare(self, desks: Sequence[Desk]) -> None:
        """Rebuild what was built from another ledger."""
        due = [desk for desk in desks if self._histories.is_due(desk)]
        found = {label(desk.surface): self._attempt(desk, self._histories.reason) for desk in due}
        if foreign := {name: reason for name, reason in found.items() if reason}:
            self._disown(foreign)

    def _disown(self, found: Mapping[str, str]) -> None:
        """Rebuild surfaces of another history, once the ledger took in what they alone know.

        An alarm stays until readers have the new surface.
        """
        try:
            found = self._histories.take_in(found, self._desks)
        except Exception as problem:  # noqa: BLE001 - what they know must not be lost, whatever
            # stands in the way; they are compared and asked again.
            for desk in self._desks:
                if label(desk.surface) in found:
                    desk.compared_at = None
                    self._fail(desk, problem)
            return
        for desk in self._desks:
            if reason := found.get(label(desk.surface)):
                self._mark_foreign(desk, reason)
                if reason == REPLACED:
                    desk.surface.close()  # it has the files open that are gone
                self._attempt(desk, self._reset)
                desk.redacted = 0

    def _heal(self, desks: Iterable[Desk]) -> None:
        """Build anew what failed because its files cannot be read, and holds nothing of its own."""
        for desk in filter(needs_healing, desks):
            if self._histories.can_heal(desk):
                desk.healed = desk.failures
                if self._attempt(desk, self._reset):
                    self._mark_foreign(desk, DAMAGED)

    def _mark_foreign(self, desk: Desk, reason: str) -> None:
        """Keep the alarm until readers have the surface that was built anew."""
        desk.foreign = desk.alarmed = True
        self._alarms.raise_alarm(desk.surface, self._histories.alarm(desk, reason))

    def _redact(self, desk: Desk) -> bool:
        """Take away what left after what the surface has, and show it at once.

        A sound surface close to the head is left to its next chunk, which is as quick and
        brings the new text of a record in the same generation that takes the old away.
        """
        tier, position = desk.surface.tier, desk.surface.position()
        if not desk.failures and self._ledger.head(tier) - position <= NEAR:
            return False
        return self._take_away(desk)

    def _take_away(self, desk: Desk) -> bool:
        tier = desk.surface.tier
        after = desk.redacted if desk.rebuilding else max(desk.redacted, desk.surface.position())
        found = False
        while rows := self._ledger.departures(tier, after, DEPARTURES):
            desk.surface.redact([iri for _, iri in rows])
            after = rows[-1][0]
            found = True
        if found:
            self._publish(desk, at_head=False)
            # Only now: if showing it failed, it is redacted and shown again. Where nothing was to
            # redact, the chunk itself may take text away, and is not shown yet.
            self._histories.cleared(desk, after)
            desk.redacted = after
        return found

    def _read(self, desk: Desk) -> Sequence[Change]:
        """Return the surface's next chunk; nothing at the head."""
        surface = desk.surface
        desk.head = self._ledger.head(surface.tier)
        surface.expect(desk.head - surface.position())
        position = surface.position()
        if position > desk.head:
            desk.compared_at = None
        if position >= desk.head:
            return ()
        changes = self._windows.changes(surface.tier, position, self._chunk)
        return changes or standing_still(surface)

    def _advance_all(self, taken: Sequence[tuple[Desk, Sequence[Change]]]) -> bool:
        """Advance every surface, those of one lane one after the other."""
        began = self._clock()
        lanes: dict[str, list[tuple[Desk, Sequence[Change]]]] = {INLINE: []}
        for desk, changes in taken:
            lanes.setdefault(desk.surface.lane, []).append((desk, changes))

        def advance(lane: str) -> list[bool | None]:
            return [self._attempt(desk, self._advancing(changes)) for desk, changes in lanes[lane]]

        beside = [self._beside.submit(advance, lane) for lane in lanes if lane != INLINE]
        moved = advance(INLINE)
        if not all(running.done() for running in beside):
            self._look_ahead([desk for desk, _ in lanes[INLINE]])
        moved += [one for running in beside for one in running.result()]
        self._adapt(self._clock() - began)
        return any(moved)

    def _look_ahead(self, desks: Iterable[Desk]) -> None:
        """Read what comes next while others are still at work; they want the same."""
        for desk in desks:
            if not desk.failures:
                self._attempt(desk, self._peek)

    def _peek(self, desk: Desk) -> bool:
        position = desk.surface.position()
        if position < desk.head:
            self._windows.changes(desk.surface.tier, position, self._chunk)
        return True

    def _advancing(self, changes: Sequence[Change]) -> Callable[[Desk], bool]:
        return lambda desk: self._advance(desk, changes)

    def _advance(self, desk: Desk, changes: Sequence[Change]) -> bool:
        """Apply one chunk and publish when it is time."""
        surface = desk.surface
        if changes:
            self._apply(desk, changes)
            # A record may have left after its text was read for this chunk.
            self._take_away(desk)
        at_head = surface.position() >= desk.head
        if self._is_due(desk, changes, at_head=at_head):
            self._publish(desk, at_head=at_head)
        if desk.alarmed and not desk.foreign:
            self._recover(desk)
        return bool(changes)

    def _is_due(self, desk: Desk, changes: Sequence[Change], *, at_head: bool) -> bool:
        """Whether readers shall have what was applied.

        What takes text away is shown at once. While more comes in than was just read, a load is
        going on and need not be shown step by step: showing costs the same however much is new,
        so it takes at most a fifth of the time.
        """
        if any(change.retracts_text for change in changes):
            return True
        if at_head and (desk.rebuilding or desk.head == self._ledger.head(desk.surface.tier)):
            return True
        pause = max(self._pace.publish_every, min(_SHOWING * desk.showing, LAST_RETRY))
        # Below 0 where the clock was set back.
        return not 0 <= self._clock() - desk.published_at < pause

    def _apply(self, desk: Desk, changes: Sequence[Change]) -> None:
        surface = desk.surface
        self._histories.before_apply(desk, changes[-1].seq)
        surface.apply(changes)
        if surface.position() != changes[-1].seq:
            standing_still(surface)

    def _adapt(self, took: int) -> None:
        """Double quick chunks, halve slow ones: a withdrawal may have to wait for a whole step."""
        if took < _QUICK:
            self._chunk = min(self._chunk * 2, self._pace.chunk)
        elif took > _SLOW:
            self._chunk = max(self._chunk // 2, min(_LEAST, self._pace.chunk))

    def _publish(self, desk: Desk, *, at_head: bool) -> None:
        if self._histories.replaced(desk):
            return  # what we would note of our files is not true of these; the next step compares
        position, began = desk.surface.position(), self._clock()
        desk.surface.publish(at_head=at_head)
        desk.published_at = self._clock()
        desk.showing = desk.published_at - began
        if at_head and desk.rebuilding:
            desk.rebuilding = desk.foreign = False
            self._histories.rebuilt(desk, position)
        self._histories.published(desk)
        if not desk.rebuilding:
            desk.published = position
            self._histories.cleared(desk, position)

    def _reset(self, desk: Desk) -> bool:
        # What left before is taken from the old self, which readers keep until the swap.
        # One that cannot even say where it is has no self to take it from.
        with suppress(CredenceError, OSError):
            desk.redacted = max(desk.redacted, desk.surface.position())
        desk.served = desk.noted = None
        desk.surface.reset()
        desk.rebuilding, desk.published = True, -1
        return True

    def _attempt(self, desk: Desk, action: Callable[[Desk], T]) -> T | None:
        """Do it; None when it failed, which is then state, alarm and a time to try again."""
        try:
            return action(desk)
        except Exception as problem:  # noqa: BLE001 - one surface's fault, whatever it is, must
            # not stop the withdrawals of the others; it is kept as state and never skipped.
            self._fail(desk, problem)
            return None

    def _fail(self, desk: Desk, problem: Exception) -> None:
        now = self._clock()
        desk.since = desk.since or now
        desk.failures += 1
        desk.retry_at = now + min(LAST_RETRY, FIRST_RETRY << min(desk.failures - 1, 10))
        name = label(desk.surface)
        desk.alarmed = True
        desk.unreadable = isinstance(problem, UNREADABLE)
        desk.served = None  # opening it again publishes
        zh = describe_in_chinese(problem)
        alarm = Alarm(name, describe(problem), desk.since, desk.failures, zh)
        self._alarms.raise_alarm(desk.surface, alarm)

    def _recover(self, desk: Desk) -> None:
        self._alarms.clear(desk.surface)
        desk.alarmed = False
        desk.failures = desk.since = desk.retry_at = desk.healed = 0
