"""`credence check` tells findings as text in two languages, as JSON and in a marked workbook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exchange.sample import generate
from publisher.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_findings_are_told_in_chinese_in_english_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(40, 1, tmp_path / "in")
    file = str(tmp_path / "in" / "penalty.csv")

    def said(*options: str) -> str:
        assert main(["-C", str(tmp_path / "data"), *options, "check", file]) == 1
        return capsys.readouterr().out

    assert "不是有效日期" in said()
    assert "is not a day of the calendar" in said("--lang", "en")
    found = [json.loads(line).get("finding", {}) for line in said("--json").splitlines()]
    (day,) = [item for item in found if item.get("value") == "2026-13-05"]
    assert {"file", "row", "column", "code", "rule", "severity", "message", "hint"} <= set(day)
    assert {"zh", "en"} <= set(day["message"])
    assert not (tmp_path / "data").exists()
