"""What only departments may see, and the ledger's own state, is closed to other accounts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest

from publisher.child_processes import start_helper
from tests.flows.conftest import Credence

OTHERS = 0o077
PRIVATE = ("surfaces/government", "secrets", "rejects", "staging", "projector.lock")


@pytest.fixture(autouse=True)
def ordinary_mask() -> Iterator[None]:
    """Let files be readable by everybody unless somebody sees to it, as most machines do."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(root: Path) -> list[str]:
    """Return what other accounts could read, were the folders above it open."""
    folders = [root / name for name in PRIVATE] + list(root.glob("*.sqlite*"))
    folders.append(root.with_name(f"{root.name}.journal"))
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    return [
        str(path.relative_to(root.parent))
        for path in paths
        if not path.is_symlink() and path.stat().st_mode & OTHERS
    ]


def test_publishing_taking_down_and_rebuilding_leave_nothing_open(
    credence: Credence, sample: Path
) -> None:
    for file in ("subject", "penalty", "repair-case"):
        credence("load", sample / f"{file}.csv", code=1)
        credence("publish")
        assert open_to_others(credence.directory) == []
    [record, *_] = sorted(credence.records())
    credence("withdraw", record, "--because", "repair")
    assert open_to_others(credence.directory) == []
    credence("rebuild")
    assert open_to_others(credence.directory) == []
    assert len(list((credence.directory / "surfaces/government").rglob("*"))) > 50


def test_what_was_open_is_closed_at_the_next_start_and_said_once(published: Credence) -> None:
    government = published.directory / "surfaces" / "government"
    for path in (government, *government.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    said = published("publish").err
    assert "could be read by other accounts" in said
    assert open_to_others(published.directory) == []
    assert published("publish").err == ""


def test_the_mask_of_the_calling_process_is_as_before(published: Credence) -> None:
    published("rebuild", "feed")
    made = published.directory / "made"
    made.touch()
    assert made.stat().st_mode & 0o777 == 0o644


def test_the_helper_process_leaves_nothing_open(published: Credence) -> None:
    """It opens feeds and downloads of the government tier, as for a long backlog, and builds."""
    folders = ("feed", "dumps")
    government = published.directory / "surfaces" / "government"
    for name in folders:
        shutil.rmtree(government / name)
    lock = os.open(os.devnull, os.O_RDONLY)
    ours, theirs = Pipe()
    process = start_helper(published.directory, lock, theirs.fileno())
    theirs.close()
    try:
        for name in folders:
            ours.send((f"government/{name}", "open", (), {}))
            assert ours.recv() == (True, None)
            ours.send((f"government/{name}", "publish", (), {"at_head": False}))
            assert ours.recv() == (True, None)
    finally:
        ours.close()
        process.wait(30)
        os.close(lock)
    assert open_to_others(published.directory) == []
    assert len(list((government / "feed").rglob("*.gz"))) > 10


def test_another_account_cannot_read_what_only_departments_may_see(
    published: Credence,
) -> None:
    if os.getuid() != 0:
        pytest.skip("needs the right to become another account")
    child = (
        "import os, sys, pathlib\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: print(list(pathlib.Path(sys.argv[1]).iterdir()))\n"
        "except PermissionError: print('refused')\n"
    )
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        published.directory.rename(Path(parent) / "data")
        folder = Path(parent) / "data" / "surfaces" / "government"
        ran = subprocess.run(
            [sys.executable, "-c", child, str(folder)], check=True, capture_output=True, text=True
        )
    assert ran.stdout == "refused\n"
