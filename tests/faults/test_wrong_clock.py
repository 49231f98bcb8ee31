"""A machine whose clock is wrong by years or stands still for weeks: real programs, real shifts.

`faketime` shifts the clock of a program; a time namespace lets the uptime pass with it, as weeks
do. No publicity ends for good by a clock that may be wrong.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from publisher.machine_clock import now
from tests.flows.conftest import Credence, environment
from tests.serving import lacking

pytestmark = pytest.mark.slow

DAY = 86_400


@pytest.fixture
def ending(tmp_path: Path, files: list[Path]) -> Credence:
    """Return a published directory whose penalties end their publicity in fifty days."""
    credence = Credence(tmp_path / "data")
    text = files[0].read_text(encoding="utf-8-sig")
    end = dt.datetime.fromtimestamp(now() / 1000, dt.UTC).date()
    end += dt.timedelta(days=50)
    (tmp_path / "penalty.csv").write_text(
        text.replace("9999-09-09", end.isoformat()), encoding="utf-8"
    )
    credence("load", tmp_path / "penalty.csv", code=1)
    credence("publish")
    return credence


def shifted(
    credence: Credence, days: int, *arguments: str, uptime_too: bool = False
) -> tuple[int, dict[str, object]]:
    """Run a verb `days` from now; return its exit code and its last document."""
    if shutil.which("faketime") is None:
        lacking("faketime is not installed")
    command = ["faketime", "-f", f"{days:+d}d", *credence.command(*arguments)]
    if uptime_too:
        probe = subprocess.run(["unshare", "-T", "true"], capture_output=True, check=False)
        if probe.returncode:
            lacking("this machine makes no time namespaces")
        command = ["unshare", "-T", "--boottime", str(days * DAY), *command]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=100, env=environment()
    )
    lines = done.stdout.strip().splitlines()
    assert lines, done.stderr
    return done.returncode, json.loads(lines[-1])


@pytest.mark.parametrize("days", [800, 60, 51])
def test_publish_under_a_clock_set_on_ends_nothing_and_says_so(ending: Credence, days: int) -> None:
    before = ending.records()
    code, document = shifted(ending, days, "publish")
    assert (code, document["expired"], document["clockDoubt"]) == (3, 0, "stepped")
    assert ending("publish").result["expired"] == 0
    assert ending.records() == before
    ending.is_sound()


def test_status_names_the_doubt_of_a_clock_set_on(ending: Credence) -> None:
    code, document = shifted(ending, 800, "status")
    assert code == 0
    assert document["ledger"]["clockDoubt"] == "stepped"  # type: ignore[index]


def test_weeks_that_really_passed_end_what_is_due_without_asking(ending: Credence) -> None:
    before = len(ending.records())
    code, document = shifted(ending, 20, "publish", uptime_too=True)
    assert (code, document["expired"], document["clockDoubt"]) == (0, 0, None)
    code, document = shifted(ending, 49, "publish", uptime_too=True)
    assert (code, document["clockDoubt"]) == (0, None)
    code, document = shifted(ending, 52, "publish", uptime_too=True)
    assert (code, document["clockDoubt"]) == (0, None)
    assert document["expired"] > 0  # type: ignore[operator]
    assert len(ending.records()) == before - int(document["expired"])  # type: ignore[call-overload]


def test_a_long_time_without_a_heartbeat_waits_for_a_person(ending: Credence) -> None:
    code, document = shifted(ending, 100, "publish", uptime_too=True)
    assert (code, document["expired"], document["clockDoubt"]) == (3, 0, "long-gap")
    code, document = shifted(ending, 100, "clock", "show", uptime_too=True)
    assert (code, document["doubt"]) == (0, "long-gap")
    assert int(document["due"]) > 0  # type: ignore[call-overload]
    code, document = shifted(ending, 100, "clock", "confirm", uptime_too=True)
    assert (code, document["doubt"]) == (0, None)
    code, document = shifted(ending, 100, "publish", uptime_too=True)
    assert code == 0
    assert int(document["expired"]) > 0  # type: ignore[call-overload]
