from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import Activity
from exchange.ledger.feed_pagination import (
    GROUP,
    PAGE,
    NewMember,
    OpenPage,
    SequenceEnd,
    first_page,
    number_members,
)

BATCHES = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 200)), max_size=260),
    ),
    max_size=8,
)


def shown(kind, record, position):
    return NewMember(
        Tier.PUBLIC,
        kind,
        record,
        position,
        position,
        Activity.UPDATE,
        mark=False,
        retracts_text=False,
    )


@given(BATCHES)
def test_any_members_are_numbered_by_the_rules(batches):
    stream, pages, placed = SequenceEnd(), {}, []
    for now, members in batches:
        start = stream.published
        items = [shown(kind, record, at) for at, (kind, record) in enumerate(members)]
        found = list(number_members(items, now, stream, pages))
        assert all(item.published >= max(now, start + 1) for item in found)
        placed += found
    assert [item.seq for item in placed] == list(range(1, len(placed) + 1))
    groups = [list(group) for _, group in groupby(placed, key=lambda item: item.published)]
    times = [group[0].published for group in groups]
    assert times == sorted(set(times))
    for group in groups:
        assert len(group) <= GROUP
        assert len({(item.member.kind, item.page) for item in group}) == 1
        assert len({item.member.record for item in group}) == len(group)
    for kind in "ab":
        numbers = [item.page for item in placed if item.member.kind == kind]
        assert numbers == sorted(numbers)
        assert all(numbers.count(page) <= PAGE for page in set(numbers))


def test_a_page_takes_a_group_whole_or_not_at_all():
    page = OpenPage()
    assert [page.take(count) for count in (100, 100, 51, 100, 100)] == [1, 1, 2, 2, 3]


def test_the_clock_going_back_does_not_turn_the_sequence_back():
    stream, pages = SequenceEnd(), {}
    times = [
        next(iter(number_members([shown("a", 1, 1)], now, stream, pages))).published
        for now in (1000, 500, 2000)
    ]
    assert times == [1000, 1001, 2000]


def test_an_epoch_begins_on_pages_that_no_earlier_one_had():
    page = OpenPage(page=7, members=3)
    assert page.take(100, first_page(1)) == 7
    assert page.take(100, first_page(2)) == 2_000_000
    assert (page.take(100, first_page(2)), page.members) == (2_000_000, 200)
    assert page.take(100, first_page(2)) == 2_000_001
    assert page.take(1, first_page(3)) == 3_000_000
    assert [first_page(epoch) for epoch in (0, 1)] == [1, 1]
