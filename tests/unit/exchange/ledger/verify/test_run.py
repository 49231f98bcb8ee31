from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from sqlalchemy import text

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import VerificationFailed
from exchange.ledger import ModelVersion
from exchange.ledger.withdrawal_journal import OP_BACK, OP_GONE, Journal

PUBLIC, GOVERNMENT, ARCHIVE = Tier


@pytest.fixture(scope="module")
def filled(template, tmp_path_factory, rows):
    """A ledger with something in every table, made once and copied."""
    folder = tmp_path_factory.mktemp("filled") / "ledger"
    shutil.copytree(template, folder)
    desk = rows.desk(folder)
    desk.load(*(rows.row(number=number) for number in range(6)))
    iris = [change.iri for change in desk.ledger.changes(PUBLIC, 0, 9)]
    links = [rows.link("restsOn", "penalty", number) for number in (0, 1)]
    entries = [desk.one(rows.row("list-entry", number, links=links)) for number in (1, 2)]
    applied = [rows.link("appliedTo", "list-entry", 1)]
    desk.one(rows.row("application", tier=GOVERNMENT, links=applied))
    desk.one(rows.row(number="person", person="140402199001011234"))
    ledger = desk.ledger
    ledger.withdraw(iris[0], "repair")
    ledger.suspend(iris[2])
    ledger.set_objection(iris[3], open=True)
    ledger.withdraw(entries[0], "revocation")
    ledger.erase(iris[4])
    ledger.append_note("policy", {"version": 1})
    ledger.verify()
    desk.close()
    return folder


@pytest.fixture
def full(filled, tmp_path, rows):
    shutil.copytree(filled, tmp_path / "ledger")
    desk = rows.desk(tmp_path / "ledger")
    yield desk
    desk.close()


def tamper(desk, statement):
    with desk.ledger._context.database.writing() as connection:
        done = connection.execute(text(statement))
        assert done.rowcount, "the statement changed nothing"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET name = 'correct' WHERE position = 3",
        "UPDATE event SET name = 'gossip' WHERE position = 3",
        "UPDATE event SET at = at + 1 WHERE position = 3",
        "UPDATE event SET delivery = 7 WHERE position = 3",
        "UPDATE event SET record = 2 WHERE position = 3",
        "UPDATE event SET tier = 'government' WHERE position = 3",
        "UPDATE event SET tier = NULL WHERE position = 3",
        "UPDATE event SET format = 2 WHERE position = 3",
        "UPDATE event SET seal = seal + 100 WHERE position = 3",
        "UPDATE event SET body = zeroblob(60) WHERE position = 3",
        "UPDATE event SET c_public = zeroblob(32) WHERE position = 3",
        "UPDATE event SET c_government = zeroblob(32) WHERE position = 3",
        "UPDATE event SET c_archive = zeroblob(32) WHERE position = 3",
        "UPDATE event SET c_public = zeroblob(32) WHERE position = 1",
        "DELETE FROM event WHERE name = 'policy'",
        "UPDATE tree_head SET root = zeroblob(32) WHERE size = 2",
        "UPDATE tree_head SET frontier = zeroblob(32) WHERE size = 2",
        "DELETE FROM tree_head WHERE size = (SELECT max(size) FROM tree_head)",
        "INSERT INTO tree_node VALUES (8, 0, zeroblob(32))",
        "UPDATE head SET position = position - 1",
        "UPDATE head SET position = position + 1",
        "UPDATE head SET record = record + 1",
        "UPDATE record SET state = 'live' WHERE id = 1",
        "UPDATE record SET state = 'withdrawn' WHERE id = 2",
        "UPDATE record SET tier = 'government' WHERE id = 2",
        "UPDATE record SET widest = 'archive' WHERE id = 2",
        "UPDATE record SET version = version + 1 WHERE id = 2",
        "UPDATE record SET mark = 1 WHERE id = 2",
        "UPDATE record SET mark = 0 WHERE id = 4",
        "UPDATE record SET content_mac = zeroblob(32) WHERE id = 5",
        "UPDATE record SET chain = 1 WHERE id = 2",
        "UPDATE record SET chain = 99 WHERE id = 2",
        "UPDATE record SET kind = 'licence' WHERE id = 2",
        "UPDATE record SET public_id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa' WHERE id = 2",
        "UPDATE key_state SET told = 2 WHERE record = 1",
        "UPDATE key_state SET told = 9 WHERE record = 1",
        "INSERT INTO key_state VALUES (zeroblob(32), 2, 1)",
        "UPDATE key_state SET record = 99 WHERE record = 1",
        "DELETE FROM key_state WHERE record = 1",
        "UPDATE link SET dropped = 0 WHERE number = 0",
        "INSERT INTO link VALUES (5, 0, 'restsOn', 0)",
        "DELETE FROM quoted WHERE number = 0",
        "INSERT INTO quoted VALUES (5, 0, 0, zeroblob(32), 0)",
        "UPDATE member SET seq = 99 WHERE tier = 'public' AND seq = 2",
        "UPDATE member SET record = 3 WHERE tier = 'public' AND seq = 2",
        "UPDATE member SET position = 5 WHERE tier = 'public' AND seq = 2",
        "UPDATE member SET version = 5 WHERE tier = 'public' AND seq = 2",
        "UPDATE member SET activity = 'Update' WHERE tier = 'public' AND seq = 2",
        "UPDATE member SET kind = 'licence' WHERE tier = 'public' AND seq = 2",
        "UPDATE member SET page = 2 WHERE tier = 'public' AND seq = 2",
        "UPDATE member SET published = published - 1 WHERE tier = 'public' AND seq = 2",
        "UPDATE member SET mark = 1 WHERE tier = 'public' AND seq = 2",
        "DELETE FROM member WHERE tier = 'government' AND seq = 2",
        "DELETE FROM veil WHERE tier = 'public' AND record = 1",
        "INSERT INTO veil VALUES ('public', 2, 2)",
        "INSERT INTO veil VALUES ('public', 200, 2)",
        "UPDATE stream SET seq = seq + 1",
        "UPDATE stream SET published = published + 1",
        "UPDATE page SET members = members - 1",
        "DELETE FROM page WHERE kind = 'penalty'",
        "DELETE FROM passage WHERE op = 'gone'",
        "UPDATE passage SET op = 'back'",
        "UPDATE passage SET record = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'",
        "UPDATE erasure SET position = position - 1",
        "DELETE FROM erasure",
    ],
)
def test_a_difference_in_any_table_is_found(full, statement):
    tamper(full, statement)
    with pytest.raises(VerificationFailed) as caught:
        full.ledger.verify()
    assert caught.value.hint


