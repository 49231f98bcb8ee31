"""A deterministic, invented sample in national field codes (CONTRACT `sample`).

The same arguments give the same bytes. Subjects, people, offices and cases are made up
(`sample_words`); codes are of the QQQQ range, which is never allotted, and ID numbers of a
region that does not exist. Oddities of real deliveries are planted (research/domain.md §3), and
a known number of rows is spoiled.

    penalty.csv         penalties, form of 2018, Chinese header
    repair-case.csv     repairs of some of them: granted, refused, returned, pending
    expected.json       what a first load must count
    more/penalty.jsonl  the first penalties once more, as JSON lines: nothing new
    more/penalty-again.csv   some penalties delivered again with changed text, GB18030
"""

from __future__ import annotations

import csv
import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from exchange.domain.errors import EnvironmentFault, UsageError
from exchange.domain.identity import uscc_check_character
from exchange.intake import sample_words as words
from exchange.intake.sample_quirks import SPOILERS, Row, quirks
from exchange.intake.tables import clean
from exchange.model import compile_kind, load_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exchange.model import Model

BASE: Final = date(2026, 6, 30)  # the sample's today: nothing was decided after it
FORM: Final = "2018"
_DAYS: Final = 900  # how far back decisions go
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_NO_REGION: Final = "991404"  # no ID number begins so
_CYCLE: Final = 20  # of each 20 penalties one is spoiled, one is repaired
_SPOILED, _REPAIRED, _CASED = 13, 4, 9
_AGAIN: Final = 50
_JSON: Final = 1000


class Subject(NamedTuple):
    """An invented counterpart."""

    category: str
    name: str
    code: str
    representative: str


@dataclass(slots=True)
class _Count:
    rows: int = 0
    rejected: int = 0

    def as_json(self) -> dict[str, int]:
        return {
            "rows": self.rows,
            "accepted": self.rows - self.rejected,
            "rejected": self.rejected,
        }


def generate(records: int, seed: int, out: Path) -> None:
    """Write a sample of so many penalties, and the repairs of some of them, into a folder.

    Raises:
        UsageError: `records` is not positive.
        EnvironmentFault: the folder cannot be written.

    """
    if records < 1:
        raise UsageError("A sample needs at least one record.", "Give --records 1 or more.")
    try:
        _write(records, seed, out)
    except OSError as error:
        raise EnvironmentFault(
            f"The sample cannot be written to {out}: {error.strerror}.", "Choose another folder."
        ) from error


