"""Recognises what spreadsheets do to cells: error words, shortened numbers, serial dates.

Excel, WPS and LibreOffice show long numbers as 1.23E+17, keep a day as a number, and save
`#N/A` where a formula failed. Saved as CSV, that is all that is left of the value.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import Final

# The words of Excel, WPS and LibreOffice, in any of their languages: "#", letters, "!" or "?";
# some have no mark at their end, and a column too narrow shows "#" alone.
_LETTER: Final = r"[^\W\d_]"
_ERROR: Final = re.compile(
    rf"#+|#[¡¿]?{_LETTER}{{1,20}}(?:/0)?[!?]|#{_LETTER}{{1,3}}/{_LETTER}{{1,3}}"
    r"|#NV|#GETTING_DATA|#(?:不可用|不适用|无数据|正在获取数据)|(?:ERR|错误):5[0-9]{2}"
)
# Those that are sought within a longer text: in English and Chinese, with their mark.
_ERROR_INSIDE: Final = re.compile(
    r"#(?:(?:VALUE|REF|NUM|NULL|SPILL|CALC|FIELD|BLOCKED|CONNECT|UNKNOWN|BUSY|DIV/0)!|NAME\?"
    r"|N/A(?![A-Z0-9])|GETTING_DATA|名称\?|(?:值|引用|数|数值|数字|空|空值|除以零|除/0|被零除|溢出|计算)!)"
)
_ERROR_BOUND: Final = 40  # characters; no error word is longer
_SEVERAL: Final = re.compile(r"[;；]")
# 1.23E+17, 1E-05; Java programs write 1.23E17.
_SHORTENED: Final = re.compile(
    r"[+-]?[0-9]{1,20}(?:[.,][0-9]{0,20})?E[+-][0-9]{1,3}|[+-]?[0-9][.,][0-9]{1,20}E[0-9]{1,3}"
)
_SHORTENED_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,20}(?:[.,][0-9]{0,20})?E[+-]?[0-9]{1,3}")
_SHORTENED_INSIDE: Final = re.compile(
    r"(?<![0-9A-Z.])[0-9](?:[.,][0-9]{1,20})?E[+-][0-9]{1,3}(?![0-9A-Z])"
)
_TRUTHS: Final = frozenset({"TRUE", "FALSE"})
_MONTH: Final = r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC)[A-Z]{0,6}"
_NUMERAL: Final = r"[0-9一二三四五六七八九十〇零○廿卅]"
_DATE: Final = re.compile(
    rf"[0-9]{{4}}([-/.])[0-9]{{1,2}}\1[0-9]{{1,2}}"
    rf"|[0-9]{{1,2}}([-/.])[0-9]{{1,2}}\2[0-9]{{4}}"
    rf"|{_NUMERAL}{{2,4}}年(?:{_NUMERAL}{{1,3}}月(?:{_NUMERAL}{{1,3}}[日号])?)?"
    rf"|{_NUMERAL}{{1,3}}月(?:{_NUMERAL}{{1,3}}[日号]?)?"
    rf"|[0-9]{{1,2}}[-/ ]{_MONTH}(?:[-/ ][0-9]{{2,4}})?"
    rf"|{_MONTH}[-/ ][0-9]{{1,4}}(?:,? ?[0-9]{{4}})?"
)
_TIME_BEHIND: Final = re.compile(
    r"[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?[AP]M)?$"
)
_CODE: Final = re.compile(r"[0-9A-Z-]{8,20}")
_CODE_DIGITS: Final = 6  # a name in Latin letters has fewer
_SERIAL: Final = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
# Serial numbers count days from here where they are those of 1900 (ECMA-376 part 1, 18.17.4.1).
_EPOCH: Final = date(1899, 12, 30)
_FIRST, _LAST = 14_612, 73_050  # 1940-01-03 and 2099-12-31


def normalise(text: str) -> str:
    """Return a text half-width, in capitals and without outer blanks or a leading quote."""
    return unicodedata.normalize("NFKC", text).strip().lstrip("'").upper()


def is_error_word(text: str) -> bool:
    """Whether a cell, or one of several values in it, is an error word such as #N/A."""
    if len(text) > _ERROR_BOUND:
        return False
    return any(_ERROR.fullmatch(part.strip()) for part in _SEVERAL.split(normalise(text)))


def is_shortened(text: str) -> bool:
    """Whether a text is a number that was shortened to E-notation."""
    return _SHORTENED.fullmatch(normalise(text)) is not None


def has_error_word(text: str) -> bool:
    """Whether a text contains an error word."""
    return _ERROR_INSIDE.search(normalise(text)) is not None


def has_shortened(text: str) -> bool:
    """Whether a text contains a number in E-notation."""
    return _SHORTENED_INSIDE.search(normalise(text)) is not None


def is_truth_value(text: str) -> bool:
    """Whether a text is TRUE or FALSE."""
    return normalise(text) in _TRUTHS


def is_shortened_number(text: str) -> bool:
    """Whether a text is in E-notation, in a column of numbers or codes only: 1E5 counts too."""
    return _SHORTENED_NUMBER.fullmatch(normalise(text)) is not None


def is_date(text: str) -> bool:
    """Whether a text is a day, a month or a year in any usual writing, with or without a time."""
    return _DATE.fullmatch(_TIME_BEHIND.sub("", normalise(text))) is not None


def is_code(text: str) -> bool:
    """Whether a text is the number of a company, a person or a certificate: digits, few letters."""
    found = _CODE.fullmatch(normalise(text))
    return found is not None and sum(map(str.isdigit, found[0])) >= _CODE_DIGITS


def date_of_serial(text: str) -> date | None:
    """Return the date whose spreadsheet serial number the text is, None if it is none.

    Serial numbers count days from 1899-12-30 (ECMA-376 part 1, 18.17.4.1).
    """
    match = _SERIAL.fullmatch(normalise(text))
    if match is None or not _FIRST <= int(match[1]) <= _LAST:
        return None
    return _EPOCH + timedelta(days=int(match[1]))
