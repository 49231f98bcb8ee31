"""From a document to what a reader of a feed sees in it, in the order in which it is said."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from ontology.namespaces import PREFIXES, RDF_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

TREE: Final = PREFIXES["tree"]
LDES: Final = PREFIXES["ldes"]
SH: Final = PREFIXES["sh"]
_FORMATS: Final = {
    "trig": ox.RdfFormat.TRIG,
    "jsonld": ox.RdfFormat.JSON_LD,
    "nq": ox.RdfFormat.N_QUADS,
}

# Each may stand in the one before, and the engine's stack overflows at some ten thousand.
_MOST_TRIPLE_TERMS: Final = 1_000

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Facts = dict[str, list[Term]]


class RemoteContextRefused(Exception):
    """A JSON-LD document that needs another document to be read."""


@dataclass(slots=True)
class Graph:
    """The statements of one document by subject, and the sizes of its named graphs.

    Blank nodes are written `_:label`.
    """

    facts: dict[str, Facts] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)

    def values(self, subject: str, predicate: str) -> list[Term]:
        """Return the objects of a subject's property."""
        return self.facts.get(subject, {}).get(predicate, [])

    def names(self, subject: str, predicate: str) -> list[str]:
        """Return the same as names: IRIs, or `_:label`, or the text of a literal."""
        return [name_of(term) for term in self.values(subject, predicate)]

    def one(self, subject: str, predicate: str) -> str | None:
        """Return the name if there is exactly one."""
        found = self.names(subject, predicate)
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Link:
    """All relations of a document to one node: bounds as they stand, None where there is none."""

    node: str
    low: str | None
    high: str | None
    sound: bool


def name_of(term: Any) -> str:
    """Return an IRI or a literal's text as it is, a blank node with its `_:`."""
    return str(term) if isinstance(term, ox.BlankNode) else str(getattr(term, "value", term))


def read(body: bytes, form: str, url: str) -> Graph:
    """Parse a document.

    Raises RemoteContextRefused, and ValueError or SyntaxError for what is no RDF.
    """
    if form == "jsonld":
        _own_context(_parsed(body))
    elif body.count(b"<<") > _MOST_TRIPLE_TERMS:
        raise ValueError(f"more than {_MOST_TRIPLE_TERMS} triple terms")
    graph = Graph()
    for quad in ox.parse(body, _FORMATS[form], base_iri=url):
        if isinstance(quad.graph_name, ox.DefaultGraph):
            facts = graph.facts.setdefault(name_of(quad.subject), {})
            facts.setdefault(quad.predicate.value, []).append(quad.object)
        else:
            name = name_of(quad.graph_name)
            graph.named[name] = graph.named.get(name, 0) + 1
    return graph


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _own_context(document: Any) -> None:
    for item in document if isinstance(document, list) else [document]:
        context = item.get("@context") if isinstance(item, dict) else None
        for part in context if isinstance(context, list) else [context]:
            if isinstance(part, str) or (isinstance(part, dict) and "@import" in part):
                raise RemoteContextRefused(str(part))


def links_of(graph: Graph, url: str, path: str | None) -> list[Link]:
    """Return the links of a document to other nodes, in the order of their first mention."""
    found: dict[str, list[tuple[str, str]]] = {}
    broken: set[str] = set()
    for relation in graph.names(url, f"{TREE}relation"):
        node = graph.one(relation, f"{TREE}node")
        kind = graph.one(relation, RDF_TYPE)
        value = graph.one(relation, f"{TREE}value")
        sound = kind == f"{TREE}Relation" or (
            value is not None and graph.one(relation, f"{TREE}path") == path
        )
        name = node or relation
        if node is None or kind is None or not sound:
            broken.add(name)
        found.setdefault(name, []).append((kind or "", value or ""))
    return [
        Link(name, _bound(said, "Greater"), _bound(said, "Less"), name not in broken)
        for name, said in found.items()
    ]


def _bound(said: Iterable[tuple[str, str]], start: str) -> str | None:
    return next((value for kind, value in said if kind.startswith(f"{TREE}{start}")), None)
