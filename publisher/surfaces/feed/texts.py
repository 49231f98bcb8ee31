"""What a version says, written once for both tiers: they mostly show the same bytes of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from publisher.surfaces.phrases import Phrases, members_of

if TYPE_CHECKING:
    from exchange.model.kinds import Kind

# A chunk of ordinary records; the other tier's feed takes it next.
_BYTES: Final = 32 * 1024 * 1024


class Text(NamedTuple):
    """A version's statements in TriG and as the members of a JSON object."""

    trig: bytes
    json: bytes


class Texts:
    """Writes versions; what one tier has had written is kept until the other asks for it.

    A view names its record, so its bytes are all that the text depends on beside the kind.
    """

    def __init__(self, most: int = _BYTES) -> None:
        self._most = most
        self._size = 0
        self._phrases: dict[str | None, Phrases] = {}
        self._held: dict[tuple[str | None, bytes], Text] = {}
        self._lock = threading.Lock()

    def of(self, kind: Kind | None, iri: bytes, view: bytes) -> Text:
        """Return the text of a view that is about the record alone."""
        slug = None if kind is None else kind.slug
        with self._lock:
            found = self._held.pop((slug, view), None)
            if found is not None:
                self._size -= _size(view, found)
                return found
            phrases = self._phrases.get(slug)
            if phrases is None:
                phrases = self._phrases[slug] = Phrases(kind)
            said = phrases.of(iri, view)
            text = Text(b" ;\n    ".join([item.trig for item in said]), members_of(said))
            self._keep((slug, view), text)
            return text

    def _keep(self, key: tuple[str | None, bytes], text: Text) -> None:
        self._held[key] = text
        self._size += _size(key[1], text)
        while self._size > self._most:
            oldest = next(iter(self._held))
            self._size -= _size(oldest[1], self._held.pop(oldest))


def _size(view: bytes, text: Text) -> int:
    return len(view) + len(text.trig) + len(text.json)
