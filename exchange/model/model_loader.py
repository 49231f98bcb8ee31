"""Reads shapes and code lists into a `Model`. Unknown terms are refused, never skipped."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

import pyoxigraph as ox

import ontology
import shapes
from exchange.domain.errors import DataInvalid
from exchange.domain.link_rules import Cascade, LinkRule
from exchange.model.kind_reader import LINK_RULE_TERMS, KindReader, refuse_unknown
from exchange.model.kinds import Concept, Model, Scheme
from exchange.model.model_lint import check_model
from exchange.model.shapes_graph import (
    CR,
    RDF,
    SH,
    SKOS,
    Graph,
    Node,
    local_name,
    node_text,
    ntriples,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def load_model() -> Model:
    """Return the model of the packaged shapes and code lists (about 0.1 s, once a process)."""
    return read_model(
        {name: ontology.read(name) for name in ontology.sources()},
        {name: shapes.read(name) for name in shapes.sources()},
    )


def read_model(words: Mapping[str, bytes], looks: Mapping[str, bytes]) -> Model:
    """Return the model of these Turtle files: `words` of ontology/, `looks` of shapes/.

    Raises:
        DataInvalid: a file does not parse, a fact is missing, or a term is not understood.

    """
    schemes = _schemes(Graph(words))
    graph = Graph(looks)
    kinds = {}
    for node in graph.subjects(f"{RDF}type", f"{SH}NodeShape"):
        if graph.single(node, f"{SH}targetClass") is not None:
            kind = KindReader(graph, node, schemes).kind()
            kinds[kind.slug] = kind
    model = Model(
        dict(sorted(kinds.items())), _links(graph), schemes, ntriples(words), _digest(words, looks)
    )
    _refuse_unread(graph)
    check_model(model)
    return model


def _digest(*files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 (hex) of files, by their names."""
    whole = hashlib.sha256()
    for name, content in sorted(item for group in files for item in group.items()):
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def _refuse_unread(graph: Graph) -> None:
    unread = graph.unread_nodes()
    if unread:
        raise DataInvalid(
            f"The shapes say something of {unread[0]} that is used nowhere.",
            "Name it from a kind, or leave it out.",
        )


def _schemes(graph: Graph) -> dict[str, Scheme]:
    schemes: dict[str, Scheme] = {}
    for node in graph.subjects(f"{RDF}type", f"{SKOS}ConceptScheme"):
        iri = node_text(node)
        concepts = [_concept(graph, item) for item in graph.subjects(f"{SKOS}inScheme", iri)]
        schemes[local_name(iri)] = Scheme(
            slug=local_name(iri),
            iri=iri,
            label=graph.require_label(node, f"{SKOS}prefLabel"),
            concepts={item.notation: item for item in concepts},
        )
    return dict(sorted(schemes.items()))


def _concept(graph: Graph, node: Node) -> Concept:
    return Concept(
        notation=graph.require(node, f"{SKOS}notation"),
        iri=node_text(node),
        label=graph.require_label(node, f"{SKOS}prefLabel"),
        alternatives=graph.texts(node, f"{SKOS}altLabel"),
        cells=_cells(graph, node),
    )


def _cells(graph: Graph, node: Node) -> dict[str, tuple[str, ...]]:
    """Return the codes that mean the concept in cells, by form (the datatype of the literal)."""
    cells: dict[str, tuple[str, ...]] = {}
    for item in graph.values(node, f"{CR}cell"):
        if isinstance(item, ox.Literal):
            form = local_name(item.datatype.value)
            cells[form] = (*cells.get(form, ()), item.value)
    return cells


def _links(graph: Graph) -> dict[str, LinkRule]:
    rules = {}
    for cascade in Cascade:
        for node in graph.subjects_of_text(f"{CR}cascade", cascade.value):
            refuse_unknown(graph, node, LINK_RULE_TERMS)
            relation = graph.require(node, f"{CR}relation")
            rules[relation] = LinkRule(
                relation,
                frozenset(graph.texts(node, f"{CR}sourceKind")),
                frozenset(graph.texts(node, f"{CR}targetSlug")),
                cascade,
            )
    return dict(sorted(rules.items()))
