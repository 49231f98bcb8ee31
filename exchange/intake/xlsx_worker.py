"""Turns a workbook into JSON lines, in a process of its own that may fall without harm.

Started as a script by `xlsx_rows` (which see for the lines written) with the bounds as JSON in
its one argument besides the path. It imports nothing of ours, so that it starts fast. What a
workbook's sizes promise is checked before it is opened; what they hide (a cell far away in an
otherwise empty sheet, a member longer than declared) ends at the limits of the process.
"""

from __future__ import annotations

import json
import lzma
import re
import resource
import sys
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import python_calamine as calamine

if TYPE_CHECKING:
    from collections.abc import Iterator

    # column (0 for A) -> what is odd about the cell
    Marks = dict[int, str]

_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 4096  # longer than a cell's opening tag and that of its formula
_MARKED: Final = re.compile(
    rb'<(?:\w+:)?c\s(?=[^<>]*?\br="([A-Z]{1,3})([0-9]{1,7})")(?:'
    rb'[^<>]*?\bt="(e)"[^<>]*>|[^<>]*>\s*<(?:\w+:)?f[\s/>])'
)
_FAR: Final = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]+)[0-9]+"[^<>]*[^/<>]>')
_EXACT: Final = 10**15  # a spreadsheet keeps fifteen digits of a number
_MARKS: Final = 200_000  # of one sheet
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
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Refused(Exception):
    """The workbook breaks a bound or a rule of its format."""

    def __init__(self, rule: str, **details: Any) -> None:
        super().__init__(rule)
        self.rule = rule
        self.details = details


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of a workbook; bytes, but for `entries`, `ratio`, `columns` and `seconds`."""

    unpacked: int
    entries: int
    ratio: int
    columns: int
    memory: int
    spool: int
    seconds: int


def confine(bounds: Bounds) -> None:
    """Let the process take no more memory, time and disk than allowed."""
    for what, bound in (
        (resource.RLIMIT_AS, bounds.memory),
        (resource.RLIMIT_CPU, bounds.seconds),
        (resource.RLIMIT_FSIZE, bounds.spool),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (bound, bound))


def weigh(archive: zipfile.ZipFile, bounds: Bounds) -> None:
    """Refuse an archive whose own directory promises too much.

    Raises:
        Refused: too many members, too many bytes, or packed too tightly.

    """
    members = archive.infolist()
    if len(members) > bounds.entries:
        raise Refused("xlsx-bomb", found=len(members), limit=bounds.entries, unit="entries")
    size = sum(item.file_size for item in members)
    packed = sum(item.compress_size for item in members) or 1
    if size > bounds.unpacked:
        raise Refused("xlsx-bomb", found=size, limit=bounds.unpacked, unit="bytes")
    if size > bounds.unpacked // 16 and size // packed > bounds.ratio:
        raise Refused("xlsx-bomb", found=size // packed, limit=bounds.ratio, unit="x")


def members_of(archive: zipfile.ZipFile) -> dict[str, str]:
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
        raise Refused("xlsx-broken")
    return ET.fromstring(data)  # noqa: S314 (bounded above, without entities)


def _member(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def marks_of(archive: zipfile.ZipFile, member: str, bounds: Bounds) -> dict[int, Marks]:
    """Return the cells of a sheet that hold a formula or an error, by row (from 1) and column.

    Raises:
        Refused: a cell stands further right than allowed.

    """
    marks: dict[int, Marks] = {}
    count, kept = 0, b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            window = kept + chunk
            for found in _MARKED.finditer(window):
                row = marks.setdefault(int(found[2]), {})
                row[_position(found[1])] = "error" if found[3] else "formula"
                count += 1
            if count > _MARKS:
                break
            far = _too_far(window, bounds)
            if far:
                raise Refused("xlsx-far-cell", cell=far, limit=bounds.columns)
            kept = window[-_OVERLAP:]
    return marks


def _too_far(window: bytes, bounds: Bounds) -> str:
    # Three letters begin at column 703: only those need be looked at one by one.
    for found in _FAR.finditer(window) if b'r="' in window and _THREE.search(window) else ():
        if _position(found[1]) >= bounds.columns:
            return found[1].decode()[:8]
    return ""


_THREE: Final = re.compile(rb'\br="[A-Z]{3,}[0-9]')


def _position(letters: bytes) -> int:
    number = 0
    for letter in letters[:8]:
        number = number * 26 + letter - 64
    return number - 1


def merge(sheet: calamine.CalamineSheet) -> tuple[dict[int, dict[int, int]], dict[int, Marks]]:
    """Return what merged ranges mean below their first cell, and the marks of wide ones.

    The first maps row and column to the row whose value holds there (all from 1 and 0); a range
    over several columns says nothing about each of them and is only marked.
    """
    down: dict[int, dict[int, int]] = {}
    marks: dict[int, Marks] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left != right:
            marks.setdefault(top + 1, {})[left] = "merged-across"
            continue
        for row in range(top + 1, min(bottom, top + _MARKS) + 1):
            down.setdefault(row + 1, {})[left] = top + 1
    return down, marks


def rows_of(
    sheet: calamine.CalamineSheet, marks: dict[int, Marks]
) -> Iterator[tuple[int, list[str], Marks]]:
    """Yield row number, cells as text and marks of every row that holds something."""
    down, wide = merge(sheet)
    offset = sheet.start[1] if sheet.start else 0
    tops: dict[tuple[int, int], str] = {}
    wanted = {(top, column) for row in down.values() for column, top in row.items()}
    for number, values in enumerate(sheet.iter_rows(), start=1):
        odd = {**wide.get(number, {}), **marks.get(number, {})}
        cells = [""] * offset
        for value in values:
            cells.append(value if isinstance(value, str) else text_of(value, len(cells), odd))
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


def text_of(value: object, column: int, odd: Marks) -> str:
    """Return a cell's value as the text a clerk would have typed."""
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


def convert(path: str, bounds: Bounds) -> None:
    """Write the whole workbook to standard output.

    Raises:
        Refused, and the errors of zipfile, XML and calamine.

    """
    with zipfile.ZipFile(path) as archive:
        weigh(archive, bounds)
        members = members_of(archive)
        book = calamine.CalamineWorkbook.from_path(path)
        for meta in book.sheets_metadata:
            if meta.typ is not calamine.SheetTypeEnum.WorkSheet:
                continue
            marks = marks_of(archive, members[meta.name], bounds)
            hidden = meta.visible is not calamine.SheetVisibleEnum.Visible
            say({"sheet": meta.name, "hidden": hidden})
            for row in rows_of(book.get_sheet_by_name(meta.name), marks):
                say(row)
    say({"end": True})


def say(document: object) -> None:
    """Write one JSON line."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def main() -> None:
    """Convert the workbook named first under the bounds given second."""
    bounds = Bounds(**json.loads(sys.argv[2]))
    confine(bounds)
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")  # type: ignore[union-attr]
    try:
        convert(sys.argv[1], bounds)
    except Refused as error:
        say({"fault": error.rule, "details": error.details})
    except BROKEN as error:
        say({"fault": "xlsx-broken", "details": {}, "because": str(error)[:200]})
    except MemoryError:
        say({"fault": "xlsx-large", "details": {}})


if __name__ == "__main__":
    main()
