"""Computes what a spreadsheet displays for a stored number under a number format.

A cell that shows 示市监罚字〔2025〕007号 may hold the number 7, and one that shows 49,900.00元 in a
column of 10,000 yuan holds 49900. Only what changes the meaning matters: text, units, scale,
percent, leading zeros. Source: ECMA-376 part 1, 18.8.30 and 18.8.31.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

# One part of a format: quoted or escaped text, a bracket, what only takes room, digits, the rest.
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.?)|\[(?P<bracket>[^\]]*)\]?|[_*](?P<room>.?)'
    r"|(?P<general>General|G/通用格式)|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)"
    r"|(?P<power>E[+-]0+)|(?P<text>@)|(?P<date>[ymdhsegb]+|aaa+|上午/下午|A/P|AM/PM)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)(-?[0-9]+(?:\.[0-9]+)?)")
_CURRENCY: Final = re.compile(r"\$([^-]*)(?:-.*)?")
_ELAPSED: Final = re.compile(r"[hms]+", re.IGNORECASE)
# Signs around a number that say nothing of its unit.
_SIGNS: Final = re.compile(r"[\s()+\-:/（）]*")
# Token -> what a section with it is, and the part that stands for the value.
_FLAGS: Final = {
    "general": ("general", ["G"]),
    "text": ("for_text", ["@"]),
    "date": ("date", []),
    "power": ("power", []),
}
_UNSHOWN: Final = re.compile(r'"[^"]*"?|[\\!].?|\[[^\]]*\]?|[_*].?')
_LONGEST: Final = 255  # characters of a format, by its specification
_COMPARED: Final = {
    "<": lambda value, bound: value < bound,
    ">": lambda value, bound: value > bound,
    "=": lambda value, bound: value == bound,
    "<=": lambda value, bound: value <= bound,
    ">=": lambda value, bound: value >= bound,
    "<>": lambda value, bound: value != bound,
}


@dataclass(slots=True)
class FormatSection:
    """One of the up to four sections of a format, as far as it matters here.

    `parts` are its digits ("0", "#", "?"), its point (".") and the texts between them (" " before
    each); `scale` counts commas behind the digits, each a thousand.
    """

    parts: list[str] = field(default_factory=list)
    condition: tuple[str, Decimal] | None = None
    scale: int = 0
    percent: bool = False
    thousands: bool = False
    general: bool = False
    power: bool = False
    date: bool = False
    not_reproducible: bool = (
        False  # Chinese numerals, fractions: shown otherwise than can be said here
    )
    numerals: bool = False
    for_text: bool = False

    @property
    def literals(self) -> str:
        """The text that the section displays besides digits."""
        return "".join(part[1:] for part in self.parts if part[:1] == " ")

    @property
    def has_unit(self) -> bool:
        """Whether the section displays a unit or scales the number."""
        return bool(
            self.percent or self.scale or self.numerals or _SIGNS.fullmatch(self.literals) is None
        )


class NumberFormat:
    """A number format; `code` is its text in the workbook, such as `#,##0.00"元"`."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._sections = [_section(part) for part in _split(code[:_LONGEST])]

    @property
    def is_date(self) -> bool:
        """Whether numbers are displayed as dates or times."""
        return self._sections[0].date

    @property
    def hides_day(self) -> bool:
        """Whether dates are displayed without year, month or day of the month."""
        letters = set(_UNSHOWN.sub("", self.code.partition(";")[0]).lower())
        return self.is_date and not (letters & set("yegb") and {"m", "d"} <= letters)

    @property
    def has_unit(self) -> bool:
        """Whether some numbers are displayed with a unit, scaled, or not at all."""
        return any(item.has_unit or not item.parts for item in self._sections)

    def display_number(self, text: str) -> tuple[str, bool] | None:
        """Return the displayed text and whether it has a unit or scale; None if it is no number.

        Example: the format `0.0,"千元"` displays 49900 as ("49.9千元", True).
        """
        try:
            value = Decimal(text)
        except InvalidOperation:
            return None
        section, signed = self._choose(value)
        if section.not_reproducible or section.date or section.numerals:
            return self.code, section.has_unit
        if section.power:
            return text, section.has_unit  # shortened on the screen only
        try:
            shown = _display_number(section, abs(value) if signed else value, text)
        except InvalidOperation:  # more digits than a spreadsheet keeps
            return self.code, section.has_unit
        return shown, section.has_unit or not shown

    def display_text(self, text: str) -> str:
        """Return how a text is displayed."""
        for section in self._sections:
            if section.for_text:
                parts = (part[1:] if part[:1] == " " else text for part in section.parts)
                return "".join(parts)
        return text

    def _choose(self, value: Decimal) -> tuple[FormatSection, bool]:
        """Return the section for a number, and whether the section displays the sign itself."""
        numbers = [item for item in self._sections if not item.for_text] or self._sections
        for item in numbers:
            if item.condition and _COMPARED[item.condition[0]](value, item.condition[1]):
                return item, False
        numbers = [item for item in numbers if not item.condition] or numbers
        if value < 0 and len(numbers) > 1:
            return numbers[1], True
        if value == 0 and len(numbers) > 2:  # noqa: PLR2004 (positive; negative; zero)
            return numbers[2], False
        return numbers[0], False


