"""Records -> bodies (exchange.domain.body): the statements with their disclosure leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.access import Leaf
from exchange.domain.body import line, statement_of
from exchange.model.canonical import literal
from exchange.model.checks import holds
from exchange.model.graph import RDF, XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exchange.model.kinds import Field, Kind

_STRING: Final = f"{XSD}string"


@dataclass(frozen=True, slots=True)
class _Writer:
    name: str
    many: bool
    head: str  # a body line up to its object
    heads: tuple[tuple[Callable[[Mapping[str, Any]], bool], str], ...]  # under conditions
    term: Callable[[str], str]  # object and line feed

    def start(self, record: Mapping[str, Any]) -> str:
        for applies, head in self.heads:
            if applies(record):
                return head
        return self.head


def body_writer(kind: Kind) -> Callable[[Mapping[str, Any]], str]:
    """Return the function that gives the body of a checked, completed record.

    The body comes out sorted, as `exchange.domain.body.body` would sort it: predicates are
    written in their order, and a test holds the two equal.
    """
    links = link_numbers(kind)
    first = line(Leaf.PUBLIC_OPEN, f"<{RDF}type> <{kind.class_iri}>") + "\n"
    writers = [
        _Writer(
            field.name,
            field.many,
            _head(field, field.leaf, links.get(field.name)),
            tuple(
                (holds(rule.when), _head(field, rule.leaf, links.get(field.name)))
                for rule in field.leaf_when
            ),
            _object(field),
        )
        for field in sorted(kind.fields, key=lambda field: f"<{field.iri}>")
    ]
    early = [item for item in writers if statement_of(item.head) < statement_of(first)]
    late = [(item.name, item) for item in writers if item not in early]

    def write(record: Mapping[str, Any]) -> str:
        parts = [text for item in early for text in _texts(item, record)]
        parts.append(first)
        for name, item in late:
            if name not in record:
                continue
            if item.many or item.heads:
                parts += _texts(item, record)
            else:
                parts += (item.head, item.term(record[name]))
        return "".join(parts)

    return write


def _texts(item: _Writer, record: Mapping[str, Any]) -> list[str]:
    """Return the lines of one field, sorted."""
    if item.name not in record:
        return []
    value = record[item.name]
    start = item.start(record)
    values = sorted({item.term(one) for one in value}) if item.many else [item.term(value)]
    return [start + text for text in values]


def link_numbers(kind: Kind) -> dict[str, int]:
    """Return the link that each field states, by field; dropping the link drops its lines.

    A field of the record's own key is part of the quoted key at times (the counterpart of both),
    but states the record itself.
    """
    numbers: dict[str, int] = {}
    for number, quotation in enumerate(kind.quotations):
        quoted = {name for names in quotation.key_from.values() for name in names}
        for name in (quotation.kind_from, *sorted(quoted - set(kind.key))):
            field = kind.field(name)
            for stated in (name, field.key_fallback, field.person_from):
                if stated:
                    numbers[stated] = number
    return numbers


def _head(field: Field, leaf: Leaf, link: int | None) -> str:
    return line(leaf, f"<{field.iri}> ", link)


def _object(field: Field) -> Callable[[str], str]:
    if field.datatype is None:
        base = field.base
        # JSON writes members of the base by their last part only, others in full. Patterns
        # have excluded whatever an IRI would have to escape.
        return lambda value: f"<{value}>\n" if ":" in value else f"<{base}{value}>\n"
    if field.datatype == _STRING:
        return lambda value: literal(value) + "\n"
    end = f'"^^<{field.datatype}>\n'
    return lambda value: f'"{value}{end}'
