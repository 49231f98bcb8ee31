from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from exchange.domain import errors
from exchange.domain.errors import CredenceError
from publisher.web.http import problems
from publisher.web.http.problems import PROBLEMS, document, headers, problem_of, sentences

ROOT = Path(problems.__file__).parents[3]
# Those whose answer is fixed (Gone) or which word themselves.
_WORDED = {"Unauthorized", "Gone", "NotAcceptable", "MethodNotAllowed", "BodyCut", "BodyTooSlow"}
_RAISED = {
    name
    for module in (errors, problems)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, CredenceError)
} - _WORDED
PLACES = [
    *(ROOT / "publisher/web").rglob("*.py"),
    *(ROOT / "publisher/stores").rglob("*.py"),
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


def test_the_errors_of_every_module_of_web_and_stores_are_looked_at() -> None:
    assert len(PLACES) > 60


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


STATUSES = {
    "CredenceError": (500, "internal"),
    "DataInvalid": (400, "data-invalid"),
    "QueryRefused": (400, "query-refused"),
    "QuerySyntax": (400, "query-syntax"),
    "QueryTooLarge": (413, "too-large"),
    "UsageError": (400, "bad-request"),
    "BadRequest": (400, "bad-request"),
    "BodyCut": (400, "bad-request"),
    "Unauthorized": (401, "unauthorized"),
    "UpdateRefused": (403, "read-only"),
    "NotFound": (404, "not-found"),
    "MethodNotAllowed": (405, "method"),
    "NotAcceptable": (406, "not-acceptable"),
    "BodyTooSlow": (408, "slow-body"),
    "Conflict": (409, "conflict"),
    "Gone": (410, "gone"),
    "UnsupportedMedia": (415, "media-type"),
    "VerificationFailed": (500, "verification"),
    "EnvironmentFault": (503, "environment"),
    "StoreUnavailable": (503, "store"),
    "QueryTimeout": (503, "timeout"),
    "Overloaded": (503, "overloaded"),
}
MADE = {
    "Unauthorized": lambda _: problems.Unauthorized(),
    "NotAcceptable": lambda _: problems.NotAcceptable(["text/html", "text/turtle"]),
    "MethodNotAllowed": lambda _: problems.MethodNotAllowed("PUT", "GET, HEAD"),
    "BodyCut": lambda _: problems.BodyCut(3, 9),
    "BodyTooSlow": lambda _: problems.BodyTooSlow(2.5),
}


def made(name: str) -> CredenceError:
    kind = getattr(problems, name, None) or getattr(errors, name)
    error: CredenceError = MADE.get(name, lambda _: kind("What is wrong.", "Mend it."))(name)
    return error


@pytest.mark.parametrize("name", list(STATUSES))
def test_every_error_has_its_status_its_type_and_its_headers(name: str) -> None:
    error = made(name)
    status, slug = STATUSES[name]
    problem = problem_of(error)
    assert (problem.status, problem.slug) == (status, slug)
    shown = json.loads(document(error, problem))
    assert shown["type"] == f"https://w3id.org/credence/problem/{slug}"
    assert shown["status"] == status
    assert (shown["title"], shown["titleZh"]) == (problem.en, problem.zh)
    assert json.loads(document(error, problem, "zh"))["title"] == problem.zh
    told = dict(headers(error, problem))
    assert told.pop("Cache-Control") == "no-store"
    assert told.pop("Vary") == "Accept"
    more = {
        "Gone": {"X-Robots-Tag": "noindex"},
        "Unauthorized": {"WWW-Authenticate": "Bearer"},
        "MethodNotAllowed": {"Allow": "GET, HEAD"},
    }.get(name, {"Retry-After": "5"} if status == 503 and name != "Overloaded" else {})
    if isinstance(error, errors.Overloaded):
        more = {"Retry-After": str(error.retry_after)}
    assert told == more
    assert set(STATUSES) >= {kind.__name__ for kind in PROBLEMS}


def test_a_document_says_what_and_where_but_of_what_left_nothing() -> None:
    gone = made("Gone")
    assert set(json.loads(document(gone, problem_of(gone)))) == {
        "type", "title", "titleZh", "status",
    }  # fmt: skip
    assert json.loads(document(made("NotFound"), PROBLEMS[errors.NotFound]))["detail"] == (
        "What is wrong. Mend it."
    )
    placed = errors.QuerySyntax(
        "It breaks.", "Mend it.", line=3, column=7, zh="断。", zh_hint="改。"
    )
    shown = json.loads(document(placed, problem_of(placed)))
    assert (shown["line"], shown["column"]) == (3, 7)
    assert shown["detail"] == "Line 3, column 7: It breaks. Mend it."
    assert sentences(placed, "zh") == ("第 3 行第 7 列：断。", "改。")
    nowhere = errors.QuerySyntax("It breaks.", "Mend it.")
    assert "line" not in json.loads(document(nowhere, problem_of(nowhere)))
    assert sentences(nowhere, "en") == ("It breaks.", "Mend it.")


def test_an_error_never_says_an_id_number_again() -> None:
    number = "11010519491231002X"
    error = errors.UsageError(
        f"{number} is none.", f"Not {number}.", zh=f"{number} 不对。", zh_hint=f"不是 {number}。"
    )
    for lang in ("zh", "en"):
        assert "110105" not in " ".join(sentences(error, lang))
        assert "*" * 18 in sentences(error, lang)[0]
        assert "*" * 18 in sentences(error, lang)[1]


def test_bodies_and_types_are_told_in_numbers() -> None:
    assert "ended after 3 of 9 bytes" in made("BodyCut").message
    assert "应有 9 字节，只收到 3 字节" in sentences(made("BodyCut"), "zh")[0]
    assert "within 2.5 seconds" in made("BodyTooSlow").message
    assert made("NotAcceptable").hint == "Ask for one of: text/html, text/turtle."
    assert made("MethodNotAllowed").message == "This address does not know PUT."
