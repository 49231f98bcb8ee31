"""The report of an audit (docs/design/interface.md "Fixed JSON keys")."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from publisher.surfaces.audit.file_inspection import Faults

    Words = tuple[str, str]  # Chinese, English

LISTED: Final = 100  # IRIs named per list; all are counted


@dataclass(frozen=True, slots=True)
class IriList:
    """A list of IRIs: their number, and the first LISTED."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, iris: Collection[str]) -> IriList:
        """Return the list of these IRIs, in their order."""
        return cls(len(iris), sorted(iris)[:LISTED])


@dataclass(frozen=True, slots=True)
class Findings:
    """Differences of one surface from the ledger; `position` is in its tier's sequence.

    `problem` is why it could not be compared, or what is wrong with it as a whole.
    """

    position: int
    behind: int
    missing: IriList
    leftover: IriList
    problem: Words | None = None
    faults: Faults | None = None

    @property
    def ok(self) -> bool:
        """Whether the surface serves exactly the ledger's content."""
        sound = self.problem is None and self.behind == 0 and self.is_whole
        return sound and not self.missing.count and not self.leftover.count

    @property
    def is_whole(self) -> bool:
        """Whether no file has a fault."""
        return self.faults is None or not self.faults.count

    def note(self, lang: str) -> str:
        """Return the first difference as text in `zh` or `en`; empty when there is none."""
        if self.problem is not None:
            return self.problem[lang == "en"]
        if self.faults is not None and self.faults.first:
            return self.faults.first[0].text(lang)
        return ""

    def to_json(self) -> dict[str, Any]:
        """Return the findings as a JSON object with the fixed keys of the contract."""
        faults = self.faults
        found = {
            "position": self.position,
            "missing": self.missing.first,
            "leftover": self.leftover.first,
            "missingCount": self.missing.count,
            "leftoverCount": self.leftover.count,
            "behind": self.behind,
            "digest": "same" if self.is_whole else "different",
        }
        if self.problem is not None:
            found["problem"] = self.problem[1]
        if faults is not None and faults.count:
            found["faultCount"] = faults.count
            found["faults"] = [fault.to_json() for fault in faults.first]
        return found


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Findings by surface; `records` is the number of records in the widest audited tier."""

    records: int
    surfaces: dict[str, Findings]

    @property
    def ok(self) -> bool:
        """False means exit code 4."""
        return all(findings.ok for findings in self.surfaces.values())

    @property
    def to_rebuild(self) -> list[str]:
        """Labels of the surfaces that must be rebuilt: catching up would not repair them."""
        return [
            name
            for name, found in self.surfaces.items()
            if not found.ok and not _only_behind(found)
        ]

    def with_problems(self, problems: Mapping[str, Words]) -> AuditReport:
        """Return the report with further problems, by label of the surface."""
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


def _only_behind(found: Findings) -> bool:
    return found.behind > 0 and found.problem is None and found.is_whole
