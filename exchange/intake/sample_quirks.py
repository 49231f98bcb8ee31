"""What real deliveries show, planted in the sample; and ways to spoil a row (domain.md §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exchange.domain.identity import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, str]  # field name -> cell


def quirks(number: int, row: Row) -> None:
    """Plant what belongs to the row of that number."""
    for period, place, plant in _QUIRKS:
        if number % period == place:
            plant(row)


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


_QUIRKS: Final[tuple[tuple[int, int, Callable[[Row], None]], ...]] = (
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


def _set(name: str, value: str) -> Callable[[Row], None]:
    def spoil(row: Row) -> None:
        row[name] = value

    return spoil


def _wrong_check_digit(row: Row) -> None:
    name = "uscc" if "uscc" in row else "source"
    code = row[name].upper()
    row[name] = code[:-1] + ("A" if code[-1] != "A" else "B")


SPOILERS: Final[tuple[Callable[[Row], None], ...]] = (
    _set("decidedOn", "2026-13-05"),
    _wrong_check_digit,
    _set("decidedOn", "2026-02-31"),
    _set("documentNumber", ""),
    _set("violationFacts", "现场检查发现\x07问题。"),
    _set("counterpartCategory", "其他主体"),
    _set("penaltyContent", ""),
    _set("fineAmount", "约贰千元"),
)
