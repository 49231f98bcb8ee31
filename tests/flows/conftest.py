"""The command line as a person runs it; what shall be killed runs in a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from publisher.cli import main

FIRST_ARGUMENT = 3  # after `python -m publisher.cli`


@dataclass(frozen=True)
class Ran:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The last JSON document on stdout."""
        document = json.loads(self.out.strip().splitlines()[-1])
        assert isinstance(document, dict)
        return document


@dataclass(frozen=True)
class Credence:
    """`credence --json -C DIR ...`, waited for or started."""

    directory: Path

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "publisher.cli",
            "-C",
            str(self.directory),
            "--json",
            "--lang",
            "en",
            *arguments,
        ]

    def __call__(self, *arguments: str | Path, code: int = 0) -> Ran:
        """Run a verb in this process, by the function the console script calls."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = main(self.command(*map(str, arguments))[FIRST_ARGUMENT:])
        assert ended == code, f"{arguments}: {ended}\n{out.getvalue()}{err.getvalue()}"
        return Ran(ended, out.getvalue(), err.getvalue())

    def apart(self, *arguments: str | Path, code: int = 0) -> Ran:
        """Run a verb in a process of its own.

        Needed where a test replaced files of the ledger: SQLite shares what it knows of a file
        within a process, also of one that is gone.
        """
        child = self.start(*arguments)
        out, err = child.communicate(timeout=100)
        assert child.returncode == code, f"{arguments}: {child.returncode}\n{out}{err}"
        return Ran(child.returncode, out, err)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*map(str, arguments)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def bindings(self, query: str, tier: str = "public") -> list[dict[str, str]]:
        """Return the rows of a SELECT as plain values."""
        answer = self("query", query, "--tier", tier).result
        return [
            {name: term["value"] for name, term in row.items()}
            for row in answer["results"]["bindings"]
        ]

    def records(self, tier: str = "public") -> set[str]:
        """Return the IRIs of all penalties a tier shows."""
        rows = self.bindings(
            "PREFIX cr: <https://w3id.org/credence/ns#> "
            "SELECT ?record WHERE { ?record a cr:AdministrativePenalty }",
            tier,
        )
        return {row["record"] for row in rows}

    def is_sound(self) -> None:
        """Assert what must hold at rest after anything at all."""
        audit = self("audit").result
        assert all(not s["missing"] and not s["leftover"] for s in audit["surfaces"].values()), (
            audit
        )
        self("ledger", "verify")


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CREDENCE_")}


@pytest.fixture
def credence(tmp_path: Path) -> Iterator[Credence]:
    """Return the command line over an empty directory, sound when the test ends."""
    command = Credence(tmp_path / "data")
    yield command
    if (command.directory / "ledger.sqlite").exists():
        command("publish")
        command.is_sound()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the invented sample: 60 penalties and their repairs."""
    folder = tmp_path_factory.mktemp("sample")
    Credence(folder / "unused")("sample", "--records", "60", "--seed", "7", "-o", folder / "files")
    return folder / "files"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    """Return a data directory with the sample's penalties loaded and published."""
    command = Credence(tmp_path_factory.mktemp("prepared") / "data")
    command("load", sample / "penalty.csv", code=1)
    command("publish")
    return command.directory


@pytest.fixture
def published(credence: Credence, prepared: Path) -> Credence:
    """Return the command line over a copy of the published sample."""
    shutil.copytree(prepared, credence.directory)
    return credence
