"""Caches the views of recently opened versions, since every surface of both tiers reads each.

Opening a version (decrypting, decompressing, cutting its views) costs several times its query.
The database decides at every read whether a reader may have the text; the cache never does.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

# Both tiers' views, mostly one and the same object: some 5,000 records of an ordinary size.
_BYTES: Final = 16 * 1024 * 1024
Views = tuple[bytes | None, ...]


class ViewCache:
    """Views by the position of their event; evicts the oldest first. Thread-safe.

    `capacity` is in bytes.
    """

    def __init__(self, capacity: int = _BYTES) -> None:
        self._capacity = capacity
        self._size = 0
        self._views: OrderedDict[int, Views] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, position: int) -> Views | None:
        """Return the views of a version, by rank of their tier; None where they are not cached."""
        return self._views.get(position)

    def put(self, position: int, views: Views) -> None:
        """Store the views of a version."""
        with self._lock:
            if position in self._views:
                return
            self._views[position] = views
            self._size += _size(views)
            while self._size > self._capacity:
                self._size -= _size(self._views.popitem(last=False)[1])

    def clear(self) -> None:
        """Empty the cache: an erasure leaves no text in memory."""
        with self._lock:
            self._views.clear()
            self._size = 0


def _size(views: Views) -> int:
    """Return the size of the views in bytes; a shared view counts once."""
    return sum({id(view): len(view) for view in views if view is not None}.values())
