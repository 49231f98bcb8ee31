"""The one ledger implementation on each database it may stand on.

PostgreSQL runs where CREDENCE_TEST_POSTGRESQL holds the SQLAlchemy URL of a server on which
schemas may be made (`postgresql+psycopg://...`); each test has two schemas of its own.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text

from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.errors import Conflict, VerificationFailed
from exchange.domain.identifiers import new_id
from exchange.domain.link_rules import Cascade
from exchange.domain.record import Link, Submission
from exchange.domain.record_body import statement_line
from exchange.ledger import Ledger, LedgerLocations, schema
from tests.factories import (
    NOON,
    append_all,
    genesis,
    ledger_locations,
    link_rule,
    open_delivery,
    public_statement,
    submission,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = "CREDENCE_TEST_POSTGRESQL"
PUBLIC, GOVERNMENT, ARCHIVE = Tier
RULES = {"restsOn": link_rule("restsOn", "list-entry", "penalty", Cascade.WITHDRAW_WHEN_LAST)}
GENESIS = genesis()


@dataclass
class Place:
    """Where one test's ledger stands."""

    locations: LedgerLocations

    def create(self) -> Ledger:
        return Ledger.create(self.locations, GENESIS, RULES, lambda: NOON)

    def open(self) -> Ledger:
        return Ledger.open(self.locations, RULES, lambda: NOON)


def sqlite(folder: Path) -> Iterator[Place]:
    yield _place(folder, f"sqlite:///{folder}/ledger.sqlite", f"sqlite:///{folder}/seals.sqlite")


def postgresql(folder: Path) -> Iterator[Place]:
    server = os.environ.get(SERVER)
    if not server:
        pytest.skip(f"no PostgreSQL server given by {SERVER}")
    names = [f"test_{new_id()}" for _ in range(2)]
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE SCHEMA {name}"))
    urls = [
        make_url(server)
        .update_query_dict({"options": f"-csearch_path={name}"})
        .render_as_string(hide_password=False)
        for name in names
    ]
    yield _place(folder, *urls)
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


def _place(folder: Path, url: str, seals: str) -> Place:
    return Place(ledger_locations(folder, url, seals))