def test_other_properties_of_the_present_model_are_found(desk, rows):
    desk.model = ModelVersion("a" * 64, {"penalty": frozenset({"<urn:p>"})})
    desk.one(rows.row())
    desk.ledger.verify()
    tamper(desk, "UPDATE model SET kinds = replace(kinds, 'urn:p', 'urn:q')")
    with pytest.raises(VerificationFailed, match="present model"):
        desk.ledger.verify()


def test_a_lost_seal_is_found_and_a_stray_one_is_counted(full):
    ledger = full.ledger
    ledger._context.seals.put([bytes(32)])
    assert ledger.verify().orphan_seals == 0, "it may belong to a transaction on its way"
    ledger.append_note("policy", {"version": 2})
    assert ledger.verify().orphan_seals == 1
    ledger._context.seals.destroy([3])
    with pytest.raises(VerificationFailed, match="seal of the event at 3 is missing") as caught:
        ledger.verify()
    assert caught.value.details["position"] == 3


def test_a_seal_that_came_back_after_an_erasure_is_found(full):
    parts = full.ledger._context
    with parts.database.reading() as connection:
        seal = connection.execute(text("SELECT seal FROM event WHERE record = 5")).scalar()
    with parts.seals._database.writing() as connection:
        connection.execute(text(f"INSERT INTO seal VALUES ({seal}, zeroblob(32))"))
    with pytest.raises(VerificationFailed, match="still there"):
        full.ledger.verify()


def test_a_journal_that_says_less_more_or_else_is_found(full):
    ledger = full.ledger  # opened before, for opening heals
    path = full.folder / "journal" / "withdrawals.jsonl"
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    gone = next(line for line in Journal(path).lines() if line.op == OP_GONE)
    for wrong in (
        b"".join(lines[:-1]),
        b"".join(lines[1:]),
        b"".join([*lines, lines[-1]]),
        whole.replace(gone.encoded(), replace(gone, op=OP_BACK).encoded()),
    ):
        path.write_bytes(wrong)
        with pytest.raises(VerificationFailed, match="journal"):
            ledger.verify()
    path.write_bytes(whole)
    report = ledger.verify()
    assert (report.erased, report.orphan_seals) == (1, 0)
    assert report.members["public"] < report.members["government"]


def test_verifying_walks_over_many_chunks(desk, rows):
    desk.load(*(rows.row(number=number) for number in range(1300)))
    report = desk.ledger.verify()
    assert report.records == 1300
    assert report.root == desk.ledger.tree().root
