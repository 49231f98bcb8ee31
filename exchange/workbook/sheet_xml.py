"""Reads from a sheet's XML what its values do not show: formulas, errors, formats, hidden parts.

A sheet may be larger than memory, so it is read through a window; the results are bounded.
Source: ECMA-376 part 1, 18.3.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from exchange.workbook.bounds import WorkbookBounds, WorkbookRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    # column (0 for A) -> what is odd about the cell
    Marks = dict[int, str]

_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 64 * 1024  # longer than a cell's tags and its formula
_MARKS: Final = 200_000  # of one sheet; more are a table of formulas
_RUNS: Final = 200_000  # of cells of one format in one column
_RANGES: Final = 1_000  # of hidden rows or columns that are told apart
_ROW_BOUND: Final = 1_048_576

_CELL: Final = rb'<(?:\w+:)?c\s(?=[^<>]*?\br="([A-Z]{1,3})([0-9]{1,7})")'
# A cell with an error, or one with a formula; of the latter, whether a value is kept beside it.
_MARKED: Final = re.compile(
    _CELL + rb'(?:[^<>]*?\bt="(e)"[^<>]*>'
    rb"|([^<>]*)>\s*<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(<(?:\w+:)?v(?:\s[^<>]*)?>[^<]|<(?:\w+:)?is>)?)"
)
_MARK_SIGNS: Final = (b't="e"', b"<f", b":f")  # without any, nothing is marked
_FAR: Final = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]+)[0-9]+"[^<>]*[^/<>]>')
_THREE: Final = re.compile(rb'\br="[A-Z]{3,}[0-9]')
_ROW: Final = re.compile(
    rb'<(?:\w+:)?row\s(?=[^<>]*?\br="([0-9]{1,7})")'
    rb'(?=[^<>]*?\b(?:hidden="(?:1|true)"|ht="0(?:\.0*)?"))'
)
_COLUMN: Final = re.compile(
    rb'<(?:\w+:)?col\s(?=[^<>]*?\bmin="([0-9]{1,5})")(?=[^<>]*?\bmax="([0-9]{1,5})")'
    rb'(?=[^<>]*?\b(?:hidden="(?:1|true)"|width="0(?:\.0*)?"))'
)
_FILTER: Final = re.compile(rb"autoFilter[\s>/]")
_ADDRESS: Final = re.compile(rb"<(?:\w+:)?c\s[^<>]*?\br=[\"']([A-Z]{1,3}[0-9]{1,7})[\"']")
_PARTS: Final = re.compile(rb"([A-Z]+)([0-9]+)")
_KEPT: Final = 2 * 16_384  # addresses before a chunk: those of two rows
_TYPE: Final = re.compile(rb'\bt="(\w+)"')
_STYLE: Final = re.compile(rb'\bs="([0-9]{1,6})"')
_TEXTS: Final = frozenset({b"s", b"str", b"inlineStr"})
# Cells that do not say where they stand, and attributes in single quotes.
_UNPLACED: Final = re.compile(rb"<(?:\w+:)?c(?=[\s/>])(?![^<>]*\br=\")")
_TAG: Final = re.compile(rb"<((?:\w+:)?(?:row|c))(?=[\s/>])([^<>]*?)(/?)>")
_PLACED: Final = re.compile(rb'\br="([A-Z]*)([0-9]+)"')


@dataclass(slots=True)
class Styles:
    """The styles whose number format matters: for numbers, and for texts (`@"号"`)."""

    numbers: frozenset[int] = frozenset()
    texts: frozenset[int] = frozenset()


@dataclass(slots=True)
class SheetFacts:
    """What was found in a sheet.

    `marks` by row (from 1) and column (0 for A); `runs` are [column, first row, last row, style];
    `rows` and `columns` are hidden ranges, both ends included, rows from 1 and columns from 0.
    """

    marks: dict[int, Marks] = field(default_factory=dict)
    runs: list[list[int]] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)
    columns: list[list[int]] = field(default_factory=list)
    filtered: bool = False


def scan_sheet(stream: IO[bytes], styles: Styles, bounds: WorkbookBounds) -> SheetFacts:
    """Read a sheet's XML and return what was found.

    Raises:
        WorkbookRefused: a cell lies beyond the columns allowed, or a limit is exceeded.

    """
    facts = SheetFacts()
    last: dict[int, list[int]] = {}
    styled = _styled(styles)
    count = 0
    twice = _DuplicateCells()
    for window in _windows(twice.watched(_with_addresses(_chunks(stream)))):
        count += _note_marks(window, facts)
        if count > _MARKS:
            raise WorkbookRefused("xlsx-formulas", limit=_MARKS)
        if styled is not None:
            _note_format_runs(styled.finditer(window), styles, facts, last)
        _note_hidden(window, facts)
        far = _cell_beyond(window, bounds)
        if far:
            raise WorkbookRefused("xlsx-far-cell", cell=far, limit=bounds.columns)
    for row, column in twice.found:
        facts.marks.setdefault(row, {})[column] = "cell-twice"
    return facts


class _DuplicateCells:
    """Finds cells that a sheet gives twice: either value may be the wrong one.

    `found` are (row, column), rows from 1 and columns from 0.
    """

    def __init__(self) -> None:
        self.found: list[tuple[int, int]] = []
        self._before: list[bytes] = []

    def watched(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks, after checking the cell addresses of all tags in them."""
        kept = b""
        for chunk in chunks:
            yield chunk
            whole, _, open_tag = (kept + chunk).rpartition(b"<")
            kept = b"<" + open_tag
            self._look(whole)
        self._look(kept)

    def _look(self, text: bytes) -> None:
        addresses = [*self._before, *_ADDRESS.findall(text)]
        if len(set(addresses)) < len(addresses):
            seen: set[bytes] = set()
            for address in addresses:
                parts = _PARTS.fullmatch(address) if address in seen else None
                if parts and len(self.found) < _MARKS:
                    self.found.append((int(parts[2]), column_position(parts[1])))
                seen.add(address)
            addresses = [*dict.fromkeys(addresses)]
        self._before = addresses[-_KEPT:]


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _windows(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield each chunk preceded by the end of the one before, since a cell may span both."""
    kept = b""
    for chunk in chunks:
        window = kept + chunk
        yield window
        kept = window[-_OVERLAP:]


def _with_addresses(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks, with addresses added to cells that have none."""
    kept, counter = b"", None
    for number, chunk in enumerate(chunks):
        if not number and _UNPLACED.search(chunk):
            counter = _AddressCounter()
        if counter is None:
            yield chunk
            continue
        whole, _, open_tag = (kept + chunk).rpartition(b"<")
        kept = b"<" + open_tag
        yield _TAG.sub(counter.written, whole)
    if counter is not None:
        yield _TAG.sub(counter.written, kept)


class _AddressCounter:
    """Counts rows and cells that have no address, as a spreadsheet does."""

    def __init__(self) -> None:
        self.row = self.column = 0

    def written(self, match: re.Match[bytes]) -> bytes:
        name, attributes, end = match[1], match[2].replace(b"'", b'"'), match[3]
        explicit = _PLACED.search(attributes)
        if name.endswith(b"row"):
            self.row = int(explicit[2]) if explicit else self.row + 1
            self.column = 0
            address = b"%d" % self.row
        else:
            column = column_position(explicit[1]) if explicit and explicit[1] else self.column
            self.column = column + 1
            address = column_letters(column) + b"%d" % self.row
        placed = b"" if explicit else b' r="' + address + b'"'
        return b"<" + name + placed + attributes + end + b">"


def _note_marks(window: bytes, facts: SheetFacts) -> int:
    count = 0
    if not any(sign in window for sign in _MARK_SIGNS):
        return 0
    for match in _MARKED.finditer(window):
        kind = "error" if match[3] else "formula" if match[5] else "formula-empty"
        text = _TYPE.search(match[4] or b"")
        if kind == "formula-empty" and text and text[1] == b"str":
            continue  # a formula that gave an empty text: the cell is blank
        facts.marks.setdefault(int(match[2]), {})[column_position(match[1])] = kind
        count += 1
    return count


def _styled(styles: Styles) -> re.Pattern[bytes] | None:
    numbers = b"|".join(b"%d" % style for style in sorted(styles.numbers | styles.texts))
    if not numbers:
        return None
    return re.compile(_CELL + rb'(?=[^<>]*?\bs="(?:' + numbers + rb')")[^<>]*>')


def _note_format_runs(
    cells: Iterable[re.Match[bytes]],
    styles: Styles,
    facts: SheetFacts,
    last: dict[int, list[int]],
) -> None:
    """Record the number formats of cells, one entry for cells below each other."""
    for cell in cells:
        style, cell_type = _STYLE.search(cell[0]), _TYPE.search(cell[0])
        known = styles.texts if cell_type and cell_type[1] in _TEXTS else styles.numbers
        number = int(style[1]) if style else -1
        if number not in known or (cell_type and cell_type[1] not in _TEXTS | {b"n"}):
            continue
        column, row = column_position(cell[1]), int(cell[2])
        run = last.get(column)
        if run is not None and run[3] == number and run[1] <= row <= run[2] + 1:
            run[2] = max(run[2], row)
            continue
        if run is not None and row <= run[2]:
            continue  # met in the window before
        last[column] = [column, row, row, number]
        facts.runs.append(last[column])
        if len(facts.runs) > _RUNS:
            raise WorkbookRefused("xlsx-formats", limit=_RUNS)


def _note_hidden(window: bytes, facts: SheetFacts) -> None:
    if b"hidden=" in window or b'ht="0' in window or b'width="0' in window:
        for match in _ROW.finditer(window):
            _extend_ranges(facts.rows, int(match[1]), int(match[1]))
        for match in _COLUMN.finditer(window):
            _extend_ranges(facts.columns, int(match[1]) - 1, int(match[2]) - 1)
    facts.filtered = facts.filtered or _FILTER.search(window) is not None


def _extend_ranges(ranges: list[list[int]], first: int, last: int) -> None:
    if ranges and first <= ranges[-1][1] + 1:
        ranges[-1][1] = max(ranges[-1][1], last)
    elif len(ranges) < _RANGES:
        ranges.append([first, last])
    else:
        ranges[-1][1] = last


def _cell_beyond(window: bytes, bounds: WorkbookBounds) -> str:
    # Three letters begin at column 703: only those need be looked at one by one.
    for match in _FAR.finditer(window) if b'r="' in window and _THREE.search(window) else ():
        if column_position(match[1]) >= bounds.columns:
            return match[1].decode()[:8]
    return ""


def column_position(letters: bytes) -> int:
    """Return the position of a column by its letters, 0 for A."""
    number = 0
    for letter in letters[:8]:
        number = number * 26 + letter - 64
    return number - 1


def column_letters(position: int) -> bytes:
    """Return the letters of a column, 0 for A."""
    letters = b""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = b"%c" % (65 + rest) + letters
    return letters
