"""Takes into an older ledger what others know: the end of a restore (docs/decisions/0044).

Records that the ledger never heard of are entered as withdrawn, each with its Delete, so that
every follower drops them; what left in the lost part leaves again; what was shown in a lost version
is issued again with this ledger's text. All of it belongs to a new epoch, which tells followers
that the numbers of the old one count no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from exchange.domain.events import EventType
from exchange.domain.lifecycle import ACTIVE_STATES, TERMINAL_STATES, State
from exchange.domain.restore_evidence import Recovered
from exchange.ledger import schema
from exchange.ledger.cascade import follow, leave, reissue, unmet
from exchange.ledger.erasure import erase
from exchange.ledger.key_resolution import Told
from exchange.ledger.transaction import batch
from exchange.ledger.transaction_writer import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from exchange.domain.disclosure import Tier
    from exchange.domain.restore_evidence import KnownRecord
    from exchange.ledger.context import Parts
    from exchange.ledger.journal import Line
    from exchange.ledger.transaction import Batch, Rec

BECAUSE: Final = "restore"
_BODY: Final = {"because": BECAUSE, "cause": None, "decision": None}
_TOGETHER: Final = 200  # records of one transaction, so that nobody waits long


def unknown(parts: Parts, public_ids: Collection[str]) -> set[str]:
    """Return those of the records that the ledger never heard of."""
    record, left = schema.record, set(public_ids)
    with parts.database.reading() as connection:
        for part in chunks(sorted(left)):
            found = connection.execute(
                select(record.c.public_id).where(record.c.public_id.in_(part))
            )
            left.difference_update(found.scalars())
    return left


def unknown_members(parts: Parts, tier: Tier, events: Mapping[int, str]) -> set[int]:
    """Return the numbers in a tier's sequence at which the ledger has not that event."""
    member, left = schema.member, set(events)
    with parts.database.reading() as connection:
        for part in chunks(sorted(left)):
            rows = connection.execute(
                select(member.c.seq, member.c.event).where(
                    member.c.tier == tier, member.c.seq.in_(part)
                )
            )
            left -= {row.seq for row in rows if events[row.seq] == row.event}
    return left


def unknown_lines(parts: Parts) -> Iterator[Line]:
    """Yield the lines of the journal that the ledger does not have, oldest first."""
    waiting: list[Line] = []
    for line in parts.journal.lines():
        waiting.append(line)
        if len(waiting) == _TOGETHER:
            yield from _not_passed(parts, waiting)
            waiting.clear()
    yield from _not_passed(parts, waiting)


def _not_passed(parts: Parts, lines: Sequence[Line]) -> Iterator[Line]:
    passage = schema.passage
    positions = [line.position for line in lines]
    with parts.database.reading() as connection:
        rows = connection.execute(select(passage).where(passage.c.position.in_(positions))).all()
    known = {(row.position, row.record, row.op) for row in rows}
    return (line for line in lines if line.passage[1:] not in known)


def recover(
    parts: Parts, known: Iterable[KnownRecord], epoch: int, *, reason: str, force: bool
) -> Recovered:
    """Take in what is known beside the ledger; `epoch` is the greatest that anybody saw.

    Opens a new epoch if anything is taken in, if a later epoch was seen, or with `force`.

    Raises:
        EnvironmentFault: the ledger, its seals or its journal cannot be written.

    """
    return _Recovery(parts, epoch, reason).run(list(known), force=force)


class _Recovery:
    """One recovery on its way; killed, it is begun again and finds less to do."""

    def __init__(self, parts: Parts, seen: int, reason: str) -> None:
        self._parts = parts
        self._seen = seen
        self._reason = reason
        self._epoch = 0  # the one that was opened
        self._counts = dict.fromkeys(("entered", "withdrawn", "erased", "reissued"), 0)

    def run(self, known: Sequence[KnownRecord], *, force: bool) -> Recovered:
        with self._parts.database.reading() as connection:
            current = int(connection.execute(select(schema.head.c.epoch)).scalar_one())
        if force or self._seen > current:
            with batch(self._parts) as work:
                self._open(work)
        missing = unknown(self._parts, [one.public_id for one in known])
        placed = [one for one in known if one.public_id not in missing or (one.kind and one.tier)]
        # What is there leaves first: a key that leads to it is then that of a record that is gone.
        placed.sort(key=lambda one: one.public_id in missing)
        for at in range(0, len(placed), _TOGETHER):
            with batch(self._parts) as work:
                for one in placed[at : at + _TOGETHER]:
                    self._take(work, one)
        self._erase([one for one in placed if one.erased])
        unplaced = len(known) - len(placed)
        epoch, opened = self._epoch or current, bool(self._epoch)
        return Recovered(epoch, opened, **self._counts, unplaced=unplaced)

    def _open(self, work: Batch) -> None:
        """Begin the epoch, once, before anything that belongs to it."""
        if self._epoch:
            return
        number = max(self._seen, work.epoch) + 1
        body = {"epoch": number, "reason": self._reason, "after": work.position}
        position = work.event(EventType.EPOCH, body)
        work.epoch, work.epoch_from = number, position
        self._epoch = number

    def _take(self, work: Batch, known: KnownRecord) -> None:
        record = work.find(known.public_id)
        if record is None:
            self._enter(work, known)
        elif known.gone:
            self._withdraw(work, record)
        elif known.shown:
            self._issue_again(work, record)

    def _withdraw(self, work: Batch, record: Rec) -> None:
        if record.state in ACTIVE_STATES:
            self._open(work)
            leave(work, record, EventType.WITHDRAW, _BODY)
            self._counts["withdrawn"] += 1

    def _issue_again(self, work: Batch, record: Rec) -> None:
        if record.state is State.LIVE:
            self._open(work)
            reissue(work, record, set())
        elif record.state is State.SUSPENDED:
            # Who has the lost version has to hear that the record is shielded.
            self._open(work)
            work.move(EventType.RESUME, record, {"decision": None})
            work.move(EventType.SUSPEND, record, {"decision": None})
        else:
            return
        self._counts["reissued"] += 1

    def _enter(self, work: Batch, known: KnownRecord) -> None:
        """Enter a record without text; those that quote it lose it as by any withdrawal."""
        if known.kind is None or known.tier is None:
            return
        self._open(work)
        body = {**_BODY, "tier": known.tier.value}
        record = work.enter(known.public_id, known.kind, known.tier, body)
        told = dict(map(_told, known.keys))
        fresh = [mac for mac in told if work.key(mac) is None]
        waiting = unmet(work, fresh, record) if fresh else set()
        for mac in fresh:
            work.lead(mac, record.id, told[mac])
        if waiting:
            follow(work, record, waiting)
        self._counts["entered"] += 1

    def _erase(self, known: Sequence[KnownRecord]) -> None:
        for one in known:
            with self._parts.database.reading() as connection:
                state = _state(connection, one.public_id)
            if state in TERMINAL_STATES and state is not State.ERASED:
                erase(self._parts, one.public_id, None)
                self._counts["erased"] += 1


def _told(key: str) -> tuple[bytes, Told]:
    """Return the HMAC of a journal line's key, and what it says of its record."""
    mac, _, told = key.partition(":")
    return bytes.fromhex(mac), Told(int(told or 0))


def _state(connection: Any, public_id: str) -> State:
    record = schema.record
    found = connection.execute(select(record.c.state).where(record.c.public_id == public_id))
    return State(found.scalar_one())
