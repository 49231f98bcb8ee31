from __future__ import annotations

import ast
from pathlib import Path

import pytest

from exchange.domain import errors
from exchange.domain.errors import CredenceError
from publisher.web import problems
from publisher.web.problems import PROBLEMS, problem_of, sentences

ROOT = Path(problems.__file__).parents[2]
# Those whose answer is fixed (Gone) or which word themselves.
_WORDED = {"Unauthorized", "Gone", "NotAcceptable", "MethodNotAllowed", "BodyCut", "BodyTooSlow"}
_RAISED = {
    name
    for module in (errors, problems)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, CredenceError)
} - _WORDED
PLACES = [
    *(ROOT / "publisher/web").glob("*.py"),
    *(ROOT / "publisher/stores").glob("*.py"),
]


def _silent(path: Path) -> list[str]:
    """Return the places where an error is made without its Chinese."""
    return [
        f"{path.name}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _RAISED
        and not {"zh", "zh_hint"} <= {word.arg for word in node.keywords}
    ]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.name)
def test_every_error_that_may_reach_a_page_speaks_chinese(path: Path) -> None:
    assert _silent(path) == []


def test_an_error_without_chinese_is_told_by_its_class_and_never_in_english() -> None:
    for kind in PROBLEMS:
        if kind.__name__ in _WORDED:
            continue
        what, hint = sentences(kind("Only English.", "Mend it."), "zh")  # type: ignore[arg-type]
        assert what == problem_of(kind("")).zh + "。"  # type: ignore[arg-type]
        assert hint.isascii() is False
