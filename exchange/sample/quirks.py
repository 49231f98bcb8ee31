"""Plants oddities of real deliveries in the sample, and spoils rows.

Source: docs/design/intake.md "The sample".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exchange.domain.identifiers import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Row = dict[str, str]  # field name -> cell


def add_quirks(kind: str, number: int, row: Row) -> None:
    """Add the oddities of the kind to the row, by its number."""
    for period, place, plant in _QUIRKS.get(kind, ()):
        if number % period == place:
            plant(row)


def spoil_row(kind: str, turn: int, row: Row) -> None:
    """Add an error to the row: the kind's errors are used in turn."""
    ways = SPOILERS[kind]
    ways[turn % len(ways)](row)


def _lower_code(row: Row) -> None:
    if "uscc" in row:
        row["uscc"] = row["uscc"].lower()


def _brackets(row: Row) -> None:
    row["documentNumber"] = row["documentNumber"].replace("〔", "[").replace("〕", "]")


def _full_brackets(row: Row) -> None:
    row["documentNumber"] = row["documentNumber"].replace("〔", "（").replace("〕", "）")


def _half_semicolon(row: Row) -> None:
    row["penaltyKind"] = row["penaltyKind"].replace("；", ";")


def _far_future(row: Row) -> None:
    row["penaltyValidUntil"] = "2099-12-31"
    row["declaredPublicityEnd"] = "9999-09-09"


def _nothing(row: Row) -> None:
    for name in ("fineAmount", "confiscatedAmount"):
        row[name] = row[name] or "无"


def _placeholder(row: Row) -> None:
    row["authority"] = PLACEHOLDER


def _blanks(row: Row) -> None:
    row["authorityName"] = f"\u3000{row['authorityName']} "


def _lines(row: Row) -> None:
    row["violationFacts"] += "\n以上事实有现场检查笔录、询问笔录为证。"


def _formula_like(row: Row) -> None:
    row["remark"] = "'-见附件"


def _slashed_day(row: Row) -> None:
    year, month, day = row["decidedOn"].split("-")
    row["decidedOn"] = f"{year}/{int(month)}/{int(day)}"


def _chinese_day(row: Row) -> None:
    year, month, day = row["listedOn"].split("-")
    row["listedOn"] = f"{year}年{int(month)}月{int(day)}日"


def _compact_day(row: Row) -> None:
    row["establishedOn"] = row["establishedOn"].replace("-", "")


def _no_end(row: Row) -> None:
    row["licenceValidUntil"] = "2099-12-31"


def _no_end_at_all(row: Row) -> None:
    row["licenceValidUntil"] = "9999-09-09"


def _wide_digits(row: Row) -> None:
    wide = str.maketrans("0123456789-", "０１２３４５６７８９－")
    row["decidedOn"] = row["decidedOn"].translate(wide)


def _nothing_at_all(row: Row) -> None:
    row |= {"legalForm": "无", "branchOf": "无", "organisationCode": "/", "dissolvedOn": "null"}


Quirks = tuple[tuple[int, int, "Callable[[Row], None]"], ...]
_PENALTY: Final[Quirks] = (
    (17, 3, _lower_code),
    (6, 1, _brackets),
    (6, 4, _full_brackets),
    (5, 2, _half_semicolon),
    (8, 5, _far_future),
    (4, 1, _nothing),
    (40, 27, _placeholder),
    (31, 8, _blanks),
    (29, 2, _lines),
    (37, 1, _formula_like),
)


_QUIRKS: Final[Mapping[str, Quirks]] = {
    "penalty": _PENALTY,
    "subject": ((9, 4, _lower_code), (11, 5, _compact_day), (13, 6, _nothing_at_all)),
    "licence": (
        (9, 2, _slashed_day),
        (7, 3, _no_end),
        (7, 5, _no_end_at_all),
        (11, 4, _wide_digits),
        (17, 6, _placeholder),
    ),
    "list-entry": ((5, 1, _chinese_day), (8, 6, _lower_code)),
}


def _set(name: str, value: str) -> Callable[[Row], None]:
    def spoil(row: Row) -> None:
        row[name] = value

    return spoil


def _wrong_check_digit(row: Row) -> None:
    name = "uscc" if "uscc" in row else "source"
    code = row[name].upper()
    row[name] = code[:-1] + ("A" if code[-1] != "A" else "B")


SPOILERS: Final[Mapping[str, tuple[Callable[[Row], None], ...]]] = {
    "penalty": (
        _set("decidedOn", "2026-13-05"),
        _wrong_check_digit,
        _set("decidedOn", "2026-02-31"),
        _set("documentNumber", ""),
        _set("violationFacts", "现场检查发现\x07问题。"),
        _set("counterpartCategory", "其他主体"),
        _set("penaltyContent", ""),
        _set("fineAmount", "约贰千元"),
    ),
    "subject": (
        _set("establishedOn", "1900-01-01"),
        _wrong_check_digit,
        _set("uscc", PLACEHOLDER),
        _set("registeredCapital", "500万美元"),
        _set("registrationStatus", "状态不明"),
        _set("subjectName", ""),
    ),
    "licence": (
        _set("licenceKind", "高级许可"),
        _set("deliveredState", "0"),  # valid in 2016, nothing in 2018
        _set("licenceValidUntil", "长期"),
        _wrong_check_digit,
        _set("documentNumber", ""),
    ),
    "list-entry": (
        _set("onList", "示例市黑名单"),
        _set("basisDocumentNumber", ""),
        _set("removalReason", "写了原因，没写日期"),
        _wrong_check_digit,
    ),
    "measure": (_set("legalBasis", ""),),
}
