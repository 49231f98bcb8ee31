"""Kept answers of the query service: the same question of the same data.

Purpose: a repeated query costs a look-up. Only answers of one generation are kept, so a repair,
which makes a new generation, forgets all of them at once.
Units: bytes.
Source: docs/design/queries.md "Queries".
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from publisher.stores.query_dataset import Dataset
    from publisher.stores.query_pool import Answer

MAX_BYTES: Final = 32 * 1024 * 1024
# A larger answer would drive out too many small ones.
MAX_ANSWER: Final = 1024 * 1024

Key = tuple[str, "Dataset | None", str]


class QueryCache:
    """Answers by (query, dataset, media type), the longest unused forgotten first.

    Safe to use from many threads. One cache belongs to one tier's service.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, max_answer: int = MAX_ANSWER) -> None:
        self._max_bytes = max_bytes
        self._max_answer = max_answer
        self._lock = threading.Lock()
        self._generation = ""
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0

    def get(self, generation: str, key: Key) -> Answer | None:
        """Return the cached answer of a generation; answers of another generation are dropped."""
        with self._lock:
            self._turn_to(generation)
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer, unless it is too large or of a generation that is not looked at."""
        with self._lock:
            if answer.generation != self._generation or _weight(key, answer) > self._max_answer:
                return
            self._forget(key)
            self._kept[key] = answer
            self._bytes += _weight(key, answer)
            while self._bytes > self._max_bytes:
                self._forget(next(iter(self._kept)))

    def _turn_to(self, generation: str) -> None:
        if generation != self._generation:
            self._generation = generation
            self._kept.clear()
            self._bytes = 0

    def _forget(self, key: Key) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= _weight(key, old)


def _weight(key: Key, answer: Answer) -> int:
    return len(key[0]) * 4 + len(answer.body)
