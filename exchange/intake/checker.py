"""Checks the rows of a sheet, in the order of the file: submissions and findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from exchange.domain.errors import DataInvalid, EnvironmentFault
from exchange.intake.annotated_workbook import AnnotatedWorkbook
from exchange.intake.code_name_conflicts import CodeNames
from exchange.intake.file_reader import file_rejected, open_sheets
from exchange.intake.findings import CellLocation, Finding, finding, printable
from exchange.intake.limits import DEFAULT_LIMITS, Limits
from exchange.model import HIDDEN_VALUE, FieldType, Label, compile_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from exchange.domain.record import Submission
    from exchange.intake.code_name_conflicts import NameConflict
    from exchange.intake.sheet import Row, Sheet
    from exchange.model import CompiledKind, Model, Problem

_MAX_ERRORS: Final = 20  # findings of a file that is refused because of its rows


class CheckedRow(NamedTuple):
    """A row and the result of its check; `submission` is None if an error rejects the row."""

    row: Row
    submission: Submission | None
    findings: tuple[Finding, ...]

    @property
    def held(self) -> bool:
        """Whether a person has to decide about the row before it may be appended."""
        return self.submission is not None and self.submission.held


@dataclass(slots=True)
class CheckSummary:
    """Counts of a whole-file check; rows = sound + held + rejected."""

    rows: int = 0
    sound: int = 0
    held: int = 0
    rejected: int = 0
    errors: int = 0
    warnings: int = 0

    def add(self, checked: CheckedRow) -> None:
        """Count one row."""
        self.rows += 1
        if checked.submission is None:
            self.rejected += 1
        elif checked.held:
            self.held += 1
        else:
            self.sound += 1
        self.add_findings(checked.findings)

    def add_findings(self, findings: tuple[Finding, ...] | list[Finding]) -> None:
        """Count findings by severity."""
        for item in findings:
            self.errors += item.severity == "error"
            self.warnings += item.severity == "warning"


class Checker:
    """Checks the rows of one sheet against its kind.

    `source` is the code of the delivering unit: rows that name another are rejected. `today` is
    the present date in China; without it no date is compared with the present.
    """

    def __init__(
        self,
        sheet: Sheet,
        model: Model,
        *,
        source: str | None = None,
        today: date | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._sheet = sheet
        self._compiled: CompiledKind = compile_kind(model, sheet.form_columns.kind.slug, today)
        self._names = CodeNames(sheet.form_columns.kind)
        self._source = source
        self._recent: dict[int, int] = {}
        self._limits = limits
        self._ended: list[Finding] = []

    def rows(self) -> Iterator[CheckedRow]:
        """Yield every row checked.

        No row is checked if the header lacks columns. Reading ends after
        `Limits.refused_rows` rows if all of them were rejected; `faults` then holds the reason.
        """
        self._ended = []
        if _has_error(self._sheet.faults):
            return
        all_refused = True
        for number, row in enumerate(self._sheet.rows(), start=1):
            checked = self.check(row)
            yield checked
            all_refused = all_refused and checked.submission is None
            if all_refused and number >= self._limits.refused_rows:
                location = self._locate(row, None)
                self._ended = [finding("rows-refused", location, read=number)]
                return

    @property
    def faults(self) -> list[Finding]:
        """Breaks in the sheet's structure found so far, and the reason why reading ended early."""
        return [*self._sheet.faults, *self._ended]

    @property
    def ended_early(self) -> bool:
        """Whether `rows` ended before the sheet did, because every row was rejected."""
        return bool(self._ended)

    def check(self, row: Row) -> CheckedRow:
        """Check one row: its submission unless an error rejects it, and all its findings."""
        if row.findings and _has_error(row.findings):
            return CheckedRow(row, None, row.findings)
        record, problems = self._record(row)
        findings = row.findings
        if problems:
            findings += _hide_secret_cells([self._finding(row, item) for item in problems])
        if self._source is not None:
            findings += self._wrong_source(row, record, self._source)
        if findings and _has_error(findings):
            return CheckedRow(row, None, findings)
        try:
            form = None if row.cells is None else self._sheet.form_columns.form
            submission = self._compiled.submission(record, row.number, form)
        except DataInvalid as error:
            return CheckedRow(
                row, None, (*findings, _record_finding(self._locate(row, None), error))
            )
        if findings and _has_held(findings):
            submission = replace(submission, held=True)
        findings += self._repeated(row, submission.key)
        if submission.held:  # a name may be the reason why it is held
            return CheckedRow(row, submission, findings)
        others = [self._other_name(row, item) for item in self._names.conflicts(record, row.number)]
        return CheckedRow(row, submission, findings + tuple(others))

    @property
    def publicity_end(self) -> str | None:
        """The field that declares when a record's publicity ends, if the kind has one."""
        return self._compiled.kind.publicity_end

    def target_number(self, row: Row, kind: str) -> tuple[str | None, str]:
        """Return field and cell that name the record a row links to: its number, if given."""
        cells = {name: self._cell(row, name) for name in self._compiled.target_key_fields(kind)}
        given = {name: cell for name, cell in cells.items() if cell}
        texts = [
            name for name in given if self._compiled.kind.field(name).field_type is FieldType.TEXT
        ]
        name = next(iter([*texts, *given]), None)
        return name, given.get(name or "", "")

    def _cell(self, row: Row, field: str) -> str:
        known = self._sheet.form_columns.by_field.get(field)
        if row.cells is not None:
            return row.cells.get(known.code, "") if known else ""
        return str((row.record or {}).get(field, ""))

    def locate(self, row: Row, field: str | None) -> CellLocation:
        """Return the location of a row in the file, or of its cell of a field."""
        return self._locate(row, field)

    def _record(self, row: Row) -> tuple[dict[str, Any], list[Problem]]:
        if row.cells is None:
            record, problems = self._compiled.normalise(row.record or {})
            return record, [*problems, *self._compiled.check(record)]
        form = self._sheet.form_columns.form
        return self._compiled.read_and_check(row.cells, form)

    def _wrong_source(self, row: Row, record: dict[str, Any], source: str) -> tuple[Finding, ...]:
        named = record.get("source")
        if named is None or named == source:
            return ()
        location = self._locate(row, "source")
        return (finding("wrong-source", location, str(named), source=source),)

    def _repeated(self, row: Row, key: str) -> tuple[Finding, ...]:
        mark = hash(key)
        before = self._recent.pop(mark, None)
        self._recent[mark] = row.number
        if len(self._recent) > self._limits.keys:
            del self._recent[next(iter(self._recent))]
        if before is None:
            return ()
        return (finding("repeated-key", self._locate(row, None), "", "warning", row=before),)

    def _other_name(self, row: Row, conflict: NameConflict) -> Finding:
        return finding(
            "other-name",
            self._locate(row, conflict.field),
            conflict.name,
            "warning",
            code=conflict.code,
            before=conflict.before,
            row=conflict.row,
        )

    def _finding(self, row: Row, problem: Problem) -> Finding:
        location = self._locate(row, problem.field, problem.column)
        return Finding(
            location,
            problem.rule,
            problem.message,
            problem.hint,
            problem.severity,
            printable(problem.value),
        )

    def _locate(self, row: Row, field: str | None, column: str | None = None) -> CellLocation:
        columns, header = self._sheet.form_columns, self._sheet.header
        known = columns.by_field.get(field) if field else None
        code = column or (known.code if known else None)
        letter, name = None, known.name if known else None
        if code is None or row.record is not None:
            code = field
        else:
            letter, name = header.locate(code) if header else (None, None)
        origin = self._sheet.origin
        return CellLocation(origin.file, origin.sheet, row.number, row.line, letter, code, name)


