"""One delivery: staged, checked as a whole, gated, appended in slices, receipted (DESIGN §4).

A break in the file's structure refuses the whole file before anything is written; an error in
a row refuses the row. An interrupted delivery stays open in the ledger, and loading the same
file again finds what was appended unchanged.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import DataInvalid, EnvironmentFault, UsageError
from exchange.domain.failpoints import Point, nothing
from exchange.domain.identity import parse_uscc
from exchange.domain.record import Outcome, Result
from exchange.intake.checking import Checked, Checker, require_some_taken, scan
from exchange.intake.findings import finding
from exchange.intake.limits import DEFAULT, Limits
from exchange.intake.messages import MESSAGES
from exchange.intake.ordering import in_order
from exchange.intake.readers import read
from exchange.intake.rejects import Rejects
from exchange.intake.staging import Staged, staged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from exchange.domain.failpoints import At
    from exchange.domain.record import Submission
    from exchange.intake.database import Table
    from exchange.intake.findings import Finding
    from exchange.intake.sources import Sheet
    from exchange.ledger import Ledger
    from exchange.model import Model

SLICE: Final = 1000  # rows offered to the ledger at once; it takes a prefix of them


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery's rows (CONTRACT "Fixed JSON keys")."""

    position: int
    accepted: int
    revised: int
    unchanged: int
    outdated: int
    held: int
    suppressed: int
    rejected: int
    rejects: str | None
    reviews: int = 0  # rows kept for review, the held ones among them

    @property
    def rows(self) -> int:
        """How many rows the delivery had."""
        return sum(getattr(self, outcome) for outcome in Outcome)

    @property
    def exit_code(self) -> int:
        """1 when a row was rejected or waits for a person to decide."""
        return 1 if self.rejected or self.held or self.reviews else 0

    def as_json(self) -> dict[str, Any]:
        """Return exactly the keys of the contract."""
        document = asdict(self)
        del document["reviews"]
        return document


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears how a delivery goes: rows done of rows in all; each finding; each failpoint."""

    progress: Callable[[int, int], None] | None = None
    report: Callable[[Finding], None] | None = None
    at: At = nothing


def deliver(  # noqa: PLR0913 (one delivery is described by exactly these)
    ledger: Ledger,
    model: Model,
    rows_from: Path | Table,
    *,
    staging: Path,
    rejects: Path,
    clock: Callable[[], int],
    kind: str | None = None,
    form: str | None = None,
    source: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
    report: Callable[[Finding], None] | None = None,
    at: At = nothing,
    limits: Limits = DEFAULT,
) -> Receipt:
    """Load one file or table into the ledger.

    A dry run writes nothing and counts sound rows as accepted.

    `source` is the code of the delivering unit; rows that name another are refused. `clock`
    gives milliseconds since 1970-01-01 UTC. `progress` hears rows done and rows in all,
    `report` every finding in the order of the file.

    Raises:
        Rejected: the file as a whole; `details["findings"]` (also sent to `report`) says why.
        UsageError: no such file, kind, form or source unit, or the kind cannot be told.
        EnvironmentFault: disk or ledger stand in the way.

    """
    unit = _unit(source)
    listeners = Listeners(progress, report, at)
    with staged(rows_from, staging, limits) as copy:
        at(Point.COPY_STAGED)
        try:
            sheets = read(copy.path, model, kind=kind, form=form, name=copy.name, limits=limits)
            total = sum(map(scan, sheets))
            if total >= limits.refused_rows:
                for sheet in sheets:
                    checker = Checker(sheet, model, source=unit, limits=limits)
                    require_some_taken(checker, sheet.name)
        except DataInvalid as error:
            for item in error.details.get("findings", ()):
                _tell(listeners, item)
            raise
        checkers = [
            (sheet, Checker(sheet, model, source=unit, limits=limits))
            for sheet in in_order(sheets, model)
        ]
        run = _Run(checkers, total, listeners)
        if dry_run:
            return run.dry(ledger.position())
        return run.load(ledger, copy, unit, rejects, clock)


class _Run:
    """The rows of one gated file on their way, sheet by sheet."""

    def __init__(
        self, sheets: list[tuple[Sheet, Checker]], total: int, listeners: Listeners
    ) -> None:
        self._sheets = sheets
        self._total = total
        self._listeners = listeners
        self._counts: Counter[Outcome] = Counter()
        self._reviews = 0
        self._rejects: Rejects | None = None

    def dry(self, position: int) -> Receipt:
        """Check every row, write nothing."""
        for sheet, checker in self._sheets:
            self._notes(sheet)
            for batch in _batches(sheet, checker):
                self._settle(sheet, batch, [Result(Outcome.ACCEPTED)] * len(_sound(batch)))
        return self._receipt(position, None)

    def load(
        self,
        ledger: Ledger,
        copy: Staged,
        source: str | None,
        directory: Path,
        clock: Callable[[], int],
    ) -> Receipt:
        """Append every sound row, each sheet between the open and close events of its own."""
        written = None
        try:
            for sheet, checker in self._sheets:
                before = self._counts.copy()
                delivery = _open(ledger, copy, source, sheet)
                if self._rejects is None:
                    self._rejects = Rejects(directory, delivery, sheet, clock)
                self._rejects.begin(sheet)
                self._notes(sheet)
                for batch in _batches(sheet, checker):
                    self._settle(sheet, batch, _append(ledger, delivery, _sound(batch)))
                counts = self._counts - before
                ledger.close_delivery(delivery, {str(item): counts[item] for item in Outcome})
        finally:
            if self._rejects is not None:
                written = self._rejects.close()
                self._listeners.at(Point.REJECTS_WRITTEN)
        return self._receipt(ledger.position(), str(written) if written else None)

    def _settle(self, sheet: Sheet, batch: list[Checked], results: list[Result]) -> None:
        """Count and report a batch in the file's order, whoever refused a row."""
        answers = iter(results)
        for checked in batch:
            result = _kept_back(checked) or next(answers)
            self._counts[result.outcome] += 1
            self._reviews += result.review
            findings = checked.findings
            if checked.submission is not None and result.outcome is Outcome.REJECTED:
                findings = (*findings, _refusal(sheet, checked, result))
            for item in findings:
                self._note(item)
            if result.outcome is Outcome.REJECTED and self._rejects is not None:
                self._rejects.add(checked.row, findings)
        if self._listeners.progress is not None:
            self._listeners.progress(sum(self._counts.values()), self._total)

    def _notes(self, sheet: Sheet) -> None:
        for item in sheet.notes:
            self._note(item)

    def _note(self, item: Finding) -> None:
        _tell(self._listeners, item)
        if self._rejects is not None:
            self._rejects.note(item)

    def _receipt(self, position: int, rejects: str | None) -> Receipt:
        counts = {str(outcome): self._counts[outcome] for outcome in Outcome}
        return Receipt(position=position, rejects=rejects, reviews=self._reviews, **counts)


