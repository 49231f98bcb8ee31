"""Second walk of `verify`: replays each record's events and compares rows and feed members."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.errors import Conflict
from exchange.domain.events import VERSION_EVENTS, EventType
from exchange.domain.lifecycle import ACTIVE_STATES, TERMINAL_STATES, State, advance
from exchange.domain.link_rules import Cascade
from exchange.ledger import schema
from exchange.ledger.key_resolution import resolve
from exchange.ledger.objection_mark import HAND, ROW
from exchange.ledger.rows import KeyCoverage, KeyRow
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.stored_links import outgoing_links
from exchange.ledger.transaction import meta_of
from exchange.ledger.transaction_writer import chunks
from exchange.ledger.verify.require import fault, require
from exchange.ledger.visibility import feed_steps, journal_op, visible_tiers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from exchange.ledger.context import LedgerContext
    from exchange.ledger.stored_links import LinkRow

_CHUNK = 300


@dataclass(slots=True)
class Fold:
    """The state of a record by its events, with the feed members and journal lines they cause."""

    state: State = State.NONE
    tier: Tier = Tier.ARCHIVE
    widest: Tier = Tier.ARCHIVE
    version: int = 0
    mark: int = 0
    entered: bool = False  # as withdrawn, by a ledger that never published it
    received: int = 0  # versions that a delivery brought
    shown: dict[Tier, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {tier: [] for tier in PUBLISHED_TIERS}
    )
    passages: list[tuple[int, str]] = field(default_factory=list)

    def take(self, row: Any, mark: int) -> None:
        """Apply one event."""
        name = EventType(row.name)
        before = self._advance(row, name)
        if name in VERSION_EVENTS:
            self._version(row)
        if name is EventType.OBJECT:
            self.mark = mark
        if name is EventType.REINSTATE:
            return
        # A version that no delivery brought was re-issued without a reference.
        retracts_text = name is EventType.REVISE and row.delivery is None
        taken = feed_steps(
            before, visible_tiers(self.state, self.tier), retracts_text=retracts_text
        )
        for step in taken:
            self.shown[step.tier].append(
                (
                    row.position,
                    step.activity.value,
                    self.version,
                    bool(self.mark),
                    step.retracts_text,
                )
            )
        op = journal_op(name, taken)
        if op is not None:
            self.passages.append((row.position, op))

    def _advance(self, row: Any, name: EventType) -> frozenset[Tier]:
        """Change to the state after an event; return the tiers that saw the record before it."""
        first, before = self.state is State.NONE, visible_tiers(self.state, self.tier)
        begins_well = not first or self.entered is (name is EventType.WITHDRAW)
        require(begins_well, f"At position {row.position}: a record begins with {name}.")
        try:
            self.state = advance(self.state, name)
        except Conflict as error:
            raise fault(f"At position {row.position}: {error.message}", row.position) from error
        # Those to whom it was shown elsewhere.
        return visible_tiers(State.LIVE, self.tier) if first and self.entered else before

    def _version(self, row: Any) -> None:
        self.version = row.position
        self.received += row.delivery is not None
        self.tier = Tier(row.tier)
        if self.tier.rank < self.widest.rank:
            self.widest = self.tier


def check_records(context: LedgerContext, connection: Connection) -> int:
    """Check every record; return their number."""
    record = schema.record
    after = seen = 0
    while True:
        rows = connection.execute(
            select(record).where(record.c.id > after).order_by(record.c.id).limit(_CHUNK)
        ).all()
        if not rows:
            return seen
        _check_chunk(context, connection, rows)
        after = rows[-1].id
        seen += len(rows)


def _check_chunk(context: LedgerContext, connection: Connection, rows: Any) -> None:
    first, last = rows[0].id, rows[-1].id
    events = _by_record(_events(connection, first, last))
    marks = _marks(context, connection, first, last)
    members = _by_record(_members(connection, first, last))
    passages = _by_record(_passages(connection, first, last))
    newest = _newest(connection, [row.chain for row in rows])
    keys = _by_record(_keys(connection, first, last))
    entered = _entered(context, connection, rows)
    for row in rows:
        fold = _begun(row, entered)
        for event in events.get(row.id, ()):
            fold.take(event, marks.get(event.position, row.mark))
        _check_row(row, fold)
        _check_versions(connection, row, fold)
        _check_keys(row, keys.get(row.id, []), newest[row.chain])
        _check_members(row, fold, members.get(row.id, []), passages.get(row.id, []))


def _by_record(rows: Iterable[Any]) -> dict[int, list[Any]]:
    return {number: list(group) for number, group in groupby(rows, key=lambda row: row.record)}


def _begun(row: Any, entered: Mapping[int, Tier]) -> Fold:
    if row.version:
        return Fold()
    # Once such a record is erased, nothing but its row tells who was shown it.
    tier = entered.get(row.id, Tier(row.widest))
    return Fold(tier=tier, widest=tier, entered=True)


def _entered(context: LedgerContext, connection: Connection, rows: Any) -> dict[int, Tier]:
    """Return the widest tier of records that a restore registered as withdrawn."""
    event = schema.event
    numbers = [row.id for row in rows if not row.version]
    withdrawals = connection.execute(
        select(event).where(event.c.record.in_(numbers), event.c.name == EventType.WITHDRAW)
    ).all()
    seals = context.seals.get([row.seal for row in withdrawals])
    return {
        row.record: Tier(json.loads(unseal(seals[row.seal], meta_of(row), row.body))["tier"])
        for row in withdrawals
        if row.seal in seals
    }


def _events(connection: Connection, first: int, last: int) -> Any:
    event = schema.event
    return connection.execute(
        select(event.c.record, event.c.position, event.c.name, event.c.delivery, event.c.tier)
        .where(event.c.record >= first, event.c.record <= last)
        .order_by(event.c.record, event.c.position)
    ).all()


def _marks(context: LedgerContext, connection: Connection, first: int, last: int) -> dict[int, int]:
    """Return the mark that each objection event set; erased events are left out."""
    event = schema.event
    rows = connection.execute(
        select(event)
        .where(event.c.record >= first, event.c.record <= last)
        .where(event.c.name == EventType.OBJECT)
    ).all()
    seals = context.seals.get([row.seal for row in rows])
    marks = {}
    for row in rows:
        if row.seal in seals:
            body = json.loads(unseal(seals[row.seal], meta_of(row), row.body))
            by = ROW if body["by"] == "row" else HAND
            marks[row.position] = by if body["open"] else 0
    return marks


def _members(connection: Connection, first: int, last: int) -> Any:
    member, veil = schema.member, schema.veil
    return connection.execute(
        select(member, veil.c.seq.label("veil"))
        .outerjoin_from(
            member,
            veil,
            (veil.c.tier == member.c.tier)
            & (veil.c.seq == member.c.seq)
            & (veil.c.record == member.c.record),
        )
        .where(member.c.record >= first, member.c.record <= last)
        .order_by(member.c.record, member.c.tier, member.c.seq)
    ).all()


def _passages(connection: Connection, first: int, last: int) -> Any:
    passages, event = schema.passage, schema.event
    return connection.execute(
        select(
            event.c.record,
            passages.c.position,
            passages.c.op,
            passages.c.record.label("public_id"),
        )
        .join_from(passages, event, event.c.position == passages.c.position)
        .where(event.c.record >= first, event.c.record <= last)
        .order_by(event.c.record, passages.c.position)
    ).all()


def _keys(connection: Connection, first: int, last: int) -> Any:
    key = schema.key_state
    return connection.execute(
        select(key).where(key.c.record >= first, key.c.record <= last).order_by(key.c.record)
    ).all()


def _newest(connection: Connection, chains: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return the first and the last record of each chain."""
    record = schema.record
    rows = connection.execute(
        select(record.c.chain, func.min(record.c.id), func.max(record.c.id))
        .where(record.c.chain.in_(set(chains)))
        .group_by(record.c.chain)
    ).all()
    return {row[0]: (row[1], row[2]) for row in rows}


