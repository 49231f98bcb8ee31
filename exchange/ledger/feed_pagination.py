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

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import Activity

GROUP = 100
PAGE = 250
_PAGES_OF_EPOCH: Final = 1_000_000


class NewMember(NamedTuple):
    """A feed member without its number."""

    tier: Tier
    kind: str
    record: int
    position: int
    version: int
    activity: Activity
    mark: bool
    retracts_text: bool  # earlier text of the record has to be removed


@dataclass(slots=True)
class SequenceEnd:
    """The end of a tier's sequence: its last number and its last time (milliseconds)."""

    seq: int = 0
    published: int = 0


@dataclass(slots=True)
class OpenPage:
    """The open page of one kind in a tier."""

    page: int = 1
    members: int = 0

    def take(self, group: int, first: int = 1) -> int:
        """Return the page of a group of `group` members; `first`: the first page of its epoch."""
        if self.page < first:
            self.page, self.members = first, 0
        if self.members + group > PAGE:
            self.page += 1
            self.members = 0
        self.members += group
        return self.page


class NumberedMember(NamedTuple):
    """A feed member with its number, time (milliseconds) and page."""

    member: NewMember
    seq: int
    published: int
    page: int


@dataclass(slots=True)
class _Group:
    members: list[NewMember] = field(default_factory=list)
    records: set[int] = field(default_factory=set)


def first_page(epoch: int) -> int:
    """Return the number of an epoch's first page.

    A restore cannot know how many pages its lost part had, which followers may keep as immutable;
    so the pages of a new epoch have numbers that no earlier one ever had.
    """
    return 1 if epoch <= 1 else epoch * _PAGES_OF_EPOCH


def groups(members: Iterable[NewMember]) -> list[list[NewMember]]:
    """Return the members of one tier in groups, ordered by the first member of each."""
    ordered: list[list[NewMember]] = []
    current: dict[str, _Group] = {}
    for member in members:
        group = current.get(member.kind)
        if group is None or len(group.members) == GROUP or member.record in group.records:
            group = current[member.kind] = _Group()
            ordered.append(group.members)
        group.members.append(member)
        group.records.add(member.record)
    return ordered


def number_members(
    members: Iterable[NewMember],
    now: int,
    end: SequenceEnd,
    pages: dict[str, OpenPage],
    epoch: int = 1,
) -> Iterator[NumberedMember]:
    """Yield one tier's members with number, time and page; `end` and `pages` are advanced."""
    first = first_page(epoch)
    for group in groups(members):
        end.published = max(now, end.published + 1)
        page = pages.setdefault(group[0].kind, OpenPage()).take(len(group), first)
        for member in group:
            end.seq += 1
            yield NumberedMember(member, end.seq, end.published, page)
