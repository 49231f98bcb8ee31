"""What queries of one shape cost: processor seconds, remembered for a while.

Purpose: a lane is chosen before a query runs. A shape (`GuardedQuery.shape`) is the query without
its strings, IRIs, numbers and names of variables, so one measurement speaks for all queries that
a program makes from one template. At most `MOST_SHAPES` are remembered.
Units: processor seconds for costs, seconds of any steady clock for `now`.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST_SHAPES: Final = 2_048
# Data and machine change: after this time a shape is tried in the short lane again.
REMEMBERED_SECONDS: Final = 600.0


class ShapeCosts:
    """The last cost of each shape, the longest unused forgotten first; not safe across threads.

    `budget` is what a query may use in the short lane; a shape that is not known costs as much.
    """

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def expected(self, shape: str, now: float) -> float:
        """Return the expected cost of a query shape, in seconds."""
        cost, since = self._known.get(shape, (self._budget, now))
        if now - since > REMEMBERED_SECONDS:
            del self._known[shape]
            return self._budget
        return cost

    def is_slow(self, shape: str, now: float) -> bool:
        """Whether the last query of this shape used all that the short lane gives."""
        expected = self.expected(shape, now)
        return shape in self._known and expected >= self._budget

    def record(self, shape: str, cost: float, now: float) -> None:
        """Remember what a query used; the empty shape stands for none."""
        if not shape:
            return
        self._known[shape] = (cost, now)
        self._known.move_to_end(shape)
        if len(self._known) > MOST_SHAPES:
            self._known.popitem(last=False)
