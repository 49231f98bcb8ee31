"""Fingerprints that recognise a removed record delivered again under another key (pure).

A key is made of codes. When an authority or a counterpart gets another code, or one is mistyped,
the same decision has another key, and a repaired record would come back as a new one. So a kind
names combinations of fields (`cr:resemblance` on its shape: a document number with the
counterpart's code, or with its name) by which a row is held if a removed record had the same.
Decision: docs/decisions/0017-resemblance.md.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from exchange.domain.keys import SEPARATOR, searchable

# Words of a number that are written or left out at will: 973, 第973号 and 字第0973号 are one.
_FILLERS: Final = re.compile("文号|编号|文書|文书|决定书|NO|第|号|字|年")
# Digits as Chinese writes them, one for each place; older characters of the offices' words.
_ALIKE: Final = str.maketrans(
    "〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖號罰許處證書監稅環應農業國審質決",
    "00123456789123456789号罚许处证书监税环应农业国审质决",
)
_SHORT_YEAR: Final = re.compile(r"([\[(〔（【{〈《「『])\s*(\d\d)\s*年?\s*([\])〕）】}〉》」』])")
_UNSEEN: Final = re.compile("[\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]")
_ZEROS: Final = re.compile(r"(?<!\d)0+(?=\d)")


@dataclass(frozen=True, slots=True)
class Resemblance:
    """One combination of properties (`<iri>`); `optional` is a part that some forms lack."""

    properties: tuple[str, ...]
    optional: str | None = None


def removed_marks(kind: str, body: str, rules: tuple[Resemblance, ...]) -> list[str]:
    """Return the fingerprints (clear texts) of a removed record, from its stored body."""
    marks = []
    for rule in rules:
        common = _common(kind, body, rule)
        if common is None:
            continue
        part = _value(body, rule.optional) if rule.optional else None
        marks.append(f"{common}{SEPARATOR}any")
        marks.append(f"{common}{SEPARATOR}none" if part is None else f"{common}{SEPARATOR}={part}")
    return marks


def delivered_marks(kind: str, body: str, rules: tuple[Resemblance, ...]) -> list[str]:
    """Return the fingerprints of a delivered row; a removed record with one of them resembles it.

    A row without the optional part resembles any removed record that has the others; a row with
    it, one with the same part or with none.
    """
    marks = []
    for rule in rules:
        common = _common(kind, body, rule)
        if common is None:
            continue
        part = _value(body, rule.optional) if rule.optional else None
        if part is None:
            marks.append(f"{common}{SEPARATOR}any")
        else:
            marks += [f"{common}{SEPARATOR}={part}", f"{common}{SEPARATOR}none"]
    return marks


def _common(kind: str, body: str, rule: Resemblance) -> str | None:
    """Return kind, properties and required parts as one text; None where a part is missing."""
    parts = [_value(body, name) for name in rule.properties]
    if None in parts:
        return None
    return SEPARATOR.join([kind, *rule.properties, *map(str, parts)])


def _value(body: str, name: str | None) -> str | None:
    """Return a property's first object in a stored body, normalised for comparison."""
    at = body.find(f" {name} ")
    if at < 0:
        return None
    start = at + len(str(name)) + 2
    value = body[start : body.index("\n", start)]
    if value.startswith('"'):
        value = json.loads(value[: value.rindex('"') + 1])  # escapes of N-Quads are those of JSON
    return comparable(value) or None


def comparable(text: str) -> str:
    """Return a number or a name in normal form for comparison.

    Brackets, blanks, invisible characters and filler words are dropped; digits of any script and
    Chinese ones become 0 to 9; leading zeros are dropped; a year of two
    digits in brackets gets the century 20.
    """
    text = unicodedata.normalize("NFKC", text)
    text = "".join(map(_plain, _UNSEEN.sub("", text))).translate(_ALIKE)
    text = _ZEROS.sub("", _SHORT_YEAR.sub(r"\g<1>20\2\3", text))
    return _FILLERS.sub("", searchable(text))


def _plain(char: str) -> str:
    """Return a digit of any script as 0 to 9, nothing for a character that is not seen."""
    if char.isascii():
        return char
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    return "" if unicodedata.category(char) == "Cf" else char
