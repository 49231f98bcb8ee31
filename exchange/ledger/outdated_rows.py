"""Older data: what a row that differs from its record's newest version is compared with.

Only the newest content MAC is kept, so the bodies of superseded versions are opened, the newest
first and no more than `received_versions.COMPARED_VERSIONS` of them; a row beyond that bound is
held. Nothing is opened for a record with one version, nor for a row that its MAC knows.
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
from exchange.ledger.model_versions import Models
from exchange.ledger.received_versions import Versions, mark_states

if TYPE_CHECKING:
    from collections.abc import Callable

    from exchange.domain.record import Submission
    from exchange.domain.record_body import Statements
    from exchange.ledger.deliveries import Running
    from exchange.ledger.received_versions import MarkState
    from exchange.ledger.transaction import Batch, Rec


@dataclass(frozen=True, slots=True)
class Older:
    """Why a row is not applied, and the version that it is equal to where there is one."""

    verdict: Verdict
    superseded: Superseded | None = None


class OlderData:
    """Compares the rows of one transaction with the versions of their records."""

    def __init__(self, work: Batch, delivery: Running, precedence: Precedence) -> None:
        self._work = work
        self._delivery = delivery
        self._precedence = precedence
        self._models = Models(work.connection)

    @property
    def model(self) -> int:
        """The number of the model that the rows were read with."""
        return self._delivery.model

    def same(self, row: Submission, text: str, record: Rec) -> bool:
        """Return whether a row says what the newest version says, as far as two models know.

        For rows whose MAC differs only because another model made the newest one: a property
        that model did not know is news where the row tells it, and so is who may see what.
        """
        if record.model == self.model or record.content_mac is None:
            return False
        retired = self._models.only(row.kind, record.model, self.model)
        said = record_body.statements(text, (), levels=True)
        before = record_body.statements(self._work.text(record), retired, levels=True)
        return said.same(before, lambda _: False)

    def judge(
        self,
        row: Submission,
        text: str,
        record: Rec,
        step: DeliveryAction,
        gone: Callable[[int], bool],
    ) -> Older | None:
        """Return why a row may not change its record; None where it may.

        `text` is the body of the row with its person named; `gone` says of a link's number that
        what it quotes has left, so that the ledger dropped the reference of an earlier version.
        """
        if self._precedence is Precedence.APPLY or not self._comparable(row, record):
            return None
        if step is DeliveryAction.WITHDRAW:
            return self._revoked(row, text, record)
        time = self._time(row, text, record)
        versions = Versions(self._work, record, self._delivery)
        at = self._match(row, text, record, versions, gone)
        if at == 0:
            return None  # as last received; only the ledger's own changes are undone
        found = Comparison(
            time=time,
            superseded=at is not None,
            repeated=self._repeated(row),
            own=versions.brought_by(self._delivery.digest, at),
            late=self._late(row, versions),
            bounded=versions.bounded,
        )
        verdict = judge(found, self._precedence)
        if verdict is None:
            return None
        if verdict is FILE:
            return Older(verdict, Superseded(self._delivery.first_opened, versions.found[0].at))
        return Older(verdict, versions.superseded(at))

    def judge_mark(self, row: Submission, record: Rec) -> Older | None:
        """Return why a row with the content of the newest version may not change its mark."""
        states = mark_states(self._work, record)
        if len(states) == 1:
            # The mark has not changed since the version came, so that the row is news unless it
            # was taken before that version.
            return self._taken_before(row, states[0])
        before, last = states[-2:]
        found = Comparison(
            superseded=True,
            repeated=self._repeated(row),
            own=last.delivery == self._delivery.id,
        )
        verdict = judge(found, self._precedence)
        return None if verdict is None else Older(verdict, Superseded(before.at, last.at))

    def _taken_before(self, row: Submission, version: MarkState) -> Older | None:
        first = self._delivery.first
        if first is None or not self._repeated(row) or (version.delivery or 0) < first:
            return None
        verdict = judge(Comparison(superseded=True, repeated=True), self._precedence)
        superseded = Superseded(self._delivery.first_opened, version.at)
        return None if verdict is None else Older(verdict, superseded)

    def _comparable(self, row: Submission, record: Rec) -> bool:
        """Return whether there is anything to compare with; cheap, for every row that differs."""
        first = self._delivery.first is not None
        return record.versions > 1 or first or row.timed_by is not None

    def _revoked(self, row: Submission, text: str, record: Rec) -> Older | None:
        """Judge a revocation. It is a takedown, so only what is surely older is not followed."""
        again = record.id != record.chain and self._repeated(row)
        found = Comparison(time=self._time(row, text, record), superseded=again, repeated=again)
        verdict = judge(found, self._precedence)
        return None if verdict is None else Older(verdict)

    def _time(self, row: Submission, text: str, record: Rec) -> int:
        """Compare the source time of the row with that of the newest version."""
        if row.timed_by is None:
            return 0
        times = [
            record_body.value_of(body, row.timed_by) for body in (text, self._work.text(record))
        ]
        said, before = (_moment(value) for value in times)
        now = self._work.now
        if said is None or before is None or max(said, before) > now:
            return 0  # a time to come is a slip of the pen and decides nothing
        return (said > before) - (said < before)

    def _match(
        self,
        row: Submission,
        text: str,
        record: Rec,
        versions: Versions,
        gone: Callable[[int], bool],
    ) -> int | None:
        """Return the newest version that says what the row says, counted back from 0."""
        told = record.content_mac is not None and record.model == self.model
        one = record.versions <= 1 and told
        if one or self._precedence is Precedence.CURRENT:
            return None
        # Its MAC says that the newest differs; only links may be told otherwise and mean the same.
        differs = told and not row.uncovered_properties and not row.links
        said: dict[int, Statements] = {}
        for at, version in enumerate(versions.found):
            if at == 0 and differs:
                continue
            before = versions.text(version)
            if before is None:
                continue
            without = row.uncovered_properties | self._models.apart(
                row.kind, version.model, self.model
            )
            if version.model not in said:
                said[version.model] = record_body.statements(text, without)
            if said[version.model].same(record_body.statements(before, without), gone):
                return at
        return None

    def _repeated(self, row: Submission) -> bool:
        """Return whether this row of this very file was taken before."""
        return row.row <= self._delivery.through

    def _late(self, row: Submission, versions: Versions) -> bool:
        """Return whether the newest version came after this file was first seen.

        A row that was never taken before follows those of its own file; so does one that another
        model reads otherwise than it did.
        """
        first = self._delivery.first
        if first is None or not versions.found:
            return False
        newest = versions.found[0]
        own = newest.digest == self._delivery.digest
        if self._repeated(row):
            return newest.delivery >= first and not (own and newest.model != self.model)
        return newest.delivery > first and not own


def _moment(value: str | None) -> int | None:
    """Return a source time in milliseconds since 1970-01-01 UTC; None where there is none."""
    return None if value is None else round(datetime.fromisoformat(value).timestamp() * 1000)
