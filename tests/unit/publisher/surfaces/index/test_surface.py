from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import EnvironmentFault, StoreUnavailable
from exchange.domain.failpoints import Failpoint
from publisher.surfaces.index import IndexSurface
from publisher.surfaces.index.schema import FILE
from publisher.surfaces.port import digest_of
from tests.unit.publisher.surfaces.index.conftest import BASE, code_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.publisher.surfaces.index.conftest import Office

# A text that no other record has: what is searched for in the files, folded as stored.
TEXT = "绝无仅有之名"


def holding(folder: Path, text: str = TEXT) -> list[str]:
    """The files that have the text in their bytes: as it is, and one character a token."""
    forms = [text.encode(), " ".join(text).encode()]
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def fill(office: Office, count: int = 300) -> None:
    for number in range(count):
        office.penalty(
            f"f{number}".translate(str.maketrans("0189", "wxyz")), number, f"潞州{number}"
        )
    office.surface.publish(at_head=True)


def test_nothing_of_a_withdrawn_record_is_left_in_any_file(office: Office) -> None:
    fill(office)
    gone = office.penalty("b", 1, TEXT)
    office.surface.publish(at_head=True)
    assert holding(office.folder)
    office.drop(gone)
    office.surface.publish(at_head=True)
    assert holding(office.folder) == []
    assert holding(office.folder, gone) == []
    assert office.names(TEXT) == []


def test_nor_of_a_redacted_one_ahead_of_a_backlog(office: Office) -> None:
    fill(office)
    gone = office.penalty("b", 1, TEXT)
    office.surface.redact([gone])
    office.surface.publish(at_head=False)
    assert holding(office.folder) == []


def test_nor_of_an_older_text_of_a_record_that_was_revised(office: Office) -> None:
    fill(office, 20)
    office.penalty("b", 1, TEXT)
    office.penalty("b", 1, "改过的名称")
    office.surface.publish(at_head=True)
    assert holding(office.folder) == []
    assert office.names("改过的") == ["改过的名称"]
    assert office.names(TEXT) == []


def test_a_reader_in_the_way_is_waited_for_and_the_bytes_go_with_the_next_call(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = office.penalty("b", 1, TEXT)
    office.surface.publish(at_head=True)
    office.surface.target_writer().database._connection.execute("PRAGMA busy_timeout = 50")
    with office.reader._readers.reading() as connection:
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)
        office.drop(gone)
        office.surface.publish(at_head=True)
        assert holding(office.folder), "the reader's own snapshot still needs them"
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)
    office.surface.publish(at_head=True)
    assert holding(office.folder) == []


def test_a_start_after_a_kill_ends_what_the_log_still_has(office: Office) -> None:
    gone = office.penalty("b", 1, TEXT)
    office.surface.publish(at_head=True)
    reader = office.reader._readers
    with reader.reading() as connection:  # keeps the log from being ended at the close below
        connection.execute("SELECT 1 FROM record").fetchone()
        office.surface.redact([gone])
    office.surface.close()
    office.surface = IndexSurface(office.site)
    assert holding(office.folder) == []


def test_a_rebuild_stands_aside_until_it_is_whole_and_takes_the_old_file_with_it(
    office: Office,
) -> None:
    kept = office.penalty("b", 1, "潞州商贸")
    gone = office.penalty("c", 2, TEXT)
    old = office.site.read_from()
    office.surface.reset()
    office.surface.apply([office.change(kept, "penalty", office.views[kept])])
    assert office.surface.position() == office.seq
    assert office.reader.position() == 2, "readers keep the old one"
    assert office.reader.contains(gone)
    office.surface.redact([gone])
    assert not office.reader.contains(gone)
    office.surface.publish(at_head=True)
    assert office.reader.position() == office.seq
    assert office.names("潞州") == ["潞州商贸"]
    assert not old.exists()
    assert holding(office.folder) == []


def test_readers_cannot_write(office: Office) -> None:
    office.penalty("b", 1, "潞州")
    with pytest.raises(StoreUnavailable), office.reader._readers.reading() as connection:
        connection.execute("DELETE FROM record")
    assert office.reader.search("潞州").total == 1


def test_a_failed_chunk_changes_nothing_and_is_taken_again(office: Office) -> None:
    office.penalty("b", 1, "潞州")
    position = office.surface.position()

    def fails(point: Failpoint) -> None:
        if point is Failpoint.INDEX_WRITTEN:
            raise sqlite3.OperationalError("disk full")

    office.surface.close()
    office.surface = IndexSurface(office.site, fails)
    with pytest.raises(EnvironmentFault):
        office.penalty("c", 2, "潞州")
    assert office.surface.position() == position
    office.surface.close()
    office.surface = IndexSurface(office.site)
    assert office.names("潞州") == ["潞州"]
    office.penalty("c", 2, "潞州")
    assert office.surface.digest() == digest_of(office.surface, office.views.values())
    assert office.reader.counts() == {"penalty": 2}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE record SET name = '别的名称'",
        "UPDATE record SET until = '2099-01-01'",
        "UPDATE record SET code = ''",
        "UPDATE record SET list = 'tax'",
        "UPDATE record SET words = 'X'",
        "UPDATE record SET print = x'00'",
        "DELETE FROM record",
    ],
)
def test_an_audit_sees_a_row_that_is_not_the_ledgers(office: Office, damage: str) -> None:
    office.penalty("b", 1, "潞州")
    expected = digest_of(office.surface, office.views.values())
    assert office.reader.digest() == office.surface.digest() == expected
    with office.surface.target_writer().database.writing() as connection:
        connection.execute(damage)
    assert office.reader.digest() != expected


def test_a_copy_that_lost_its_link_begins_anew(office: Office) -> None:
    office.penalty("b", 1, "潞州")
    office.surface.close()
    current = office.site.directory / "current"
    target = current.resolve()
    current.unlink()
    target.rename(current)
    office.surface = IndexSurface(office.site)
    assert office.surface.position() == 0
    assert office.reader.search("潞州").total == 0
    assert (office.site.directory / "trees" / "1" / FILE).exists()


def test_the_code_of_a_record_that_left_sticks_to_no_other(office: Office) -> None:
    office.drop(office.penalty("b", 1, "潞州商贸"))
    office.penalty("c", 2, "望川商贸")  # it gets the number that became free
    assert office.reader.subject(code_of(1)) is None
    assert office.reader.subject(code_of(2)) is not None
    with office.surface.target_writer().database.writing() as connection:
        assert connection.execute("SELECT DISTINCT code FROM mention").fetchall() == [(code_of(2),)]


def test_the_newest_record_revised_beside_a_new_one_in_one_chunk_keeps_its_number(
    office: Office,
) -> None:
    first = office.penalty("b", 1, "潞州商贸")
    second = BASE + "c".ljust(26, "a")
    office.views[first] = office.penalty_view(first, 1, "潞州商贸改")
    office.views[second] = office.penalty_view(second, 2, "望川商贸")
    office.surface.apply(
        [office.change(iri, "penalty", office.views[iri]) for iri in (first, second)]
    )
    assert sorted(office.names("商贸")) == ["望川商贸", "潞州商贸改"]
    assert office.surface.digest() == digest_of(office.surface, office.views.values())
