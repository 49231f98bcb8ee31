"""Whatever is put back or lost: after at most one rebuild all is sound, or it is refused in words.

Each state is met by commands alone and by a service; a takedown is never undone, and one that is
ordered afterwards is seen everywhere.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.flows.conftest import Credence

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DATABASES = ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "seals.sqlite")
REFUSED = 3
SEEN_SECONDS = 5


@dataclass(frozen=True)
class Case:
    """A deployment, a copy of it from before, and what left in between."""

    credence: Credence
    before: Path
    gone: str

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """Run a verb, apart: the files of the ledger were replaced; return what it said."""
        return self.credence.apart(*arguments, code=code).err

    def shown(self) -> list[str]:
        """Return the penalties that are public."""
        query = "SELECT ?r { ?r a <https://w3id.org/credence/ns#AdministrativePenalty> }"
        answer = self.credence.apart("query", query).result
        return sorted(row["r"]["value"] for row in answer["results"]["bindings"])

    @property
    def directory(self) -> Path:
        return self.credence.directory

    @property
    def journal(self) -> Path:
        return self.directory.with_name(f"{self.directory.name}.journal")


@pytest.fixture
def case(credence: Credence, files: list[Path], tmp_path: Path) -> Iterator[Case]:
    credence("ledger", "verify")  # writes the journal of this copy
    before = tmp_path / "before"
    shutil.copytree(credence.directory, before, symlinks=True)
    credence("load", files[2], code=1)
    gone = min(credence.records())
    credence("withdraw", gone, "--because", "repair")
    credence("publish")
    yield (made := Case(credence, before, gone))
    made.run("audit")
    made.run("ledger", "verify")


def older_ledger(case: Case) -> None:
    for name in DATABASES:
        (case.directory / name).unlink(missing_ok=True)
        if (case.before / name).exists():
            shutil.copy2(case.before / name, case.directory / name)


def older_ledger_without_journal(case: Case) -> None:
    older_ledger(case)
    shutil.rmtree(case.journal)


def older_directory(case: Case) -> None:
    shutil.rmtree(case.directory)
    shutil.copytree(case.before, case.directory, symlinks=True)


def journal_lost(case: Case) -> None:
    shutil.rmtree(case.journal)


def ledger_lost(case: Case) -> None:
    for path in case.directory.glob("ledger.sqlite*"):
        path.unlink()


HARMS: dict[Callable[[Case], None], bool] = {
    older_ledger: True,
    older_ledger_without_journal: False,
    older_directory: True,
    journal_lost: False,
    ledger_lost: True,
}


EACH = pytest.mark.parametrize(
    ("harm", "refused"), HARMS.items(), ids=[harm.__name__ for harm in HARMS]
)


@contextmanager
def serving(credence: Credence) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = credence.start("serve", "--port", str(port))
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def status_of(url: str) -> int:
    try:
        with urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def mended(case: Case) -> None:
    """Do what the refusal says."""
    told = case.run("status", code=REFUSED)
    if "restore --here" in told:
        case.run("restore", "--here")
    else:
        assert "restore BACKUP" in told
        older = case.before.with_name("backup")
        Credence(case.before).apart("backup", older)
        case.run("restore", older)


@EACH
def test_commands_alone_find_their_way(
    case: Case, harm: Callable[[Case], None], refused: bool
) -> None:
    harm(case)
    if refused:
        mended(case)
    case.run("publish")
    case.run("audit")
    shown = case.shown()
    assert case.gone not in shown
    case.run("withdraw", shown[0], "--because", "repair")
    case.run("audit", shown[0])


@EACH
def test_a_service_finds_its_way_or_refuses_to_start(
    case: Case, harm: Callable[[Case], None], refused: bool
) -> None:
    harm(case)
    if refused:
        with serving(case.credence) as (process, _):
            assert process.wait(60) == REFUSED
            assert process.stderr is not None
            assert "restore" in process.stderr.read()
        mended(case)
    with serving(case.credence) as (process, url):
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"] == url
        assert status_of(f"{url}/readyz") == 200
        case.run("audit")
        assert status_of(f"{url}/record/{case.gone[-26:]}") == 410
        [again, *_] = case.shown()
        begun = time.monotonic()
        case.run("withdraw", again, "--because", "repair")
        assert time.monotonic() - begun < SEEN_SECONDS * 3  # the command's own start included
        case.run("audit", again)
