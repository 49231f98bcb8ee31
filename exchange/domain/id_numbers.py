"""Finds digits in any script, and recognises ID numbers of residents (GB 11643-1999).

Purpose: one reading of digits for the detectors of personal data: full-width, circled and Chinese
numerals, with any blanks or signs between them. Pure; the code lists are those of the standards.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from exchange.domain.identifiers import id_number_problem, uscc_problem

# Provinces of GB/T 2260, with those of residence permits (81, 82, 83).
_PROVINCES: Final = frozenset(
    {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55)}
    | {*range(61, 66), 71, 81, 82, 83}
)
_RESIDENCE_PERMIT: Final = "9"  # of foreigners: 9, a province, a country (2023)
_TEST_RANGE: Final = "99"  # never allotted: samples and tests write numbers that are nobody's
_SPECIAL: Final = frozenset({"71", "81", "82", "83"})  # counties are written 0000
_PREFECTURE: Final = re.compile(r"0[1-9]|[1-4][0-9]|5[0-4]|90", re.ASCII)
_COUNTY: Final = re.compile(r"[0-4][0-9]|50|8[1-9]|90", re.ASCII)
_FIRST_BIRTH: Final = 1900
# Numbers of permits and cases carry their day behind the division, as ID numbers do (a
# construction permit: division, YYYYMMDD, four digits). Such forms came up after 2012.
_LAST_BIRTH: Final = 2012
_SHORT_FORM: Final = 15
# Two digits of a year that files of these years carry; nobody with a 15-digit number is so old.
_DATED_YEARS: Final = frozenset(f"{year:02}" for year in range(10, 27))
# Registering department and sort of body (GB 32100-2015, annex A).
_REGISTRAR: Final = re.compile(
    r"(?:[159][1239]|[2-48][19]|3[2-5]|[67][129]|A[19]|N[1239]|Y1)(?P<province>[0-9]{2})", re.ASCII
)
_WHOLE_STATE: Final = "10"  # registered with a department of the state

CHINESE: Final = "〇零一壹弌幺二贰貳两兩三叁參四肆五伍六陆陸七柒八捌九玖"
_CHINESE_VALUE: Final = dict(zip(CHINESE, "001111222223334455666778899", strict=True))
_FANCY: Final = "⁰¹²³⁴-⁹₀-₉①-⑨⓪⑴-⑼⒈-⒐⓵-⓽❶-❾⓿➀-➈➊-➒㈠-㈨㊀-㊈〡-〩፩-፱᧚"
# The zeros of the decimal digits of all scripts (Unicode 14, general category Nd). Listed, not \d:
# a class of characters is searched for thrice as fast.
_ZEROS: Final = (
    "0٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀႐០᠐᥆᧐᪀᪐᭐᮰᱀᱐꘠꣐꤀꧐꧰꩐꯰０"
    "\U000104a0\U00010d30\U00011066\U000110f0\U00011136\U000111d0\U000112f0\U00011450\U000114d0"
    "\U00011650\U000116c0\U00011730\U000118e0\U00011950\U00011c50\U00011d50\U00011da0\U00016a60"
    "\U00016ac0\U00016b50\U0001d7ce\U0001d7d8\U0001d7e2\U0001d7ec\U0001d7f6\U0001e140\U0001e2f0"
    "\U0001e950\U0001fbf0"
)
_DECIMAL: Final = "".join(f"{zero}-{chr(ord(zero) + 9)}" for zero in _ZEROS)
_BEYOND: Final = (
    "\U00010a40-\U00010a43\U00010e60-\U00010e68\U00011052-\U0001105a\U0001f100-\U0001f10a"
)
DIGIT: Final = rf"{_DECIMAL}{CHINESE}{_FANCY}{_BEYOND}"
# The same for a first, cheap search: many ranges beyond the first plane would each cost their time.
_FIRST_PLANE: Final = "".join(f"{z}-{chr(ord(z) + 9)}" for z in _ZEROS if z < "\U00010000")
MAYBE_DIGIT: Final = rf"{_FIRST_PLANE}{CHINESE}{_FANCY}\U00010000-\U0001ffff"
BETWEEN: Final = r"[\W_]{0,8}"  # what may stand between two digits of one number
TENS: Final = "xXＸｘⅩⅹ×ХхΧχ✕✖╳"
_RUN: Final = re.compile(rf"[{DIGIT}](?:{BETWEEN}[{DIGIT}])*(?:{BETWEEN}[{TENS}])?")
ROUND: Final = "○◯⭕"  # signs that stand for a Chinese zero
# Letters that show nothing (Hangul fillers): to a pattern they are letters, unlike other signs.
_FILLERS: Final = "\u115f\u1160\u3164\uffa0"
_ROUND: Final = str.maketrans(ROUND + _FILLERS, "〇" * len(ROUND) + " " * len(_FILLERS))

# Code points that show nothing: default ignorable ones (Unicode, DerivedCoreProperties) and the
# format controls (Cf).
INVISIBLE_FIRST_PLANE: Final = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb"
)
INVISIBLE: Final = (
    INVISIBLE_FIRST_PLANE + "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN: Final = re.compile(f"[{INVISIBLE}]+")


class Digits(NamedTuple):
    """A run of digits in a text: `value` in ASCII (X may be its last), `at` their positions.

    `starts` are the positions in `value` where a group begins: digits of one script side by side.
    """

    value: str
    at: list[int]
    starts: list[int]


def runs(text: str, least: int) -> list[Digits]:
    """Return the runs of at least `least` digits, with any separators between them."""
    long_enough = []
    text = text.translate(_ROUND)
    for match in _RUN.finditer(text):
        if match.end() - match.start() >= least:
            run = _digits(text, match.start(), match.end())
            if len(run.value) >= least:
                long_enough.append(run)
    return long_enough


def _digits(text: str, start: int, end: int) -> Digits:
    value: list[str] = []
    at: list[int] = []
    starts: list[int] = []
    chinese = False
    for index in range(start, end):
        digit = digit_of(text[index])
        if digit is None:
            continue
        # "name nine, then the number": another script begins another group.
        before, chinese = chinese, text[index] in _CHINESE_VALUE
        if not at or at[-1] != index - 1 or (before != chinese and digit != "X"):
            starts.append(len(at))
        value.append(digit)
        at.append(index)
    return Digits("".join(value), at, starts)


def visible(text: str) -> str:
    """Return the text without invisible code points."""
    return _UNSEEN.sub("", text)


def digit_of(character: str) -> str | None:
    """Return the digit 0 to 9 of a character in any script, X for a ten, None for others."""
    if character in _CHINESE_VALUE:
        return _CHINESE_VALUE[character]
    if character in TENS:
        return "X"
    value = unicodedata.numeric(character, None)
    return f"{value:.0f}" if value is not None and value in range(10) else None


def division_known(number: str) -> bool:
    """Return whether the number begins with a known division or the test range."""
    if number[0] == _RESIDENCE_PERMIT:
        return number.startswith(_TEST_RANGE) or _two(number, 1) in _PROVINCES
    if _two(number, 0) not in _PROVINCES:
        return False
    if number[:2] in _SPECIAL:
        return True
    return bool(_PREFECTURE.fullmatch(number, 2, 4) and _COUNTY.fullmatch(number, 4, 6))


def birth_known(number: str, *, labelled: bool = False) -> bool:
    """Return whether 18 digits contain a plausible date of birth.

    Behind a label ("身份证号") any day of the calendar from 1900 on will do.
    """
    if id_number_problem(number) not in (None, "id-check-digit"):
        return False
    year = int(number[6:10])
    return year >= _FIRST_BIRTH and (labelled or year <= _LAST_BIRTH)


def short_birth_known(number: str, *, labelled: bool = False) -> bool:
    """Return whether 15 digits contain a plausible date of birth; issued until 1999."""
    if not labelled and number[6:8] in _DATED_YEARS:
        return False
    return id_number_problem(f"{number[:6]}19{number[6:]}0") in (None, "id-check-digit")


def check_right(number: str) -> bool:
    """Return whether 18 characters are an ID number with the right check digit."""
    return id_number_problem(number) is None


def is_code(number: str) -> bool:
    """Return whether 18 characters are a social credit code of a known registrar and province."""
    match = _REGISTRAR.match(number)
    if match is None or (match["province"] != _WHOLE_STATE and _two(number, 2) not in _PROVINCES):
        return False
    return uscc_problem(number) is None


def _two(number: str, start: int) -> int:
    return int(number[start : start + 2])


def registration_number(number: str) -> bool:
    """Return whether 15 digits have a business registration's check digit (ISO 7064 MOD 11,10)."""
    if len(number) != _SHORT_FORM or not (number.isascii() and number.isdecimal()):
        return False
    product = 10
    for digit in number[:-1]:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return (product + int(number[-1])) % 10 == 1


def luhn_right(number: str) -> bool:
    """Return whether the last digit is the check digit of the others (ISO/IEC 7812-1, Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 (the digit sum of 10 to 18)
    return total % 10 == 0
