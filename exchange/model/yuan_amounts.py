"""Finds amounts of yuan in the text of a decision: 5000元, 5,000.00元, 0.5万元, 伍仟元整."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGITS: Final = {
    **{character: value for value, character in enumerate("零一二三四五六七八九")},
    **{character: value for value, character in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    **dict(zip("○两弐貳參陸", (0, 2, 2, 2, 3, 6), strict=True)),
}
_TENS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIAD: Final = 10_000
_MYRIADS: Final = {"万": _MYRIAD, "萬": _MYRIAD, "亿": _MYRIAD**2, "億": _MYRIAD**2}
_NUMERALS: Final = "".join([*_DIGITS, *_TENS, *_MYRIADS])
# What may stand before a number: a currency's sign or code, "in capitals", blanks.
_CURRENCY: Final = r"(?:人民币|(?i:RMB|CNY)|¥|大写|小写|[: ()]){{0,6}}"
_UNIT: Final = r"(?:元|圆|圓|块钱?|(?i:RMB|CNY|YUAN)|人民币)(?!以[上下])"
_DIGIT: Final = "[0-9一二三四五六七八九壹贰叁肆伍陆柒捌玖]"
_NUMBER: Final = (
    r"(?:(?P<digits{n}>(?:[0-9]{{1,3}}(?:[ ,'’][0-9]{{3}}){{1,6}}(?![0-9])|[0-9][0-9,]{{0,20}})"
    r"(?:\.[0-9]{{1,6}})?) ?(?P<scale{n}>[十百千万亿佰仟]{{0,2}})"
    rf"|(?P<words{{n}}>[{_NUMERALS}](?: ?[{_NUMERALS}]){{{{0,23}}}}))"
)
_COINS: Final = rf"(?:(?P<jiao{{n}}>{_DIGIT})角)?(?:{_DIGIT}分)?"
_AMOUNT: Final = rf"{_CURRENCY}{_NUMBER} ?(?P<unit{{n}}>{_UNIT}){_COINS}"
# A number without a unit is an amount where nothing else can follow it: no 倍, %, 年 or 号.
_BARE: Final = (
    rf"(?P<sign{{n}}>{_CURRENCY}){_NUMBER}(?= ?(?:[;,。、!?()\n整正及和并]|\.?\Z|\.(?![0-9])))"
)
# Behind an amount that stands alone, the same in figures: 伍仟元整（小写：￥5,000.00）.
_AGAIN: Final = rf"(?:大写|小写|人民币|[整正元圆角分0-9{_NUMERALS}]|\W)*"
# A fine is not told behind a confiscation, nor the other way round.
_GAP: Final = rf"[^0-9{_NUMERALS};,。、!?\n没罚]{{0,12}}"
_BARE_GAP: Final = "(?:金额|合计|共计|总计|总额|共|计|为|[: ]){0,4}"
_LEAST: Final = 100  # yuan: a smaller number without unit or sign may be of 10,000 yuan, or an item
_ALONE: Final = 30  # characters of a text that may be an amount and nothing else
_BOUND: Final = 20  # amounts of one text that are looked at
_BETWEEN: Final = re.compile("[ ,'’]")


class AmountFinder:
    """Finds the amounts that a text gives for one of some words (罚款, 没收违法所得), or alone.

    A word of one character (处) counts only directly before the amount.
    """

    def __init__(self, words: Sequence[str]) -> None:
        ordered = sorted(words, key=len, reverse=True)
        either = "|".join(map(re.escape, ordered))
        long = "|".join(re.escape(word) for word in ordered if len(word) > 1)
        after, before, direct = (_AMOUNT.format(n=number) for number in (1, 2, 3))
        self._words = tuple(words)
        self._found = re.compile(
            rf"\A\W*{_AMOUNT.format(n=0)}{_AGAIN}\Z"
            rf"|\A\W*{_BARE.format(n=4)}[整正]?\W*\Z"
            rf"|(?:{long}){_GAP}?{after}|(?:{either}){direct}"
            rf"|(?:{either}){_BARE_GAP}{_BARE.format(n=5)}"
            rf"|{before}(?=(?:整|正)?(?:人民币)?(?:的|之)?(?:{long}))"
        )

    def find(self, text: str) -> list[Decimal]:
        """Return the amounts in yuan that the text gives, in its order, at most 20."""
        if len(text) > _ALONE and not any(word in text for word in self._words):
            return []
        amounts = []
        for match in self._found.finditer(unicodedata.normalize("NFKC", text)):
            amount = _amount(match.groupdict())
            if amount is not None:
                amounts.append(amount)
            if len(amounts) >= _BOUND:
                break
        return amounts


def _amount(groups: dict[str, str | None]) -> Decimal | None:
    """Return the amount of a match; None where a bare number is too small to be one."""
    number = next(
        suffix for suffix in "012345" if groups["digits" + suffix] or groups["words" + suffix]
    )
    amount = _value(groups["digits" + number], groups["scale" + number], groups["words" + number])
    if amount is None or groups.get("unit" + number):
        jiao = groups.get("jiao" + number)
        return amount if amount is None or not jiao else amount + _digit(jiao) / 10
    sign = (groups["sign" + number] or "").strip(" :()")
    return amount if sign or amount >= _LEAST else None


def _value(digits: str | None, scale: str | None, words: str | None) -> Decimal | None:
    if digits is None:
        return parse_numeral((words or "").replace(" ", ""))
    amount = Decimal(_BETWEEN.sub("", digits))
    for unit in scale or "":
        amount *= _TENS.get(unit) or _MYRIADS[unit]
    return amount


def parse_numeral(text: str) -> Decimal | None:
    """Return the value of a Chinese numeral (伍仟 is 5000), None if the text is none."""
    whole = section = digit = 0
    for character in text:
        if character in _DIGITS:
            digit = digit * 10 + _DIGITS[character]
        elif character in _TENS:
            section += (digit or 1) * _TENS[character]
            digit = 0
        elif character in _MYRIADS:
            times = _MYRIADS[character]
            # 一亿二千万 adds the second group to the first; 一万亿 multiplies it.
            held, whole = (whole, 0) if times == _MYRIAD else (0, whole)
            whole = held + (whole + section + digit) * times
            section = digit = 0
        else:
            return None
    return Decimal(whole + section + digit) if text else None


def _digit(text: str) -> Decimal:
    return Decimal(_DIGITS.get(text, text))
