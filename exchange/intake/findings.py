"""Findings: faults of a delivered file, each with its cell.

A finding names the file, the sheet, the row as the spreadsheet counts it (the header is row 1,
a cell of several lines is still one row), the column letter and code, the value, the rule, one
sentence what and one sentence how to mend, in Chinese and English.
Source: docs/design/intake.md "Findings".
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

from exchange.domain.personal_data import mask
from exchange.intake.rule_messages import MESSAGES
from exchange.model import Label

Severity = Literal["error", "held", "warning", "info"]  # the gravest first
VALUE_BOUND: Final = 120  # characters of a cell that a finding repeats
_LETTERS: Final = 26
_WORDS: Final = {
    "zh": {"error": "错误", "held": "待审", "warning": "提示", "info": "说明"},
    "en": {"error": "error", "held": "held", "warning": "warning", "info": "info"},
}


@dataclass(frozen=True, slots=True)
class CellLocation:
    """The location of a cell, row or sheet in a delivered file.

    `row` counts as a spreadsheet does (JSON: records), `line` counts lines of text.

    `column` is the spreadsheet letter, `code` the national column code or the JSON name, `name`
    the column's Chinese name.
    """

    file: str
    sheet: str | None = None
    row: int | None = None
    line: int | None = None
    column: str | None = None
    code: str | None = None
    name: str | None = None

    def text(self, lang: str) -> str:
        """Return the location as text in the language `zh` or `en`."""
        zh = lang != "en"
        parts = [self.file]
        if self.sheet:
            parts.append(f"工作表 {self.sheet}" if zh else f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"第 {self.row} 行" if zh else f"row {self.row}")
        if self.line is not None and self.line != self.row:
            parts.append(f"(文本第 {self.line} 行)" if zh else f"(text line {self.line})")
        if self.column:
            parts.append(f"{self.column} 列" if zh else f"column {self.column}")
        if self.code:
            parts.append(self.code)
        if self.name and zh:
            parts.append(self.name)
        return " ".join(parts)


_LOCATION_FIELDS: Final = tuple(field.name for field in fields(CellLocation))


@dataclass(frozen=True, slots=True)
class Finding:
    """One message to the sender of a delivery.

    Severities: `error`, the row or file is rejected; `held`, the row waits for review; `warning`,
    the row is unusual and loaded; `info`, why the ledger did not apply a sound row.
    """

    location: CellLocation
    rule: str
    message: Label
    hint: Label
    severity: Severity = "error"
    value: str = ""

    def as_info(self) -> Finding:
        """Return the finding with severity info: it did not decide the outcome of the row."""
        return replace(self, severity="info")

    def text(self, lang: str = "zh") -> str:
        """Return the finding on one line."""
        value = f" [{self.value}]" if self.value else ""
        word = _WORDS["en" if lang == "en" else "zh"][self.severity]
        return f"{self.location.text(lang)}: {word}:{value} {self.advice(lang)}"

    def advice(self, lang: str = "zh") -> str:
        """Return message and hint in the language `zh` or `en`."""
        texts = [item.en if lang == "en" else item.zh for item in (self.message, self.hint)]
        return " ".join(_sentence(text, "." if lang == "en" else "。") for text in texts if text)

    def as_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object, without the parts of the location that are None."""
        # Written out: a large file has thousands of findings, and `asdict` copies each deeply.
        location = {name: getattr(self.location, name) for name in _LOCATION_FIELDS}
        return {
            **{name: value for name, value in location.items() if value is not None},
            "value": self.value,
            "rule": self.rule,
            "severity": self.severity,
            "message": {"zh": self.message.zh, "en": self.message.en},
            "hint": {"zh": self.hint.zh, "en": self.hint.en},
        }


def finding(
    rule: str,
    location: CellLocation,
    value: str = "",
    severity: Severity = "error",
    **details: object,
) -> Finding:
    """Return a finding of one of the intake's own rules (`exchange.intake.rule_messages`)."""
    zh, en, hint_zh, hint_en = MESSAGES[rule]
    message = Label(zh.format(**details), en.format(**details))
    return Finding(location, rule, message, Label(hint_zh, hint_en), severity, printable(value))


def _sentence(text: str, stop: str) -> str:
    return text if text.endswith(stop) else text + stop


def printable(value: str) -> str:
    """Return a cell's text for display: bounded in length, on one line, without control characters.

    Digits that may belong to a private person are masked.
    """
    value = mask(value[: 2 * VALUE_BOUND])
    text = value if len(value) <= VALUE_BOUND else value[: VALUE_BOUND - 1] + "…"
    return "".join(item if item.isprintable() else f"\\x{ord(item):02x}" for item in text)


def column_position(letters: str) -> int:
    """Return the position of a column by its spreadsheet letters, 0 for A."""
    number = 0
    for letter in letters:
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1


def column_letters(position: int) -> str:
    """Return the spreadsheet letters of a column, 0 for A."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters
