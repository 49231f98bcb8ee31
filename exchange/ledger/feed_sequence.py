"""A tier's own sequence: groups, times and pages of its feed, pure.

Members of one tier and kind in one transaction form groups of at most 100, no object twice in
a group; a group shares one millisecond, later than any before it in the tier; a page takes a
group whole if it stays within 250 members, else the next page begins. Holes stay.
Source: docs/design/surfaces.md "Feeds".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exchange.domain.disclosure import Tier
    from exchange.domain.record import Activity

GROUP = 100
PAGE = 250
_PAGES_OF_EPOCH: Final = 1_000_000


class Shown(NamedTuple):
    """A member before it has its place."""

    tier: Tier
    kind: str
    record: int
    position: int
    version: int
    activity: Activity
    mark: bool
    retracts_text: bool  # earlier text of the record must go


@dataclass(slots=True)
class Stream:
    """Where a tier's sequence stands."""

    seq: int = 0
    published: int = 0


@dataclass(slots=True)
class Page:
    """The open page of one kind in a tier."""

    page: int = 1
    members: int = 0

    def take(self, group: int, first: int = 1) -> int:
        """Return the page that a group of so many members goes to; `first` is its epoch's."""
        if self.page < first:
            self.page, self.members = first, 0
        if self.members + group > PAGE:
            self.page += 1
            self.members = 0
        self.members += group
        return self.page


class Placed(NamedTuple):
    """A member with its place."""

    shown: Shown
    seq: int
    published: int
    page: int


@dataclass(slots=True)
class _Open:
    members: list[Shown] = field(default_factory=list)
    records: set[int] = field(default_factory=set)


def first_page(epoch: int) -> int:
    """Return the number of an epoch's first page.

    A restore cannot know how many pages its lost part had, which followers may keep as immutable;
    so the pages of a new epoch have numbers that no earlier one ever had.
    """
    return 1 if epoch <= 1 else epoch * _PAGES_OF_EPOCH


def groups(members: Iterable[Shown]) -> list[list[Shown]]:
    """Return the members of one tier in groups, in the order the groups began."""
    made: list[list[Shown]] = []
    current: dict[str, _Open] = {}
    for member in members:
        group = current.get(member.kind)
        if group is None or len(group.members) == GROUP or member.record in group.records:
            group = current[member.kind] = _Open()
            made.append(group.members)
        group.members.append(member)
        group.records.add(member.record)
    return made


def place(
    members: Iterable[Shown], now: int, stream: Stream, pages: dict[str, Page], epoch: int = 1
) -> Iterator[Placed]:
    """Yield one tier's members with their places, moving the stream and the pages on."""
    first = first_page(epoch)
    for group in groups(members):
        stream.published = max(now, stream.published + 1)
        page = pages.setdefault(group[0].kind, Page()).take(len(group), first)
        for member in group:
            stream.seq += 1
            yield Placed(member, stream.seq, stream.published, page)
