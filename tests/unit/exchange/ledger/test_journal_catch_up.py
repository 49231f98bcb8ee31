"""Lines of the withdrawal journal: what they tell of a record, and those of older versions."""

from __future__ import annotations

import json

import pytest

from exchange.domain.errors import VerificationFailed
from exchange.ledger.withdrawal_journal import Journal, JournalLine


def journal(desk):
    return desk.folder / "journal" / "withdrawals.jsonl"


def lines(desk):
    return list(Journal(journal(desk)).lines())


def last_of(path):
    """Return the line that the journal is gone on from."""
    seen = []
    Journal(path).catch_up(lambda last: seen.append(last) or ())
    return seen[0]


def as_older_version(desk):
    """Write the journal as a version did whose lines ended after `op`."""
    old = [JournalLine(*line.identity).encoded() for line in lines(desk)]
    journal(desk).write_bytes(b"".join(old))
    return len(old)


def three_gone(desk, rows):
    iris = [desk.one(rows.row(number=number)) for number in range(4)]
    desk.ledger.withdraw(iris[0], "repair")
    desk.ledger.suspend(iris[1])
    desk.ledger.resume(iris[1])
    desk.ledger.erase(iris[2], None)
    return iris


def test_an_erasure_says_so_and_a_followed_record_names_no_key(desk, rows):
    iris = three_gone(desk, rows)
    desk.ledger.reinstate(iris[0], "sha256:decision")
    journal(desk).unlink()
    desk.reopen()
    told = {line.record: line for line in lines(desk)}
    assert told[iris[2][-26:]].erased
    assert told[iris[2][-26:]].keys
    assert told[iris[0][-26:]].keys == ()


def test_lines_of_an_older_version_are_read_and_written_once_more_with_keys(desk, rows):
    iris = three_gone(desk, rows)
    count = as_older_version(desk)
    assert all(line.keys is None for line in lines(desk))
    desk.reopen().verify()
    found = lines(desk)
    assert [line.identity for line in found] == [line.identity for line in found[:count]] * 2
    assert all(line.keys for line in found[count:])
    size = journal(desk).stat().st_size
    desk.reopen().verify()
    desk.ledger.withdraw(iris[3], "repair")
    assert journal(desk).stat().st_size > size
    assert len(lines(desk)) == 2 * count + 1
    desk.ledger.verify()


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_writing_once_more_goes_on_where_a_kill_stopped_it(desk, rows, kept):
    three_gone(desk, rows)
    count = as_older_version(desk)
    desk.reopen()
    whole = journal(desk).read_bytes().splitlines(keepends=True)
    for torn in (b"", b'{"epoch":1,'):
        journal(desk).write_bytes(b"".join(whole[: count + kept]) + torn)
        desk.reopen().verify()
        assert journal(desk).read_bytes() == b"".join(whole)


def test_a_line_that_is_missing_among_those_written_once_more_is_noticed(desk, rows):
    three_gone(desk, rows)
    count = as_older_version(desk)
    desk.reopen()
    whole = journal(desk).read_bytes().splitlines(keepends=True)
    del whole[count + 1]
    journal(desk).write_bytes(b"".join(whole))
    with pytest.raises(VerificationFailed, match="journal"):
        desk.ledger.verify()


def test_a_line_with_more_keys_than_are_read_at_once_is_found_again(tmp_path):
    path = tmp_path / "withdrawals.jsonl"
    keys = tuple(f"{number:064x}" for number in range(2_000))
    many = JournalLine(1, 2, "a" * 26, "gone", "penalty", "public", keys)
    for before in (b"", JournalLine(1, 1, "b" * 26, "gone").encoded()):
        path.write_bytes(before + many.encoded() + b'{"torn')
        assert last_of(path) == many
        assert path.read_bytes() == before + many.encoded()


@pytest.mark.parametrize(
    "change",
    [
        {"keys": ["ff"]},
        {"keys": "f" * 64},
        {"keys": [7]},
        {"kind": 1},
        {"erased": 1},
        {"tier": None},
        {"keys": None},
    ],
)
def test_a_line_that_we_would_not_write_so_is_refused(desk, rows, change):
    three_gone(desk, rows)
    *before, last = journal(desk).read_bytes().splitlines(keepends=True)
    altered = json.dumps(json.loads(last) | change, separators=(",", ":")).encode() + b"\n"
    journal(desk).write_bytes(b"".join(before) + altered)
    with pytest.raises(Exception, match="not one of its own"):
        lines(desk)
