"""Third walk of `verify`: a tier's sequence is dense, ordered, and paged by its rules."""

from __future__ import annotations

from bisect import bisect
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from exchange.ledger import schema
from exchange.ledger.feed_pagination import GROUP, OpenPage, first_page
from exchange.ledger.verify.require import fault, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from exchange.domain.disclosure_levels import Tier

_CHUNK = 1000


def check_sequence(connection: Connection, tier: Tier, epochs: Sequence[tuple[int, int]]) -> int:
    """Check the sequence of a tier; return the number of its members.

    `epochs`: the position of each event `epoch`, and the number of the epoch that began there.
    """
    positions = [position for position, _ in epochs]
    seq = published = 0
    pages: dict[str, OpenPage] = {}
    for time, group in groupby(_members(connection, tier), key=lambda row: row.published):
        members = list(group)
        at = members[0].position
        require(time > published, f"Times of the {tier} sequence do not increase.", at)
        published = time
        for row in members:
            seq += 1
            require(row.seq == seq, f"Number {seq} of the {tier} sequence is missing.", at)
        began = bisect(positions, at)
        first = first_page(epochs[began - 1][1] if began else 1)
        _check_group(members, pages, at, first)
    _check_ends(connection, tier, seq, published, pages)
    return seq


def _members(connection: Connection, tier: Tier) -> Iterator[Any]:
    member = schema.member
    after = 0
    while True:
        rows = connection.execute(
            select(member)
            .where(member.c.tier == tier, member.c.seq > after)
            .order_by(member.c.seq)
            .limit(_CHUNK)
        ).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].seq


def _check_group(members: list[Any], pages: dict[str, OpenPage], at: int, first: int) -> None:
    kinds = {row.kind for row in members}
    records = {row.record for row in members}
    require(len(members) <= GROUP, "A group has too many members.", at)
    require(len(kinds) == 1, "A group holds members of two kinds.", at)
    require(len(records) == len(members), "A group holds two versions of one record.", at)
    page = pages.setdefault(members[0].kind, OpenPage()).take(len(members), first)
    for row in members:
        if row.page != page:
            raise fault(f"A member stands on page {row.page}, not {page}.", row.position)


def _check_ends(
    connection: Connection, tier: Tier, seq: int, published: int, pages: dict[str, OpenPage]
) -> None:
    stream = connection.execute(select(schema.stream).where(schema.stream.c.tier == tier)).one()
    ends = (stream.seq, stream.published) == (seq, published)
    require(ends, f"The end of the {tier} sequence is not where its row says.")
    rows = connection.execute(select(schema.page).where(schema.page.c.tier == tier)).all()
    stored = {row.kind: OpenPage(row.page, row.members) for row in rows}
    require(stored == pages, f"The open pages of the {tier} sequence are not as its rows say.")
    veil, member = schema.veil, schema.member
    strays = connection.execute(
        select(func.count())
        .select_from(veil)
        .outerjoin(
            member,
            (member.c.tier == veil.c.tier)
            & (member.c.seq == veil.c.seq)
            & (member.c.record == veil.c.record),
        )
        .where(veil.c.tier == tier, member.c.seq.is_(None))
    ).scalar_one()
    require(strays == 0, f"The {tier} sequence hides text at a place that has no member.")
