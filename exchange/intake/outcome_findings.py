"""Findings that explain why the ledger did not apply a sound row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from exchange.domain.lifecycle import REJECTED_UNKNOWN_TARGET, SUPPRESSED_ENDED
from exchange.domain.precedence import OUTDATED_BY_TIME
from exchange.domain.record import Outcome
from exchange.intake.findings import finding
from exchange.intake.outdated_rows import version_details
from exchange.intake.rule_messages import MESSAGES
from exchange.model import Label

if TYPE_CHECKING:
    from exchange.domain.record import Result, Submission
    from exchange.intake.checker import CheckedRow, Checker
    from exchange.intake.findings import Finding, Severity
    from exchange.intake.held_row import Refusal
    from exchange.intake.target_suggestions import TargetSuggestions

_SEVERITIES: Final[dict[Outcome, Severity]] = {
    Outcome.REJECTED: "error",
    Outcome.HELD: "held",
}


def outcome_finding(
    checker: Checker, checked: CheckedRow, result: Result, targets: TargetSuggestions
) -> Finding | None:
    """Return the finding that explains why the ledger did not apply a row; None if it did."""
    if result.reason is None:
        return None
    if result.reason == REJECTED_UNKNOWN_TARGET and checked.submission is not None:
        return _unknown_target(checker, checked, checked.submission, targets)
    odd = result.review or result.reason == OUTDATED_BY_TIME
    severity = _SEVERITIES.get(result.outcome, "warning" if odd else "info")
    field, value = None, ""
    if result.reason == SUPPRESSED_ENDED and checked.submission is not None:
        field, value = checker.publicity_end, checked.submission.publicity_end or ""
    location = checker.locate(checked.row, field)
    if result.reason not in MESSAGES:
        return finding("ledger-refused", location, severity=severity, reason=result.reason)
    return finding(result.reason, location, value, severity, **version_details(result))


def _unknown_target(
    checker: Checker, checked: CheckedRow, row: Submission, targets: TargetSuggestions
) -> Finding:
    """Return the finding of a repair with an unknown target, with similar records as a hint."""
    link = row.withdraws
    assert link is not None  # noqa: S101 (only such rows have a target)
    field, number = checker.target_number(checked.row, link.kind)
    unknown = finding(
        REJECTED_UNKNOWN_TARGET, checker.locate(checked.row, field), number, sought=number
    )
    known = targets.suggest(link)
    if not known:
        return unknown
    zh = "；".join(
        f"“{target.number}”（{target.authority} {target.day}）{target.iri}" for target in known
    )
    en = "; ".join(
        f"{target.number} ({target.authority} {target.day}) {target.iri}" for target in known
    )
    hint = Label(
        f"台账中有 {zh}，是否指此？请核对文号、机关和行政相对人后重新报送。",
        f"On file: {en}. Is it that one? Mend number, authority or counterpart, deliver it again.",
    )
    return replace(unknown, hint=hint)


def refused_before_finding(checker: Checker, checked: CheckedRow, refusal: Refusal) -> Finding:
    """Return the finding about a row that was refused in review before."""
    day = datetime.fromtimestamp(refusal.at / 1000, UTC).date().isoformat()
    location = checker.locate(checked.row, None)
    return finding(
        "refused-in-review", location, day=day, actor=refusal.actor, because=refusal.because
    )


def review_full_finding(checker: Checker, checked: CheckedRow) -> Finding:
    """Return the finding about a row that could not be held, since too many wait."""
    return finding("review-full", checker.locate(checked.row, None))


def without_held_severity(findings: tuple[Finding, ...], result: Result) -> tuple[Finding, ...]:
    """Return a row's findings once its outcome is known.

    Held findings become infos if the ledger had nothing to append.
    """
    if result.review or result.outcome is Outcome.REJECTED:
        return findings
    return tuple(item.as_info() if item.severity == "held" else item for item in findings)
