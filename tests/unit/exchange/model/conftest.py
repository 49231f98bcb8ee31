"""Fixtures of the model's tests: the packaged model, sound rows, and records out of them.

Tests change one thing in a sound row or record and look at what that does.
"""

from __future__ import annotations

from typing import Any

import pytest

from exchange.model import CompiledKind, Model, compile_kind, load_model
from tests.unit.exchange.model import sound as rows


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="session")
def kinds(model: Model) -> dict[str, CompiledKind]:
    """Return the compiled functions of every kind."""
    return {slug: compile_kind(model, slug) for slug in model.kinds}


@pytest.fixture(scope="session")
def penalty(kinds: dict[str, CompiledKind]) -> CompiledKind:
    return kinds["penalty"]


@pytest.fixture(scope="session")
def repair(kinds: dict[str, CompiledKind]) -> CompiledKind:
    return kinds["repair-case"]


@pytest.fixture
def row() -> rows.Row:
    """Return a sound row about an organisation, in the 2018 form."""
    return dict(rows.PENALTY)


@pytest.fixture
def person_row() -> rows.Row:
    """Return a sound row about a natural person."""
    return dict(rows.PERSON)


@pytest.fixture
def case_row() -> rows.Row:
    """Return a sound row of an open repair case about the penalty of `row`."""
    return dict(rows.CASE)


@pytest.fixture
def sound(penalty: CompiledKind, row: rows.Row) -> dict[str, Any]:
    """Return a sound penalty record."""
    return penalty.read_row(row, "2018")[0]
