"""Published test suites: data of others, read where they lie and never copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serving import lacking

ROOT = Path(__file__).parents[2]


def folder(config: pytest.Config) -> Path:
    """Return where the suites are looked for: `--suites`, or beside the checkout."""
    given = config.getoption("--suites")
    return Path(given) if given else ROOT.parent / "shared" / "suites"


@pytest.fixture(scope="session")
def suites(request: pytest.FixtureRequest) -> Path:
    """Return the folder of the suites; skip where there is none, but fail in CI."""
    found = folder(request.config)
    if not found.is_dir():
        lacking(f"no published test suites at {found}; name their folder with --suites")
    return found
