"""The links of a record, as its readers see them and as the cascade resolves them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.errors import Gone, NotFound, UsageError
from exchange.domain.record import Link
from exchange.ledger import record_links as linking

PUBLIC, GOVERNMENT = PUBLISHED_TIERS
CODE, NAME = "penalty\x1fby code", "penalty\x1fby name"
PERSON = "14040219900307001X"


def penalty(rows, *keys, **more):
    return replace(rows.row("penalty", keys[0][-4:], **more), key=keys[0], aliases=tuple(keys[1:]))


def entry(rows, number, *keys, **more):
    rests_on = Link("restsOn", "penalty", keys[0], tuple(keys[1:]))
    return rows.row("list-entry", number, links=(rests_on,), **more)


def ends(links):
    return [[link.record.iri for link in way] for way in (links.outgoing, links.incoming)]


def names(desk, iri, tier=PUBLIC):
    return ends(desk.ledger.links(tier, iri))


@pytest.mark.parametrize(
    ("known_by", "quoted_by"),
    [([CODE, NAME], [NAME]), ([NAME], [CODE, NAME]), ([CODE, NAME], [CODE])],
)
def test_two_records_name_each_other_by_whatever_alias_they_share(desk, rows, known_by, quoted_by):
    target = desk.one(penalty(rows, *known_by))
    source = desk.one(entry(rows, 1, *quoted_by))
    assert names(desk, target) == [[], [source]]
    assert names(desk, source) == [[target], []]
    (link,) = desk.ledger.links(PUBLIC, source).outgoing
    assert (link.relation, link.record.kind) == ("restsOn", "penalty")
    assert link.record.view == desk.live()[target]


def test_what_the_links_show_is_what_a_withdrawal_takes_away(desk, rows):
    target, other = (desk.one(penalty(rows, f"penalty\x1f{name}")) for name in "ab")
    for number, name in enumerate("aab"):
        desk.one(entry(rows, number, f"penalty\x1f{name}"))
    _, linked = names(desk, target)
    before = set(desk.live())
    desk.ledger.withdraw(target, "repair")
    assert before - set(desk.live()) == {target, *linked}
    assert len(linked) == 2
    assert names(desk, other)[1]


def test_a_link_to_several_records_means_none_of_them(desk, rows):
    shared = "licence\x1fD"
    first, second = (
        desk.one(replace(rows.row("licence", part), key=f"{shared}\x1f{part}", partial=(shared,)))
        for part in "AB"
    )
    check = desk.one(
        rows.row("check", 1, links=(Link("checks", "licence", shared, is_partial=True),))
    )
    for iri in (first, second, check):
        assert names(desk, iri) == [[], []]


def test_a_reference_that_was_dropped_is_no_link(desk, rows):
    target = desk.one(rows.row("licence", 1))
    check = desk.one(rows.row("check", 1, links=(rows.link("checks", "licence", 1),)))
    assert names(desk, check)[0] == [target]
    desk.ledger.withdraw(target, "correction")
    again = desk.ledger.reinstate(target, "decision")
    assert names(desk, check) == [[], []], "the check was re-issued without it"
    assert names(desk, again) == [[], []]


def test_who_is_not_shown_is_not_named(desk, rows):
    target = desk.one(penalty(rows, CODE))
    kept, hidden = (
        desk.one(entry(rows, 1, CODE)),
        desk.one(entry(rows, 2, CODE, tier=GOVERNMENT)),
    )
    suspended = desk.one(entry(rows, 3, CODE))
    desk.ledger.suspend(suspended)
    assert names(desk, target) == [[], [kept]]
    assert names(desk, target, GOVERNMENT) == [[], [hidden, kept]]
    assert names(desk, hidden, GOVERNMENT) == [[target], []]
    with pytest.raises(NotFound):
        desk.ledger.links(PUBLIC, hidden)
    with pytest.raises(Gone):
        desk.ledger.links(PUBLIC, suspended)
    desk.ledger.suspend(target)
    assert names(desk, kept) == [[], []]


@pytest.mark.parametrize("of_a_person", [(True, True), (True, False), (False, True)])
def test_no_published_tier_sees_links_between_records_of_a_person(desk, rows, of_a_person):
    about = [PERSON if one else None for one in of_a_person]
    target = desk.one(penalty(rows, CODE, person=about[0]))
    source = desk.one(entry(rows, 1, CODE, person=about[1]))
    for tier in PUBLISHED_TIERS:
        assert names(desk, target, tier) == names(desk, source, tier) == [[], []]


def test_many_incoming_links_come_page_by_page_each_once(desk, rows):
    target = desk.one(penalty(rows, CODE, NAME))
    sources = [desk.one(entry(rows, n, *([CODE], [NAME], [CODE, NAME])[n % 3])) for n in range(11)]
    found, after = [], ""
    while True:
        page = desk.ledger.links(PUBLIC, target, after, limit=4)
        assert len(page.incoming) <= 4
        found += [link.record.iri for link in page.incoming]
        if not (after := page.after):
            break
    assert found == sources[::-1]


def test_a_page_that_ends_with_the_last_link_leads_nowhere(desk, rows):
    target = desk.one(penalty(rows, CODE))
    for number in range(4):
        desk.one(entry(rows, number, CODE))
    assert desk.ledger.links(PUBLIC, target, limit=4).after == ""
    assert desk.ledger.links(PUBLIC, target, limit=3).after


def test_candidates_that_mean_another_record_are_looked_at_up_to_a_bound(desk, rows, monkeypatch):
    target = desk.one(penalty(rows, NAME))
    # Links whose first key means another record and whose second is the target's.
    other = desk.one(penalty(rows, CODE))
    meant = desk.one(entry(rows, 0, NAME))
    for number in range(1, 9):
        desk.one(entry(rows, number, CODE, NAME))
    assert names(desk, target) == [[], [meant]]
    assert len(names(desk, other)[1]) == 8
    monkeypatch.setattr(linking, "_ROUNDS", 2)
    first = desk.ledger.links(PUBLIC, target, limit=2)
    assert (ends(first), bool(first.after)) == ([[], []], True), "looked at six, and says so"
    second = desk.ledger.links(PUBLIC, target, first.after, limit=2)
    assert (ends(second), second.after) == ([[], [meant]], "")


def test_a_cursor_of_a_record_that_was_never_shown_is_refused_like_an_invented_one(desk, rows):
    target = desk.one(penalty(rows, CODE))
    hidden = desk.one(entry(rows, 1, CODE, tier=GOVERNMENT))
    texts = set()
    for cursor in (hidden.rpartition("/")[2], "a" * 26, "?"):
        with pytest.raises(UsageError) as refused:
            desk.ledger.links(PUBLIC, target, cursor)
        texts.add(str(refused.value))
    assert len(texts) == 1


def test_a_record_page_is_text_links_and_history_of_one_moment(desk, rows):
    target = desk.one(penalty(rows, CODE))
    source = desk.one(entry(rows, 1, CODE))
    desk.ledger.set_objection(target, True)
    page = desk.ledger.record_page(PUBLIC, target)
    assert page.record == desk.ledger.read(PUBLIC, target)
    assert page.record.objection
    assert page.links == desk.ledger.links(PUBLIC, target)
    assert ends(page.links) == [[], [source]]
    assert page.history == desk.ledger.history(PUBLIC, target.rpartition("/")[2])
    with pytest.raises(UsageError):
        desk.ledger.record_page(Tier.ARCHIVE, target)


def test_visible_records_come_in_the_order_asked_with_their_marks(desk, rows):
    first, second, gone = (desk.one(rows.row(number=number)) for number in range(3))
    hidden = desk.one(rows.row(number=9, tier=GOVERNMENT))
    desk.ledger.set_objection(second, True)
    desk.ledger.withdraw(gone, "correction")
    asked = [iri.rpartition("/")[2] for iri in (second, gone, hidden, first)]
    found = desk.ledger.visible(PUBLIC, [*asked, "a" * 26])
    assert [(one.iri, one.objection) for one in found] == [(second, True), (first, False)]
    assert [one.view for one in found] == [desk.live()[second], desk.live()[first]]
