"""The CSV of a kind: its columns, cells, first rows and CSV on the Web metadata.

Purpose: one column a property, in the shapes' order; codes by their Chinese name, organisations
by their code, several values of a cell parted by `；`. Text that a spreadsheet would take for a
formula gets a quote before it (docs/design/model.md "Text and amounts"); intake takes it off again.
Sources: RFC 4180; W3C "Metadata Vocabulary for Tabular Data" (2015).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.disclosure_levels import VIEW_LETTERS
from exchange.model.form_writer import SEPARATOR, escape_formula
from exchange.model.kinds import FieldType
from publisher.surfaces.dumps.addresses import HEADERS
from publisher.surfaces.triples.change_coalescing import OBJECTION

if TYPE_CHECKING:
    from exchange.domain.disclosure_levels import Tier
    from exchange.model.kinds import Field, Kind

BOM: Final = b"\xef\xbb\xbf"
LINE_END: Final = b"\r\n"
_QUOTED: Final = re.compile(rb'[",\r\n]')
_REMEMBERED: Final = 10_000  # statements
_PARTED: Final = SEPARATOR.encode()
# First bytes of what may be a formula; U+FF1D and its like begin with 0xEF.
_RISKY: Final = frozenset([b"=", b"+", b"-", b"@", b"'", b"\xef"])
_BASES: Final = {
    FieldType.DATE: {"base": "date", "format": "yyyy-MM-dd"},
    FieldType.MOMENT: {"base": "datetime", "format": "yyyy-MM-ddTHH:mm:ssXXX"},
    FieldType.MONEY: {"base": "decimal"},
}
_NOTE: Final = {
    "zh": (
        "以 = + - @（含全角）开头的文本前加了一个单引号，防止表格软件当作公式；"
        "还原时去掉一个即可，credence load 会自动去掉。"
    ),
    "en": (
        "Text that begins with = + - @ or a full-width twin has one quote (') before it, so that "
        "no spreadsheet takes it for a formula; take one off. `credence load` does."
    ),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its property, its names by kind of first row, and its field."""

    iri: str
    names: dict[str, str]
    field: Field | None


def columns_of(kind: Kind | None, tier: Tier) -> tuple[Column, ...]:
    """Return the columns of a kind in a tier: record IRI, properties, objection mark."""
    fields = [] if kind is None else [field for field in kind.fields if _shown(field, tier)]
    columns = [Column("", {"zh": "记录", "code": "id", "en": "record"}, None)]
    taken = {name: {text} for name, text in columns[0].names.items()}
    for field in fields:
        names = {"zh": field.label.zh, "code": _code(kind, field), "en": field.label.en}
        for head, text in names.items():
            # Two properties may fill one column of the national form, or have one label.
            names[head] = text if text not in taken[head] else f"{text} ({field.name})"
            taken[head].add(names[head])
        columns.append(Column(field.iri, names, field))
    mark = {"zh": "异议处理中", "code": "objectionOpen", "en": "objection open"}
    return (*columns, Column(OBJECTION, mark, None))


def _shown(field: Field, tier: Tier) -> bool:
    leaves = (field.disclosure, *(rule.disclosure for rule in field.disclosure_when))
    return any(leaf.letter in VIEW_LETTERS[tier] for leaf in leaves)


def _code(kind: Kind | None, field: Field) -> str:
    """Return the field's column in the newest national form, else its JSON name."""
    for form in reversed(kind.forms if kind else ()):
        for column in field.columns_in(form):
            return column.code
    return field.name


