"""Cells of a form -> values of a record (docs/design/model.md "Text and amounts").

A cell that cannot be read keeps its text, so that the check of records reports it. A cell that
loses something (a time of day, a word for "blank") gets a warning.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.identifiers import PLACEHOLDER, normal_code
from exchange.model.kinds import FieldType

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


class CellValue(NamedTuple):
    """Result of reading a cell: the value, the text to keep as received, the rule of a warning."""

    value: str | list[str] | None
    received: str | list[str] | None = None
    warning: str | None = None


def cell_reader(field: Field, column: Column, form: str) -> Callable[[str], CellValue]:
    """Return the function that reads a trimmed, non-empty cell of the column.

    Parameters: `field` is the field that the column fills; `form` is the form whose codes apply.
    """
    if column.constant is not None:
        constant = CellValue(column.constant)
        return lambda _: constant
    if field.field_type is FieldType.DATE:
        return _date_reader(field)
    if field.scheme is not None:
        read_code = _code_reader(field.scheme, form)
        return _code_list_reader(read_code, field.scheme, field) if field.many else read_code
    if field.many:
        return _split_values
    convert = _converter(field, column)
    blank = frozenset(word.lower() for word in field.value_type.blank_words)
    drop = field.value_type.drop_placeholder

    def read(text: str) -> CellValue:
        if text.lower() in blank:
            return CellValue(None, warning="blank-word")
        value = convert(text)
        if drop and value == PLACEHOLDER:
            return CellValue(None, warning="placeholder-dropped")
        return CellValue(value, text if field.received_field else None)

    return read if blank or drop or field.received_field else lambda text: CellValue(convert(text))


def _converter(field: Field, column: Column) -> Callable[[str], str]:
    if field.field_type is FieldType.MOMENT:
        return parse_time
    if field.field_type is FieldType.MONEY:
        return lambda text: parse_yuan(text, column.factor or Decimal(1))
    if field.field_type is FieldType.ORGANISATION or field.value_type.slug in _CODES:
        return normal_code
    return _line_feeds


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n") if "\r" in text else text


def _date_reader(field: Field) -> Callable[[str], CellValue]:
    blank = frozenset(word.lower() for word in field.value_type.blank_words)

    def read(text: str) -> CellValue:
        if text.lower() in blank:
            return CellValue(None, warning="blank-word")
        value = parse_date(text)
        timed = len(text) > _DAY_LENGTH and value != text
        return CellValue(value, warning=_dropped_time_warning(text) if timed else None)

    return read


def _dropped_time_warning(text: str) -> str | None:
    """Return the rule of the warning about a dropped time of day, None if there is none to drop."""
    match = _TIME.search(unicodedata.normalize("NFKC", text))
    if match is None:
        return None
    time = match.string[match.start() + 1 :].strip()
    if _MIDNIGHT.match(time):
        return None
    return "next-day" if _EVENING.match(time) else "time-dropped"


def parse_date(text: str) -> str:
    """Return a date in any usual notation as YYYY-MM-DD, or the text if it is no date.

    Examples: 2026/5/6, 2026年5月6日 and 20260506 give 2026-05-06.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    match = _DAY.fullmatch(plain)
    if match:
        year, _, month, date = match.groups()
        return f"{year}-{month:0>2}-{date:0>2}"
    compact = _COMPACT_DAY.fullmatch(plain)
    return "-".join(compact.groups()) if compact else text


def parse_time(text: str) -> str:
    """Return a time in any usual notation as YYYY-MM-DDThh:mm:ss+08:00, or the text unchanged.

    Files give the time of China without a zone. A date without a time means 00:00:00.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    date = parse_date(plain)
    if len(date) != _DAY_LENGTH:
        return text
    match = _TIME.search(plain)
    hour, minute, second = match.groups("00") if match else ("00", "00", "00")
    return f"{date}T{hour:0>2}:{minute}:{second}+08:00"


def parse_yuan(text: str, factor: Decimal) -> str:
    """Return an amount in yuan with two decimals, or the text unchanged if it is no amount.

    `factor` is the number of yuan in one unit of the column (10,000 in the national forms). A cell
    that names a unit (5000元, 0.5万元) overrides it. An amount with fractions of a cent is returned
    unchanged, so that the check refuses it.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if _NUMBER.fullmatch(plain) is None:
        match = _AMOUNT.fullmatch("".join(plain.split()))
        if match is None or not (match[3] or match[4] or match[5]):
            return text
        plain, factor = match[1].replace(",", "") + (match[2] or ""), _UNITS[match[3]]
    try:
        amount = Decimal(plain) * factor
        cents = amount.quantize(_CENT)
    except InvalidOperation:
        return text
    return str(cents) if cents == amount else text


def normalise_label(text: str) -> str:
    """Return a label without blanks, half-width and in lower case, for comparison."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(text.split()).replace("〔", "(").replace("〕", ")").lower()


def _tokens_by_label(scheme: Scheme, form: str = "") -> Mapping[str, str]:
    names: dict[str, str] = {}
    for concept in scheme.concepts.values():
        labels = (concept.notation, concept.label.zh, concept.label.en, *concept.alternatives)
        for name in (*labels, *concept.cells.get(form, ())):
            names.setdefault(normalise_label(name), concept.notation)
    return names


def _split_values(text: str) -> CellValue:
    parts = (part.strip(BLANKS) for part in _SEVERAL.split(text))
    return CellValue(list(dict.fromkeys(part for part in parts if part)) or None)


def _code_reader(scheme: Scheme, form: str) -> Callable[[str], CellValue]:
    names = _tokens_by_label(scheme, form)
    other = _other_label_test(scheme)

    def read(text: str) -> CellValue:
        token = names.get(text) or names.get(normalise_label(text))
        if token is None and other and other(text):
            token = _OTHER
        return CellValue(token or text)

    return read


def _code_list_reader(
    read_code: Callable[[str], CellValue], scheme: Scheme, field: Field
) -> Callable[[str], CellValue]:
    names = _tokens_by_label(scheme)
    keep = field.received_field is not None

    def read(text: str) -> CellValue:
        tokens: dict[str, None] = {}
        unnamed: dict[str, None] = {}
        for raw in _SEVERAL.split(text):
            part = raw.strip(BLANKS)
            if not part:
                continue
            token = str(read_code(part).value)
            tokens[token] = None
            if keep and token == _OTHER and normalise_label(part) not in names:
                unnamed[part] = None
        return CellValue(list(tokens) or None, list(unnamed) or None)

    return read


def _other_label_test(scheme: Scheme) -> Callable[[str], object] | None:
    """Return a test for the notation 其他-<name>, which forms allow beside the listed codes."""
    concept = scheme.concepts.get(_OTHER)
    if concept is None:
        return None
    return re.compile(rf"{re.escape(concept.label.zh)}[-－—–:：(（].+", re.DOTALL).match
