"""Deliveries: rows become events, in transactions short enough not to hold a withdrawal up.

One call is one transaction over a prefix of the rows: at most 1,000 of them or about 250 ms
(DESIGN §4 "Delivery"). What a row does is decided by `lifecycle.arrive`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from exchange.domain import body as bodies
from exchange.domain.access import Tier
from exchange.domain.errors import UsageError
from exchange.domain.events import Name
from exchange.domain.identity import new_id
from exchange.domain.lifecycle import (
    HELD,
    REJECTED_TARGET,
    SUPPRESSED_BASIS,
    State,
    Step,
    arrive,
)
from exchange.domain.record import Arrival, Outcome, Result
from exchange.ledger import schema
from exchange.ledger.batch import batch
from exchange.ledger.deliveries import is_open
from exchange.ledger.departures import leave, pend, resolve, weigh
from exchange.ledger.marks import ROW, set_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.record import Submission
    from exchange.ledger.batch import Batch, Rec
    from exchange.ledger.departures import Weighed
    from exchange.ledger.parts import Parts

ROWS: Final = 1000
# Of the 250 ms; sealing and inserting what was prepared takes the rest.
PREPARING_SECONDS: Final = 0.06
SLICE: Final = 100  # rows whose keys are read together, and between two looks at the watch
_CHINA: Final = timedelta(hours=8)  # Asia/Shanghai, without summer time since 1991


def append(
    parts: Parts, delivery: int, submissions: Sequence[Submission], *, correcting: bool = False
) -> list[Result]:
    """Log a prefix of the rows in one transaction; return one result for each of them.

    Raises:
        UsageError: the delivery is not open.

    """
    if not submissions:
        return []
    with batch(parts, bulk=True) as work:
        started = parts.ticks()
        if not is_open(work, delivery):
            raise UsageError(
                f"There is no open delivery {delivery}.", "Open a delivery before appending."
            )
        arrivals = Arrivals(work, delivery, Name.CORRECT if correcting else Name.REVISE)
        results: list[Result] = []
        for at in range(0, min(len(submissions), ROWS), SLICE):
            rows = submissions[at : min(at + SLICE, ROWS)]
            arrivals.fetch(rows)
            results += [arrivals.take(row) for row in rows]
            if parts.ticks() - started > PREPARING_SECONDS:
                break
    return results


def today(now: int) -> str:
    """Return the day in Asia/Shanghai, as ISO text, of a time in milliseconds since 1970 UTC."""
    return (datetime.fromtimestamp(now / 1000, UTC) + _CHINA).date().isoformat()


class Arrivals:
    """The rows of one transaction, taken one by one."""

    def __init__(self, work: Batch, delivery: int, revision: Name) -> None:
        self._work = work
        self._delivery = delivery
        self._revision = revision
        self._secret = work.parts.secret
        self._today = today(work.now)
        self._persons: dict[bytes, str] = {}
        self._macs: dict[str, bytes] = {}

    def fetch(self, rows: Sequence[Submission]) -> None:
        """Read what the rows need, in few queries."""
        keys = {row.key for row in rows}
        keys.update(link.key for row in rows for link in row.links)
        keys.update(row.withdraws.key for row in rows if row.withdraws)
        self._work.fetch_keys(self._mac(key) for key in keys)
        macs = sorted({self._secret.person(row.person) for row in rows if row.person})
        person = schema.person
        if macs:
            found = self._work.connection.execute(select(person).where(person.c.mac.in_(macs)))
            self._persons.update((row.mac, row.public_id) for row in found)

    def _mac(self, key: str) -> bytes:
        """Return the HMAC of a clear key, each taken once."""
        mac = self._macs.get(key)
        if mac is None:
            mac = self._macs[key] = self._secret.key(key)
        return mac

    def take(self, row: Submission) -> Result:
        """Log what a row says; return what became of it."""
        mac = self._mac(row.key)
        key = self._work.key(mac)
        record = None if key is None else self._work.record(key.record)
        content = self._secret.content(row)
        step, reason = arrive(
            State.NONE if key is None else key.state,
            row.arrival,
            same=record is not None and record.content_mac == content,
            ended=row.publicity_end is not None and row.publicity_end < self._today,
        )
        if step is Step.SUPPRESS:
            return Result(Outcome.SUPPRESSED, None, reason, row.row)
        if step is Step.PUBLISH or record is None:
            return self._publish(row, mac, content)
        if step is Step.KEEP:
            return self._keep(row, record)
        if step is Step.REVISE:
            return self._revise(row, record, content)
        return self._end(row, record, step, reason)

    def _publish(self, row: Submission, mac: bytes, content: bytes) -> Result:
        weighed, refused = self._weigh(row)
        if refused is not None:
            return refused
        record = self._work.new_record(row.kind, _tier(row), mac)
        self._write(Name.PUBLISH, row, record, content, weighed)
        return self._result(Outcome.ACCEPTED, row, record)

    def _revise(self, row: Submission, record: Rec, content: bytes) -> Result:
        weighed, refused = self._weigh(row)
        if refused is not None:
            if refused.reason == SUPPRESSED_BASIS:
                # It says itself that it rests on nothing any more.
                body = {"because": "cascade", "cause": None, "decision": None}
                leave(self._work, record, Name.WITHDRAW, body, self._delivery)
            return refused
        resolve(self._work, record)
        link = schema.link
        self._work.connection.execute(delete(link).where(link.c.source == record.id))
        self._write(self._revision, row, record, content, weighed)
        return self._result(Outcome.REVISED, row, record)

    def _keep(self, row: Submission, record: Rec) -> Result:
        changed = self._mark(row, record)
        return self._result(Outcome.REVISED if changed else Outcome.UNCHANGED, row, record)

    def _end(self, row: Submission, record: Rec, step: Step, reason: str | None) -> Result:
        if step is Step.EXPIRE:
            leave(self._work, record, Name.EXPIRE, {"cause": "row"}, self._delivery)
            return Result(Outcome.SUPPRESSED, None, reason, row.row)
        body = {"because": "revocation", "cause": None, "decision": None}
        leave(self._work, record, Name.WITHDRAW, body, self._delivery)
        return self._result(Outcome.REVISED, row, record)

    def _weigh(self, row: Submission) -> tuple[Weighed, Result | None]:
        """Return what the row's links are worth, and its result if it cannot be published."""
        macs = [self._mac(link.key) for link in row.links]
        weighed = weigh(self._work, row.links, macs)
        if weighed.baseless:
            return weighed, Result(Outcome.SUPPRESSED, None, SUPPRESSED_BASIS, row.row)
        if row.withdraws and self._work.key(self._mac(row.withdraws.key)) is None:
            return weighed, Result(Outcome.REJECTED, None, REJECTED_TARGET, row.row)
        return weighed, None

    def _write(
        self, name: Name, row: Submission, record: Rec, content: bytes, weighed: Weighed
    ) -> None:
        """Log a version with its links, mark, and the withdrawal it may order."""
        work = self._work
        text = self._text(row, record)
        if weighed.dropped:
            text = bodies.without_links(text, set(weighed.dropped))
        record.content_mac = content
        position = work.version(name, record, text, self._delivery, tier=_tier(row))
        for number, link in enumerate(row.links):
            work.waiting.links.append(
                {
                    "source": record.id,
                    "number": number,
                    "relation": link.relation,
                    "target_mac": self._mac(link.key),
                    "dropped": number in weighed.dropped,
                }
            )
        for relation in sorted(weighed.undecided):
            pend(work, record, position, relation)
        self._mark(row, record)
        if row.withdraws is not None:
            self._withdraw_target(self._mac(row.withdraws.key), position)

    def _withdraw_target(self, mac: bytes, cause: int) -> None:
        key = self._work.key(mac)
        if key is not None and key.state in HELD:
            body = {"because": "repair", "cause": cause, "decision": None}
            target = self._work.record(key.record)
            leave(self._work, target, Name.WITHDRAW, body, self._delivery)

    def _mark(self, row: Submission, record: Rec) -> bool:
        """Follow the row's state: an objection is a mark, taken off by whoever set it."""
        if row.arrival is Arrival.OBJECTION and not record.mark:
            set_mark(self._work, record, ROW, self._delivery)
            return True
        if row.arrival is Arrival.LIVE and record.mark == ROW:
            set_mark(self._work, record, 0, self._delivery)
            return True
        return False

    def _text(self, row: Submission, record: Rec) -> str:
        """Return the body with the person's local IRI in the place kept for it."""
        if row.person is None:
            record.person = None
            return row.body
        mac = self._secret.person(row.person)
        public_id = self._persons.get(mac)
        if public_id is None:
            public_id = self._persons[mac] = new_id()
            self._work.waiting.persons.append({"mac": mac, "public_id": public_id})
        record.person = public_id
        text = row.body.replace(bodies.PERSON, f"<{self._work.parts.person_iri(public_id)}>")
        return bodies.body([line for line in text.split("\n") if line])

    def _result(self, outcome: Outcome, row: Submission, record: Rec) -> Result:
        iri = self._work.parts.iri(record.kind, record.public_id)
        return Result(outcome, iri, None, row.row)


def _tier(row: Submission) -> Tier:
    """Return the widest tier that gets a view; none is projected of what is only logged."""
    return row.tier if row.projected else Tier.ARCHIVE
