"""What a chunk of changes comes to for a store, and new records on their way into it (pure).

Purpose: a load of many records costs the engine less than many loads, so new ones wait; what
changes or leaves does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.domain.record import Activity
from ontology.terms import NS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exchange.domain.record import Change

OBJECTION = NS + "objectionOpen"
# The mark stands outside the view (docs/design/model.md "Views"), so no digest counts it. No
# literal can end a line like this: the quotes inside a literal are escaped.
OBJECTION_TRIPLE = f' <{OBJECTION}> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .\n'.encode()
# Changes that one load spans at most; no chunk is longer.
SPAN = 20_000


class PendingInserts:
    """New records on their way into the store: `after` is its position, `reached` the next."""

    def __init__(self, after: int) -> None:
        self.after = self.reached = after
        self.records: dict[str, bytes] = {}

    @property
    def size(self) -> int:
        """Bytes of the statements."""
        return sum(map(len, self.records.values()))

    def must_flush(self, net: Mapping[str, bytes], last: int) -> bool:
        """Whether they have to be in the store before these changes are taken."""
        return last - self.after > SPAN or not self.records.keys().isdisjoint(net)

    def drop(self, iris: Iterable[str]) -> None:
        """Drop records."""
        for iri in iris:
            self.records.pop(iri, None)


def net_effect(changes: Sequence[Change]) -> tuple[dict[str, bytes], set[str]]:
    """Return the statements each record ends with, none when it leaves; and who comes anew."""
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
