"""A removed fact is delivered again in every way that people find: nothing comes back by itself.

Many histories at once in one real ledger, through real files: each has one decision, removed in one
of the ways there are, and then, round after round, told again by an older file, by a second source,
in the other form, in JSON, written otherwise, or under a changed code of its authority or of its
counterpart. Its neighbours, which nobody removed, must stay.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.identifiers import uscc_check_character
from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.wiring import Deployment
from tests.unit.exchange.model import sound

pytestmark = pytest.mark.slow

ROUNDS = 3
SEED = 20261128
MORNING = 1_795_406_400_000  # 2026-11-23 12:00 in China
Row = dict[str, str]


@dataclass
class History:
    """One decision: how it is told in each form, how it was removed, who its neighbour is."""

    number: int
    kind: str
    form: str
    removed: str = ""

    @property
    def document(self) -> str:
        return f"测试决字〔2026〕{self.number}号"

    @property
    def neighbour(self) -> str:
        return f"测试邻字〔2026〕{self.number}号"

    def row(self, form: str, document: str = "") -> Row:
        """Return the decision as a row of a form of its kind."""
        prefix, template = TEMPLATES[self.kind, form]
        name = "XDR" if form == "2016" and self.kind == "licence" else "XDR_MC"
        return {
            **template,
            f"{prefix}WSH": document or self.document,
            f"{prefix}{name}": f"测试{self.number}号建材有限公司",
            f"{prefix}XDR_SHXYM": code(self.number),
        }


TEMPLATES: dict[tuple[str, str], tuple[str, Row]] = {
    ("penalty", "2018"): ("CF_", sound.PENALTY),
    ("penalty", "2016"): ("CF_", sound.OLD_PENALTY),
    ("licence", "2018"): ("XK_", sound.LICENCE),
    ("licence", "2016"): ("XK_", sound.OLD_LICENCE),
    ("list-entry", "credence"): (
        "MD_",
        {code: text for code, text in sound.ENTRY.items() if not code.startswith("MD_YJ_")},
    ),
}
FORMS = {"penalty": ("2018", "2016"), "licence": ("2018", "2016"), "list-entry": ("credence",)}
AUTHORITY = {
    ("penalty", "2018"): ("CF_CFJG", "CF_CFJGDM"),
    ("penalty", "2016"): ("CF_XZJG", ""),
    ("licence", "2018"): ("XK_XKJG", "XK_XKJGDM"),
    ("licence", "2016"): ("XK_XZJG", ""),
    ("list-entry", "credence"): ("MD_RDDW", "MD_RDDWDM"),
}
STATE = {("penalty", "2016"): "CF_ZT", ("licence", "2016"): "XK_ZT"}


def code(number: int) -> str:
    """Return an invented code of the never-allotted range, its check character right."""
    body = f"91140400QQQQ{number % 100_000:05d}"
    return body + uscc_check_character(body)


# Ways in which the removed fact is told again; each changes a row in place.


def older(row: Row, history: History, form: str, pick: random.Random) -> None:
    """Change nothing, or only what it says of the facts."""
    text = next((name for name in ("CF_SY", "XK_NR", "MD_SY") if name in row), None)
    if text and pick.random() < 0.5:
        row[text] += f"（{pick.randrange(9)}）"


def second_source(row: Row, history: History, form: str, pick: random.Random) -> None:
    for name in ("CF_SJLY", "XK_LYDW", "MD_SJLY"):
        if name in row:
            row[name], row[f"{name}DM"] = "长治市测试数据局", "11140400QQQQ0007AJ"


def authority_code(row: Row, history: History, form: str, pick: random.Random) -> None:
    name, code_ = AUTHORITY[history.kind, form]
    row[name] = f"长治市测试{pick.randrange(9)}局"
    if code_:
        row[code_] = "11140400QQQQ0007AJ"


def counterpart_code(row: Row, history: History, form: str, pick: random.Random) -> None:
    column = next(name for name in row if name.endswith("XDR_SHXYM"))
    row[column] = code(50_000 + pick.randrange(40_000))


def both_codes(row: Row, history: History, form: str, pick: random.Random) -> None:
    authority_code(row, history, form, pick)
    counterpart_code(row, history, form, pick)


def written_otherwise(row: Row, history: History, form: str, pick: random.Random) -> None:
    column = next(name for name in row if name.endswith("WSH"))
    number = history.number
    row[column] = pick.choice(
        [
            f"测试决字[2026]{number}号",
            f"测试决字（2026）{number}号",
            f"测试决字 〔2026〕 {number} 号",
            f"测试决字〔2026〕0{number}号",
            f"测试决〔2026年〕第{number}号",
            f"测试决字〔二〇二六〕{number}号",
            f"测试决字\u3164〔26〕№{number}",
        ]
    )


def objection(row: Row, history: History, form: str, pick: random.Random) -> None:
    if (history.kind, form) in STATE:
        row[STATE[history.kind, form]] = "2"


Change = Callable[[Row, History, str, random.Random], None]
CHANGES: list[list[Change]] = [
    [older],
    [second_source],
    [authority_code],
    [counterpart_code],
    [both_codes],
    [written_otherwise],
    [objection],
    [written_otherwise, counterpart_code],
    [second_source, older, authority_code],
]
REMOVALS = ("withdraw", "erase", "suspend, withdraw", "repair", "revocation", "correction")


@dataclass
class City:
    """A real data directory, files delivered to it, and what it shows."""

    folder: Path
    delivered: int = 0

    def deployment(self) -> Deployment:
        return Deployment(self.folder / "data", {}, lambda: MORNING)

    def load(self, rows: Iterable[tuple[str, str, Row]], *, as_json: bool = False) -> None:
        """Deliver rows (kind, form, cells), a file for each kind and form."""
        files: dict[tuple[str, str], list[Row]] = {}
        for kind, form, row in rows:
            files.setdefault((kind, form), []).append(row)
        with self.deployment().open_or_create() as opened:
            exchange = opened.exchange()
            for (kind, form), found in sorted(files.items()):
                path = self._write(kind, found, as_json=as_json)
                options = LoadOptions(kind=kind, form=None if as_json else form)
                list(exchange.load([path], options, LoadObserver()))

    def _write(self, kind: str, rows: list[Row], *, as_json: bool) -> Path:
        self.delivered += 1
        path = self.folder / f"{kind}-{self.delivered}.{'json' if as_json else 'csv'}"
        if as_json:
            path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
            return path
        names = sorted({name for row in rows for name in row})
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, names, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def shown(self) -> dict[str, str]:
        """Return the record IRI of every document number that the government tier shows."""
        mark = '#documentNumber> "'
        found = {}
        with self.deployment().open() as opened:
            for iri, _, view in opened.ledger.live(Tier.GOVERNMENT):
                _, _, rest = view.decode().partition(mark)
                found[rest.partition('"')[0]] = iri
        return found


def remove(city: City, histories: list[History], pick: random.Random) -> None:
    """Remove each decision in one of the ways there are; those by row go in files."""
    shown = city.shown()
    rows: list[tuple[str, str, Row]] = []
    with city.deployment().open() as opened:
        ledger = opened.ledger
        for history in histories:
            history.removed = pick.choice(REMOVALS)
            iri = shown[history.document]
            if history.removed == "repair" and history.kind == "penalty":
                rows.append(("repair-case", "credence", repair(history)))
            elif history.removed == "revocation" and (history.kind, "2016") in STATE:
                row = history.row("2016")
                rows.append((history.kind, "2016", {**row, STATE[history.kind, "2016"]: "1"}))
            elif history.removed == "erase":
                ledger.erase(iri)
            else:
                if history.removed.startswith("suspend"):
                    ledger.suspend(iri)
                ledger.withdraw(iri, "correction" if history.removed == "correction" else "repair")
    city.load(rows)


def repair(history: History) -> Row:
    return {
        **sound.CASE,
        "XF_AJBH": f"XF-{history.number}",
        "XF_JDJG": sound.PENALTY["CF_CFJG"],
        "XF_WSH": history.document,
        "XF_XDR_SHXYM": code(history.number),
        "XF_JG": "准予修复",
        "XF_JDRQ": "2026-11-20",
    }


def again(histories: list[History], pick: random.Random) -> list[tuple[str, str, Row]]:
    """Return one more telling of each removed decision."""
    rows = []
    for history in histories:
        form = pick.choice(FORMS[history.kind])
        row = history.row(form)
        for change in pick.choice(CHANGES):
            change(row, history, form, pick)
        rows.append((history.kind, form, row))
    pick.shuffle(rows)
    return rows


def test_a_removed_fact_never_comes_back_by_a_delivery(tmp_path: Path, histories: int) -> None:
    pick = random.Random(SEED)
    city = City(tmp_path)
    told = [
        History(number, kind := pick.choice(list(FORMS)), pick.choice(FORMS[kind]))
        for number in range(1, histories + 1)
    ]
    own = [(one.kind, one.form, one.row(one.form)) for one in told]
    city.load(own + [(one.kind, one.form, one.row(one.form, one.neighbour)) for one in told])
    assert len(city.shown()) == 2 * histories
    remove(city, told, pick)
    neighbours = {one.neighbour for one in told}
    assert set(city.shown()) == neighbours, "each decision was removed, its neighbour was not"
    for _ in range(ROUNDS):
        city.load(again(told, pick))
        assert set(city.shown()) == neighbours
    city.load(own)
    assert set(city.shown()) == neighbours
    with city.deployment().open() as opened:
        opened.ledger.verify()
    print(f"\nnothing comes back: {histories} histories, {ROUNDS + 1} tellings each")
