"""Commands in a data directory, as a person runs them, within this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from publisher.cli import main
from publisher.wiring import Deployment


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENCE_BASE_URL", "https://credit.example")


class Run:
    """Runs commands in one data directory and keeps what they said."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str | Path) -> int:
        code = main(["-C", str(self.root), *map(str, arguments)])
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        assert self("--json", *arguments) == code, self.err
        return [json.loads(line) for line in self.out.splitlines()][-1]


@pytest.fixture
def run(own: Deployment, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return commands over a published deployment of the test's own."""
    return Run(own.layout.root, capsys)


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path / "data", capsys)
