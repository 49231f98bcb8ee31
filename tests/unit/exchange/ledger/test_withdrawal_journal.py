"""The withdrawal journal: one writer at a time, and on the disk before anything is acknowledged."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.errors import EnvironmentFault
from exchange.ledger.withdrawal_journal import OP_BACK, OP_GONE, Journal, JournalLine
from tests.syncs import noted_syncs

FIRST = JournalLine(1, 7, "a" * 26, OP_GONE)


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


def appended(path: Path, *fresh: JournalLine) -> tuple[list[JournalLine | None], int]:
    """Append lines one at a time; return what each was told of the last, and the count."""
    told: list[JournalLine | None] = []
    waiting = list(fresh)

    def missing(last: JournalLine | None) -> list[JournalLine]:
        told.append(last)
        return [waiting.pop(0)] if waiting else []

    return told, Journal(path).catch_up(missing)


def test_lines_are_asked_for_until_there_are_none_and_each_follows_the_last(tmp_path: Path) -> None:
    path = tmp_path / "withdrawals.jsonl"
    second = JournalLine(
        1, 9, "b" * 26, OP_BACK, "penalty", "public", ("0" * 64, "1" * 64 + ":2"), True
    )
    assert appended(path, FIRST, second) == ([None, FIRST, second], 2)
    assert appended(path) == ([second], 0)
    assert list(Journal(path).lines()) == [FIRST, second]
    assert path.read_bytes() == FIRST.encoded() + second.encoded()


def test_a_line_of_the_file_has_the_documented_format() -> None:
    assert FIRST.encoded() == (
        b'{"epoch":1,"position":7,"record":"aaaaaaaaaaaaaaaaaaaaaaaaaa","op":"gone"}\n'
    )
    whole = JournalLine(2, 8, "b" * 26, OP_BACK, "penalty", "public", (), erased=True)
    members = json.loads(whole.encoded())
    crc = members.pop("crc")
    assert members == {
        "epoch": 2, "position": 8, "record": "b" * 26, "op": "back",
        "kind": "penalty", "tier": "public", "keys": [], "erased": True,
    }  # fmt: skip
    assert crc == f"{crc32(json.dumps(members, separators=(',', ':')).encode()):08x}"
    assert b" " not in whole.encoded()


def test_a_flipped_bit_anywhere_in_a_line_is_refused(tmp_path: Path) -> None:
    line = JournalLine(2, 8, "b" * 26, OP_GONE, "penalty", "public", ("0" * 64, "1" * 64 + ":1"))
    sound = line.encoded()
    path = tmp_path / "withdrawals.jsonl"
    path.write_bytes(sound)
    assert list(Journal(path).lines()) == [line]
    for at in range(len(sound) - 1):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        with pytest.raises(EnvironmentFault, match="not one of its own"):
            list(Journal(path).lines())


@given(
    st.lists(st.integers(0, 90), max_size=4),
    st.sampled_from([b"", b"{", b'{"epoch":1,"position', b"x" * 5000]),
)
def test_the_last_whole_line_is_found_whatever_the_lines_lengths(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], torn: bytes
) -> None:
    """Lines of up to 6,000 bytes, so that the end of the file is read once, twice or thrice."""
    path = tmp_path_factory.mktemp("journal") / "withdrawals.jsonl"
    lines = [
        JournalLine(1, at, "a" * 26, OP_GONE, "penalty", "public", (f"{at:064x}",) * count)
        for at, count in enumerate(counts, start=1)
    ]
    whole = b"".join(line.encoded() for line in lines)
    path.write_bytes(whole + torn)
    assert list(Journal(path).lines()) == lines
    assert appended(path, FIRST)[0] == [lines[-1] if lines else None, FIRST]
    assert path.read_bytes() == whole + FIRST.encoded()


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "withdrawals.jsonl", tmp_path):
        with pytest.raises(EnvironmentFault, match="journal cannot be written") as caught:
            appended(path, FIRST)
        assert "Make its path writable" in caught.value.hint


def test_an_absent_journal_has_no_lines(tmp_path: Path) -> None:
    assert list(Journal(tmp_path / "none" / "withdrawals.jsonl").lines()) == []
    assert not (tmp_path / "none").exists()


def test_the_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal" / "withdrawals.jsonl"
    appended(path, FIRST)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    open_before = path.stat().st_ino
    appended(path, FIRST)
    assert path.stat().st_ino == open_before


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b"7",
        b"null",
        b"{}",
        b"{",
        b"\xff",
        b"[" * 100_000,
        FIRST.encoded().replace(b"gone", b"lost"),
        FIRST.encoded().replace(b'"epoch":1', b'"epoch":true'),
        FIRST.encoded().replace(b'"epoch":1', b'"epoch":1.0'),
        FIRST.encoded().replace(b'"position":7', b'"position":"7"'),
        FIRST.encoded().replace(b'"position":7', b'"position":7,"more":1'),
        FIRST.encoded().replace(b'"aaaaaaaaaaaaaaaaaaaaaaaaaa"', b"1"),
        FIRST.encoded().replace(b":7", b": 7"),
        JournalLine(1, 7, "a" * 26, OP_GONE, keys=("0" * 63,)).encoded(),
        JournalLine(1, 7, "a" * 26, OP_GONE, keys=("0" * 64 + ":3",)).encoded(),
        JournalLine(1, 7, "a" * 26, OP_GONE, keys=("0" * 64, "")).encoded(),
        JournalLine(1, 7, "a" * 26, OP_GONE, kind=1, keys=()).encoded(),  # type: ignore[arg-type]
        JournalLine(1, 7, "a" * 26, OP_GONE, tier=1, keys=()).encoded(),  # type: ignore[arg-type]
        JournalLine(1, 7, "a" * 26, OP_GONE, keys=(), erased=1).encoded(),  # type: ignore[arg-type]
        JournalLine(1, 7, 7, OP_GONE, keys=()).encoded(),  # type: ignore[arg-type]
    ],
)
def test_a_line_that_is_not_one_of_ours_is_refused_on_every_way(
    tmp_path: Path, text: bytes
) -> None:
    path = tmp_path / "withdrawals.jsonl"
    path.write_bytes(text.removesuffix(b"\n") + b"\n")
    for read in (lambda: list(Journal(path).lines()), lambda: appended(path, FIRST)):
        with pytest.raises(EnvironmentFault, match="not one of its own") as caught:
            read()
        assert "Restore the journal" in caught.value.hint
