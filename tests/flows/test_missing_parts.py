"""A lost part of a deployment is named and refused; nothing is begun anew beside the rest."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.flows.conftest import Credence

VERBS = (
    ("publish",),
    ("audit",),
    ("status",),
    ("ledger", "verify"),
    ("rebuild",),
    ("query", "ASK {}"),
    ("serve", "--port", "1"),
    ("withdraw", "a" * 26, "--because", "repair"),
)


def lose(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


@pytest.mark.parametrize("how", ["lost", "empty"])
def test_every_verb_refuses_a_ledger_that_is_lost_beside_the_rest(
    published: Credence, sample: Path, how: str
) -> None:
    ledger = published.directory / "ledger.sqlite"
    lose(ledger)
    if how == "empty":
        ledger.touch()
    loads = (("load", sample / "penalty.csv"), ("load", "--dry-run", sample / "penalty.csv"))
    for verb in (*VERBS, *loads):
        told = published(*verb, code=3).err
        assert "ledger.sqlite" in told, verb
        assert "seals.sqlite" in told, verb
        assert "surfaces" in told, verb
        assert "ledger.key" in told, verb
    lose(ledger)
    shutil.rmtree(published.directory)


@pytest.mark.parametrize("left", ["seals.sqlite", "secrets", "surfaces", "journal"])
def test_any_single_part_that_is_left_is_enough_to_refuse_a_new_beginning(
    published: Credence, sample: Path, left: str
) -> None:
    directory = published.directory
    lose(directory / "ledger.sqlite")
    for part in ("seals.sqlite", "secrets", "surfaces", "journal"):
        path = directory / part
        if part != left and path.exists():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if left == "journal":
        (directory / "journal").mkdir()
        (directory / "journal" / "withdrawals.jsonl").touch()
    told = published("load", sample / "penalty.csv", code=3).err
    assert "new beginning" in told
    shutil.rmtree(directory)
    published("load", sample / "penalty.csv", code=1)


@pytest.mark.parametrize("how", ["lost", "empty"])
def test_lost_seals_are_named_and_not_made_anew(published: Credence, how: str) -> None:
    seals = published.directory / "seals.sqlite"
    shutil.copy2(seals, seals.with_suffix(".kept"))
    seals.unlink()
    if how == "empty":
        seals.touch()
    told = published("status", code=3).err
    assert "file seals.sqlite is " + ("missing" if how == "lost" else "empty") in told
    assert not seals.exists() or not seals.stat().st_size
    shutil.move(seals.with_suffix(".kept"), seals)


def test_the_journal_of_a_new_ledger_stands_beside_the_directory(
    credence: Credence, sample: Path
) -> None:
    credence("load", sample / "penalty.csv", code=1)
    credence("publish")
    journal = credence.directory.with_name("data.journal") / "withdrawals.jsonl"
    assert not (credence.directory / "journal").exists()
    credence("withdraw", min(credence.records()), "--because", "repair")
    assert len(journal.read_bytes().splitlines()) == 1
    assert journal.parent.stat().st_mode & 0o077 == 0


def test_an_existing_journal_stays_where_it_is_until_it_is_moved(
    credence: Credence, sample: Path
) -> None:
    credence("load", sample / "penalty.csv", code=1)
    credence("publish")
    beside = credence.directory.with_name("data.journal") / "withdrawals.jsonl"
    inside = credence.directory / "journal" / "withdrawals.jsonl"
    inside.parent.mkdir()
    shutil.move(beside, inside)
    first, second, *_ = sorted(credence.records())
    credence("withdraw", first, "--because", "repair")
    assert len(inside.read_bytes().splitlines()) == 1
    assert not beside.exists()
    shutil.move(inside, beside)
    credence("withdraw", second, "--because", "repair")
    assert len(beside.read_bytes().splitlines()) == 2
    shutil.copy2(beside, inside)
    told = credence("status", code=3).err
    assert str(inside) in told
    assert str(beside) in told
    inside.unlink()
