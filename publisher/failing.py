"""Where a crash test wants processes to end: at the n-th pass of a named failpoint."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

from exchange.domain.failpoints import nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.failpoints import At, Point


def failing_at(failpoint: tuple[Point, int] | None, falling: Sequence[int]) -> At:
    """Return the hook that ends processes, as kill -9 does, at its named point's n-th pass."""
    passed: Counter[Point] = Counter()

    def at(point: Point) -> None:
        passed[point] += 1
        if failpoint == (point, passed[point]):
            for process in falling:
                os.kill(process, signal.SIGKILL)

    return at if failpoint else nothing
