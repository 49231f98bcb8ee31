"""Stores those rows of a delivery that need review."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.failpoints import Failpoint, no_failpoint
from exchange.domain.record import Outcome, Result
from exchange.intake.held_row import HeldRow
from exchange.intake.held_store import HoldResult
from exchange.intake.outcome_findings import (
    outcome_finding,
    refused_before_finding,
    review_full_finding,
    without_held_severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exchange.domain.failpoints import FailpointHook
    from exchange.intake.checker import CheckedRow, Checker
    from exchange.intake.findings import Finding
    from exchange.intake.held_row import Refusal
    from exchange.intake.held_store import HeldRows
    from exchange.intake.target_suggestions import TargetSuggestions
    from exchange.ledger import Origin


_SEVERITIES: Final = {Outcome.REJECTED: "error", Outcome.HELD: "held"}


class RowOutcome(NamedTuple):
    """A row, its outcome and all its findings."""

    checked: CheckedRow
    result: Result
    findings: tuple[Finding, ...]

    @property
    def reason(self) -> str | None:
        """The rule by which the row was not applied; None where it was."""
        if self.result.reason is not None or self.result.outcome not in _SEVERITIES:
            return self.result.reason
        severity = _SEVERITIES[self.result.outcome]
        return next((item.rule for item in self.findings if item.severity == severity), None)


def row_outcomes(
    checker: Checker, batch: list[CheckedRow], results: Iterable[Result], targets: TargetSuggestions
) -> Iterator[RowOutcome]:
    """Yield the outcomes of a batch, in the order of the file.

    `results` are the ledger's results for the rows with a submission.
    """
    answers = iter(results)
    for checked in batch:
        if checked.submission is None:
            yield RowOutcome(checked, Result(Outcome.REJECTED), checked.findings)
            continue
        result = next(answers)
        findings = checked.findings
        if findings:
            findings = without_held_severity(findings, result)
        reason = outcome_finding(checker, checked, result, targets)
        yield RowOutcome(checked, result, (*findings, reason) if reason else findings)


@dataclass(frozen=True, slots=True)
class RowHolder:
    """Holds the rows of one sheet that need review."""

    held: HeldRows
    origin: Origin
    delivery: int
    checker: Checker
    failpoint: FailpointHook = no_failpoint

    def hold(self, rows: Iterable[RowOutcome]) -> list[RowOutcome]:
        """Hold the rows that need review; return all rows, rejected if they cannot be held."""
        settled = list(rows)
        places = [at for at, row in enumerate(settled) if row.result.review]
        stored = self.held.put([self._held_row(settled[at]) for at in places])
        if places:
            self.failpoint(Failpoint.HELD_KEPT)
        for index, (hold_result, refusal) in zip(places, stored, strict=True):
            if hold_result is not HoldResult.HELD:
                settled[index] = self._not_held(settled[index], refusal)
        return settled

    def _held_row(self, row: RowOutcome) -> HeldRow:
        checked, submission = row.checked, row.checked.submission
        assert submission is not None  # noqa: S101 (only the ledger's results are for review)
        location = self.checker.locate(checked.row, None)
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
            file=location.file,
            sheet=location.sheet,
            findings=tuple(item.as_json() for item in because),
            cells=checked.row.cells or checked.row.record or {},
            form=None if checked.row.cells is None else self.origin.form,
            record=row.result.iri,
        )

    def _not_held(self, row: RowOutcome, refusal: Refusal | None) -> RowOutcome:
        """Return the outcome of a row that is not held: refused before, or no room.

        A refused row that is older than its record stays outdated.
        """
        checked = row.checked
        if refusal is None:
            finding = review_full_finding(self.checker, checked)
        else:
            finding = refused_before_finding(self.checker, checked, refusal)
        outcome = Outcome.REJECTED
        if refusal is not None and row.result.outcome is Outcome.OUTDATED:
            outcome, finding = Outcome.OUTDATED, finding.as_info()
        result = replace(row.result, outcome=outcome, reason=finding.rule, review=False)
        return RowOutcome(checked, result, (*row.findings, finding))
