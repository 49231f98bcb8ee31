"""Finds cells damaged by a spreadsheet or a wrong encoding, in files of any format."""

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
    """Whether a row may hold a damaged cell: a fast test that most rows do not pass."""
    return _SIGN.search(row) is not None or _has_word(row)


def _has_word(row: str) -> bool:
    return (
        ("E-" in row or "e-" in row)
        or ("rr:5" in row or "误:5" in row)
        or ("RUE" in row or "rue" in row or "ALSE" in row or "alse" in row)
    )


def cell_damage(text: str, known: FormColumn | None) -> tuple[str, Severity] | None:
    """Return rule and severity of the gravest damage to a cell, None if there is none.

    Damage that only free text can show is reported for free-text columns alone; `known` is the
    column, None if it is unknown.
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
        return None  # a rule of the shapes reports it
    return (
        ("shortened-inside", "warning") if whole or spreadsheet_damage.has_shortened(text) else None
    )
