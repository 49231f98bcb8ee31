"""A full disk behind each part: a clear error, nothing receipted lost, on when there is space."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.conftest import MIB, Disk
from tests.flows.conftest import Credence, Ran

# Real processes and files, each for some seconds.
pytestmark = pytest.mark.slow


def ran(credence: Credence, *arguments: str | Path) -> Ran:
    """Run a verb in a process of its own: what a full disk leaves in memory ends with it."""
    process = credence.start(*map(str, arguments))
    out, err = process.communicate(timeout=100)
    return Ran(process.returncode, out, err)


def refused(result: Ran) -> None:
    """The command ended as a fault of the environment, in words."""
    assert result.code == 3, result
    assert result.err.strip()
    assert "Traceback" not in result.err


def acknowledged(result: Ran) -> int:
    """Rows whose receipt was printed before the disk was full."""
    found = [json.loads(line) for line in result.out.splitlines() if '"accepted"' in line]
    return sum(receipt["accepted"] for receipt in found)


def configured(directory: Path, key: str, value: str) -> Credence:
    directory.mkdir(exist_ok=True)
    (directory / "credence.toml").write_text(f'{key} = "{value}"\n', encoding="utf-8")
    return Credence(directory)


@pytest.mark.parametrize("part", ["ledger", "seals"])
def test_a_load_onto_a_full_disk_keeps_what_it_receipted_and_goes_on(
    tmp_path: Path, disk: Disk, files: list[Path], part: str
) -> None:
    credence = configured(tmp_path / "data", part, f"sqlite:///{disk.folder / part}.sqlite")
    credence("load", files[0], code=1)
    disk.fill(left=400_000 if part == "ledger" else 4_096)
    result = ran(credence, "load", *files[1:])
    refused(result)
    disk.free()
    verified = credence("ledger", "verify").result
    first = credence("load", files[0], code=1).result
    assert verified["records"] >= first["unchanged"] + acknowledged(result)
    credence("load", *files, code=1)
    credence("publish")
    credence.is_sound()


def test_a_withdrawal_whose_journal_is_full_is_refused_and_stands_once_there_is_space(
    tmp_path: Path, disk: Disk, files: list[Path]
) -> None:
    journal = disk.folder / "withdrawals.jsonl"
    credence = configured(tmp_path / "data", "withdrawal_journal", str(journal))
    credence("load", files[0], code=1)
    credence("publish")
    record = min(credence.records())
    disk.fill(left=0)
    refused(ran(credence, "withdraw", record, "--because", "repair"))
    disk.free()
    credence("publish")
    # It was committed but never acknowledged: done, never half.
    assert record not in credence.records()
    assert journal.read_bytes().count(b"\n") == 1
    credence.is_sound()


@pytest.mark.parametrize("name", ["triples", "feed"])
def test_a_surface_on_a_full_disk_stands_still_while_the_others_go_on(
    tmp_path: Path, disk: Disk, files: list[Path], name: str
) -> None:
    credence = Credence(tmp_path / "data")
    credence("load", files[0], code=1)
    credence("publish")
    shown = credence.records()
    home = credence.directory / "surfaces" / "public" / name
    shutil.copytree(home, disk.folder / name, symlinks=True)
    shutil.rmtree(home)
    home.symlink_to(disk.folder / name)
    credence("load", files[1], code=1)
    disk.fill(left=8_192)
    refused(ran(credence, "publish"))
    assert credence.records() >= shown if name == "feed" else credence.records() == shown
    positions = credence("status").result["surfaces"]
    behind = {label for label, found in positions.items() if found["behind"]}
    assert behind == {f"public/{name}"}
    disk.free()
    assert ran(credence, "publish").code == 0
    credence.is_sound()


def test_what_stands_is_read_while_the_ledgers_disk_is_full(
    tmp_path: Path, disk: Disk, files: list[Path]
) -> None:
    credence = configured(tmp_path / "data", "ledger", f"sqlite:///{disk.folder}/ledger.sqlite")
    credence("load", files[0], code=1)
    credence("publish")
    disk.fill(left=200_000)
    assert credence("ledger", "verify").result["records"] > 0
    credence("audit")


def test_a_mount_is_what_fills_up(disk: Disk) -> None:
    disk.fill(left=MIB)
    found = subprocess.run(["df", "-k", str(disk.folder)], capture_output=True, check=True)
    assert b"tmpfs" in found.stdout
    with pytest.raises(OSError, match="No space left"):
        (disk.folder / "more").write_bytes(bytes(2 * MIB))
