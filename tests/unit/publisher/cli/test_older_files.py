"""Files loaded in the wrong order, as the clerk who does it sees it; and what a dry run told."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import pytest

from exchange.sample import generate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.publisher.cli.conftest import Run

BOTH = ("outdated", "revised")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of files of three sound penalties, the first with a remark."""
    made = tmp_path / "made"
    generate(60, 3, made)
    with (made / "penalty.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    at, category = rows[0].index("备注"), rows[0].index("行政相对人类别")
    sound = [row for row in rows[1:] if row[category] == "法人及非法人组织"][1:4]

    def _write(name: str, content: str) -> Path:
        path = tmp_path / f"{name}-penalty.csv"
        first = [*sound[0][:at], content, *sound[0][at + 1 :]]
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([rows[0], first, *sound[1:]])
        return path

    return _write


def counted(receipt: dict[str, int], *names: str) -> list[int]:
    return [receipt[name] for name in names]


def test_a_file_of_last_week_does_not_undo_this_week(
    empty: Run, write: Callable[..., Path]
) -> None:
    old, new = write("old", "首次报送"), write("new", "已补正")
    assert empty.json("load", old)["accepted"] == 3
    assert counted(empty.json("load", new), "revised", "unchanged") == [1, 2]
    assert counted(empty.json("load", old), *BOTH, "unchanged") == [1, 0, 2]
    assert empty("load", old) == 0
    assert "较旧 1" in empty.out
    assert "已于" in empty.out
    assert empty("load", "--lang", "en", old) == 0
    assert "superseded on" in empty.out


def test_a_copy_of_an_old_file_waits_for_a_person(empty: Run, write: Callable[..., Path]) -> None:
    old, new = write("old", "首次报送"), write("new", "已补正")
    empty("load", old)
    empty("load", new)
    copy = old.with_name("copy-penalty.csv")
    shutil.copy(old, copy)
    copy.write_bytes(copy.read_bytes() + b"\r\n")
    foreseen = empty.json("load", "--dry-run", copy, code=1)
    assert "可能是旧文件" in say(empty, "load", "--dry-run", copy)
    loaded = empty.json("load", copy, code=1)
    assert counted(loaded, *BOTH) == counted(foreseen, *BOTH) == [1, 0]
    assert empty.json("load", "--allow-older", copy)["revised"] == 1


def say(run: Run, *arguments: str | Path) -> str:
    run(*arguments)
    return run.out


def test_a_dry_run_names_what_it_holds_for_and_tries_tables_of_a_new_ledger(
    empty: Run, write: Callable[..., Path]
) -> None:
    file = write("first", "首次报送")
    assert "第 0 个事件" in say(empty, "load", "--dry-run", file, file)
    assert not empty.root.exists()
    receipt = empty.json("load", "--dry-run", file, write("second", "已补正"))
    assert counted(receipt, "accepted", "revised", "unchanged") == [3, 1, 2]
