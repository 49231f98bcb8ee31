"""The commands of the write side, one method each: load, withdraw, suspend, erase and the others.

Purpose: the command line and, later, the API call them; this file contains no SQL, HTTP or RDF.
Every method that removes a record ends by calling `announce` with its IRI, which the wiring
connects with the projector. A load does not: `publish` or a running service publishes its rows.
Errors: those of the ledger and the intake, unchanged. Source: docs/design/ledger.md "Events",
docs/design/interface.md "Command line".
"""

from __future__ import annotations

import hashlib
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import (
    Conflict,
    CredenceError,
    DataInvalid,
    EnvironmentFault,
    NotFound,
    UsageError,
)
from exchange.domain.failpoints import Failpoint, no_failpoint
from exchange.domain.lifecycle import TERMINAL_STATES, State
from exchange.domain.publicity_period import declared_end, start_of_china_day
from exchange.intake import (
    HELD_KEY_PURPOSE,
    ErasureMarker,
    HeldRows,
    ReviewService,
    check_file,
    delete_abandoned_copies,
    deliver,
    finish_held_erasures,
    mark_held_rows,
    open_dry_run,
    order_by_links,
    order_tolerantly,
    purge_rejects,
    rescan,
    scrub,
)
from exchange.use_case_types import ErasureResult, RemovalResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date
    from pathlib import Path

    from exchange.intake import (
        DatabaseTable,
        DryRun,
        FileCheck,
        FolderWatcher,
        LoadReceipt,
        PersonalDataExposure,
    )
    from exchange.ledger import Ledger
    from exchange.model import Model
    from exchange.use_case_types import LoadObserver, LoadOptions, Workspace

POLL: Final = 1.0  # seconds between two looks at a watched folder
PATIENCE: Final = 5  # faults of the environment in a row, each waited for longer


