"""Compares a row that differs from the newest version with the earlier versions of its record.

The ledger stores the newest content MAC only, so the bodies of superseded versions are decrypted,
the newest first and at most `received_versions.COMPARED_VERSIONS` of them; a row beyond that
bound is held. No body is decrypted for a record with one version or a row with the same MAC.
Source: docs/decisions/0035-older-data.md; the rules are in `exchange.domain.precedence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from exchange.domain import record_body
from exchange.domain.lifecycle import DeliveryAction
from exchange.domain.precedence import FILE, Comparison, Precedence, Verdict, judge
from exchange.domain.record import Superseded
from exchange.ledger.model_versions import ModelProperties
from exchange.ledger.received_versions import ReceivedVersions, mark_states

if TYPE_CHECKING:
    from collections.abc import Callable

    from exchange.domain.record import Submission
    from exchange.domain.record_body import Statements
    from exchange.ledger.delivery_progress import OpenDelivery
    from exchange.ledger.received_versions import MarkState
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction


@dataclass(frozen=True, slots=True)
class OutdatedRow:
    """The verdict on a row that is not applied, and the superseded version that equals it."""

    verdict: Verdict
    superseded: Superseded | None = None


class OutdatedRowCheck:
    """Compares the rows of one transaction with the versions of their records."""

    def __init__(self, tx: Transaction, delivery: OpenDelivery, precedence: Precedence) -> None:
        self._tx = tx
        self._delivery = delivery
        self._precedence = precedence
        self._models = ModelProperties(tx.connection)

    @property
    def model(self) -> int:
        """The number of the model with which the rows were read."""
        return self._delivery.model

    def same(self, row: Submission, text: str, record: RecordRow) -> bool:
        """Return whether a row has the content of the newest version, which another model made.

        Properties that only the older model has are ignored. A property that only the newer one
        has, or another disclosure level, makes the row differ.
        """
        if record.model == self.model or record.content_mac is None:
            return False
        retired = self._models.only_in_first(row.kind, record.model, self.model)
        delivered = record_body.statements(text, (), levels=True)
        before = record_body.statements(self._tx.text(record), retired, levels=True)
        return delivered.same(before, lambda _: False)

    def judge(
        self,
        row: Submission,
        text: str,
        record: RecordRow,
        action: DeliveryAction,
        was_removed: Callable[[int], bool],
    ) -> OutdatedRow | None:
        """Return the reason why a row may not change its record; None where it may.

        `text`: the body of the row with the IRI of its person; `was_removed`: whether the target
        of a link (by its number) was removed, so that an earlier version dropped the link.
        """
        if self._precedence is Precedence.APPLY or not self._comparable(row, record):
            return None
        if action is DeliveryAction.WITHDRAW:
            return self._revoked(row, text, record)
        time = self._time(row, text, record)
        versions = ReceivedVersions(self._tx, record, self._delivery)
        at = self._match(row, text, record, versions, was_removed)
        if at == 0:
            return None  # equal to the last received version; it undoes the ledger's own changes
        comparison = Comparison(
            time=time,
            superseded=at is not None,
            repeated=self._repeated(row),
            own=versions.brought_by(self._delivery.digest, at),
            late=self._late(row, versions),
            bounded=versions.bounded,
        )
        verdict = judge(comparison, self._precedence)
        if verdict is None:
            return None
        if verdict is FILE:
            return OutdatedRow(
                verdict, Superseded(self._delivery.first_opened, versions.newest_first[0].at)
            )
        return OutdatedRow(verdict, versions.superseded(at))

    def judge_mark(self, row: Submission, record: RecordRow) -> OutdatedRow | None:
        """Return the reason why a row that differs by its mark only may not change the mark."""
        states = mark_states(self._tx, record)
        if len(states) == 1:
            # The mark has not changed since the version came, so that the row is news unless it
            # was taken before that version.
            return self._taken_before(row, states[0])
        before, last = states[-2:]
        comparison = Comparison(
            superseded=True,
            repeated=self._repeated(row),
            own=last.delivery == self._delivery.id,
        )
        verdict = judge(comparison, self._precedence)
        return None if verdict is None else OutdatedRow(verdict, Superseded(before.at, last.at))

    def _taken_before(self, row: Submission, version: MarkState) -> OutdatedRow | None:
        first = self._delivery.first
        if first is None or not self._repeated(row) or (version.delivery or 0) < first:
            return None
        verdict = judge(Comparison(superseded=True, repeated=True), self._precedence)
        superseded = Superseded(self._delivery.first_opened, version.at)
        return None if verdict is None else OutdatedRow(verdict, superseded)

    def _comparable(self, row: Submission, record: RecordRow) -> bool:
        """Return whether there is anything to compare; cheap, since every differing row asks."""
        first = self._delivery.first is not None
        return record.versions > 1 or first or row.timed_by is not None

    def _revoked(self, row: Submission, text: str, record: RecordRow) -> OutdatedRow | None:
        """Judge a revocation: since it removes a record, only surely older rows are refused."""
        again = record.id != record.chain and self._repeated(row)
        time = self._time(row, text, record)
        comparison = Comparison(time=time, superseded=again, repeated=again)
        verdict = judge(comparison, self._precedence)
        return None if verdict is None else OutdatedRow(verdict)

    def _time(self, row: Submission, text: str, record: RecordRow) -> int:
        """Compare the source time of the row with that of the newest version."""
        if row.timed_by is None:
            return 0
        times = [record_body.value_of(body, row.timed_by) for body in (text, self._tx.text(record))]
        delivered, before = (_moment(value) for value in times)
        now = self._tx.now
        if delivered is None or before is None or max(delivered, before) > now:
            return 0  # a future time is an error and decides nothing
        return (delivered > before) - (delivered < before)

    def _match(
        self,
        row: Submission,
        text: str,
        record: RecordRow,
        versions: ReceivedVersions,
        was_removed: Callable[[int], bool],
    ) -> int | None:
        """Return the index of the newest version with the content of the row; 0 is the newest."""
        same_model = record.content_mac is not None and record.model == self.model
        single = record.versions <= 1 and same_model
        if single or self._precedence is Precedence.CURRENT:
            return None
        # By its MAC the newest differs; only links with other key variants may still be equal.
        differs = same_model and not row.uncovered_properties and not row.links
        delivered: dict[int, Statements] = {}
        for at, version in enumerate(versions.newest_first):
            if at == 0 and differs:
                continue
            before = versions.text(version)
            if before is None:
                continue
            without = row.uncovered_properties | self._models.differing(
                row.kind, version.model, self.model
            )
            if version.model not in delivered:
                delivered[version.model] = record_body.statements(text, without)
            if delivered[version.model].same(record_body.statements(before, without), was_removed):
                return at
        return None

    def _repeated(self, row: Submission) -> bool:
        """Return whether an earlier delivery applied this row of the same file."""
        return row.row <= self._delivery.through

    def _late(self, row: Submission, versions: ReceivedVersions) -> bool:
        """Return whether the newest version is later than the first delivery of this file.

        A row that was never applied before follows the rows of its own file; so does one that
        another model reads differently.
        """
        first = self._delivery.first
        if first is None or not versions.newest_first:
            return False
        newest = versions.newest_first[0]
        own = newest.digest == self._delivery.digest
        if self._repeated(row):
            return newest.delivery >= first and not (own and newest.model != self.model)
        return newest.delivery > first and not own


def _moment(value: str | None) -> int | None:
    """Return a source time in milliseconds since 1970-01-01 UTC; None where there is none."""
    return None if value is None else round(datetime.fromisoformat(value).timestamp() * 1000)
