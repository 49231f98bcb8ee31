"""Loads one delivery: stage, check, append in slices, receipt.

A fault in the structure of the file rejects the whole file before anything is written; an error
in a row rejects the row. An interrupted delivery stays open in the ledger, and loading the same
file again finds what was appended unchanged.
Source: docs/design/ledger.md "Deliveries".
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import DataInvalid, EnvironmentFault, UsageError
from exchange.domain.failpoints import Failpoint, no_failpoint
from exchange.domain.identifiers import parse_uscc
from exchange.domain.publicity_period import china_date
from exchange.domain.record import Outcome, Result
from exchange.intake.checker import CheckedRow, Checker, check_structure, require_accepted_row
from exchange.intake.file_reader import open_sheets
from exchange.intake.held_store import HELD_KEY_PURPOSE, HeldRows
from exchange.intake.limits import DEFAULT_LIMITS, Limits
from exchange.intake.load_order import order_sheets
from exchange.intake.outdated_rows import precedence_of
from exchange.intake.rejects import Rejects
from exchange.intake.row_holding import RowHolder, row_outcomes
from exchange.intake.staged_copies import StagedCopy, staged
from exchange.intake.target_suggestions import TargetSuggestions
from exchange.ledger import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.precedence import Precedence
    from exchange.domain.record import Submission
    from exchange.intake.database_source import DatabaseTable
    from exchange.intake.dry_run import DryRun
    from exchange.intake.findings import Finding
    from exchange.intake.row_holding import RowOutcome
    from exchange.intake.sheet import Sheet
    from exchange.ledger import Ledger
    from exchange.model import Model

SLICE: Final = 1000  # rows offered to the ledger at once; it takes a prefix of them


@dataclass(frozen=True, slots=True)
class LoadReceipt:
    """The outcome of a load: how many rows had each outcome.

    JSON keys: docs/design/interface.md "Fixed JSON keys".
    """

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
    reasons: Mapping[str, int] = field(default_factory=dict)  # rule -> rows not applied for it

    @property
    def rows(self) -> int:
        """How many rows the delivery had."""
        return sum(self.counts.values())

    @property
    def exit_code(self) -> int:
        """1 when a row was rejected or waits for a person to decide."""
        return 1 if self.rejected or self.held or self.reviews else 0

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as JSON, with exactly the keys that clients rely on."""
        return {"position": self.position, **self.counts, "rejects": self.rejects}

    @property
    def counts(self) -> dict[str, int]:
        """How many rows had each outcome."""
        return {str(outcome): getattr(self, outcome) for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class DeliveryListeners:
    """Callbacks of a load: progress (rows done, rows in all), each finding, each failpoint."""

    progress: Callable[[int, int], None] | None = None
    report: Callable[[Finding], None] | None = None
    failpoint: FailpointHook = no_failpoint


def deliver(  # noqa: PLR0913 (one delivery is described by exactly these)
    ledger: Ledger,
    model: Model,
    rows_from: Path | DatabaseTable,
    *,
    staging: Path,
    rejects: Path,
    held: Path,
    clock: Callable[[], int],
    kind: str | None = None,
    form: str | None = None,
    source: str | None = None,
    dry_run: DryRun | None = None,
    allow_older: bool = False,
    progress: Callable[[int, int], None] | None = None,
    report: Callable[[Finding], None] | None = None,
    failpoint: FailpointHook = no_failpoint,
    limits: Limits = DEFAULT_LIMITS,
) -> LoadReceipt:
    """Load one file or table into the ledger.

    With `dry_run`, nothing is kept: the receipt is what the load would give as of its position.

    With `allow_older`, rows are applied though they are older than what their records say.
    `source` is the code of the delivering unit; rows that name another are rejected. `clock`
    gives milliseconds since 1970-01-01 UTC. `held` is the folder of the rows that wait for a
    person to decide. `progress` hears rows done and rows in all,
    `report` every finding in the order of the file.

    Raises:
        Rejected: the whole file; `details["findings"]` (also sent to `report`) are the reasons.
        UsageError: no such file, kind, form or source unit, or the kind cannot be determined.
        EnvironmentFault: the disk or the ledger fails.

    """
    unit, today = parse_source_code(source), china_date(clock())
    listeners = DeliveryListeners(progress, report, failpoint)
    with staged(rows_from, staging, limits) as copy:
        failpoint(Failpoint.COPY_STAGED)
        try:
            sheets = open_sheets(
                copy.path, model, kind=kind, form=form, name=copy.name, limits=limits
            )
            total = sum(map(check_structure, sheets))
            if total >= limits.refused_rows:
                for sheet in sheets:
                    checker = Checker(sheet, model, source=unit, today=today, limits=limits)
                    require_accepted_row(checker, sheet.name)
        except DataInvalid as error:
            for item in error.details.get("findings", ()):
                _report(listeners, item)
            raise
        checkers = [
            (sheet, Checker(sheet, model, source=unit, today=today, limits=limits))
            for sheet in order_sheets(sheets, model)
        ]
        tried = ledger if dry_run is None else dry_run.ledger
        precedence = precedence_of(rows_from, allowed=allow_older)
        run = _DeliveryRun(checkers, total, listeners, precedence, TargetSuggestions(tried, model))
        if dry_run is not None:
            receipt = run.load(tried, copy, unit, None, dry_run.held)
            return replace(receipt, position=dry_run.position)
        with closing(HeldRows(held, ledger.derived_key(HELD_KEY_PURPOSE), clock)) as waiting:
            return run.load(ledger, copy, unit, partial(_rejects, rejects, clock), waiting)


class _DeliveryRun:
    """Appends the rows of one file whose structure is sound, sheet by sheet."""

    def __init__(
        self,
        sheets: list[tuple[Sheet, Checker]],
        total: int,
        listeners: DeliveryListeners,
        precedence: Precedence,
        targets: TargetSuggestions,
    ) -> None:
        self._sheets = sheets
        self._total = total
        self._listeners = listeners
        self._precedence = precedence
        self._targets = targets
        self._counts: Counter[Outcome] = Counter()
        self._reasons: Counter[str] = Counter()
        self._reviews = 0
        self._rejects: Rejects | None = None

    def load(
        self,
        ledger: Ledger,
        copy: StagedCopy,
        source: str | None,
        rejects: Callable[[int, Sheet], Rejects] | None,
        held: HeldRows,
    ) -> LoadReceipt:
        """Append every sound row, each sheet between the open and close events of its own."""
        written = None
        try:
            for part, (sheet, checker) in enumerate(self._sheets):
                before = self._counts.copy()
                origin = _origin(copy, source, sheet)
                delivery = ledger.open_delivery(**asdict(origin), part=part)
                if rejects is not None:
                    self._rejects = self._rejects or rejects(delivery, sheet)
                    self._rejects.begin(sheet)
                self._notes(sheet)
                holding = RowHolder(held, origin, delivery, checker, self._listeners.failpoint)
                for batch in _batches(sheet, checker):
                    results = _append(ledger, delivery, _submissions(batch), self._precedence)
                    self._count(holding.hold(row_outcomes(checker, batch, results, self._targets)))
                counts = self._counts - before
                ledger.close_delivery(delivery, {str(item): counts[item] for item in Outcome})
        finally:
            if self._rejects is not None:
                written = self._rejects.close()
                self._listeners.failpoint(Failpoint.REJECTS_WRITTEN)
        return self._receipt(ledger.position(), str(written) if written else None)

    def _count(self, rows: Iterable[RowOutcome]) -> None:
        """Count and report the outcomes of a batch, in the order of the file."""
        for row in rows:
            outcome = row.result.outcome
            self._counts[outcome] += 1
            self._reviews += row.result.review
            if row.reason is not None:
                self._reasons[row.reason] += 1
            for item in row.findings:
                self._note(item)
            if outcome is Outcome.REJECTED and self._rejects is not None:
                self._rejects.add(row.checked.row, row.findings)
        if self._listeners.progress is not None:
            self._listeners.progress(sum(self._counts.values()), self._total)

    def _notes(self, sheet: Sheet) -> None:
        for item in sheet.notes:
            self._note(item)

    def _note(self, item: Finding) -> None:
        _report(self._listeners, item)
        if self._rejects is not None:
            self._rejects.note(item)

    def _receipt(self, position: int, rejects: str | None) -> LoadReceipt:
        return LoadReceipt(
            position=position,
            rejects=rejects,
            reviews=self._reviews,
            reasons=dict(self._reasons),
            **{str(outcome): self._counts[outcome] for outcome in Outcome},
        )


def _rejects(directory: Path, clock: Callable[[], int], delivery: int, sheet: Sheet) -> Rejects:
    return Rejects(directory, delivery, sheet, clock)


def _origin(copy: StagedCopy, source: str | None, sheet: Sheet) -> Origin:
    columns = sheet.form_columns
    return Origin(source, copy.name, copy.digest, columns.kind.slug, columns.form)


def _batches(sheet: Sheet, checker: Checker) -> Iterator[list[CheckedRow]]:
    batch: list[CheckedRow] = []
    for row in sheet.rows():
        batch.append(checker.check(row))
        if len(batch) == SLICE:
            yield batch
            batch = []
    if batch:
        yield batch


def _append(
    ledger: Ledger, delivery: int, submissions: list[Submission], precedence: Precedence
) -> list[Result]:
    results: list[Result] = []
    while len(results) < len(submissions):
        taken = ledger.append(delivery, submissions[len(results) :], precedence=precedence)
        if not taken:
            raise EnvironmentFault(
                "The ledger takes no more rows.", "Load the file again; nothing is entered twice."
            )
        results += taken
    return results


def _submissions(batch: list[CheckedRow]) -> list[Submission]:
    """Return the rows that the ledger is asked about, the held ones among them."""
    return [checked.submission for checked in batch if checked.submission is not None]


def _report(listeners: DeliveryListeners, item: Finding) -> None:
    if listeners.report is not None:
        listeners.report(item)


def parse_source_code(source: str | None) -> str | None:
    """Return the code of a delivering unit in normal form.

    Raises:
        UsageError: it is no valid social credit code.

    """
    if source is None:
        return None
    try:
        return parse_uscc(source)
    except DataInvalid as error:
        raise UsageError(error.message, error.hint) from error
