"""Long runs over many random histories: a tenth in `make test-all`, the whole by `make soak`."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def histories(pytestconfig: pytest.Config) -> int:
    """Return how many random histories a test tries."""
    return int(pytestconfig.getoption("--histories"))
