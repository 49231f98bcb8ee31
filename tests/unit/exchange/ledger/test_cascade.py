from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Conflict, UsageError
from exchange.domain.record import DeliveredState, Visibility

PUBLIC, GOVERNMENT, ARCHIVE = Tier


def test_an_entry_whose_sole_basis_is_withdrawn_is_withdrawn(desk, rows):
    penalty = desk.one(rows.row())
    desk.one(rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]))
    desk.ledger.withdraw(penalty, "repair")
    assert desk.live() == {}
    assert [seq for seq, _ in desk.ledger.removals(PUBLIC, 0, 9)] == [3, 4]
    desk.ledger.verify()


def test_an_entry_with_another_basis_is_issued_again_without_the_reference(desk, rows):
    penalty = desk.one(rows.row(number=1))
    desk.one(rows.row(number=2))
    links = [rows.link("restsOn", "penalty", number) for number in (1, 2)]
    entry = desk.one(rows.row("list-entry", links=links))
    assert b'restsOn> "1"' in desk.live()[entry]
    desk.ledger.withdraw(penalty, "repair")
    view = desk.live()[entry]
    assert b'restsOn> "1"' not in view
    assert b'restsOn> "2"' in view
    result = desk.load(rows.row("list-entry", links=links))[0]
    assert result.outcome.value == "unchanged", "the received row is the same as before"
    desk.ledger.verify()


def test_older_text_with_the_reference_is_not_handed_out_either(desk, rows):
    penalty = desk.one(rows.row(number=1))
    links = [rows.link("restsOn", "penalty", number) for number in (1, 9)]
    entry = desk.one(rows.row("list-entry", links=links))
    desk.ledger.withdraw(penalty, "repair")
    versions = [c for c in desk.ledger.changes(PUBLIC, 0, 99) if c.iri == entry]
    assert [c.activity.value for c in versions] == ["Create", "Update"]
    assert versions[0].view is None
    assert b'restsOn> "1"' not in (versions[1].view or b"")
    assert entry in {iri for _, iri in desk.ledger.removals(PUBLIC, 0, 9)}


def test_an_unresolved_basis_counts_as_one(desk, rows):
    penalty = desk.one(rows.row(number=1))
    links = [rows.link("restsOn", "penalty", number) for number in (1, "later")]
    entry = desk.one(rows.row("list-entry", links=links))
    desk.ledger.withdraw(penalty, "repair")
    assert entry in desk.live()


def test_the_last_basis_takes_the_entry_with_it_one_after_the_other(desk, rows):
    penalties = [desk.one(rows.row(number=number)) for number in (1, 2)]
    links = [rows.link("restsOn", "penalty", number) for number in (1, 2)]
    entry = desk.one(rows.row("list-entry", links=links))
    desk.ledger.withdraw(penalties[0], "repair")
    assert entry in desk.live()
    desk.ledger.withdraw(penalties[1], "repair")
    assert desk.live() == {}
    desk.ledger.verify()


def test_a_cascade_goes_on_through_what_it_withdraws(desk, rows):
    penalty = desk.one(rows.row())
    desk.one(rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]))
    concerns = [rows.link("concerns", "list-entry", 1)]
    inspection = desk.one(rows.row("inspection", links=concerns))
    desk.ledger.withdraw(penalty, "repair")
    assert list(desk.live()) == [inspection]
    assert b"concerns" not in desk.live()[inspection]
    desk.ledger.verify()


def test_a_measure_like_record_waits_for_a_decision(desk, rows):
    entry = desk.one(rows.row("list-entry"))
    applied = [rows.link("appliedTo", "list-entry", 1)]
    application = desk.one(rows.row("application", tier=GOVERNMENT, links=applied))
    desk.ledger.withdraw(entry, "revocation")
    pending = desk.ledger.pending_decisions()
    assert [(item.iri, item.relation) for item in pending] == [(application, "appliedTo")]
    assert application in desk.live(GOVERNMENT)
    desk.ledger.withdraw(application, "revocation")
    assert desk.ledger.pending_decisions() == []
    desk.ledger.verify()


def test_a_revision_without_the_reference_settles_the_decision(desk, rows):
    entry = desk.one(rows.row("list-entry"))
    applied = [rows.link("appliedTo", "list-entry", 1)]
    desk.one(rows.row("application", tier=GOVERNMENT, links=applied))
    desk.ledger.withdraw(entry, "revocation")
    desk.load(rows.row("application", text="改", tier=GOVERNMENT, links=applied))
    assert len(desk.ledger.pending_decisions()) == 1
    desk.load(rows.row("application", text="又改", tier=GOVERNMENT))
    assert desk.ledger.pending_decisions() == []


