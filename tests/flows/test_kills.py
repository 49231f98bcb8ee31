"""kill -9, ten times; after every one a restart must agree with itself and lose nothing.

Four kills come at random moments (a kill before the first commit or after the end is drawn
again), six at named points of a transaction. The position of each stands in pytest's summary.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import SUMMARY
from tests.flows.conftest import Credence, environment
from tests.flows.test_thin_path import every_file, expected

Note = Callable[[str], None]
TRIES = 15
RECORDS = 450
BEGUN = 350_000  # bytes of the write-ahead log: the tables of a new ledger take 250 kB of it


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file big enough that a load of it can be hit in the middle."""
    folder = tmp_path_factory.mktemp("bulk")
    Credence(folder / "unused")(
        "sample", "--records", str(RECORDS), "--seed", "11", "-o", folder / "files"
    )
    return folder / "files"


def position(credence: Credence) -> int:
    """Return the ledger's position as another process sees it."""
    return int(credence("status").result["ledger"]["position"])


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Return what puts a line into the summary of the run, also when the test passed."""
    return lambda line: record_property(SUMMARY, line)


def killed(credence: Credence, note: Note, *arguments: str | Path, point: str) -> None:
    """Run a command that dies at a named point."""
    ran = subprocess.run(
        credence.command(*map(str, arguments)),
        env={**environment(), "CREDENCE_TEST_FAILPOINT": point},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == -signal.SIGKILL, ran
    note(f"kill -9: {arguments[0]} at {point}, ledger position {position(credence)}")


def killed_at_random(
    credence: Credence,
    note: Note,
    draw: random.Random,
    began: Callable[[], bool],
    *arguments: str | Path,
) -> None:
    """Run a command and kill it at a random moment after `began` first holds.

    A run that ended before it was hit left nothing to do for the next: it begins anew.
    """
    before = copied(credence.directory)
    for _ in range(TRIES):
        process = credence.start(*arguments)
        deadline = time.monotonic() + 30
        while process.poll() is None and not began() and time.monotonic() < deadline:
            time.sleep(0.005)
        delay = draw.uniform(0, 0.1)
        time.sleep(delay)
        alive = process.poll() is None
        process.kill()
        process.communicate()
        if alive:
            at = position(credence)
            note(f"kill -9: {arguments[0]} {delay:.3f} s in, ledger position {at}")
            return
        shutil.rmtree(credence.directory)
        if before is not None:
            shutil.copytree(before, credence.directory, symlinks=True)
    pytest.fail(f"{TRIES} runs of {arguments[0]} ended before they could be killed")


def copied(directory: Path) -> Path | None:
    """Return a copy of a data directory beside it, None when there is nothing yet."""
    if not directory.exists():
        return None
    return Path(shutil.copytree(directory, directory.with_name("before"), symlinks=True))


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_load_killed_at_random_is_whole_after_another(
    credence: Credence, bulk: Path, note: Note, seed: int
) -> None:
    wal = credence.directory / "ledger.sqlite-wal"
    killed_at_random(
        credence,
        note,
        random.Random(seed),
        lambda: size(wal) > BEGUN,
        "load",
        bulk / "penalty.csv",
    )
    held = position(credence)
    credence("ledger", "verify")
    receipt = credence("load", bulk / "penalty.csv", code=1).result
    counts = expected(bulk)["penalty"]
    assert receipt["accepted"] + receipt["unchanged"] == counts["accepted"]
    assert receipt["unchanged"] > 0
    assert receipt["unchanged"] < held


@pytest.mark.parametrize("seed", [3, 4])
def test_a_publish_killed_at_random_is_finished_by_the_next(
    credence: Credence, bulk: Path, note: Note, seed: int
) -> None:
    credence("load", bulk / "penalty.csv", code=1)
    stores = credence.directory / "surfaces"
    killed_at_random(credence, note, random.Random(seed), stores.exists, "publish")
    credence("publish")
    assert len(credence.records("government")) == expected(bulk)["penalty"]["accepted"]


def test_withdrawals_killed_are_done_or_not_begun(published: Credence, note: Note) -> None:
    points = ("before-commit", "committed", "journalled")
    for iri, point in zip(sorted(published.records()), points, strict=False):
        killed(published, note, "withdraw", iri, "--because", "repair", point=point)
        published("publish")
        assert (iri in published.records()) == (point == "before-commit")
        published("audit", iri)


def test_erasures_killed_are_done_or_not_begun(published: Credence, note: Note) -> None:
    rows = published.bindings(
        "PREFIX cr: <https://w3id.org/credence/ns#> "
        "SELECT ?record ?number WHERE { ?record cr:documentNumber ?number }"
    )
    points = ("before-commit", "committed", "seals-destroyed")
    rows.sort(key=lambda found: found["record"])
    for row, point in zip(rows, points, strict=False):
        killed(published, note, "erase", row["record"], point=point)
        published("publish")
        begun = point != "before-commit"
        assert (row["record"] in published.records()) != begun
        text = row["number"].encode()
        assert any(text in data for data in every_file(published.directory)) != begun


def test_the_environment_of_a_kill_is_not_inherited() -> None:
    assert "CREDENCE_TEST_FAILPOINT" not in os.environ
