"""The command line as a person runs it, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60


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
        done = subprocess.run(
            self.command(*map(str, arguments)),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=environment(),
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return Ran(done.returncode, done.stdout, done.stderr)

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
        assert all(not s["missing"] and not s["leftover"] for s in audit["surfaces"].values()), audit
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
    """Return a folder with the invented sample: 200 penalties and their repairs."""
    folder = tmp_path_factory.mktemp("sample")
    Credence(folder / "unused")("sample", "--records", "200", "--seed", "7", "-o", folder / "files")
    return folder / "files"
