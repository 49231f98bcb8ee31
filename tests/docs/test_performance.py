"""docs/performance.md says what the kept results say."""

from __future__ import annotations

import json

import pytest

from benchmarks import report
from benchmarks.harness import RESULTS

FILES = sorted(RESULTS.glob("*.json"))


def test_the_document_is_what_the_results_make_it():
    assert report.DOCUMENT.read_text(encoding="utf-8") == report.document(), (
        "run `python -m benchmarks.report`"
    )


def test_there_are_results_and_each_has_its_section_and_command():
    assert FILES
    sections = report.document().split("\n## ")[1:]
    assert [text.split("\n")[0] for text in sections] == [
        json.loads(file.read_text())["benchmark"] for file in FILES
    ]
    assert all("\n`python " in text for text in sections)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (0.0743, "0.074"),
        (0.5341, "0.53"),
        (4.256, "4.26"),
        (27.31, "27.3"),
        (1643.4, "1,643"),
        ({"median": 0.53, "min": 0.48, "max": 0.55, "goal": 0.5}, "0.53 [0.48-0.55], goal 0.5"),
        ("none", "none"),
    ],
)
def test_figures_are_shown_with_the_digits_that_count(value, text):
    assert report.shown(value) == text


def test_a_size_that_did_not_end_is_told_and_growth_stands_in_the_last_column():
    figures = {
        "growth": {"load cpu": 1.0},
        "sizes": [
            {"rows": 10, "load": {"cpu": 1.5}},
            {"rows": 100, "load": {"cpu": 15.0}, "unfinished": "publish: ended after 9 s"},
        ],
    }
    lines = list(report.scale(figures))
    assert "| load: cpu | 1.50 | 15 | 1.00 |" in lines
    assert lines[-1].strip() == "100 rows ended in publish: ended after 9 s."