class Exchange:
    """The write side of one deployment."""

    def __init__(
        self, ledger: Ledger, model: Model, workspace: Workspace, announce: Callable[[str], None]
    ) -> None:
        self._ledger = ledger
        self._model = model
        self._workspace = workspace
        self._announce = announce

    def load(
        self, sources: Sequence[Path | DatabaseTable], options: LoadOptions, observer: LoadObserver
    ) -> Iterator[tuple[Path | DatabaseTable, LoadReceipt]]:
        """Load files and tables, targets of links first; yield each source with its receipt.

        Raises:
            DataInvalid: a source is refused as a whole.
            UsageError: a source, kind, form or unit is unknown.
            EnvironmentFault: disk or ledger cannot be read or written.

        """
        with self._open_dry_run(options) as dry_run:
            for source in order_by_links(sources, self._model, options.kind):
                yield source, self._deliver(source, options, observer, dry_run)

    def load_each(
        self, sources: Sequence[Path | DatabaseTable], options: LoadOptions, observer: LoadObserver
    ) -> Iterator[tuple[Path | DatabaseTable, LoadReceipt | CredenceError]]:
        """Load as `load` does; a refused source is yielded with its error, and the next follows.

        Raises:
            EnvironmentFault: a fault of disk or ledger that concerns every source.

        """
        with self._open_dry_run(options) as dry_run:
            for source in order_tolerantly(sources, self._model, options.kind):
                try:
                    yield source, self._deliver_or_error(source, options, observer, dry_run)
                except EnvironmentFault as error:
                    if "unreadable" not in error.details:
                        raise
                    yield source, error  # of this one file

    def watch_folder(
        self,
        watcher: FolderWatcher,
        options: LoadOptions,
        observer: LoadObserver,
        wait: Callable[[float], bool],
    ) -> Iterator[tuple[Path, LoadReceipt | CredenceError]]:
        """Load new files of a watched folder until `wait(seconds)` returns true.

        A file that is refused as a whole is yielded with its error and not loaded again until it
        changes; the file in progress is completed before the end.

        Raises:
            EnvironmentFault: it occurred `PATIENCE` times in a row.

        """
        failures = 0
        while not wait(POLL * (failures + 1)):
            try:
                for path in order_tolerantly(watcher.ready_files(), self._model):
                    yield path, self._deliver_or_error(path, options, observer)
                    watcher.mark_done(path)
                    failures = 0
                    if wait(0):
                        return
            except EnvironmentFault:
                failures += 1
                if failures == PATIENCE:
                    raise

    @contextmanager
    def _open_dry_run(self, options: LoadOptions) -> Iterator[DryRun | None]:
        """Open the state that the files of a dry run share; None for a real load."""
        if not options.dry_run:
            yield None
            return
        workspace = self._workspace
        with open_dry_run(self._ledger, workspace.held, workspace.clock) as dry_run:
            yield dry_run

    def _deliver_or_error(
        self,
        source: Path | DatabaseTable,
        options: LoadOptions,
        observer: LoadObserver,
        dry_run: DryRun | None = None,
    ) -> LoadReceipt | CredenceError:
        try:
            return self._deliver(source, options, observer, dry_run)
        except (DataInvalid, UsageError) as error:
            return error

    def _deliver(
        self,
        source: Path | DatabaseTable,
        options: LoadOptions,
        observer: LoadObserver,
        dry_run: DryRun | None,
    ) -> LoadReceipt:
        return deliver(
            self._ledger,
            self._model,
            source,
            staging=self._workspace.staging,
            rejects=self._workspace.rejects,
            held=self._workspace.held,
            clock=self._workspace.clock,
            kind=options.kind,
            form=options.form,
            source=options.source,
            dry_run=dry_run,
            allow_older=options.allow_older,
            progress=observer.progress,
            report=observer.report,
            failpoint=no_failpoint if dry_run else self._workspace.failpoint,
        )

    def withdraw(self, ref: str, because: str, decision: Path | None = None) -> RemovalResult:
        """Remove a record from every surface for good; a removed one stays as it is.

        `because`: repair, correction or revocation; `decision`: file of the decision. Returns
        when no surface shows the record.

        Raises:
            NotFound: there is no such record.
            UsageError: `because` is no cause.

        """
        digest = _digest_of(decision)
        return self._remove(
            ref, TERMINAL_STATES, lambda: self._ledger.withdraw(ref, because, digest)
        )

    def suspend(self, ref: str, decision: Path | None = None) -> RemovalResult:
        """Hide a record for a time; a suspended one stays as it is. Raises as `withdraw`."""
        digest = _digest_of(decision)
        return self._remove(ref, {State.SUSPENDED}, lambda: self._ledger.suspend(ref, digest))

    def _remove(
        self, ref: str, already: AbstractSet[State], log: Callable[[], int]
    ) -> RemovalResult:
        """Log the event unless the record is in one of the states; in any case wait for surfaces.

        A command repeated after a kill succeeds, although the first one had logged the event.
        """
        try:
            result = RemovalResult(log())
        except Conflict:
            before = self._ledger.removal(ref)
            if before is None or before.state not in already:
                raise
            result = RemovalResult(before.position, before)
        self._announce(ref)
        return result

    def resume(self, ref: str, decision: Path | None = None) -> int:
        """Publish a suspended record again under its own IRI; return the event's position.

        Raises:
            Conflict: the record is not suspended.

        """
        return self._ledger.resume(ref, _digest_of(decision))

    def reinstate(self, ref: str, decision: Path) -> str:
        """Publish a withdrawn or expired record again; return its new IRI.

        Raises:
            Conflict: the record is active, erased, reinstated already, or all its bases are gone.

        """
        digest = _digest_of(decision)
        if digest is None:
            raise UsageError("Reinstating needs a decision.", "Name its file by --decision.")
        return self._ledger.reinstate(ref, digest)

    def erase(self, ref: str, decision: Path | None = None) -> ErasureResult:
        """Destroy a record's text everywhere; return when no file of ours contains it."""
        digest = _digest_of(decision)
        workspace = self._workspace
        with ErasureMarker(workspace.rejects) as pending, closing(self._held()) as held:
            pending.set()
            workspace.failpoint(Failpoint.SCRUB_BEGUN)
            try:
                traces = self._ledger.traces(ref)
                mark_held_rows(held, self._ledger, traces)
                workspace.failpoint(Failpoint.HELD_MARKED)
                erasure = self._ledger.erase(ref, digest)
            except (Conflict, NotFound, UsageError) as refusal:
                finish_held_erasures(held, self._ledger)
                pending.clear()  # refused: nothing was erased
                return self._erased_before(ref, refusal)
            mark_held_rows(held, self._ledger, traces)  # rows that a load held in the meantime
            destroyed = held.destroy_marked(traces.iri)
            scrubbed = scrub(
                [workspace.rejects, workspace.staging], erasure.literals, workspace.failpoint
            )
            workspace.failpoint(Failpoint.SCRUBBED)
            pending.clear()
        self._announce(erasure.iri)
        return ErasureResult(erasure.iri, scrubbed, tuple(destroyed))

    @contextmanager
    def reviews(self) -> Iterator[ReviewService]:
        """Open the held rows for review."""
        with closing(self._held()) as held:
            yield ReviewService(
                self._ledger, self._model, held, self._workspace.clock, self._workspace.failpoint
            )

    def rescan(
        self, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[PersonalDataExposure]:
        """Yield the public records that contain personal data of a private person."""
        return rescan(self._ledger, self._model, progress)

    def _held(self) -> HeldRows:
        workspace = self._workspace
        return HeldRows(workspace.held, self._ledger.derived_key(HELD_KEY_PURPOSE), workspace.clock)

    def _erased_before(self, ref: str, refusal: CredenceError) -> ErasureResult:
        before = self._ledger.removal(ref) if isinstance(refusal, Conflict) else None
        if before is None or before.state is not State.ERASED:
            raise refusal
        self._announce(ref)
        return ErasureResult(ref, 0, before=before)

    def recover(self) -> None:
        """Complete a killed erasure, and delete expired rejects.

        The texts to search for were destroyed with the seals, so all reject files are deleted;
        their senders still have the rows. A running erasure or load is not disturbed.
        """
        rejects = self._workspace.rejects
        if ErasureMarker.is_set(rejects):
            with ErasureMarker(rejects) as pending, closing(self._held()) as held:
                if ErasureMarker.is_set(rejects):  # it may have ended while we waited for the lock
                    finish_held_erasures(held, self._ledger)
                    for path in rejects.iterdir():
                        if path.name != ErasureMarker.FILE:
                            path.unlink(missing_ok=True)
                    pending.clear()
        delete_abandoned_copies(self._workspace.staging)
        purge_rejects(rejects, self._workspace.clock())

    def expired_before(self, day: date) -> list[str]:
        """Return the IRIs of the live records whose declared end of publicity is before `day`."""
        ends = {
            slug: kind.field(kind.publicity_end).iri
            for slug, kind in self._model.kinds.items()
            if kind.publicity_end
        }
        # The government tier shows all that is shown anywhere. What arrived on the day itself or
        # later had not ended then.
        return [
            iri
            for iri, kind, view in self._ledger.live(Tier.GOVERNMENT, start_of_china_day(day))
            if kind in ends and (end := declared_end(view, ends[kind])) and end < day
        ]

    def expire_records(self, iris: Sequence[str]) -> int:
        """End the publicity of the active ones of these records; return their number."""
        return self._ledger.expire_all(iris)

    def expire(self, day: date) -> int:
        """End the publicity of every record that is due on `day`; return their number."""
        return self.expire_records(self.expired_before(day))


def check(
    path: Path,
    model: Model,
    options: LoadOptions,
    marked: Path | None = None,
    *,
    today: date | None = None,
) -> FileCheck:
    """Check a file without loading anything; iterate the result for its findings.

    `today` is the day in China beyond which no decision lies. With `marked`, that
    workbook is written: the rows as they came, the wrong cells coloured.
    """
    return check_file(
        path,
        model,
        kind=options.kind,
        form=options.form,
        source=options.source,
        today=today,
        marked=marked,
    )


def _digest_of(decision: Path | None) -> str | None:
    """Return the digest (SHA-256) by which the ledger names a decision document."""
    if decision is None:
        return None
    try:
        with decision.open("rb") as stream:
            return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise EnvironmentFault(
            f"The decision {decision} cannot be read: {error.strerror}.",
            "Give the path of the decision document.",
        ) from error
