"""Turns a workbook into JSON lines, in a separate process that may be stopped at its limits.

Started by `exchange.intake.xlsx_rows` (which see for the lines written) with the bounds as JSON in
its one argument besides the path. It imports nothing else of this project, so that it starts
fast. The sizes that a workbook declares are checked before it is opened; what they hide (a cell
far off in an empty sheet, a member longer than declared) ends at the limits of the process.
"""

from __future__ import annotations

import json
import lzma
import resource
import sys
import zipfile
import zlib
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import python_calamine as calamine

from exchange.workbook.bounds import WorkbookBounds, WorkbookRefused
from exchange.workbook.sheet_xml import Styles, scan_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.workbook.sheet_xml import Marks

_CHUNK: Final = 1024 * 1024
_EXACT: Final = 10**15  # a spreadsheet keeps fifteen digits of a number
_MERGED: Final = 200_000  # rows of one merged range
_HEAD: Final = 10  # rows at the top that are written even if blank
_INDEX: Final = 4 * _CHUNK  # bytes of the parts that name the sheets
# What a damaged archive or workbook makes its readers raise.
BROKEN: Final = (
    calamine.CalamineError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    ET.ParseError,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    zlib.error,
)
_STYLES: Final = "xl/styles.xml"
_AS_IT_IS: Final = frozenset({"General", "@", "G/通用格式"})
_DAY, _TIME = "yyyy-mm-dd", "hh:mm:ss"
# Formats that have no code in the file (ECMA-376 part 1, 18.8.30), those of China's edition where
# they differ; of days and times it matters only that they are that.
BUILT_IN: Final = {
    "1": "0",
    "2": "0.00",
    "3": "#,##0",
    "4": "#,##0.00",
    "9": "0%",
    "10": "0.00%",
    "11": "0.00E+00",
    "12": "# ?/?",
    "13": "# ??/??",
    "48": "##0.0E+0",
    **dict.fromkeys(("5", "6", "42"), "¥#,##0;¥-#,##0"),
    **dict.fromkeys(("7", "8", "44"), "¥#,##0.00;¥-#,##0.00"),
    **dict.fromkeys(("37", "38", "41"), "#,##0;(#,##0)"),
    **dict.fromkeys(("39", "40", "43"), "#,##0.00;(#,##0.00)"),
    **{str(number): _DAY for number in (*range(14, 18), 22, *range(27, 32), 36, *range(50, 59))},
    **{str(number): _TIME for number in (*range(18, 22), *range(32, 36), 45, 46, 47)},
}
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def limit_process(bounds: WorkbookBounds) -> None:
    """Limit memory, processor time and disk of this process."""
    for what, bound in (
        (resource.RLIMIT_AS, bounds.memory),
        (resource.RLIMIT_CPU, bounds.seconds),
        (resource.RLIMIT_FSIZE, bounds.spool),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (bound, bound))


