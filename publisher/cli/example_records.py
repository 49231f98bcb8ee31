"""Which record the demonstration shows: a penalty that a list entry and measures follow from.

Purpose: a repair of it takes the entry away, too, and ends the measures, so that one command shows
the whole promise. Views are canonical N-Quads and are read as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.keys import normal
from ontology.terms import CODE, NS

if TYPE_CHECKING:
    from collections.abc import Iterable

# On this list the sample's measures apply.
LIST: Final = "market-supervision"
_ON: Final = f"<{NS}onList> <{CODE}credit-list/{LIST}>".encode()
_SAID: Final = re.compile(
    rb'/ns#(uscc|documentNumber|authority|basisDocumentNumber|basisAuthority)> ["<]([^">]*)[">]'
)


@dataclass(frozen=True, slots=True)
class Showcase:
    """The record to be repaired and the code of its subject; empty where there is none."""

    record: str = ""
    code: str = ""


def showcase(live: Iterable[tuple[str, str, bytes]]) -> Showcase:
    """Return what to show of live records: IRI, kind, view.

    Without a list that follows from a penalty, any penalty with a code is shown.
    """
    penalties: dict[tuple[str, str], Showcase] = {}
    bases: list[tuple[str, str]] = []
    for iri, kind, view in live:
        said = {name: value.decode() for name, value in _SAID.findall(view)}
        if kind == "penalty" and b"uscc" in said:
            key = normal(said[b"documentNumber"]), said.get(b"authority", "")
            penalties[key] = Showcase(iri, said[b"uscc"])
        elif kind == "list-entry" and _ON in view and b"uscc" in said:
            number = normal(said.get(b"basisDocumentNumber", ""))
            bases.append((number, said.get(b"basisAuthority", "")))
    found = (penalties[key] for key in bases if key in penalties)
    return next(found, next(iter(penalties.values()), Showcase()))
