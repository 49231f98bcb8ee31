"""Write the static LDES tree of two kinds and of the stream over both.

The pages belong to the kinds. `/feed/all` owns no page: it only links the pages
of the kinds, each of which states the membership of both streams.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
from ledger import Event, Ledger, Traffic, stamp

FAN = 4  # links of an index node here; the service takes 100
KINDS = {"penalty": "AdministrativePenalty", "licence": "AdministrativeLicence"}
STREAMS = (*KINDS, "all")
CLOSED = "max-age=300, immutable"
OPEN = "public, max-age=0, must-revalidate"
PREFIXES = (
    "@prefix as: <https://www.w3.org/ns/activitystreams#> .\n"
    "@prefix cr: <https://w3id.org/credence/ns#> .\n"
    "@prefix ldes: <https://w3id.org/ldes#> .\n"
    "@prefix tree: <https://w3id.org/tree#> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)


@dataclass(frozen=True)
class Layout:
    """One way of writing the tree; the defaults are the decision."""

    index: str = "chain"  # chain, flat, own (a tree for each stream), shared (the kinds' nodes)
    older_last: bool = True  # where a node of the chain states the link to the older node
    both: bool = True  # a page states the membership of both streams
    described: bool = False  # a page describes both streams: type, view, paths
    two_views: bool = False  # a root claims to be a view of both streams
    media: str = "trig"


@dataclass(frozen=True)
class Link:
    """A relation: a node and the bounds of all that lies below it."""

    node: str
    low: int
    high: int | None  # None while the node may still gain members


@dataclass(frozen=True)
class Page:
    """A page as the ledger assigned it, the redacted members included."""

    kind: str
    number: int
    events: list[Event]
    closed_by: int  # the member that did not fit any more; 0 while the page is open

    @property
    def closed(self) -> bool:
        """Whether the page may never gain a member again."""
        return self.closed_by > 0

    @property
    def link(self) -> Link:
        """Bounds come from the assigned times, so a redaction never moves them."""
        high = self.events[-1].published + 1 if self.closed else None
        return Link(f"feed/{self.kind}/p/{self.number}", self.events[0].published, high)


def stream(name: str) -> str:
    """The relative IRI of a stream: the root's address with a fragment."""
    return f"<feed/{name}#stream>"


def pages_of(ledger: Ledger, kind: str) -> list[Page]:
    """Cut a kind into the pages that the ledger assigned."""
    found: dict[int, list[Event]] = {}
    for event in ledger.of_kind(kind):
        found.setdefault(event.page, []).append(event)
    first = {number: events[0].seq for number, events in found.items()}
    return [Page(kind, n, found[n], first.get(n + 1, 0)) for n in sorted(found)]


def relation(node: str, link: Link) -> Iterator[str]:
    """The lower bound always, the upper bound once the node is closed."""
    bounds = [("GreaterThanOrEqualTo", link.low), ("LessThan", link.high)]
    for name, value in bounds:
        if value is not None:
            yield (
                f"<{node}> tree:relation [ a tree:{name}Relation ; tree:node <{link.node}> ; "
                f'tree:path as:published ; tree:value "{stamp(value)}"^^xsd:dateTime ] .\n'
            )


def describe(name: str) -> str:
    """What a root says of its stream."""
    return (
        f"{stream(name)} a ldes:EventStream ; tree:view <feed/{name}> ;\n"
        "  ldes:timestampPath as:published ; ldes:sequencePath cr:seq ;\n"
        "  ldes:versionOfPath as:object ; ldes:versionCreateObject as:Create ;\n"
        "  ldes:versionUpdateObject as:Update ; ldes:versionDeleteObject as:Delete ;\n"
        "  ldes:pollingInterval 60 .\n"
    )


def member(event: Event) -> str:
    """The envelope, and the payload in the graph named by the member."""
    text = (
        f"<e/{event.name}> a as:{event.action} ; as:object <r/{event.record}> ; "
        f'as:published "{stamp(event.published)}"^^xsd:dateTime ; cr:seq {event.seq} .\n'
    )
    if event.action != "Delete":
        text += (
            f"<e/{event.name}> {{ <r/{event.record}> a cr:{KINDS[event.kind]} ; "
            f'cr:decisionNumber "D-{event.record[:8]}-{event.seq}" ; '
            f'cr:decidedOn "2026-01-05"^^xsd:date }}\n'
        )
    return text


def page_text(page: Page, ledger: Ledger, layout: Layout) -> str:
    """A page: membership of each stream, then the members in ledger order."""
    shown = [e for e in page.events if e.name not in ledger.redacted]
    streams = [page.kind, "all"] if layout.both else [page.kind]
    text = f"<{page.link.node}> a tree:Node .\n"
    if page.closed:
        text += f"<{page.link.node}> ldes:immutable true .\n"
    if layout.described:
        text += "".join(describe(name) for name in streams)
    for name in streams if shown else []:
        names = " , ".join(f"<e/{event.name}>" for event in shown)
        text += f"{stream(name)} tree:member {names} .\n"
    return text + "".join(member(event) for event in shown)


def cover(node: str, links: list[Link], closed: bool) -> Link:
    """The link to an index node: bounds that hold for everything below."""
    highs = [link.high for link in links if link.high is not None]
    return Link(node, min(link.low for link in links), max(highs) if closed else None)


