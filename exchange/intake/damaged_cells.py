"""Cells that a spreadsheet or a wrong encoding spoilt, in whatever file they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from exchange.model import mojibake, spreadsheet_damage

if TYPE_CHECKING:
    from exchange.intake.findings import Severity
    from exchange.intake.header_matching import FormColumn

# One search over a whole row; a few words have no sign of their own.
_SIGN: Final = re.compile(rf"[#＃+＋ＥｅＵｕ{mojibake.SIGNS}]")


def may_be_damaged(row: str) -> bool:
    """Whether one of a row's cells may be spoilt; most rows have no sign of it."""
    return _SIGN.search(row) is not None or _has_word(row)


def _has_word(row: str) -> bool:
    return (
        ("E-" in row or "e-" in row)
        or ("rr:5" in row or "误:5" in row)
        or ("RUE" in row or "rue" in row or "ALSE" in row or "alse" in row)
    )


def cell_damage(text: str, known: FormColumn | None) -> tuple[str, Severity] | None:
    """Return rule and severity of the gravest thing that was done to a cell, None for nothing.

    What can be told only of free text is told of columns that are `known` to hold it.
    """
    if not may_be_damaged(text):
        return None
    if spreadsheet_damage.is_error_word(text):
        return "formula-error", "error"
    if spreadsheet_damage.has_error_word(text):
        return "formula-error-inside", "error"
    lost = mojibake.encoding_loss(text)
    if lost:
        return "encoding-lost", lost
    return _free_text_damage(text, known) if known is not None and known.free_text else None


def _free_text_damage(text: str, known: FormColumn) -> tuple[str, Severity] | None:
    if spreadsheet_damage.is_truth_value(text):
        return "truth-value", "warning"
    whole = spreadsheet_damage.is_shortened(text)
    if whole and known.refuses_shortened:
        return None  # the shapes' own rule says so
    return (
        ("shortened-inside", "warning") if whole or spreadsheet_damage.has_shortened(text) else None
    )
