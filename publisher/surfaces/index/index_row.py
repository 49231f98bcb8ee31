"""Maps the view of a record to its row in the index, from the view's bytes (pure).

Every statement of a view has the record as its subject (docs/design/model.md "Identity"), so a view
is cut at its own subject and no parser is needed. What a property means for lists and search stands
here alone.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.identifiers import USCC_BASE
from exchange.domain.keys import searchable
from exchange.model import FieldType
from exchange.model.canonical_terms import unescape
from ontology.terms import NS
from publisher.surfaces.set_digest import digest_hex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exchange.model import Kind

# The first that a record has names it, numbers it, dates it.
NAMES: Final = ("counterpartName", "subjectName", "measureName")
NUMBERS: Final = ("documentNumber", "measureCode", "caseNumber", "uscc")
DATES: Final = ("decidedOn", "effectiveFrom", "establishedOn")
_SEARCHED: Final = (
    *NAMES, "formerName", *NUMBERS, "documentTitle", "certificateName", "certificateNumber",
    "businessRegistrationNumber", "organisationCode",
)  # fmt: skip
_LIST: Final = "onList"
_APPLIES: Final = "appliesToList"
_REGISTER: Final = ("subjectCategory", "registrationStatus", "division")
_MEASURE: Final = (
    "measureClass", "legalBasis", "implementingUnit", "effectiveFrom", "effectiveUntil",
    "endCondition",
)  # fmt: skip
_USED: Final = frozenset(
    (*_SEARCHED, *DATES, *_REGISTER, *_MEASURE, _LIST, _APPLIES, "authorityName")
)
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_KIND: Final = "type"  # no property of ours has this name

SUBJECT: Final = "subject"  # the kind of register records

# A text no shape allows is shown cut; who wants all of it opens the record.
LONGEST: Final = 300
_SEARCHED_MOST: Final = 1_000  # characters of one value that are searched
# Stands between two values, so that no phrase runs from one into the next. Folding drops it.
BREAK: Final = "·"


class IndexRow(NamedTuple):
    """The row of one record, in the order of table `record`; `until` and `list` may be None."""

    iri: str
    kind: str
    code: str
    name: str
    number: str
    day: str
    authority: str
    list: str | None
    until: str | None
    print: bytes
    words: str


class IndexDetails(NamedTuple):
    """Rows of the other tables: mentions (role, code), register entry, measure, its lists."""

    mentions: Sequence[tuple[str, str]]
    subject: tuple[str, str, str] | None
    measure: tuple[str, str, str, str, str | None, str] | None
    applies: Sequence[str]


class IndexMapping:
    """Maps properties of the model's kinds to index columns; the same for every tier."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._slugs: dict[str, str] = {}
        self._ends: dict[str, str] = {}
        self._names = {_bracketed(NS + name): name for name in _USED} | {_bracketed(_TYPE): _KIND}
        self.roles: dict[str, str] = {}  # name -> property IRI, in the order of the kinds
        about: set[str] = set()
        for kind in sorted(kinds, key=lambda kind: kind.slug):
            self._slugs[kind.class_iri] = kind.slug
            if kind.publicity_end is not None:
                self._ends[kind.slug] = kind.publicity_end
                self._names[_bracketed(kind.field(kind.publicity_end).iri)] = kind.publicity_end
            for field in kind.fields:
                if field.field_type is FieldType.ORGANISATION and field.iri_base == USCC_BASE:
                    self._names[_bracketed(field.iri)] = field.name
                    self.roles[field.name] = field.iri
                    if field.code_from:  # made of the record's own code: it is about the subject
                        about.add(field.name)
        self.about: tuple[str, ...] = tuple(sorted(about))

    def read(self, iri: str, view: bytes) -> tuple[IndexRow, IndexDetails]:
        """Return the rows of a view (canonical N-Quads whose subject is `iri`)."""
        values = self._values_of(iri, view)
        kind = self._slugs.get(_first(values, (_KIND,)), "")
        mentions = [
            (role, value[len(USCC_BASE) :])
            for role in self.roles
            if role in values
            for value in values[role]
            if value.startswith(USCC_BASE)
        ]
        code = next((code for role, code in mentions if role in self.about), "")
        facts = IndexRow(
            iri,
            kind,
            code,
            _first(values, NAMES)[:LONGEST],
            _first(values, NUMBERS)[:LONGEST],
            _first(values, DATES),
            _first(values, ("authorityName",))[:LONGEST],
            _notation(_first(values, (_LIST,))) or None,
            _first(values, (self._ends.get(kind, ""),)) or None,
            view_hash(view),
            BREAK.join(
                searchable(value[:_SEARCHED_MOST])
                for name in _SEARCHED
                if name in values
                for value in values[name]
            ),
        )
        return facts, IndexDetails(mentions, *_more(values))

    def indexed_statements(self, iri: str, view: bytes) -> bytes:
        """Return the statements of a view that `read` uses, as a view."""
        names, start = self._names, len(iri.encode()) + 3
        values = [
            statement
            for statement in view.split(b" .\n")[:-1]
            if statement[start : statement.index(b" ", start)] in names
        ]
        return b" .\n".join([*values, b""])

    def _values_of(self, iri: str, view: bytes) -> dict[str, list[str]]:
        names, values, start = self._names, dict[str, list[str]](), len(iri.encode()) + 3
        # A literal has no line feed of its own, so nothing else looks like this.
        for statement in view.split(b" .\n"):
            predicate, _, term = statement[start:].partition(b" ")
            name = names.get(predicate)
            if name is None:
                continue
            if name in values:
                values[name].append(_value(term))
            else:
                values[name] = [_value(term)]
        return values