def check_archive_size(archive: zipfile.ZipFile, bounds: WorkbookBounds) -> None:
    """Refuse an archive whose directory declares too much.

    Raises:
        WorkbookRefused: too many members, too many bytes, or too high a compression ratio.

    """
    members = archive.infolist()
    if len(members) > bounds.entries:
        raise WorkbookRefused("xlsx-bomb", found=len(members), limit=bounds.entries, unit="entries")
    size = sum(item.file_size for item in members)
    packed = sum(item.compress_size for item in members) or 1
    if size > bounds.unpacked:
        raise WorkbookRefused("xlsx-bomb", found=size, limit=bounds.unpacked, unit="bytes")
    if size > bounds.unpacked // 16 and size // packed > bounds.ratio:
        raise WorkbookRefused("xlsx-bomb", found=size // packed, limit=bounds.ratio, unit="x")


def sheet_members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the archive member of each sheet by the sheet's name."""
    targets = {
        item.get("Id"): item.get("Target", "")
        for item in _part(archive, "xl/_rels/workbook.xml.rels")
    }
    book = _part(archive, "xl/workbook.xml")
    return {
        sheet.get("name", ""): _member(targets.get(sheet.get(_RELATION), ""))
        for sheet in book.iter()
        if sheet.tag.rpartition("}")[2] == "sheet"
    }


def _part(archive: zipfile.ZipFile, name: str) -> ET.Element:
    with archive.open(name) as stream:
        data = stream.read(_INDEX + 1)
    if len(data) > _INDEX or b"<!DOCTYPE" in data:
        raise WorkbookRefused("xlsx-broken")
    return ET.fromstring(data)  # noqa: S314 (bounded above, without entities)


def _member(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def merged_cells(
    sheet: calamine.CalamineSheet,
) -> tuple[dict[int, dict[int, int]], dict[int, Marks]]:
    """Return the cells below merged ones, and the marks of ranges over several columns.

    The first maps row (from 1) and column (from 0) to the row whose value applies. A range over
    several columns gives no value for each of them and is only marked.
    """
    down: dict[int, dict[int, int]] = {}
    marks: dict[int, Marks] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left != right:
            marks.setdefault(top + 1, {})[left] = "merged-across"
            continue
        for row in range(top + 1, min(bottom, top + _MERGED) + 1):
            down.setdefault(row + 1, {})[left] = top + 1
    return down, marks


def rows_of(
    sheet: calamine.CalamineSheet, marks: dict[int, Marks]
) -> Iterator[tuple[int, list[str], Marks]]:
    """Yield row number, cells as text, and marks of every row that is not empty."""
    down, wide = merged_cells(sheet)
    offset = sheet.start[1] if sheet.start else 0
    tops: dict[tuple[int, int], str] = {}
    wanted = {(top, column) for row in down.values() for column, top in row.items()}
    number = 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        odd = {**wide.get(number, {}), **marks.get(number, {})}
        cells = [""] * offset
        for value in values:
            cells.append(value if isinstance(value, str) else cell_text(value, len(cells), odd))
        for column, top in down.get(number, {}).items():
            cells += [""] * (column + 1 - len(cells))
            cells[column] = tops.get((top, column), "")
            odd[column] = "merged"
        for column in odd:
            cells += [""] * (column + 1 - len(cells))
        if wanted:
            tops.update(
                ((number, column), cell)
                for column, cell in enumerate(cells)
                if (number, column) in wanted
            )
        if number <= _HEAD or odd or any(cells):
            yield number, cells, odd
    # The reader ends with the last value; formulas without one may stand below it.
    for below in sorted(row for row in marks if row > number):
        yield below, [""] * (max(marks[below]) + 1), marks[below]


def cell_text(value: object, column: int, odd: Marks) -> str:
    """Return a cell's value as text; numbers beyond 15 digits are marked in `odd`."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        if abs(value) >= _EXACT:
            odd.setdefault(column, "digits")
            return str(int(value))
        return format(Decimal(f"{value:.15g}"), "f")
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second)
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def write_workbook_lines(path: str, bounds: WorkbookBounds) -> None:
    """Write the whole workbook to standard output as JSON lines.

    Raises:
        WorkbookRefused, and the errors of zipfile, XML and calamine.

    """
    with zipfile.ZipFile(path) as archive:
        check_archive_size(archive, bounds)
        members = sheet_members(archive)
        formats = number_formats_by_style(archive)
        write_line({"formats": formats})
        styles = Styles(frozenset(formats), frozenset(s for s, c in formats.items() if "@" in c))
        book = calamine.CalamineWorkbook.from_path(path)
        for meta in book.sheets_metadata:
            if meta.typ is not calamine.SheetTypeEnum.WorkSheet:
                continue
            with archive.open(members[meta.name]) as stream:
                facts = scan_sheet(stream, styles, bounds)
            write_line(
                {
                    "sheet": meta.name,
                    "state": _state(meta),
                    "rows": facts.rows,
                    "columns": facts.columns,
                    "filtered": facts.filtered,
                    "runs": facts.runs,
                }
            )
            for row in rows_of(book.get_sheet_by_name(meta.name), facts.marks):
                write_line(row)
    write_line({"end": True})


def _state(meta: calamine.SheetMetadata) -> str:
    if meta.visible is calamine.SheetVisibleEnum.Visible:
        return "visible"
    return "hidden" if meta.visible is calamine.SheetVisibleEnum.Hidden else "veryHidden"


def number_formats_by_style(archive: zipfile.ZipFile) -> dict[int, str]:
    """Return the number formats by style, without those that display a number unchanged."""
    if _STYLES not in archive.namelist():
        return {}
    root = _part(archive, _STYLES)
    own = {item.get("numFmtId"): item.get("formatCode", "") for item in _tagged(root, "numFmt")}
    formats = {}
    for part in _tagged(root, "cellXfs"):
        for style, item in enumerate(_tagged(part, "xf")):
            number = item.get("numFmtId", "0")
            code = own.get(number, BUILT_IN.get(number, ""))
            if code and code not in _AS_IT_IS:
                formats[style] = code
    return formats


def _tagged(node: ET.Element, name: str) -> Iterator[ET.Element]:
    return (item for item in node.iter() if item.tag.rpartition("}")[2] == name)


def write_line(document: object) -> None:
    """Write one JSON line."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def main() -> None:
    """Convert the workbook of the first argument under the limits (JSON) of the second."""
    bounds = WorkbookBounds(**json.loads(sys.argv[2]))
    limit_process(bounds)
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")  # type: ignore[union-attr]
    try:
        write_workbook_lines(sys.argv[1], bounds)
    except WorkbookRefused as error:
        write_line({"fault": error.rule, "details": error.details})
    except BROKEN as error:
        write_line({"fault": "xlsx-broken", "details": {}, "because": str(error)[:200]})
    except MemoryError:
        write_line({"fault": "xlsx-large", "details": {}})


if __name__ == "__main__":
    main()
