"""Reads JSON strictly, record by record: an array, an object with `records`, or JSON lines.

Only a window of the file is in memory. Faults that a lenient parser accepts (a name twice, NaN, a
number of thousands of digits, half a surrogate pair, deep nesting) reject their own record only.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TextIO

from exchange.intake.damaged_cells import cell_damage, may_be_damaged
from exchange.intake.findings import CellLocation, Finding, finding, printable
from exchange.intake.header_matching import FormColumns, Header, best_kind, resolve_form
from exchange.intake.sheet import CONTROL, BrokenRowCounter, Row, StructureFaults, open_text
from exchange.model import HIDDEN_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from exchange.intake.encoding import Encoding
    from exchange.intake.limits import Limits

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MEMBER: Final = "records"


class JsonSheet:
    """A JSON file of records; see `sheet.Sheet`."""

    format = "json"
    header: Header | None = None

    def __init__(
        self,
        path: Path,
        name: str,
        encoding: Encoding,
        candidates: Sequence[FormColumns],
        limits: Limits,
    ) -> None:
        """Read the first record to determine the kind.

        Raises:
            UsageError: the names fit several kinds.

        """
        self.name = name
        self.encoding = encoding
        self.notes: list[Finding] = []
        self._path = path
        self._limits = limits
        self.origin = CellLocation(name)
        self._faults = StructureFaults(self.origin, limits)
        self.form_columns = candidates[0]
        self._any_kind = len({book.kind.slug for book in candidates}) > 1
        self._head_faults: list[Finding] = []
        self._choose(candidates)

    @property
    def faults(self) -> list[Finding]:
        """Breaks in the structure found so far."""
        return self._faults.found

    def rows(self) -> Iterator[Row]:
        """Yield the records as rows."""
        self._faults.found = [*self._head_faults]
        number = 0
        broken = BrokenRowCounter(self._faults)
        for line, raw, value in self._values():
            number += 1
            if number > self._limits.rows:
                self._faults.add("too-many-rows", row=number, line=line, limit=self._limits.rows)
                return
            row = self._row(number, line, raw, value)
            yield row
            if broken.count(row):
                return
        if not number and not self._faults.found:
            self._faults.add("empty", row=None, line=None)

    def _values(self) -> Iterator[tuple[int, str, Any]]:
        with open_text(self._path, self.encoding, self._faults) as stream:
            yield from _Values(stream, self._faults, self._limits)

    def _choose(self, candidates: Sequence[FormColumns]) -> None:
        first = next((value for _, _, value in self._values()), None)
        self._faults.found = []
        if not isinstance(first, dict):
            return
        kinds = {book.kind.class_iri.rpartition("#")[2]: book.kind.slug for book in candidates}
        slug = kinds.get(str(first.get("type")))
        suitable = [book for book in candidates if slug in (None, book.kind.slug)]
        names = [str(name) for name in first]
        of_kind = best_kind(suitable, names)
        if of_kind:
            # JSON names are of no form: their codes mean the same in all.
            coded = any(name in book.by_code for book in of_kind for name in names)
            self.form_columns = resolve_form(of_kind, names) if coded else of_kind[-1]
        elif self._any_kind:
            unknown = finding("no-json-fields", CellLocation(self.name, row=1))
            self._head_faults.append(replace(unknown, rule="no-header"))
            self._faults.found = [*self._head_faults]

    def _row(self, number: int, line: int, raw: str, value: Any) -> Row:
        location = CellLocation(self.name, row=number, line=line)
        if not isinstance(value, dict):
            return Row(number, line, raw, findings=(finding("json-not-object", location, raw),))
        flaws = tuple(
            finding(
                flaw.rule,
                CellLocation(self.name, row=number, line=line, code=flaw.name or None),
                flaw.value,
                limit=self._limits.depth if flaw.rule == "json-depth" else self._limits.digits,
                name=flaw.name,
                character=flaw.value,
            )
            for flaw in _flaws(value, self._limits.depth)
        )
        suspect = may_be_damaged(str(value) if "\\u" in raw else raw)
        odd = self._damage_findings(location, value) if suspect else ()
        if flaws or any(item.severity == "error" for item in odd):
            return Row(number, line, raw, findings=flaws + odd)
        if not any(name in self.form_columns.by_code for name in value):
            return Row(number, line, raw, record=value, findings=odd)
        return self._coded(location, raw, value, odd)

    def _damage_findings(
        self, location: CellLocation, value: dict[str, Any]
    ) -> tuple[Finding, ...]:
        """Return findings about damaged members, also inside arrays."""
        findings = []
        for name, item in value.items():
            known = self.form_columns.by_field.get(name) or self.form_columns.by_code.get(name)
            for text in item if isinstance(item, list) else [item]:
                damage = cell_damage(text, known) if isinstance(text, str) else None
                if damage:
                    at = replace(location, code=printable(name))
                    cell = HIDDEN_VALUE if known and known.hidden else text
                    findings.append(finding(damage[0], at, cell, damage[1]))
        return tuple(findings)

    def _coded(
        self, location: CellLocation, raw: str, value: dict[str, Any], odd: tuple[Finding, ...]
    ) -> Row:
        cells: dict[str, str] = {}
        findings = [*odd]
        for name, item in value.items():
            known = self.form_columns.by_code.get(name) or self.form_columns.find(name)
            if known is None or item is None:
                continue
            if isinstance(item, bool) or not isinstance(item, str | int | float):
                at = CellLocation(
                    location.file, None, location.row, location.line, None, name, known.name
                )
                findings.append(finding("json-value", at, printable(str(item))))
            else:
                cells[known.code] = str(item).strip()
        return Row(location.row or 0, location.line or 0, raw, cells, findings=tuple(findings))


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Replaces a forbidden value in a decoded record."""

    rule: str
    value: str
    name: str = ""


