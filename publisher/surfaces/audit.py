"""Ask every surface what it shows and compare it with the ledger (DESIGN §6).

Read through `Readable`, so that an audit in a process of its own sees what readers see while
the projector runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exchange.domain.identity import id_of
from exchange.domain.record import Standing
from publisher.surfaces.alarms import describe
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from publisher.surfaces.port import Readable, Source

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
    found = {label(surface): _steady(ledger, surface) for surface in surfaces}
    return AuditReport(
        max((records for records, _ in found.values()), default=0),
        {name: findings for name, (_, findings) in found.items()},
    )


def _steady(ledger: Source, surface: Readable) -> tuple[int, Findings]:
    """Compare again while the ledger or the surface moves under the comparison."""
    for _ in range(_ATTEMPTS - 1):
        head = ledger.head(surface.tier)
        records, findings = _asked(ledger, surface)
        moved = ledger.head(surface.tier) != head or findings.behind != 0
        if findings.ok or not moved:
            return records, findings
    return _asked(ledger, surface)


def _asked(ledger: Source, surface: Readable) -> tuple[int, Findings]:
    try:
        return _compare(ledger, surface)
    except Exception as problem:  # noqa: BLE001 - whatever a damaged file makes of its reader,
        # it is a finding, and the other surfaces are still asked.
        head = ledger.head(surface.tier)
        return 0, Findings(0, head, Names(), Names(), problem=describe(problem))


def _compare(ledger: Source, surface: Readable) -> tuple[int, Findings]:
    position, expected = surface.position(), set[str]()

    def views() -> Iterator[bytes]:
        for iri, _, view in ledger.live(surface.tier):
            expected.add(iri)
            yield view

    digest = surface.digest_of(views())
    missing, leftover = Names(), Names()
    unseen = set(expected)
    for iri in surface.iris():
        unseen.discard(iri)
        if iri not in expected:
            leftover.add(iri)
    for iri in sorted(unseen):
        missing.add(iri)
    same = digest == surface.digest()
    behind = ledger.head(surface.tier) - position
    return len(expected), Findings(position, behind, missing, leftover, same)


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
    except Exception as problem:  # noqa: BLE001 - as above
        return Findings(0, 0, missing, leftover, problem=describe(problem))
    if live and not held:
        missing.add(iri)
    if held and not live:
        leftover.add(iri)
    return Findings(position, 0, missing, leftover)
