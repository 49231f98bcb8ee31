"""The linter of feeds: follows every link once and holds each document to the rules.

Purpose: what makes readers lose members, keep what was taken down, or fetch without end is found
before they meet it. Errors: EnvironmentFault when a site does not answer. Source: LDES 1.0, TREE,
docs/design/surfaces.md "Feed readers", docs/decisions/0003.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from exchange.ldes.document_reader import LDES, Graph, RemoteContextRefused, links_of, read
from exchange.ldes.document_source import Limits, same_site
from publisher.verify.member_rules import Members
from publisher.verify.report import Report
from publisher.verify.stream_rules import stream_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exchange.ldes.document_reader import Link
    from exchange.ldes.document_source import Document, Source
    from publisher.verify.stream_rules import Stream

_OK: Final = 200
_MAX_AGE: Final = re.compile(r"max-age=(\d+)")
CLOSED_SECONDS: Final = 86_400
ROOT_SECONDS: Final = 60
ROOT_BYTES: Final = 256 * 1024


def verify_feed(source: Source, root: str, limits: Limits | None = None) -> Report:
    """Check the feed whose root is at that address, in the form of the source."""
    return _Walk(source, limits or Limits(), Report(root, source.form)).run(root)


@dataclass(slots=True)
class _Walk:
    """One check on its way."""

    source: Source
    limits: Limits
    report: Report
    waiting: deque[Link] = field(default_factory=deque)
    known: set[str] = field(default_factory=set)
    # Of each document with links: the nodes it links, in order.
    indexes: dict[str, list[str]] = field(default_factory=dict)

    def run(self, root: str) -> Report:
        document = self.source.get(root)
        graph = self._graph(document, root)
        if graph is None:
            return self.report
        stream = stream_of(graph, document.url, self.report)
        if stream is None:
            return self.report
        _check_root(document, self.report)
        members = Members(stream, self.report)
        self.known |= {root, document.url}
        members.take(graph, document.url)
        self._follow(graph, document.url, stream, (None, None))
        while self.waiting and self._within(members):
            self._node(self.waiting.popleft(), members)
        members.finish()
        self._check_layout()
        return self.report

    def _within(self, members: Members) -> bool:
        if members.count <= self.limits.members and self.report.documents < self.limits.documents:
            return True
        self.report.add("too-large", self.report.feed, f"{self.report.documents} documents")
        return False

    def _node(self, link: Link, members: Members) -> None:
        if not same_site(link.node, self.report.feed):
            self.report.add("elsewhere", link.node)
            return
        document = self.source.get(link.node)
        if document.hops:
            self.report.add("redirect", link.node, document.url)
        graph = self._graph(document, link.node)
        if graph is None:
            return
        low, high = _micros(link.low), _micros(link.high)
        times = members.take(graph, document.url)
        if any((low is not None and t < low) or (high is not None and t >= high) for t in times):
            self.report.add("bounds", document.url)
        said = graph.names(document.url, f"{LDES}immutable") == ["true"]
        _check_caching(document, self.report, closed=said or high is not None)
        self._follow(graph, document.url, members.stream, (low, high))

    def _graph(self, document: Document, asked: str) -> Graph | None:
        """Return what the document says; None, and a finding, when that cannot be had."""
        self.report.documents += 1
        if document.status != _OK:
            self.report.add("link", asked, str(document.status))
        elif document.body is None:
            self.report.add("too-large", asked)
        else:
            try:
                return read(document.body, document.form or self.source.form, document.url)
            except RemoteContextRefused as problem:
                self.report.add("context", asked, str(problem))
            except (ValueError, SyntaxError) as problem:
                self.report.add("unreadable", asked, str(problem)[:200])
        return None

    def _follow(
        self, graph: Graph, url: str, stream: Stream, bounds: tuple[int | None, int | None]
    ) -> None:
        links = links_of(graph, url, stream.time)
        if links:
            self.indexes[url] = [link.node for link in links]
        for link in links:
            if not link.sound:
                self.report.add("relation", url, link.node)
            elif not _inside(link, bounds):
                self.report.add("bounds", url, link.node)
            if link.node not in self.known and "://" in link.node:
                self.known.add(link.node)
                self.waiting.append(link)

    def _check_layout(self) -> None:
        """Two index nodes in flight, or one before pages: ldes-client 0.3 stops too early."""
        for url, nodes in self.indexes.items():
            places = [place for place, node in enumerate(nodes) if node in self.indexes]
            if places not in ([], [len(nodes) - 1]):
                self.report.add("index-order", url)


def _inside(link: Link, bounds: tuple[int | None, int | None]) -> bool:
    """Return whether a link's bounds lie within those of the document that has it."""
    outer_low, outer_high = bounds
    low, high = _micros(link.low), _micros(link.high)
    above = outer_low is None or (low is not None and low >= outer_low)
    return above and (outer_high is None or (high is not None and high <= outer_high))


def _micros(text: str | None) -> int | None:
    try:
        moment = datetime.fromisoformat(text or "")
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):  # the second for a year that this machine cannot count
        return None
    return seconds * 1_000_000 + moment.microsecond


def _check_root(document: Document, report: Report) -> None:
    headers = document.headers
    if document.body is not None and len(document.body) > ROOT_BYTES:
        report.add("root-size", document.url, f"{len(document.body)} bytes")
    if headers is not None:
        _check_headers(headers, document.url, report)
        age = _age(headers)
        if age is not None and age > ROOT_SECONDS:
            report.add("kept-long", document.url, f"{age} s")


def _check_caching(document: Document, report: Report, *, closed: bool) -> None:
    headers = document.headers
    if headers is None:
        return
    _check_headers(headers, document.url, report)
    immutable = "immutable" in headers.get("cache-control", "")
    if closed and not immutable:
        report.add("immutable-header", document.url)
    if immutable and not closed:
        report.add("open-immutable", document.url)
    age = _age(headers)
    if age is not None and age > (CLOSED_SECONDS if closed else ROOT_SECONDS):
        report.add("kept-long", document.url, f"{age} s")


def _check_headers(headers: Mapping[str, str], url: str, report: Report) -> None:
    if "etag" not in headers:
        report.add("etag", url)
    if "accept" not in [name.strip().lower() for name in headers.get("vary", "").split(",")]:
        report.add("vary", url)


def _age(headers: Mapping[str, str]) -> int | None:
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    return int(found[1]) if found else None
