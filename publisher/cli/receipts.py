"""How a load is told: a receipt for each file, and one for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from exchange.domain.record import Outcome
from publisher.cli.removal_reasons import words

if TYPE_CHECKING:
    from exchange.domain.errors import CredenceError
    from exchange.intake import LoadReceipt
    from publisher.cli.shell_output import Console

COUNTED: Final = tuple(str(outcome) for outcome in Outcome)


def receipt_of(
    console: Console, name: str, receipt: LoadReceipt, files: int, *, dry_run: bool = False
) -> dict[str, Any]:
    """Print the receipt of a file (or of its dry run); return it as a JSON object."""
    document = receipt.as_json()
    console.say("loaded", file=name, **{key: document[key] for key in COUNTED})
    if receipt.reasons:
        tell_reasons(console, name, receipt)
    if receipt.rejects:
        console.say("rejects", path=receipt.rejects)
    if receipt.reviews:
        console.say("would-review" if dry_run else "for-review", count=receipt.reviews)
    if files > 1:
        console.note({"file": name, **document})
    return document


def tell_reasons(console: Console, name: str, receipt: LoadReceipt) -> None:
    """Say for which reasons rows were not applied, and how many for each."""
    reasons = dict(sorted(receipt.reasons.items()))
    told = [f"{words(reason, console.lang)} {count}" for reason, count in reasons.items()]
    between = ", " if console.lang == "en" else "，"
    console.say("not-applied", file=name, reasons=between.join(told))
    console.note({"file": name, "reasons": reasons})


def total_of(receipts: list[LoadReceipt]) -> dict[str, Any]:
    """Return one receipt for all files; `rejects` is a list where several were written."""
    rejects = [item.rejects for item in receipts if item.rejects]
    return {
        "position": max((item.position for item in receipts), default=0),
        **{key: sum(getattr(item, key) for item in receipts) for key in COUNTED},
        "rejects": rejects if len(rejects) > 1 else next(iter(rejects), None),
    }


def refusal_of(
    console: Console, name: str, error: CredenceError, files: int, *, told: bool = False
) -> dict[str, Any]:
    """Say that a file was refused as a whole, and why; return that as a document.

    `told` says that its findings have been told already. A file of several gets a line of its
    own among the others; the only one ends the command like any error.
    """
    if not told:
        tell_findings(console, error)
    if files == 1:
        console.error(error)
    else:
        console.refused(name, error)
    document = {"refused": error.message}
    if files > 1:
        console.note({"file": name, **document})
    return document


def tell_findings(console: Console, error: CredenceError) -> None:
    """Print the findings that refused a whole file."""
    for item in error.details.get("findings", ()):
        console.finding(item)
