"""docs/submit.md, its commands run as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from publisher.cli import main

GUIDE = Path(__file__).parents[2] / "docs" / "submit.md"


def test_the_commands_of_the_guide_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [block] = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREDENCE_DATA", str(tmp_path / "data"))
    codes = {}
    for line in block.splitlines():
        program, verb, *rest = shlex.split(line)
        assert program == "credence"
        codes[line] = main([verb, "--lang", "en", *rest])
    said = capsys.readouterr()
    assert list(codes.values()) == [0, 1, 1, 1, 0, 0], (codes, said)  # 1: the planted rejects
    finding = re.search(r"^penalty.csv row .*$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert finding
    assert finding[0] in said.out + said.err
