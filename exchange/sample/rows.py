"""Makes rows of the sample by field name; each follows from seed and number alone."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.sample import lists, words
from exchange.sample.codes import id_number, organisation_code, social_credit_code
from exchange.sample.quirks import Row, add_quirks

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST_DAY: Final = date(2026, 6, 30)  # the sample's today: nothing was decided after it
CYCLE: Final = 20  # of each 20 rows one is spoiled, of penalties one is repaired
SPOILED_AT: Final = 13
_REPAIRED, _CASED = 4, 9
_DAYS: Final = 900  # how far back decisions go
_FIRST_SUBJECT: Final = 100  # below are offices


class Subject(NamedTuple):
    """An invented counterpart."""

    category: str
    name: str
    code: str
    representative: str
    place: str
    division: str
    serial: int

    @property
    def person(self) -> bool:
        """Whether it is a natural person."""
        return self.category == "自然人"


class RowMaker:
    """Makes the rows of a sample of `records` penalties."""

    def __init__(self, records: int, seed: int) -> None:
        self._seed = seed
        self.subjects = max(1, records * 2 // 3)
        self._records = records
        self._cases = 0

    def _dice(self, what: str, number: int) -> random.Random:
        return random.Random(f"{self._seed}:{what}{number}")  # noqa: S311 (made-up data)

    def subject(self, index: int) -> Subject:
        """Return the counterpart of that index."""
        dice = self._dice("subject:", index)
        district, division = dice.choice(words.DISTRICTS)
        head = dice.choice(words.TRADE_HEADS) + dice.choice(words.TRADE_TAILS)
        person = f"{dice.choice(words.SURNAMES)}某{dice.choice(words.GIVEN)}"
        serial = _FIRST_SUBJECT + index
        place = words.CITY + district
        share = dice.randrange(20)
        if share < 2:  # noqa: PLR2004 (one of ten is a person)
            born = date(1960, 1, 1) + timedelta(days=dice.randrange(15_000))
            number = id_number(born, serial)
            return Subject("自然人", person, number, "", place, division, serial)
        old = dice.randrange(40)
        registered = (*lists.RETIRED, *([lists.RETIRED[0]] * 4), lists.ELSEWHERE)
        coded = registered[old] if old < len(registered) else division
        if share < 6:  # noqa: PLR2004 (one of five a sole trader)
            name = place + head + dice.choice(words.SHOPS)
            code = social_credit_code("92", coded, serial)
            return Subject("个体工商户", name, code, person, place, coded, serial)
        brackets = "（{}）" if index % 3 else "({})"
        middle = head + dice.choice(words.BUSINESSES) + brackets.format(words.CITY[:2])
        name = place + middle + dice.choice(words.FORMS)
        code = social_credit_code("91", coded, serial)
        return Subject("法人及非法人组织", name, code, person, place, coded, serial)

    def register(self) -> Iterator[Row]:
        """Yield the register row of every subject that is no person."""
        for index in range(self.subjects):
            subject = self.subject(index)
            if not subject.person:
                yield self._registered(index, subject)

    def _registered(self, index: int, subject: Subject) -> Row:
        dice = self._dice("register:", index)
        capital = dice.randrange(10, 3000, 10)
        founded = date(1995, 1, 1) + timedelta(days=dice.randrange(10_000))
        row = {
            "uscc": subject.code,
            "subjectName": subject.name,
            "subjectCategory": subject.category,
            "registrationStatus": dice.choice(lists.STATUSES),
            "industry": dice.choice(lists.INDUSTRIES),
            "registeredAddress": f"{subject.place}示范街{dice.randrange(1, 400)}号",
            "registeredCapital": dice.choice(lists.CAPITALS).format(
                ten_thousands=capital, yuan=capital * 10_000
            ),
            "establishedOn": founded.isoformat(),
            "organisationCode": organisation_code(subject.serial),
            "legalRepresentative": subject.representative,
            "authorityName": words.OFFICES[0].name,
            "authority": _unit(words.OFFICES[0].serial),
            "division": subject.division,
            **_source(words.OFFICES[0]),
        }
        if not index % 7:
            row["formerName"] = f"{subject.place}旧名商店；{subject.place}更旧名商店"
        add_quirks("subject", index, row)
        return row

    def penalty(self, number: int) -> Row:
        """Return the penalty of that number, quirks included."""
        dice = self._dice("", number)
        office = dice.choice(words.OFFICES)
        case = dice.choice(office.cases)
        subject = self.subject(dice.randrange(self.subjects))
        decided = LAST_DAY - timedelta(days=dice.randrange(_DAYS))
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
            "authority": _unit(office.serial),
            **_source(office),
            **_counterpart(subject),
        }
        if any("许可证" in kind for kind in case.kinds):
            row["affectedLicence"] = f"示例经营许可证 示卫许字{number + 1:06d}"
        add_quirks("penalty", number, row)
        return row

    def licence(self, number: int) -> Row:
        """Return the licence of that number, quirks included."""
        dice = self._dice("licence:", number)
        permit = dice.choice(lists.LICENCE_TYPES)
        office = words.OFFICES[permit.office]
        subject = self.subject(dice.randrange(self.subjects))
        decided = LAST_DAY - timedelta(days=dice.randrange(_DAYS))
        row = {
            "counterpartCategory": subject.category,
            "documentTitle": permit.title,
            "documentNumber": f"{permit.mark}许准字〔{decided.year}〕{number + 1}号",
            "licenceKind": permit.kind,
            "certificateName": permit.certificate,
            "certificateNumber": f"{permit.mark}{decided.year}{number + 1:06d}",
            "licenceContent": permit.content,
            "decidedOn": decided.isoformat(),
            "licenceValidFrom": decided.isoformat(),
            "licenceValidUntil": (decided + timedelta(days=5 * 365)).isoformat(),
            "authorityName": office.name,
            "authority": _unit(office.serial),
            "deliveredState": "1",
            **_source(office),
            **_counterpart(subject),
        }
        add_quirks("licence", number, row)
        return row

    def list_entry(self, number: int, penalty: Row) -> Row:
        """Return a list entry that links to the penalty as its basis."""
        dice = self._dice("list:", number)
        listing = dice.choice(lists.DESIGNATION_LISTS)
        office = words.OFFICES[listing.office]
        listed = min(date.fromisoformat(penalty["decidedOn"]) + timedelta(days=60), LAST_DAY)
        row: Row = {name: penalty[name] for name in _COUNTERPART if name in penalty}
        row |= {
            "onList": listing.name,
            "documentNumber": f"{office.mark}名单〔{listed.year}〕{number + 1}号",
            "decidedOn": listed.isoformat(),
            "designationReason": f"因{penalty['violationType']}被行政处罚，情节严重。",
            "designatedUnder": listing.basis,
            "listedOn": listed.isoformat(),
            "listedUntil": listed.replace(
                year=listed.year + listing.years + 1, month=1, day=1
            ).isoformat(),
            "basisKind": "行政处罚",
            "basisAuthorityName": penalty["authorityName"].strip(),
            "basisAuthority": penalty["authority"],
            "basisDocumentNumber": penalty["documentNumber"],
            "authorityName": office.name,
            "authority": _unit(office.serial),
            **_source(office),
        }
        add_quirks("list-entry", number, row)
        return row

    def measures(self) -> Iterator[Row]:
        """Yield the measures of the sample's edition."""
        for number, item in enumerate(lists.MEASURES, start=1):
            row = {
                "edition": lists.EDITION,
                "measureCode": f"SL-{number:03d}",
                "measureName": item.name,
                "measureClass": item.category,
                "measureContent": f"{item.name}。",
                "measureTarget": item.target,
                "appliesToList": item.lists,
                "legalBasis": item.basis,
                "implementingUnit": item.unit,
                "effectiveFrom": "2026-01-01",
                "sourceName": f"{words.CITY}发展和改革委员会",
                "source": _unit(50),
            }
            add_quirks("measure", number, row)
            yield row

    def repair_case(self, number: int, penalty: Row) -> Row | None:
        """Return the repair case about a penalty, if there is one."""
        position = number % CYCLE
        if position == _REPAIRED:
            return self._case("准予修复", penalty)
        if position == _CASED:
            outcomes = ("办理中", "不予修复", "退回补正")
            return self._case(outcomes[number // CYCLE % len(outcomes)], penalty)
        return None

    def spoiled_cases(self) -> Iterator[Row]:
        """Yield cases that must be rejected: an unknown penalty, an impossible date."""
        if self._records < CYCLE:
            return
        yield self._case("准予修复", self.penalty(self._records + _REPAIRED))
        known = self._case("准予修复", self.penalty(_CASED))
        known["decidedOn"] = "2026-02-31"
        yield known

    def _case(self, outcome: str, penalty: Row) -> Row:
        self._cases += 1
        decided = date.fromisoformat(penalty["decidedOn"])
        applied = min(decided + timedelta(days=100), LAST_DAY)
        closed = outcome in ("准予修复", "不予修复")
        person = penalty["counterpartCategory"] == "自然人"
        return {
            "unitName": f"{words.CITY}发展和改革委员会",
            "unit": _unit(50),
            "caseNumber": f"示信修〔{applied.year}〕{self._cases}号",
            "targetKind": "行政处罚",
            "targetAuthorityName": penalty["authorityName"],
            "targetAuthority": penalty["authority"],
            "targetDocumentNumber": penalty["documentNumber"].replace("〔", "[").replace("〕", "]"),
            "targetCounterpart": "" if person else penalty["uscc"].upper(),
            "targetPersonIdNumber": penalty["personIdNumber"] if person else "",
            "appliedOn": applied.isoformat(),
            "acceptedOn": applied.isoformat(),
            "decidedOn": LAST_DAY.isoformat() if closed else "",
            "outcome": outcome,
            "grounds": words.GROUNDS[outcome],
        }


_COUNTERPART: Final = (
    "counterpartCategory",
    "counterpartName",
    "uscc",
    "legalRepresentative",
    "personName",
    "personIdKind",
    "personIdNumber",
)


def _counterpart(subject: Subject) -> Row:
    if subject.person:
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


def _unit(serial: int) -> str:
    return social_credit_code("11", words.CITY_DIVISION, serial)


def _source(office: words.Office) -> Row:
    return {"sourceName": office.name, "source": _unit(office.serial)}


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
