"""SHACL Core (W3C data-shapes suite): the engine that our check is held to.

The compiled check reads our shapes only; tests/unit/exchange/model/test_shacl_oracle.py holds it to
pySHACL on the shapes derived of them. What pySHACL is trusted with there is tested here: every
test of the suite that uses nothing but the terms our derived shapes use. The others are counted
and left out.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyshacl
import pytest
import rdflib
from rdflib.namespace import RDF

from exchange.model import Model, load_model
from exchange.model.public_shape import public_shape

SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = rdflib.Namespace("http://www.w3.org/ns/shacl-test#")
FLOOR = 45
# Terms that change no verdict, and the one way in which tests name a focus beside a class.
HARMLESS = {
    str(SH[name])
    for name in (
        *("name", "message", "severity", "order", "description", "deactivated"),
        *("targetNode", "targetSubjectsOf", "targetObjectsOf"),
    )
}
Outcome = tuple[bool, Counter[tuple[object, ...]]]


def claimed(model: Model) -> set[str]:
    """Return the SHACL terms of our derived shapes."""
    terms = set(HARMLESS)
    for kind in model.kinds.values():
        graph = rdflib.Graph().parse(data=public_shape(kind).decode(), format="turtle")
        terms |= {str(term) for term in graph.predicates() if term in SH}
    return terms


def read(file: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(file, format="turtle", publicID=file.as_uri())


def used(graph: rdflib.Graph) -> set[str]:
    """Return the SHACL terms that the shapes of a test use, those of its expected report aside."""
    report = {node for result in graph.objects(None, MF.result) for node in _below(graph, result)}
    return {str(p) for s, p, _ in graph if p in SH and s not in report}


def _below(graph: rdflib.Graph, node: rdflib.term.Node) -> set[rdflib.term.Node]:
    return {node, *graph.objects(node, SH.result)}


def outcome(graph: rdflib.Graph, report: rdflib.term.Node) -> Outcome:
    """Return verdict, and focus, path, value, component and severity of each result."""
    parts = (SH.focusNode, SH.resultPath, SH.value)
    parts += (SH.sourceConstraintComponent, SH.resultSeverity)
    results = Counter(
        tuple(_known(graph.value(result, part)) for part in parts)
        for result in graph.objects(report, SH.result)
    )
    return str(graph.value(report, SH.conforms)) == "true", results


def _known(node: rdflib.term.Node | None) -> object:
    # Blank nodes have other labels in every graph.
    return "_" if isinstance(node, rdflib.BNode) else node


def graphs(test_file: Path, graph: rdflib.Graph) -> tuple[rdflib.Graph, rdflib.Graph]:
    """Return the data and the shapes of a test, which may stand in files of their own."""
    (action,) = graph.objects(None, MF.action)
    found = []
    for part in (SHT.dataGraph, SHT.shapesGraph):
        name = str(graph.value(action, part)).rpartition("/")[2]
        found.append(graph if name == test_file.name else read(test_file.with_name(name)))
    return found[0], found[1]


def passes(file: Path, graph: rdflib.Graph) -> bool:
    data, shapes = graphs(file, graph)
    (expected,) = graph.objects(None, MF.result)
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    assert isinstance(report, rdflib.Graph)
    (head,) = report.subjects(RDF.type, SH.ValidationReport)
    return outcome(report, head) == outcome(graph, expected)


@pytest.fixture
def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


@pytest.mark.usefixtures("_exact")
def test_the_engine_finds_what_the_recommendation_says(suites: Path) -> None:
    home = suites / "data-shapes" / "data-shapes-test-suite" / "tests" / "core"
    terms = claimed(load_model())
    wrong: list[str] = []
    beyond: Counter[str] = Counter()
    ran = 0
    for file in sorted(home.rglob("*.ttl")):
        graph = read(file)
        if (None, RDF.type, SHT.Validate) not in graph:
            continue
        more = sorted(used(graphs(file, graph)[1]) - terms)
        if more:
            beyond[more[0].removeprefix(str(SH))] += 1
            continue
        ran += 1
        if not passes(file, graph):
            wrong.append(file.stem)
    print(f"{ran} tests ran; left out by the first term that we never use: {dict(beyond)}")
    assert wrong == []
    assert ran >= FLOOR
