from __future__ import annotations

import pytest

from publisher.stores.query_refusals import failed, in_chinese
from publisher.stores.worker_main import FAILED, MEMORY, SYNTAX, TOO_LARGE


@pytest.mark.parametrize(
    ("said", "zh"),
    [
        ("expected OPTIONAL", "此处不合 SPARQL 语法，应为 OPTIONAL"),
        ('expected one of "}", BIND', '此处不合 SPARQL 语法，应为 "}"、BIND'),
        ("expected one of BIND, ['0' ..= '9']", "此处不合 SPARQL 语法"),
        ("expected Prefix not found", "用到的前缀没有声明"),
        ("Something new", "此处不合 SPARQL 语法"),
    ],
)
def test_what_the_engine_says_is_told_in_chinese_or_left_out(said: str, zh: str) -> None:
    assert in_chinese(said) == zh


@pytest.mark.parametrize("status", [FAILED, MEMORY, SYNTAX, TOO_LARGE])
def test_every_reply_that_is_no_answer_speaks_both_languages(status: str) -> None:
    error = failed({"status": status, "message": "boom", "line": 1, "column": 2}, 10)
    said = (error.message, error.hint, error.details["zh"], error.details["zh_hint"])
    assert all(said)