def test_an_expired_basis_drops_the_reference_and_withdraws_nothing(desk, rows):
    penalty = desk.one(rows.row())
    entry = desk.one(rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]))
    desk.ledger.expire(penalty)
    assert list(desk.live()) == [entry]
    assert b"restsOn" not in desk.live()[entry]
    desk.ledger.verify()


def test_a_suspended_dependent_follows_too_and_resumes_without_the_reference(desk, rows):
    penalty = desk.one(rows.row(number=1))
    links = [rows.link("restsOn", "penalty", number) for number in (1, 9)]
    entry = desk.one(rows.row("list-entry", links=links))
    desk.ledger.suspend(entry)
    desk.ledger.withdraw(penalty, "repair")
    desk.ledger.resume(entry)
    assert b'restsOn> "1"' not in desk.live()[entry]
    desk.ledger.verify()


def test_a_suspended_basis_leaves_its_dependents_alone(desk, rows):
    penalty = desk.one(rows.row())
    entry = desk.one(rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]))
    desk.ledger.suspend(penalty)
    assert list(desk.live()) == [entry]


def test_a_row_with_a_link_to_a_removed_record_is_published_without_the_link(desk, rows):
    desk.ledger.withdraw(desk.one(rows.row(number=1)), "repair")
    links = [rows.link("restsOn", "penalty", number) for number in (1, 2)]
    sole = rows.row("list-entry", "sole", links=links[:1])
    both = rows.row("list-entry", "both", links=links)
    results = desk.load(sole, both)
    assert [(r.outcome.value, r.reason) for r in results] == [
        ("suppressed", "basis-gone"),
        ("accepted", None),
    ]
    assert [b'restsOn> "1"' in view for view in desk.live().values()] == [False]
    assert desk.load(both)[0].outcome.value == "unchanged"
    desk.ledger.verify()


def test_a_revision_that_rests_on_nothing_any_more_withdraws_the_record(desk, rows):
    desk.ledger.withdraw(desk.one(rows.row(number=1)), "repair")
    iri = desk.one(rows.row("list-entry", 5, links=[rows.link("restsOn", "penalty", 2)]))
    links = [rows.link("restsOn", "penalty", 1)]
    assert desk.load(rows.row("list-entry", 5, links=links))[0].outcome.value == "suppressed"
    assert iri not in desk.live()
    desk.ledger.verify()


def test_a_repair_in_one_file_with_its_penalty_cascades_in_the_same_transaction(desk, rows):
    results = desk.load(
        rows.row(number=1),
        rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]),
        rows.row(
            "repair-case",
            tier=GOVERNMENT,
            withdraws=rows.link("repairs", "penalty", 1),
            projected=False,
        ),
        rows.row(number=1),
    )
    assert [r.outcome.value for r in results] == ["accepted"] * 3 + ["suppressed"]
    assert desk.live() == {}
    desk.ledger.verify()


def test_after_reinstating_the_next_delivery_states_the_reference_again(desk, rows):
    penalty = desk.one(rows.row(number=1))
    links = [rows.link("restsOn", "penalty", number) for number in (1, 2)]
    entry = desk.one(rows.row("list-entry", links=links))
    desk.ledger.withdraw(penalty, "repair")
    desk.ledger.reinstate(penalty, "decision")
    assert desk.load(rows.row("list-entry", links=links))[0].outcome.value == "revised"
    assert b'restsOn> "1"' in desk.live()[entry]
    desk.ledger.verify()


def test_a_revoked_row_cascades_like_a_withdrawal_by_hand(desk, rows):
    desk.one(rows.row())
    entry = desk.one(rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]))
    desk.load(rows.row(delivered_state=DeliveredState.REVOKED))
    assert desk.ledger.visibility(PUBLIC, entry[-26:]) is Visibility.GONE


def test_a_row_whose_sole_basis_only_expired_arrives_without_the_reference(desk, rows):
    desk.ledger.expire(desk.one(rows.row()))
    entry = desk.one(rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]))
    assert b"restsOn" not in desk.live()[entry]
    desk.ledger.verify()


def test_a_record_reinstated_without_a_reference_is_looked_at_again_when_delivered(desk, rows):
    penalties = [desk.one(rows.row(number=number)) for number in (1, 2)]
    links = [rows.link("restsOn", "penalty", number) for number in (1, 2)]
    row = rows.row("list-entry", links=links)
    entry = desk.one(row)
    desk.ledger.withdraw(entry, "correction")
    desk.ledger.withdraw(penalties[0], "repair")
    again = desk.ledger.reinstate(entry, "decision")
    assert b'restsOn> "1"' not in desk.live()[again]
    desk.ledger.reinstate(penalties[0], "decision")
    assert desk.load(row)[0].outcome.value == "revised"
    assert b'restsOn> "1"' in desk.live()[again]
    desk.ledger.verify()


