"""Generates keys similar to a key that no record has, to suggest the intended one (pure).

The ledger stores HMACs of keys only, so similar keys cannot be searched by text; the keys that
a typing error in a document number can produce are few enough to be tried one by one.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from exchange.domain.keys import PERSON, SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST: Final = 3_000  # keys tried for one key
SLIPS: Final = 3  # characters by which two document numbers may differ
_SHORTEST: Final = 6  # characters of a number; of a shorter one everything is near
_CODE: Final = 18
_DIGITS: Final = "0123456789"
_LEFT_OUT: Final = "第字号罚处决许准登"  # what numbers are written with and without


def variants(key: str) -> Iterator[str]:
    """Yield the keys that differ from a clear key by one typing error, at most `MOST`."""
    yield from islice(_variants(key), MOST)


def _variants(key: str) -> Iterator[str]:
    parts = key.split(SEPARATOR)
    for at in range(1, len(parts)):
        if is_number(parts[at]):
            seen = {parts[at]}
            for written in _written(parts[at]):
                if written not in seen:
                    seen.add(written)
                    yield SEPARATOR.join([*parts[:at], written, *parts[at + 1 :]])


def is_number(part: str) -> bool:
    """Return whether a part of a key is a document number, not a code, a name or a person."""
    if len(part) < _SHORTEST or part.startswith(PERSON) or not any(map(str.isdecimal, part)):
        return False
    return not (len(part) == _CODE and part.isascii() and part.isalnum())


def _written(number: str) -> Iterator[str]:
    """Yield the likely misspellings of a number, the likeliest first."""
    other = number.removesuffix("号") if number.endswith("号") else f"{number}号"
    yield other
    for each in (number, other):
        yield from _slips(each)


def _slips(text: str) -> Iterator[str]:
    for at, character in enumerate(text):
        if character.isdecimal():
            yield from (text[:at] + digit + text[at + 1 :] for digit in _DIGITS)
    for at in range(len(text) - 1):
        yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]
    for at in range(len(text) + 1):
        beside = text[at - 1 : at + 1]
        added = _LEFT_OUT + (_DIGITS if any(map(str.isdecimal, beside)) else "")
        yield from (text[:at] + character + text[at:] for character in added)


def near(sought: str, known: str) -> bool:
    """Return whether two clear keys differ in one part only, and a number by few characters."""
    first, second = sought.split(SEPARATOR), known.split(SEPARATOR)
    if len(first) != len(second) or first[0] != second[0]:
        return False
    different = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
    if len(different) != 1:
        return False
    left, right = different[0]
    return not (is_number(left) or is_number(right)) or distance(left, right) <= SLIPS


def distance(left: str, right: str) -> int:
    """Return the Levenshtein distance of two texts."""
    row = list(range(len(right) + 1))
    for at, character in enumerate(left, start=1):
        row = _next_row(row, at, character, right)
    return row[-1]


def _next_row(row: Sequence[int], at: int, character: str, other: str) -> list[int]:
    following = [at]
    for column, compared in enumerate(other, start=1):
        changed = row[column - 1] + (character != compared)
        following.append(min(changed, row[column] + 1, following[-1] + 1))
    return following
