"""Cells of a form -> values of a record (docs/design/model.md "Text and amounts").

A cell that cannot be read is passed on as it stands, so that the one check of records speaks of
it. What a cell loses on the way, a warning says.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.identity import PLACEHOLDER, normal_code
from exchange.model.kinds import Sort

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exchange.model.kinds import Column, Field, Scheme

# Blanks around a cell; other white space is a control character, which the check refuses.
BLANKS: Final = " \t\r\n\u00a0\u3000\ufeff"
_SEVERAL: Final = re.compile(r"[;；]")
_DAY: Final = re.compile(
    r"([0-9]{4})([-/.年])([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
    r"(?:[T ]+(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?)?"
)
_TIME: Final = re.compile(r"[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_DAY_LENGTH: Final = 10  # YYYY-MM-DD
# Where a day of China was kept as a time of another zone, its midnight stands on the day before:
# 16:00 is that of UTC, 23:59:17 that of programs which reckon with Shanghai's time before 1901.
_EVENING: Final = re.compile(r"23:5[0-9]|16:00(?::00)?(?:\.0+)?\Z|15:59")
_MIDNIGHT: Final = re.compile(r"0?0:00(?::00(?:\.0+)?)?\Z")
_COMPACT_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_NUMBER: Final = re.compile(r"\+?([0-9]{1,16}(\.[0-9]{0,10})?|\.[0-9]{1,10})")
# An amount that says its own unit, of yuan only: 500万元, 人民币5000元, 1,200.5万元(人民币).
_AMOUNT: Final = re.compile(
    r"(?:人民币|RMB|CNY|[¥￥])?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,16})(\.[0-9]{0,10})?"
    r"(亿|万|)(元|圆|)(?:\(?人民币\)?)?(元|圆|)整?"
)
# Value types whose texts are written half-width, in capitals and without blanks.
_CODES: Final = frozenset(
    {
        *("UnifiedCode", "IdNumber", "OrganisationCode", "RegistrationNumber"),
        *("TaxNumber", "InstitutionNumber"),
    }
)
_UNITS: Final = {"亿": Decimal(100_000_000), "万": Decimal(10_000), "": Decimal(1)}
_OTHER: Final = "other"
_CENT: Final = Decimal("0.01")


class Read(NamedTuple):
    """What a cell gave: the value, what to keep of its text, and a warning's rule."""

    value: str | list[str] | None
    received: str | list[str] | None = None
    warning: str | None = None


def reader(field: Field, column: Column, form: str) -> Callable[[str], Read]:
    """Return the function that reads a trimmed, non-empty cell of the form's column."""
    if column.constant is not None:
        constant = Read(column.constant)
        return lambda _: constant
    if field.sort is Sort.DATE:
        return _days(field)
    if field.scheme is not None:
        one = _code(field.scheme, form)
        return _codes(one, field.scheme, field) if field.many else one
    if field.many:
        return _several
    convert = _converter(field, column)
    blank = frozenset(word.lower() for word in field.value.blank_words)
    drop = field.value.drop_placeholder

    def read(text: str) -> Read:
        if text.lower() in blank:
            return Read(None, warning="blank-word")
        value = convert(text)
        if drop and value == PLACEHOLDER:
            return Read(None, warning="placeholder-dropped")
        return Read(value, text if field.received else None)

    return read if blank or drop or field.received else lambda text: Read(convert(text))


def _converter(field: Field, column: Column) -> Callable[[str], str]:
    if field.sort is Sort.MOMENT:
        return moment
    if field.sort is Sort.MONEY:
        return lambda text: yuan(text, column.factor or Decimal(1))
    if field.sort is Sort.ORGANISATION or field.value.slug in _CODES:
        return normal_code
    return _line_feeds


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n") if "\r" in text else text


def _days(field: Field) -> Callable[[str], Read]:
    blank = frozenset(word.lower() for word in field.value.blank_words)

    def read(text: str) -> Read:
        if text.lower() in blank:
            return Read(None, warning="blank-word")
        value = day(text)
        timed = len(text) > _DAY_LENGTH and value != text
        return Read(value, warning=_time_lost(text) if timed else None)

    return read


