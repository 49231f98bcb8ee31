"""Suggests records that a repair with an unknown target may mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import DataInvalid
from exchange.domain.key_suggestions import near
from exchange.model import FieldType, compile_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.domain.record import Link
    from exchange.ledger import Ledger
    from exchange.model import Kind, Model

SHOWN: Final = 3  # records offered for one row
MOST: Final = 100  # rows of a delivery for which near records are looked for


@dataclass(frozen=True, slots=True)
class SuggestedTarget:
    """A suggested record: document number, authority, date, IRI; unknown parts are empty."""

    number: str
    authority: str
    day: str
    iri: str


class TargetSuggestions:
    """Looks for similar records, for one delivery; reads no record before the first request."""

    def __init__(self, ledger: Ledger, model: Model) -> None:
        self._records = ledger.similar_records()
        self._model = model
        self._asked = 0
        self._recent: dict[str, list[tuple[tuple[str, ...], SuggestedTarget]]] = {}

    def suggest(self, link: Link) -> list[SuggestedTarget]:
        """Return at most three live records similar to a link's target, the likeliest first."""
        self._asked += 1
        if self._asked > MOST:
            return []
        keys = (link.key, *link.aliases, *link.partial)
        compiled = compile_kind(self._model, link.kind)
        targets = {
            iri: _record(compiled.kind, compiled.to_json(iri, view))
            for iri, view in self._records.by_number(keys, SHOWN)
        }
        for known_keys, record in self._known(link.kind):
            if any(near(key, other) for key in keys for other in known_keys):
                targets.setdefault(record.iri, record)
        return list(targets.values())[:SHOWN]

    def _known(self, slug: str) -> list[tuple[tuple[str, ...], SuggestedTarget]]:
        if slug not in self._recent:
            self._recent[slug] = list(self._read(slug))
        return self._recent[slug]

    def _read(self, slug: str) -> Iterator[tuple[tuple[str, ...], SuggestedTarget]]:
        compiled = compile_kind(self._model, slug)
        for iri, view in self._records.recent(slug):
            record = compiled.to_json(iri, view)
            try:
                key = compiled.record_key(record)
            except (DataInvalid, KeyError):  # a person's number is not in this view
                continue
            yield (key.primary, *key.aliases, *key.partial), _record(compiled.kind, record)


def _record(kind: Kind, record: dict[str, Any]) -> SuggestedTarget:
    fields = [kind.field(name) for name in kind.key]
    number = next((f.name for f in fields if f.field_type is FieldType.TEXT), "")
    by = next(
        (f for f in fields if f.key_fallback and f.field_type is FieldType.ORGANISATION), None
    )
    names = (by.key_fallback or "", by.name) if by else ()
    day = next((f.name for f in kind.fields if f.field_type is FieldType.DATE and f.required), "")
    return SuggestedTarget(
        number=str(record.get(number, "")),
        authority=next((str(record[name]) for name in names if name in record), ""),
        day=str(record.get(day, "")),
        iri=str(record["id"]),
    )
