"""The operator's document is drilled: its commands are run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.conftest import Credence

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^## (.+)\n((?:.*\n)*?)(?=^## |\Z)", re.MULTILINE)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(heading: str) -> list[str]:
    """Return the commands below a heading of docs/operate.md."""
    text = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    return BLOCK.findall(dict(SECTION.findall(text))[heading])


class Operator:
    """A shell in which `credence` is this program, and what a machine would do is written down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.credence = Credence(folder / "data")
        programs = folder / "bin"
        programs.mkdir()
        self._program(programs / "credence", f'exec {sys.executable} -m publisher.cli "$@"')
        for name in ("systemctl", "pip"):
            self._program(programs / name, f'echo {name} "$@" >> {folder}/done')

    @staticmethod
    def _program(path: Path, line: str) -> None:
        path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, commands: str) -> str:
        """Run the commands; each must succeed."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if "CREDENCE" not in name}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace("DIR", "data")],
            check=False,
            cwd=self.folder,
            env={**kept, "PATH": path, "CREDENCE_DATA": "data", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    files = tmp_path / "files"
    made.credence("sample", "--records", "30", "--seed", "3", "-o", files)
    made.credence("load", files / "penalty.csv", code=1)
    made.credence("publish")
    return made


def test_a_backup_is_put_back_by_the_commands_of_the_document(operator: Operator) -> None:
    make, put_back = blocks("Backup and restore")
    operator.run(make)
    gone = min(operator.credence.records())
    operator.credence("withdraw", gone, "--because", "repair")
    shutil.rmtree(operator.credence.directory)
    operator.run(put_back)
    assert operator.credence.records()
    assert gone not in operator.credence.records()


def test_an_upgrade_is_the_commands_of_the_document(operator: Operator) -> None:
    upgrade, move = blocks("Upgrade")
    operator.run(blocks("Backup and restore")[0])
    # As an older version left it: no checkpoints, the journal inside.
    for path in operator.credence.directory.glob("surfaces/*/*/checkpoint.json"):
        path.unlink()
    inside = operator.credence.directory / "journal"
    inside.mkdir()
    beside = operator.folder / "data.journal"
    shutil.move(beside / "withdrawals.jsonl", inside / "withdrawals.jsonl")
    shutil.rmtree(beside)
    operator.run(upgrade)
    assert (inside / "withdrawals.jsonl").exists()
    operator.run(move)
    assert (beside / "withdrawals.jsonl").exists()
    operator.run("credence withdraw " + min(operator.credence.records()) + " --because repair")
    assert (beside / "withdrawals.jsonl").read_bytes().count(b"\n") == 1
    done = (operator.folder / "done").read_text().splitlines()
    assert done[0] == "systemctl stop credence"
    assert done[-1] == "systemctl start credence"
    assert any(line.startswith("pip install") for line in done)
