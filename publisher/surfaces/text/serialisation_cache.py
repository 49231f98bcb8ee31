"""Serialises record versions once for feeds and dumps of both tiers.

Tiers mostly show the same bytes of a version.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from publisher.surfaces.text.statement_serialiser import StatementSerialiser, json_members

if TYPE_CHECKING:
    from collections.abc import Callable

    from exchange.model.kinds import Kind

# Bytes kept: a chunk and a half of ordinary records; the other surfaces take them next.
_BYTES: Final = 24 * 1024 * 1024


class SerialisedRecord(NamedTuple):
    """A record version's statements in TriG and as the members of a JSON object."""

    trig: bytes
    json: bytes


class SerialisationCache:
    """Serialises a record version once; keeps it until all `readers` surfaces fetched it.

    Keeps at most `most` bytes. The key is kind and view, since a view names its record.
    `serialisers` creates the serialiser of a kind. Thread-safe.
    """

    def __init__(
        self,
        most: int = _BYTES,
        readers: int = 2,
        serialisers: Callable[[Kind | None], StatementSerialiser] = StatementSerialiser,
    ) -> None:
        self._most = most
        self._new_serialiser = serialisers
        self._readers = readers
        self._size = 0
        self._serialisers: dict[str | None, StatementSerialiser] = {}
        # With the number of readers that have not fetched it yet.
        self._held: OrderedDict[tuple[str | None, bytes], tuple[SerialisedRecord, int]] = (
            OrderedDict()
        )
        self._lock = threading.Lock()

    def serialise(self, kind: Kind | None, iri: bytes, view: bytes) -> SerialisedRecord:
        """Return a view in TriG and JSON; every statement must have the record as subject."""
        slug = None if kind is None else kind.slug
        with self._lock:
            kept = self._held.get((slug, view))
            if kept is not None:
                self._count_fetch((slug, view), *kept)
                return kept[0]
            serialiser = self._serialisers.get(slug)
            if serialiser is None:
                serialiser = self._serialisers[slug] = self._new_serialiser(kind)
            statements = serialiser.serialise(iri, view)
            text = SerialisedRecord(
                b" ;\n    ".join([item.trig for item in statements]), json_members(statements)
            )
            if self._readers > 1:
                self._keep((slug, view), text)
            return text

    def _count_fetch(
        self, key: tuple[str | None, bytes], text: SerialisedRecord, waiting: int
    ) -> None:
        if waiting > 1:
            self._held[key] = text, waiting - 1
        else:
            del self._held[key]
            self._size -= _size(key[1], text)

    def _keep(self, key: tuple[str | None, bytes], text: SerialisedRecord) -> None:
        self._held[key] = text, self._readers - 1
        self._size += _size(key[1], text)
        while self._size > self._most:
            (_, oldest), (given_up, _) = self._held.popitem(last=False)
            self._size -= _size(oldest, given_up)


def _size(view: bytes, text: SerialisedRecord) -> int:
    return len(view) + len(text.trig) + len(text.json)
