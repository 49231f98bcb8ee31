"""Roots and chains of index nodes, which link the pages (docs/decisions/0003).

A root links every open page, the newest closed pages and, last, the newest index node; a node
holds the closed pages of its time in the order of closing and, last, the node before it. So
only roots and open pages ever change. Bounds are of assigned members: redaction moves none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from publisher.surfaces.feed.addresses import ALL, POLLING_SECONDS, node_path, page_path
from publisher.surfaces.feed.documents import Literal, Node
from publisher.surfaces.text.timestamps import xsd_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from publisher.surfaces.feed.addresses import FeedConfig

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Link:
    """A relation: the path of a document and the time range of its members, in milliseconds.

    `low` is the first time, `high` one more than the last; None while members may be added.
    """

    path: str
    low: int
    high: int | None


@dataclass(slots=True)
class OpenPage:
    """The newest page of a kind, and the times of its first and last member."""

    number: int
    low: int
    last: int


@dataclass(slots=True)
class Stream:
    """State of one stream: time of its newest member, index nodes, closed pages not in a node."""

    until: int = 0
    nodes: int = 0
    older: Link | None = None
    shut: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NewNode:
    """An index node that has just been filled."""

    path: str
    links: tuple[Link, ...]


@dataclass(slots=True)
class FeedState:
    """State of a tier's feed: everything that the next change depends on."""

    position: int = 0
    epoch: int = 0  # as written in the roots; 0 before the first
    open: dict[str, OpenPage] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stated: dict[str, Any]) -> FeedState:
        """Return the state that `to_json` has written."""
        return cls(
            stated["position"],
            stated.get("epoch", 0),
            {kind: OpenPage(**page) for kind, page in stated["open"].items()},
            {name: _stream(item) for name, item in stated["streams"].items()},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON for the state file."""
        return {"format": FORMAT, **asdict(self)}

    def add_streams(self, names: Iterable[str]) -> None:
        """Add streams without members."""
        for name in names:
            self.streams.setdefault(name, Stream())

    def add_member(self, kind: str, page: int, published: int, fan: int) -> list[NewNode]:
        """Add a member; return the index nodes that are filled when it starts a new page.

        A page closes when the next one of its kind starts, so the order in which pages close is
        the same in every rebuild.
        """
        nodes: list[NewNode] = []
        now = self.open.get(kind)
        if now is None or now.number != page:
            if now is not None:
                link = Link(page_path(kind, now.number), now.low, now.last + 1)
                nodes = [node for name in (kind, ALL) for node in self._shut(name, link, fan)]
            self.open[kind] = OpenPage(page, published, published)
        self.open[kind].last = published
        for name in (kind, ALL):
            self.streams.setdefault(name, Stream()).until = published
        return nodes

    def _shut(self, name: str, link: Link, fan: int) -> list[NewNode]:
        stream = self.streams[name]
        stream.shut.append(link)
        if len(stream.shut) < fan:
            return []
        # The older node last: ldes-client 0.3.0 loses members otherwise (decision 0003).
        links = (*stream.shut, *([stream.older] if stream.older else []))
        stream.nodes += 1
        path = node_path(name, stream.nodes)
        highs = [item.high for item in links if item.high is not None]
        stream.older = Link(path, min(item.low for item in links), max(highs))
        stream.shut = []
        return [NewNode(path, links)]

    def links(self, name: str) -> list[Link]:
        """Return the links of a stream's root: by time, and the older node last.

        A reader that follows them in this order reads a flat feed in order (decision 0003).
        """
        stream = self.streams[name]
        kinds = sorted(self.open) if name == ALL else [name] if name in self.open else []
        pages = [
            Link(page_path(kind, self.open[kind].number), self.open[kind].low, None)
            for kind in kinds
        ]
        pages = sorted([*stream.shut, *pages], key=lambda link: link.low)
        return [*pages, *([stream.older] if stream.older else [])]


def _stream(stated: dict[str, Any]) -> Stream:
    older = stated["older"]
    shut = [Link(**item) for item in stated["shut"]]
    return Stream(stated["until"], stated["nodes"], Link(**older) if older else None, shut)


def node_document(config: FeedConfig, node: NewNode) -> list[Node]:
    """Return the document of an index node, which is marked immutable."""
    said = (("a", "tree:Node"), ("ldes:immutable", Literal("true", "xsd:boolean")))
    return [Node(config.iri(node.path), (*said, *_relations(config, node.links)))]


def root_document(config: FeedConfig, state: FeedState, name: str) -> list[Node]:
    """Return the document of a root: stream, paths, retention, completeness and links.

    `cr:completeUntil` is the only time from which a reader may resume: pages are written one
    after the other, and a poll may see a newer one beside an older (decision 0003). `cr:epoch`
    changes when an older ledger was restored: a reader must then start anew.
    """
    root, stream = config.iri(f"feed/{name}"), config.stream(name)
    until = state.streams[name].until
    return [
        Node(
            stream,
            (
                ("a", "ldes:EventStream"),
                ("tree:view", root),
                ("ldes:timestampPath", "as:published"),
                ("ldes:sequencePath", "cr:seq"),
                ("ldes:versionOfPath", "as:object"),
                ("ldes:versionCreateObject", "as:Create"),
                ("ldes:versionUpdateObject", "as:Update"),
                ("ldes:versionDeleteObject", "as:Delete"),
                ("ldes:pollingInterval", Literal(str(POLLING_SECONDS), "xsd:integer")),
                ("tree:shape", f"{root}#shape"),
            ),
        ),
        *_shape(f"{root}#shape"),
        _retention(f"{root}#retention"),
        Node(
            root,
            (
                ("a", "tree:Node"),
                ("ldes:retentionPolicy", f"{root}#retention"),
                ("cr:epoch", Literal(str(state.epoch), "xsd:integer")),
                *(
                    [("cr:completeUntil", Literal(xsd_timestamp(until), "xsd:dateTime"))]
                    if until
                    else []
                ),
                *_relations(config, state.links(name)),
            ),
        ),
    ]


def _relations(config: FeedConfig, links: Iterable[Link]) -> list[tuple[str, Node]]:
    return [
        (
            "tree:relation",
            Node(
                None,
                (
                    ("a", f"tree:{kind}Relation"),
                    ("tree:node", config.iri(link.path)),
                    ("tree:path", "as:published"),
                    ("tree:value", Literal(xsd_timestamp(bound), "xsd:dateTime")),
                ),
            ),
        )
        for link in links
        for kind, bound in (("GreaterThanOrEqualTo", link.low), ("LessThan", link.high))
        if bound is not None
    ]


def _shape(iri: str) -> list[Node]:
    """Return the shape of a member: its envelope alone, which a tombstone meets as well.

    A shape that asks for the payload makes a client drop every member
    (docs/design/surfaces.md "Feed readers").
    """
    paths = (
        ("as:object", ("sh:nodeKind", "sh:IRI")),
        ("as:published", ("sh:datatype", "xsd:dateTime")),
        ("cr:seq", ("sh:datatype", "xsd:integer")),
    )
    one = Literal("1", "xsd:integer")
    properties = tuple(
        (
            "sh:property",
            Node(None, (("sh:path", path), kind, ("sh:minCount", one), ("sh:maxCount", one))),
        )
        for path, kind in paths
    )
    return [Node(iri, (("a", "sh:NodeShape"), *properties))]


def _retention(iri: str) -> Node:
    """Return what is promised to stay: the newest version, and five years of tombstones.

    So taking away older versions after a Delete is retention, not change
    (docs/design/surfaces.md "Removal from a feed").
    """
    return Node(
        iri,
        (
            ("a", "ldes:RetentionPolicy"),
            ("ldes:versionAmount", Literal("1", "xsd:integer")),
            ("ldes:versionDeleteDuration", Literal("P5Y", "xsd:duration")),
        ),
    )
