"""Serialises the statements of a record in Turtle and JSON.

Text is cut from the view's bytes, never parsed: canonical N-Quads have one statement a line,
no line feed inside a literal, and escapes that Turtle and JSON share. Used by feeds and dumps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from ontology.namespaces import PREFIXES, RDF_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from exchange.model.kinds import Field, Kind

_STRING: Final = PREFIXES["xsd"] + "string"
_TYPE: Final = RDF_TYPE.encode()
_OWN: Final = re.compile(b"<" + re.escape(PREFIXES["cr"].encode()) + rb"([A-Za-z][A-Za-z0-9]*)>")
_TYPED: Final = re.compile(
    rb'(".*"\^\^)<' + re.escape(PREFIXES["xsd"].encode()) + rb"([A-Za-z]+)>", re.DOTALL
)
# Statements cached for the next records: authorities, codes and dates repeat.
_REMEMBERED: Final = 10_000


class SerialisedStatement(NamedTuple):
    """One statement without its subject: `trig`, and `key` and `value` of the JSON object.

    `member` is key and value joined, for a property with this one value.
    """

    trig: bytes
    key: bytes
    value: bytes
    many: bool
    member: bytes


@dataclass(frozen=True, slots=True)
class _Predicate:
    """A predicate in TriG and JSON, and the function that writes its values in JSON."""

    name: bytes
    key: bytes
    json: Callable[[bytes], bytes]
    many: bool


class StatementSerialiser:
    """Serialises the statements of records of one kind. Not thread-safe.

    Caches at most `remembered` statements. Free text is cached only with `free_text`: it repeats
    only where both tiers' views of a version are serialised one after the other.
    """

    def __init__(
        self, kind: Kind | None, remembered: int = _REMEMBERED, *, free_text: bool = False
    ) -> None:
        self._kind = kind
        self._remembered = remembered
        self._free_text = free_text
        self._fields = {f.iri.encode(): f for f in kind.fields} if kind else {}
        self._known: dict[bytes, SerialisedStatement] = {}
        self._predicates: dict[bytes, _Predicate] = {}

    def serialise(self, iri: bytes, view: bytes) -> list[SerialisedStatement]:
        """Return the statements of a view, in its order."""
        known, start = self._known, len(iri) + 3
        # One statement a line, and the subject of all is the record
        # (docs/design/model.md "Identity").
        return [
            known.get(line[start:-2]) or self._learn(line[start:-2])
            for line in view.split(b"\n")[:-1]
        ]

    def _learn(self, text: bytes) -> SerialisedStatement:
        iri, _, value = text[1:].partition(b"> ")
        predicate = self._predicates.get(iri)
        if predicate is None:
            predicate = self._predicates[iri] = self._read(iri)
        trig = b"%b %b" % (predicate.name, _short(value))
        shown, key, many = predicate.json(value), predicate.key, predicate.many
        statement = SerialisedStatement(
            trig, key, shown, many, (b"%b:[%b]" if many else b"%b:%b") % (key, shown)
        )
        # Free text is the record's own and comes once; codes, names of others and dates again.
        if self._free_text or not value.endswith(b'"'):
            if len(self._known) >= self._remembered:
                self._known.clear()
            self._known[text] = statement
        return statement

    def _read(self, iri: bytes) -> _Predicate:
        if iri == _TYPE:
            return _Predicate(b"a", b'"type"', self._type, many=False)
        name, field = _short(b"<%b>" % iri), self._fields.get(iri)
        if field is None:
            return _Predicate(name, b'"%b"' % iri, _expanded, many=True)
        return _Predicate(name, b'"%b"' % field.name.encode(), partial(_compact, field), field.many)

    def _type(self, value: bytes) -> bytes:
        ours = self._kind is not None and value == b"<%b>" % self._kind.class_iri.encode()
        return b'"%b"' % (self._kind.type_name.encode() if ours and self._kind else value[1:-1])


def _short(value: bytes) -> bytes:
    """Return a term of N-Quads with our prefixes."""
    if value.endswith(b'"'):
        return value
    own = _OWN.fullmatch(value)
    if own:
        return b"cr:" + own[1]
    typed = _TYPED.fullmatch(value)
    return typed[1] + b"xsd:" + typed[2] if typed else value


def _compact(field: Field, value: bytes) -> bytes:
    """Return the short JSON value that the JSON-LD context expands to this term."""
    if field.datatype is None:
        base = b"<" + field.iri_base.encode()
        if value.startswith(base) and value.endswith(b">"):
            return b'"%b"' % value[len(base) : -1]
    elif field.datatype == _STRING:
        if value.endswith(b'"'):
            return value
    else:
        ending = b"^^<%b>" % field.datatype.encode()
        if value.endswith(ending):
            return value[: -len(ending)]
    return _expanded(value)


def _expanded(value: bytes) -> bytes:
    """Return the JSON value of a term in full, independent of a context."""
    if value.startswith(b"<"):
        return b'{"id":"%b"}' % value[1:-1]
    at = value.rindex(b'"') + 1
    text, ending = value[:at], value[at:]
    if ending.startswith(b"@"):
        return b'{"@value":%b,"@language":"%b"}' % (text, ending[1:])
    datatype = ending[3:-1] or _STRING.encode()
    return b'{"@value":%b,"@type":"%b"}' % (text, datatype)


def json_members(statements: list[SerialisedStatement]) -> bytes:
    """Return the members of the record's JSON object; several values become one array."""
    if len({item.key for item in statements}) == len(statements):
        return b",".join([item.member for item in statements])
    grouped: dict[bytes, list[SerialisedStatement]] = {}
    for item in statements:
        grouped.setdefault(item.key, []).append(item)
    return b",".join(
        [
            b"%b:[%b]" % (key, b",".join([item.value for item in items]))
            if len(items) > 1
            else items[0].member
            for key, items in grouped.items()
        ]
    )
