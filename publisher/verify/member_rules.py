"""What must hold of a feed's members, one by one and all together."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from exchange.ldes.document_reader import TREE, name_of
from ontology.namespaces import RDF_TYPE

if TYPE_CHECKING:
    from exchange.ldes.document_reader import Facts, Graph
    from publisher.verify.report import Report
    from publisher.verify.stream_rules import Stream

_NOBODY: Final = -(1 << 62)
# As many digits as 64 bits always hold; what is longer counts nothing.
_INTEGER: Final = re.compile("-?[0-9]{1,18}")


@dataclass(slots=True)
class _Versions:
    """The versions of an object: times and sequence numbers."""

    newest: tuple[int, int] = (_NOBODY, 0)
    deleted: tuple[int, int] = (_NOBODY, 0)
    earliest_text: tuple[int, int] = (-_NOBODY, 0)
    gone: bool = False


@dataclass(slots=True)
class Members:
    """Checks members as their pages come in, then the whole.

    Keeps some hundred bytes a member: what a consumer has to keep as well.
    """

    stream: Stream
    report: Report
    _seen: set[str] = field(default_factory=set)
    _objects: dict[str, _Versions] = field(default_factory=dict)
    _times: array[int] = field(default_factory=lambda: array("q"))
    _numbers: array[int] = field(default_factory=lambda: array("q"))

    @property
    def count(self) -> int:
        """How many members were seen so far."""
        return len(self._seen)

    def take(self, graph: Graph, url: str) -> list[int]:
        """Check the members of a page; return their times in microseconds."""
        listed = graph.names(self.stream.iri, f"{TREE}member")
        times = []
        for member in listed:
            if member.startswith("_:") or ":" not in member:
                self.report.add("member", url, member)
            elif (moment := self._member(graph, member, url)) is not None:
                times.append(moment)
        self._others(graph, set(listed), url)
        return times

    def finish(self) -> None:
        """Check what only the whole feed can show."""
        for iri, versions in self._objects.items():
            if versions.earliest_text < versions.deleted:
                self.report.add("text-left", iri)
        order = sorted(zip(self._numbers, self._times, strict=True))
        newest = _NOBODY
        for number, moment in order if self.stream.sequence else ():
            if moment < newest:
                self.report.add("order", self.stream.iri, f"number {number}")
            newest = max(newest, moment)
        pairs = sorted(zip(self._times, self._numbers, strict=True))
        for one, two in pairwise(pairs):
            if one == two:
                self.report.add("tied", self.stream.iri, _shown(one[0]))
        self.report.members = len(self._seen)
        self.report.live = sum(not versions.gone for versions in self._objects.values())

    def _member(self, graph: Graph, member: str, url: str) -> int | None:
        facts = graph.facts.get(member, {})
        if not facts and member not in graph.named:
            self.report.add("hollow", url, member)
            return None
        if member in self._seen:
            self.report.add("twice", url, member)
            return None
        self._seen.add(member)
        if not all(item.holds(facts) for item in self.stream.shape):
            self.report.add("shape", url, member)
        moment = self._time(facts)
        if moment is None:
            self.report.add("time", url, member)
            return None
        number = _number(graph.one(member, self.stream.sequence or ""))
        self._times.append(moment)
        self._numbers.append(number)
        self._version(graph, member, url, (moment, number))
        return moment

    def _time(self, facts: Facts) -> int | None:
        found = facts.get(self.stream.time or "", [])
        try:
            [moment] = [datetime.fromisoformat(name_of(term)) for term in found]
        except ValueError:  # none, several, or no dateTime
            return None
        if moment.tzinfo is None:
            return None
        return int(moment.timestamp()) * 1_000_000 + moment.microsecond

    def _version(self, graph: Graph, member: str, url: str, at: tuple[int, int]) -> None:
        objects = graph.names(member, self.stream.object or "")
        if len(objects) != 1:
            self.report.add("object", url, member)
            return
        versions = self._objects.setdefault(objects[0], _Versions())
        deletes = self.stream.delete in graph.names(member, RDF_TYPE)
        if at[0] == versions.newest[0]:
            self.report.add("tied", url, objects[0])
        if at > versions.newest:
            versions.newest, versions.gone = at, deletes
        if not deletes:
            versions.earliest_text = min(versions.earliest_text, at)
            return
        versions.deleted = max(versions.deleted, at)
        if self._says_more(graph, member):
            self.report.add("tombstone", url, member)

    def _says_more(self, graph: Graph, member: str) -> bool:
        stream = self.stream
        allowed = {RDF_TYPE, stream.time, stream.sequence, stream.object}
        facts = graph.facts[member]
        return (
            member in graph.named or not facts.keys() <= allowed or len(facts.get(RDF_TYPE, ())) > 1
        )

    def _others(self, graph: Graph, listed: set[str], url: str) -> None:
        """Look for events on the page that this stream does not list: its readers lose them."""
        time = self.stream.time
        unlisted = [s for s, facts in graph.facts.items() if time in facts and s not in listed]
        if unlisted:
            self.report.add("membership", url, f"{len(unlisted)} events")


def _number(text: str | None) -> int:
    return int(text) if text is not None and _INTEGER.fullmatch(text) else 0


def _shown(microseconds: int) -> str:
    return f"{microseconds / 1_000_000:.3f} s since 1970"
