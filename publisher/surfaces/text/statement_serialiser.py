"""What a record says, statement by statement, in Turtle and in JSON.

Text is cut from the view's bytes, never parsed: canonical N-Quads have one statement a line,
no line feed inside a literal, and escapes that Turtle and JSON read alike. Feeds and dumps
write their records with these phrases.
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
# Statements remembered for the next record: authorities, codes and dates come again and again.
_REMEMBERED: Final = 10_000


class SerialisedStatement(NamedTuple):
    """One statement without its subject; `key` and `value` are of the record's JSON object.

    `member` is both as they stand there when the property has no other value.
    """

    trig: bytes
    key: bytes
    value: bytes
    many: bool
    member: bytes


@dataclass(frozen=True, slots=True)
class _Predicate:
    """How a predicate is written in TriG and JSON, and how its values are in JSON."""

    name: bytes
    key: bytes
    json: Callable[[bytes], bytes]
    many: bool


class StatementSerialiser:
    """The statements of one kind. Not for several threads.

    So many statements are remembered, and of free text, which comes once a version, none unless
    `free_text`: for readers to whom both tiers' views of a version come one after the other.
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
        """Return what the view says of the record, in its order."""
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
        said = SerialisedStatement(
            trig, key, shown, many, (b"%b:[%b]" if many else b"%b:%b") % (key, shown)
        )
        # Free text is the record's own and comes once; codes, names of others and dates again.
        if self._free_text or not value.endswith(b'"'):
            if len(self._known) >= self._remembered:
                self._known.clear()
            self._known[text] = said
        return said

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
    """Return a term with our prefixes in place of what they stand for."""
    if value.endswith(b'"'):
        return value
    own = _OWN.fullmatch(value)
    if own:
        return b"cr:" + own[1]
    typed = _TYPED.fullmatch(value)
    return typed[1] + b"xsd:" + typed[2] if typed else value


def _compact(field: Field, value: bytes) -> bytes:
    """Return the JSON value that the context reads back as this term."""
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
    """Return the term with nothing left to a context."""
    if value.startswith(b"<"):
        return b'{"id":"%b"}' % value[1:-1]
    at = value.rindex(b'"') + 1
    text, ending = value[:at], value[at:]
    if ending.startswith(b"@"):
        return b'{"@value":%b,"@language":"%b"}' % (text, ending[1:])
    datatype = ending[3:-1] or _STRING.encode()
    return b'{"@value":%b,"@type":"%b"}' % (text, datatype)


def json_members(said: list[SerialisedStatement]) -> bytes:
    """Return the members of the record's JSON object; values of one property in one array."""
    if len({item.key for item in said}) == len(said):
        return b",".join([item.member for item in said])
    grouped: dict[bytes, list[SerialisedStatement]] = {}
    for item in said:
        grouped.setdefault(item.key, []).append(item)
    return b",".join(
        [
            b"%b:[%b]" % (key, b",".join([item.value for item in items]))
            if len(items) > 1
            else items[0].member
            for key, items in grouped.items()
        ]
    )
