from __future__ import annotations

import json
import shutil
import stat

import pytest
from sqlalchemy import func, select, text, update

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Conflict, EnvironmentFault, NotFound
from exchange.ledger import Ledger, schema
from exchange.ledger.ledger_secret import Secret
from exchange.ledger.withdrawal_journal import Journal


def lines(desk):
    return [json.loads(line) for line in journal(desk).read_text().splitlines()]


def journal(desk):
    return desk.folder / "journal" / "withdrawals.jsonl"


def test_a_ledger_is_begun_once_and_keeps_its_identity(desk, rows):
    locations = rows.locations(desk.folder)
    assert Ledger.exists(locations)
    with pytest.raises(Conflict):
        Ledger.create(locations, rows.genesis, rows.rules, lambda: 0)
    assert desk.ledger.genesis == rows.genesis
    assert desk.ledger.position() == 1


def test_no_ledger_is_found_where_none_was_begun_and_looking_makes_none(tmp_path, rows):
    locations = rows.locations(tmp_path)
    assert not Ledger.exists(locations)
    with pytest.raises(NotFound):
        Ledger.open(locations, rows.rules, lambda: 0)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_a_clear_fault(tmp_path, rows):
    with pytest.raises(EnvironmentFault, match="cannot be"):
        Ledger.create(rows.locations(tmp_path / "none"), rows.genesis, rows.rules, lambda: 0)


