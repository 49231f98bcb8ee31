"""Who is served next: a bounded queue that is fair to clients, without threads or clocks.

Purpose: thirty connections of one client must not make another client wait for thirty queries.
Fair queueing by service time: each client has an account of the processor seconds it was given,
and the waiting query whose client's account plus expected cost is least is served first. So
clients that ask for little go before those that ask for much, also behind one address; waiting
makes every query more urgent. A full queue refuses the costliest query of the client that has
the most waiting.
Units: seconds.
Source: A. Demers, S. Keshav, S. Shenker, "Analysis and simulation of a fair queueing algorithm",
SIGCOMM 1989; P. Goyal, H. Vin, H. Cheng, "Start-time fair queueing", SIGCOMM 1996.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

# One second of waiting counts as much as a tenth of a second of cost: nothing waits for ever.
_AGEING: Final = 0.1
# Accounts are kept of clients that are ahead of the others only, and of so many at most.
MOST_ACCOUNTS: Final = 4_096

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Waiting(Generic[T]):
    """One query in the queue: of whom, its expected cost, since when, and the query itself."""

    client: str
    cost: float
    since: float
    job: T


class FairQueue(Generic[T]):
    """The waiting queries of one lane; at most `limit`. Not safe across threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: list[Waiting[T]] = []
        self._accounts: dict[str, float] = {}
        self._virtual = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, query: Waiting[T]) -> Waiting[T] | None:
        """Add a query; return the query that is refused for it (perhaps itself), or None."""
        self._waiting.append(query)
        if len(self._waiting) <= self._limit:
            return None
        counts = Counter(each.client for each in self._waiting)
        refused = max(self._waiting, key=lambda one: (counts[one.client], one.cost, one.since))
        self._waiting.remove(refused)
        return refused

    def next(self, now: float, eligible: Callable[[T], bool] | None = None) -> Waiting[T] | None:
        """Return the query to be served next; it stays until it is removed.

        `eligible` says whether a query may be served at all at this moment.
        """
        among = [one for one in self._waiting if eligible is None or eligible(one.job)]
        return min(among, key=lambda one: self._urgency(one, now), default=None)

    def drop(self, query: Waiting[T]) -> None:
        """Take a query out, whether it is served or gives up; absent ones are no error."""
        if query in self._waiting:
            self._waiting.remove(query)

    def take_out(self, concerned: Callable[[T], bool]) -> list[Waiting[T]]:
        """Take all queries out that are concerned, and return them."""
        taken = [one for one in self._waiting if concerned(one.job)]
        self._waiting = [one for one in self._waiting if one not in taken]
        return taken

    def charge(self, client: str, seconds: float) -> None:
        """Put processor seconds on a client's account."""
        start = max(self._virtual, self._accounts.get(client, 0.0))
        self._accounts[client] = start + seconds
        if self._waiting:
            self._virtual = max(self._virtual, min(map(self._start, self._waiting)))
        else:  # nobody was made to wait for it
            self._virtual = max(self._virtual, start + seconds)
        if len(self._accounts) > MOST_ACCOUNTS:
            self._forget()

    def _start(self, query: Waiting[T]) -> float:
        return max(self._virtual, self._accounts.get(query.client, 0.0))

    def _urgency(self, query: Waiting[T], now: float) -> float:
        return self._start(query) + query.cost - _AGEING * (now - query.since)

    def _forget(self) -> None:
        """Drop the accounts that say nothing any more, then the smallest."""
        ahead = sorted(self._accounts.items(), key=lambda item: item[1])[-MOST_ACCOUNTS // 2 :]
        self._accounts = {client: sum_ for client, sum_ in ahead if sum_ > self._virtual}
