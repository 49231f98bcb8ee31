"""A dry run answers as the load does, and leaves no trace."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import EnvironmentFault
from exchange.ledger import Ledger, dry_run_overlay, ledger_in_memory
from exchange.ledger.clock_heartbeat import AlwaysTrustedClock
from exchange.ledger.model_versions import ModelVersion
from tests.factories import append_all


def traces(folder):
    """Return every file with its bytes and its time of change."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and not of_readers(path)
    }


def of_readers(path):
    """Whether SQLite made the file for its readers: the index of its log, or a log of nothing."""
    return path.name.endswith("-shm") or (path.name.endswith("-wal") and not path.stat().st_size)


def load(ledger, digest, *rows, close=True):
    number = ledger.open_delivery(
        source=None, name="f.csv", digest=digest * 64, kind="penalty", form=None
    )
    found = append_all(ledger, number, rows)
    if close:
        ledger.close_delivery(number, {})
    return [(str(item.outcome), item.reason, item.review) for item in found]


@pytest.fixture
def city(desk, rows):
    """Penalties of which one was withdrawn and one repaired, and a list that rests on one."""
    load(desk.ledger, "a", *[rows.row(number=at, text=f"文 {at}") for at in range(1, 6)])
    link = rows.link("restsOn", "penalty", 1)
    load(desk.ledger, "b", rows.row("list-entry", 1, links=[link]))
    gone = next(iri for iri, view in desk.live().items() if "文 5" in view.decode())
    desk.ledger.withdraw(gone, "correction")
    return desk


def files(rows):
    """Yield files that touch every table a load writes, in the order of one load."""
    yield "c", [rows.row(number=1, text="新"), rows.row(number=6, person="11010119900307123X")]
    yield "d", [rows.row(number=5, text="又来"), rows.row(number=1, text="文 1")]
    target = rows.link("repairs", "penalty", 6)
    case = rows.row("repair-case", 1, links=[target], withdraws=target, projected=False)
    nowhere = rows.link("repairs", "penalty", 77)
    lost = rows.row("repair-case", 2, links=[nowhere], withdraws=nowhere, projected=False)
    yield "e", [case, lost]
    yield "f", [rows.row(number=6, text="再"), rows.row("list-entry", 2, links=[target])]
    link = rows.link("restsOn", "penalty", 2)
    yield "g", [rows.row("list-entry", 1, text="改", links=[link]), rows.row(number=2, text="x")]
    yield "c", [rows.row(number=1, text="新"), rows.row(number=6, person="11010119900307123X")]


def test_files_that_build_on_each_other_are_foreseen(city, rows):
    position = city.ledger.position()
    with city.ledger.dry_run() as tried:
        foreseen = [load(tried, digest, *items) for digest, items in files(rows)]
        seen = tried.position()
    assert city.ledger.position() == position
    assert [load(city.ledger, digest, *items) for digest, items in files(rows)] == foreseen
    assert city.ledger.position() == seen, "as many events as the load wrote"
    outcomes = {outcome for found in foreseen for outcome, _, _ in found}
    assert outcomes >= {"accepted", "revised", "suppressed", "rejected", "outdated"}
    city.ledger.verify()


def test_no_file_of_the_ledger_is_touched(city, rows):
    city.close()
    before = traces(city.folder)
    given = {"government_kinds": rows.government}
    ledger = Ledger.open_read_only(
        rows.locations(city.folder), rows.rules, lambda: rows.noon, **given
    )
    with ledger.dry_run() as tried:
        for digest, items in files(rows):
            load(tried, digest, *items)
    ledger.close()
    assert traces(city.folder) == before