def test_secrets_and_databases_are_readable_by_their_owner_only(desk, rows):
    iri = desk.one(rows.row())
    desk.ledger.withdraw(iri, "repair")
    for path in (p for p in desk.folder.rglob("*") if p.is_file()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_secret_of_another_ledger_is_refused(desk):
    desk.close()
    (desk.folder / "ledger.key").write_bytes(bytes(32))
    with pytest.raises(EnvironmentFault, match="secret"):
        desk.reopen()
    (desk.folder / "ledger.key").write_bytes(b"short")
    with pytest.raises(EnvironmentFault, match="32 bytes"):
        desk.reopen()
    (desk.folder / "ledger.key").unlink()
    with pytest.raises(EnvironmentFault, match="secret"):
        desk.reopen()


def test_seals_of_another_ledger_are_refused(desk):
    desk.close()
    (desk.folder / "seals.sqlite").unlink()
    with pytest.raises(EnvironmentFault, match="seals"):
        desk.reopen()


def test_a_schema_of_a_newer_program_is_refused(desk):
    with desk.ledger._context.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(EnvironmentFault, match="9999"):
        desk.reopen()


def test_the_journal_has_each_removal_and_return_before_it_is_acknowledged(desk, rows):
    iri = desk.one(rows.row())
    desk.ledger.suspend(iri)
    desk.ledger.resume(iri)
    position = desk.ledger.withdraw(iri, "repair")
    assert [(line["op"], line["record"]) for line in lines(desk)] == [
        ("gone", iri[-26:]),
        ("back", iri[-26:]),
        ("gone", iri[-26:]),
    ]
    key = Secret((desk.folder / "ledger.key").read_bytes()).key("penalty\x1f1")
    last = lines(desk)[-1]
    assert len(last.pop("crc")) == 8
    assert last == {
        "epoch": 1,
        "position": position,
        "record": iri[-26:],
        "op": "gone",
        "kind": "penalty",
        "tier": "public",
        "keys": [key.hex()],
        "erased": False,
    }


def test_a_row_for_a_stricter_tier_is_a_removal_for_the_journal(desk, rows):
    desk.load(rows.row())
    desk.load(rows.row(tier=Tier.GOVERNMENT))
    desk.load(rows.row())
    assert [line["op"] for line in lines(desk)] == ["gone", "back"]
    desk.ledger.verify()


def test_a_journal_behind_the_ledger_is_healed(desk, rows):
    iris = [desk.one(rows.row(number=number)) for number in range(3)]
    for iri in iris:
        desk.ledger.withdraw(iri, "repair")
    whole = journal(desk).read_bytes()
    for kept in (b"", whole[:100], whole[:-1], whole[: len(whole) // 2]):
        journal(desk).write_bytes(kept)
        desk.reopen().verify()
        assert journal(desk).read_bytes() == whole
    journal(desk).unlink()
    desk.reopen().verify()
    assert journal(desk).read_bytes() == whole


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[" * 100_000,
        b'{"epoch":"1","position":7,"record":"a","op":"gone"}',
        b'{"epoch":1,"position":7,"record":"a","op":["gone"]}',
        b'{"epoch":1,"position":7,"record":"a","op":"gome"}',
        b'{"epoch":1, "position":7,"record":"a","op":"gone"}',
    ],
)
def test_a_journal_line_that_we_would_not_write_is_damage(desk, rows, line):
    desk.ledger.withdraw(desk.one(rows.row()), "repair")
    whole = journal(desk).read_bytes()
    for damaged in (line + b"\n" + whole, whole + line + b"\n"):
        journal(desk).write_bytes(damaged)
        with pytest.raises(EnvironmentFault, match="not one of its own"):
            list(Journal(journal(desk)).lines())
    with pytest.raises(EnvironmentFault):
        desk.reopen()


def test_a_ledger_older_than_its_journal_is_refused(desk, rows, tmp_path):
    iri = desk.one(rows.row())
    desk.close()
    backup = tmp_path / "backup"
    shutil.copytree(desk.folder, backup)
    desk.ledger.withdraw(iri, "repair")
    desk.close()
    shutil.copy(backup / "ledger.sqlite", desk.folder / "ledger.sqlite")
    with pytest.raises(EnvironmentFault, match="older than its withdrawal journal"):
        desk.reopen()


def test_a_journal_of_another_ledger_is_refused(desk, rows):
    desk.ledger.withdraw(desk.one(rows.row()), "repair")
    other = journal(desk).read_text().replace('"gone"', '"back"')
    journal(desk).write_text(other)
    with pytest.raises(EnvironmentFault, match="journal"):
        desk.reopen()
    journal(desk).write_text("not json\n")
    with pytest.raises(EnvironmentFault, match="not one of its own"):
        desk.reopen()


def test_a_withdrawal_broken_off_anywhere_is_all_or_nothing(desk, rows):
    for number, point in enumerate(("seals-written", "before-commit", "committed")):
        iri = desk.one(rows.row(number=number))
        with desk.crash(point):
            desk.ledger.withdraw(iri, "repair")
        desk.reopen().verify()
        gone = iri not in desk.live()
        assert gone is (point == "committed")
        assert any(line["record"] == iri[-26:] for line in lines(desk)) is gone
        desk._delivery = None


def test_seals_of_a_transaction_that_never_committed_are_swept_at_opening(desk, rows):
    desk.load(rows.row())
    before = list(desk.ledger._context.seals.ids())
    with desk.crash("before-commit"):
        desk.load(rows.row(number=2))
    ledger = desk.reopen()
    assert list(ledger._context.seals.ids()) == before
    assert ledger.verify().orphan_seals == 0
    desk.load(rows.row(number=2))
    assert max(desk.ledger._context.seals.ids()) > max(before) + 1, "numbers are not used again"


def test_a_damaged_number_of_a_seal_costs_no_other_event_its_seal(desk, rows):
    desk.load(rows.row())
    desk.load(rows.row(number=2))
    parts, event = desk.ledger._context, schema.event
    before = list(parts.seals.ids())
    with parts.database.writing() as connection:
        newest = connection.execute(select(func.max(event.c.position))).scalar_one()
        connection.execute(update(event).where(event.c.position == newest).values(seal=1))
    assert list(desk.reopen()._context.seals.ids()) == before[:-1]


def test_two_processes_share_one_ledger_and_one_journal(desk, rows):
    other = rows.desk(desk.folder)
    first, second = desk.one(rows.row(number=1)), other.one(rows.row(number=2))
    desk.ledger.withdraw(first, "repair")
    other.ledger.withdraw(second, "repair")
    assert [line["record"] for line in lines(desk)] == [first[-26:], second[-26:]]
    desk.ledger.verify()
    other.close()


def test_the_next_writer_journals_what_a_crashed_neighbour_did_not(desk, rows):
    other = rows.desk(desk.folder)
    first, second = desk.one(rows.row(number=1)), other.one(rows.row(number=2))
    with desk.crash("committed"):
        desk.ledger.withdraw(first, "repair")
    other.ledger.withdraw(second, "repair")
    assert [line["record"] for line in lines(desk)] == [first[-26:], second[-26:]]
    other.close()


def test_an_unwritable_journal_is_a_fault_that_heals(desk, rows):
    iri = desk.one(rows.row())
    journal(desk).rename(journal(desk).with_suffix(".away"))
    journal(desk).mkdir()
    with pytest.raises(EnvironmentFault, match="journal"):
        desk.ledger.withdraw(iri, "repair")
    journal(desk).rmdir()
    desk.reopen().verify()
    assert len(lines(desk)) == 1


def test_a_new_epoch_goes_on_in_the_same_journal(desk, rows):
    first, second = (desk.one(rows.row(number=number)) for number in (1, 2))
    desk.ledger.withdraw(first, "repair")
    desk.ledger.append_note("epoch", {"reason": "restored"})
    desk.ledger.withdraw(second, "repair")
    assert [line["epoch"] for line in lines(desk)] == [1, 2]
    desk.reopen().verify()
