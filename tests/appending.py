"""Appends whole files: one call of `Ledger.append` takes only as many rows as time allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.precedence import Precedence
    from exchange.domain.record import Result, Submission
    from exchange.ledger import Ledger


def append_all(
    ledger: Ledger,
    delivery: int,
    rows: Sequence[Submission],
    *,
    precedence: Precedence | None = None,
) -> list[Result]:
    """Append every row of a delivery, in as many calls as it takes; return a result for each."""
    options = {} if precedence is None else {"precedence": precedence}
    results: list[Result] = []
    while len(results) < len(rows):
        results += ledger.append(delivery, rows[len(results) :], **options)
    return results
