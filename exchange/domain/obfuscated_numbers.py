"""Detects ID numbers split by words, and numbers written with letters like digits.

Purpose: what `id_numbers.runs` does not join, because it reads digits and signs alone. Whatever is
found so has to fit an ID number in everything (division, day, check digit); a person decides. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.id_numbers import (
    BETWEEN,
    DIGIT,
    MAYBE_DIGIT,
    TENS,
    birth_known,
    check_right,
    digit_of,
    division_known,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH: Final = 18  # characters of an ID number (GB 11643-1999)
_WORDS: Final = 12  # characters of one word or bracket between two pieces of a number
# A piece of six digits at least, then words, then digits: six are the division of a number.
IN_PIECES: Final = (
    rf"[{MAYBE_DIGIT}]{{5,16}}(?:[^{MAYBE_DIGIT}]{{1,{_WORDS}}}[{MAYBE_DIGIT}])"  # after one digit
)
_PIECE: Final = re.compile(rf"[{DIGIT}]+(?:{BETWEEN}[{TENS}])?")

# Letters of Latin, Greek, Cyrillic and Hangul that look like a zero or a one.
_ZEROS: Final = "OoＯｏΟοОоㅇᄋ"
_ONES: Final = "lIｌＩΙІ"
LIKE_DIGITS: Final = _ZEROS + _ONES
_LIKE: Final = str.maketrans(LIKE_DIGITS, "0" * len(_ZEROS) + "1" * len(_ONES))
_BESIDE_DIGIT: Final = re.compile(rf"[0-9０-９][{LIKE_DIGITS}]|[{LIKE_DIGITS}][0-9０-９]")


class Span(NamedTuple):
    """The position of a number in a text."""

    start: int
    end: int


def in_pieces(text: str) -> Iterator[Span]:
    """Yield the ID numbers of a text that are split by words."""
    pieces = [(piece.start(), piece.end()) for piece in _PIECE.finditer(text)]
    last = -1
    for first, (start, _) in enumerate(pieces):
        if start <= last:
            continue
        number, end = _joined(text, pieces[first : first + _LENGTH])
        if _fits(number):
            yield Span(start, end)
            last = end - 1


def _joined(text: str, pieces: list[tuple[int, int]]) -> tuple[str, int]:
    """Return the digits of neighbouring pieces, up to the length of an ID number, and their end."""
    number, reached = "", pieces[0][0]
    for start, end in pieces:
        if start - reached > _WORDS or len(number) >= _LENGTH:
            break
        number += "".join(filter(None, map(digit_of, text[start:end])))
        reached = end
    return number, reached


def _fits(number: str) -> bool:
    sound = len(number) == _LENGTH and check_right(number)
    return sound and birth_known(number) and division_known(number)


def letters_as_digits(text: str) -> str | None:
    """Return the text with letters replaced by similar digits; None if no digit is next to one.

    It is as long as the text.
    """
    return text.translate(_LIKE) if _BESIDE_DIGIT.search(text) else None


def holds_letter(text: str) -> bool:
    """Return whether the text contains a letter that looks like a digit."""
    return any(item in LIKE_DIGITS for item in text)