def _check_row(row: Any, fold: Fold) -> None:
    at = row.version
    require(row.state == fold.state, f"A record is {row.state}, its events say {fold.state}.", at)
    stored = (row.tier, row.widest, row.version)
    folded = (fold.tier.value, fold.widest.value, fold.version)
    require(stored == folded, "A record's tier or newest version is not what its events say.", at)
    erased = fold.state is State.ERASED
    require(erased or row.mark == fold.mark, "A record's objection mark is wrong.", at)
    cleared = row.content_mac is None and row.person is None
    require(cleared or not erased, "An erased record still has content or person.", at)


def _check_versions(connection: Connection, row: Any, fold: Fold) -> None:
    """Check the number of versions from deliveries of a record and its predecessors."""
    event, record = schema.event, schema.record
    before = 0
    if row.chain != row.id:
        statement = (
            select(func.count())
            .select_from(event)
            .join(record, record.c.id == event.c.record)
            .where(record.c.chain == row.chain, record.c.id < row.id)
            .where(event.c.delivery.is_not(None), event.c.name.in_(sorted(VERSION_EVENTS)))
        )
        before = int(connection.execute(statement).scalar_one())
    good = row.versions == before + fold.received
    require(good, "A record has more or fewer versions than its events say.", row.version)


def _check_keys(row: Any, keys: list[Any], ends: tuple[int, int]) -> None:
    """Check that the keys of a chain of records are mapped to the newest of them."""
    at, coverages = row.version, {key.told for key in keys}
    require(row.chain == ends[0], "A record belongs to no chain.", at)
    if row.id != ends[1]:
        require(
            row.state in TERMINAL_STATES, "A record was followed by another before it was gone.", at
        )
        require(not keys, "A key leads to a record that another has followed.", at)
        return
    complete = {KeyCoverage.FULL, KeyCoverage.PARTIAL}
    mapped = bool(coverages & complete) or not row.version
    require(mapped, "No key leads to a record.", at)
    both = row.state in ACTIVE_STATES and complete <= coverages
    require(not both, "A key lacks a part that is known of its record.", at)
    require(coverages <= set(KeyCoverage), "A key is told in no known way.", at)


