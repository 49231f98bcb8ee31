"""Making and opening a ledger: identity, schema, healing after a crash.

Source: docs/design/ledger.md "Events".
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, inspect, select

from exchange.domain.disclosure import PUBLISHED_TIERS
from exchange.domain.errors import Conflict, EnvironmentFault, NotFound
from exchange.domain.events import EventType
from exchange.domain.failpoints import Failpoint
from exchange.ledger import ledger_secret, schema
from exchange.ledger.clock_guard import Unguarded
from exchange.ledger.context import Gate, Genesis, Parts, Places
from exchange.ledger.database_engine import Database, File, open_database
from exchange.ledger.erasure import destroy
from exchange.ledger.journal import Journal
from exchange.ledger.journal_lines import journal_missing
from exchange.ledger.leftover_files import begun_mark, mark_begun
from exchange.ledger.migrations.runner import migrate, require_newest
from exchange.ledger.model_versions import ModelVersion
from exchange.ledger.resemblance import remember_earlier
from exchange.ledger.seal_store import SqlSeals
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.transaction import batch, meta_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.link_rules import LinkRule
    from exchange.ledger.clock_guard import ClockGuard
    from exchange.ledger.seal_store import Seals

_NEWEST: Final = 1_000  # events whose seals are looked at for the greatest


def exists(places: Places, *, read_only: bool = False) -> bool:
    """Return whether a ledger was begun there."""
    try:
        database = open_database(places.url, File.LEDGER, make=False, read_only=read_only)
    except NotFound:
        return False
    try:
        return _genesis(database) is not None
    finally:
        database.close()


def _genesis(database: Database) -> Genesis | None:
    with database.reading() as connection:
        if not inspect(connection).has_table(schema.genesis.name):
            return None
        row = connection.execute(select(schema.genesis)).first()
    if row is None:
        return None
    return Genesis(row.base_url, row.government_url, row.did, row.log_origin, row.format)


def create(places: Places, genesis: Genesis, build: Build, failpoint: FailpointHook) -> Parts:
    """Begin a ledger: its secret, its tables, and the genesis event.

    Raises:
        Conflict: there is one already.

    """
    if exists(places):
        raise Conflict(
            "There is a ledger here already; its identity was frozen by its first event.",
            "Open it, or choose another data directory.",
        )
    mark_begun(places)
    key = ledger_secret.make(places.secret)
    failpoint(Failpoint.SECRET_MADE)
    database = open_database(places.url, File.LEDGER)
    migrate(database)
    with database.writing() as connection:
        if connection.execute(select(schema.head)).first() is None:
            connection.execute(
                insert(schema.head).values(
                    one=1,
                    position=0,
                    record=0,
                    delivery=0,
                    epoch=1,
                    epoch_from=0,
                    resemblances=True,
                )
            )
            streams = [{"tier": tier, "seq": 0, "published": 0} for tier in PUBLISHED_TIERS]
            connection.execute(insert(schema.stream), streams)
    failpoint(Failpoint.TABLES_MADE)
    parts = build(database, SqlSeals.open(places.seals_url), key, genesis)
    values = {**asdict(genesis), "secret_mac": key.check()}
    with batch(parts) as work:
        if work.position:
            raise Conflict("Another process began the ledger.", "Open it.")
        work.connection.execute(insert(schema.genesis).values(one=1, **values))
        work.event(EventType.GENESIS, asdict(genesis))
    begun_mark(places).unlink(missing_ok=True)
    return parts


def open_(places: Places, build: Build, *, restoring: bool = False) -> Parts:
    """Open a ledger and finish what a crash left unfinished.

    `restoring` leaves the journal as it is: it may be ahead, until `restore_merge` opens an epoch.

    Raises:
        NotFound: there is none.
        EnvironmentFault: the journal is ahead of it, the secret or the seals are not its own.

    """
    database = open_database(places.url, File.LEDGER, make=False)
    genesis = _genesis(database)
    if genesis is None:
        database.close()
        raise NotFound("There is no ledger here.", "Make one by loading a file or with `demo`.")
    migrate(database)
    seals = SqlSeals.open(places.seals_url, make=False)
    parts = build(database, seals, ledger_secret.read(places.secret), genesis)
    _own(parts)
    begun_mark(places).unlink(missing_ok=True)
    if not restoring:
        parts.journal.catch_up(journal_missing(database))
    destroy(parts)
    _sweep(parts)
    _remember_removed(parts)
    return parts


def _remember_removed(parts: Parts) -> None:
    """Enter, once, what the records that earlier releases removed are recognised by."""
    with parts.database.reading() as connection:
        done = connection.execute(select(schema.head.c.resemblances)).scalar_one()
    after: int | None = 0
    while not done and parts.model.resemblances and after is not None:
        with batch(parts) as work:
            after = remember_earlier(work, after)


def open_read_only(places: Places, build: Build) -> Parts:
    """Open a ledger where nothing can be written: nothing is finished, healed or upgraded.

    Raises:
        NotFound: there is none.
        EnvironmentFault: the secret or the seals are not its own, or it needs an upgrade.

    """
    database = open_database(places.url, File.LEDGER, make=False, read_only=True)
    genesis = _genesis(database)
    if genesis is None:
        database.close()
        raise NotFound("There is no ledger here.", "Make one by loading a file or with `demo`.")
    require_newest(database)
    seals = SqlSeals.open_read_only(places.seals_url)
    parts = build(database, seals, ledger_secret.read(places.secret), genesis)
    _own(parts)
    return parts


def _own(parts: Parts) -> None:
    """Refuse a secret or seals that belong to another ledger."""
    event = schema.event
    with parts.database.reading() as connection:
        mac = connection.execute(select(schema.genesis.c.secret_mac)).scalar_one()
        row = connection.execute(select(event).where(event.c.position == 1)).one()
    if mac != parts.secret.check():
        raise EnvironmentFault(
            "The ledger secret is not the one this ledger was made with.",
            "Restore the secret from the backup that belongs to the ledger.",
        )
    seal = parts.seals.get([row.seal]).get(row.seal)
    if seal is None or json.loads(unseal(seal, meta_of(row), row.body)) != asdict(parts.genesis):
        raise EnvironmentFault(
            "The seals are not those of this ledger, or its genesis was altered.",
            "Restore ledger and seals from the same backup.",
        )


def _sweep(parts: Parts) -> None:
    """Destroy seals kept for a transaction that never committed.

    Under the writer's lock, so that no neighbour is between its seals and its commit; readers
    who find nothing to sweep do not ask for it.
    """
    with parts.database.reading() as connection:
        last = _newest_seal(connection)
    if not any(True for _ in parts.seals.ids(after=last)):
        return
    with batch(parts) as work:
        orphans = list(parts.seals.ids(after=_newest_seal(work.connection)))
        if orphans:
            parts.seals.destroy(orphans)


def _newest_seal(connection: Connection) -> int:
    """Return the greatest number of a seal that an event has.

    Numbers ascend with positions, so the newest events have it; looking at all of them would cost
    every command a second in a ledger of a million. Several, so that one damaged number destroys
    nothing.
    """
    event = schema.event
    newest = select(event.c.seal).order_by(event.c.position.desc()).limit(_NEWEST).subquery()
    return int(connection.execute(select(func.max(newest.c.seal))).scalar_one())


def assemble(  # noqa: PLR0913, PLR0917 (what wiring gives, in one place)
    places: Places,
    rules: Mapping[str, LinkRule],
    government_kinds: frozenset[str],
    clock: Callable[[], int],
    ticks: Callable[[], float],
    failpoint: FailpointHook,
    clock_guard: ClockGuard | None = None,
    model: ModelVersion | None = None,
) -> Build:
    """Return what puts the parts of a ledger together."""

    def build(
        database: Database, seals: Seals, key: ledger_secret.Secret, genesis: Genesis
    ) -> Parts:
        return Parts(
            database=database,
            seals=seals,
            secret=key,
            journal=Journal(places.journal, failpoint),
            gate=Gate(places.journal.with_suffix(".gate")),
            genesis=genesis,
            rules=rules,
            government_kinds=government_kinds,
            clock=clock,
            ticks=ticks,
            failpoint=failpoint,
            clock_guard=clock_guard or Unguarded(),
            model=model or ModelVersion(),
        )

    return build


if TYPE_CHECKING:
    Build = Callable[[Database, Seals, ledger_secret.Secret, Genesis], Parts]
