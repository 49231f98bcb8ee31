"""Data directories that kills are tried on, made once a session and copied for each use."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.checking import Tally
from tests.flows.conftest import Credence

SMALL = 600  # records behind the named failpoints
PARTS = 20  # files a large load is cut into: each receipt acknowledges one


@pytest.fixture(scope="session")
def tally() -> Iterator[Tally]:
    """Return what counts the kills of this session; told at its end."""
    counted = Tally()
    yield counted
    print(f"\ncrash: {counted}")


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 600 penalties, some refused, and two revisions of each."""
    folder = tmp_path_factory.mktemp("small")
    unused = Credence(folder / "unused")
    unused("sample", "--records", str(SMALL), "--seed", "11", "-o", folder / "files")
    for number in (1, 2):
        revise(folder / "files" / "penalty.csv", folder / f"revised{number}.csv", f"（{number}）")
    return folder


def revise(path: Path, into: Path, mark: str) -> None:
    """Write the file with another text of the facts in every row."""
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.reader(source))
    column = next(at for at, name in enumerate(rows[0]) if "事实" in name)
    for row in rows[1:]:
        if len(row) > column and row[column]:
            row[column] += mark
    with into.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows(rows)


@pytest.fixture(scope="session")
def large_files(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> list[Path]:
    """Return penalties (`--rows`, 21,000 by default) in 20 files."""
    rows_wanted = str(request.config.getoption("--rows"))
    folder = tmp_path_factory.mktemp("large")
    unused = Credence(folder / "unused")
    unused("sample", "--records", rows_wanted, "--seed", "5", "-o", folder / "files")
    with (folder / "files" / "penalty.csv").open(encoding="utf-8-sig", newline="") as source:
        header, *rows = csv.reader(source)
    paths = []
    for number in range(PARTS):
        paths.append(folder / f"penalty-{number:02d}.csv")
        with paths[-1].open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([header, *rows[number::PARTS]])
    return paths


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, small_files: Path) -> dict[str, Path]:
    """Return directories by name: loaded, published, and with a backlog of two revisions."""
    folder = tmp_path_factory.mktemp("made")
    made = {name: folder / name for name in ("empty", "loaded", "published", "behind")}
    credence = Credence(made["loaded"])
    credence("load", small_files / "files" / "penalty.csv", code=1)
    shutil.copytree(made["loaded"], made["published"])
    credence = Credence(made["published"])
    credence("publish")
    shutil.copytree(made["published"], made["behind"], symlinks=True)
    credence = Credence(made["behind"])
    for number in (1, 2):
        credence("load", small_files / f"revised{number}.csv", code=1)
    return made
