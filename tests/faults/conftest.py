"""Parts of the machine that fail on purpose: a small disk, a clock that is set, a loaded city."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.wiring import Deployment
from tests.flows.conftest import Credence
from tests.serving import lacking

MIB = 1024 * 1024


@dataclass(frozen=True)
class Disk:
    """A small file system of its own."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self, left: int) -> None:
        """Take all its space but so many bytes."""
        found = os.statvfs(self.folder)
        with self._filler.open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, found.f_bavail * found.f_frsize - left)

    def free(self) -> None:
        """Give the space back."""
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", str(folder)]
    if shutil.which("mount") is None:
        lacking("there is no mount command")
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        lacking(f"a small file system cannot be mounted here: {ran.stderr.strip()}")
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass
class Clock:
    """The time of day of a machine whose clock is set by hand, in milliseconds."""

    now: int = 1_760_000_000_000
    passed: int = field(default=0)

    def __call__(self) -> int:
        self.passed += 1
        return self.now + self.passed

    def set(self, seconds: int) -> None:
        """Set it on or back."""
        self.now += seconds * 1000


@dataclass(frozen=True)
class Town:
    """A data directory whose parts run in this process under a clock of ours."""

    directory: Path
    clock: Clock

    def deployment(self) -> Deployment:
        return Deployment(self.directory, {}, self.clock)

    def load(self, *files: Path) -> int:
        with self.deployment().open_or_create() as opened:
            loaded = opened.exchange().load(files, LoadOptions(), LoadObserver())
            return sum(receipt.accepted + receipt.revised for _, receipt in loaded)

    def publish(self) -> None:
        with self.deployment().open() as opened:
            opened.projector(lambda _: None).publish()

    def withdraw(self, record: str) -> None:
        with self.deployment().open() as opened:
            opened.exchange().withdraw(record, "repair")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "data", Clock())


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return invented penalties in six files of different cities' seeds."""
    folder = tmp_path_factory.mktemp("files")
    made = []
    for seed in range(6):
        unused = Credence(folder / "unused")
        unused("sample", "--records", "60", "--seed", str(seed), "-o", folder / str(seed))
        made.append((folder / str(seed) / "penalty.csv").rename(folder / f"penalty-{seed}.csv"))
    return made


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> Path:
    """Return a data directory with two files loaded and published; copy it before use."""
    credence = Credence(tmp_path_factory.mktemp("standing") / "data")
    credence("load", *files[:2], code=1)
    credence("publish")
    credence("withdraw", min(credence.records()), "--because", "repair")
    credence("publish")
    return credence.directory


@pytest.fixture
def credence(tmp_path: Path, standing: Path) -> Credence:
    """Return the command line over a copy of the published directory."""
    shutil.copytree(standing, tmp_path / "data", symlinks=True)
    return Credence(tmp_path / "data")
