"""What a workbook may cost, and how it is refused when it costs more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class WorkbookRefused(Exception):
    """The workbook breaks a bound or a rule of its format."""

    def __init__(self, rule: str, **details: Any) -> None:
        super().__init__(rule)
        self.rule = rule
        self.details = details


@dataclass(frozen=True, slots=True)
class WorkbookBounds:
    """Limits of a workbook; bytes, but for `entries`, `ratio`, `columns` and `seconds`."""

    unpacked: int
    entries: int
    ratio: int
    columns: int
    memory: int
    spool: int
    seconds: int
