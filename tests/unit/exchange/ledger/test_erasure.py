from __future__ import annotations

import json

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Conflict, Gone
from exchange.domain.record import Visibility

PUBLIC, GOVERNMENT, ARCHIVE = Tier
PERSON = "140402199001011234"


def test_erased_text_is_gone_for_every_tier_and_the_log_still_verifies(desk, rows):
    iri = desk.one(rows.row(text="秘密文字一", person=PERSON))
    desk.load(rows.row(text="秘密文字二", person=PERSON), rows.row(number=2))
    before = desk.ledger.tree()
    erasure = desk.ledger.erase(iri, "法院决定 3 号")
    assert erasure.iri == iri
    assert {"秘密文字一", "秘密文字二", "gov 秘密文字一", "authorised 秘密文字二"} <= set(
        erasure.literals
    )
    with pytest.raises(Gone):
        desk.ledger.read(ARCHIVE, iri)
    assert desk.ledger.visibility(PUBLIC, iri[-26:]) is Visibility.GONE
    assert desk.ledger.tree(before.size) == before
    assert desk.ledger.verify().erased == 2
    assert desk.load(rows.row(text="秘密文字一"))[0].reason == "key-gone"


def test_the_seals_bytes_are_in_no_file_any_more(desk, rows):
    iri = desk.one(rows.row())
    seals = desk.ledger._context.seals
    kept = seals.get(list(seals.ids()))
    assert all(seal in desk.bytes() for seal in kept.values())
    desk.ledger.erase(iri)
    left = seals.get(list(kept))
    gone = [seal for number, seal in kept.items() if number not in left]
    assert len(gone) == 1
    assert not any(seal in desk.bytes() for seal in gone)


def test_an_erasure_is_unfinished_until_the_surfaces_are_rebuilt(desk, rows):
    iri = desk.one(rows.row())
    positions = desk.ledger.erase(iri).positions
    assert desk.reopen().unfinished_erasures() == list(positions)
    desk.ledger.erasure_done(positions[0])
    assert desk.ledger.unfinished_erasures() == []


def test_a_withdrawn_and_reinstated_record_is_erased_with_all_its_records(desk, rows):
    old = desk.one(rows.row())
    desk.ledger.withdraw(old, "repair")
    new = desk.ledger.reinstate(old, "decision")
    erasure = desk.ledger.erase(old)
    assert len(erasure.positions) == 2
    assert desk.live() == {}
    for iri in (old, new):
        with pytest.raises(Conflict):
            desk.ledger.erase(iri)
        with pytest.raises(Conflict):
            desk.ledger.reinstate(iri, "decision")
    desk.ledger.verify()


def test_a_person_is_forgotten_with_the_last_record_that_named_them(desk, rows):
    iris = [desk.one(rows.row(number=number, person=PERSON)) for number in (1, 2)]
    first = desk.ledger.read(ARCHIVE, iris[1]).view.split(b"/person/")[1][:26]
    desk.ledger.erase(iris[0])
    third = desk.one(rows.row(number=3, person=PERSON))
    assert first in desk.ledger.read(ARCHIVE, third).view
    for iri in (iris[1], third):
        desk.ledger.erase(iri)
    fourth = desk.one(rows.row(number=4, person=PERSON))
    assert first not in desk.ledger.read(ARCHIVE, fourth).view


def test_even_an_undecided_reference_goes_with_an_erased_record(desk, rows):
    entry = desk.one(rows.row("list-entry"))
    applied = [rows.link("appliedTo", "list-entry", 1)]
    application = desk.one(rows.row("application", tier=GOVERNMENT, links=applied))
    desk.ledger.withdraw(entry, "revocation")
    assert b"appliedTo" in desk.live(GOVERNMENT)[application]
    desk.ledger.erase(entry)
    assert b"appliedTo" not in desk.live(GOVERNMENT)[application]
    assert [item.iri for item in desk.ledger.pending_decisions()] == [application] * 2
    desk.ledger.verify()


@pytest.mark.parametrize(
    "point", ["seals-written", "before-commit", "committed", "journalled", "seals-destroyed"]
)
def test_an_erasure_broken_off_anywhere_is_whole_after_the_next_opening(desk, rows, point):
    iri = desk.one(rows.row())
    seals = desk.ledger._context.seals
    kept = seals.get(list(seals.ids()))
    with desk.crash(point):
        desk.ledger.erase(iri)
    ledger = desk.reopen()
    ledger.verify()
    if point in {"seals-written", "before-commit"}:
        assert iri in desk.live(), "never acknowledged, never happened"
        ledger.erase(iri)
    assert desk.live() == {}
    assert ledger.verify().erased == 1
    left = ledger._context.seals.get(list(kept))
    assert not any(seal in desk.bytes() for n, seal in kept.items() if n not in left)
    assert len(ledger.unfinished_erasures()) == 1


@pytest.mark.parametrize("text", ['销售"不合格"建材', "路径 C:\\\\账册", "第一行\\n第二行"])
def test_texts_with_escapes_are_named_as_they_were_received(desk, rows, text):
    plain = json.loads(f'"{text}"') if "\\" in text else text
    escaped = json.dumps(plain, ensure_ascii=False)[1:-1]
    iri = desk.one(rows.row(text=escaped))
    assert {plain, escaped} <= set(desk.ledger.erase(iri).literals)


def test_each_record_alone_is_erased_whatever_became_of_the_others(desk, rows):
    """The numbers of records are random, so that some are before and some behind each."""
    iris = [desk.one(rows.row(number=number)) for number in range(9)]
    for number in (1, 4, 7):
        desk.ledger.withdraw(iris[number], "repair")
    gone: set[str] = set()
    for iri in sorted(iris[::2]):
        desk.ledger.erase(iri)
        gone.add(iri)
        assert {each for each in iris if desk.ledger.is_erased(each)} == gone
    assert not desk.ledger.is_erased("b" * 26)
    assert set(desk.live()) == {iris[3], iris[5]}
    desk.ledger.verify()


def test_traces_are_the_keys_and_the_texts_that_no_other_record_says(desk, rows):
    mine = desk.one(rows.row(number=1, text="某某甲甲甲甲"))
    desk.load(
        rows.row(number=1, text="某某甲甲甲甲与某某乙乙乙乙"),
        rows.row(number=2, text="某某乙乙乙乙"),
    )
    withdrawn = desk.one(rows.row(number=3, text="某某丙丙丙丙"))
    desk.ledger.withdraw(withdrawn, "repair")
    desk.load(rows.row(number=1, text="某某乙乙乙乙"), rows.row(number=1, text="某某丙丙丙丙"))
    found = desk.ledger.traces(mine)
    assert found.iri == mine
    assert {
        "某某甲甲甲甲",
        "某某甲甲甲甲与某某乙乙乙乙",
        "某某丙丙丙丙",
        "gov 某某乙乙乙乙",
    } <= found.own_literals
    assert "某某乙乙乙乙" not in found.own_literals, "another live record says it to the public"
    assert len(found.keys) == 1
    desk.ledger.withdraw(mine, "repair")
    again = desk.one(rows.row(number=2, text="某某丁丁丁丁"))
    assert desk.ledger.traces(mine).own_literals >= found.own_literals | {"某某乙乙乙乙"}
    assert desk.ledger.traces(again).keys.isdisjoint(found.keys)
    desk.ledger.erase(mine)
    left = desk.ledger.traces(mine)
    assert (left.own_literals, left.keys) == (frozenset(), found.keys)
