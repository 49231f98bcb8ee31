"""Ask every surface what it shows and compare it with the ledger (DESIGN §6).

Read through `Readable`, so that an audit in a process of its own sees what readers see while
the projector runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from exchange.domain.identity import id_of
from exchange.domain.record import Standing
from publisher.surfaces.alarms import describe
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from publisher.surfaces.port import Expected, Readable, Source

LISTED = 100  # IRIs named per list; the counts are always whole
_ATTEMPTS = 3


@dataclass(slots=True)
class Names:
    """A list of IRIs that counts all of them and keeps the first hundred."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, iri: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < LISTED:
            self.first.append(iri)


@dataclass(frozen=True, slots=True)
class Findings:
    """What one surface shows too much or too little of; `position` is its tier's own."""

    position: int
    behind: int
    missing: Names
    leftover: Names
    same_digest: bool = True
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the surface shows exactly what the ledger says."""
        sound = self.same_digest and self.problem is None and self.behind == 0
        return sound and not self.missing.count and not self.leftover.count

    def to_json(self) -> dict[str, Any]:
        """Return the fixed keys of the contract, and what explains them."""
        return {
            "position": self.position,
            "missing": self.missing.first,
            "leftover": self.leftover.first,
            "missingCount": self.missing.count,
            "leftoverCount": self.leftover.count,
            "behind": self.behind,
            "digest": "same" if self.same_digest else "different",
            **({"problem": self.problem} if self.problem else {}),
        }


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Findings by surface; `records` is what stands in the narrowest tier asked."""

    records: int
    surfaces: dict[str, Findings]

    @property
    def ok(self) -> bool:
        """False means exit code 4."""
        return all(findings.ok for findings in self.surfaces.values())

    def with_problems(self, problems: Mapping[str, str]) -> AuditReport:
        """Return the report with what else is wrong with a surface, by its label."""
        found = {
            name: replace(one, problem=one.problem or problems.get(name))
            for name, one in self.surfaces.items()
        }
        return replace(self, surfaces=found)

    def to_json(self) -> dict[str, Any]:
        """Return the audit document of the contract."""
        return {
            "records": self.records,
            "surfaces": {name: found.to_json() for name, found in self.surfaces.items()},
        }


def audit(ledger: Source, surfaces: Sequence[Readable], iri: str | None = None) -> AuditReport:
    """Compare every surface with the ledger, or only what they say of one record.

    `iri` is an IRI or its last part; UsageError when it is neither. A surface that cannot be
    read is a difference, never an error.
    """
    if iri is not None:
        return _audit_record(ledger, surfaces, iri)
    asked: dict[str, _Asked] = {}
    for tier in dict.fromkeys(surface.tier for surface in surfaces):
        asked |= _steady(ledger, [surface for surface in surfaces if surface.tier is tier])
    return AuditReport(
        max((one.records for one in asked.values()), default=0),
        {name: asked[name].findings for name in map(label, surfaces)},
    )


@dataclass(slots=True)
class _Asked:
    """One surface under comparison: what it must show is added up while the ledger is read."""

    surface: Readable
    position: int = 0
    expected: Expected | None = None
    problem: str | None = None
    records: int = 0
    findings: Findings = field(default_factory=lambda: Findings(0, 0, Names(), Names()))

    def attempt(self, step: Callable[[], object]) -> None:
        """Do it unless something failed before."""
        if self.problem is None:
            try:
                step()
            except Exception as problem:  # noqa: BLE001 - whatever a damaged file makes of its
                # reader, it is a finding, and the other surfaces are still asked.
                self.problem = describe(problem)

    def begin(self) -> None:
        """Ask where it is."""
        self.position, self.expected = self.surface.position(), self.surface.expecting()

    def add(self, view: bytes) -> None:
        """Count a view that it must show."""
        if self.expected is not None:
            self.expected.add(view)

    def compare(self, ledger: Source, iris: AbstractSet[str]) -> None:
        """Compare what it shows with what was added up."""
        missing, leftover, unseen = Names(), Names(), set(iris)
        for iri in self.surface.iris():
            unseen.discard(iri)
            if iri not in iris:
                leftover.add(iri)
        for iri in sorted(unseen):
            missing.add(iri)
        same = self.expected is not None and self.expected.hex() == self.surface.digest()
        behind = ledger.head(self.surface.tier) - self.position
        self.records = len(iris)
        self.findings = Findings(self.position, behind, missing, leftover, same)


def _steady(ledger: Source, surfaces: Sequence[Readable]) -> dict[str, _Asked]:
    """Compare a tier's surfaces together; one by one those that moved under the comparison."""
    tier, found = surfaces[0].tier, dict[str, _Asked]()
    begun = ledger.head(tier)
    for first in _asked(ledger, surfaces):
        one, head = first, begun
        for _ in range(_ATTEMPTS - 1):
            moved = one.findings.behind != 0 or ledger.head(tier) != head
            if one.findings.ok or not moved:
                break
            head = ledger.head(tier)
            [one] = _asked(ledger, [one.surface])
        found[label(one.surface)] = one
    return found


def _asked(ledger: Source, surfaces: Sequence[Readable]) -> list[_Asked]:
    """Read the ledger once for all of them, then compare one after the other."""
    tier, asked, iris = surfaces[0].tier, [_Asked(surface) for surface in surfaces], set[str]()
    for one in asked:
        one.attempt(one.begin)
    try:
        for iri, _, view in ledger.live(tier):
            iris.add(iri)
            for one in asked:
                one.attempt(partial(one.add, view))
    except Exception as problem:  # noqa: BLE001 - a ledger that cannot be read leaves nothing to
        # compare with: that is said of every surface, and the report still comes.
        for one in asked:
            one.problem = one.problem or describe(problem)
    for one in asked:
        one.attempt(partial(one.compare, ledger, iris))
        if one.problem is not None:
            one.findings = Findings(0, ledger.head(tier), Names(), Names(), problem=one.problem)
    return asked


def _audit_record(ledger: Source, surfaces: Sequence[Readable], iri: str) -> AuditReport:
    public_id, found, lives = id_of(iri), {}, False
    for surface in surfaces:
        live = ledger.standing(surface.tier, public_id) is Standing.LIVE
        lives = lives or live
        found[label(surface)] = _asked_of(surface, iri, live=live)
    return AuditReport(int(lives), found)


def _asked_of(surface: Readable, iri: str, *, live: bool) -> Findings:
    missing, leftover = Names(), Names()
    try:
        position, held = surface.position(), surface.holds(iri)
    except Exception as problem:  # noqa: BLE001 - a damaged file may raise anything in its
        # reader; it is a finding, and the other surfaces are still asked.
        return Findings(0, 0, missing, leftover, problem=describe(problem))
    if live and not held:
        missing.add(iri)
    if held and not live:
        leftover.add(iri)
    return Findings(position, 0, missing, leftover)