class _Flawed(dict[str, Any]):
    """A JSON object with a duplicate name."""

    twice: str = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    flawed = _Flawed(value)
    counts = Counter(name for name, _ in pairs)
    flawed.twice = next(name for name, count in counts.items() if count > 1)
    return flawed


def _decoder(digits: int) -> json.JSONDecoder:
    def integer(text: str) -> int | _Flaw:
        return int(text) if len(text) <= digits else _Flaw("json-number", printable(text))

    def real(text: str) -> float | _Flaw:
        value = float(text) if len(text) <= digits else math.inf
        return value if math.isfinite(value) else _Flaw("json-number", printable(text))

    def constant(text: str) -> _Flaw:
        return _Flaw("json-number", text)

    return json.JSONDecoder(
        object_pairs_hook=_object, parse_int=integer, parse_float=real, parse_constant=constant
    )


def _flaws(value: Any, depth: int, name: str = "") -> Iterator[_Flaw]:
    """Yield the flaws inside a decoded value, down to `depth` levels."""
    if isinstance(value, str):
        if not value.isprintable():
            yield from _text_flaws(value, name)
    elif isinstance(value, _Flaw):
        yield _Flaw(value.rule, value.value, name)
    elif isinstance(value, dict | list):
        if depth > 0:
            yield from _flaws_inside(value, depth, name)
        else:
            yield _Flaw("json-depth", "", name)


def _flaws_inside(value: dict[str, Any] | list[Any], depth: int, name: str) -> Iterator[_Flaw]:
    if isinstance(value, list):
        for item in value:
            yield from _flaws(item, depth - 1, name)
        return
    if isinstance(value, _Flawed):
        yield _Flaw("json-duplicate-name", "", printable(value.twice))
    for key, item in value.items():
        yield from _flaws(key, depth, printable(key))
        yield from _flaws(item, depth - 1, printable(key))


def _text_flaws(text: str, name: str) -> Iterator[_Flaw]:
    if _SURROGATE.search(text):
        yield _Flaw("json-surrogate", printable(_SURROGATE.sub("?", text)), name)
    bad = CONTROL.search(text.replace("\r\n", "\n"))
    if bad:
        yield _Flaw("control-character", f"U+{ord(bad.group()):04X}", name)


