"""Puts the rows of a delivery that a person has to decide on into the held rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.failpoints import Failpoint, no_failpoint
from exchange.domain.record import Outcome, Result
from exchange.intake.held_row import HeldRow
from exchange.intake.held_store import Stored
from exchange.intake.outcome_findings import explained, no_room, refused_before, softened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exchange.domain.failpoints import FailpointHook
    from exchange.intake.checker import Checked, Checker
    from exchange.intake.findings import Finding
    from exchange.intake.held_row import Refusal
    from exchange.intake.held_store import HeldRows
    from exchange.intake.target_suggestions import NearTargets
    from exchange.ledger import Origin


_SEVERITIES: Final = {Outcome.REJECTED: "error", Outcome.HELD: "held"}


class Settled(NamedTuple):
    """One row whose outcome is known, with all that its sender has to know."""

    checked: Checked
    result: Result
    findings: tuple[Finding, ...]

    @property
    def reason(self) -> str | None:
        """The rule by which the row was not applied; None where it was."""
        if self.result.reason is not None or self.result.outcome not in _SEVERITIES:
            return self.result.reason
        severity = _SEVERITIES[self.result.outcome]
        return next((item.rule for item in self.findings if item.severity == severity), None)


def settle(
    checker: Checker, batch: list[Checked], results: Iterable[Result], targets: NearTargets
) -> Iterator[Settled]:
    """Yield the rows of a batch in the file's order; `results` are those of the sound ones."""
    answers = iter(results)
    for checked in batch:
        if checked.submission is None:
            yield Settled(checked, Result(Outcome.REJECTED), checked.findings)
            continue
        result = next(answers)
        findings = checked.findings
        if findings:
            findings = softened(findings, result)
        reason = explained(checker, checked, result, targets)
        yield Settled(checked, result, (*findings, reason) if reason else findings)


@dataclass(frozen=True, slots=True)
class Holding:
    """Keeps what is for review of one sheet's delivery."""

    held: HeldRows
    origin: Origin
    delivery: int
    checker: Checker
    failpoint: FailpointHook = no_failpoint

    def keep(self, rows: Iterable[Settled]) -> list[Settled]:
        """Return the rows, those for review kept or, where that cannot be, rejected."""
        settled = list(rows)
        places = [at for at, row in enumerate(settled) if row.result.review]
        stored = self.held.put([self._held(settled[at]) for at in places])
        if places:
            self.failpoint(Failpoint.HELD_KEPT)
        for place, (what, refusal) in zip(places, stored, strict=True):
            if what is not Stored.HELD:
                settled[place] = self._not_kept(settled[place], refusal)
        return settled

    def _held(self, row: Settled) -> HeldRow:
        checked, submission = row.checked, row.checked.submission
        assert submission is not None  # noqa: S101 (only the ledger's results are for review)
        place = self.checker.place(checked.row, None)
        because = [
            item
            for item in row.findings
            if item.severity == "held" or item.rule == row.result.reason
        ]
        return HeldRow(
            submission=submission,
            version=row.result.version,
            origin=self.origin,
            delivery=self.delivery,
            file=place.file,
            sheet=place.sheet,
            findings=tuple(item.as_json() for item in because),
            cells=checked.row.cells or checked.row.record or {},
            form=None if checked.row.cells is None else self.origin.form,
            record=row.result.iri,
        )

    def _not_kept(self, row: Settled, refusal: Refusal | None) -> Settled:
        """Return a row that does not wait: refused before, or without room.

        A refused row that is older than its record stays outdated; nothing is asked of anybody.
        """
        checked = row.checked
        if refusal is None:
            finding = no_room(self.checker, checked)
        else:
            finding = refused_before(self.checker, checked, refusal)
        outcome = Outcome.REJECTED
        if refusal is not None and row.result.outcome is Outcome.OUTDATED:
            outcome, finding = Outcome.OUTDATED, finding.softened()
        result = replace(row.result, outcome=outcome, reason=finding.rule, review=False)
        return Settled(checked, result, (*row.findings, finding))
