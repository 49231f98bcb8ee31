"""A backup is made while serving, says what it holds, and is put back without a takedown lost."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from publisher.wiring import Station
from tests.flows.conftest import Credence

if TYPE_CHECKING:
    from collections.abc import Callable

PRIVATE = ("ledger.key", "seals.sqlite")


def penalties(credence: Credence) -> list[str]:
    return sorted(credence.records())


def lose(directory: Path, *names: str) -> None:
    for name in names:
        for path in directory.glob(name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "backup.key"
    path.write_bytes(os.urandom(32))
    return path


def test_a_backup_says_what_it_holds_and_the_digests_of_its_files(
    published: Credence, tmp_path: Path
) -> None:
    target = tmp_path / "backup"
    told = published("backup", target)
    made = json.loads((target / "manifest.json").read_text())
    status = published("status").result["ledger"]
    assert made["position"] == status["position"]
    assert (made["epoch"], made["encrypted"]) == (1, False)
    assert made["root"] == published("ledger", "verify").result["root"]
    names = {"ledger.sqlite", "withdrawals.jsonl", *(f"private/{name}" for name in PRIVATE)}
    assert set(made["files"]) == names
    for name, stored in made["files"].items():
        data = (target / name).read_bytes()
        assert stored == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert {"surfaces", "rejects", "staging", "watched"} <= set(made["left_out"])
    assert "not encrypted" in told.err
    assert all(path.stat().st_mode & 0o077 == 0 for path in (target, *target.rglob("*")))


def test_a_target_that_holds_something_is_refused(published: Credence, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note").touch()
    assert "empty" in published("backup", tmp_path / "full", code=2).err
    assert "empty" in published("backup", tmp_path / "full" / "note", code=2).err


def test_with_a_key_nothing_that_opens_the_ledger_lies_in_the_clear(
    published: Credence, tmp_path: Path, key: Path
) -> None:
    target = tmp_path / "backup"
    assert not published("backup", target, "--key-file", key).err
    secret = (published.directory / "secrets" / "ledger.key").read_bytes()
    assert {path.name for path in (target / "private").iterdir()} == {
        f"{name}.encrypted" for name in PRIVATE
    }
    every = b"".join(path.read_bytes() for path in target.rglob("*") if path.is_file())
    assert secret not in every
    assert every.count(b"SQLite format 3") == 1
    assert not list(published.directory.glob(".backup-*"))


def test_a_restored_backup_is_the_ledger_again_and_what_left_since_stays_gone(
    published: Credence, tmp_path: Path, key: Path
) -> None:
    published("backup", tmp_path / "backup", "--key-file", key)
    gone, erased, *kept = penalties(published)
    published("withdraw", gone, "--because", "repair")
    published("erase", erased)
    journal = published.directory.with_name("data.journal") / "withdrawals.jsonl"
    shutil.rmtree(published.directory)
    done = published("restore", tmp_path / "backup", "--key-file", key).result
    assert (done["epoch"], done["withdrawn"], done["erased"]) == (2, 2, 1)
    assert penalties(published) == kept
    assert published("audit", gone).result["removed"]["event"] == "withdraw"
    assert published("audit", erased).result["removed"]["event"] == "erase"
    assert not any(b"restoring" in path.name.encode() for path in published.directory.iterdir())
    assert journal.read_bytes().count(b"\n") >= 4


def test_records_that_came_after_the_backup_have_a_delete_and_their_key_stays_gone(
    credence: Credence, sample: Path, tmp_path: Path
) -> None:
    credence("load", sample / "subject.csv", code=1)
    credence("publish")
    credence("backup", tmp_path / "backup")
    credence("load", sample / "penalty.csv", code=1)
    credence("publish")
    gone, *_ = penalties(credence)
    shown = len(penalties(credence))
    credence("withdraw", gone, "--because", "repair")
    lose(credence.directory, "ledger.sqlite*")
    done = credence("restore", tmp_path / "backup").result
    assert done["entered"] >= shown
    assert penalties(credence) == []
    credence("load", sample / "penalty.csv", code=1)
    credence("publish")
    # Its row is suppressed; the others come back under new addresses.
    assert len(penalties(credence)) == shown - 1
    assert gone not in penalties(credence)
    assert (credence.directory / "seals.sqlite.before-restore-1").exists()


def test_a_ledger_is_never_overwritten_and_a_restore_needs_the_newest_journal(
    published: Credence, tmp_path: Path
) -> None:
    first, second, *_ = penalties(published)
    published("withdraw", first, "--because", "repair")
    published("backup", tmp_path / "backup")
    journal = published.directory.with_name("data.journal") / "withdrawals.jsonl"
    older = journal.read_bytes()
    assert "already" in published("restore", tmp_path / "backup", code=1).err
    published("withdraw", second, "--because", "repair")
    newest = journal.read_bytes()
    lose(published.directory, "ledger.sqlite*")
    journal.unlink()
    told = published("restore", tmp_path / "backup", code=3).err
    assert "journal" in told
    assert "--journal" in told
    journal.write_bytes(b"")
    assert "not the newest" in published("restore", tmp_path / "backup", code=4).err
    journal.unlink()
    (tmp_path / "elsewhere").write_bytes(newest)
    published("restore", tmp_path / "backup", "--journal", tmp_path / "elsewhere")
    assert not {first, second} & set(penalties(published))
    assert newest.startswith(older)
    assert journal.read_bytes().startswith(newest)


def test_an_older_directory_beside_the_newer_journal_is_refused_until_it_is_taken_on(
    credence: Credence, sample: Path, tmp_path: Path
) -> None:
    credence("load", sample / "penalty.csv", code=1)
    credence("publish")
    shutil.copytree(credence.directory, tmp_path / "older", symlinks=True)
    gone, *_ = penalties(credence)
    credence("withdraw", gone, "--because", "repair")
    shutil.rmtree(credence.directory)
    shutil.copytree(tmp_path / "older", credence.directory, symlinks=True)
    for verb in (("publish",), ("serve", "--port", "1"), ("audit",), ("load", sample)):
        assert "restore --here" in credence(*verb, code=3).err
    credence("restore", "--here")
    assert gone not in penalties(credence)
    credence("publish")


def test_a_restore_that_broke_off_is_refused_by_every_verb_and_done_again(
    published: Credence, tmp_path: Path
) -> None:
    published("backup", tmp_path / "backup")
    shutil.rmtree(published.directory)
    # As though the power had gone between the last file and the end of the restore.
    published.directory.mkdir()
    shutil.copy2(tmp_path / "backup" / "ledger.sqlite", published.directory / "ledger.sqlite")
    (published.directory / "restoring.json").write_text("{}")
    for verb in (
        ("status",),
        ("query", "ASK { ?s ?p ?o }"),
        ("dump", "penalty", "--format", "csv", "-o", tmp_path / "all.csv"),
        ("audit",),
    ):
        assert "A restore of" in published(*verb, code=3).err
    assert "other accounts" not in published("restore", tmp_path / "backup").err
    published("status")


def test_a_damaged_journal_is_told_by_its_line_and_leaves_no_restore_behind(
    published: Credence,
) -> None:
    first, second, *_ = penalties(published)
    for gone in (first, second):
        published("withdraw", gone, "--because", "repair")
    journal = Station(published.directory, {}).places.journal
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:1], b"no line of ours\n", *lines[2:]]))
    told = published("restore", "--here", code=3).err
    assert "(line 2)" in told
    assert "take that line out" in told
    assert not (published.directory / "restoring.json").exists()
    journal.write_bytes(whole[:-20])
    told = published("restore", "--here").err
    assert f"the {len(lines) - 1} lines before it are whole" in told
    assert not {first, second} & set(penalties(published))


def test_a_backup_is_made_while_others_load_withdraw_and_erase(
    published: Credence, sample: Path, tmp_path: Path
) -> None:
    doomed, erased = penalties(published)[:10], penalties(published)[10:15]
    stop, made = threading.Event(), []

    def copy_again() -> None:
        while not stop.is_set() or not made:
            target = tmp_path / f"backup-{len(made)}"
            child = published.start("backup", target)
            out, err = child.communicate()
            assert child.returncode == 0, out + err
            made.append(target)

    copying = threading.Thread(target=copy_again)
    copying.start()
    published("load", sample / "licence.csv", code=1)
    for iri in doomed:
        published("withdraw", iri, "--because", "repair")
    for iri in erased:
        published("erase", iri)
    stop.set()
    copying.join()
    journal = published.directory.with_name("data.journal") / "withdrawals.jsonl"
    for target in made:
        restored = Credence(tmp_path / f"of-{target.name}")
        restored("restore", target, "--journal", journal)
        restored("ledger", "verify")
        assert not {*doomed, *erased} & set(penalties(restored))


@pytest.mark.parametrize("harm", ["cut", "altered", "missing", "manifest", "key"])
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_placed(
    published: Credence, tmp_path: Path, key: Path, harm: str
) -> None:
    target = tmp_path / "backup"
    published("backup", target, "--key-file", key)
    seals = target / "private" / "seals.sqlite.encrypted"
    harms: dict[str, Callable[[], object]] = {
        "cut": lambda: seals.write_bytes(seals.read_bytes()[:-1]),
        "altered": lambda: seals.write_bytes(seals.read_bytes()[:-1] + b"\x00"),
        "missing": seals.unlink,
        "manifest": (target / "manifest.json").unlink,
        "key": lambda: key.write_bytes(os.urandom(32)),
    }
    harms[harm]()
    shutil.rmtree(published.directory)
    code = 2 if harm == "manifest" else 4
    published("restore", target, "--key-file", key, code=code)
    assert not (published.directory / "ledger.sqlite").exists()
    shutil.rmtree(published.directory)
