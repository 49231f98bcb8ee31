"""A copy that cannot be written is verified and read where it lies: a backup, read-only media.

The suite may run as root, whom no mode stops: a real read-only mount, and another account.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.flows.conftest import Credence, environment

ROOT = Path(__file__).parents[2]
MOUNT = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
NOBODY = 65534
# The interpreter itself may lie where only its owner reads: what is needed is read before.
AS_NOBODY = f"""
import encodings.ascii, importlib.readers, os, sys
sys.path[:0] = [sys.argv.pop(1)]
import publisher.cli.inspect_records, publisher.cli.run, sqlite3
from publisher.cli import main
main(["-C", "/nowhere", "--quiet", "config", "show"])
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
sys.exit(main(sys.argv[1:]))
"""
READING = [
    ("audit",),
    ("ledger", "verify"),
    ("status",),
    ("config", "show"),
    ("query", "ASK { ?s a ?class }"),
]
Ask = Callable[..., "subprocess.CompletedProcess[str]"]


def can_mount() -> bool:
    tried = subprocess.run(
        ["unshare", "-m", "true"],
        check=False,
        capture_output=True,
    )
    return tried.returncode == 0


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    env = {**environment(), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=env, cwd=ROOT, timeout=120
    )


def mounted_read_only(directory: Path, *verb: str) -> subprocess.CompletedProcess[str]:
    inner = Credence(directory).command(*verb)
    return run(["unshare", "-m", "sh", "-c", MOUNT, str(directory), *inner])


def as_another_account(directory: Path, *verb: str) -> subprocess.CompletedProcess[str]:
    arguments = ["-C", str(directory), "--json", "--lang", "en", *verb]
    return run([sys.executable, "-c", AS_NOBODY, str(ROOT), *arguments])


def everybody_may_read(directory: Path) -> None:
    for path in [directory, *directory.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)


WAYS = {
    "a read-only mount": (mounted_read_only, can_mount),
    "another account": (as_another_account, lambda: os.getuid() == 0),
}


@pytest.fixture(params=WAYS)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Return what runs a verb over a directory that it cannot write."""
    way, possible = WAYS[request.param]
    if not possible():
        pytest.skip(f"not permitted here: {request.param}")
    return way


@pytest.fixture
def reachable() -> Iterator[Path]:
    """Return a folder that other accounts get to, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    writable_again(folder)
    shutil.rmtree(folder)


@pytest.fixture
def copied(prepared: Path, reachable: Path) -> Path:
    """Return a copy of a published directory as a backup would have it."""
    copy = reachable / "copy"
    shutil.copytree(prepared, copy, symlinks=True)
    everybody_may_read(copy)
    return copy


def writable_again(directory: Path) -> None:
    for path in [directory, *directory.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o700)


def content(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def test_a_copy_that_cannot_be_written_is_verified_audited_and_asked(
    copied: Path, ask: Ask
) -> None:
    before = content(copied)
    # Its workers are processes of their own, whose interpreter another account may not reach.
    verbs = [verb for verb in READING if ask is mounted_read_only or verb[0] != "query"]
    for verb in verbs:
        ran = ask(copied, *verb)
        assert ran.returncode == 0, (verb, ran.stdout, ran.stderr)
    assert content(copied) == before


def test_a_verb_that_writes_says_so_on_such_a_copy(copied: Path, ask: Ask) -> None:
    ran = ask(copied, "publish")
    assert ran.returncode == 3
    assert "Traceback" not in ran.stderr


def test_damage_is_still_named_there(copied: Path, ask: Ask) -> None:
    root = copied / "surfaces" / "public" / "feed" / "current" / "feed" / "all.trig.gz"
    content = bytearray(root.read_bytes())
    content[len(content) // 2] ^= 8
    root.chmod(0o644)
    root.write_bytes(bytes(content))
    root.chmod(0o444)
    ran = ask(copied, "audit")
    assert ran.returncode == 4
    assert not json.loads(ran.stdout.splitlines()[-1])["surfaces"]["public/feed"].get("ok")


def test_a_copy_made_in_the_middle_of_writing_says_where_it_can_be_read(
    prepared: Path, tmp_path: Path, reachable: Path, ask: Ask
) -> None:
    live, copy = tmp_path / "live", reachable / "copy"
    shutil.copytree(prepared, live, symlinks=True)
    connection = sqlite3.connect(live / "ledger.sqlite", isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    for change in ("+ 1", "- 1"):
        connection.execute(f"UPDATE head SET position = position {change}")
    shutil.copytree(live, copy, symlinks=True)
    connection.close()
    (copy / "ledger.sqlite-shm").unlink()  # what a copying tool leaves out as no data
    assert (copy / "ledger.sqlite-wal").stat().st_size
    everybody_may_read(copy)
    ran = ask(copy, "ledger", "verify")
    assert ran.returncode == 3
    assert "ledger.sqlite-wal" in ran.stderr
    assert "can be written" in ran.stderr
    writable_again(copy)
    Credence(copy)("ledger", "verify")
