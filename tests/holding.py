"""A gate for tests: every row whose facts hold a word is held, as a gate of the model would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from exchange.model.compiled_kind import Compiled
from exchange.model.rule_messages import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from exchange.model import Problem

HOLD_WORD: Final = "须经审核"


def hold_rows(monkeypatch: pytest.MonkeyPatch) -> str:
    """Hold the rows of penalties whose facts have the word; return the word."""
    examine = Compiled.examine

    def held(
        self: Compiled, row: Mapping[str, str], form: str | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        record, problems = examine(self, row, form)
        facts = record.get("violationFacts", "")
        if HOLD_WORD in facts:
            field = self.kind.field("violationFacts")
            problems = [*problems, problem(field, "text", facts, form=form, severity="held")]
        return record, problems

    monkeypatch.setattr(Compiled, "examine", held)
    return HOLD_WORD
