"""A gate for tests: every row whose facts hold a word is held, as a gate of the model would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from exchange.model.compiled_kind import CompiledKind
from exchange.model.rule_messages import field_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from exchange.model import Problem

HOLD_WORD: Final = "须经审核"


def hold_rows(monkeypatch: pytest.MonkeyPatch) -> str:
    """Hold the rows of penalties whose facts have the word; return the word."""
    read_and_check = CompiledKind.read_and_check

    def held(
        self: CompiledKind, row: Mapping[str, str], form: str | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        record, problems = read_and_check(self, row, form)
        facts = record.get("violationFacts", "")
        if HOLD_WORD in facts:
            field = self.kind.field("violationFacts")
            problems = [*problems, field_problem(field, "text", facts, form=form, severity="held")]
        return record, problems

    monkeypatch.setattr(CompiledKind, "read_and_check", held)
    return HOLD_WORD