class CsvTable:
    """Writes the rows of one kind in one tier."""

    def __init__(self, kind: Kind | None, tier: Tier) -> None:
        self.columns = columns_of(kind, tier)
        self._places = {
            column.iri.encode(): (column_number, column)
            for column_number, column in enumerate(self.columns)
            if column.iri
        }
        self._several = [
            column_number
            for column_number, column in enumerate(self.columns)
            if column.field and column.field.many
        ]
        # The last cell collects values without a column.
        self._blank = [b""] * (len(self.columns) + 1)
        self._known: dict[bytes, tuple[int, bytes]] = {}
        self._labels = {
            field.name: {one.notation: one.label.zh for one in field.scheme.concepts.values()}
            for column in self.columns
            if (field := column.field) and field.scheme
        }

    def heads(self) -> dict[str, bytes]:
        """Return the first row in each kind of names, after the byte order mark."""
        return {
            name: BOM
            + b",".join(_quoted(column.names[name].encode()) for column in self.columns)
            + LINE_END
            for name in HEADERS
        }

    def row(self, iri: bytes, view: bytes, *, objection: bool) -> bytes:
        """Return the row of a record; every statement of its view has the record as subject."""
        cells, known, start = self._blank.copy(), self._known, len(iri) + 3
        cells[0] = iri
        if objection:
            cells[-2] = b"true"
        for line in view.split(b"\n")[:-1]:
            statement = line[start:-2]
            column_number, text = known.get(statement) or self._learn(statement)
            cells[column_number] = (
                b"%b%b%b" % (cells[column_number], _PARTED, text) if cells[column_number] else text
            )
        for column_number in self._several:
            if cells[column_number]:
                cells[column_number] = _ready(cells[column_number].decode())
        return b",".join(cells[:-1]) + LINE_END

    def _learn(self, statement: bytes) -> tuple[int, bytes]:
        """Return the column number of a statement and its cell.

        Cells that may have several values are quoted by `row`. A value without a column goes to
        the cell after the last.
        """
        predicate, _, value = statement[1:].partition(b"> ")
        cell = self._cell(predicate, value)
        # Free text is the record's own and comes once; codes, names of others and dates again.
        if not value.endswith(b'"'):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[statement] = cell
        return cell

    def _cell(self, predicate: bytes, value: bytes) -> tuple[int, bytes]:
        found = self._places.get(predicate)
        if found is None:
            return len(self.columns), b""
        column_number, column = found
        if b"\\" in value or value.startswith(b"<") or column_number in self._several:
            shown = self._shown(column.field, value)
            is_part = column_number in self._several
            return column_number, shown.encode() if is_part else _ready(shown)
        # Most are texts without escapes, so without quotes and line feeds.
        text = value[1 : value.rindex(b'"')]
        if text[:1] in _RISKY:
            return column_number, _ready(text.decode())
        return column_number, b'"%b"' % text if b"," in text else text

    def _shown(self, field: Field | None, value: bytes) -> str:
        text = _lexical(value)
        if field is None or field.datatype is not None:
            return text
        text = text.removeprefix(field.iri_base)
        return self._labels.get(field.name, {}).get(text, text)


def _ready(text: str) -> bytes:
    """Return a cell, guarded against formulas and quoted."""
    return _quoted(escape_formula(text).encode())


def _lexical(value: bytes) -> str:
    """Return the text of a term of N-Quads."""
    if value.startswith(b"<"):
        return value[1:-1].decode()
    quoted = value[: value.rindex(b'"') + 1]
    # The escapes of canonical N-Quads are those of JSON.
    return str(json.loads(quoted)) if b"\\" in quoted else quoted[1:-1].decode()


def _quoted(cell: bytes) -> bytes:
    return b'"%b"' % cell.replace(b'"', b'""') if _QUOTED.search(cell) else cell


def metadata(kind: Kind, tier: Tier, url: str, head: str) -> bytes:
    """Return the CSV on the Web metadata of a dump at `url`, relative to where they stand.

    `head` is the kind of its first row.
    """
    document: dict[str, Any] = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "zh"}],
        "url": url,
        "dc:title": [
            {"@value": kind.label.zh, "@language": "zh"},
            {"@value": kind.label.en, "@language": "en"},
        ],
        "dc:description": [
            {"@value": text, "@language": lang} for lang, text in sorted(_NOTE.items())
        ],
        "tableSchema": {
            "aboutUrl": "{+id}",
            "primaryKey": "id",
            "columns": [_described(column, head) for column in columns_of(kind, tier)],
        },
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _described(column: Column, head: str) -> dict[str, Any]:
    names, field = column.names, column.field
    # The first row must be one of the titles, and readers look at the first one first.
    titles = dict.fromkeys([names[head], *names.values()])
    found: dict[str, Any] = {
        "name": field.name if field else names["code"],
        "titles": list(titles),
    }
    if field is None:
        plain = {"base": "boolean", "format": "true|false"} if column.iri else {"base": "anyURI"}
        found["datatype"] = plain
        found["required"] = not column.iri
    else:
        found["datatype"] = _datatype(field)
        if field.many:
            found["separator"] = SEPARATOR
    if column.iri and not (field and field.datatype is None):
        found["propertyUrl"] = column.iri
    return found


def _datatype(field: Field) -> dict[str, Any]:
    if field.scheme is not None:
        labels = [one.label.zh for one in field.scheme.concepts.values()]
        return {"base": "string", "format": "|".join(map(re.escape, labels))}
    found = _BASES.get(field.field_type, {"base": "string"})
    return dict(found)