@lru_cache(maxsize=1024)
def number_format(code: str) -> NumberFormat:
    """Return the format of a code, from a cache: a workbook has few."""
    return NumberFormat(code)


def _split(code: str) -> list[str]:
    parts, start, quoted, escaped = [], 0, False, False
    for at, character in enumerate(code):
        if escaped:
            escaped = False
        elif character == '"':
            quoted = not quoted
        elif character in "\\!" and not quoted:
            escaped = True
        elif character == ";" and not quoted:
            parts.append(code[start:at])
            start = at + 1
    return [*parts, code[start:]]


def _section(code: str) -> FormatSection:
    section = FormatSection()
    commas = 0
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup, match[match.lastgroup or 0]
        if kind == "comma":
            commas += 1
            continue
        if kind == "digit":
            section.thousands = section.thousands or commas > 0
            commas = 0
        elif kind == "point":
            section.scale, commas = section.scale + commas, 0
        _add_token(section, kind or "", text)
    section.scale += commas
    return section


def _add_token(section: FormatSection, kind: str, text: str) -> None:
    """Add a token to the section; placeholders for width are ignored."""
    if kind == "bracket":
        _add_bracket(section, text)
    elif kind in {"digit", "point"}:
        section.parts.append(text)
    elif kind in {"quoted", "escaped", "other", "percent"}:
        section.not_reproducible = section.not_reproducible or (kind == "other" and text == "/")
        section.percent = section.percent or kind == "percent"
        section.parts.append(" " + text)
    elif kind in _FLAGS:
        flag, part = _FLAGS[kind]
        setattr(section, flag, True)
        section.parts += part


def _add_bracket(section: FormatSection, text: str) -> None:
    condition, currency = _CONDITION.fullmatch(text), _CURRENCY.fullmatch(text)
    if condition:
        section.condition = (condition[1], Decimal(condition[2]))
    elif currency and currency[1]:
        section.parts.append(" " + currency[1])
    elif _ELAPSED.fullmatch(text):
        section.date = True
    elif text.upper().startswith("DBNUM"):
        section.numerals = True


def _display_number(section: FormatSection, value: Decimal, text: str) -> str:
    if section.general:
        return "".join(text if part == "G" else part[1:] for part in section.parts)
    value = value * (100 if section.percent else 1) / 1000**section.scale
    whole, _, after = _halves(section.parts)
    places = sum(part in "0#?" for part in after)
    digits = f"{abs(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    integer, _, fraction = digits.partition(".")
    sign = "-" if value < 0 else ""
    return sign + _integer(section, whole, integer) + _fraction(after, fraction)


def _halves(parts: list[str]) -> tuple[list[str], str, list[str]]:
    if "." not in parts:
        return parts, "", []
    at = parts.index(".")
    return parts[:at], ".", parts[at + 1 :]


def _integer(section: FormatSection, parts: list[str], digits: str) -> str:
    """Fill in the digits from the right; remaining digits are put before the first place."""
    at = [number for number, part in enumerate(parts) if part in "0#?"]
    if section.thousands and at:
        before = "".join(part[1:] for part in parts[: at[0]])
        return f"{before}{int(digits):,}{''.join(part[1:] for part in parts[at[-1] + 1 :])}"
    left = "" if digits == "0" else digits
    places = sum(part in "0#?" for part in parts)
    shown: list[str] = []
    for part in reversed(parts):
        if part[:1] == " ":
            shown.append(part[1:])
            continue
        places -= 1
        if not places and left:
            shown.append(left)
            left = ""
        elif left:
            shown.append(left[-1])
            left = left[:-1]
        elif part == "0":
            shown.append("0")
    return "".join(reversed(shown))


def _fraction(parts: list[str], digits: str) -> str:
    """Return the displayed fraction with its point; a "#" leaves out trailing zeros."""
    shown, at = "", 0
    needed = max((at for at, part in enumerate(parts) if part == "0"), default=-1)
    rest = digits.rstrip("0")
    for position, part in enumerate(parts):
        if part[:1] == " ":
            shown += part[1:]
            continue
        if at < len(rest) or position <= needed:
            shown += digits[at] if at < len(digits) else "0"
        at += 1
    return ("." if rest or needed >= 0 else "") + shown
