"""Memoises the last result of a check.

Used while polling until a record has been removed: the check is expensive, its inputs change
rarely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class LastResult:
    """Keeps one result with the key it was computed for. Thread-safe."""

    def __init__(self) -> None:
        self._known: tuple[Hashable, bool] | None = None

    def get(self, key: Hashable, compute: Callable[[], bool]) -> bool:
        """Return the result for a key; the key must name all that the result depends on."""
        known = self._known
        if known is None or known[0] != key:
            self._known = known = key, compute()
        return known[1]