def _time_lost(text: str) -> str | None:
    """Return the rule of the warning that a time is dropped, None where there is none to drop."""
    found = _TIME.search(unicodedata.normalize("NFKC", text))
    if found is None:
        return None
    time = found.string[found.start() + 1 :].strip()
    if _MIDNIGHT.match(time):
        return None
    return "next-day" if _EVENING.match(time) else "time-dropped"


def day(text: str) -> str:
    """Return a date in any usual writing as YYYY-MM-DD, or the text where it is none."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    found = _DAY.fullmatch(plain)
    if found:
        year, _, month, date = found.groups()
        return f"{year}-{month:0>2}-{date:0>2}"
    compact = _COMPACT_DAY.fullmatch(plain)
    return "-".join(compact.groups()) if compact else text


def moment(text: str) -> str:
    """Return a time in any usual writing as YYYY-MM-DDThh:mm:ss+08:00, or the text as it stands.

    Files give China's one time and no zone. A day without a time is its beginning.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    date = day(plain)
    if len(date) != _DAY_LENGTH:
        return text
    found = _TIME.search(plain)
    hour, minute, second = found.groups("00") if found else ("00", "00", "00")
    return f"{date}T{hour:0>2}:{minute}:{second}+08:00"


def yuan(text: str, factor: Decimal) -> str:
    """Return a number times the factor as yuan with two decimals, or the text as it stands.

    A cell that names its unit means that one, whatever the column's. More digits than cents are
    no amount: the text comes back, and the check refuses it.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if _NUMBER.fullmatch(plain) is None:
        said = _AMOUNT.fullmatch("".join(plain.split()))
        if said is None or not (said[3] or said[4] or said[5]):
            return text
        plain, factor = said[1].replace(",", "") + (said[2] or ""), _UNITS[said[3]]
    try:
        amount = Decimal(plain) * factor
        cents = amount.quantize(_CENT)
    except InvalidOperation:
        return text
    return str(cents) if cents == amount else text


def alike(text: str) -> str:
    """Return a label in the writing that code lists compare."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(text.split()).replace("〔", "(").replace("〕", ")").lower()


def _names(scheme: Scheme, form: str = "") -> Mapping[str, str]:
    names: dict[str, str] = {}
    for concept in scheme.concepts.values():
        labels = (concept.notation, concept.label.zh, concept.label.en, *concept.alternatives)
        for name in (*labels, *concept.cells.get(form, ())):
            names.setdefault(alike(name), concept.notation)
    return names


def _several(text: str) -> Read:
    parts = (part.strip(BLANKS) for part in _SEVERAL.split(text))
    return Read(list(dict.fromkeys(part for part in parts if part)) or None)


def _code(scheme: Scheme, form: str) -> Callable[[str], Read]:
    names = _names(scheme, form)
    other = _other(scheme)

    def read(text: str) -> Read:
        token = names.get(text) or names.get(alike(text))
        if token is None and other and other(text):
            token = _OTHER
        return Read(token or text)

    return read


def _codes(one: Callable[[str], Read], scheme: Scheme, field: Field) -> Callable[[str], Read]:
    names = _names(scheme)
    keep = field.received is not None

    def read(text: str) -> Read:
        tokens: dict[str, None] = {}
        unnamed: dict[str, None] = {}
        for raw in _SEVERAL.split(text):
            part = raw.strip(BLANKS)
            if not part:
                continue
            token = str(one(part).value)
            tokens[token] = None
            if keep and token == _OTHER and alike(part) not in names:
                unnamed[part] = None
        return Read(list(tokens) or None, list(unnamed) or None)

    return read


def _other(scheme: Scheme) -> Callable[[str], object] | None:
    """Return a test for "other-<name>", which forms allow beside the named codes."""
    concept = scheme.concepts.get(_OTHER)
    if concept is None:
        return None
    return re.compile(rf"{re.escape(concept.label.zh)}[-－—–:：(（].+", re.DOTALL).match
