"""Destroys the held rows of an erased record, also after a crash between the steps.

The rows are marked before the ledger's event. Afterwards they could not be found any more, since
the record's texts are destroyed with its seals.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exchange.intake import held_row
from exchange.intake.erasure_scrubbing import contains_any, normalise_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from exchange.intake.held_row import HeldRow
    from exchange.intake.held_store import HeldRows
    from exchange.ledger import Ledger, Traces


def mark_held_rows(held: HeldRows, ledger: Ledger, traces: Traces) -> int:
    """Mark the held rows with the record's key or a text that only it has; return how many."""
    return held.mark_for_erasure(traces.iri, _concerns(ledger, traces))


def _concerns(ledger: Ledger, traces: Traces) -> Callable[[HeldRow], bool]:
    wanted = normalise_texts(traces.own_literals)

    def about(row: HeldRow) -> bool:
        if ledger.key_macs(row.submission) & traces.keys:
            return True
        return contains_any(json.dumps(held_row.to_document(row), ensure_ascii=False), wanted)

    return about


def finish_held_erasures(held: HeldRows, ledger: Ledger) -> None:
    """Finish interrupted erasures: destroy marked rows if the erasure was logged, else unmark."""
    for iri in held.marked():
        if ledger.is_erased(iri):
            held.destroy_marked(iri)
        else:
            held.unmark(iri)