def test_an_entry_is_not_reinstated_while_all_its_bases_are_removed(desk, rows):
    penalty = desk.one(rows.row())
    entry = desk.one(rows.row("list-entry", links=[rows.link("restsOn", "penalty", 1)]))
    desk.ledger.withdraw(penalty, "repair")
    with pytest.raises(Conflict, match="rests on"):
        desk.ledger.reinstate(entry, "decision")
    desk.ledger.reinstate(penalty, "decision")
    assert desk.ledger.reinstate(entry, "decision") in desk.live()
    desk.ledger.verify()


def test_a_relation_without_a_rule_is_refused(desk, rows):
    with pytest.raises(UsageError, match="No rule"):
        desk.load(rows.row(links=[rows.link("gossips", "penalty", 2)]))


def test_an_entry_whose_other_basis_is_suspended_still_rests_on_it(desk, rows):
    penalties = [desk.one(rows.row(number=number)) for number in (1, 2)]
    links = [rows.link("restsOn", "penalty", number) for number in (1, 2)]
    entry = desk.one(rows.row("list-entry", links=links))
    desk.ledger.suspend(penalties[1])
    desk.ledger.withdraw(penalties[0], "repair")
    assert entry in desk.live()
    assert b'restsOn> "1"' not in desk.live()[entry]
    assert b'restsOn> "2"' in desk.live()[entry]
    desk.ledger.withdraw(penalties[1], "repair")
    assert entry not in desk.live(), "now nothing is left that it rests on"
    desk.ledger.verify()


@pytest.mark.parametrize("gone", [1, 10, 11])
def test_each_of_twelve_links_is_dropped_alone(desk, rows, gone):
    numbers = list(range(12))
    penalties = [desk.one(rows.row(number=f"p{chr(97 + number)}")) for number in numbers]
    links = [rows.link("restsOn", "penalty", f"p{chr(97 + number)}") for number in numbers]
    entry = desk.one(rows.row("list-entry", links=links))
    desk.ledger.withdraw(penalties[gone], "repair")
    kept = desk.live()[entry].decode()
    stated = {chr(97 + number) for number in numbers if f'restsOn> "{chr(97 + number)}"' in kept}
    assert stated == {chr(97 + number) for number in numbers if number != gone}
    desk.ledger.verify()


def test_a_reference_that_is_learned_of_later_is_put_up_for_decision_once(desk, rows):
    entry = desk.one(rows.row("list-entry"))
    applied = [rows.link("appliedTo", "list-entry", number) for number in (1, 2, 3)]
    application = desk.one(rows.row("application", tier=GOVERNMENT, links=applied))
    desk.ledger.withdraw(entry, "revocation")
    # Only now is it told that the other numbers are of the record that left.
    for also in ("list-entry\x1f2", "list-entry\x1f3"):
        again = replace(rows.row("list-entry"), aliases=(also,))
        assert desk.load(again)[0].outcome == "suppressed"
    assert [item.iri for item in desk.ledger.pending_decisions()] == [application]
    # Another departure is another reason to decide.
    second = desk.one(rows.row("list-entry", number=9))
    both = [*applied, rows.link("appliedTo", "list-entry", 9)]
    desk.load(rows.row("application", text="改", tier=GOVERNMENT, links=both))
    before = len(desk.ledger.pending_decisions())
    desk.ledger.withdraw(second, "revocation")
    assert len(desk.ledger.pending_decisions()) == before + 1
    desk.ledger.verify()


@pytest.mark.parametrize("order", [("appliedTo", "concerns"), ("concerns", "appliedTo")])
def test_each_link_to_a_removed_record_has_its_own_rule_in_any_order(desk, rows, order):
    entry = desk.one(rows.row("list-entry"))
    links = [rows.link(relation, "list-entry", 1) for relation in order]
    links.append(rows.link("concerns", "list-entry", 2))
    iri = desk.one(rows.row("inspection", tier=GOVERNMENT, links=links))
    desk.ledger.withdraw(entry, "revocation")
    view = desk.live(GOVERNMENT)[iri]
    assert b"appliedTo" in view
    assert b'concerns> "1"' not in view
    assert b'concerns> "2"' in view
    assert [item.iri for item in desk.ledger.pending_decisions()] == [iri]
    desk.ledger.verify()


def test_a_dependent_removed_before_hides_none_of_the_others(desk, rows):
    penalty = desk.one(rows.row())
    basis = [rows.link("restsOn", "penalty", 1)]
    entries = [desk.one(rows.row("list-entry", number, links=basis)) for number in range(5)]
    for number in (0, 2):
        desk.ledger.withdraw(entries[number], "revocation")
    desk.ledger.withdraw(penalty, "repair")
    assert desk.live() == {}
    desk.ledger.verify()
