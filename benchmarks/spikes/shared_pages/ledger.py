"""A stand-in for the ledger: it assigns what a feed needs, once, in order.

Per tier every event gets a sequence number, a time shared by its group and a
page number inside its kind. Nothing else may ever decide where a member stands.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

GROUP_LIMIT = 100
PAGE_CAPACITY = 250
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z in milliseconds

Change = tuple[str, str]  # record, action


@dataclass(frozen=True)
class Event:
    """One member of the feeds of one tier."""

    seq: int
    published: int
    kind: str
    page: int
    name: str
    record: str
    action: str


def stamp(milliseconds: int) -> str:
    """Write a time as an xsd:dateTime of exactly three decimals, in UTC."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


@dataclass
class Ledger:
    """Append-only events of one tier; redaction hides, it never renumbers."""

    events: list[Event] = field(default_factory=list)
    redacted: set[str] = field(default_factory=set)
    last: int = 0
    pages: dict[str, int] = field(default_factory=dict)
    fill: dict[str, int] = field(default_factory=dict)

    def append(self, kind: str, changes: list[Change], now: int, strict: bool = True) -> int:
        """Append one group: one kind, one time, one page. Return its time."""
        if not 1 <= len(changes) <= GROUP_LIMIT:
            raise ValueError("a group has 1 to 100 members")
        if strict and len({record for record, _ in changes}) != len(changes):
            raise ValueError("two versions of one object in a group")
        self.last = max(now, self.last + 1)
        self._add(kind, changes)
        return self.last

    def append_mixed(self, groups: dict[str, list[Change]], now: int) -> int:
        """Give one time to groups of several kinds: the forbidden twin."""
        self.last = max(now, self.last + 1)
        for kind, changes in groups.items():
            self._add(kind, changes)
        return self.last

    def _add(self, kind: str, changes: list[Change]) -> None:
        page = self._page_for(kind, len(changes))
        for record, action in changes:
            seq = len(self.events) + 1
            name = hashlib.sha256(f"event {seq}".encode()).hexdigest()[:32]
            self.events.append(Event(seq, self.last, kind, page, name, record, action))

    def _page_for(self, kind: str, size: int) -> int:
        page, fill = self.pages.get(kind, 1), self.fill.get(kind, 0)
        if fill + size > PAGE_CAPACITY:
            page, fill = page + 1, 0
        self.pages[kind], self.fill[kind] = page, fill + size
        return page

    def of_kind(self, kind: str) -> list[Event]:
        """All events of a kind, the redacted ones included."""
        return [event for event in self.events if event.kind == kind]

    def visible(self, kinds: Iterable[str]) -> list[Event]:
        """The members a new consumer of these kinds can still read."""
        wanted = set(kinds)
        return [e for e in self.events if e.kind in wanted and e.name not in self.redacted]

    def live(self, kinds: Iterable[str]) -> set[str]:
        """The records that stand: those whose last event is no Delete."""
        wanted = set(kinds)
        state = {e.record: e.action for e in self.events if e.kind in wanted}
        return {record for record, action in state.items() if action != "Delete"}

    def withdraw(self, kind: str, records: list[str], now: int) -> None:
        """Hide every earlier version of the records and append opaque Deletes."""
        gone = set(records)
        self.redacted |= {e.name for e in self.events if e.record in gone and e.action != "Delete"}
        for at in range(0, len(records), GROUP_LIMIT):
            self.append(kind, [(r, "Delete") for r in records[at : at + GROUP_LIMIT]], now)


class Traffic:
    """Reproducible deliveries of several kinds, interleaved, of all group sizes."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.now = START
        self.live: dict[str, list[str]] = {}
        self.made = 0

    def fill(self, ledger: Ledger, counts: dict[str, int]) -> None:
        """Append exactly so many members of each kind, in interleaved groups."""
        left = dict(counts)
        while any(left.values()):
            kinds = [kind for kind, count in left.items() if count]
            kind = self.random.choices(kinds, weights=[left[k] for k in kinds])[0]
            size = min(left[kind], self.random.choice([1, 1, 2, 3, 7, 20, 40, 60, 100, 100]))
            self.now += self.random.choice([-400, 0, 0, 0, 1, 30, 5_000])  # clocks step back too
            ledger.append(kind, self.changes(kind, size), self.now)
            left[kind] -= size

    def changes(self, kind: str, size: int) -> list[Change]:
        """Creates, updates and deletes of distinct records, and unknown deletes."""
        live, made, taken = self.live.setdefault(kind, []), [], set[str]()
        for _ in range(size):
            record, action = self._change(live)
            if record in taken:
                record, action = self._new(), "Create"
            taken.add(record)
            made.append((record, action))
        self.live[kind] = [r for r in live if (r, "Delete") not in made]
        self.live[kind] += [r for r, action in made if action == "Create"]
        return made

    def _change(self, live: list[str]) -> Change:
        dice = self.random.random()
        if dice < 0.004:
            return self._new(), "Delete"  # its Create was never projected
        if live and dice < 0.06:
            return self.random.choice(live), "Delete"
        if live and dice < 0.15:
            return self.random.choice(live), "Update"
        return self._new(), "Create"

    def _new(self) -> str:
        self.made += 1
        return hashlib.sha256(f"record {self.made}".encode()).hexdigest()[:32]
