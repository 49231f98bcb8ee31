"""Limits of the unpacking process, and the error when a workbook exceeds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class WorkbookRefused(Exception):
    """The workbook exceeds a limit or breaks a rule of its format; `rule` names the finding."""

    def __init__(self, rule: str, **details: Any) -> None:
        super().__init__(rule)
        self.rule = rule
        self.details = details


@dataclass(frozen=True, slots=True)
class WorkbookBounds:
    """Limits of a workbook, in bytes except `entries`, `ratio`, `columns` and `seconds`."""

    unpacked: int
    entries: int
    ratio: int
    columns: int
    memory: int
    spool: int
    seconds: int
