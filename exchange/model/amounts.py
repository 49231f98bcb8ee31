"""Amounts of yuan as a decision words them: 5000元, 5,000.00元, 0.5万元, 伍仟元整."""

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
_AMOUNT: Final = (
    r"(?:(?P<digits{n}>[0-9][0-9,]{{0,20}}(?:\.[0-9]{{1,6}})?) ?"
    r"(?P<scale{n}>[十百千万亿佰仟]{{0,2}})"
    rf"|(?P<words{{n}}>[{_NUMERALS}]{{{{1,24}}}})) ?"
    r"(?P<unit{n}>元|圆|块)(?:(?P<jiao{n}>[一二三四五六七八九壹贰叁肆伍陆柒捌玖])角)?"
)
_GAP: Final = rf"[^0-9{_NUMERALS};,。、!?\n]{{0,12}}"
_ALONE: Final = 30  # characters of a text that may be an amount and nothing else
_BOUND: Final = 20  # amounts of one text that are looked at


class Stated:
    """Finds the amounts that a text states for one of some words (罚款, 没收违法所得), or alone."""

    def __init__(self, words: Sequence[str]) -> None:
        either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        after, before = _AMOUNT.format(n=1), _AMOUNT.format(n=2)
        self._words = tuple(words)
        self._found = re.compile(
            rf"\A\W*(?:人民币)?{_AMOUNT.format(n=0)}[整正]?\W*\Z|(?:{either}){_GAP}?{after}|{before}(?=(?:整|正)?(?:人民币)?(?:的|之)?(?:{either}))"
        )

    def amounts(self, text: str) -> list[Decimal]:
        """Return the amounts in yuan that the text states, in its order."""
        if len(text) > _ALONE and not any(word in text for word in self._words):
            return []
        found = []
        for match in self._found.finditer(unicodedata.normalize("NFKC", text)):
            said = match.groupdict()
            number = next(place for place in "012" if said["unit" + place])
            amount = _value(said["digits" + number], said["scale" + number], said["words" + number])
            if amount is not None:
                jiao = said["jiao" + number]
                found.append(amount + Decimal(_DIGITS[jiao] if jiao else 0) / 10)
            if len(found) >= _BOUND:
                break
        return found


def _value(digits: str | None, scale: str | None, words: str | None) -> Decimal | None:
    if digits is None:
        return numeral(words or "")
    amount = Decimal(digits.replace(",", ""))
    for unit in scale or "":
        amount *= _TENS.get(unit) or _MYRIADS[unit]
    return amount


def numeral(text: str) -> Decimal | None:
    """Return the value of a Chinese numeral (伍仟, 一万二千三百), None where it is none."""
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
