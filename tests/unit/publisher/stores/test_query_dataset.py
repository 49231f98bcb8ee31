from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from exchange.domain.errors import QueryRefused
from publisher.stores.embedded_store import PROJECTION
from publisher.stores.query_dataset import MAX_GRAPHS, Dataset
from publisher.stores.query_guard import check
from publisher.stores.worker_main import answer

P = NamedNode("urn:p")
CSV = "text/csv"


@pytest.mark.parametrize(
    ("query", "dataset"),
    [
        ("ASK {}", None),
        ("ASK FROM <urn:a> {}", Dataset(("urn:a",))),
        ("ask from<urn:a>FROM NAMED<urn:b>{}", Dataset(("urn:a",), ("urn:b",))),
        ("PREFIX x: <urn:> ASK FROM x:a {}", Dataset(("urn:a",))),
        (r"PREFIX x: <urn:> ASK FROM x:a\-b {}", Dataset(("urn:a-b",))),
        ("BASE <http://h/d/> ASK FROM <a> FROM NAMED <../b> {}",
         Dataset(("http://h/d/a",), ("http://h/b",))),
        ("PREFIX from: <urn:> ASK FROM from:a { ?s from:b ?o }", Dataset(("urn:a",))),
        ('ASK { ?s ?p "FROM <urn:a>" }', None),
        ("ASK { ?s ?p <urn:FROM> } # FROM <urn:a>", None),
        ("ASK { ?from ?p ?o }", None),
    ],
)  # fmt: skip
def test_the_graphs_a_query_names_are_read(query: str, dataset: Dataset | None) -> None:
    assert check(query).dataset == dataset


def test_relative_graphs_are_resolved_against_the_service() -> None:
    assert check("ASK FROM <g> {}", "http://h/sparql").dataset == Dataset(("http://h/g",))


@pytest.mark.parametrize(
    "query",
    [
        "ASKFROM <urn:a> {}",
        "PREFIX x: <urn:> ASK FROMx:a {}",
        "PREFIX x: <urn:> ASK FROM NAMEDx:a {}",
        "ASK FROMNAMED <urn:a> {}",
        "ASK FROM y:a {}",
        "ASK FROM {}",
        "ASK FROM <http://[> {}",
        "BASE <http://[x> ASK FROM <g> {}",
        "PREFIX x: <//[> ASK FROM x:a {}",
        "ASK " + "FROM <urn:a> " * (MAX_GRAPHS + 1) + "{}",
    ],
)
def test_what_is_not_clear_is_refused(query: str) -> None:
    with pytest.raises(QueryRefused):
        check(query, "http://h/sparql")


@pytest.fixture
def store() -> Store:
    store = Store()
    for word, graph in (("data", None), ("a", "urn:a"), ("own", PROJECTION.value)):
        quad = (NamedNode("urn:s"), P, Literal(word))
        store.add(Quad(*quad, NamedNode(graph)) if graph else Quad(*quad))
    return store


def _words(store: Store, query: str, dataset: tuple[list[str], list[str]] | None) -> list[str]:
    header, body = answer(store, query, CSV, 10_000, dataset=dataset)
    assert header == {"status": "ok"}
    return sorted(body.decode().split()[1:])


def test_without_a_dataset_the_data_alone_are_seen(store: Store) -> None:
    assert _words(store, "SELECT ?o { ?s ?p ?o }", None) == ["data"]
    assert _words(store, "SELECT ?o { GRAPH ?g { ?s ?p ?o } }", None) == []


def test_a_dataset_holds_the_graphs_it_names_and_no_others(store: Store) -> None:
    both = "SELECT ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    assert _words(store, both, (["urn:a"], [])) == ["a"]
    assert _words(store, both, ([], ["urn:a"])) == ["a"]
    assert _words(store, both, (["urn:none"], ["no IRI"])) == []


def test_the_notes_of_the_store_are_never_seen(store: Store) -> None:
    own = PROJECTION.value
    both = f"SELECT ?o FROM <{own}> {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }}"
    assert _words(store, both, ([own], [own])) == []
    assert _words(store, both, None) == ["data"]
