"""What a root says of its stream, and whether that can be followed (LDES 1.0, TREE)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.ldes.document_reader import LDES, SH, TREE, Graph, name_of
from ontology.terms import NS

if TYPE_CHECKING:
    from exchange.ldes.document_reader import Facts
    from publisher.verify.report import Report


_COUNT: Final = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Property:
    """One demand of the stream's shape."""

    path: str
    least: int
    most: int | None
    nested: bool

    def holds(self, facts: Facts) -> bool:
        """Whether a member's envelope meets it. A nested shape never is met by an envelope."""
        count = len(facts.get(self.path, ()))
        return not self.nested and self.least <= count and (self.most is None or count <= self.most)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream by its root: the IRIs of its paths and of its three words."""

    iri: str
    time: str | None
    sequence: str | None
    object: str | None
    delete: str | None
    shape: tuple[Property, ...]


def stream_of(graph: Graph, root: str, report: Report) -> Stream | None:
    """Return the stream whose view the root is; None (and a finding) when there is not one."""
    views = [
        subject
        for subject, facts in graph.facts.items()
        if root in [name_of(term) for term in facts.get(f"{TREE}view", ())]
    ]
    others = [s for s, facts in graph.facts.items() if f"{TREE}view" in facts and s not in views]
    if len(views) != 1 or others or len(graph.names(views[0], f"{TREE}view")) != 1:
        report.add("view", root, f"{len(views) + len(others)} streams")
        return None
    iri = views[0]
    for name in ("versionCreateObject", "versionUpdateObject", "versionDeleteObject"):
        if graph.one(iri, LDES + name) is None:
            report.add("delete-terms", root, name)
    _check_retention(graph, root, report)
    _check_epoch(graph, root, report)
    return Stream(
        iri,
        _path(graph, iri, "timestampPath", report, needed=True),
        _path(graph, iri, "sequencePath", report, needed=False),
        _path(graph, iri, "versionOfPath", report, needed=True),
        graph.one(iri, f"{LDES}versionDeleteObject"),
        tuple(_shape(graph, iri)),
    )


def _path(graph: Graph, stream: str, name: str, report: Report, *, needed: bool) -> str | None:
    found = graph.names(stream, LDES + name)
    plain = len(found) == 1 and not found[0].startswith("_:")
    if not plain and (found or needed):
        report.add("path", stream, f"{name} {' '.join(found)}".strip())
    return found[0] if plain else None


_PROMISES: Final = f"{LDES}fullLogDuration"


def _check_retention(graph: Graph, root: str, report: Report) -> None:
    policies = graph.names(root, f"{LDES}retentionPolicy")
    for description in graph.names(root, f"{TREE}viewDescription"):
        policies += graph.names(description, f"{LDES}retentionPolicy")
    if len(policies) != 1 or graph.names(policies[0], _PROMISES):
        report.add("retention", root, f"{len(policies)} policies")


def _check_epoch(graph: Graph, root: str, report: Report) -> None:
    """Read which epoch a root is of; feeds of others need not say it."""
    found = graph.names(root, f"{NS}epoch")
    if len(found) == 1 and _COUNT.fullmatch(found[0]) and int(found[0]) > 0:
        report.epoch = int(found[0])
    elif found:
        report.add("epoch", root, " ".join(found))


def _shape(graph: Graph, stream: str) -> list[Property]:
    return [
        Property(
            graph.one(item, f"{SH}path") or "",
            _count(graph.one(item, f"{SH}minCount")) or 0,
            _count(graph.one(item, f"{SH}maxCount")),
            bool(graph.names(item, f"{SH}node")),
        )
        for shape in graph.names(stream, f"{TREE}shape")
        for item in graph.names(shape, f"{SH}property")
    ]


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and _COUNT.fullmatch(text) else None
