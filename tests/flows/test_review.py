"""Held rows on their way: from a file with a private address to a person's decision.

Nothing of them is public, or readable in a file of ours, before that decision; a kill -9 at any
moment between loses none and doubles none.
"""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.flows.conftest import environment
from tests.unit.exchange.intake.conftest import as_csv, penalty

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Credence

HOME = "望川区云岑路八号"
FACTS = f"经查，当事人家住{HOME}，在店外发布广告。"
BECAUSE = ("--because", "经营场所与住所相同，已核实", "--as", "安某")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "penalty.csv"
    path.write_text(as_csv([penalty(1), penalty(2, CF_SY=FACTS)]), encoding="utf-8")
    return path


def waiting(credence: Credence) -> list[str]:
    return [item["id"] for item in credence("review", "list").result["items"]]


def files_with(credence: Credence, text: str) -> list[str]:
    """Return the files of the data directory in whose bytes a text stands."""
    return [
        str(path.relative_to(credence.directory))
        for path in credence.directory.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    ]


def killed(credence: Credence, point: str, *arguments: str | Path) -> None:
    ran = subprocess.run(
        credence.command(*map(str, arguments)),
        env={**environment(), "CREDENCE_TEST_FAILPOINT": point},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == -signal.SIGKILL, ran


def test_a_held_row_is_nowhere_until_a_person_lets_it_through(
    credence: Credence, file: Path
) -> None:
    receipt = credence("load", file, code=1)
    assert (receipt.result["accepted"], receipt.result["held"]) == (1, 1)
    assert HOME not in receipt.out + receipt.err
    credence("publish")
    assert files_with(credence, HOME) == []
    assert len(credence.records()) == 1
    (number,) = waiting(credence)
    assert credence("review", "show", number).result["cells"]["CF_SY"] == FACTS
    credence("review", "accept", number, *BECAUSE)
    credence("publish")
    assert len(credence.records()) == 2
    assert credence("load", file).result["unchanged"] == 2
    assert credence("review", "--rescan").result == {"certain": 0, "likely": 0, "accepted": 1}


def test_a_refused_row_leaves_no_text_and_is_known_again(credence: Credence, file: Path) -> None:
    credence("load", file, code=1)
    (number,) = waiting(credence)
    credence("review", "refuse", number, *BECAUSE)
    again = credence("load", file, code=1)
    assert (again.result["held"], again.result["rejected"]) == (0, 1)
    assert "refused on" in again.out
    assert waiting(credence) == []


@pytest.mark.parametrize("point", ["committed:3", "held-kept"])
def test_a_kill_between_append_and_held_write_loses_and_doubles_nothing(
    credence: Credence, file: Path, point: str
) -> None:
    killed(credence, point, "load", file)
    receipt = credence("load", file, code=1).result
    assert (receipt["held"], receipt["unchanged"] + receipt["accepted"]) == (1, 1)
    assert len(waiting(credence)) == 1


@pytest.mark.parametrize("point", ["before-commit", "committed", "review-logged"])
def test_a_killed_acceptance_enters_the_row_once(
    credence: Credence, file: Path, point: str
) -> None:
    credence("load", file, code=1)
    (number,) = waiting(credence)
    killed(credence, point, "review", "accept", number, *BECAUSE)
    assert waiting(credence) == [number]
    credence("review", "accept", number, *BECAUSE)
    assert waiting(credence) == []
    credence("publish")
    assert len(credence.records()) == 2


def test_a_killed_refusal_is_made_again(credence: Credence, file: Path) -> None:
    credence("load", file, code=1)
    (number,) = waiting(credence)
    killed(credence, "review-logged", "review", "refuse", number, *BECAUSE)
    assert waiting(credence) == [number]
    credence("review", "refuse", number, *BECAUSE)
    assert waiting(credence) == []


def test_an_erasure_killed_after_its_event_takes_the_held_rows_along(
    credence: Credence, file: Path
) -> None:
    others = file.with_name("others.csv")  # who say the same of authority and law
    others.write_text(as_csv([penalty(3), penalty(4)]), encoding="utf-8")
    revision = file.with_name("revision.csv")
    revision.write_text(as_csv([penalty(1, CF_SY=f"{FACTS}另查。")]), encoding="utf-8")
    credence("load", file, others, code=1)
    credence("load", revision, code=1)
    items = credence("review", "list").result["items"]
    (record,) = [item["record"] for item in items if item["record"]]
    assert len(items) == 2
    killed(credence, "seals-destroyed", "erase", record)
    assert len(waiting(credence)) == 1
