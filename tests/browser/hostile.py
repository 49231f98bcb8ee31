"""Deliveries that try to be more than text: markup, hidden marks, endless words, pictures."""

from __future__ import annotations

import csv
from pathlib import Path

from exchange.sample.codes import social_credit_code

SCRIPT = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
TURNED = "示例\u202e司公限有\u2066（示例）\u200f"
PICTURES = "示例👩\u200d💻🏭🇨🇳有限公司"
ENDLESS = "W" * 200
TEMPLATE = "{{ 7 * 7 }}{% raw %}&lt;b&gt;%s${x}"
LINK = '"><a href=javascript:alert(1)>示例</a><x y="'
NAMES = (SCRIPT, TURNED, PICTURES, ENDLESS, TEMPLATE, LINK)
TOO_LONG = "长" * 10_000

_PENALTY = ("违法行为类型", "违法事实", "处罚依据", "处罚内容", "处罚机关", "数据来源单位")
_SUBJECT = ("曾用名", "住所", "登记机关", "数据来源单位")


def number_of(place: int) -> str:
    return f"示敌罚〔2026〕{place + 1}号"


def code(place: int) -> str:
    return social_credit_code("91", "140403", 9_000 + place)


def mistyped(place: int) -> str:
    """Return the code with a check character that is not its own."""
    right = code(place)
    return right[:-1] + ("1" if right[-1] == "0" else "0")


def write_hostile(folder: Path) -> None:
    """Write a register row and a penalty for each name, and one whose name is beyond bounds."""
    _write(folder, "penalty", _penalty)
    _write(folder, "subject", _subject)


def _penalty(row: dict[str, str], place: int, name: str) -> None:
    row |= {
        "行政相对人名称": name,
        "行政相对人类别": "法人及非法人组织",
        "行政相对人代码_1（统一社会信用代码）": code(place),
        "行政处罚决定书文号": number_of(place),
        "处罚决定日期": "2026-06-30",
    }
    row |= dict.fromkeys(_PENALTY, name)
    row["处罚内容"] = (name * 20)[:4000]


def _subject(row: dict[str, str], place: int, name: str) -> None:
    row |= {"统一社会信用代码": code(place), "主体名称": name, "组织机构代码": ""}
    row |= dict.fromkeys(_SUBJECT, name)


def _write(folder: Path, kind: str, change: object) -> None:
    assert callable(change)
    with (folder / f"{kind}.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        pattern = next(row for row in rows if row.get("行政相对人类别", "法人") != "自然人")
        header = list(rows.fieldnames or ())
    with (folder / f"{kind}-hostile.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, header)
        writer.writeheader()
        for place, name in enumerate((*NAMES, TOO_LONG)):
            row = dict(pattern)
            change(row, place, name)
            writer.writerow(row)
