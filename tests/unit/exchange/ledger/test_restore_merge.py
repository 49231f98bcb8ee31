"""An older ledger takes in what its journal and its surfaces know."""

from __future__ import annotations

import shutil

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import EnvironmentFault
from exchange.domain.identifiers import new_id
from exchange.domain.record import Activity, Outcome, Visibility
from exchange.domain.restore_reconciliation import KnownRecord
from exchange.ledger.withdrawal_journal import Journal

FILES = ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "seals.sqlite")


def members(desk, tier=Tier.PUBLIC):
    return [
        (change.activity, change.iri[-26:], change.view is not None)
        for change in desk.ledger.changes(tier, 0, 1_000)
    ]


def keep(desk):
    """Copy ledger and seals aside, whole."""
    desk.close()
    (desk.folder / "kept").mkdir()
    for name in FILES:
        if (desk.folder / name).exists():
            shutil.copy2(desk.folder / name, desk.folder / "kept" / name)


def put_back(desk, *, journal=True):
    desk.close()
    for name in FILES:
        (desk.folder / name).unlink(missing_ok=True)
        if (desk.folder / "kept" / name).exists():
            shutil.copy2(desk.folder / "kept" / name, desk.folder / name)
    if not journal:
        shutil.rmtree(desk.folder / "journal")


def known_of(desk):
    """Return what the journal says, as the restore reads it."""
    return [
        KnownRecord(
            line.record,
            line.kind,
            Tier(line.tier),
            line.keys or (),
            gone=line.op == "gone",
            erased=line.erased,
        )
        for line in Journal(desk.folder / "journal" / "withdrawals.jsonl").lines()
    ]


def test_a_record_that_was_never_heard_of_is_entered_with_its_delete(desk, rows):
    shown = desk.one(rows.row())
    public_id = new_id()
    done = desk.ledger.recover(
        [KnownRecord(public_id, "penalty", Tier.PUBLIC)], 1, reason="rebuild"
    )
    assert (done.epoch, done.opened, done.entered) == (2, True, 1)
    assert desk.ledger.epoch() == 2
    assert members(desk)[-1] == (Activity.DELETE, public_id, False)
    assert members(desk, Tier.GOVERNMENT)[-1] == (Activity.DELETE, public_id, False)
    assert desk.ledger.visibility(Tier.PUBLIC, public_id) is Visibility.GONE
    assert desk.ledger.visibility(Tier.PUBLIC, shown[-26:]) is Visibility.LIVE
    desk.reopen().verify()


def test_a_record_that_only_the_government_saw_is_published_to_nobody_else(desk, rows):
    public_id = new_id()
    desk.ledger.recover([KnownRecord(public_id, "application", Tier.GOVERNMENT)], 1, reason="x")
    assert members(desk) == []
    assert members(desk, Tier.GOVERNMENT) == [(Activity.DELETE, public_id, False)]
    assert desk.ledger.visibility(Tier.PUBLIC, public_id) is Visibility.ABSENT
    desk.ledger.verify()


def test_a_key_that_came_with_it_is_suppressed_and_without_one_nothing_is(desk, rows):
    keep(desk)
    gone = desk.one(rows.row(number=7))
    desk.ledger.withdraw(gone, "repair")
    [known] = known_of(desk)
    put_back(desk)
    with pytest.raises(EnvironmentFault, match="older than its withdrawal journal"):
        desk.reopen()
    with desk.recovering():
        desk.ledger.recover([known], 1, reason="restore", force=True)
        desk.ledger.recover(
            [KnownRecord(new_id(), "penalty", Tier.PUBLIC)], 1, reason="restore", force=True
        )
    desk.reopen().verify()
    [result] = desk.load(rows.row(number=7))
    assert result.outcome is Outcome.SUPPRESSED
    [result] = desk.load(rows.row(number=8))
    assert result.outcome is Outcome.ACCEPTED


def test_what_was_removed_in_the_lost_part_is_removed_again_with_its_dependents(desk, rows):
    penalty = desk.one(rows.row())
    entry = desk.one(rows.row("list-entry", 5, links=[rows.link("restsOn", "penalty", 1)]))
    keep(desk)
    desk.ledger.withdraw(penalty, "repair")
    known = known_of(desk)
    put_back(desk)
    with desk.recovering():
        done = desk.ledger.recover(known, 1, reason="restore", force=True)
    assert done.withdrawn == 1
    for iri in (penalty, entry):
        assert desk.ledger.visibility(Tier.PUBLIC, iri[-26:]) is Visibility.GONE
    desk.reopen().verify()


def test_dependents_of_a_record_that_is_entered_lose_it_too(desk, rows):
    entry = desk.one(rows.row("list-entry", 5, links=[rows.link("restsOn", "penalty", 1)]))
    keep(desk)
    desk.ledger.withdraw(desk.one(rows.row()), "repair")
    known = [one for one in known_of(desk) if one.kind == "penalty"]
    put_back(desk)
    with desk.recovering():
        desk.ledger.recover(known, 1, reason="restore", force=True)
    assert desk.ledger.visibility(Tier.PUBLIC, entry[-26:]) is Visibility.GONE
    desk.reopen().verify()


def test_what_was_erased_in_the_lost_part_is_erased_again(desk, rows):
    iri = desk.one(rows.row(text="geheim"))
    keep(desk)
    desk.ledger.erase(iri, None)
    known = known_of(desk)
    put_back(desk)
    with desk.recovering():
        done = desk.ledger.recover(known, 1, reason="restore", force=True)
    assert done.erased == 1
    assert desk.ledger.removal(iri).event == "erase"
    desk.reopen().verify()


