"""Reads tables of text cells, from files of any format: finds the header, reads rows."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from exchange.intake.damaged_cells import cell_damage, may_be_damaged
from exchange.intake.findings import CellLocation, Finding, column_letters, finding
from exchange.intake.header_matching import (
    FormColumns,
    Header,
    best_kind,
    filled_width,
    is_header,
    match_header,
    resolve_form,
)
from exchange.intake.sheet import CONTROL, BrokenRowCounter, Row, StructureFaults
from exchange.model import HIDDEN_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exchange.intake.encoding import Encoding
    from exchange.intake.header_matching import FormColumn
    from exchange.intake.limits import Limits

HEADER_SEARCH: Final = 5  # rows above the data: a title, Chinese names, codes
# Our own exports put ' before text that a spreadsheet would take for a formula.
_PREFIXED: Final = re.compile("'+[=+\\-@＝＋－＠]")
_INVISIBLE: Final = "\ufeff\u200b"
# A cell that neither begins nor ends with one of these is clean as it stands.
_EDGE: Final = frozenset([*filter(str.isspace, map(chr, range(0x3001))), *_INVISIBLE, "'"])
# Separators of columns that other programs write, in Chinese and English.
_SEPARATORS: Final = {
    "\t": "制表符 (tab)",
    ";": "分号 (semicolon)",
    "|": "竖线 (vertical bar)",
    "；": "全角分号 (full-width semicolon)",
    "，": "全角逗号 (full-width comma)",
}
# What a spreadsheet's cell may be besides text: mark -> (rule, severity).
_MARK_RULES: Final[Mapping[str, tuple[str, Any]]] = {
    "formula": ("formula", "warning"),
    "merged": ("merged", "warning"),
    "merged-across": ("merged-across", "error"),
    "formula-empty": ("formula-empty", "error"),
    "date-cell": ("date-cell", "warning"),
    "error": ("formula-error", "error"),
    "digits": ("lost-digits", "error"),
    "date-shown": ("date-shown", "warning"),
    "money-rounded": ("money-rounded", "warning"),
    "cell-twice": ("cell-twice", "error"),
}


class TableRow(NamedTuple):
    """A row as read: spreadsheet row, line of text, cells, marks of unusual cells by position."""

    number: int
    line: int | None
    cells: list[str]
    marks: Mapping[int, str] = {}


class TableSheet(ABC):
    """A table whose header is among its first rows; see `sheet.Sheet`.

    A reader gives `records`, again from the first each time, and then calls `choose`.
    """

    format: str

    def __init__(self, origin: CellLocation, encoding: Encoding, limits: Limits) -> None:
        self.origin = origin
        self.name = origin.file
        self.encoding = encoding
        self.limits = limits
        self.notes: list[Finding] = []
        self.structure_faults = StructureFaults(origin, limits)
        self.header: Header | None = None
        self._head_faults: list[Finding] = []

    @abstractmethod
    def records(self, expected: int) -> Iterator[TableRow]:
        """Yield the rows, `expected` cells wide if known; adds faults to `structure_faults`."""

    @property
    def faults(self) -> list[Finding]:
        """Breaks in the structure found so far."""
        return self.structure_faults.found

    def rows(self) -> Iterator[Row]:
        """Yield the data rows; blank ones are skipped but counted."""
        header = self.header
        if header is None:
            return
        self.structure_faults.found = [*self._head_faults]
        broken = BrokenRowCounter(self.structure_faults)
        for record in self.records(header.width):
            if record.number < header.first_row or not _filled(record):
                continue
            if record.number - header.first_row >= self.limits.rows:
                self.structure_faults.add(
                    "too-many-rows", row=record.number, line=record.line, limit=self.limits.rows
                )
                return
            row = self._row(header, record)
            yield row
            if broken.count(row):
                return

    def choose(self, candidates: Sequence[FormColumns]) -> None:
        """Find the header, and the kind and form that it belongs to.

        Raises:
            UsageError: the columns fit several kinds or forms.

        """
        self.header = self._find_header(candidates)
        self.form_columns = self.header.form_columns if self.header else candidates[0]

    def _find_header(self, candidates: Sequence[FormColumns]) -> Header | None:
        rows: list[tuple[str, ...]] = []
        for record in self.records(0):
            rows.append(tuple(map(clean_cell, record.cells)))
            if len(rows) > HEADER_SEARCH:
                break
        broken, self.structure_faults.found = self.structure_faults.found, []
        for row, cells in enumerate(rows[:HEADER_SEARCH], start=1):
            of_kind = best_kind(candidates, cells)
            if of_kind:
                header = match_header(_form(of_kind, rows, row), rows, row)
                self._check_header(header, cells)
                return header  # what is broken below is met again with the rows
        for fault in broken:
            self._note_fault(fault)
        if rows or not broken:
            self._note_fault(self._no_header(candidates, rows))
        return None

    def _no_header(
        self, candidates: Sequence[FormColumns], rows: Sequence[tuple[str, ...]]
    ) -> Finding:
        """Return the finding that no header was found; it names a separator other than a comma."""
        for cells in rows[:HEADER_SEARCH]:
            line = ",".join(cells)
            for separator, name in _SEPARATORS.items():
                if best_kind(candidates, tuple(map(clean_cell, line.split(separator)))):
                    location = self._location(1, 1)
                    separator_finding = finding("header-separator", location, separator=name)
                    return replace(separator_finding, rule="no-header")
        return finding("no-header", self._location(1, 1), rows=HEADER_SEARCH)

    def _location(self, row: int, line: int | None, **more: Any) -> CellLocation:
        return replace(self.origin, row=row, line=line, **more)

    def _note_fault(self, fault: Finding) -> None:
        self._head_faults.append(fault)
        self.structure_faults.found.append(fault)

    def _check_header(self, header: Header, cells: Sequence[str]) -> None:
        if header.width > self.limits.columns:
            limit = self.limits.columns
            location = self._location(header.row, None)
            self._note_fault(finding("too-many-columns", location, found=header.width, limit=limit))
            return
        seen: dict[str, int] = {}
        for position, known in header.columns:
            if known.code in seen:
                location = self._cell_location(header.row, None, position, known)
                first = column_letters(seen[known.code])
                self._note_fault(
                    finding(
                        "duplicate-column", location, cells[position], code=known.code, first=first
                    )
                )
            seen.setdefault(known.code, position)
        for known in header.form_columns.missing(frozenset(seen)):
            location = self._location(header.row, None, code=known.code, name=known.name)
            self._note_fault(finding("missing-column", location, code=known.code, name=known.name))
        positions = {position for position, _ in header.columns}
        for position in range(header.width):
            if position not in positions:
                location = self._cell_location(header.row, None, position, None)
                self.notes.append(finding("unknown-column", location, cells[position], "warning"))

    def _cell_location(
        self, row: int, line: int | None, position: int, known: FormColumn | None
    ) -> CellLocation:
        code, name = (known.code, known.name) if known else (None, None)
        return self._location(row, line, column=column_letters(position), code=code, name=name)

    def _row(self, header: Header, record: TableRow) -> Row:
        number, line, raw, marks = record
        count = filled_width(raw)
        if count > header.width or len(raw) < header.width:
            return Row(
                number,
                line,
                tuple(raw),
                findings=(self._cell_count_finding(header, record, count),),
            )
        joined = "".join(raw)
        findings = () if joined.isprintable() else self._control(header, record, joined)
        if may_be_damaged(joined):
            findings += self._damage_findings(header, record)
        if marks:
            findings += self._mark_findings(header, record)
        cells = {
            code: cell if cell[0] not in _EDGE and cell[-1] not in _EDGE else clean_cell(cell)
            for position, code in header.codes
            if (cell := raw[position])
        }
        return Row(number, line, tuple(raw), cells, findings=findings)

    def _cell_count_finding(self, header: Header, record: TableRow, count: int) -> Finding:
        """Return the finding about a row with more or fewer cells than the header."""
        number, line, raw, _ = record
        if count <= header.width:
            location, value = self._location(number, line), ",".join(raw)
            count = len(raw)
        else:
            stray = next(at for at in range(header.width, count) if raw[at].strip())
            location, value = self._cell_location(number, line, stray, None), raw[stray]
        return finding("cell-count", location, value, found=count, expected=header.width)

    def _damage_findings(self, header: Header, record: TableRow) -> tuple[Finding, ...]:
        """Return findings about cells damaged by a spreadsheet or a wrong encoding."""
        number, line, raw, marks = record
        findings = []
        for position, known in header.columns:
            damage = cell_damage(raw[position], known) if raw[position] else None
            if damage and marks.get(position) != "error":
                rule, severity = damage
                value = HIDDEN_VALUE if known.hidden else raw[position]
                location = self._cell_location(number, line, position, known)
                findings.append(finding(rule, location, value, severity))
        return tuple(findings)

    def _control(self, header: Header, record: TableRow, joined: str) -> tuple[Finding, ...]:
        number, line, raw, _ = record
        if "\r" in joined:
            raw[:] = [cell.replace("\r\n", "\n") for cell in raw]
            joined = "".join(raw)
        if CONTROL.search(joined) is None:
            return ()
        known = dict(header.columns)
        findings = []
        for position, cell in enumerate(raw):
            bad = CONTROL.search(cell)
            if bad:
                location = self._cell_location(number, line, position, known.get(position))
                character = f"U+{ord(bad.group()):04X}"
                findings.append(finding("control-character", location, cell, character=character))
        return tuple(findings)

    def _mark_findings(self, header: Header, record: TableRow) -> tuple[Finding, ...]:
        """Return findings about marked cells; unknown columns are ignored."""
        number, line, raw, marks = record
        known = dict(header.columns)
        findings = []
        for position, mark in sorted(marks.items()):
            if position in known:
                # Behind a blank stands what the cell shows of what it holds.
                name, _, shown = mark.partition(" ")
                rule, severity = _MARK_RULES.get(name, (name, "error"))
                location = self._cell_location(number, line, position, known[position])
                value = raw[position]
                if known[position].hidden and value:
                    value = shown = HIDDEN_VALUE
                findings.append(finding(rule, location, value, severity, shown=shown))
        return tuple(findings)


def clean_cell(cell: str) -> str:
    """Return a cell without outer blanks and without the quote that guards against formulas."""
    if not cell:
        return cell
    text = cell.strip()
    if text[:1] in _INVISIBLE or text[-1:] in _INVISIBLE:
        text = text.strip(_INVISIBLE).strip()
    if text[:1] == "'" and _PREFIXED.match(text):
        return text[1:]
    return text


def _filled(record: TableRow) -> bool:
    if any(map(str.strip, record.cells)):
        return True
    marks = record.marks.values()
    return bool(marks) and ("error" in marks or "formula-empty" in marks)


def _form(of_kind: Sequence[FormColumns], rows: Sequence[tuple[str, ...]], row: int) -> FormColumns:
    """Return the columns of the form that both header rows together belong to."""
    names = rows[row - 1]
    if len(rows) > row and any(is_header(form, rows[row]) for form in of_kind):
        names = (*names, *rows[row])
    return resolve_form(of_kind, names)
