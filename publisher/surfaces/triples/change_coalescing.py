"""The net effect of a chunk of changes on a triple store, and new records not yet loaded (pure).

Purpose: one load of many records costs the engine less than many loads, so new records are
collected; changes and removals are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.domain.record import Activity
from ontology.terms import NS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exchange.domain.record import Change

OBJECTION = NS + "objectionOpen"
# The objection mark is not part of the view (docs/design/model.md "Views"), so no digest counts
# it. No literal can end a line like this: the quotes inside a literal are escaped.
OBJECTION_TRIPLE = f' <{OBJECTION}> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .\n'.encode()
# Most changes that one load may cover; no chunk is longer.
SPAN = 20_000


class PendingInserts:
    """New records not yet in the store.

    `after` is the store's position, `reached` its position once they are loaded.
    """

    def __init__(self, after: int) -> None:
        self.after = self.reached = after
        self.records: dict[str, bytes] = {}

    @property
    def size(self) -> int:
        """Size of their statements in bytes."""
        return sum(map(len, self.records.values()))

    def must_flush(self, net: Mapping[str, bytes], last: int) -> bool:
        """Whether they must be loaded before these changes are applied."""
        return last - self.after > SPAN or not self.records.keys().isdisjoint(net)

    def drop(self, iris: Iterable[str]) -> None:
        """Remove records from the pending ones."""
        for iri in iris:
            self.records.pop(iri, None)


def net_effect(changes: Sequence[Change]) -> tuple[dict[str, bytes], set[str]]:
    """Return each record's final statements (empty when removed), and the created records."""
    net: dict[str, bytes] = {}
    created = set[str]()
    for change in changes:
        if change.activity is Activity.CREATE and change.iri not in net:
            created.add(change.iri)
        net[change.iri] = b""
        if change.view is not None and change.activity is not Activity.DELETE:
            mark = b"<" + change.iri.encode() + b">" + OBJECTION_TRIPLE if change.objection else b""
            net[change.iri] = change.view + mark
    return net, created