@pytest.fixture(params=[sqlite, pytest.param(postgresql, marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from request.param(tmp_path)


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    ledger = place.create()
    yield ledger
    ledger.close()


def row(kind: str, number: int, said: str = "文", *bases: int) -> Submission:
    links = tuple(Link("restsOn", "penalty", f"penalty\x1f{base}") for base in bases)
    lines = [
        public_statement(f'<urn:said> "{said} {number}"'),
        statement_line(DisclosureLevel.AUTHORISED, '<urn:held> "authorised"'),
        *(public_statement(f'<urn:on> "{base}"', at) for at, base in enumerate(bases)),
    ]
    return submission(kind, number, lines, links=links)


def begin(ledger: Ledger) -> int:
    return open_delivery(ledger)


def load(ledger: Ledger, *rows: Submission) -> list[str | None]:
    delivery = begin(ledger)
    results = append_all(ledger, delivery, rows)
    ledger.close_delivery(delivery, {"accepted": len(rows)})
    return [result.iri for result in results]


def texts(ledger: Ledger, tier: Tier = PUBLIC) -> str:
    return "".join(view.decode() for _, _, view in ledger.live(tier))


def test_a_whole_life_is_logged_shown_verified_and_found_again(place: Place, ledger: Ledger):
    first, second, entry = load(
        ledger, row("penalty", 1), row("penalty", 2), row("list-entry", 1, "名单", 1, 2)
    )
    assert first
    assert second
    assert entry
    ledger.suspend(second)
    ledger.resume(second)
    ledger.set_objection(second, open=True)
    ledger.withdraw(first, "repair", "决定")
    assert '<urn:on> "1"' not in texts(ledger)
    assert '<urn:on> "2"' in texts(ledger)
    again = ledger.reinstate(first, "决定二")
    assert load(ledger, row("penalty", 1)) == [again]
    ledger.expire(again)
    ledger.erase(second)
    assert texts(ledger) == ""
    ledger.append_note("policy", {"version": 1})
    report = ledger.verify()
    ledger.close()
    ledger = place.open()
    assert ledger.verify() == report
    assert ledger.counts().records == {
        ("list-entry", "withdrawn"): 1,
        ("penalty", "erased"): 1,
        ("penalty", "expired"): 1,
        ("penalty", "withdrawn"): 1,
    }
    assert b"authorised" in ledger.read(ARCHIVE, entry).view
    ledger.close()


def test_changes_removals_and_pages_are_alike(ledger: Ledger):
    iris = load(ledger, *(row("penalty", number) for number in range(300)))
    assert iris[7]
    ledger.withdraw(iris[7], "repair")
    changes, after = [], 0
    while found := ledger.changes(PUBLIC, after, 120):
        changes += found
        after = found[-1].seq
    assert [change.seq for change in changes] == list(range(1, 302))
    assert changes[7].view is None
    assert sum(change.view is None for change in changes) == 2
    assert [change.seq for change in changes if change.retracts_text] == [301]
    assert ledger.removals(PUBLIC, 0, 9) == [(301, iris[7])]
    assert ledger.pages(PUBLIC, [iris[7]]) == {
        ("penalty", change.page) for change in changes if change.iri == iris[7]
    }
    pages = {("penalty", change.page) for change in changes}
    assert ledger.pages(PUBLIC, [iri or "" for iri in iris]) == pages
    assert ledger.pages(PUBLIC, ["z" * 26]) == set()
    ledger.verify()


def test_the_tables_are_the_declared_ones(ledger: Ledger):
    with ledger._context.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_writers_wait_for_each_other_and_take_dense_positions(place: Place, ledger: Ledger):
    failed: list[BaseException] = []

    def write(kind: str) -> None:
        own = place.open()
        try:
            for start in range(0, 40, 10):
                load(own, *(row(kind, start + at) for at in range(10)))
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            own.close()

    threads = [threading.Thread(target=write, args=(kind,)) for kind in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert ledger.verify().records == 120


def test_a_refused_event_leaves_no_trace(ledger: Ledger):
    (iri,) = load(ledger, row("penalty", 1))
    assert iri
    before = ledger.position()
    with pytest.raises(Conflict):
        ledger.resume(iri)
    assert ledger.position() == before
    ledger.verify()


def test_erased_seals_cannot_be_had_again(place: Place, ledger: Ledger):
    iris = load(ledger, row("penalty", 1), row("penalty", 2))
    assert iris[0]
    seals = ledger._context.seals
    before = set(seals.ids())
    ledger.erase(iris[0])
    gone = before - set(seals.ids())
    assert len(gone) == 1
    assert seals.get(sorted(gone)) == {}
    ledger.verify()


def test_a_changed_column_is_found(ledger: Ledger):
    load(ledger, row("penalty", 1))
    with ledger._context.database.writing() as connection:
        connection.execute(text("UPDATE event SET at = at + 1 WHERE name = 'publish'"))
    with pytest.raises(VerificationFailed, match="does not open"):
        ledger.verify()


def said(results):
    return [(item.outcome.value, item.reason) for item in results]


def deliver(ledger: Ledger, digest: str, *rows: Submission) -> list[tuple[str, str | None]]:
    number = ledger.open_delivery(
        source=None, name="rows.csv", digest=digest * 64, kind="penalty", form=None
    )
    results = append_all(ledger, number, rows)
    ledger.close_delivery(number, {})
    return said(results)


def test_a_dry_run_answers_as_the_load_and_keeps_nothing(ledger: Ledger):
    files = [
        ("a", [row("penalty", 1), row("penalty", 2), row("list-entry", 1, "名单", 1, 2)]),
        ("b", [row("penalty", 1, "改"), row("list-entry", 1, "名单", 2), row("penalty", 3)]),
        ("a", [row("penalty", 1), row("penalty", 2), row("list-entry", 1, "名单", 1, 2)]),
        ("c", [row("penalty", 1), row("list-entry", 2, "名单", 3), row("penalty", 9)]),
    ]
    (gone,) = load(ledger, row("penalty", 9))
    ledger.withdraw(gone or "", "repair")
    position = ledger.position()
    with ledger.dry_run() as tried:
        foreseen = [deliver(tried, digest, *rows) for digest, rows in files]
        seen = tried.position()
    assert ledger.position() == position
    assert [deliver(ledger, digest, *rows) for digest, rows in files] == foreseen
    assert ledger.position() == seen
    assert foreseen[2][0] == ("outdated", "outdated-repeated")
    assert foreseen[3][0] == ("outdated", "outdated-version")
    assert foreseen[3][2] == ("suppressed", "key-gone")
    ledger.verify()


def test_a_writer_and_a_dry_run_do_not_wait_for_each_other(ledger: Ledger):
    load(ledger, row("penalty", 1))
    with ledger.dry_run() as tried:
        assert deliver(tried, "a", row("penalty", 2)) == [("accepted", None)]
        assert deliver(ledger, "b", row("penalty", 2, "真")) == [("accepted", None)]
        assert deliver(tried, "c", row("penalty", 2)) == [("unchanged", None)]
    assert "真" in texts(ledger)
