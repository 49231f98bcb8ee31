"""docs/performance.md says what the kept results say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from benchmarks import machine_load, report
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


QUIET = {"others": 0.02, "rounds": [0.01, 0.03]}


def result(load: object, speed: float = 0.95) -> dict[str, object]:
    ratios = {"load cpu": {"median": speed, "min": 0.9, "max": 1}, "publish cpu": 0.5}
    return {
        "benchmark": "surfaces-two-releases",
        "command": "python -m benchmarks.surfaces.two_releases",
        "at": "2026-11-28T00:00:00Z",
        "machine": {"cores": 2, "architecture": "x86_64"},
        "versions": {},
        "figures": {"ratios": ratios},
        "rounds": [],
        **({} if load is None else {"load": load}),
    }


def test_a_section_says_of_each_goal_whether_it_is_met():
    text = report.section(result(QUIET))
    assert "Goal: ratios: load cpu at least 0.9: met (0.95)." in text
    assert "Goal: ratios: publish cpu at least 0.95: MISSED (0.5)." in text
    assert "MISSED (0.89)" in report.section(result(QUIET, 0.89))


@pytest.mark.parametrize(
    "load", [None, {"others": 0.3, "rounds": []}, {"others": 0.02, "rounds": [0.01, 0.4]}]
)
def test_figures_of_a_crowded_or_unknown_hour_are_not_quoted(load):
    text = report.section(result(load))
    assert "to be measured again" in text
    assert "not known" in text
    assert "0.95 [" not in text


def test_every_goal_is_one_of_a_kept_result_and_names_a_figure_of_it():
    figures = {
        found["benchmark"]: dict(report.flat(found["figures"]))
        for found in (json.loads(file.read_text()) for file in FILES)
    }
    named = [(name, goal[0]) for name, told in report.GOALS.items() for goal in told["goals"]]
    assert len(named) >= 20
    assert [(name, goal) for name, goal in named if goal not in figures[name]] == []


def test_what_others_use_of_the_machine_is_seen_and_our_own_work_is_not():
    begun = machine_load.Moment.now()
    loop = "import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end: pass"
    subprocess.run([sys.executable, "-c", loop], check=True)
    ours = machine_load.others_share(begun)
    begun = machine_load.Moment.now()
    # Two forks: the busy one is no descendant of this process when it is looked at.
    escaped = f"import os\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  exec({loop!r})"
    subprocess.run([sys.executable, "-c", escaped], check=True)
    time.sleep(1.2)
    others = machine_load.others_share(begun)
    assert others > 0.5 * 1 / 1.2 / os.cpu_count(), (ours, others)
