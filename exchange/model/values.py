"""Reads value types from shapes/common.ttl, and makes those of code lists."""

from __future__ import annotations

import re
from typing import Final

import pyoxigraph as ox

from exchange.domain.errors import DataInvalid
from exchange.model.kinds import FieldType, Label, Scheme, ValueType
from exchange.model.shapes_graph import CR, RDF, SH, XSD, Graph, Node, local_name, node_text

FORMATS: Final = frozenset({"uscc", "date", "moment", "id-number"})
_TERMS: Final = frozenset(
    [f"{RDF}type"]
    + [SH + name for name in ("datatype", "nodeKind", "pattern", "message")]
    + [CR + name for name in ("format", "iriBase", "blankWord", "dropPlaceholder")]
)
_FIELD_TYPES: Final = {
    f"{XSD}string": FieldType.TEXT,
    f"{XSD}date": FieldType.DATE,
    f"{XSD}dateTime": FieldType.MOMENT,
    f"{XSD}decimal": FieldType.MONEY,
    None: FieldType.ORGANISATION,
}
# Shorthands that mean different things in SHACL, JSON Schema and Python.
_UNSAFE: Final = re.compile(r"\\[dwsDWSbB]|\(\?")
_CODE_MESSAGE: Final = Label("{label}的取值不在代码表中", "{label} is not in its code list")


def value_type(graph: Graph, field: Node) -> ValueType:
    """Return the value type that a property shape names by sh:node.

    Raises:
        DataInvalid: it has none, or one that cannot be translated.

    """
    node = ox.NamedNode(graph.require(field, f"{SH}node"))
    unknown = sorted(set(graph.predicates(node)) - _TERMS)
    if unknown:
        raise DataInvalid(
            f"{node} uses <{unknown[0]}>, which is not understood there.",
            "Teach exchange.model what it means, or leave it out.",
            terms=unknown,
        )
    datatype = graph.text(node, f"{SH}datatype")
    if datatype not in _FIELD_TYPES:
        raise DataInvalid(f"{node} has a datatype without translation.", "Add it to _FIELD_TYPES.")
    base = graph.text(node, f"{CR}iriBase") or ""
    pattern = _pattern(graph, node)
    return ValueType(
        slug=local_name(node_text(node)),
        field_type=_FIELD_TYPES[datatype],
        datatype=datatype,
        pattern=pattern,
        json_pattern=pattern.replace(re.escape(base), "") if base else pattern,
        iri_base=base,
        format=_format(graph, node),
        blank_words=frozenset(graph.texts(node, f"{CR}blankWord")),
        drop_placeholder=graph.text(node, f"{CR}dropPlaceholder") == "true",
        message=graph.require_label(node, f"{SH}message"),
    )


def _pattern(graph: Graph, node: Node) -> str:
    pattern = graph.require(node, f"{SH}pattern")
    if not (pattern.startswith("^") and pattern.endswith("$")) or _UNSAFE.search(pattern):
        raise DataInvalid(
            f"The pattern of {node} is not portable.", "Anchor it; use classes, no shorthands."
        )
    return pattern


def _format(graph: Graph, node: Node) -> str | None:
    found = graph.text(node, f"{CR}format")
    if found is not None and found not in FORMATS:
        raise DataInvalid(f"{node} has an unknown format {found!r}.", "Use a known one.")
    return found


def code_value_type(scheme: Scheme) -> ValueType:
    """Return the value type of fields with this code list."""
    tokens = "|".join(sorted(scheme.concepts))
    return ValueType(
        slug="Code",
        field_type=FieldType.CODE,
        datatype=None,
        pattern=f"^{re.escape(scheme.iri)}/({tokens})$",
        json_pattern=f"^({tokens})$",
        iri_base=f"{scheme.iri}/",
        format=None,
        blank_words=frozenset(),
        drop_placeholder=False,
        message=_CODE_MESSAGE,
    )
