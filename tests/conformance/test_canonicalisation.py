"""RDFC-1.0 (W3C rdf-canon suite): what foreign input is canonicalised by, and our own lines.

Left out: tests of the map of blank nodes, which the library does not hand out; SHA-384, which no
proof of ours uses; and the negative test, whose input is made to exhaust whoever canonicalises it
(records with blank nodes are refused before, see docs/design/model.md "One source").
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from exchange.model.canonical_terms import escape, literal
from exchange.model.shapes_graph import XSD

EVALUATION = "rdfc:RDFC10EvalTest"
COUNT = 63
# Inputs without blank nodes, for which sorted canonical lines are the canonical form.
PLAIN = 10


def cases(suites: Path) -> list[tuple[str, bytes, bytes]]:
    """Return identifier, input and expected output of each evaluation test."""
    home = suites / "rdf-canon" / "tests"
    entries: list[dict[str, Any]] = json.loads((home / "manifest.jsonld").read_bytes())["entries"]
    return [
        (entry["id"], (home / entry["action"]).read_bytes(), (home / entry["result"]).read_bytes())
        for entry in entries
        if entry["type"] == EVALUATION and "hashAlgorithm" not in entry
    ]


def canonical(data: bytes) -> bytes:
    dataset = ox.Dataset(ox.parse(data, ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = ox.serialize(dataset, format=ox.RdfFormat.N_QUADS).decode().split("\n")
    return "".join(sorted(f"{line}\n" for line in lines if line)).encode()


def test_foreign_input_is_canonicalised_as_the_recommendation_says(suites: Path) -> None:
    found = cases(suites)
    assert len(found) == COUNT
    wrong = [name for name, data, expected in found if canonical(data) != expected]
    assert wrong == []


def own(data: bytes) -> bytes:
    """Return the sorted lines in our writing of terms."""
    lines = {
        f"{quad.subject} {quad.predicate} {term(quad.object)}{graph(quad)} .\n"
        for quad in ox.parse(data, ox.RdfFormat.N_QUADS)
    }
    return "".join(sorted(lines)).encode()


def term(value: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    if not isinstance(value, ox.Literal):
        return str(value)
    if value.language:
        return f'"{escape(value.value)}"@{value.language}'
    if value.datatype.value == f"{XSD}string":
        return literal(value.value)
    return f'"{escape(value.value)}"^^{value.datatype}'


def graph(quad: ox.Quad) -> str:
    return "" if isinstance(quad.graph_name, ox.DefaultGraph) else f" {quad.graph_name}"


def test_without_blank_nodes_sorted_lines_are_the_canonical_form(suites: Path) -> None:
    plain = [item for item in cases(suites) if b"_:" not in item[1]]
    assert len(plain) >= PLAIN
    assert [name for name, data, expected in plain if own(data) != expected] == []
