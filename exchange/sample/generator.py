"""A deterministic, invented sample in national field codes (docs/design/intake.md "The sample").

The same arguments give the same bytes. Subjects, people, offices and cases are made up
(`words`); codes are of the QQQQ range, which is never allotted, and ID numbers of a
region that does not exist. Oddities of real deliveries are planted
(docs/design/intake.md "The sample"), and a known number of rows is spoiled.

    subject.csv         the register of those who have a code
    penalty.csv         penalties, form of 2018, Chinese header
    licence.csv         half as many licences, form of 2018
    list-entry.csv      designations that rest on some of the penalties
    measure.csv         measures of an edition of its own
    repair-case.csv     repairs of some penalties: granted, refused, returned, pending
    expected.json       what a first load must count
    more/penalty.jsonl       the first penalties once more, as JSON lines: nothing new
    more/penalty.xlsx        the same as a workbook
    more/penalty-again.csv   some penalties delivered again with changed text, GB18030
    more/penalty-2016.csv    further decisions in the form of 2016, in all its four states
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

import xlsxwriter

from exchange.domain.errors import EnvironmentFault, UsageError
from exchange.intake.table_sheet import clean_cell
from exchange.model import compile_kind, load_model
from exchange.sample.quirks import Row, spoil_row
from exchange.sample.rows import CYCLE, SPOILED_AT, RowMaker

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from exchange.model import Model

FORM: Final = "2018"
OLD_FORM: Final = "2016"
_CREATED: Final = datetime(2026, 6, 30, tzinfo=UTC)  # no clock: same arguments, same bytes
_AGAIN: Final = 50
_JSON: Final = 1000
_LISTED: Final = 10  # of so many penalties one leads to a designation


@dataclass(slots=True)
class _Count:
    rows: int = 0
    rejected: int = 0

    def as_json(self) -> dict[str, int]:
        return {
            "rows": self.rows,
            "accepted": self.rows - self.rejected,
            "rejected": self.rejected,
        }


def generate(records: int, seed: int, out: Path) -> None:
    """Write a sample of `records` penalties and their related records into the folder `out`.

    Raises:
        UsageError: `records` is not positive.
        EnvironmentFault: the folder cannot be written.

    """
    if records < 1:
        raise UsageError("A sample needs at least one record.", "Give --records 1 or more.")
    try:
        _SampleWriter(records, seed, out).write()
    except OSError as error:
        raise EnvironmentFault(
            f"The sample cannot be written to {out}: {error.strerror}.", "Choose another folder."
        ) from error


class _SampleWriter:
    """Writes one sample."""

    def __init__(self, records: int, seed: int, out: Path) -> None:
        self._records = records
        self._out = out
        self._model = load_model()
        self._maker = RowMaker(records, seed)
        self._expected: dict[str, dict[str, int]] = {}

    def write(self) -> None:
        """Write every file."""
        (self._out / "more").mkdir(parents=True, exist_ok=True)
        maker = self._maker
        self._plain("subject", maker.register())
        first = self._penalties()
        self._plain("licence", map(maker.licence, range((self._records + 1) // 2)))
        self._plain("measure", maker.measures())
        text = json.dumps(self._expected, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        (self._out / "expected.json").write_text(text, encoding="utf-8")
        self._more(first)

    def _plain(self, kind: str, rows: Iterable[Row]) -> None:
        with self._table(kind, self._out / f"{kind}.csv") as table:
            for number, row in enumerate(rows):
                table.write_or_spoil(kind, number, row)
        self._expected[kind] = table.count.as_json()

    def _penalties(self) -> list[Row]:
        """Write penalties, and the designations and repairs that link to them."""
        maker, out = self._maker, self._out
        first: list[Row] = []
        with (
            self._table("penalty", out / "penalty.csv") as penalties,
            self._table("list-entry", out / "list-entry.csv") as entries,
            self._table("repair-case", out / "repair-case.csv") as repairs,
        ):
            for number in range(self._records):
                row = maker.penalty(number)
                sound = number % CYCLE != SPOILED_AT
                if sound and len(first) < _JSON:
                    first.append(dict(row))
                if number % _LISTED == 1:
                    entry = number // _LISTED
                    entries.write_or_spoil("list-entry", entry, maker.list_entry(entry, row))
                case = maker.repair_case(number, row)
                penalties.write_or_spoil("penalty", number, row)
                if case:
                    repairs.write(case)
            for case in maker.spoiled_cases():
                repairs.write(case, spoiled=True)
        for table in (penalties, entries, repairs):
            self._expected[table.kind] = table.count.as_json()
        return first

    def _table(
        self, kind: str, path: Path, form: str = FORM, encoding: str = "utf-8-sig"
    ) -> _CsvTable:
        forms = self._model.kinds[kind].forms
        return _CsvTable(self._model, kind, form if form in forms else forms[0], path, encoding)

    def _more(self, first: list[Row]) -> None:
        more = self._out / "more"
        with self._table("penalty", more / "penalty-2016.csv", OLD_FORM) as old:
            for number in range(min(self._records, _AGAIN)):
                old.write(_row_of_2016(number, self._maker.penalty(self._records + CYCLE + number)))
        with self._table("penalty", more / "penalty-again.csv", FORM, "gb18030") as again:
            for row in first[:_AGAIN]:
                facts = row["violationFacts"] + "（重新报送，文字有修改）"
                again.write({**row, "violationFacts": facts})
        self._json(again, first, more / "penalty.jsonl")
        _workbook(again, first, more / "penalty.xlsx")

    def _json(self, table: _CsvTable, rows: list[Row], path: Path) -> None:
        compiled = compile_kind(self._model, table.kind)
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            for row in rows:
                cells = {code: clean_cell(cell) for code, cell in table.cells(row).items() if cell}
                record, _ = compiled.read_row(cells, FORM)
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")


class _CsvTable:
    """One CSV file with the Chinese header of a kind's form."""

    def __init__(self, model: Model, kind: str, form: str, path: Path, encoding: str) -> None:
        self.kind = kind
        self.count = _Count()
        self.header: dict[str, str] = {}
        self._codes: dict[str, list[str]] = {}
        for field in model.kinds[kind].fields:
            columns = [item for item in field.columns_in(form) if item.constant is None]
            self.header |= {item.code: item.label for item in columns}
            self._codes[field.name] = [item.code for item in columns]
        self._stream = path.open("w", encoding=encoding, newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(self.header.values())

    def cells(self, row: Row) -> Row:
        """Return the cells by column code; fields without a column are left out."""
        cells = dict.fromkeys(self.header, "")
        for name, cell in row.items():
            codes = self._codes[name]
            if cell and len(codes) > 1:  # 处罚类别1, 处罚类别2
                parts = cell.replace("；", ";").split(";", len(codes) - 1)
                cells |= dict(zip(codes, parts, strict=False))
            elif cell and codes:
                cells[codes[0]] = cell
        return cells

    def write(self, row: Row, *, spoiled: bool = False) -> None:
        """Write a row and count it."""
        self._writer.writerow(self.cells(row).values())
        self.count.rows += 1
        self.count.rejected += spoiled

    def write_or_spoil(self, kind: str, number: int, row: Row) -> None:
        """Write a row, spoiled if it is that one of its cycle."""
        spoiled = number % CYCLE == SPOILED_AT
        if spoiled:
            spoil_row(kind, number // CYCLE, row)
        self.write(row, spoiled=spoiled)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _row_of_2016(number: int, row: Row) -> Row:
    """Return a penalty in the form of 2016: no amounts, states as numbers."""
    return {
        **row,
        "documentTitle": f"{row['violationType']}案",
        "deliveredState": str(number % 4),
        "useScope": "0",
        "declaredSeverity": str(number % 3),
        "division": ("140402", "140403")[number % 2],
        "sourceUpdatedAt": "2026/06/30 08:05:00",
    }


def _workbook(table: _CsvTable, rows: list[Row], path: Path) -> None:
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet("行政处罚")
        for column, label in enumerate(table.header.values()):
            sheet.write_string(0, column, label)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(table.cells(row).values()):
                if cell:
                    sheet.write_string(number, column, cell)
