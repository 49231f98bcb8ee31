"""Compares what every surface serves with the ledger.

The ledger's sequence is read once for all surfaces of both tiers; each works out from it what its
files must say and reads every file that is served, in every form (`file_inspection`).
Read as readers see it, so that an audit can run beside a working projector.
Source: docs/design/surfaces.md "Audit".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exchange.domain.identifiers import id_of
from exchange.domain.record import Visibility
from publisher.surfaces.audit.file_inspection import SharedWork, problem_words
from publisher.surfaces.audit.findings import AuditReport, Findings, IriList
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from collections.abc import Set as AbstractSet

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import Change
    from publisher.surfaces.audit.file_inspection import Inspected, Inspection
    from publisher.surfaces.audit.findings import Words
    from publisher.surfaces.port import AuditedReader, ChangeSource

    Progress = Callable[[str, int, int], None]  # label, changes compared, changes in all

_CHUNK = 2_500  # changes read at once; both tiers' text of them stays opened meanwhile
_ATTEMPTS = 3  # for a surface that was rewritten under the comparison
_TAILS = 20  # looks at the end of a surface that grows while it is compared


def _ignore(_what: str, _done: int, _all: int) -> None:
    """Ignore progress."""


def audit(
    ledger: ChangeSource,
    surfaces: Sequence[AuditedReader],
    iri: str | None = None,
    progress: Progress = _ignore,
) -> AuditReport:
    """Compare every surface with the ledger, or only one record on every surface.

    `iri` is an IRI or its last part. `progress` is called with label, changes compared, changes
    in all. A surface that cannot be read is a difference, not an error.
    Raises UsageError for an invalid `iri`.
    """
    if iri is not None:
        return _audit_record(ledger, surfaces, iri)
    runs = _compared(ledger, surfaces, progress)
    for _ in range(_ATTEMPTS - 1):
        again = [run.surface for run in runs.values() if run.unsettled(ledger)]
        if not again:
            break
        runs |= _compared(ledger, again, progress, closely=True)
    return AuditReport(
        max((run.records for run in runs.values()), default=0),
        {name: runs[name].findings for name in map(label, surfaces)},
    )


@dataclass(slots=True)
class _Run:
    """One surface under comparison."""

    surface: AuditedReader
    head: int
    inspection: Inspection | None = None
    goal: int = 0  # change whose result it showed when it was asked last
    taken: int = 0  # last change that was compared
    problem: Words | None = None
    records: int = 0
    named: bool = True  # whether the findings say what is wrong
    findings: Findings = field(default_factory=lambda: Findings(0, 0, IriList(), IriList()))

    def attempt(self, step: Callable[[], object]) -> None:
        """Run a step unless an earlier one failed."""
        if self.problem is None:
            try:
                step()
            except Exception as problem:  # noqa: BLE001 - whatever a damaged file makes of its
                # reader, it is a finding, and the other surfaces are still asked.
                self.problem = problem_words(problem)

    def begin(self, shared: SharedWork) -> None:
        """Start the inspection and read the position."""
        self.inspection = self.surface.inspect(shared)
        self.goal = self.inspection.position()

    def take(self, changes: Sequence[Change]) -> None:
        """Give the inspection the next changes up to its position."""
        wanted = [change for change in changes if self.taken < change.seq <= self.goal]
        if wanted and self.inspection is not None:
            self.inspection.take(wanted)
            self.taken = wanted[-1].seq

    def finish(self, ledger: ChangeSource, live: AbstractSet[str]) -> None:
        """Compare the rest, and the shown records with the visible ones."""
        inspection = self.inspection
        if inspection is None:
            return
        for _ in range(_TAILS):
            found = inspection.finish()
            self.goal = inspection.position()
            if self.goal <= self.taken or self.goal > ledger.head(self.surface.tier):
                break
            self._catch_up(ledger)
        behind = ledger.head(self.surface.tier) - self.goal
        missing, leftover = _compare(found, live)
        self.records = len(live)
        self.named = found.named
        self.findings = Findings(self.goal, behind, missing, leftover, faults=found.faults)

    def _catch_up(self, ledger: ChangeSource) -> None:
        while self.taken < self.goal:
            changes = ledger.changes(self.surface.tier, self.taken, _CHUNK)
            if not changes:
                return
            self.take(changes)

    def close(self, ledger: ChangeSource) -> None:
        """Close its files; an error becomes the finding."""
        if self.inspection is not None:
            self.inspection.close()
        if self.problem is not None:
            head = ledger.head(self.surface.tier)
            self.findings = Findings(0, head, IriList(), IriList(), problem=self.problem)

    def unsettled(self, ledger: ChangeSource) -> bool:
        """Whether it must be compared again: unnamed differences, or changes meanwhile."""
        return not self.named or (not self.findings.ok and self._moved(ledger))

    def _moved(self, ledger: ChangeSource) -> bool:
        behind = self.findings.behind != 0 and self.problem is None
        return behind or ledger.head(self.surface.tier) != self.head


def _compared(
    ledger: ChangeSource,
    surfaces: Sequence[AuditedReader],
    progress: Progress,
    *,
    closely: bool = False,
) -> dict[str, _Run]:
    """Read the ledger once for all of the surfaces, and compare each."""
    shared = SharedWork(readers=len(surfaces), closely=closely)
    runs = [_Run(surface, ledger.head(surface.tier)) for surface in surfaces]
    for run in runs:
        run.attempt(lambda run=run: run.begin(shared))  # type: ignore[misc]
    try:
        _stream(ledger, runs, progress)
        live = {run.surface.tier: set[str]() for run in runs}
        for tier, iris in live.items():
            iris.update(ledger.live_iris(tier))
    except Exception as problem:  # noqa: BLE001 - a ledger that cannot be read leaves nothing to
        # compare with: that is said of every surface, and the report still comes.
        for run in runs:
            run.problem = run.problem or problem_words(problem)
    for run in runs:
        run.attempt(lambda run=run: run.finish(ledger, live[run.surface.tier]))  # type: ignore[misc]
        run.close(ledger)
        progress(label(run.surface), run.goal + 1, run.goal + 1)
    return {label(run.surface): run for run in runs}


def _stream(ledger: ChangeSource, runs: Sequence[_Run], progress: Progress) -> None:
    """Give every run the changes up to its goal, the tiers side by side.

    Tiers show mostly the same text, which is opened and written once if they follow closely.
    """
    after: dict[Tier, int] = {run.surface.tier: 0 for run in runs}
    while after:
        for tier in list(after):
            of_tier = [run for run in runs if run.surface.tier is tier and run.problem is None]
            goal = max((run.goal for run in of_tier), default=0)
            changes = ledger.changes(tier, after[tier], _CHUNK) if after[tier] < goal else ()
            if not changes:
                del after[tier]
                continue
            for run in of_tier:
                run.attempt(lambda run=run: run.take(changes))  # type: ignore[misc]  # noqa: B023
                progress(label(run.surface), run.taken, run.goal + 1)
            after[tier] = changes[-1].seq


def _compare(found: Inspected, live: AbstractSet[str]) -> tuple[IriList, IriList]:
    """Return which live records are missing, and which others are left over."""
    shown = set(found.expected)
    missing = (live - shown) | (live & set(found.lost))
    leftover = (shown - live - set(found.lost)) | (set(found.extra) - live)
    return IriList.of(missing), IriList.of(leftover)


def _audit_record(ledger: ChangeSource, surfaces: Sequence[AuditedReader], iri: str) -> AuditReport:
    public_id, found, lives = id_of(iri), {}, False
    for surface in surfaces:
        live = ledger.visibility(surface.tier, public_id) is Visibility.LIVE
        lives = lives or live
        found[label(surface)] = _asked_of(surface, iri, live=live)
    return AuditReport(int(lives), found)


def _asked_of(surface: AuditedReader, iri: str, *, live: bool) -> Findings:
    try:
        position, held = surface.position(), surface.contains(iri)
    except Exception as problem:  # noqa: BLE001 - a damaged file may raise anything in its
        # reader; it is a finding, and the other surfaces are still asked.
        return Findings(0, 0, IriList(), IriList(), problem=problem_words(problem))
    missing: Collection[str] = [iri] if live and not held else ()
    leftover: Collection[str] = [iri] if held and not live else ()
    return Findings(position, 0, IriList.of(missing), IriList.of(leftover))