class _Window:
    """The part of the text that is in memory: at least one whole record beyond `at`."""

    def __init__(self, stream: TextIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self.text = ""
        self.at = 0
        self._counted = 0
        self._line = 1
        self.complete = False

    def fill(self) -> None:
        """Read on until a record of the largest size fits, or to the end of the file."""
        while not self.complete and len(self.text) - self.at <= self._size:
            self._line += self.text.count("\n", self._counted, self.at)
            more = self._stream.read(self._size)
            self.text = self.text[self.at :] + more
            self.at = self._counted = 0
            self.complete = not more

    def blank(self) -> str:
        """Skip blanks; return the next character, empty at the end."""
        while True:
            self.fill()
            match = _BLANK.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text) or self.complete:
                return self.text[self.at : self.at + 1]

    def line(self, at: int | None = None) -> int:
        """Return the line number of a position, by default of `at`."""
        if at is not None:
            return self._line + self.text.count("\n", self._counted, at)
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line


class _Stop(Exception):
    """The structure of the file is broken here; the fault has been recorded."""


class _Values:
    """The records of a JSON text, each with its line and its text on one line."""

    def __init__(self, stream: TextIO, faults: StructureFaults, limits: Limits) -> None:
        self._window = _Window(stream, limits.record_characters)
        self._decoder = _decoder(limits.digits)
        self._faults = faults
        self._limits = limits

    def __iter__(self) -> Iterator[tuple[int, str, Any]]:
        try:
            while first := self._window.blank():
                if first == "[":
                    yield from self._array()
                elif first == "{":
                    yield from self._object()
                else:
                    yield self._value()
        except _Stop:
            return

    def _array(self) -> Iterator[tuple[int, str, Any]]:
        window = self._window
        window.at += 1
        if window.blank() == "]":
            window.at += 1
            return
        while True:
            yield self._value()
            separator = window.blank()
            if separator not in (",", "]"):
                self._stop()
            window.at += 1
            if separator == "]":
                return

    def _object(self) -> Iterator[tuple[int, str, Any]]:
        """Yield the object itself, or the items of its `records` however long they are."""
        window = self._window
        start = window.at
        window.fill()
        try:
            value, end = self._decoder.raw_decode(window.text, start)
        except (ValueError, RecursionError):
            yield from self._members()
            return
        if isinstance(value.get(_MEMBER), list):
            yield from self._members()
            return
        line, raw = window.line(), window.text[start:end]
        window.at = end
        yield line, _one_line(raw), value

    def _members(self) -> Iterator[tuple[int, str, Any]]:
        """Walk through an object's members; only `records` is of interest."""
        window = self._window
        window.at += 1
        has_records = False
        while window.blank() != "}":
            name = self._value()[2]
            if not isinstance(name, str) or window.blank() != ":":
                self._stop()
            window.at += 1
            if name == _MEMBER and not has_records and window.blank() == "[":
                has_records = True
                yield from self._array()
            else:
                self._value()
            if window.blank() == ",":
                window.at += 1
            elif window.blank() != "}":
                self._stop()
        window.at += 1
        if not has_records:
            self._stop("json-size", limit=self._limits.record_characters)

    def _value(self) -> tuple[int, str, Any]:
        window = self._window
        if not window.blank():
            self._stop("json-cut")
        start = window.at
        try:
            value, end = self._decoder.raw_decode(window.text, start)
        except json.JSONDecodeError as error:
            # An open string is reported where it began; what it lacks is at the end.
            opened = error.msg.startswith("Unterminated string")
            self._stop(at=len(window.text) if opened else error.pos)
        except RecursionError:
            self._stop("json-depth", limit=self._limits.depth)
        if end - start > self._limits.record_characters:
            self._stop("json-size", limit=self._limits.record_characters)
        line = window.line()
        window.at = end
        return line, _one_line(window.text[start:end]), value

    def _stop(self, rule: str = "json-syntax", at: int | None = None, **details: Any) -> None:
        window = self._window
        position = window.at if at is None else at
        if rule == "json-syntax":
            details["character"] = position - window.text.rfind("\n", 0, position)
            if position >= len(window.text.rstrip()) and window.complete:
                rule = "json-cut"
            elif position >= len(window.text):
                rule, details = "json-size", {"limit": self._limits.record_characters}
        near = printable(window.text[position : position + 40])
        self._faults.add(rule, row=None, line=window.line(position), value=near, **details)
        raise _Stop


def _one_line(raw: str) -> str:
    """Return the text of a JSON value on one line; line ends occur between its parts only."""
    if "\n" in raw or "\r" in raw:
        return raw.replace("\r", " ").replace("\n", " ")
    return raw