def rows_digest(rows: Iterable[Sequence[object]]) -> str:
    """Return an order-free digest of rows (the columns of `IndexRow`), in hexadecimal."""
    return digest_hex(sum(map(row_sum, rows)))


def row_sum(row: Sequence[object]) -> int:
    """Return what one row adds to the digest."""
    text = "\x1f".join("" if item is None else str(item) for item in row)
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def view_hash(view: bytes) -> bytes:
    """Return a hash of a view, 16 bytes."""
    return hashlib.sha256(view).digest()[:16]


def subject_of(view: bytes) -> str:
    """Return the subject IRI of a view."""
    return view[1 : view.index(b">")].decode()


def kind_token(kind: str) -> str:
    """Return the token of a kind in the full-text table."""
    return searchable(kind) or "NONE"


def one_token_each(words: str) -> str:
    """Return folded text with one character a token, for the full-text table."""
    return " ".join(words)


def _more(
    values: Mapping[str, Sequence[str]],
) -> tuple[
    tuple[str, str, str] | None, tuple[str, str, str, str, str | None, str] | None, Sequence[str]
]:
    subject = measure = None
    if "subjectCategory" in values:
        category, status, division = (_notation(_first(values, (name,))) for name in _REGISTER)
        subject = category, status, division
    if "measureClass" in values:
        level, basis, unit, since, until, ends = (_first(values, (name,)) for name in _MEASURE)
        measure = _notation(level), basis, unit, since, until or None, ends
    return subject, measure, [_notation(value) for value in values.get(_APPLIES, ())]


def _value(term: bytes) -> str:
    # An IRI or a plain literal; what has a type or a language ends in more than a quote.
    plain = term.startswith(b"<") or term.endswith(b'"')
    value = (term[1:-1] if plain else term[1 : term.rindex(b'"')]).decode()
    return unescape(value) if "\\" in value else value


def _first(values: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    for name in names:
        if name in values:
            return values[name][0]
    return ""


def _bracketed(iri: str) -> bytes:
    return b"<%s>" % iri.encode()


def _notation(iri: str) -> str:
    return iri.rpartition("/")[2]
