"""A folder is worked through: a refused file has its own line and does not stop the others."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING

import pytest

from exchange.sample import generate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.publisher.cli.conftest import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder whose first file by name is refused as a whole and whose others are not."""
    made, found = tmp_path / "made", tmp_path / "in"
    generate(40, 3, made)
    found.mkdir()
    (found / "a-penalty.csv").write_bytes(b"\xff\xfe" + "文书".encode("utf-16-le"))
    (found / "b-penalty.csv").write_bytes((made / "penalty.csv").read_bytes())
    (found / "c-repair-case.csv").write_bytes((made / "repair-case.csv").read_bytes())
    return found


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_load_goes_on_after_a_refused_file_and_names_each(empty: Run, folder: Path) -> None:
    assert empty("load", folder) == 1
    assert "a-penalty.csv：整份退回。文件是 UTF-16 编码" in empty.out
    assert "b-penalty.csv：新增" in empty.out
    assert empty.out.index("b-penalty.csv：新增") < empty.out.index("c-repair-case.csv：新增")
    assert empty("--lang", "en", "load", folder) == 1
    assert "a-penalty.csv: refused. The file is UTF-16" in empty.out


def test_json_tells_each_file_in_a_document_and_the_sum_last(empty: Run, folder: Path) -> None:
    assert empty("--json", "load", folder) == 1
    said = lines(empty.out)
    files = {
        str(item["file"]): item for item in said[:-1] if "finding" not in item and "file" in item
    }
    assert set(files) == {"a-penalty.csv", "b-penalty.csv", "c-repair-case.csv"}
    assert "UTF-16" in str(files["a-penalty.csv"]["refused"])
    assert said[-1]["refused"] == 1
    assert said[-1]["accepted"] == sum(
        int(str(item["accepted"])) for item in files.values() if "accepted" in item
    )


def test_a_dry_run_of_a_folder_goes_on_too(empty: Run, folder: Path) -> None:
    receipt = empty.json("load", "--dry-run", folder, code=1)
    assert receipt["accepted"] > 0
    assert receipt["refused"] == 1


def test_check_goes_on_after_a_refused_file(empty: Run, folder: Path) -> None:
    found = empty.json("check", folder, code=1)["files"]
    assert ["refused" in item for item in found] == [True, False, False]
    assert empty("check", folder) == 1
    assert "a-penalty.csv：整份退回" in empty.out
    assert "c-repair-case.csv：" in empty.out


def test_files_of_which_all_are_refused_end_with_one_and_a_receipt(
    empty: Run, folder: Path
) -> None:
    for name in ("b-penalty.csv", "c-repair-case.csv"):
        (folder / name).write_bytes(b"\xff\xfe" + "文书".encode("utf-16-le"))
    receipt = empty.json("load", folder, code=1)
    assert (receipt["refused"], receipt["accepted"]) == (3, 0)


def test_a_file_whose_kind_cannot_be_told_does_not_stop_the_others(
    empty: Run, folder: Path
) -> None:
    (folder / "a.csv").write_text("XK_WSH,XK_JDRQ,XK_NR\n1,2026-01-01,1\n", encoding="utf-8")
    assert empty("load", folder) == 1
    assert "b-penalty.csv：新增" in empty.out
    assert "a.csv：整份退回。从列名看不出这是“行政许可”的哪一种表式" in empty.out


@pytest.mark.parametrize("verb", ["check", "load"])
def test_an_unreadable_file_does_not_stop_the_others(empty: Run, folder: Path, verb: str) -> None:
    (folder / "a-penalty.csv").unlink()
    # A regular file, for root too, whose first byte cannot be read.
    (folder / "a-penalty.csv").symlink_to("/proc/self/mem")
    assert empty(verb, folder) == 1
    assert "a-penalty.csv：整份退回。无法读取" in empty.out
    assert "\nb-penalty.csv：" in empty.out


def test_check_says_of_a_file_without_a_header_that_it_is_refused(empty: Run, folder: Path) -> None:
    (folder / "penalty-d.csv").write_text("甲;乙\n1;2\n", encoding="utf-8")
    found = empty.json("check", folder, code=1)["files"]
    assert [item["file"] for item in found if "refused" in item] == [
        "a-penalty.csv",
        "penalty-d.csv",
    ]
    assert empty("check", folder) == 1
    assert "penalty-d.csv：整份退回。前 5 行中找不到表头。" in empty.out


@pytest.mark.parametrize("option", [("--kind", "penalties"), ("--form", "1999")])
def test_a_wrong_call_is_refused_before_any_file(
    empty: Run, folder: Path, option: tuple[str, str]
) -> None:
    for verb in ("check", "load"):
        assert empty(verb, *option, folder) == 2
    assert empty("load", "--source", "1114040", folder) == 2
    assert not empty.root.exists()


def test_each_file_shows_findings_up_to_its_own_limit(empty: Run, folder: Path) -> None:
    whole = (folder / "b-penalty.csv").read_text(encoding="utf-8-sig").splitlines()
    spoilt = [line.replace("示例市", "#N/A") for line in whole[1:]]
    wrong = "\n".join([whole[0], *[line.rpartition(",")[0] for line in spoilt]])
    for name in ("d-penalty.csv", "e-penalty.csv"):
        (folder / name).write_text(wrong, encoding="utf-8")
    empty("check", folder / "d-penalty.csv", folder / "e-penalty.csv")
    for name in ("d-penalty.csv", "e-penalty.csv"):
        assert sum(line.startswith(f"{name} ") for line in empty.out.splitlines()) == 20
    assert empty.out.count("--json") == 2


@pytest.mark.parametrize("verb", ["check", "load"])
def test_what_is_no_file_is_refused_at_once(empty: Run, tmp_path: Path, verb: str) -> None:
    pipe, end = tmp_path / "penalty.csv", tmp_path / "s.csv"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(end))
        began = time.monotonic()
        for path, word in ((pipe, "管道"), (end, "套接字"), ("/dev/zero", "设备")):
            assert empty(verb, path) == 2
            assert word in empty.err
        assert empty(verb, tmp_path / "none.csv") == 2
        assert time.monotonic() - began < 5
    assert not empty.root.exists()