def test_a_dry_run_waits_for_no_writer_and_keeps_none_waiting(city, rows):
    with sqlite3.connect(city.folder / "ledger.sqlite", isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with city.ledger.dry_run() as tried:
            assert load(tried, "c", rows.row(number=8)) == [("accepted", None, False)]
        writer.execute("ROLLBACK")
    with city.ledger.dry_run() as tried:
        load(tried, "c", rows.row(number=8), close=False)
        assert load(city.ledger, "d", rows.row(number=8, text="真")) == [("accepted", None, False)]
        # What came meanwhile is not seen: the answer is as of one position.
        again = rows.row(number=8, text="真")
        assert load(tried, "e", again) == [("revised", None, False)]


class Guard(AlwaysTrustedClock):
    """Counts the readings that it was asked to keep."""

    beats = 0

    def beat(self):
        self.beats += 1


def test_a_dry_run_keeps_no_heartbeat_and_no_line_of_the_journal(city, rows):
    guard = Guard()
    city.close()
    ledger = Ledger.open(
        rows.locations(city.folder),
        rows.rules,
        lambda: rows.noon,
        government_kinds=rows.government,
        clock_guard=guard,
    )
    kept = guard.beats
    with ledger.dry_run() as tried:
        for digest, items in files(rows):
            load(tried, digest, *items)
        assert guard.beats == kept
        load(ledger, "z", rows.row(number=50))
        assert guard.beats > kept
    ledger.close()


def test_nothing_of_one_dry_run_is_left_to_the_next(city, rows):
    for _ in range(2):
        with city.ledger.dry_run() as tried:
            assert load(tried, "c", rows.row(number=9)) == [("accepted", None, False)]
            assert load(tried, "c", rows.row(number=9)) == [("unchanged", None, False)]
    assert all("penalty/9" not in iri for iri in city.live())


def test_a_dry_run_reads_what_it_wrote(city, rows):
    with city.ledger.dry_run() as tried:
        load(tried, "c", rows.row(number=1, text="新"))
        live = b"".join(view for _, _, view in city.ledger.live(Tier.PUBLIC)).decode()
        assert "文 1" in live
        assert tried.counts().position > city.ledger.counts().position


def test_memory_beyond_the_bound_ends_the_dry_run(city, rows, monkeypatch):
    monkeypatch.setattr(dry_run_overlay, "MEMORY", 400 * 1024)
    many = [rows.row(number=at, text="长" * 500) for at in range(100, 1200)]
    with pytest.raises(EnvironmentFault, match="memory"), city.ledger.dry_run() as tried:
        load(tried, "c", *many)
    assert load(city.ledger, "c", many[0]) == [("accepted", None, False)]


def test_where_there_is_no_ledger_an_empty_one_is_in_memory(tmp_path, rows):
    ledger = ledger_in_memory(
        rows.locations(tmp_path / "none"),
        rows.genesis,
        rows.rules,
        lambda: rows.noon,
        government_kinds=rows.government,
        clock_guard=AlwaysTrustedClock(),
        model=ModelVersion(),
    )
    assert ledger.position() == 0
    with ledger.dry_run() as tried:
        first = load(tried, "a", rows.row(), rows.row(text="改"), rows.row("list-entry", 3))
        assert [outcome for outcome, _, _ in first] == ["accepted", "revised", "accepted"]
    ledger.close()
    assert not (tmp_path / "none").exists()


def test_rows_beside_the_overlay_are_those_of_a_load(city, rows):
    """Each layered table reads alike after a dry run and after the load, row for row."""
    names = [
        table for table in dry_run_overlay._LAYERED if table.name not in {"event", "tree_head"}
    ]
    items = [replace(item, person=None) for _, found in files(rows) for item in found]

    def counted(ledger, parts):
        with parts.database.reading() as connection:
            return {
                table.name: connection.exec_driver_sql(
                    f"SELECT COUNT(*) FROM {table.name}"
                ).scalar()
                for table in names
            }

    with city.ledger.dry_run() as tried:
        load(tried, "c", *items)
        foreseen = counted(tried, tried._context)
    load(city.ledger, "c", *items)
    assert counted(city.ledger, city.ledger._context) == foreseen
