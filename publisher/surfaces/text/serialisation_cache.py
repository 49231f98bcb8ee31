"""What a version says, written once for feeds and dumps of both tiers.

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

# A chunk of ordinary records and half another; the other surfaces take them next.
_BYTES: Final = 24 * 1024 * 1024


class SerialisedRecord(NamedTuple):
    """A version's statements in TriG and as the members of a JSON object."""

    trig: bytes
    json: bytes


class SerialisationCache:
    """Writes versions; what one reader has had written is kept until the others asked for it.

    A view names its record, so its bytes are all that the text depends on beside the kind.
    """

    def __init__(
        self,
        most: int = _BYTES,
        readers: int = 2,
        phrases: Callable[[Kind | None], StatementSerialiser] = StatementSerialiser,
    ) -> None:
        self._most = most
        self._new_phrases = phrases
        self._readers = readers
        self._size = 0
        self._phrases: dict[str | None, StatementSerialiser] = {}
        # With how many readers are still to come.
        self._held: OrderedDict[tuple[str | None, bytes], tuple[SerialisedRecord, int]] = (
            OrderedDict()
        )
        self._lock = threading.Lock()

    def serialise(self, kind: Kind | None, iri: bytes, view: bytes) -> SerialisedRecord:
        """Return the text of a view that is about the record alone."""
        slug = None if kind is None else kind.slug
        with self._lock:
            found = self._held.get((slug, view))
            if found is not None:
                self._taken((slug, view), *found)
                return found[0]
            phrases = self._phrases.get(slug)
            if phrases is None:
                phrases = self._phrases[slug] = self._new_phrases(kind)
            said = phrases.serialise(iri, view)
            text = SerialisedRecord(
                b" ;\n    ".join([item.trig for item in said]), json_members(said)
            )
            if self._readers > 1:
                self._keep((slug, view), text)
            return text

    def _taken(self, key: tuple[str | None, bytes], text: SerialisedRecord, waiting: int) -> None:
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
