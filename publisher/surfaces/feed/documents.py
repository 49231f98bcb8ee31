"""Small documents in three forms: roots and index nodes are written from one description."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ontology.namespaces import PREFIXES, RDF_TYPE, expand

if TYPE_CHECKING:
    from collections.abc import Iterator

_TURTLE_HEAD: Final = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
_CONTEXT: Final = {"@version": 1.1, "id": "@id", "type": "@type", **PREFIXES}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value with its datatype, a prefixed name. `text` needs no escapes."""

    text: str
    datatype: str


@dataclass(frozen=True, slots=True)
class Node:
    """Statements about one thing; without a name it is a blank node of its only mention.

    A predicate is `a` or a prefixed name. A value is a name (prefixed or whole), a literal or
    a nameless node.
    """

    name: str | None
    statements: tuple[tuple[str, str | Literal | Node], ...]


def all_forms(nodes: list[Node]) -> dict[str, bytes]:
    """Return the document in every form, by suffix."""
    return {
        "trig": trig(nodes).encode(),
        "jsonld": jsonld(nodes).encode(),
        "nq": nquads(nodes).encode(),
    }


def trig(nodes: list[Node]) -> str:
    """Return TriG."""
    return _TURTLE_HEAD + "".join(f"{_mention(node)} .\n" for node in nodes)


def _mention(value: str | Literal | Node) -> str:
    if isinstance(value, Literal):
        return f'"{value.text}"^^{value.datatype}'
    if isinstance(value, str):
        return value if expand(value) != value else f"<{value}>"
    said = " ;\n  ".join(
        f"{predicate} {_mention(item).replace(chr(10), chr(10) + '  ')}"
        for predicate, item in value.statements
    )
    return f"<{value.name}> {said}" if value.name else f"[ {said} ]"


def nquads(nodes: list[Node]) -> str:
    """Return N-Quads; blank nodes are numbered in the order of their mention."""
    lines: list[str] = []
    for node in nodes:
        _spell(f"<{node.name}>", node, lines, iter(range(len(lines), 1 << 62)))
    return "".join(lines)


def _spell(subject: str, node: Node, lines: list[str], numbers: Iterator[int]) -> None:
    for predicate, value in node.statements:
        iri = RDF_TYPE if predicate == "a" else expand(predicate)
        if isinstance(value, Node):
            name = f"_:n{next(numbers)}"
            lines.append(f"{subject} <{iri}> {name} .\n")
            _spell(name, value, lines, numbers)
        elif isinstance(value, Literal):
            lines.append(f'{subject} <{iri}> "{value.text}"^^<{expand(value.datatype)}> .\n')
        else:
            lines.append(f"{subject} <{iri}> <{expand(value)}> .\n")


def jsonld(nodes: list[Node]) -> str:
    """Return JSON-LD with its context inside: a fetched one costs a request a page."""
    document = {"@context": _CONTEXT, "@graph": [_object(node) for node in nodes]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _object(node: Node) -> dict[str, Any]:
    made: dict[str, Any] = {"id": node.name} if node.name else {}
    for predicate, value in node.statements:
        if predicate == "a":
            made.setdefault("type", []).append(value)
        elif isinstance(value, Node):
            made.setdefault(predicate, []).append(_object(value))
        elif isinstance(value, Literal):
            item = {"@value": value.text, "@type": value.datatype}
            made.setdefault(predicate, []).append(item)
        else:
            made.setdefault(predicate, []).append({"id": value})
    return made