def _check_members(row: Any, fold: Fold, members: list[Any], passages: list[Any]) -> None:
    for tier in PUBLISHED_TIERS:
        stored = [
            (item.position, item.activity, item.version, item.mark, item.veil is not None)
            for item in members
            if item.tier == tier
        ]
        if fold.state is State.ERASED:
            # Which marks were shown went with the seals.
            stored = [(*item[:3], False, item[4]) for item in stored]
            fold.shown[tier] = [(*item[:3], False, item[4]) for item in fold.shown[tier]]
        require(
            stored == fold.shown[tier],
            f"The {tier} sequence shows a record otherwise than its events say.",
            row.version,
        )
    kinds = {item.kind for item in members}
    require(kinds <= {row.kind}, "A member has another kind than its record.", row.version)
    lines = [(item.position, item.op) for item in passages]
    names = {item.public_id for item in passages}
    good = lines == fold.passages and names <= {row.public_id}
    require(good, "What the ledger keeps for the journal is not what its events say.", row.version)


def check_rest(context: LedgerContext, connection: Connection) -> None:
    """Check links, key mappings and erasures against each other."""
    link, record, key = schema.link, schema.record, schema.key_state
    _check_links(context, connection)
    _none(
        connection,
        select(func.count())
        .select_from(link)
        .join(record, record.c.id == link.c.source)
        .where(record.c.state == State.ERASED),
        "An erased record still has links.",
    )
    quoted = schema.quoted
    of_link = (quoted.c.source == link.c.source) & (quoted.c.number == link.c.number)
    for table, other in ((link, quoted), (quoted, link)):
        _none(
            connection,
            select(func.count())
            .select_from(table)
            .outerjoin(other, of_link)
            .where(other.c.source.is_(None)),
            "A link tells no key, or a key is told by no link.",
        )
    _none(
        connection,
        select(func.count())
        .select_from(key)
        .outerjoin(record, record.c.id == key.c.record)
        .where(record.c.id.is_(None)),
        "A key leads to no record.",
    )
    event, erasure = schema.event, schema.erasure
    of_its_event = (erasure.c.position == event.c.position) & (erasure.c.record == event.c.record)
    known = select(func.count()).select_from(erasure).join(event, of_its_event)
    events = select(func.count()).select_from(event).where(event.c.name == EventType.ERASE)
    rows = select(func.count()).select_from(erasure)
    counts = {connection.execute(count).scalar_one() for count in (known, events, rows)}
    require(len(counts) == 1, "The erasures are not those of the events.")


def _check_links(context: LedgerContext, connection: Connection) -> None:
    """Check that no active record links to a removed one, but for undecided links."""
    undecided = [name for name, rule in context.rules.items() if rule.cascade is Cascade.DECIDE]
    link, record = schema.link, schema.record
    suspects = (
        select(link.c.source)
        .join(record, record.c.id == link.c.source)
        .where(link.c.dropped.is_(False), link.c.relation.not_in(undecided))
        .where(record.c.state.in_(list(ACTIVE_STATES)))
        .distinct()
        .order_by(link.c.source)
        .limit(_CHUNK)
    )
    after = 0
    while sources := connection.execute(suspects.where(link.c.source > after)).scalars().all():
        _check_targets(connection, outgoing_links(connection, sources), set(undecided))
        after = sources[-1]


def _check_targets(
    connection: Connection, links: dict[int, list[LinkRow]], undecided: set[str]
) -> None:
    link_rows = [
        link_row
        for link_rows_of_source in links.values()
        for link_row in link_rows_of_source
        if not link_row.dropped and link_row.relation not in undecided
    ]
    key, record = schema.key_state, schema.record
    keys: dict[bytes, KeyRow] = {}
    states: dict[int, str] = {}
    for part in chunks(sorted({mac for link_row in link_rows for mac in link_row.macs.all})):
        for row in connection.execute(
            select(key, record.c.state)
            .join(record, record.c.id == key.c.record)
            .where(key.c.mac.in_(part))
        ):
            keys[row.mac] = KeyRow(row.mac, row.record, KeyCoverage(row.told))
            states[row.record] = row.state
    for link_row in link_rows:
        target = resolve(link_row.macs, keys.get).target
        gone = target is not None and states[target] in TERMINAL_STATES
        require(not gone, f"The record number {link_row.source} still quotes one that is gone.")


def _none(connection: Connection, count: Any, message: str) -> None:
    require(connection.execute(count).scalar_one() == 0, message)