def test_a_lost_version_is_answered_by_this_ledgers_text_at_the_head(desk, rows):
    live, shielded = desk.one(rows.row()), desk.one(rows.row(number=2))
    desk.ledger.suspend(shielded)
    known = [KnownRecord(iri[-26:], shown=True) for iri in (live, shielded)]
    done = desk.ledger.recover(known, 1, reason="rebuild")
    assert done.reissued == 2
    assert members(desk)[-3:] == [
        (Activity.UPDATE, live[-26:], True),
        (Activity.CREATE, shielded[-26:], False),
        (Activity.DELETE, shielded[-26:], False),
    ]
    desk.reopen().verify()


def test_nothing_to_take_in_opens_no_epoch_unless_a_later_one_was_seen(desk, rows):
    iri = desk.one(rows.row())
    desk.ledger.withdraw(iri, "repair")
    position = desk.ledger.position()
    again = [KnownRecord(iri[-26:], "penalty", Tier.PUBLIC, gone=True)]
    assert not desk.ledger.recover(again, 1, reason="rebuild").opened
    assert desk.ledger.position() == position
    done = desk.ledger.recover(again, 4, reason="rebuild")
    assert (done.epoch, done.opened, done.withdrawn) == (5, True, 0)
    desk.reopen().verify()


def test_one_of_no_known_kind_is_counted_and_left_out(desk, rows):
    done = desk.ledger.recover([KnownRecord(new_id(), gone=True)], 1, reason="restore")
    assert done.unplaced == 1
    assert not done.opened
    desk.ledger.verify()


def test_what_the_ledger_does_not_have_is_found_by_number_and_by_name(desk, rows):
    iri = desk.one(rows.row())
    [change] = desk.ledger.changes(Tier.PUBLIC, 0, 10)
    assert desk.ledger.unknown_members(Tier.PUBLIC, {1: change.event[-26:]}) == set()
    events = {1: new_id(), 2: change.event[-26:]}
    assert desk.ledger.unknown_members(Tier.PUBLIC, events) == {1, 2}
    assert desk.ledger.unknown([iri[-26:], "b" * 26]) == {"b" * 26}


def test_reinstating_a_record_without_text_frees_its_key(desk, rows):
    keep(desk)
    gone = desk.one(rows.row(number=7))
    desk.ledger.withdraw(gone, "repair")
    known = known_of(desk)
    put_back(desk)
    with desk.recovering():
        desk.ledger.recover(known, 1, reason="restore", force=True)
    assert desk.ledger.reinstate(gone, "sha256:decision") == ""
    [result] = desk.load(rows.row(number=7))
    assert result.outcome is Outcome.ACCEPTED
    desk.ledger.erase(gone, None)
    desk.reopen().verify()


def test_every_record_is_counted_in_one_place(desk, rows):
    live, shielded, left = (desk.one(rows.row(number=number)) for number in (1, 2, 3))
    desk.ledger.suspend(shielded)
    desk.ledger.withdraw(left, "repair")
    lost, other = new_id(), new_id()
    known = [
        KnownRecord(lost, "penalty", Tier.PUBLIC, gone=True),
        KnownRecord(new_id(), "penalty", None, gone=True),
        KnownRecord(new_id(), None, Tier.PUBLIC, gone=True),
        KnownRecord(new_id(), None, None, shown=True),
        KnownRecord(other, "penalty", Tier.PUBLIC, erased=True),
        KnownRecord(left[-26:], gone=True),
        KnownRecord(left[-26:], shown=True),
        KnownRecord(live[-26:]),
        KnownRecord(shielded[-26:], gone=True, shown=True),
    ]
    done = desk.ledger.recover(known, 1, reason="restore")
    counts = (done.entered, done.withdrawn, done.erased, done.reissued, done.unplaced)
    assert counts == (2, 1, 1, 0, 3)
    standing = [desk.ledger.visibility(Tier.PUBLIC, iri[-26:]) for iri in (live, shielded, left)]
    assert standing == [Visibility.LIVE, Visibility.GONE, Visibility.GONE]
    assert desk.ledger.removal(other).event == "erase"
    again = desk.ledger.recover(known, 1, reason="restore")
    counts = (again.entered, again.withdrawn, again.erased, again.reissued, again.unplaced)
    assert (again.opened, counts) == (False, (0, 0, 0, 0, 3))
    desk.reopen().verify()


def test_a_key_that_leads_elsewhere_by_now_stays_there(desk, rows):
    keep(desk)
    gone = desk.one(rows.row(number=7))
    desk.ledger.withdraw(gone, "repair")
    [known] = known_of(desk)
    put_back(desk, journal=False)
    with desk.recovering():
        pass
    mine = desk.one(rows.row(number=7, text="neu"))
    desk.ledger.recover([known], 1, reason="restore", force=True)
    assert desk.ledger.visibility(Tier.PUBLIC, mine[-26:]) is Visibility.LIVE
    [result] = desk.load(rows.row(number=7, text="neuer"))
    assert result.outcome is Outcome.REVISED
    desk.reopen().verify()


def test_many_records_are_taken_in_and_a_key_without_a_part_is_kept_as_such(desk, rows):
    many = [KnownRecord(new_id(), "penalty", Tier.PUBLIC) for _ in range(260)]
    done = desk.ledger.recover(many, 1, reason="restore")
    assert (done.epoch, done.entered) == (2, 260)
    assert desk.ledger.unknown([one.public_id for one in many]) == set()
    desk.reopen().verify()
