"""Deliveries: rows become events, in transactions short enough not to hold a withdrawal up.

One call is one transaction over a prefix of the rows: at most 1,000 of them or about 250 ms
(docs/design/ledger.md "Deliveries"). What a row does is decided by `lifecycle.action_for_row`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from exchange.domain import record_body
from exchange.domain.disclosure import Tier
from exchange.domain.errors import UsageError
from exchange.domain.events import EventType
from exchange.domain.lifecycle import (
    ACTIVE_STATES,
    HELD_RESEMBLES,
    REJECTED_AMBIGUOUS_KEY,
    REJECTED_AMBIGUOUS_TARGET,
    REJECTED_UNKNOWN_TARGET,
    SUPPRESSED_BASIS,
    SUPPRESSED_REMOVED,
    TERMINAL_STATES,
    DeliveryAction,
    State,
    action_for_row,
)
from exchange.domain.precedence import Precedence
from exchange.domain.publicity_period import china_date
from exchange.domain.record import DeliveredState, Outcome, Result
from exchange.ledger.cascade import follow, leave, pend, resolve, unmet, weigh
from exchange.ledger.deliveries import running, taken
from exchange.ledger.key_resolution import Macs, join
from exchange.ledger.natural_persons import Persons
from exchange.ledger.objection_mark import ROW, set_mark
from exchange.ledger.outdated_rows import OlderData
from exchange.ledger.stored_links import Tie, forget, keep
from exchange.ledger.transaction import batch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exchange.domain.record import Link, Submission
    from exchange.ledger.cascade import Weighed
    from exchange.ledger.context import Parts
    from exchange.ledger.deliveries import Running
    from exchange.ledger.key_resolution import Met
    from exchange.ledger.outdated_rows import Older
    from exchange.ledger.transaction import Batch, Rec

ROWS: Final = 1000
# Of the 250 ms; sealing and inserting what was prepared takes the rest.
PREPARING_SECONDS: Final = 0.06
NOT_TAKEN: Final = frozenset({Outcome.REJECTED, Outcome.OUTDATED, Outcome.HELD})
SLICE: Final = 100  # rows whose keys are read together, and between two looks at the watch


def append(
    parts: Parts,
    delivery: int,
    submissions: Sequence[Submission],
    *,
    correcting: bool = False,
    precedence: Precedence = Precedence.REVIEW,
) -> list[Result]:
    """Log a prefix of the rows in one transaction; return one result for each of them.

    `precedence` says what becomes of rows that are older than what their records say.

    Raises:
        UsageError: the delivery is not open.

    """
    if not submissions:
        return []
    with batch(parts, bulk=True) as work:
        due = parts.ticks() + PREPARING_SECONDS
        opened = running(work, delivery)
        if opened is None:
            raise UsageError(
                f"There is no open delivery {delivery}.", "Open a delivery before appending."
            )
        older = OlderData(work, opened, precedence)
        arrivals = Arrivals(
            work, opened, EventType.CORRECT if correcting else EventType.REVISE, older
        )
        results: list[Result] = []
        for at in range(0, min(len(submissions), ROWS), SLICE):
            rows = submissions[at : min(at + SLICE, ROWS)]
            arrivals.fetch(rows)
            # Rows that are compared with many versions take long; others are taken by the slice.
            results += _taken(arrivals, rows, parts.ticks, due + PREPARING_SECONDS)
            if len(results) < at + len(rows) or parts.ticks() > due:
                break
        taken(work, delivery, submissions[len(results) - 1].row)
    return results


def _taken(
    arrivals: Arrivals, rows: Sequence[Submission], ticks: Callable[[], float], end: float
) -> list[Result]:
    """Take rows, and leave off where it is later than `end`."""
    results = []
    for row in rows:
        results.append(arrivals.take(row))
        if ticks() > end:
            break
    return results


class Arrivals:
    """The rows of one transaction, taken one by one."""

    def __init__(
        self,
        work: Batch,
        delivery: Running,
        revision: EventType,
        older: OlderData,
        *,
        gated: bool = True,
    ) -> None:
        """Prepare a transaction; without `gated` no row is held, since a person let it through."""
        self._work = work
        self._gated = gated
        self._delivery = delivery.id
        self._revision = revision
        self._older = older
        self._secret = work.parts.secret
        guard = work.parts.clock_guard
        self._clock_trusted = guard.doubt() is None
        # A clock set back may not bring back what had ended by the last trusted time.
        now = work.now if self._clock_trusted else max(work.now, guard.trusted_time() or 0)
        self._today = china_date(now).isoformat()
        self._persons = Persons(work)
        self._macs: dict[str, bytes] = {}

    def fetch(self, rows: Sequence[Submission]) -> None:
        """Read what the rows need, in few queries."""
        tellings: list[Submission | Link] = [*rows]
        tellings += [link for row in rows for link in row.links]
        tellings += [row.withdraws for row in rows if row.withdraws]
        self._work.fetch_keys(mac for told in tellings for mac in self._told(told).all)
        self._persons.fetch(rows)
        fresh = [row for row in rows if self._work.key(self._mac(row.key)) is None]
        self._work.resemblances.fetch((row.kind, self._persons.body(row)) for row in fresh)

    def _mac(self, key: str) -> bytes:
        """Return the HMAC of a clear key, each taken once."""
        mac = self._macs.get(key)
        if mac is None:
            mac = self._macs[key] = self._secret.key(key)
        return mac

    def _told(self, told: Submission | Link) -> Macs:
        """Return the HMACs of every way in which a row or a link tells a key."""
        full = tuple([self._mac(key) for key in (told.key, *told.aliases)])
        if told.is_partial:
            return Macs((), full)
        return Macs(full, tuple([self._mac(key) for key in told.partial]))

    def take(self, row: Submission) -> Result:
        """Log what a row says; return what became of it."""
        macs = self._told(row)
        met = self._work.met(macs)
        if met.torn:
            return self._torn(row, met)
        if not met.records:
            return self._new(row, macs)
        record = self._work.record(met.records[0])
        result = self._known(row, self._whole(row, record), record)
        outcome = result.outcome
        if outcome is Outcome.UNCHANGED or outcome not in NOT_TAKEN:
            self._join(macs, record)
        return result

    def known(self, row: Submission) -> tuple[Rec | None, bool]:
        """Return the one record that a row is about, and whether it stands and says the same."""
        met = self._work.met(self._told(row))
        if met.torn or not met.records:
            return None, False
        record = self._work.record(met.records[0])
        content = self._secret.content(self._whole(row, record))
        same = record.content_mac == content and _marks(row, record) is None
        return record, record.state in ACTIVE_STATES and same

    def _torn(self, row: Submission, met: Met) -> Result:
        """Refuse a row behind which several records stand; none of them is changed."""
        states = {self._work.record(number).state for number in met.records}
        if states <= TERMINAL_STATES and not met.shared:
            return Result(Outcome.SUPPRESSED, None, SUPPRESSED_REMOVED, row.row)
        return Result(Outcome.REJECTED, None, REJECTED_AMBIGUOUS_KEY, row.row)

    def _whole(self, row: Submission, record: Rec) -> Submission:
        """Return the row with what the record knows of properties that its form cannot tell."""
        same = record.content_mac == self._secret.content(row)
        if same or not row.uncovered_properties or record.state not in ACTIVE_STATES:
            return row
        tier = row.tier
        if row.inherits_tier and record.tier.rank > tier.rank:
            tier = record.tier
        text = record_body.carry_over(row.body, self._work.text(record), row.uncovered_properties)
        return replace(row, body=record_body.restrict_to_tier(text, tier), tier=tier)

    def _join(self, macs: Macs, record: Rec) -> None:
        """Have every telling lead to the record; who quoted a record that is gone, learns it."""
        fresh = [mac for mac in macs.all if self._work.key(mac) is None]
        waiting = (
            unmet(self._work, fresh, record) if fresh and record.state in TERMINAL_STATES else set()
        )
        join(self._work, macs, record)
        if waiting:
            follow(self._work, record, waiting)

    def _new(self, row: Submission, macs: Macs) -> Result:
        step, reason = self._step(row, State.NONE, same=False)
        if step is DeliveryAction.SUPPRESS:
            return Result(Outcome.SUPPRESSED, None, reason, row.row)
        return self._publish(row, macs, self._secret.content(row))

    def _step(
        self, row: Submission, state: State, *, same: bool
    ) -> tuple[DeliveryAction, str | None]:
        ended = row.publicity_end is not None and row.publicity_end < self._today
        return action_for_row(
            state, row.delivered_state, same=same, ended=ended, clock_trusted=self._clock_trusted
        )

    def _known(self, told: Submission, row: Submission, record: Rec) -> Result:
        """Do what a row says; `row` is what was told with what its form cannot tell."""
        content = self._secret.content(row)
        same = record.content_mac == content or self._same(row, record, content)
        step, reason = self._step(row, record.state, same=same)
        if step is DeliveryAction.SUPPRESS:
            return Result(Outcome.SUPPRESSED, None, reason, row.row)
        if step is DeliveryAction.KEEP:
            return self._keep(row, record)
        older = self._older.judge(told, self._persons.body(told), record, step, self._gone(told))
        if older is not None:
            return self._outdated(row, record, older)
        if step is DeliveryAction.REVISE:
            return self._revise(row, record, content)
        return self._end(row, record, step, reason)

    def _same(self, row: Submission, record: Rec, content: bytes) -> bool:
        """Return whether a row says the same in the words of a newer model."""
        if record.state not in ACTIVE_STATES or not self._older.same(
            row, self._persons.body(row), record
        ):
            return False
        record.content_mac, record.model = content, self._older.model
        self._work.touch(record)
        return True

    def _gone(self, row: Submission) -> Callable[[int], bool]:
        """Return what tells of a link's number whether the record that it quotes has ever left."""

        def gone(number: int) -> bool:
            target = self._work.met(self._told(row.links[number])).target
            if target is None:
                return False
            record = self._work.record(target)
            return record.state in TERMINAL_STATES or record.id != record.chain

        return gone

    def _outdated(self, row: Submission, record: Rec, older: Older) -> Result:
        iri = self._work.parts.iri(record.kind, record.public_id)
        outcome, reason, review = older.verdict
        return Result(outcome, iri, reason, row.row, review, record.version, older.superseded)

    def _publish(self, row: Submission, macs: Macs, content: bytes) -> Result:
        weighed, refused = self._weigh(row)
        if refused is not None:
            return refused
        reason = HELD_RESEMBLES if self._resembles_removed(row) else None
        if row.held or reason:
            return Result(Outcome.HELD, None, reason, row.row, review=True)
        record = self._work.new_record(row.kind, _tier(row))
        join(self._work, macs, record)
        self._write(EventType.PUBLISH, row, record, content, weighed)
        return self._result(Outcome.ACCEPTED, row, record)

    def _revise(self, row: Submission, record: Rec, content: bytes) -> Result:
        weighed, refused = self._weigh(row)
        if refused is not None:
            if refused.reason == SUPPRESSED_BASIS:
                # It says itself that it rests on nothing any more.
                body = {"because": "cascade", "cause": None, "decision": None}
                leave(self._work, record, EventType.WITHDRAW, body, self._delivery)
            return refused
        reason = HELD_RESEMBLES if self._resembles_removed(row, record.chain) else None
        if row.held or reason:
            held = self._result(Outcome.HELD, row, record)
            return replace(held, review=True, version=record.version, reason=reason)
        resolve(self._work, record)
        forget(self._work, record)
        self._write(self._revision, row, record, content, weighed)
        return self._result(Outcome.REVISED, row, record)

    def _resembles_removed(self, row: Submission, chain: int | None = None) -> bool:
        """Whether a removed record of another key says what this row says."""
        body = self._persons.body(row)
        return self._gated and self._work.resemblances.found(row.kind, body, chain)

    def _keep(self, row: Submission, record: Rec) -> Result:
        if _marks(row, record) is not None:
            older = self._older.judge_mark(row, record)
            if older is not None:
                return self._outdated(row, record, older)
        changed = self._mark(row, record)
        return self._result(Outcome.REVISED if changed else Outcome.UNCHANGED, row, record)

    def _end(
        self, row: Submission, record: Rec, step: DeliveryAction, reason: str | None
    ) -> Result:
        if step is DeliveryAction.EXPIRE:
            leave(self._work, record, EventType.EXPIRE, {"cause": "row"}, self._delivery)
            return Result(Outcome.SUPPRESSED, None, reason, row.row)
        body = {"because": "revocation", "cause": None, "decision": None}
        leave(self._work, record, EventType.WITHDRAW, body, self._delivery)
        return self._result(Outcome.REVISED, row, record)

    def _weigh(self, row: Submission) -> tuple[Weighed, Result | None]:
        """Return what the row's links are worth, and its result if it cannot be published."""
        weighed = weigh(self._work, [(link.relation, self._told(link)) for link in row.links])
        if weighed.baseless:
            return weighed, Result(Outcome.SUPPRESSED, None, SUPPRESSED_BASIS, row.row)
        target = self._work.met(self._told(row.withdraws)) if row.withdraws else None
        if target and target.torn:
            return weighed, Result(Outcome.REJECTED, None, REJECTED_AMBIGUOUS_TARGET, row.row)
        if target and target.target is None:
            return weighed, Result(Outcome.REJECTED, None, REJECTED_UNKNOWN_TARGET, row.row)
        return weighed, None

    def _write(
        self, name: EventType, row: Submission, record: Rec, content: bytes, weighed: Weighed
    ) -> None:
        """Log a version with its links, mark, and the withdrawal it may order."""
        work = self._work
        text = self._persons.assign(row, record)
        if weighed.dropped:
            text = record_body.without_links(text, set(weighed.dropped))
        record.content_mac, record.model = content, self._older.model
        position = work.version(name, record, text, self._delivery, tier=_tier(row))
        keep(
            work,
            [
                Tie(record.id, number, link.relation, number in weighed.dropped, self._told(link))
                for number, link in enumerate(row.links)
            ],
        )
        for relation in sorted(weighed.undecided):
            pend(work, record, position, relation)
        self._mark(row, record)
        if row.withdraws is not None:
            self._withdraw_target(row.withdraws, position)

    def _withdraw_target(self, link: Link, cause: int) -> None:
        number = self._work.met(self._told(link)).target
        target = None if number is None else self._work.record(number)
        if target is not None and target.state in ACTIVE_STATES:
            body = {"because": "repair", "cause": cause, "decision": None}
            leave(self._work, target, EventType.WITHDRAW, body, self._delivery)

    def _mark(self, row: Submission, record: Rec) -> bool:
        """Follow the row's state: an objection is a mark, taken off by whoever set it."""
        mark = _marks(row, record)
        if mark is None:
            return False
        set_mark(self._work, record, mark, self._delivery)
        return True

    def _result(self, outcome: Outcome, row: Submission, record: Rec) -> Result:
        iri = self._work.parts.iri(record.kind, record.public_id)
        return Result(outcome, iri, None, row.row)


def _marks(row: Submission, record: Rec) -> int | None:
    """Return the mark that a row gives its record, None where it leaves it as it is."""
    if row.delivered_state is DeliveredState.OBJECTION and not record.mark:
        return ROW
    if (
        row.delivered_state is DeliveredState.LIVE
        and record.mark == ROW
        and not row.inherits_objection
    ):
        return 0
    return None


def _tier(row: Submission) -> Tier:
    """Return the widest tier that gets a view; none is projected of what is only logged."""
    return row.tier if row.projected else Tier.ARCHIVE
