"""What a text says of a private person: ID, telephone and card numbers, homes, descriptions.

Purpose: the detectors of the gate before publication (DETAILS "ID numbers"). They tell where and
what, never the text itself. `suspicious` is cheap and misses nothing that `find` finds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.id_numbers import (
    DIGIT,
    birth_known,
    check_right,
    division_known,
    is_code,
    luhn_right,
    registration_number,
    runs,
    short_birth_known,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exchange.domain.id_numbers import Digits

ID_NUMBER: Final = "id-number"
ID_NUMBER_LIKELY: Final = "id-number-likely"
MOBILE: Final = "mobile-number"
BANK_CARD: Final = "bank-card"
ADDRESS: Final = "home-address"
DESCRIPTION: Final = "person-description"
DOCUMENT: Final = "identity-document"
ACCOUNT: Final = "personal-account"
# What a column made for an office's telephone or address may hold.
OF_OFFICES: Final = frozenset({MOBILE, ADDRESS})
_LEAST: Final = 11  # digits of a mobile number, the shortest that is looked for
_ID, _SHORT_ID = 18, 15
_MASK: Final = "*"

# Two searches over all texts of a row, which cost some nanoseconds a character: so many digits
# and signs together as the shortest number has digits, and the words of the patterns below.
_DENSE: Final = re.compile(rf"[{DIGIT}][{DIGIT}\W_]{{{_LEAST - 1}}}")
_WORDS: Final = re.compile(
    r"[住籍男女出生份照证信胞官乡○◯⭕@址qQ](?:"
    r"(?<=[○◯⭕@])|(?<=住)(?![所房建宅宿院户])|(?<=户籍)|(?<=籍)贯|(?<=[男女])性?[\W_]|"
    rf"(?<=[月日\s{DIGIT}]生)|(?<=出)生|(?<=生)[于日]|(?<=身份)|(?<=护照)|(?<=通行证)|"
    r"(?<=[微威]信)|(?<=台胞)|(?<=回乡)|(?<=军官)|(?<=士兵证)|(?<=居留证)|(?<=[qQ]{2})|"
    r"(?<=家庭[地住]址))"
)


class Mark(NamedTuple):
    """What was found in a text, and where; `certain` calls for an error, else a person decides."""

    rule: str
    start: int
    end: int
    certain: bool


def suspicious(text: str) -> bool:
    """Whether `find` may find something in the text."""
    return _DENSE.search(text) is not None or _WORDS.search(text) is not None


def find(text: str, *, registration: bool = False) -> list[Mark]:
    """Return what the text says of a private person, at most one mark a place.

    `registration` says that the text is a registration number of its own, which a right check
    digit shows to be none of a person.
    """
    marks: list[Mark] = []
    for run in runs(text, _LEAST):
        marks += _numbers(text, run, registration=registration)
    for rule, pattern in _PATTERNS:
        said = [found.span() for found in pattern.finditer(text)]
        marks += [Mark(rule, *span, certain=False) for span in said if not _said(marks, span)]
    return marks


def _said(marks: list[Mark], span: tuple[int, int]) -> bool:
    return any(mark.start < span[1] and span[0] < mark.end for mark in marks)


# Numbers

_LABEL: Final = re.compile(
    r"(?:身份证?|公民身份|身分证?|(?<!许可)证件|identity|ID)[^，。；,;\n\d]{0,8}$", re.IGNORECASE
)
_ACCOUNT_LABEL: Final = re.compile(r"(?:[账帐][号户]|对公|基本户)[^，。；,;\n\d]{0,6}$")
_REGISTRATION_LABEL: Final = re.compile(r"(?:注册|登记)证?(?:号码?|编号)[^，。；,;\n\d]{0,4}$")
_NUMBER_LABEL: Final = re.compile(r"(?:第|编号|字号|文号)[^，。；,;\n\d]{0,4}$")
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
_MOBILE_GROUPS: Final = frozenset(
    {(11,), (3, 4, 4), (3, 3, 5), (4, 3, 4), (3, 8), (7, 4), (5, 6), (4, 7), (1,) * 11}
)
_LOOSE: Final = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff\-‐-―－_./·•()（）+]*")
_CARD: Final = re.compile(r"62[0-9]{14,17}", re.ASCII)


class _Candidate(NamedTuple):
    """Whole groups of a run: `number` and where they stand in the text."""

    number: str
    sizes: tuple[int, ...]
    start: int
    end: int
    before: str
    loose: bool  # nothing but blanks, hyphens and dots within


def _numbers(text: str, run: Digits, *, registration: bool) -> Iterator[Mark]:
    taken = -1
    for candidate in _candidates(text, run):
        if candidate.start <= taken:
            continue
        told = _told(candidate, registration=registration)
        if told:
            rule, certain = told
            yield Mark(rule, candidate.start, candidate.end, certain)
            taken = candidate.end - 1
    if taken < 0:
        yield from _windows(run)


def _candidates(text: str, run: Digits) -> Iterator[_Candidate]:
    """Yield the groups of a run, and neighbours together, as long as a number can be."""
    ends = [*run.starts[1:], len(run.value)]
    for first, begin in enumerate(run.starts):
        before = text[max(0, run.at[begin] - _BEFORE) : run.at[begin]]
        found = []
        for last in range(first, len(ends)):
            if ends[last] - begin > _LONGEST:
                break
            if ends[last] - begin >= _LEAST:
                found.append(_candidate(text, run, (first, last), before))
        yield from reversed(found)  # the longest first


def _candidate(text: str, run: Digits, groups: tuple[int, int], before: str) -> _Candidate:
    first, last = groups
    bounds = [*run.starts[first : last + 1]]
    end = run.starts[last + 1] if last + 1 < len(run.starts) else len(run.value)
    sizes = tuple(b - a for a, b in zip(bounds, [*bounds[1:], end], strict=True))
    inside = text[run.at[bounds[0]] : run.at[end - 1] + 1]
    digits = set(run.at[bounds[0] : end])
    offset = run.at[bounds[0]]
    signs = "".join(item for at, item in enumerate(inside, offset) if at not in digits)
    loose = _LOOSE.fullmatch(signs) is not None
    value = run.value[bounds[0] : end]
    return _Candidate(value, sizes, offset, run.at[end - 1] + 1, before, loose)


def _told(candidate: _Candidate, *, registration: bool) -> tuple[str, bool] | None:
    number = candidate.number
    if len(number) == _ID and (told := _long(candidate)):
        return told
    if not number.isdecimal():
        return None
    if len(number) == _SHORT_ID and _short(candidate, registration=registration):
        return ID_NUMBER_LIKELY, False
    if candidate.loose and _CARD.fullmatch(number) and luhn_right(number):
        return BANK_CARD, False
    return (MOBILE, False) if _is_mobile(candidate) else None


def _long(candidate: _Candidate) -> tuple[str, bool] | None:
    number, labelled = candidate.number, _LABEL.search(candidate.before) is not None
    if not number[:-1].isdecimal() or not birth_known(number, labelled=labelled):
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


def _is_mobile(candidate: _Candidate) -> bool:
    number, sizes = candidate.number, candidate.sizes
    more = len(number) - _LEAST
    if more:
        if not _MOBILE_PREFIX.fullmatch(number, 0, more):
            return False
        if more == 1 and not _PHONE_LABEL.search(candidate.before):
            return False  # the trunk prefix 0, which many other numbers begin with
        sizes = sizes[1:] if sizes[0] == more else (sizes[0] - more, *sizes[1:])
    if not candidate.loose or sizes not in _MOBILE_GROUPS or not _MOBILE.fullmatch(number, more):
        return False
    before = candidate.before
    return not (_NUMBER_LABEL.search(before) or _ACCOUNT_LABEL.search(before))


def _windows(run: Digits) -> Iterator[Mark]:
    """Yield the ID numbers that stick to other digits, first of all."""
    value = run.value
    for start in range(len(value) - _ID + 1):
        number = value[start : start + _ID]
        if number[0] != "0" and number[:-1].isdecimal() and _sticks(number):
            end = run.at[start + _ID - 1] + 1
            yield Mark(ID_NUMBER_LIKELY, run.at[start], end, certain=False)
            return


def _sticks(number: str) -> bool:
    return check_right(number) and birth_known(number) and division_known(number)


# Words

_BIRTH: Final = rf"[{DIGIT}]{{4}}\s*[年.\-/]\s*[{DIGIT}]{{1,2}}\s*(?:月|[.\-/])"
_HOUSE: Final = rf"(?:[{DIGIT}十]+\s*[号栋幢楼座单室组户弄]|[村屯庄](?![\u4e00-\u9fff]))"
_NOT_HELD: Final = "入拦堵遮盖挡压围锁卡封缠绊抓保留记顶粘扣捂罩固绑套夹握按止困稳控吸咬钩"
_PLACE: Final = rf"[^，。；;\n]{{0,30}}?[省市区县旗乡镇村街路巷道弄][^，。；;\n]{{0,40}}?{_HOUSE}"
_PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        ADDRESS,
        re.compile(
            rf"(?:(?<![{_NOT_HELD}])(?:居?住(?![所房建宅宿院户])|家庭地)[在于址地为系:：\s]{{0,4}}"
            rf"|户籍[所在地为址系:：\s]{{0,6}}){_PLACE}"
        ),
    ),
    (
        ADDRESS,
        re.compile(
            r"(?:户籍(?:所在地|地址?)|家庭住?址|籍贯)[为系是:：\s]{0,3}[\u4e00-\u9fff]{2,8}[省市区县旗]"
        ),
    ),
    (
        DESCRIPTION,
        re.compile(
            r"[男女]性?[，,、;；\s]{1,2}(?:民族[:：]?\s*)?"
            rf"(?:[\u4e00-\u9fff]{{1,5}}族(?![\u4e00-\u9fff])|(?:现?年)?[{DIGIT}]{{2,3}}\s*周?岁|{_BIRTH})"
        ),
    ),
    (
        DESCRIPTION,
        re.compile(
            rf"{_BIRTH}(?:\s*[{DIGIT}]{{1,2}}\s*日?)?\s*(?:出生|生(?![产效活成意长态]))"
            rf"|(?:出生(?:日期|年月|于)?|生于|生日)[为系是:：\s]{{0,3}}[{DIGIT}]{{4}}\s*[年.\-/]"
        ),
    ),
    (
        DOCUMENT,
        re.compile(
            r"(?:护照|通行证|[台]胞证|回乡证|军官证|士兵证|居留证)(?:号码?|编号)?[为系是:：\s（(]{0,4}"
            r"[A-Za-z]{0,2}[0-9]{6,12}"
        ),
    ),
    (
        DOCUMENT,
        re.compile(
            rf"(?:身份证|公民身份|身份号)[^，。；,;\n{DIGIT}*＊]{{0,8}}[{DIGIT}]{{10,20}}(?![{DIGIT}*＊])"
        ),
    ),
    (
        ACCOUNT,
        re.compile(
            r"[\w.+-]{2,64}@(?:qq|vip\.qq|foxmail|163|126|139|189|yeah|sina|sohu|aliyun|gmail|hotmail"
            r"|outlook|icloud|wo)\.(?:com|cn|net)"
            r"|(?:微信|威信|[qQ]{2})号?[为系是:：\s]{1,3}[A-Za-z0-9_-]{5,20}",
            re.ASCII,
        ),
    ),
)


# What must not be said again, and what is not looked for

_LOOSELY: Final = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_QUERIED: Final = 10  # digits of an ID number that tell a person's year of birth
_MONTHS: Final = re.compile(
    r"[1-9][0-9]{5}(?:19[0-9]{2}|20[01][0-9])"
    r"(?:$|[01]$|(?:0[1-9]|1[0-2])(?:$|[0-3]$|(?:0[1-9]|[12][0-9]|3[01])))"
)


def mask(text: str) -> str:
    """Return the text with the digits of numbers struck out that may be a person's.

    A finding or a log repeats a cell by this only: here too much is better than too little.
    """
    if not suspicious(text):
        return text
    struck: set[int] = set()
    for run in runs(text, _LEAST):
        if _may_be_person(run):
            struck.update(run.at)
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
    """Whether a search text is an ID number, or as much of one as tells the year of birth.

    A whole social credit code asks for an organisation.
    """
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
    return number[:-1].isdecimal() and check_right(number) and birth_known(number, labelled=True)
