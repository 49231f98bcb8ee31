"""The last answer, for as long as nothing changes that it was given from.

For who waits until a record is gone and asks every moment: what readers have changes seldom, and
looking through it takes longer the more there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class LastAnswer:
    """Remembers one answer; threads may share it."""

    def __init__(self) -> None:
        self._known: tuple[Hashable, bool] | None = None

    def to(self, question: Hashable, answer: Callable[[], bool]) -> bool:
        """Return the answer; `question` names all that it depends on."""
        known = self._known
        if known is None or known[0] != question:
            self._known = known = question, answer()
        return known[1]
