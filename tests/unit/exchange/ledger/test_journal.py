"""The withdrawal journal: one writer at a time, and on the disk before anything is acknowledged."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.ledger.journal import GONE, Journal, Line
from tests.syncs import noted_syncs

FIRST = Line(1, 7, "a" * 26, GONE)


def journal_of(path: Path) -> tuple[Journal, Callable[[], int]]:
    """Return a journal and what writes one line, once."""
    journal = Journal(path)
    return journal, lambda: journal.catch_up(lambda last: [] if last == FIRST else [FIRST])


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    path = tmp_path / "journal" / "withdrawals.jsonl"
    journal, write = journal_of(path)
    path.parent.mkdir()
    written = threading.Event()
    with path.open("ab") as neighbour:
        fcntl.flock(neighbour, fcntl.LOCK_EX)
        writer = threading.Thread(target=lambda: (write(), written.set()))
        writer.start()
        assert not written.wait(0.5), "two writers at once"
        neighbour.write(FIRST.encoded())  # the neighbour's line is the one that was missing
        neighbour.flush()
    assert written.wait(30)
    writer.join()
    assert list(journal.lines()) == [FIRST]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the files and folders that were synced, in their order; each is synced for real."""
    return noted_syncs(monkeypatch)


def test_a_line_and_the_new_files_entry_are_synced(tmp_path: Path, synced: list[str]) -> None:
    path = tmp_path / "journal" / "withdrawals.jsonl"
    _, write = journal_of(path)
    assert write() == 1
    assert synced == [str(path), str(path.parent)]


def test_it_is_synced_even_where_a_neighbour_wrote_the_line(
    tmp_path: Path, synced: list[str]
) -> None:
    path = tmp_path / "journal" / "withdrawals.jsonl"
    _, write = journal_of(path)
    write()
    synced.clear()
    assert write() == 0
    assert synced == [str(path)]
