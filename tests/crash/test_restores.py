"""A restore that is killed anywhere is refused by every verb until it is done again, then sound."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.flows.conftest import Credence, environment

pytestmark = pytest.mark.slow
POINTS = ("file-written:1", "before-commit:1", "committed:1", "journalled:1", "committed:2")


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Return a backup, the newest journal, and what left after the backup."""
    folder = tmp_path_factory.mktemp("lost")
    credence = Credence(folder / "data")
    credence("sample", "--records", "60", "--seed", "7", "-o", folder / "files")
    credence("load", folder / "files" / "penalty.csv", code=1)
    credence("publish")
    credence("backup", folder / "backup")
    gone = min(credence.records())
    credence("withdraw", gone, "--because", "repair")
    return folder / "backup", folder / "data.journal" / "withdrawals.jsonl", gone


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_restore_is_done_again(
    lost: tuple[Path, Path, str], tmp_path: Path, point: str
) -> None:
    backup, newest, gone = lost
    credence = Credence(tmp_path / "data")
    journal = tmp_path / "data.journal" / "withdrawals.jsonl"
    journal.parent.mkdir()
    shutil.copy2(newest, journal)
    killed = subprocess.run(
        credence.command("restore", str(backup)),
        check=False,
        capture_output=True,
        env={**environment(), "CREDENCE_TEST_FAILPOINT": point},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    if (credence.directory / "restoring.json").exists():
        assert "restore" in credence.apart("status", code=3).err
        credence.apart("restore", backup)
    else:  # the ledger is whole; what is left is a rebuild like any other
        assert "already" in credence.apart("restore", backup, code=1).err
        credence.apart("publish")
    credence.apart("audit")
    credence.apart("ledger", "verify")
    assert credence.apart("audit", gone).result["removed"]["event"] == "withdraw"
    assert not list(credence.directory.glob("restoring.json*"))
