"""Views of the versions opened last: both tiers and every surface read a version in turn.

Opening a version (decrypting, unpacking, cutting its views) costs several times what finding it
costs. Whether a reader may have the text is asked of the database each time, never of this.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

# Both tiers' views, mostly one and the same object: some 5,000 records of an ordinary size.
_BYTES: Final = 16 * 1024 * 1024
Views = tuple[bytes | None, ...]


class Opened:
    """Views by the position of their event, the oldest given up first; for any thread."""

    def __init__(self, most: int = _BYTES) -> None:
        self._most = most
        self._size = 0
        self._held: OrderedDict[int, Views] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, position: int) -> Views | None:
        """Return the views of a version (by rank of their tier) if they are held."""
        return self._held.get(position)

    def keep(self, position: int, views: Views) -> None:
        """Hold the views of a version."""
        with self._lock:
            if position in self._held:
                return
            self._held[position] = views
            self._size += _size(views)
            while self._size > self._most:
                self._size -= _size(self._held.popitem(last=False)[1])

    def clear(self) -> None:
        """Hold nothing any more: an erasure leaves no text in memory either."""
        with self._lock:
            self._held.clear()
            self._size = 0


def _size(views: Views) -> int:
    """Return the bytes of the views, shared ones once."""
    return sum({id(view): len(view) for view in views if view is not None}.values())
