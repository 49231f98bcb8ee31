"""Roots and index nodes: three forms of one description."""

from __future__ import annotations

import json

import pyoxigraph as ox
from pyld import jsonld

from publisher.surfaces.feed.documents import Literal, Node, all_forms

NODES = [
    Node("urn:a", (("a", "tree:Node"), ("tree:view", "urn:b"))),
    Node(
        "urn:b",
        (
            ("tree:relation", Node(None, (("tree:node", "urn:c"), ("tree:path", "as:published")))),
            ("tree:relation", Node(None, (("tree:value", Literal("3", "xsd:integer")),))),
        ),
    ),
]


def canonical(text: bytes, form: ox.RdfFormat) -> set[str]:
    dataset = ox.Dataset(ox.parse(text, form))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def test_the_three_forms_say_the_same() -> None:
    made = all_forms(NODES)
    said = canonical(made["nq"], ox.RdfFormat.N_QUADS)
    assert len(said) == 7
    assert canonical(made["trig"], ox.RdfFormat.TRIG) == said
    expanded = jsonld.to_rdf(json.loads(made["jsonld"]), {"format": "application/n-quads"})
    assert canonical(expanded.encode(), ox.RdfFormat.N_QUADS) == said


def test_a_document_has_the_same_bytes_each_time() -> None:
    assert all_forms(NODES) == all_forms(NODES)
