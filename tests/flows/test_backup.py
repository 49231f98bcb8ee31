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

from publisher.wiring import Deployment
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
    journal = Deployment(published.directory, {}).places.journal
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


@pytest.mark.slow  # several programs at once, most of a minute
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
    assert not published.directory.exists()


def test_a_ledger_put_back_without_its_seals_is_refused_before_anything_is_written(
    published: Credence, sample: Path, tmp_path: Path
) -> None:
    other = Credence(tmp_path / "other")
    published("backup", tmp_path / "backup")
    other("restore", tmp_path / "backup", "--journal", journal_of(published))
    # From here on two histories use the same numbers for other seals.
    other("load", sample / "licence.csv", code=1)
    published("load", sample / "licence.csv", code=1)
    lose(published.directory, "ledger.sqlite*")
    copied = tmp_path / "closed"
    other("backup", copied)
    shutil.copy2(copied / "ledger.sqlite", published.directory / "ledger.sqlite")
    before = contents(published.directory, journal_of(published).parent)
    told = published.apart("restore", "--here", code=3).err
    assert "do not belong together" in told
    assert "seals.sqlite of one and the same time" in told
    assert contents(published.directory, journal_of(published).parent) == before
    shutil.copy2(copied / "private" / "seals.sqlite", published.directory / "seals.sqlite")
    published.apart("restore", "--here")
    published.apart("ledger", "verify")


def test_seals_older_than_the_ledger_are_refused_too_and_a_backup_of_such_a_pair(
    published: Credence, sample: Path, tmp_path: Path
) -> None:
    shutil.copy2(published.directory / "seals.sqlite", tmp_path / "older.sqlite")
    published("load", sample / "licence.csv", code=1)
    published("backup", tmp_path / "backup")
    seals = tmp_path / "backup" / "private" / "seals.sqlite"
    shutil.copy2(tmp_path / "older.sqlite", seals)
    manifest = tmp_path / "backup" / "manifest.json"
    said = json.loads(manifest.read_text())
    data = seals.read_bytes()
    said["files"]["private/seals.sqlite"] = {
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    manifest.write_text(json.dumps(said))
    fresh = Credence(tmp_path / "fresh")
    restore = ("restore", tmp_path / "backup", "--journal", journal_of(published))
    assert "do not belong together" in fresh(*restore, code=3).err
    assert not list(tmp_path.glob("fresh*"))
    shutil.copy2(tmp_path / "older.sqlite", published.directory / "seals.sqlite")
    assert "do not belong together" in published.apart("restore", "--here", code=3).err
    shutil.rmtree(published.directory)


def test_an_older_ledger_beside_seals_of_which_some_were_destroyed_since_is_refused(
    published: Credence, tmp_path: Path
) -> None:
    shutil.copytree(published.directory, tmp_path / "older", symlinks=True)
    erased, *_ = penalties(published)
    published("erase", erased)
    shutil.copytree(published.directory, tmp_path / "newer", symlinks=True)
    lose(published.directory, "ledger.sqlite*")
    shutil.copy2(tmp_path / "older" / "ledger.sqlite", published.directory / "ledger.sqlite")
    told = published.apart("restore", "--here", code=3).err
    assert "do not belong together" in told
    shutil.copy2(tmp_path / "older" / "seals.sqlite", published.directory / "seals.sqlite")
    published.apart("restore", "--here")
    published.apart("ledger", "verify")
    assert published.apart("audit", erased).result["removed"]["event"] == "erase"


def test_a_refused_restore_leaves_nothing_and_the_same_command_works_afterwards(
    published: Credence, tmp_path: Path, key: Path
) -> None:
    (published.directory / "credence.toml").write_text('deployment_name = "kept"\n')
    published("backup", tmp_path / "backup", "--key-file", key)
    fresh = Credence(tmp_path / "fresh")
    restore = ("restore", tmp_path / "backup")
    given = ("--journal", journal_of(published).parent)
    other = tmp_path / "other.key"
    other.write_bytes(os.urandom(32))
    (tmp_path / "no-journal").mkdir()
    for arguments, code in (
        ((*restore, "--key-file", key), 3),
        ((*restore, *given), 2),
        ((*restore, *given, "--key-file", other), 4),
        ((*restore, "--journal", tmp_path / "no-journal", "--key-file", key), 3),
    ):
        fresh(*arguments, code=code)
        assert not list(tmp_path.glob("fresh*")), arguments
    done = fresh(*restore, *given, "--key-file", key)
    assert penalties(fresh) == penalties(published)
    assert "another history" not in done.err
    assert "other accounts" not in done.err
    lose(fresh.directory, "ledger.sqlite*")
    assert "--key-file" in fresh.apart("status", code=3).err
    shutil.rmtree(fresh.directory)


def test_a_restore_tells_no_alarm_of_what_it_rebuilds_itself(
    published: Credence, tmp_path: Path
) -> None:
    published("backup", tmp_path / "backup")
    first, *_ = penalties(published)
    published("withdraw", first, "--because", "repair")
    published("publish")
    lose(published.directory, "ledger.sqlite*")
    done = published.apart("restore", tmp_path / "backup")
    assert "Alarm" not in done.err
    assert "other accounts" not in done.err


def journal_of(credence: Credence) -> Path:
    return credence.directory.with_name(f"{credence.directory.name}.journal") / "withdrawals.jsonl"


def contents(*folders: Path) -> dict[str, bytes]:
    """Return the files below the folders, without locks and what SQLite keeps beside a file."""
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock"))
    }
