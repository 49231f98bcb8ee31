"""SPARQL 1.1 Query (W3C rdf-tests) through `/sparql`: guard, worker process and engine together.

Every file of the suite stands in one store, each in a graph of its own; a case names its graphs
as a client does, by default-graph-uri and named-graph-uri. What is not claimed or missed stands in
one table with its reason; a miss that goes away fails the test as much as a new one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import NamedNode, RdfFormat, Store
from werkzeug.test import Client, TestResponse

from publisher.stores.guard_cache import CachedGuard
from publisher.stores.query_pool import QueryPool
from publisher.web.endpoints.query_cache import QueryCache
from publisher.web.endpoints.sparql import SparqlService
from publisher.web.pages.renderer import Pages
from tests.conformance.evaluation_cases import BASE, Case, cases
from tests.conformance.evaluation_results import read, same_graph, same_rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COUNT = 338
FLOOR = 325
_ENGINE = "the engine (pyoxigraph 0.5.13): "
_GRAPH = _ENGINE + "GRAPH ?g binds nothing around VALUES, an aggregate or MINUS"
_EMPTY = _ENGINE + "a zero-length path begins and ends at terms of the data only"
_VALUES = (
    _ENGINE + "keeps numbers by value, not as written, and derived types of integers as integers"
)
MISSES: dict[str, str] = {
    **dict.fromkeys(("bindings/graph", "negation/graph-minus"), _GRAPH),
    "aggregates/agg-empty-group-count-graph": _GRAPH,
    **{
        f"property-path/zero_or_{many}_set_{end}": _EMPTY
        for many in ("one", "more")
        for end in ("start", "end")
    },
    **dict.fromkeys(("csv-tsv-res/csv03", "csv-tsv-res/tsv03"), _VALUES),
    **dict.fromkeys(
        ("aggregates/agg-groupconcat-04", "aggregates/agg-groupconcat-06"),
        _ENGINE + "GROUP_CONCAT drops a language that all its texts share",
    ),
    "functions/bnode01": _ENGINE + "BNODE of one text is one node in all solutions",
    "syntax-query/test_4": "it parses; the function it calls does not exist, so there is no answer",
}
FORMATS = {
    ".srx": ("application/sparql-results+xml", "xml"),
    ".srj": ("application/sparql-results+json", "json"),
    ".csv": ("text/csv", "csv"),
    ".tsv": ("text/tab-separated-values", "tsv"),
}
_NAMES_GRAPHS = re.compile(rb"\bFROM\s+(NAMED\s+)?<", re.IGNORECASE)
GRAPH = "application/n-triples"
OTHER = f"{GRAPH}, application/sparql-results+json;q=0.9, text/turtle;q=0.1"
DATA = {".ttl": RdfFormat.TURTLE, ".rdf": RdfFormat.RDF_XML, ".nt": RdfFormat.N_TRIPLES}


@dataclass(frozen=True)
class Service:
    """The query service over the whole suite."""

    pool: QueryPool
    generation: str

    def ask(self, case: Case, accept: str) -> TestResponse:
        pages, kept = Pages("suite", case.base), QueryCache()
        guard = CachedGuard(f"{case.base}/sparql")
        service = SparqlService(self.pool, pages, 10, lambda: self.generation, kept, guard)
        query = case.query.read_bytes()
        form: dict[str, object] = {"query": query}
        if not _NAMES_GRAPHS.search(query):
            # Some queries have no data at all: a graph that is not there is empty.
            default = [case.graph(path) for path in case.data] or [f"{BASE}/none"]
            named = [case.graph(path) for path in case.named]
            form |= {"default-graph-uri": default, "named-graph-uri": named}
        return Client(service).post("/sparql", data=form, headers={"Accept": accept})


@pytest.fixture(scope="module")
def found(suites: Path) -> list[Case]:
    return list(cases(suites / "rdf-tests/sparql/sparql11"))


@pytest.fixture(scope="module")
def service(found: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("suite") / "store"
    store = Store(str(directory))
    for graph, path in {
        case.graph(path): path for case in found for path in (*case.data, *case.named)
    }.items():
        form, name = DATA[path.suffix], NamedNode(graph)
        store.load(path=path, format=form, base_iri=graph, to_graph=name)
    store.flush()
    del store
    with QueryPool(
        lambda: directory,
        size=1,
        deadline_seconds=10,
        memory_bytes=1 << 30,
        max_bytes=1 << 20,
        queue_limit=4,
    ) as pool:
        yield Service(pool, directory.name)


@pytest.fixture(autouse=True)
def _as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


def missed(service: Service, case: Case) -> str:
    """Return what a case got instead of what it expects; empty where it passes."""
    accept, _ = FORMATS.get(case.result.suffix if case.result else "", (OTHER, ""))
    answer = service.ask(case, accept)
    if case.sort == "NegativeSyntaxTest11":
        return "" if answer.status_code == 400 else f"status {answer.status_code}"
    if answer.status_code != 200:
        return f"status {answer.status_code}: {answer.text[:300]}"
    if case.result is None:
        return ""
    expected = case.result.read_bytes()
    if answer.mimetype == GRAPH:
        alike = same_graph(answer.data, expected, f"{case.base}/{case.result.name}")
    else:
        form = next(form for media, form in FORMATS.values() if media == answer.mimetype)
        theirs = FORMATS.get(case.result.suffix, ("", "turtle"))[1]
        alike = same_rows(read(answer.data, form), read(expected, theirs))
    return "" if alike else f"answer {answer.text[:300]}"


def test_queries_are_answered_as_the_recommendation_says(
    found: list[Case], service: Service
) -> None:
    assert len(found) == COUNT
    misses = {case.name: wrong for case in found if (wrong := missed(service, case))}
    passed = Counter(case.sort for case in found if case.name not in misses)
    print(f"{passed.total()} of {COUNT} passed: {dict(passed)}; missed: {Counter(MISSES.values())}")
    assert {name: wrong for name, wrong in misses.items() if name not in MISSES} == {}
    assert misses.keys() == MISSES.keys()
    assert passed.total() >= FLOOR
