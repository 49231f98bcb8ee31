"""The use cases of the write side, each in one method: who calls them need not know the parts.

Purpose: command line and, later, API ask here; no SQL, HTTP or RDF stands in this file. Every
method that takes something off the surfaces ends by telling `announce` the record's IRI, which
wiring joins with the projector; a load does not, its rows are published by `publish` or a
running service.
Errors: those of the ledger and the intake, unchanged. Source: docs/design/ledger.md "Events",
docs/design/interface.md "Command line".
"""

from __future__ import annotations

import hashlib
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.disclosure import Tier
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.intake import (
        DatabaseTable,
        DryRun,
        FileCheck,
        Finding,
        FolderWatcher,
        LoadReceipt,
        PersonalDataExposure,
    )
    from exchange.ledger import Ledger
    from exchange.ledger.removals import Removal
    from exchange.model import Model

POLL: Final = 1.0  # seconds between two looks at a watched folder
PATIENCE: Final = 5  # faults of the environment in a row, each waited for longer


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where deliveries are worked on, and the clock (milliseconds since 1970-01-01 UTC)."""

    staging: Path
    rejects: Path
    held: Path
    clock: Callable[[], int]
    failpoint: FailpointHook = no_failpoint


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How files are to be read: kind, form, delivering unit; all found out where None.

    `allow_older`: rows are applied though they are older than what their records say.
    """

    kind: str | None = None
    form: str | None = None
    source: str | None = None
    dry_run: bool = False
    allow_older: bool = False


@dataclass(frozen=True, slots=True)
class LoadObserver:
    """Who hears how a delivery goes: rows done of all; every finding."""

    progress: Callable[[int, int], None] | None = None
    report: Callable[[Finding], None] | None = None


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """That a record left: the event's position, and what took it away `before`, if anything."""

    position: int
    before: Removal | None = None


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What an erasure did: the record, and the rows taken out of rejects and staged files.

    `held` are the held rows that were destroyed with it: file and row of each; `before` is the
    erasure of an earlier time, if there was one.
    """

    iri: str
    scrubbed: int
    held: tuple[tuple[str, int], ...] = ()
    before: Removal | None = None


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
        """Load files and tables in the order in which they quote each other, each receipted."""
        with self._open_dry_run(options) as dry_run:
            for source in order_by_links(sources, self._model, options.kind):
                yield source, self._deliver(source, options, observer, dry_run)

    def load_each(
        self, sources: Sequence[Path | DatabaseTable], options: LoadOptions, observer: LoadObserver
    ) -> Iterator[tuple[Path | DatabaseTable, LoadReceipt | CredenceError]]:
        """Load as `load` does, but go on after a file that is refused: it comes with its error.

        Raises:
            EnvironmentFault: disk or ledger stand in the way of every file.

        """
        with self._open_dry_run(options) as dry_run:
            for source in order_tolerantly(sources, self._model, options.kind):
                try:
                    yield source, self._taken(source, options, observer, dry_run)
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
        """Load what appears in a watched folder until `wait(seconds)` answers true.

        A file that is refused as a whole is yielded with its error and not met again until it
        changes; the one at work when the end is asked for is brought to its end.

        Raises:
            EnvironmentFault: it stood in the way several times in a row.

        """
        failures = 0
        while not wait(POLL * (failures + 1)):
            try:
                for path in order_tolerantly(watcher.ready_files(), self._model):
                    yield path, self._taken(path, options, observer)
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
        """Give what the files of a dry run share, None for a load that is meant."""
        if not options.dry_run:
            yield None
            return
        workspace = self._workspace
        with open_dry_run(self._ledger, workspace.held, workspace.clock) as dry_run:
            yield dry_run

    def _taken(
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
        """Take a record off every surface for good; one that left before stays as it is."""
        named = _named(decision)
        return self._depart(
            ref, TERMINAL_STATES, lambda: self._ledger.withdraw(ref, because, named)
        )

    def suspend(self, ref: str, decision: Path | None = None) -> RemovalResult:
        """Shield a record for a time; one that is shielded stays as it is."""
        named = _named(decision)
        return self._depart(ref, {State.SUSPENDED}, lambda: self._ledger.suspend(ref, named))

    def _depart(
        self, ref: str, already: AbstractSet[State], log: Callable[[], int]
    ) -> RemovalResult:
        """Log the event unless the record is in such a state; either way, wait for surfaces.

        Whoever orders it again after a killed command must not take its success for a failure.
        """
        try:
            made = RemovalResult(log())
        except Conflict:
            before = self._ledger.removal(ref)
            if before is None or before.state not in already:
                raise
            made = RemovalResult(before.position, before)
        self._announce(ref)
        return made

    def resume(self, ref: str, decision: Path | None = None) -> int:
        """Show a shielded record again under its own address; return the event's position."""
        return self._ledger.resume(ref, _named(decision))

    def reinstate(self, ref: str, decision: Path) -> str:
        """Publish a withdrawn record again; return its new IRI."""
        named = _named(decision)
        if named is None:
            raise UsageError("Reinstating needs a decision.", "Name its file by --decision.")
        return self._ledger.reinstate(ref, named)

    def erase(self, ref: str, decision: Path | None = None) -> ErasureResult:
        """Destroy a record's text everywhere; return when no file of ours holds it."""
        named = _named(decision)
        workspace = self._workspace
        with ErasureMarker(workspace.rejects) as pending, closing(self._held()) as held:
            pending.set()
            workspace.failpoint(Failpoint.SCRUB_BEGUN)
            try:
                traces = self._ledger.traces(ref)
                mark_held_rows(held, self._ledger, traces)
                workspace.failpoint(Failpoint.HELD_MARKED)
                erasure = self._ledger.erase(ref, named)
            except (Conflict, NotFound, UsageError) as refusal:
                finish_held_erasures(held, self._ledger)
                pending.clear()  # refused: nothing was erased
                return self._erased_before(ref, refusal)
            mark_held_rows(held, self._ledger, traces)  # what a load held in the meantime
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
        """Give the held rows, to look at and to decide on."""
        with closing(self._held()) as held:
            yield ReviewService(
                self._ledger, self._model, held, self._workspace.clock, self._workspace.failpoint
            )

    def rescan(
        self, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[PersonalDataExposure]:
        """Yield the records that say something of a private person to the public."""
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
        """Finish what a killed erasure left, and drop rejects that are past their time.

        What was to be looked for went with the seals, so every reject file goes; their senders
        have them still. A running erasure or load is left alone.
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
        """Return the IRIs of the records whose declared end of publicity lies before `day`."""
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
        """End the publicity of these records; count those that had not left before."""
        return self._ledger.expire_all(iris)

    def expire(self, day: date) -> int:
        """End the publicity of every record that is due on `day`; count them."""
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


def _named(decision: Path | None) -> str | None:
    """Return how the ledger names a decision document: by the digest of its bytes."""
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
