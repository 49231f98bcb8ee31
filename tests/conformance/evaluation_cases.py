"""The sparql11 query cases of W3C rdf-tests, as their manifests give them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rdflib import RDF, Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
MANIFESTS = ("manifest-sparql11-query.ttl", "manifest-sparql11-results.ttl")
# What stands for the suite's own address; folders and files keep their names below it.
BASE = "http://suite.example"


@dataclass(frozen=True)
class Case:
    """One test: `sort` is that of the manifest, files are absolute paths."""

    name: str
    sort: str
    query: Path
    data: tuple[Path, ...] = ()
    named: tuple[Path, ...] = ()
    result: Path | None = None

    @property
    def base(self) -> str:
        return f"{BASE}/{self.query.parent.name}"

    def graph(self, path: Path) -> str:
        """Return the name of the graph that holds a file."""
        return f"{BASE}/{path.parent.name}/{path.name}"


def cases(home: Path) -> Iterator[Case]:
    """Yield every query case below sparql11, once."""
    found: dict[Path, None] = {}
    for manifest in MANIFESTS:
        whole = _read(home / manifest)
        lists = (*whole.objects(None, MF.include), *whole.objects(None, MF.conformanceRequirement))
        found |= {_file(item): None for items in lists for item in Collection(whole, items)}
    seen: set[str] = set()
    for case in (case for manifest in found for case in _of(manifest)):
        if case.name not in seen:
            seen.add(case.name)
            yield case


def _of(manifest: Path) -> Iterator[Case]:
    graph = _read(manifest)
    for entries in graph.objects(None, MF.entries):
        for entry in Collection(graph, entries):
            action = graph.value(entry, MF.action)
            assert action is not None
            result = graph.value(entry, MF.result)
            yield Case(
                f"{manifest.parent.name}/{str(entry).rpartition('#')[2]}",
                str(graph.value(entry, RDF.type)).rpartition("#")[2],
                _file(graph.value(action, QT.query) or action),
                tuple(_file(item) for item in graph.objects(action, QT.data)),
                tuple(_file(item) for item in graph.objects(action, QT.graphData)),
                None if result is None else _file(result),
            )


def _read(path: Path) -> Graph:
    return Graph().parse(path, format="turtle", publicID=path.as_uri())


def _file(node: Node) -> Path:
    return Path(str(node).removeprefix("file://"))
