"""Outdated rows: which rows of a delivery may replace newer ones, and the texts about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.domain.precedence import HELD_UNCOMPARED, Precedence
from exchange.domain.publicity_period import china_time
from exchange.intake.database_source import DatabaseTable
from exchange.ledger import COMPARED_VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.domain.record import Result

_TO_THE_MINUTE = 16  # characters of an ISO time


def precedence_of(source: Path | DatabaseTable, *, allowed: bool) -> Precedence:
    """Return what the rows of a source may replace; `allowed`: the user allows older data."""
    if allowed:
        return Precedence.APPLY
    return Precedence.CURRENT if isinstance(source, DatabaseTable) else Precedence.REVIEW


def version_details(result: Result) -> dict[str, str]:
    """Return the version details for the message about a row that was not applied."""
    if result.reason == HELD_UNCOMPARED:
        return {"versions": str(COMPARED_VERSIONS)}
    if result.superseded is None:
        return {}
    received, replaced = map(_minute, result.superseded)
    return {"received": received, "replaced": replaced}


def _minute(milliseconds: int) -> str:
    return china_time(milliseconds)[:_TO_THE_MINUTE].replace("T", " ")
