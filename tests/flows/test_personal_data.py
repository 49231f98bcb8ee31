"""Personal data in every place of a delivery: on no surface, page, log, receipt or finding.

Names are made up; the ID numbers are of no region (99), or the one printed in GB 11643-1999.
"""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
import xlsxwriter
from werkzeug.test import Client

from exchange.domain.disclosure_levels import Tier
from exchange.domain.identifiers import id_of
from exchange.sample.codes import id_number
from publisher.web.app import create_app
from publisher.wiring import Deployment
from tests.unit.exchange.model.sound import PENALTY, TRADER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.conftest import Credence

EXAMPLE: Final = "11010519491231002X"
NOBODY: Final = id_number(date(1977, 4, 9), 331)
SHORT: Final = NOBODY[:6] + NOBODY[8:17]
CHINESE: Final = str.maketrans("0123456789", "〇一二三四五六七八九")
PASSPORT: Final = "E99999997"
MOBILE: Final = "13900139000"
BROWSER: Final = "text/html,application/xhtml+xml,*/*;q=0.8"


class Case(NamedTuple):
    """What is wrong in a row, where it must be said, and what becomes of the row."""

    cells: dict[str, str]
    fate: str
    column: str = ""


PERSON: Final = {
    "CF_XDR_LB": "自然人",
    "CF_XDR_SHXYM": "",
    "CF_XDR_GSZC": "",
    "CF_FRDB": "",
    "CF_XDR_ZJLX": "身份证",
    "CF_XDR_ZJHM": NOBODY,
}
SHOP: Final = {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": TRADER, "CF_XDR_MC": "青屏区旺旺面馆"}
ORGANISATION: Final = {"CF_FRDB": "公开甲"}


def person(name: str, **cells: str) -> dict[str, str]:
    return PERSON | {"CF_XDR_MC": name} | cells


CASES: Final = [
    Case(ORGANISATION, "accepted"),
    Case(person("秘而甲"), "accepted"),
    Case(person("秘而乙", CF_XDR_ZJLX="护照号", CF_XDR_ZJHM=PASSPORT), "accepted"),
    Case(person("秘而丙", CF_XDR_GSZC=NOBODY, CF_XDR_SHZZ=NOBODY), "accepted"),
    Case(SHOP | {"CF_FRDB": "秘而丁"}, "accepted"),
    Case(SHOP | {"CF_XDR_LB": "法人及非法人组织", "CF_FRDB": "秘而戊"}, "rejected", "CF_XDR_LB"),
    Case(SHOP | {"CF_FRDB": "秘而己", "CF_XDR_MC": "秘而己"}, "held", "CF_XDR_MC"),
    Case(SHOP | {"CF_FRDB": "秘而庚", "CF_SY": "业主秘而庚无证经营。"}, "held", "CF_SY"),
    Case(person("秘而辛", CF_WSH=NOBODY), "rejected", "CF_WSH"),
    Case(person("秘而壬", CF_WSH="测罚〔2026〕秘而壬9号"), "held", "CF_WSH"),
    Case(person("秘而癸", CF_CFJG="秘而癸"), "rejected", "CF_CFJG"),
    Case(person("秘而子", CF_SJLY="秘而子"), "rejected", "CF_SJLY"),
    Case(person("秘而丑", CF_SY="当事人，住示例县示范路7号，无证驾驶。"), "held", "CF_SY"),
    Case(person("秘而寅", CF_NR_ZKDX=f"驾驶证{NOBODY}"), "rejected", "CF_NR_ZKDX"),
    Case(person("秘而卯", CF_NR=f"持{PASSPORT}者", CF_XDR_ZJHM=PASSPORT), "rejected"),
    Case(person("秘而辰", BZ=f"证件 {EXAMPLE}"), "rejected", "BZ"),
    Case(
        {"CF_XDR_LB": "", "CF_XDR_MC": "秘而巳", "CF_XDR_SHXYM": EXAMPLE},
        "rejected",
        "CF_XDR_SHXYM",
    ),
    Case({"CF_SY": f"经理（{EXAMPLE.translate(CHINESE)}）到场。"}, "rejected", "CF_SY"),
    Case({"CF_SY": "经理 110105 19491231 002X 到场。"}, "rejected", "CF_SY"),
    Case({"CF_NR": f"退还身份证号{SHORT}的人"}, "held", "CF_NR"),
    Case({"CF_SY": f"负责人电话{MOBILE}。"}, "held", "CF_SY"),
    Case({"CF_SY": "负责人乙，女，汉族，1985年3月出生。"}, "held", "CF_SY"),
    Case({"CF_FRDB": f"公开乙{NOBODY}"}, "rejected", "CF_FRDB"),
    Case({"CF_XDR_MC": f"青屏建材{NOBODY}"}, "rejected", "CF_XDR_MC"),
    Case({"CF_XDR_GSZC": EXAMPLE}, "rejected", "CF_XDR_GSZC"),
    Case({"CF_NR_FK": EXAMPLE[:17]}, "rejected", "CF_NR_FK"),
]
NAMES: Final = tuple("秘而" + sign for sign in "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳")
DIGITS: Final = (
    *(EXAMPLE[:17], EXAMPLE[:14], NOBODY, NOBODY[:14], SHORT, "19491231", PASSPORT, MOBILE),
    EXAMPLE[:12].translate(CHINESE),
)


def rows() -> list[dict[str, str]]:
    return [
        PENALTY | {"CF_WSH": f"测罚〔2026〕{number}号"} | case.cells
        for number, case in enumerate(CASES, 1)
    ]


def as_csv(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=sorted({code for row in rows() for code in row}))
        writer.writeheader()
        writer.writerows(rows())
    return path


def as_xlsx(path: Path) -> Path:
    codes = sorted({code for row in rows() for code in row})
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("penalty")
        sheet.write_row(0, 0, codes)
        for at, row in enumerate(rows(), 1):
            for column, code in enumerate(codes):
                sheet.write_string(at, column, row.get(code, ""))
    return path


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files below a folder as text, unpacked, whatever they hold."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            with_gzip = gzip.decompress(data) if path.suffix == ".gz" else data
            yield path, with_gzip.decode("utf-8", errors="replace")


def comments(path: Path) -> list[str]:
    """Return what a marked workbook says beside the sender's cells."""
    with zipfile.ZipFile(path) as book:
        found = [book.read(name).decode() for name in book.namelist() if "comments" in name]
    assert found
    return found


def refuse(text: str, needles: tuple[str, ...], where: object) -> None:
    for needle in needles:
        assert needle not in text, (needle, where)


def fates(findings: list[dict[str, str]]) -> dict[int, dict[str, set[str]]]:
    """Return, by row, the columns of the findings of each severity."""
    found: dict[int, dict[str, set[str]]] = {}
    for item in findings:
        said = found.setdefault(int(item["row"]), {})
        said.setdefault(item["severity"], set()).add(item.get("code", ""))
    return found


def nothing_stands_in_files(directory: Path) -> None:
    surfaces = list(texts(directory / "surfaces"))
    assert len(surfaces) > 20
    for path, text in surfaces:
        refuse(text, (*DIGITS, *NAMES), path)
    for path in sorted((directory / "rejects").iterdir()):
        refuse(path.name, DIGITS, path)
        if path.name.endswith(".findings.jsonl"):
            refuse(path.read_text(encoding="utf-8"), (*DIGITS, *NAMES), path)


@pytest.mark.parametrize("form", [as_csv, as_xlsx])
def test_no_number_and_no_hidden_name_is_anywhere_after_a_load(
    form, credence: Credence, tmp_path: Path
) -> None:
    file = form(tmp_path / f"penalty-{EXAMPLE}.{form.__name__[3:]}")
    checked = credence("check", file, "--marked", tmp_path / "marked.xlsx", code=1)
    loaded = credence("load", file, code=1)
    counts = [case.fate for case in CASES]
    receipt = loaded.result
    for fate in ("accepted", "held", "rejected"):
        assert receipt[fate] == counts.count(fate), (fate, receipt)
    lines = (loaded.out + loaded.err).splitlines()
    documents = [json.loads(line) for line in lines if line.startswith("{")]
    found = fates([item["finding"] for item in documents if "finding" in item])
    for number, case in enumerate(CASES, 2):
        if case.column:
            severity = "error" if case.fate == "rejected" else "held"
            assert case.column in found[number][severity], case
    for text in comments(tmp_path / "marked.xlsx"):
        refuse(text, (*DIGITS, *NAMES), "comment")
    credence("publish")
    listed = credence("review", "list")
    for ran in (checked, loaded, listed, credence("status"), credence("audit")):
        refuse(ran.out + ran.err, (*DIGITS, *NAMES), ran)
    nothing_stands_in_files(credence.directory)
    assert any("公开甲" in text for text in pages(credence)), "the search itself is blind"


def pages(credence: Credence) -> list[str]:
    """Return every page and document about what is public, each without what must not be there."""
    deployment = Deployment(credence.directory, {})
    with deployment.open() as opened, deployment.query_pool(Tier.PUBLIC) as queries:
        client = Client(create_app(opened.web_context(queries)))
        addresses = ["/", "/status", "/dataset/penalty", f"/subject/{TRADER}", f"/x/{EXAMPLE}"]
        for iri, _, _ in opened.ledger.live(Tier.PUBLIC):
            addresses += [f"/record/{id_of(iri)}{end}" for end in ("", ".json", ".ttl", ".jsonld")]
        found = [client.get(one, headers={"Accept": BROWSER}).text for one in addresses]
        for text in (*NAMES, EXAMPLE, NOBODY[:12], SHORT, PASSPORT, MOBILE):
            assert client.get("/search", query_string={"q": text}).get_json()["total"] == 0
        for text in (EXAMPLE, NOBODY[:14], f"{EXAMPLE[:6]} {EXAMPLE[6:]}"):
            for accept in (BROWSER, "application/json"):
                asked = {"query_string": {"q": text}, "headers": {"Accept": accept}}
                found.append(client.get("/search", **asked).text)
        query = "SELECT ?s ?o WHERE { ?s ?p ?o }"
        found.append(client.get("/sparql", query_string={"query": query}).text)
    assert len(found) > 30
    for text in found:
        refuse(text, (*DIGITS, *NAMES), text[:300])
    return found