def _open(ledger: Ledger, copy: Staged, source: str | None, sheet: Sheet) -> int:
    return ledger.open_delivery(
        source=source,
        name=copy.name,
        digest=copy.digest,
        kind=sheet.book.kind.slug,
        form=sheet.book.form,
    )


def _batches(sheet: Sheet, checker: Checker) -> Iterator[list[Checked]]:
    batch: list[Checked] = []
    for row in sheet.rows():
        batch.append(checker.check(row))
        if len(batch) == SLICE:
            yield batch
            batch = []
    if batch:
        yield batch


def _append(ledger: Ledger, delivery: int, submissions: list[Submission]) -> list[Result]:
    results: list[Result] = []
    while len(results) < len(submissions):
        taken = ledger.append(delivery, submissions[len(results) :])
        if not taken:
            raise EnvironmentFault(
                "The ledger takes no more rows.", "Load the file again; nothing is entered twice."
            )
        results += taken
    return results


def _sound(batch: list[Checked]) -> list[Submission]:
    """Return the rows that the ledger is asked to append."""
    return [
        checked.submission
        for checked in batch
        if checked.submission is not None and not checked.held
    ]


def _kept_back(checked: Checked) -> Result | None:
    """Return the result of a row that the ledger is not asked to append."""
    if checked.submission is None:
        return Result(Outcome.REJECTED)
    return Result(Outcome.HELD, review=True) if checked.held else None


def _refusal(sheet: Sheet, checked: Checked, result: Result) -> Finding:
    place = replace(sheet.origin, row=checked.row.number, line=checked.row.line)
    if result.reason in MESSAGES:
        return finding(result.reason, place)
    return finding("ledger-refused", place, reason=result.reason or "")


def _tell(listeners: Listeners, item: Finding) -> None:
    if listeners.report is not None:
        listeners.report(item)


def _unit(source: str | None) -> str | None:
    if source is None:
        return None
    try:
        return parse_uscc(source)
    except DataInvalid as error:
        raise UsageError(error.message, error.hint) from error
