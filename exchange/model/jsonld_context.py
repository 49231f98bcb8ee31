"""The JSON-LD 1.1 context of all kinds (docs/design/model.md "Names")."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from exchange.model.shapes_graph import XSD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exchange.model.kinds import Field, Kind, Model


def jsonld_context(model: Model) -> bytes:
    """Return the context document: one protected definition a JSON name, whole IRIs only."""
    terms = context_terms(model.kinds.values())
    head: dict[str, Any] = {"@version": 1.1, "@protected": True, "id": "@id", "type": "@type"}
    document = {"@context": head | dict(sorted(terms.items()))}
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def context_terms(kinds: Iterable[Kind]) -> dict[str, Any]:
    """Return the definitions of the kinds' types and fields by their JSON names."""
    chosen = list(kinds)
    terms: dict[str, Any] = {kind.type_name: kind.class_iri for kind in chosen}
    return terms | {field.name: _definition(field) for kind in chosen for field in kind.fields}


def _definition(field: Field) -> str | dict[str, Any]:
    definition: dict[str, Any] = {"@id": field.iri}
    if field.datatype is None:
        # The scoped vocabulary makes an IRI of a code; unlike @base it works in a context
        # that is fetched.
        definition |= {"@type": "@vocab", "@context": {"@vocab": field.iri_base}}
    elif field.datatype != f"{XSD}string":
        definition["@type"] = field.datatype
    if field.many:
        definition["@container"] = "@set"
    return field.iri if len(definition) == 1 else definition