class Site:
    """A directory of documents; `headers.json` says how each is to be served."""

    def __init__(self, root: Path, base: str, layout: Layout) -> None:
        self.root, self.base, self.layout = root, base, layout
        self.headers: dict[str, str] = {}

    def put(self, path: str, text: str, closed: bool = False) -> None:
        """Write one document whole or not at all."""
        body = (f"@base <{self.base}> .\n{PREFIXES}{text}").encode()
        if self.layout.media == "nq":
            quads = pyoxigraph.parse(body, pyoxigraph.RdfFormat.TRIG)  # in order
            body = pyoxigraph.serialize(quads, format=pyoxigraph.RdfFormat.N_QUADS) or b""
        target = self.root / f"{path}.{self.layout.media}"
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".tmp")
        draft.write_bytes(body)
        os.replace(draft, target)
        self.headers[f"/{path}"] = CLOSED if closed else OPEN

    def index(self, name: str, links: list[Link]) -> list[Link]:
        """Write index nodes of FAN links; one is closed when full and all below is."""
        made = []
        for number, at in enumerate(range(0, len(links), FAN), 1):
            part, node = links[at : at + FAN], f"feed/{name}/i/{number}"
            closed = len(part) == FAN and all(link.high is not None for link in part)
            self.node(node, part, closed)
            made.append(cover(node, part, closed))
        return made

    def chain(self, name: str, pages: list[Page]) -> list[Link]:
        """Write index nodes of closed pages, each linking the one before it.

        Pages enter in the order in which they closed, so a node is final at birth.
        The older node is linked last: ldes-client 0.3.0 loses members otherwise.
        The root takes what is left: the newest node, the rest, the open pages.
        """
        shut = sorted((p for p in pages if p.closed), key=lambda page: page.closed_by)
        full = len(shut) // FAN
        before: list[Link] = []
        for number in range(1, full + 1):
            part = [page.link for page in shut[(number - 1) * FAN : number * FAN]]
            node = f"feed/{name}/i/{number}"
            below = self.ordered(part, before)
            self.node(node, below, closed=True)
            before = [cover(node, below, closed=True)]
        rest = shut[full * FAN :] + [page for page in pages if not page.closed]
        return self.ordered([page.link for page in rest], before)

    def ordered(self, pages: list[Link], older: list[Link]) -> list[Link]:
        """Put the link to the older index node where the layout wants it."""
        return pages + older if self.layout.older_last else older + pages

    def node(self, node: str, links: list[Link], closed: bool) -> None:
        """Write one index node."""
        text = "".join(line for link in links for line in relation(node, link))
        self.put(node, f"<{node}> a tree:Node .\n{text}", closed)

    def links(self, name: str, ledger: Ledger) -> list[Link]:
        """Write the index of a stream and return what its root has to link."""
        pages = [p for kind in KINDS if name in (kind, "all") for p in pages_of(ledger, kind)]
        pages.sort(key=lambda page: page.events[0].seq)
        if self.layout.index == "chain":
            return self.chain(name, pages)
        if self.layout.index == "flat":
            return [page.link for page in pages]
        if self.layout.index == "shared" and name == "all":
            return [link for kind in KINDS for link in self.links(kind, ledger)]
        return self.index(name, [page.link for page in pages])

    def top(self, name: str, links: list[Link], ledger: Ledger) -> None:
        """Write a root: the description, the position, the links; always last."""
        node = f"feed/{name}"
        text = describe(name)
        if self.layout.two_views and name != "all":
            text += f"{stream('all')} a ldes:EventStream ; tree:view <{node}> .\n"
        text += f'<{node}> cr:completeUntil "{stamp(ledger.last)}"^^xsd:dateTime .\n'
        text += "".join(line for link in links for line in relation(node, link))
        self.put(node, text)


def write(
    ledger: Ledger, root: Path, base: str, layout: Layout, streams: tuple[str, ...] = STREAMS
) -> None:
    """Write pages, then index nodes, then roots, then the serving table."""
    site = Site(root, base, layout)
    table = root / "headers.json"
    site.headers = json.loads(table.read_text()) if table.exists() else {}
    for kind in (name for name in streams if name in KINDS):
        for page in pages_of(ledger, kind):
            site.put(page.link.node, page_text(page, ledger, layout), page.closed)
    tops = {name: site.links(name, ledger) for name in streams}
    for name, links in tops.items():
        site.top(name, links, ledger)
    draft = table.with_suffix(".tmp")
    draft.write_text(json.dumps(site.headers, indent=1))
    os.replace(draft, table)


def sample() -> tuple[Ledger, Traffic]:
    """The feed that the spike measures: 3,000 and 2,000 members."""
    ledger, traffic = Ledger(), Traffic()
    traffic.fill(ledger, {"penalty": 3000, "licence": 2000})
    return ledger, traffic


def main() -> None:
    """Write the sample tree into a directory, for a look by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", default="http://localhost:8000/")
    parser.add_argument("--media", choices=["trig", "nq"], default="trig")
    given = parser.parse_args()
    write(sample()[0], given.out, given.base, Layout(media=given.media))


if __name__ == "__main__":
    main()
