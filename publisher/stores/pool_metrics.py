"""What the query pool did since it began, as numbers that a monitor reads.

Purpose: one immutable value, taken at one moment. Counters only grow; gauges may fall.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Why a query was refused before it was answered: its queue was full, its turn did not come in
# time, or it got little of the processor until its deadline.
QUEUE_FULL: Final = "queue-full"
WAITED: Final = "waited"
STARVED: Final = "starved"


@dataclass(frozen=True, slots=True)
class LaneMetrics:
    """One lane: gauges `running` and `waiting`; counters of queries answered, and cut at deadline.

    `answered` counts replies of a worker, errors of the query among them.
    """

    running: int
    waiting: int
    answered: int
    cut: int


@dataclass(frozen=True, slots=True)
class QueryMetrics:
    """The whole pool: `lanes` by name (own, short, slow), and counters.

    `continued` queries moved to the slow lane with their worker, `restarted` ones lost it,
    `recognised` ones went there at once for their shape. `refused` is by reason, `died` counts
    workers that ended under a query.
    """

    lanes: Mapping[str, LaneMetrics]
    continued: int
    restarted: int
    recognised: int
    refused: Mapping[str, int]
    died: int


@dataclass(slots=True)
class Counts:
    """The counters behind `QueryMetrics`; its pool's lock guards them."""

    answered: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    continued: int = 0
    restarted: int = 0
    recognised: int = 0
    died: int = 0
