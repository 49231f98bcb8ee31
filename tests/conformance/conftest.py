"""Published test suites: data of others, read in the folder that is named and never copied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.serving import lacking

VARIABLE = "CREDENCE_TEST_SUITES"


def folder(config: pytest.Config) -> Path | None:
    """Return the folder of the suites: `--suites`, else the variable, else None."""
    named = config.getoption("--suites") or os.environ.get(VARIABLE)
    return Path(named) if named else None


@pytest.fixture(scope="session")
def suites(request: pytest.FixtureRequest) -> Path:
    """Return the folder of the suites; skip where none is named, but fail in CI.

    A folder that is named and is not there always fails: whoever named it wants the tests to run.
    """
    named = folder(request.config)
    if named is None:
        lacking(
            f"no published test suites: name their folder with --suites or {VARIABLE} "
            "(docs/conformance.md says where they are published)"
        )
    if not named.is_dir():
        pytest.fail(f"no published test suites at {named}")
    return named
