"""Writes a record's canonical N-Quads as JSON-LD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from exchange.model.shapes_graph import RDF

if TYPE_CHECKING:
    from exchange.model.kinds import Field, Kind

_TYPE: Final = f"{RDF}type"


class JsonView:
    """Writes records of one kind as JSON-LD."""

    def __init__(self, kind: Kind, context: str) -> None:
        self._kind = kind
        self._context = context

    def to_json(self, iri: str, triples: bytes) -> dict[str, Any]:
        """Return the statements of the record `iri` as JSON, fields in the shapes' order.

        Statements about other subjects are left out. A property that the model no longer knows is
        kept under its IRI.
        """
        objects: dict[str, list[ox.NamedNode | ox.Literal]] = {}
        subject = ox.NamedNode(iri)
        for quad in ox.parse(triples, ox.RdfFormat.N_QUADS):
            if quad.subject == subject and isinstance(quad.object, ox.NamedNode | ox.Literal):
                objects.setdefault(quad.predicate.value, []).append(quad.object)
        record: dict[str, Any] = {"@context": self._context, "id": iri}
        if objects.pop(_TYPE, None):
            record["type"] = self._kind.type_name
        for field in self._kind.fields:
            values = objects.pop(field.iri, None)
            if values:
                record[field.name] = _value(field, values)
        record |= {predicate: [_expanded(i) for i in v] for predicate, v in sorted(objects.items())}
        return record


def _value(field: Field, values: list[ox.NamedNode | ox.Literal]) -> str | list[str]:
    texts = [item.value.removeprefix(field.iri_base) for item in values]
    return texts if field.many else texts[0]


def _expanded(value: ox.NamedNode | ox.Literal) -> dict[str, str]:
    if isinstance(value, ox.NamedNode):
        return {"@id": value.value}
    return {"@value": value.value, "@type": value.datatype.value}
