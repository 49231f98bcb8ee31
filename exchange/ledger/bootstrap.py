"""Creates and opens ledgers: identity, schema, recovery after a crash.

Source: docs/design/ledger.md "Events".
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, inspect, select

from exchange.domain.disclosure_levels import PUBLISHED_TIERS
from exchange.domain.errors import Conflict, EnvironmentFault, NotFound
from exchange.domain.events import EventType
from exchange.domain.failpoints import Failpoint
from exchange.ledger import ledger_secret, schema
from exchange.ledger.clock_heartbeat import AlwaysTrustedClock
from exchange.ledger.context import Genesis, LedgerContext, LedgerLocations, WriterPriority
from exchange.ledger.database_engine import Database, SqliteProfile, open_database
from exchange.ledger.erasure import destroy
from exchange.ledger.journal_catch_up import journal_missing
from exchange.ledger.leftover_files import genesis_marker, place_genesis_marker
from exchange.ledger.migrations.runner import migrate, require_newest
from exchange.ledger.model_versions import ModelVersion
from exchange.ledger.resemblance_backfill import remember_earlier
from exchange.ledger.seal_store import SqlSeals
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.transaction import meta_of, transaction
from exchange.ledger.withdrawal_journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.link_rules import LinkRule
    from exchange.ledger.clock_heartbeat import ClockGuard
    from exchange.ledger.seal_store import Seals

_NEWEST: Final = 1_000  # events whose seals are looked at for the greatest


def exists(locations: LedgerLocations, *, read_only: bool = False) -> bool:
    """Return whether there is a ledger at these locations."""
    try:
        database = open_database(
            locations.url, SqliteProfile.LEDGER, make=False, read_only=read_only
        )
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


def create_ledger(
    locations: LedgerLocations, genesis: Genesis, build: ContextBuilder, failpoint: FailpointHook
) -> LedgerContext:
    """Create a ledger: its secret, its tables and the genesis event.

    Raises:
        Conflict: there is one already.

    """
    if exists(locations):
        raise Conflict(
            "There is a ledger here already; its identity was frozen by its first event.",
            "Open it, or choose another data directory.",
        )
    place_genesis_marker(locations)
    key = ledger_secret.create_secret(locations.secret)
    failpoint(Failpoint.SECRET_MADE)
    database = open_database(locations.url, SqliteProfile.LEDGER)
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
    context = build(database, SqlSeals.open(locations.seals_url), key, genesis)
    values = {**asdict(genesis), "secret_mac": key.check()}
    with transaction(context) as tx:
        if tx.position:
            raise Conflict("Another process began the ledger.", "Open it.")
        tx.connection.execute(insert(schema.genesis).values(one=1, **values))
        tx.append_event(EventType.GENESIS, asdict(genesis))
    genesis_marker(locations).unlink(missing_ok=True)
    return context


def open_ledger(
    locations: LedgerLocations, build: ContextBuilder, *, restoring: bool = False
) -> LedgerContext:
    """Open a ledger and complete what a crash interrupted: journal lines, erasures, orphan seals.

    `restoring` leaves the journal as it is: it may be ahead of the ledger until `restore_merge`
    opens a new epoch.

    Raises:
        NotFound: there is none.
        EnvironmentFault: the journal is ahead of it, the secret or the seals are not its own.

    """
    database = open_database(locations.url, SqliteProfile.LEDGER, make=False)
    genesis = _genesis(database)
    if genesis is None:
        database.close()
        raise NotFound("There is no ledger here.", "Make one by loading a file or with `demo`.")
    migrate(database)
    seals = SqlSeals.open(locations.seals_url, make=False)
    context = build(database, seals, ledger_secret.read_secret(locations.secret), genesis)
    _require_own_secret(context)
    genesis_marker(locations).unlink(missing_ok=True)
    if not restoring:
        context.journal.catch_up(journal_missing(database))
    destroy(context)
    _destroy_orphan_seals(context)
    _remember_removed(context)
    return context


def _remember_removed(context: LedgerContext) -> None:
    """Store, once, the fingerprints of records that earlier releases removed."""
    with context.database.reading() as connection:
        done = connection.execute(select(schema.head.c.resemblances)).scalar_one()
    after: int | None = 0
    while not done and context.model.resemblances and after is not None:
        with transaction(context) as tx:
            after = remember_earlier(tx, after)


def open_read_only(locations: LedgerLocations, build: ContextBuilder) -> LedgerContext:
    """Open a ledger on read-only media: nothing is completed, repaired or upgraded.

    Raises:
        NotFound: there is none.
        EnvironmentFault: the secret or the seals are not its own, or it needs an upgrade.

    """
    database = open_database(locations.url, SqliteProfile.LEDGER, make=False, read_only=True)
    genesis = _genesis(database)
    if genesis is None:
        database.close()
        raise NotFound("There is no ledger here.", "Make one by loading a file or with `demo`.")
    require_newest(database)
    seals = SqlSeals.open_read_only(locations.seals_url)
    context = build(database, seals, ledger_secret.read_secret(locations.secret), genesis)
    _require_own_secret(context)
    return context


def _require_own_secret(context: LedgerContext) -> None:
    """Refuse a secret or seals of another ledger."""
    event = schema.event
    with context.database.reading() as connection:
        mac = connection.execute(select(schema.genesis.c.secret_mac)).scalar_one()
        row = connection.execute(select(event).where(event.c.position == 1)).one()
    if mac != context.secret.check():
        raise EnvironmentFault(
            "The ledger secret is not the one this ledger was made with.",
            "Restore the secret from the backup that belongs to the ledger.",
        )
    seal = context.seals.get([row.seal]).get(row.seal)
    if seal is None or json.loads(unseal(seal, meta_of(row), row.body)) != asdict(context.genesis):
        raise EnvironmentFault(
            "The seals are not those of this ledger, or its genesis was altered.",
            "Restore ledger and seals from the same backup.",
        )


def _destroy_orphan_seals(context: LedgerContext) -> None:
    """Destroy the seals of transactions that never committed.

    Under the writer's lock, so that no neighbour is between its seals and its commit; readers
    who find nothing to sweep do not ask for it.
    """
    with context.database.reading() as connection:
        last = _newest_seal(connection)
    if not any(True for _ in context.seals.ids(after=last)):
        return
    with transaction(context) as tx:
        orphans = list(context.seals.ids(after=_newest_seal(tx.connection)))
        if orphans:
            context.seals.destroy(orphans)


def _newest_seal(connection: Connection) -> int:
    """Return the greatest seal number of any event.

    Numbers ascend with positions, so the newest events have it; looking at all of them would cost
    every command a second in a ledger of a million. Several, so that one damaged number destroys
    nothing.
    """
    event = schema.event
    newest = select(event.c.seal).order_by(event.c.position.desc()).limit(_NEWEST).subquery()
    return int(connection.execute(select(func.max(newest.c.seal))).scalar_one())


def context_builder(  # noqa: PLR0913, PLR0917 (what wiring gives, in one place)
    locations: LedgerLocations,
    rules: Mapping[str, LinkRule],
    government_kinds: frozenset[str],
    clock: Callable[[], int],
    ticks: Callable[[], float],
    failpoint: FailpointHook,
    clock_guard: ClockGuard | None = None,
    model: ModelVersion | None = None,
) -> ContextBuilder:
    """Return the function that builds a context from database, seals, secret and genesis.

    Args:
        locations: where the ledger is stored.
        rules: the link rules by relation.
        government_kinds: kinds whose records have their address at the government host.
        clock: milliseconds since 1970-01-01 UTC.
        ticks: seconds of a monotonic clock.
        failpoint: called at every failpoint.
        clock_guard: decides whether the clock may end publicity; None trusts every clock.
        model: the shapes that rows are read with; None for no model.

    """

    def build(
        database: Database, seals: Seals, key: ledger_secret.Secret, genesis: Genesis
    ) -> LedgerContext:
        return LedgerContext(
            database=database,
            seals=seals,
            secret=key,
            journal=Journal(locations.journal, failpoint),
            writer_priority=WriterPriority(locations.journal.with_suffix(".gate")),
            genesis=genesis,
            rules=rules,
            government_kinds=government_kinds,
            clock=clock,
            ticks=ticks,
            failpoint=failpoint,
            clock_guard=clock_guard or AlwaysTrustedClock(),
            model=model or ModelVersion(),
        )

    return build


if TYPE_CHECKING:
    ContextBuilder = Callable[[Database, Seals, ledger_secret.Secret, Genesis], LedgerContext]
