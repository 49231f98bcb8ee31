"""Detects personal data in a text: ID, telephone and card numbers, homes, descriptions.

Purpose: the detectors of the gate before publication (docs/design/intake.md "Personal data"). They
tell where and what, never the text itself. `suspicious` is cheap and misses nothing that `find`
finds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.id_numbers import (
    MAYBE_DIGIT,
    ROUND,
    birth_known,
    check_right,
    digit_of,
    division_known,
    is_code,
    luhn_right,
    registration_number,
    runs,
    short_birth_known,
    visible,
)
from exchange.domain.obfuscated_numbers import (
    IN_PIECES,
    holds_letter,
    in_pieces,
    letters_as_digits,
)
from exchange.domain.personal_phrases import ADDRESS, has_words, personal_phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exchange.domain.id_numbers import Digits

ID_NUMBER: Final = "id-number"
ID_NUMBER_LIKELY: Final = "id-number-likely"
MOBILE: Final = "mobile-number"
BANK_CARD: Final = "bank-card"
# What a column made for an office's telephone or address may hold.
OF_OFFICES: Final = frozenset({MOBILE, ADDRESS})
_LEAST: Final = 11  # digits of a mobile number, the shortest that is looked for
_ID, _SHORT_ID = 18, 15
_MASK: Final = "*"

# So many digits and signs together as the shortest number has digits, or an ID number in pieces.
_DENSE: Final = re.compile(
    rf"[{MAYBE_DIGIT}{ROUND}](?:[{MAYBE_DIGIT}{ROUND}\W_]{{{_LEAST - 1}}}|{IN_PIECES})"
)


class Mark(NamedTuple):
    """One detection in a text: rule and position; `certain`: an error, else a person decides."""

    rule: str
    start: int
    end: int
    certain: bool


def suspicious(text: str) -> bool:
    """Return whether `find` may detect something in the text."""
    return _DENSE.search(text) is not None or has_words(text)


def find(text: str, *, registration: bool = False) -> list[Mark]:
    """Return the personal data in the text, at most one mark a position.

    `registration` says that the text is a registration number of its own, which a right check
    digit shows to be none of a person. The places of the marks are those of the text without its
    invisible characters.
    """
    text = visible(text)
    marks: list[Mark] = []
    if _DENSE.search(text):
        for run in runs(text, _LEAST):
            marks += _numbers(text, run, registration=registration)
        pieces = [span for span in in_pieces(text) if not _overlaps(marks, span)]
        marks += [Mark(ID_NUMBER_LIKELY, *span, certain=False) for span in pieces]
    if has_words(text):
        marks += [mark for mark in _lettered(text) if not _overlaps(marks, (mark.start, mark.end))]
        phrases = [item for item in personal_phrases(text) if not _overlaps(marks, item[1])]
        marks += [Mark(rule, *span, certain=False) for rule, span in phrases]
    return marks


def _overlaps(marks: list[Mark], span: tuple[int, int]) -> bool:
    return any(mark.start < span[1] and span[0] < mark.end for mark in marks)


def _lettered(text: str) -> Iterator[Mark]:
    """Yield the numbers with letters in place of digits; a person decides on each."""
    digits = letters_as_digits(text)
    for run in runs(digits, _LEAST) if digits else ():
        for mark in _numbers(text, run, registration=False):
            if holds_letter(text[mark.start : mark.end]):
                yield mark._replace(
                    rule=ID_NUMBER_LIKELY if mark.certain else mark.rule, certain=False
                )


# Numbers

_LABEL: Final = re.compile(
    r"(?:身份证?|公民身份|身分证?|(?<!许可)证件|identity|ID)[^，。；,;\n\d]{0,8}$", re.IGNORECASE
)
_ACCOUNT_LABEL: Final = re.compile(r"(?:[账帐][号户]|对公|基本户)[^，。；,;\n\d]{0,6}$")
_REGISTRATION_LABEL: Final = re.compile(r"(?:注册|登记)证?(?:号码?|编号)[^，。；,;\n\d]{0,4}$")
_CARD_LABEL: Final = re.compile(
    r"(?:银行卡|借记卡|信用卡|储蓄卡|存折|行卡|(?<![油C员饭通])卡号)[^，。；,;\n\d]{0,8}$"
)
_PERSONAL_ACCOUNT: Final = re.compile(
    r"(?:个人|本人|私人|其|代表人|负责人|经营者|户名)[^。；;\n\d]{0,8}[账帐][号户][^，。；,;\n\d]{0,6}$"
)
_NUMBER_LABEL: Final = re.compile(r"(?:第|字号|文号)[^，。；,;\n\d]{0,4}$")
_PHONE_LABEL: Final = re.compile(
    r"(?:电话|手机|联系|移动|tel|phone|mobile)[^，。；,;\n\d]{0,8}$", re.IGNORECASE
)
_BEFORE: Final = 20  # characters before a number in which its label is looked for
_LONGEST: Final = 19
# Prefixes given to mobile networks (telecommunication numbering plan of 2017, as amended).
_MOBILE: Final = re.compile(
    r"1(?:3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9])[0-9]{8}", re.ASCII
)
_MOBILE_PREFIX: Final = re.compile(r"(?:00)?86|0", re.ASCII)
_MOBILE_GROUPS: Final = frozenset({(11,), (3, 4, 4), (3, 3, 5), (4, 3, 4), (3, 8), (1,) * 11})
_PREFIX_APART: Final = ((1, 1, 1), (1, 2), (2, 1))  # "1 3 9-1234-5678"
_PREFIX_LENGTH: Final = 3
_DIGIT_BEFORE: Final = re.compile(r"[0-9][\s\-‐-―－]{0,3}$")
_LOOSE: Final = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff\-‐-―－_./·•()（）+]*")
_LISTING: Final = re.compile(r"[\s\-‐-―－_./·•()（）+，,、*＊×~～|｜:：;；#]*")
_BROKEN: Final = re.compile(r"[\s\-‐-―－]*")
_UNIONPAY: Final = re.compile(r"62[0-9]{14,17}", re.ASCII)
# Cards of the first years: of one bank each, 19 digits.
_CARD: Final = re.compile(r"62[0-9]{14,17}|(?:9558|4563|6013)[0-9]{15}", re.ASCII)
_CARD_LENGTHS: Final = range(14, 20)


class _Candidate(NamedTuple):
    """Complete groups of a run of digits: `number` and their position in the text."""

    number: str
    sizes: tuple[int, ...]
    start: int
    end: int
    before: str
    signs: str  # the characters between its digits

    def only(self, signs: re.Pattern[str]) -> bool:
        """Return whether only these signs are between the digits."""
        return signs.fullmatch(self.signs) is not None


def _numbers(text: str, run: Digits, *, registration: bool) -> Iterator[Mark]:
    taken = -1
    for candidate in _candidates(text, run):
        if candidate.start <= taken:
            continue
        recognised = _recognised(candidate, registration=registration)
        if recognised:
            rule, certain = recognised
            yield Mark(rule, candidate.start, candidate.end, certain)
            taken = candidate.end - 1
    if taken < 0:
        yield from _windows(run)


def _candidates(text: str, run: Digits) -> Iterator[_Candidate]:
    """Yield the groups of a run and joined neighbours, up to the longest possible number."""
    ends = [*run.starts[1:], len(run.value)]
    for first, begin in enumerate(run.starts):
        before = text[max(0, run.at[begin] - _BEFORE) : run.at[begin]]
        joined = []
        for last in range(first, len(ends)):
            if ends[last] - begin > _LONGEST:
                break
            if ends[last] - begin >= _LEAST:
                joined.append(_candidate(text, run, (first, last), before))
        yield from reversed(joined)  # the longest first


def _candidate(text: str, run: Digits, groups: tuple[int, int], before: str) -> _Candidate:
    first, last = groups
    bounds = [*run.starts[first : last + 1]]
    end = run.starts[last + 1] if last + 1 < len(run.starts) else len(run.value)
    sizes = tuple(b - a for a, b in zip(bounds, [*bounds[1:], end], strict=True))
    inside = text[run.at[bounds[0]] : run.at[end - 1] + 1]
    digits = set(run.at[bounds[0] : end])
    offset = run.at[bounds[0]]
    signs = "".join(item for at, item in enumerate(inside, offset) if at not in digits)
    value = run.value[bounds[0] : end]
    return _Candidate(value, sizes, offset, run.at[end - 1] + 1, before, signs)


def _recognised(candidate: _Candidate, *, registration: bool) -> tuple[str, bool] | None:
    number = candidate.number
    if len(number) == _ID and (recognised := _long(candidate)):
        return recognised
    if number.endswith("X"):  # a letter behind a number that has no such digit
        *sizes, last = candidate.sizes
        number = number[:-1]
        candidate = candidate._replace(number=number, sizes=(*sizes, last - 1))
    if len(number) == _SHORT_ID and _short(candidate, registration=registration):
        return ID_NUMBER_LIKELY, False
    if _is_card(candidate):
        return BANK_CARD, False
    return (MOBILE, False) if _is_mobile(candidate) else None


def _long(candidate: _Candidate) -> tuple[str, bool] | None:
    number, labelled = candidate.number, _LABEL.search(candidate.before) is not None
    if not birth_known(number, labelled=labelled):
        return None
    right, division = check_right(number), division_known(number)
    if right and division and not is_code(number):
        return ID_NUMBER, True
    if right or labelled:
        return ID_NUMBER_LIKELY, False
    likely = division and not is_code(number) and not _ACCOUNT_LABEL.search(candidate.before)
    return (ID_NUMBER_LIKELY, False) if likely else None


def _short(candidate: _Candidate, *, registration: bool) -> bool:
    number, before = candidate.number, candidate.before
    labelled = _LABEL.search(before) is not None
    if not division_known(number) or not short_birth_known(number, labelled=labelled):
        return False
    if registration or _REGISTRATION_LABEL.search(before):
        return not registration_number(number)
    return labelled or not _ACCOUNT_LABEL.search(before)


def _is_card(candidate: _Candidate) -> bool:
    number, sizes = candidate.number, candidate.sizes
    if not candidate.only(_LOOSE) or not (len(sizes) == 1 or set(sizes[:-1]) in ({1}, {4}, {6})):
        return False
    if len(number) in _CARD_LENGTHS and _CARD_LABEL.search(candidate.before):
        return True
    if _UNIONPAY.fullmatch(number) and _PERSONAL_ACCOUNT.search(candidate.before):
        return True
    return _CARD.fullmatch(number) is not None and luhn_right(number)


def _is_mobile(candidate: _Candidate) -> bool:
    number, sizes = candidate.number, candidate.sizes
    more = len(number) - _LEAST
    if more:
        if not _MOBILE_PREFIX.fullmatch(number, 0, more):
            return False
        if more == 1 and not _PHONE_LABEL.search(candidate.before):
            return False  # the trunk prefix 0, which many other numbers begin with
        sizes = sizes[1:] if sizes[0] == more else (sizes[0] - more, *sizes[1:])
    if not _MOBILE.fullmatch(number, more) or not _grouped(candidate, sizes):
        return False
    before = candidate.before
    return not (_NUMBER_LABEL.search(before) or _ACCOUNT_LABEL.search(before))


def _grouped(candidate: _Candidate, sizes: tuple[int, ...]) -> bool:
    """Return whether the digits are grouped like a telephone number."""
    for apart in _PREFIX_APART:
        if sizes[: len(apart)] == apart and len(set(sizes)) > 1:
            sizes = (_PREFIX_LENGTH, *sizes[len(apart) :])
            break
    if sizes in _MOBILE_GROUPS:
        return candidate.only(_LISTING)
    if _DIGIT_BEFORE.search(candidate.before):
        return False  # the end of a longer number
    in_two = len(sizes) == 2 and min(sizes) >= _PREFIX_LENGTH  # noqa: PLR2004 (two is two)
    return in_two and candidate.only(_BROKEN)


def _windows(run: Digits) -> Iterator[Mark]:
    """Yield the ID numbers within a longer run of digits, leftmost first."""
    value = run.value
    for start in range(len(value) - _ID + 1):
        number = value[start : start + _ID]
        if _sticks(number):
            end = run.at[start + _ID - 1] + 1
            yield Mark(ID_NUMBER_LIKELY, run.at[start], end, certain=False)
            return


def _sticks(number: str) -> bool:
    return check_right(number) and birth_known(number) and division_known(number)


# What must not be said again, and what is not looked for

_LOOSELY: Final = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_QUERIED: Final = 10  # digits of an ID number that include the year of birth
_MONTHS: Final = re.compile(
    r"[1-9][0-9]{5}(?:19[0-9]{2}|20[01][0-9])"
    r"(?:$|[01]$|(?:0[1-9]|1[0-2])(?:$|[0-3]$|(?:0[1-9]|[12][0-9]|3[01])))"
)


def mask(text: str) -> str:
    """Return the text with the digits of possible personal numbers masked.

    A finding or a log repeats a cell by this only: here too much is better than too little.
    """
    digits = letters_as_digits(text) or text
    if not _DENSE.search(digits):
        return text
    struck: set[int] = set()
    for run in runs(digits, _LEAST):
        if _may_be_person(run):
            struck.update(run.at)
    for start, end in in_pieces(digits):
        struck.update(at for at in range(start, end) if digit_of(digits[at]))
    return "".join(_MASK if at in struck else item for at, item in enumerate(text))


def _may_be_person(run: Digits) -> bool:
    value = run.value
    if len(value) < _SHORT_ID - 1:
        return _MOBILE.fullmatch(value[-_LEAST:]) is not None
    births = _LOOSELY.search(value, 5) or any(
        _in(value, start, _SHORT_ID, _short_number) for start in range(len(value) - _SHORT_ID + 1)
    )
    return bool(births) or (_CARD.fullmatch(value) is not None and luhn_right(value))


def _in(value: str, start: int, length: int, test: Callable[[str], bool]) -> bool:
    return test(value[start : start + length])


def _short_number(number: str) -> bool:
    sound = number.isdecimal() and division_known(number)
    return sound and short_birth_known(number, labelled=True)


def asks_for_person(text: str) -> bool:
    """Return whether a search text is an ID number, or its part up to the year of birth.

    A whole social credit code asks for an organisation.
    """
    text = visible(text)
    plain = "".join(text.split()).upper()
    if len(plain) == _ID and is_code(plain):
        return False
    return any(_asked(run) for run in runs(text, _QUERIED))


def _asked(run: Digits) -> bool:
    value = run.value
    if any(_MONTHS.match(value[start:]) for start in run.starts):
        return True
    if len(value) == _SHORT_ID and _short_number(value) and not registration_number(value):
        return True
    return any(_sticks_loosely(value[at : at + _ID]) for at in range(len(value) - _ID + 1))


def _sticks_loosely(number: str) -> bool:
    return check_right(number) and birth_known(number, labelled=True)