def check_file(  # noqa: PLR0913 (what the verb takes)
    path: Path,
    model: Model,
    *,
    kind: str | None = None,
    form: str | None = None,
    source: str | None = None,
    today: date | None = None,
    marked: Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> FileCheck:
    """Open a file for a check that loads nothing; iterate the result for its findings.

    `today` is the day in China; without it no day of the file is compared with it.

    With `marked`, an annotated workbook of all rows is written to that path.

    Raises:
        Rejected, UsageError, EnvironmentFault: as `file_reader.open_sheets`.

    """
    sheets = open_sheets(path, model, kind=kind, form=form, limits=limits)
    return FileCheck(
        [
            (sheet, Checker(sheet, model, source=source, today=today, limits=limits))
            for sheet in sheets
        ],
        marked,
    )


class FileCheck:
    """The findings of one file, in order; `summary` holds the counts once all have been read."""

    def __init__(self, checkers: list[tuple[Sheet, Checker]], marked: Path | None = None) -> None:
        self.sheets = [sheet for sheet, _ in checkers]
        self.summary = CheckSummary()
        self._checkers = checkers
        self._marked = marked

    def __iter__(self) -> Iterator[Finding]:
        """Yield every finding; those about a sheet's structure follow its rows.

        Raises:
            EnvironmentFault: the annotated workbook cannot be written.

        """
        self.summary = CheckSummary()
        if self._marked is None:
            yield from self._findings(None)
            return
        try:
            with AnnotatedWorkbook(self._marked) as book:
                yield from self._findings(book)
        except OSError as error:
            raise EnvironmentFault(
                f"{self._marked} cannot be written: {error.strerror}.", "Choose another place."
            ) from error

    def _findings(self, book: AnnotatedWorkbook | None) -> Iterator[Finding]:
        for sheet, checker in self._checkers:
            if book is not None:
                book.begin_sheet(sheet)
            yield from self._noted(sheet.notes, book)
            for checked in checker.rows():
                self.summary.add(checked)
                if book is not None:
                    book.add_row(checked.row, checked.findings)
                yield from checked.findings
            yield from self._noted(checker.faults, book)

    def _noted(self, findings: list[Finding], book: AnnotatedWorkbook | None) -> list[Finding]:
        self.summary.add_findings(findings)
        if book is not None:
            book.list_findings(findings)
        return findings

    @property
    def refusal(self) -> Finding | None:
        """Why a load would refuse the whole file, known once it has been read; None if not."""
        faults = (item for _, checker in self._checkers for item in checker.faults)
        return next((item for item in faults if item.severity == "error"), None)

    @property
    def sound(self) -> bool:
        """Whether the whole file, once read, holds no error."""
        return not self.summary.errors


def check_structure(sheet: Sheet) -> int:
    """Read every row of a sheet without checking values; return the number of rows.

    Raises:
        Rejected: the structure is broken; `details["findings"]` lists where.

    """
    rows = sum(1 for _ in sheet.rows())
    if any(item.severity == "error" for item in sheet.faults):
        raise file_rejected(sheet.name, sheet.faults)
    return rows


def require_accepted_row(checker: Checker, name: str) -> None:
    """Check rows up to the first that is not rejected.

    Raises:
        Rejected: the first `Limits.refused_rows` rows are all rejected.

    """
    errors: list[Finding] = []
    for checked in checker.rows():
        if checked.submission is not None:
            return
        if len(errors) < _MAX_ERRORS:
            errors += [item for item in checked.findings if item.severity == "error"]
    if checker.ended_early:
        raise file_rejected(name, [*checker.faults, *errors[:_MAX_ERRORS]])


def _has_error(findings: Iterable[Finding]) -> bool:
    return any(item.severity == "error" for item in findings)


def _has_held(findings: tuple[Finding, ...]) -> bool:
    return any(item.severity == "held" for item in findings)


def _hide_secret_cells(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return the findings, with the values of secret cells replaced by `HIDDEN_VALUE`."""
    hidden = {item.location.code for item in findings if item.value == HIDDEN_VALUE}
    if not hidden:
        return tuple(findings)
    cover = [item.location.code in hidden and item.value != "" for item in findings]
    return tuple(
        replace(item, value=HIDDEN_VALUE) if covers else item
        for item, covers in zip(findings, cover, strict=True)
    )


def _record_finding(place: CellLocation, error: DataInvalid) -> Finding:
    text = Label(error.message, error.message)
    return Finding(place, "record", text, Label(error.hint, error.hint))
