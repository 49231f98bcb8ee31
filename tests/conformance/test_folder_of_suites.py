"""Without the published suites the tests here skip with their reason or fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conformance.conftest import VARIABLE, folder

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
READS_A_SUITE = "tests/conformance/test_canonicalisation.py"


def run(environment: Mapping[str, str], *arguments: str) -> str:
    """Return what pytest prints of the tests that read a suite, with these variables alone."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("CREDENCE_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", READS_A_SUITE, *arguments],
        cwd=ROOT,
        env={**ours, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("environment", "arguments", "outcome", "reason"),
    [
        ({}, (), "2 skipped", "no published test suites"),
        ({"CREDENCE_TEST_COMPLETE": "1"}, (), "2 errors", "no published test suites"),
        ({VARIABLE: "/nowhere/suites"}, (), "2 errors", "/nowhere/suites"),
        ({}, ("--suites", "/nowhere/suites"), "2 errors", "/nowhere/suites"),
    ],
    ids=["unnamed", "unnamed-where-all-must-run", "missing", "missing-by-option"],
)
def test_a_missing_folder_of_suites_is_said(
    environment: dict[str, str], arguments: tuple[str, ...], outcome: str, reason: str
) -> None:
    printed = run(environment, *arguments)
    assert outcome in printed
    assert reason in printed


def test_the_option_comes_before_the_variable(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/by/variable")
    monkeypatch.setattr(pytestconfig.option, "suites", "")
    assert folder(pytestconfig) == Path("/by/variable")
    monkeypatch.setattr(pytestconfig.option, "suites", "/by/option")
    assert folder(pytestconfig) == Path("/by/option")
