"""The table of failpoints against the code that passes them and the document that lists them."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from exchange.domain.errors import UsageError
from exchange.domain.failpoints import RESERVED, Failpoint, table
from publisher.settings import failpoint

ROOT = Path(__file__).resolve().parents[4]


def passed() -> Counter[str]:
    """How often each point is named in a call, over all of the product's code."""
    found: Counter[str] = Counter()
    for folder in ("exchange", "publisher"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    found.update(
                        argument.attr
                        for argument in node.args
                        if isinstance(argument, ast.Attribute)
                        and isinstance(argument.value, ast.Name)
                        and argument.value.id == "Failpoint"
                    )
    return found


def test_every_failpoint_is_passed_at_one_place_of_the_code_and_reserved_ones_at_none() -> None:
    expected = Counter({point.name: 1 for point in Failpoint if point not in RESERVED})
    assert passed() == expected
    assert len(expected) >= 30


def test_the_document_lists_exactly_the_failpoints_of_the_code() -> None:
    assert table() in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_a_failpoint_is_read_with_its_pass_and_an_unknown_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CREDENCE_TEST_FAILPOINT", raising=False)
    assert failpoint() is None
    monkeypatch.setenv("CREDENCE_TEST_FAILPOINT", "committed:3")
    assert failpoint() == (Failpoint.COMMITTED, 3)
    monkeypatch.setenv("CREDENCE_TEST_FAILPOINT", "comitted")
    with pytest.raises(UsageError, match="comitted"):
        failpoint()
