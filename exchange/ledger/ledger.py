"""The ledger: the only truth, always written first (docs/design/overview.md "In a sentence each").

One object a process may share between threads; open it anew after a fork. References (`ref`)
are a record's IRI or its last part. Errors: `NotFound` for an unknown record, `Conflict` where
its state does not allow the event, `EnvironmentFault` for disk, database, seals or journal.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from exchange.domain.failpoints import no_failpoint
from exchange.domain.precedence import Precedence
from exchange.ledger import (
    archive_tier_reader,
    bootstrap,
    delivery_progress,
    dry_run_context,
    erasure,
    ledger_status,
    lifecycle_operations,
    log_proofs,
    public_versions,
    record_history,
    record_view,
    removals,
    review_decisions,
    row_appender,
    similar_records,
    tier_reader,
    visible_records,
)
from exchange.ledger.bootstrap import context_builder
from exchange.ledger.record_links import PAGE as LINKS
from exchange.ledger.restore_methods import RestoreMethods
from exchange.ledger.verify import run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from exchange.domain.actor import Actor
    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.link_rules import LinkRule, Links
    from exchange.domain.record import (
        Change,
        HistoryEntry,
        Result,
        Submission,
        Visibility,
        VisibleRecord,
    )
    from exchange.ledger.clock_heartbeat import ClockGuard
    from exchange.ledger.context import Genesis, LedgerContext, LedgerLocations
    from exchange.ledger.model_versions import ModelVersion
    from exchange.ledger.record_view import RecordPage
    from exchange.ledger.review_decisions import Decision, Origin


class Ledger(RestoreMethods):
    """Facade of the ledger: each method calls one function of the modules of this folder."""

    def __init__(self, context: LedgerContext) -> None:
        self._context = context

    @classmethod
    def create(  # noqa: PLR0913 (wiring calls it once)
        cls,
        locations: LedgerLocations,
        genesis: Genesis,
        rules: Mapping[str, LinkRule],
        clock: Callable[[], int],
        *,
        government_kinds: frozenset[str] = frozenset(),
        failpoint: FailpointHook = no_failpoint,
        ticks: Callable[[], float] = monotonic,
        clock_guard: ClockGuard | None = None,
        model: ModelVersion | None = None,
    ) -> Self:
        """Create a ledger.

        `clock` gives milliseconds since 1970-01-01 UTC; `failpoint` is called at every
        failpoint; `ticks` gives seconds of a monotonic clock, to bound a transaction; `clock_guard`
        says whether the clock may end publicity (None: always); `model` names the shapes that
        rows are read with.

        Raises:
            Conflict: there is one already.

        """
        build = context_builder(
            locations, rules, government_kinds, clock, ticks, failpoint, clock_guard, model
        )
        return cls(bootstrap.create_ledger(locations, genesis, build, failpoint))

    @classmethod
    def open(  # noqa: PLR0913 (wiring calls it once)
        cls,
        locations: LedgerLocations,
        rules: Mapping[str, LinkRule],
        clock: Callable[[], int],
        *,
        government_kinds: frozenset[str] = frozenset(),
        failpoint: FailpointHook = no_failpoint,
        ticks: Callable[[], float] = monotonic,
        clock_guard: ClockGuard | None = None,
        model: ModelVersion | None = None,
        restoring: bool = False,
    ) -> Self:
        """Open a ledger and complete what a crash interrupted: journal, erasures, orphan seals.

        Raises:
            NotFound: there is none.
            EnvironmentFault: it is older than its journal, newer than this program, or its
                secret or seals are not its own.

        """
        build = context_builder(
            locations, rules, government_kinds, clock, ticks, failpoint, clock_guard, model
        )
        return cls(bootstrap.open_ledger(locations, build, restoring=restoring))

    @classmethod
    def open_read_only(  # noqa: PLR0913 (wiring calls it once)
        cls,
        locations: LedgerLocations,
        rules: Mapping[str, LinkRule],
        clock: Callable[[], int],
        *,
        government_kinds: frozenset[str] = frozenset(),
        clock_guard: ClockGuard | None = None,
        model: ModelVersion | None = None,
    ) -> Self:
        """Open a ledger to read it, for instance on a read-only copy; nothing is written.

        Raises NotFound; EnvironmentFault when its secret or seals are not its own, when it
        needs an upgrade, or was copied in the middle of a transaction.
        """
        clocks = clock, monotonic
        build = context_builder(
            locations, rules, government_kinds, *clocks, no_failpoint, clock_guard, model
        )
        return cls(bootstrap.open_read_only(locations, build))

    def by(self, actor: Actor) -> Self:
        """Return this ledger for another actor, whom the events written through it name."""
        return type(self)(replace(self._context, actor=actor))

    @contextmanager
    def dry_run(self) -> Iterator[Self]:
        """Open a copy of this ledger in memory: it writes no file and takes no lock."""
        with dry_run_context.dry_run_context(self._context) as context:
            yield type(self)(context)

    @staticmethod
    def exists(locations: LedgerLocations, *, read_only: bool = False) -> bool:
        """Return whether there is a ledger; `read_only`: write nothing, not even a log file."""
        return bootstrap.exists(locations, read_only=read_only)

    @property
    def genesis(self) -> Genesis:
        """The frozen identity."""
        return self._context.genesis

    def close(self) -> None:
        """Close all files and connections."""
        self._context.database.close()
        self._context.seals.close()

    # --- deliveries ---

    def open_delivery(  # noqa: PLR0913 (the facts of a delivery)
        self,
        *,
        source: str | None,
        name: str,
        digest: str,
        kind: str,
        form: str | None,
        part: int = 0,
    ) -> int:
        """Open a delivery (`part`: the sheet of its file, from 0); return its number."""
        return delivery_progress.open_delivery(
            self._context, source=source, name=name, digest=digest, kind=kind, form=form, part=part
        )

    def append(
        self,
        delivery: int,
        submissions: Sequence[Submission],
        *,
        correcting: bool = False,
        precedence: Precedence = Precedence.REVIEW,
    ) -> list[Result]:
        """Apply a prefix of the rows in one transaction; return one result for each of them.

        `correcting`: later versions are logged as `correct`. `precedence`: which versions the
        rows may replace.
        """
        return row_appender.append_rows(
            self._context, delivery, submissions, correcting=correcting, precedence=precedence
        )

    def close_delivery(self, delivery: int, counts: Mapping[str, int]) -> None:
        """Close a delivery with the counts of its receipt."""
        delivery_progress.close_delivery(self._context, delivery, counts)

    def accept(self, row: Submission, version: int, origin: Origin, decision: Decision) -> Result:
        """Append a held row that a person accepted; raises Conflict if its record changed."""
        return review_decisions.accept(self._context, row, version, origin, decision)

    def refuse(self, decision: Decision) -> int:
        """Log the refusal of a held row; return the event's position."""
        return review_decisions.refuse(self._context, decision)

    def derived_key(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose, derived from the ledger secret."""
        return self._context.secret.derived(purpose)

    def key_macs(self, row: Submission) -> frozenset[bytes]:
        """Return the HMACs of all variants of a row's key."""
        return frozenset(map(self._context.secret.key, (row.key, *row.aliases, *row.partial)))

    # --- lifecycle by hand; each returns the event's position unless it says otherwise ---

    def withdraw(self, ref: str, because: str, decision: str | None = None) -> int:
        """Remove a record for good; `because`: repair, correction or revocation."""
        return lifecycle_operations.withdraw(self._context, ref, because, decision)

    def suspend(self, ref: str, decision: str | None = None) -> int:
        """Hide a record for a time."""
        return lifecycle_operations.suspend(self._context, ref, decision)

    def resume(self, ref: str, decision: str | None = None) -> int:
        """Publish a suspended record again under the same IRI."""
        return lifecycle_operations.resume(self._context, ref, decision)

    def reinstate(self, ref: str, decision: str) -> str:
        """Publish a withdrawn or expired record again; return its new IRI."""
        return lifecycle_operations.reinstate(self._context, ref, decision)

    def set_objection(self, ref: str, open: bool) -> int:  # noqa: A002, FBT001 (the agreed name)
        """Set or remove the mark of an open objection."""
        return lifecycle_operations.set_objection(self._context, ref, opened=open)

    def expire(self, ref: str) -> int:
        """End a record's publicity."""
        return lifecycle_operations.expire(self._context, ref)

    def expire_all(self, refs: Iterable[str]) -> int:
        """End the publicity of records in short transactions; return the number of removed ones."""
        return lifecycle_operations.expire_all(self._context, refs)

    def erase(self, ref: str, decision: str | None = None) -> erasure.Erasure:
        """Destroy the seals of a record's bodies; return the texts to search elsewhere."""
        return erasure.erase(self._context, ref, decision)

    def traces(self, ref: str) -> erasure.Traces:
        """Return what identifies a record outside the ledger, before its erasure."""
        return erasure.traces(self._context, ref)

    def is_erased(self, ref: str) -> bool:
        """Return whether a record was erased."""
        return erasure.is_erased(self._context, ref)

    def unfinished_erasures(self) -> list[int]:
        """Return the positions of erasures whose surfaces are not rebuilt yet."""
        return erasure.unfinished_erasures(self._context)

    def erasure_done(self, position: int) -> None:
        """Store that every surface was rebuilt after the erasure."""
        erasure.mark_surfaces_rebuilt(self._context, position)

    def append_note(self, name: str, body: Mapping[str, Any]) -> int:
        """Append an event that changes no record (`events.NOTE_EVENTS`)."""
        return lifecycle_operations.append_note(self._context, name, body)

    # --- reading ---

    def visibility(self, tier: Tier, public_id: str) -> Visibility:
        """Return the visibility of a record for a tier's readers (one indexed query)."""
        return tier_reader.visibility(self._context, tier, public_id)

    def removal(self, ref: str) -> removals.Removal | None:
        """Return the last removal of a record; None for a live or unknown record."""
        return removals.removal(self._context, ref)

    def live_among(self, tier: Tier, public_ids: Collection[str]) -> set[str]:
        """Return those of the records that a tier's readers see."""
        return tier_reader.live_among(self._context, tier, public_ids)

    def visible(self, tier: Tier, public_ids: Sequence[str]) -> list[VisibleRecord]:
        """Return those of at most 500 records that a tier's readers see, in the given order."""
        return tier_reader.visible_records(self._context, tier, public_ids)

    def head(self, tier: Tier) -> int:
        """Return the number of the last member of a tier's sequence."""
        return tier_reader.last_number(self._context, tier)

    def position(self) -> int:
        """Return the position of the last event; never published."""
        return tier_reader.position(self._context)

    def changes(self, tier: Tier, after: int, limit: int) -> list[Change]:
        """Return about `limit` members after a number, in complete groups."""
        return tier_reader.changes(self._context, tier, after, limit)

    def removals(self, tier: Tier, after: int, limit: int) -> list[tuple[int, str]]:
        """Return (number, record IRI) of members that retract text, to redact before a backlog."""
        return tier_reader.removals(self._context, tier, after, limit)

    def pages(self, tier: Tier, refs: Collection[str]) -> set[tuple[str, int]]:
        """Return (kind, page) of every feed member about one of the records."""
        return tier_reader.pages_of(self._context, tier, refs)

    def created(self, tier: Tier, refs: Collection[str]) -> dict[str, int]:
        """Return the page of each record's last Create, by its IRI."""
        return tier_reader.created_pages(self._context, tier, refs)

    def history(self, tier: Tier, public_id: str, limit: int = 50) -> list[HistoryEntry]:
        """Return the newest history entries of a record in a tier, the oldest first."""
        return record_history.history(self._context, tier, public_id, limit)

    def last_published(self, tier: Tier) -> int | None:
        """Return the time (milliseconds) of the tier's last member; None before the first."""
        return record_history.last_published(self._context, tier)

    def live(
        self, tier: Tier, published_before: int | None = None
    ) -> Iterator[tuple[str, str, bytes]]:
        """Yield (IRI, kind, view) of every record the tier sees.

        `published_before` (milliseconds) leaves out records from later deliveries.
        """
        return tier_reader.live(self._context, tier, published_before)

    def similar_records(self) -> similar_records.SimilarRecords:
        """Return the search for live records with keys similar to an unknown one."""
        return similar_records.SimilarRecords(self._context)

    def public_versions(self) -> public_versions.PublicVersions:
        """Return the versions whose text the public can read, with the archive's views."""
        return public_versions.PublicVersions(self._context)

    def live_iris(self, tier: Tier) -> Iterator[str]:
        """Yield the IRI of every record the tier sees, without decrypting any text."""
        return visible_records.live_iris(self._context, tier)

    def archived(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """Yield (IRI, archive view) of every live record of a kind, with personal data."""
        return archive_tier_reader.archive_views(self._context, kind)

    def read(self, tier: Tier, ref: str) -> record_view.RecordView:
        """Return the newest version of a record; the archive reads removed records, too."""
        return record_view.read(self._context, tier, ref)

    def links(self, tier: Tier, ref: str, after: str = "", limit: int = LINKS) -> Links:
        """Return a page of the links of a record, resolved as the cascade resolves them."""
        return record_view.links(self._context, tier, ref, after=after, limit=limit)

    def record_page(self, tier: Tier, ref: str, after: str = "") -> RecordPage:
        """Return a record, a page of its links and its newest history, from one snapshot."""
        return record_view.record_page(self._context, tier, ref, after=after, limit=LINKS)

    def backlog(self) -> ledger_status.Backlog:
        """Return the newest event and the open tasks, for a monitor."""
        return ledger_status.backlog(self._context)

    def counts(self) -> ledger_status.Counts:
        """Count events, records by kind and state, and open tasks."""
        return ledger_status.counts(self._context)

    def pending_decisions(self, limit: int = 1000) -> list[ledger_status.PendingDecision]:
        """Return the pending decisions, oldest first."""
        return ledger_status.pending_decisions(self._context, limit)

    def deliveries(self, limit: int) -> list[delivery_progress.DeliveryRow]:
        """Return the last deliveries, newest first."""
        return delivery_progress.latest(self._context, limit)

    # --- proof ---

    def tree(self, size: int | None = None) -> log_proofs.TreeHead:
        """Return the tree head at a size that ended a transaction; the newest if None."""
        return log_proofs.tree(self._context, size)

    def receipt(self, position: int, tier: Tier) -> log_proofs.InclusionReceipt:
        """Return the proof that a view is in the log."""
        return log_proofs.receipt(self._context, position, tier)

    def consistency(self, old: int, size: int) -> list[bytes]:
        """Return the proof that the log of `size` entries extends that of `old`."""
        return log_proofs.consistency(self._context, old, size)

    def verify(self) -> run.Verification:
        """Check ledger, seals and journal; raises VerificationFailed at the first difference."""
        return run.verify(self._context)