def _write(records: int, seed: int, out: Path) -> None:
    more = out / "more"
    more.mkdir(parents=True, exist_ok=True)
    model = load_model()
    maker = _Maker(records, seed)
    penalties = _Table(model, "penalty", FORM)
    repairs = _Table(model, "repair-case", model.kinds["repair-case"].forms[0])
    first: list[Row] = []
    with (
        penalties.open(out / "penalty.csv", "utf-8-sig"),
        repairs.open(out / "repair-case.csv", "utf-8-sig"),
    ):
        for number in range(records):
            row = maker.penalty(number)
            spoiled = number % _CYCLE == _SPOILED
            if not spoiled and len(first) < _JSON:
                first.append(dict(row))
            case = maker.case(number, row)
            if spoiled:
                SPOILERS[number // _CYCLE % len(SPOILERS)](row)
            penalties.write(row, spoiled=spoiled)
            if case:
                repairs.write(case, spoiled=False)
        for case in maker.spoiled_cases():
            repairs.write(case, spoiled=True)
    expected = {"penalty": penalties.count.as_json(), "repair-case": repairs.count.as_json()}
    text = json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
    (out / "expected.json").write_text(text, encoding="utf-8")
    _write_json(model, penalties, first, more / "penalty.jsonl")
    again = _Table(model, "penalty", FORM)
    with again.open(more / "penalty-again.csv", "gb18030"):
        for row in first[:_AGAIN]:
            row["violationFacts"] += "（重新报送，文字有修改）"
            again.write(row, spoiled=False)


def _write_json(model: Model, table: _Table, rows: list[Row], path: Path) -> None:
    compiled = compile_kind(model, "penalty")
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            cells = {table.codes[name]: clean(cell) for name, cell in row.items() if cell}
            record, _ = compiled.record(cells, FORM)
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")


class _Table:
    """One CSV file with the Chinese header of a kind's form."""

    def __init__(self, model: Model, kind: str, form: str) -> None:
        fields = [field for field in model.kinds[kind].fields if form in field.columns]
        self.codes = {field.name: field.columns[form].code for field in fields}
        self.header = {field.columns[form].code: field.columns[form].label for field in fields}
        self.count = _Count()

    def open(self, path: Path, encoding: str) -> _Table:
        self._stream = path.open("w", encoding=encoding, newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(self.header.values())
        return self

    def write(self, row: Row, *, spoiled: bool) -> None:
        cells = dict.fromkeys(self.header, "")
        for name, cell in row.items():
            if cell:
                cells[self.codes[name]] = cell
        self._writer.writerow(cells.values())
        self.count.rows += 1
        self.count.rejected += spoiled

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


class _Maker:
    """Makes rows in order; everything follows from the seed and the row's number."""

    def __init__(self, records: int, seed: int) -> None:
        self._seed = seed
        self._subjects = max(1, records * 2 // 3)
        self._records = records
        self._cases = 0

    def penalty(self, number: int) -> Row:
        """Return the penalty of that number, quirks included."""
        dice = random.Random(f"{self._seed}:{number}")  # noqa: S311 (made-up data)
        office = dice.choice(words.OFFICES)
        case = dice.choice(office.cases)
        subject = self._subject(dice.randrange(self._subjects))
        decided = BASE - timedelta(days=dice.randrange(_DAYS))
        fine = dice.randrange(case.fine[0], case.fine[1] + 1, 100) if case.fine[1] else 0
        seized = dice.randrange(50, 5000) if any("没收" in kind for kind in case.kinds) else 0
        facts = case.facts.format(number=dice.randrange(2, 60), money=dice.randrange(20, 3000))
        row = {
            "counterpartCategory": subject.category,
            "documentNumber": f"{office.mark}〔{decided.year}〕{number + 1}号",
            "violationType": case.violation,
            "violationFacts": facts,
            "penaltyBasis": case.basis,
            "penaltyKind": "；".join(case.kinds),
            "penaltyContent": _content(case.kinds, fine, seized),
            "fineAmount": _ten_thousands(fine),
            "confiscatedAmount": _ten_thousands(seized),
            "decidedOn": decided.isoformat(),
            "authorityName": office.name,
            "authority": code_of("11", words.CITY_DIVISION, office.serial),
            "sourceName": office.name,
            "source": code_of("11", words.CITY_DIVISION, office.serial),
            **_counterpart(subject),
        }
        if any("许可证" in kind for kind in case.kinds):
            row["affectedLicence"] = f"示例经营许可证 示卫许字{number + 1:06d}"
        quirks(number, row)
        return row

    def _subject(self, index: int) -> Subject:
        dice = random.Random(f"{self._seed}:subject:{index}")  # noqa: S311 (made-up data)
        district, division = dice.choice(words.DISTRICTS)
        head = dice.choice(words.TRADE_HEADS) + dice.choice(words.TRADE_TAILS)
        person = f"{dice.choice(words.SURNAMES)}某{dice.choice(words.GIVEN)}"
        serial = 100 + index
        place = words.CITY + district
        share = dice.randrange(20)
        if share < 2:  # noqa: PLR2004 (one of ten is a person)
            born = date(1960, 1, 1) + timedelta(days=dice.randrange(15_000))
            return Subject("自然人", person, id_number(born, serial), "")
        if share < 6:  # noqa: PLR2004 (one of five a sole trader)
            name = place + head + dice.choice(words.SHOPS)
            return Subject("个体工商户", name, code_of("92", division, serial), person)
        brackets = "（{}）" if index % 3 else "({})"
        middle = head + dice.choice(words.BUSINESSES) + brackets.format(words.CITY[:2])
        name = place + middle + dice.choice(words.FORMS)
        return Subject("法人及非法人组织", name, code_of("91", division, serial), person)

    def case(self, number: int, penalty: Row) -> Row | None:
        """Return the repair case about a penalty, if there is one."""
        place = number % _CYCLE
        if place == _REPAIRED:
            return self._case("准予修复", penalty)
        if place == _CASED:
            outcomes = ("办理中", "不予修复", "退回补正")
            return self._case(outcomes[number // _CYCLE % len(outcomes)], penalty)
        return None

    def spoiled_cases(self) -> Iterator[Row]:
        """Yield cases that must be refused: an unknown penalty, a day that does not exist."""
        if self._records < _CYCLE:
            return
        unknown = self.penalty(self._records + _REPAIRED)
        yield self._case("准予修复", unknown)
        known = self._case("准予修复", self.penalty(_CASED))
        known["decidedOn"] = "2026-02-31"
        yield known

    def _case(self, outcome: str, penalty: Row) -> Row:
        self._cases += 1
        decided = date.fromisoformat(penalty["decidedOn"])
        applied = min(decided + timedelta(days=100), BASE)
        closed = outcome in ("准予修复", "不予修复")
        person = penalty["counterpartCategory"] == "自然人"
        unit = code_of("11", words.CITY_DIVISION, 50)
        return {
            "unitName": f"{words.CITY}发展和改革委员会",
            "unit": unit,
            "caseNumber": f"示信修〔{applied.year}〕{self._cases}号",
            "targetKind": "行政处罚",
            "targetAuthorityName": penalty["authorityName"],
            "targetAuthority": penalty["authority"],
            "targetDocumentNumber": penalty["documentNumber"].replace("〔", "[").replace("〕", "]"),
            "targetCounterpart": "" if person else penalty["uscc"].upper(),
            "targetPersonIdNumber": penalty["personIdNumber"] if person else "",
            "appliedOn": applied.isoformat(),
            "acceptedOn": applied.isoformat(),
            "decidedOn": BASE.isoformat() if closed else "",
            "outcome": outcome,
            "grounds": words.GROUNDS[outcome],
        }


def code_of(category: str, division: str, serial: int) -> str:
    """Return a valid social credit code of the QQQQ range, which is never allotted."""
    body = ""
    for _ in range(4):
        serial, rest = divmod(serial, len(_ALPHABET))
        body = _ALPHABET[rest] + body
    organisation = "QQQQ" + body
    total = sum(
        weight * int(item, 36)
        for weight, item in zip(_ORGANISATION_WEIGHTS, organisation, strict=True)
    )
    first = category + division + organisation + "0123456789X0"[11 - total % 11]
    return first + uscc_check_character(first)


def id_number(born: date, serial: int) -> str:
    """Return an ID number with a valid check digit, of a region that does not exist."""
    first = f"{_NO_REGION}{born:%Y%m%d}{serial % 1000:03d}"
    total = sum(weight * int(item) for weight, item in zip(_ID_WEIGHTS, first, strict=True))
    return first + "10X98765432"[total % 11]


def _counterpart(subject: Subject) -> Row:
    if subject.category == "自然人":
        return {
            "personName": subject.name,
            "personIdKind": "身份证",
            "personIdNumber": subject.code,
        }
    return {
        "counterpartName": subject.name,
        "uscc": subject.code,
        "legalRepresentative": subject.representative,
    }


def _content(kinds: tuple[str, ...], fine: int, seized: int) -> str:
    parts = []
    for kind in kinds:
        if kind == "罚款":
            parts.append(f"罚款人民币{fine}元")
        elif "没收" in kind:
            parts.append(f"没收违法所得{seized}元")
        else:
            parts.append(kind)
    return "；".join(parts) + "。"


def _ten_thousands(yuan: int) -> str:
    return format((Decimal(yuan) / 10_000).normalize(), "f") if yuan else ""
