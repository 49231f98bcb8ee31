"""One record under every variant of its key (docs/decisions/0008)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Conflict, VerificationFailed
from exchange.domain.record import DeliveredState, Link
from exchange.ledger.key_resolution import KeyMacs, resolve
from exchange.ledger.rows import KeyCoverage, KeyRow

CODE, NAME, OTHER = "penalty\x1fcode", "penalty\x1fname", "penalty\x1fother name"
PART, SECOND, PARTIAL_KEY = "licence\x1fD\x1fA", "licence\x1fD\x1fB", "licence\x1fD"


def penalty(rows, keys, text="罚款", kind="penalty", **more):
    return replace(rows.row(kind, keys[0][-4:], text), key=keys[0], aliases=tuple(keys[1:]), **more)


def licence(rows, part=None, text="许可"):
    if part is None:
        return replace(rows.row("licence", "D", text), key=PARTIAL_KEY, is_partial=True)
    return replace(rows.row("licence", "D", text), key=part, partial=(PARTIAL_KEY,))


def outcomes(desk, *items):
    return [(result.outcome.value, result.reason) for result in desk.load(*items)]


def test_a_row_with_one_alias_of_a_key_is_about_the_record_with_both(desk, rows):
    first = desk.one(penalty(rows, [CODE, NAME]))
    assert desk.load(replace(penalty(rows, [CODE, NAME]), key=NAME, aliases=()))[0].iri == first
    assert len(desk.live()) == 1


@pytest.mark.parametrize("removal", ["withdraw", "expire", "erase"])
def test_a_record_removed_under_one_form_stays_removed_under_the_other(desk, rows, removal):
    iri = desk.one(penalty(rows, [CODE, NAME]))
    remove = {"withdraw": lambda: desk.ledger.withdraw(iri, "repair")}
    remove.get(removal, lambda: getattr(desk.ledger, removal)(iri))()
    for keys in ([NAME], [CODE], [NAME, OTHER], [OTHER]):
        assert outcomes(desk, penalty(rows, keys)) == [("suppressed", "key-gone")]
    assert not desk.live()
    desk.ledger.verify()


def test_a_row_with_both_aliases_maps_both_to_its_record(desk, rows):
    iri = desk.one(penalty(rows, [NAME]))
    desk.load(penalty(rows, [CODE, NAME]))
    desk.ledger.withdraw(iri, "repair")
    assert outcomes(desk, penalty(rows, [CODE])) == [("suppressed", "key-gone")]


def test_all_keys_follow_a_reinstated_record(desk, rows):
    old = desk.one(penalty(rows, [CODE, NAME]))
    desk.ledger.withdraw(old, "correction")
    new = desk.ledger.reinstate(old, "decision")
    for keys in ([NAME], [CODE]):
        assert desk.load(penalty(rows, keys, "改"))[0].iri == new
    desk.ledger.verify()


def test_a_row_that_matches_two_records_is_rejected_and_merges_nothing(desk, rows):
    desk.load(penalty(rows, [CODE], "甲"), penalty(rows, [NAME], "乙"))
    before = desk.live()
    assert outcomes(desk, penalty(rows, [CODE, NAME], "丙")) == [("rejected", "key-conflict")]
    assert desk.live() == before
    for iri in before:
        desk.ledger.withdraw(iri, "correction")
    assert outcomes(desk, penalty(rows, [CODE, NAME], "丙")) == [("suppressed", "key-gone")]
    desk.ledger.verify()


def test_a_licence_without_its_certificate_is_the_only_one_that_it_fits(desk, rows):
    partial = desk.one(licence(rows))
    assert desk.load(licence(rows, PART, "甲"))[0].iri == partial, "the missing part was told"
    assert desk.load(licence(rows, text="乙"))[0].iri == partial
    second = desk.one(licence(rows, SECOND, "丙"))
    assert second != partial
    assert outcomes(desk, licence(rows, text="丁")) == [("rejected", "key-conflict")]
    desk.ledger.verify()


def test_a_licence_removed_under_a_partial_key_suppresses_every_certificate(desk, rows):
    desk.ledger.withdraw(desk.one(licence(rows)), "repair")
    for part in (PART, SECOND, PART):
        assert outcomes(desk, licence(rows, part)) == [("suppressed", "key-gone")]
    desk.ledger.verify()


def test_another_certificate_of_a_withdrawn_licence_is_another_record(desk, rows):
    desk.ledger.withdraw(desk.one(licence(rows, PART)), "repair")
    assert outcomes(desk, licence(rows, text="甲")) == [("suppressed", "key-gone")]
    assert outcomes(desk, licence(rows, SECOND)) == [("accepted", None)]


def case(rows, link):
    return rows.row("repair-case", "r", withdraws=link, projected=False)


def test_a_repair_finds_its_target_by_any_way(desk, rows):
    iri = desk.one(penalty(rows, [CODE, NAME]))
    desk.load(case(rows, Link("repairs", "penalty", OTHER, (NAME,))))
    assert iri not in desk.live()


def test_a_repair_that_fits_two_records_is_refused(desk, rows):
    desk.load(licence(rows, PART), licence(rows, SECOND))
    link = Link("repairs", "licence", PARTIAL_KEY, is_partial=True)
    assert outcomes(desk, case(rows, link)) == [("rejected", "several-targets")]
    assert len(desk.live()) == 2
    assert outcomes(desk, case(rows, Link("repairs", "licence", PART, partial=(PARTIAL_KEY,)))) == [
        ("accepted", None)
    ]
    assert len(desk.live()) == 1


def test_a_link_resolves_by_any_alias_of_its_target(desk, rows):
    target = desk.one(penalty(rows, [NAME]))
    link = Link("restsOn", "penalty", CODE, (NAME,))
    entry = desk.one(rows.row("list-entry", links=[link]))
    desk.ledger.withdraw(target, "repair")
    assert entry not in desk.live()
    desk.ledger.verify()


def test_the_cascade_reaches_a_link_that_resolves_late_to_a_removed_record(desk, rows):
    desk.ledger.withdraw(desk.one(penalty(rows, [NAME])), "repair")
    entry = desk.one(rows.row("list-entry", links=[Link("restsOn", "penalty", CODE)]))
    assert entry in desk.live(), "nobody knows yet whose code that is"
    assert outcomes(desk, penalty(rows, [CODE, NAME])) == [("suppressed", "key-gone")]
    assert entry not in desk.live()
    desk.ledger.verify()


def test_verify_finds_a_link_that_the_cascade_did_not_reach(desk, rows):
    gone = desk.one(penalty(rows, [NAME]))
    desk.one(rows.row("list-entry", links=[Link("restsOn", "penalty", CODE)]))
    desk.ledger.withdraw(gone, "repair")
    database = desk.ledger._context.database
    with database.writing() as connection:
        mac = desk.ledger._context.secret.key(CODE)
        connection.exec_driver_sql("INSERT INTO key_state VALUES (?, 1, 0)", (mac,))
    with pytest.raises(VerificationFailed, match="still quotes"):
        desk.ledger.verify()


EXTRA = "<https://w3id.org/credence/ns#extra>"


def rich(rows, text="罚款", extra="多", tier=Tier.PUBLIC):
    made = rows.row(text=text, tier=tier)
    lines = [*made.body.split("\n")[:-1], f'o {EXTRA} "{extra}"']
    lines.sort(key=lambda line: line.split(" ", 1)[1])
    return replace(made, body="".join(line + "\n" for line in lines))


def poor(rows, text="罚款", **more):
    return replace(rows.row(text=text), uncovered_properties=frozenset({EXTRA}), **more)


def test_a_poorer_form_takes_nothing_away(desk, rows):
    iri = desk.one(rich(rows))
    assert outcomes(desk, poor(rows), rich(rows)) == [("unchanged", None)] * 2
    assert outcomes(desk, poor(rows, "改写")) == [("revised", None)]
    assert '"多"'.encode() in desk.live()[iri]
    assert '"改写"'.encode() in desk.live()[iri]
    assert outcomes(desk, poor(rows, "改写"), rich(rows, "改写")) == [("unchanged", None)] * 2
    assert outcomes(desk, replace(rows.row(text="改写"))) == [("revised", None)]
    assert '"多"'.encode() not in desk.live()[iri], "this form could have told it"


def test_a_form_without_use_scope_keeps_the_stricter_tier(desk, rows):
    desk.one(replace(rows.row(tier=Tier.GOVERNMENT)))
    assert outcomes(desk, poor(rows, "改写", inherits_tier=True)) == [("revised", None)]
    assert not desk.live(Tier.PUBLIC)
    assert len(desk.live(Tier.GOVERNMENT)) == 1


def test_a_form_without_state_removes_no_objection_mark(desk, rows):
    iri = desk.one(replace(rows.row(), delivered_state=DeliveredState.OBJECTION))
    assert outcomes(desk, poor(rows, inherits_objection=True)) == [("unchanged", None)]
    assert desk.ledger.read(Tier.PUBLIC, iri).objection
    assert outcomes(desk, poor(rows)) == [("revised", None)]
    assert not desk.ledger.read(Tier.PUBLIC, iri).objection


def test_complete_variants_of_a_key_are_resolved_first():
    keys = {
        b"f": KeyRow(b"f", 1, KeyCoverage.FULL),
        b"i": KeyRow(b"i", 2, KeyCoverage.PARTIAL_KNOWN),
    }
    keys |= {
        b"b": KeyRow(b"b", 3, KeyCoverage.PARTIAL),
        b"s": KeyRow(b"s", 1, KeyCoverage.AMBIGUOUS),
    }
    matches = {
        name: resolve(KeyMacs(full, partial), keys.get)
        for name, full, partial in (
            ("full", (b"f",), ()),
            ("of another", (b"x",), (b"i",)),
            ("partial of a partial record", (b"x",), (b"b",)),
            ("two records", (b"f",), (b"b",)),
            ("partial", (), (b"x", b"i")),
            ("shared", (), (b"s",)),
            ("unknown", (b"x",), ()),
        )
    }
    assert {name: (found.records, found.is_ambiguous) for name, found in matches.items()} == {
        "full": ((1,), False),
        "of another": ((), False),
        "partial of a partial record": ((3,), False),
        "two records": ((1, 3), True),
        "partial": ((2,), False),
        "shared": ((), True),
        "unknown": ((), False),
    }
    assert matches["two records"].target == 1, "a link refers to the complete one"
    assert matches["shared"].target is None


def test_a_record_repaired_while_it_is_suspended_does_not_come_back_with_the_resumption(desk, rows):
    iri = desk.one(rows.row())
    desk.ledger.suspend(iri)
    case = rows.row(
        "repair-case",
        tier=Tier.GOVERNMENT,
        withdraws=rows.link("repairs", "penalty", 1),
        projected=False,
    )
    assert outcomes(desk, case) == [("accepted", None)]
    with pytest.raises(Conflict, match="withdrawn"):
        desk.ledger.resume(iri)
    assert not desk.live()
    assert outcomes(desk, rows.row()) == [("suppressed", "key-gone")]
    desk.ledger.verify()


def test_a_whole_key_that_equals_the_partial_one_of_another_record_keeps_its_own(desk, rows):
    # A licence whose certificate bears the number of its decision, then another certificate of it.
    first = replace(rows.row("licence", "D"), key=PARTIAL_KEY)
    iri = desk.one(first)
    other = desk.one(licence(rows, PART))
    assert other != iri
    assert desk.load(first)[0].iri == iri
    desk.ledger.withdraw(iri, "repair")
    assert outcomes(desk, first) == [("suppressed", "key-gone")]
    assert list(desk.live()) == [other]
    desk.ledger.verify()
