"""Applies delivered rows: appends their events in transactions that hold no withdrawal up.

One call is one transaction over a prefix of the rows: at most 1,000 of them or about 250 ms
(docs/design/ledger.md "Deliveries"). `lifecycle.action_for_row` decides the effect of a row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from exchange.domain import record_body
from exchange.domain.disclosure_levels import Tier
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
from exchange.domain.record import Outcome, Result
from exchange.ledger.cascade import (
    assess_links,
    cascade_to_late_links,
    close_decisions,
    queue_decision,
    remove_with_dependents,
    unresolved_links,
)
from exchange.ledger.delivery_progress import find_open, note_progress
from exchange.ledger.key_index import KeyHasher, attach_keys
from exchange.ledger.natural_persons import NaturalPersons
from exchange.ledger.objection_mark import mark_after, set_mark
from exchange.ledger.outdated_rows import OutdatedRowCheck
from exchange.ledger.stored_links import LinkRow, delete_links, insert_links
from exchange.ledger.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exchange.domain.record import Link, Submission
    from exchange.ledger.cascade import LinkAssessment
    from exchange.ledger.context import LedgerContext
    from exchange.ledger.delivery_progress import OpenDelivery
    from exchange.ledger.key_resolution import KeyMacs, KeyMatch
    from exchange.ledger.outdated_rows import OutdatedRow
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction

ROWS: Final = 1000
# Of the 250 ms; sealing and inserting what was prepared takes the rest.
PREPARING_SECONDS: Final = 0.06
NOT_TAKEN: Final = frozenset({Outcome.REJECTED, Outcome.OUTDATED, Outcome.HELD})
SLICE: Final = 100  # rows whose keys are read together, and between two looks at the watch


def append_rows(
    context: LedgerContext,
    delivery: int,
    submissions: Sequence[Submission],
    *,
    correcting: bool = False,
    precedence: Precedence = Precedence.REVIEW,
) -> list[Result]:
    """Apply a prefix of the rows in one transaction; return one result for each of them.

    `correcting`: later versions are appended as `correct`, not `revise`. `precedence`: which
    versions the rows may replace.

    Raises:
        UsageError: the delivery is not open.

    """
    if not submissions:
        return []
    with transaction(context, bulk=True) as tx:
        deadline = context.ticks() + PREPARING_SECONDS
        open_delivery = find_open(tx, delivery)
        if open_delivery is None:
            raise UsageError(
                f"There is no open delivery {delivery}.", "Open a delivery before appending."
            )
        outdated = OutdatedRowCheck(tx, open_delivery, precedence)
        revision = EventType.CORRECT if correcting else EventType.REVISE
        appender = RowAppender(tx, open_delivery, revision, outdated)
        results: list[Result] = []
        for at in range(0, min(len(submissions), ROWS), SLICE):
            rows = submissions[at : min(at + SLICE, ROWS)]
            appender.prefetch(rows)
            # Rows that are compared with many versions take long; others are taken by the slice.
            results += _applied(appender, rows, context.ticks, deadline + PREPARING_SECONDS)
            if len(results) < at + len(rows) or context.ticks() > deadline:
                break
        note_progress(tx, delivery, submissions[len(results) - 1].row)
    return results


def _applied(
    appender: RowAppender, rows: Sequence[Submission], ticks: Callable[[], float], end: float
) -> list[Result]:
    """Apply rows until `ticks` is later than `end`."""
    results = []
    for row in rows:
        results.append(appender.apply(row))
        if ticks() > end:
            break
    return results


class RowAppender:
    """Applies the rows of one transaction, one by one."""

    def __init__(
        self,
        tx: Transaction,
        delivery: OpenDelivery,
        revision: EventType,
        outdated: OutdatedRowCheck,
        *,
        gated: bool = True,
    ) -> None:
        """Prepare a transaction; `gated` is false for a row that a person accepted in review."""
        self._tx = tx
        self._gated = gated
        self._delivery = delivery.id
        self._revision = revision
        self._outdated = outdated
        self._secret = tx.context.secret
        guard = tx.context.clock_guard
        self._clock_trusted = guard.doubt() is None
        # A clock set back may not bring back what had ended by the last trusted time.
        now = tx.now if self._clock_trusted else max(tx.now, guard.trusted_time() or 0)
        self._today = china_date(now).isoformat()
        self._persons = NaturalPersons(tx)
        self._keys = KeyHasher(tx.context.secret)

    def prefetch(self, rows: Sequence[Submission]) -> None:
        """Read the keys, records, persons and fingerprints of the rows, in few queries."""
        keyed: list[Submission | Link] = [*rows]
        keyed += [link for row in rows for link in row.links]
        keyed += [row.withdraws for row in rows if row.withdraws]
        self._tx.fetch_keys(mac for item in keyed for mac in self._keys.macs_of(item).all)
        self._persons.fetch(rows)
        fresh = [row for row in rows if self._tx.key(self._keys.mac(row.key)) is None]
        self._tx.resemblances.fetch((row.kind, self._persons.body(row)) for row in fresh)

    def apply(self, row: Submission) -> Result:
        """Append the events of a row; return its result."""
        macs = self._keys.macs_of(row)
        match = self._tx.resolve(macs)
        if match.is_ambiguous:
            return self._ambiguous(row, match)
        if not match.records:
            return self._apply_new(row, macs)
        record = self._tx.record(match.records[0])
        result = self._apply_to(row, self._with_inherited(row, record), record)
        outcome = result.outcome
        if outcome is Outcome.UNCHANGED or outcome not in NOT_TAKEN:
            self._attach(macs, record)
        return result

    def record_of(self, row: Submission) -> tuple[RecordRow | None, bool]:
        """Return the one record of a row, and whether it is active with the same content."""
        match = self._tx.resolve(self._keys.macs_of(row))
        if match.is_ambiguous or not match.records:
            return None, False
        record = self._tx.record(match.records[0])
        content = self._secret.content(self._with_inherited(row, record))
        same = record.content_mac == content and mark_after(row, record) is None
        return record, record.state in ACTIVE_STATES and same

    def _ambiguous(self, row: Submission, match: KeyMatch) -> Result:
        """Refuse a row whose key matches several records; none of them changes."""
        states = {self._tx.record(number).state for number in match.records}
        if states <= TERMINAL_STATES and not match.is_shared:
            return Result(Outcome.SUPPRESSED, None, SUPPRESSED_REMOVED, row.row)
        return Result(Outcome.REJECTED, None, REJECTED_AMBIGUOUS_KEY, row.row)

    def _with_inherited(self, row: Submission, record: RecordRow) -> Submission:
        """Return the row with the record's statements of properties outside its form."""
        same = record.content_mac == self._secret.content(row)
        if same or not row.uncovered_properties or record.state not in ACTIVE_STATES:
            return row
        tier = row.tier
        if row.inherits_tier and record.tier.rank > tier.rank:
            tier = record.tier
        text = record_body.carry_over(row.body, self._tx.text(record), row.uncovered_properties)
        return replace(row, body=record_body.restrict_to_tier(text, tier), tier=tier)

    def _attach(self, macs: KeyMacs, record: RecordRow) -> None:
        """Map the row's key variants to the record; cascade to links that now resolve to it."""
        fresh = [mac for mac in macs.all if self._tx.key(mac) is None]
        unresolved = (
            unresolved_links(self._tx, fresh, record)
            if fresh and record.state in TERMINAL_STATES
            else set()
        )
        attach_keys(self._tx, macs, record)
        if unresolved:
            cascade_to_late_links(self._tx, record, unresolved)

    def _apply_new(self, row: Submission, macs: KeyMacs) -> Result:
        action, reason = self._action(row, State.NONE, same=False)
        if action is DeliveryAction.SUPPRESS:
            return Result(Outcome.SUPPRESSED, None, reason, row.row)
        return self._publish(row, macs, self._secret.content(row))

    def _action(
        self, row: Submission, state: State, *, same: bool
    ) -> tuple[DeliveryAction, str | None]:
        ended = row.publicity_end is not None and row.publicity_end < self._today
        return action_for_row(
            state, row.delivered_state, same=same, ended=ended, clock_trusted=self._clock_trusted
        )

    def _apply_to(self, received: Submission, row: Submission, record: RecordRow) -> Result:
        """Apply a row to its record; `row` is `received` with the inherited statements."""
        content = self._secret.content(row)
        same = record.content_mac == content or self._same(row, record, content)
        action, reason = self._action(row, record.state, same=same)
        if action is DeliveryAction.SUPPRESS:
            return Result(Outcome.SUPPRESSED, None, reason, row.row)
        if action is DeliveryAction.KEEP:
            return self._keep(row, record)
        older = self._outdated.judge(
            received, self._persons.body(received), record, action, self._was_removed(received)
        )
        if older is not None:
            return self._outdated_result(row, record, older)
        if action is DeliveryAction.REVISE:
            return self._revise(row, record, content)
        return self._remove(row, record, action, reason)

    def _same(self, row: Submission, record: RecordRow, content: bytes) -> bool:
        """Return whether a row has the content of the newest version under a newer model."""
        if record.state not in ACTIVE_STATES or not self._outdated.same(
            row, self._persons.body(row), record
        ):
            return False
        record.content_mac, record.model = content, self._outdated.model
        self._tx.mark_changed(record)
        return True

    def _was_removed(self, row: Submission) -> Callable[[int], bool]:
        """Return the test, by the number of a link, whether its target was ever removed."""

        def was_removed(number: int) -> bool:
            target = self._tx.resolve(self._keys.macs_of(row.links[number])).target
            if target is None:
                return False
            record = self._tx.record(target)
            return record.state in TERMINAL_STATES or record.id != record.chain

        return was_removed

    def _outdated_result(self, row: Submission, record: RecordRow, older: OutdatedRow) -> Result:
        iri = self._tx.context.iri(record.kind, record.public_id)
        outcome, reason, review = older.verdict
        return Result(outcome, iri, reason, row.row, review, record.version, older.superseded)

    def _publish(self, row: Submission, macs: KeyMacs, content: bytes) -> Result:
        assessment, refused = self._assess(row)
        if refused is not None:
            return refused
        reason = HELD_RESEMBLES if self._resembles_removed(row) else None
        if row.held or reason:
            return Result(Outcome.HELD, None, reason, row.row, review=True)
        record = self._tx.new_record(row.kind, _tier(row))
        attach_keys(self._tx, macs, record)
        self._append_version(EventType.PUBLISH, row, record, content, assessment)
        return self._result(Outcome.ACCEPTED, row, record)

    def _revise(self, row: Submission, record: RecordRow, content: bytes) -> Result:
        assessment, refused = self._assess(row)
        if refused is not None:
            if refused.reason == SUPPRESSED_BASIS:
                # The row states that all bases of the record are gone.
                body = {"because": "cascade", "cause": None, "decision": None}
                remove_with_dependents(self._tx, record, EventType.WITHDRAW, body, self._delivery)
            return refused
        reason = HELD_RESEMBLES if self._resembles_removed(row, record.chain) else None
        if row.held or reason:
            held = self._result(Outcome.HELD, row, record)
            return replace(held, review=True, version=record.version, reason=reason)
        close_decisions(self._tx, record)
        delete_links(self._tx, record)
        self._append_version(self._revision, row, record, content, assessment)
        return self._result(Outcome.REVISED, row, record)

    def _resembles_removed(self, row: Submission, chain: int | None = None) -> bool:
        """Return whether the row resembles a removed record of another key."""
        body = self._persons.body(row)
        return self._gated and self._tx.resemblances.matches(row.kind, body, chain)

    def _keep(self, row: Submission, record: RecordRow) -> Result:
        if mark_after(row, record) is not None:
            older = self._outdated.judge_mark(row, record)
            if older is not None:
                return self._outdated_result(row, record, older)
        changed = self._mark(row, record)
        return self._result(Outcome.REVISED if changed else Outcome.UNCHANGED, row, record)

    def _remove(
        self, row: Submission, record: RecordRow, action: DeliveryAction, reason: str | None
    ) -> Result:
        if action is DeliveryAction.EXPIRE:
            remove_with_dependents(
                self._tx, record, EventType.EXPIRE, {"cause": "row"}, self._delivery
            )
            return Result(Outcome.SUPPRESSED, None, reason, row.row)
        body = {"because": "revocation", "cause": None, "decision": None}
        remove_with_dependents(self._tx, record, EventType.WITHDRAW, body, self._delivery)
        return self._result(Outcome.REVISED, row, record)

    def _assess(self, row: Submission) -> tuple[LinkAssessment, Result | None]:
        """Return the assessment of the row's links, and a result if it cannot be published."""
        assessment = assess_links(
            self._tx, [(link.relation, self._keys.macs_of(link)) for link in row.links]
        )
        if assessment.baseless:
            return assessment, Result(Outcome.SUPPRESSED, None, SUPPRESSED_BASIS, row.row)
        target = self._tx.resolve(self._keys.macs_of(row.withdraws)) if row.withdraws else None
        if target and target.is_ambiguous:
            return assessment, Result(Outcome.REJECTED, None, REJECTED_AMBIGUOUS_TARGET, row.row)
        if target and target.target is None:
            return assessment, Result(Outcome.REJECTED, None, REJECTED_UNKNOWN_TARGET, row.row)
        return assessment, None

    def _append_version(
        self,
        name: EventType,
        row: Submission,
        record: RecordRow,
        content: bytes,
        assessment: LinkAssessment,
    ) -> None:
        """Append a version with its links, objection mark and the withdrawal of its target."""
        tx = self._tx
        text = self._persons.assign(row, record)
        if assessment.dropped:
            text = record_body.without_links(text, set(assessment.dropped))
        record.content_mac, record.model = content, self._outdated.model
        position = tx.append_version(name, record, text, self._delivery, tier=_tier(row))
        insert_links(
            tx,
            [
                LinkRow(
                    record.id,
                    number,
                    link.relation,
                    number in assessment.dropped,
                    self._keys.macs_of(link),
                )
                for number, link in enumerate(row.links)
            ],
        )
        for relation in sorted(assessment.undecided):
            queue_decision(tx, record, position, relation)
        self._mark(row, record)
        if row.withdraws is not None:
            self._withdraw_target(row.withdraws, position)

    def _withdraw_target(self, link: Link, cause: int) -> None:
        number = self._tx.resolve(self._keys.macs_of(link)).target
        target = None if number is None else self._tx.record(number)
        if target is not None and target.state in ACTIVE_STATES:
            body = {"because": "repair", "cause": cause, "decision": None}
            remove_with_dependents(self._tx, target, EventType.WITHDRAW, body, self._delivery)

    def _mark(self, row: Submission, record: RecordRow) -> bool:
        """Set or remove the objection mark by the row's state; return whether it changed."""
        mark = mark_after(row, record)
        if mark is None:
            return False
        set_mark(self._tx, record, mark, self._delivery)
        return True

    def _result(self, outcome: Outcome, row: Submission, record: RecordRow) -> Result:
        iri = self._tx.context.iri(record.kind, record.public_id)
        return Result(outcome, iri, None, row.row)


def _tier(row: Submission) -> Tier:
    """Return the widest tier with a view: the archive for a record that is only logged."""
    return row.tier if row.projected else Tier.ARCHIVE
