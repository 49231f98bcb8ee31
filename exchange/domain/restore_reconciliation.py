"""What surfaces and journal know of records when an older ledger was restored (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange.domain.disclosure_levels import Tier


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record as a surface or the withdrawal journal knows it.

    `kind` and `tier` (the widest that saw it) are None where they are not known; `keys` are those
    of a journal line. `gone`: its last known event removed it; `erased`: its text has to be
    destroyed; `shown`: a version was published that the ledger may lack.
    """

    public_id: str
    kind: str | None = None
    tier: Tier | None = None
    keys: tuple[str, ...] = ()
    gone: bool = False
    erased: bool = False
    shown: bool = False

    def merged(self, other: KnownRecord) -> KnownRecord:
        """Return the union of both; a removal outweighs a publication."""
        tiers = [tier for tier in (self.tier, other.tier) if tier is not None]
        return replace(
            self,
            kind=self.kind or other.kind,
            tier=min(tiers, key=lambda tier: tier.rank, default=None),
            keys=tuple(dict.fromkeys((*self.keys, *other.keys))),
            gone=self.gone or other.gone,
            erased=self.erased or other.erased,
            shown=self.shown or other.shown,
        )


@dataclass(frozen=True, slots=True)
class Recovered:
    """The result of a restore: the epoch of the ledger, and the numbers of records.

    `entered`: unknown records, registered as withdrawn; `withdrawn`, `erased`: removed now;
    `reissued`: published again because a published version was lost; `unplaced`: unknown records
    of an unknown kind.
    """

    epoch: int
    opened: bool = False
    entered: int = 0
    withdrawn: int = 0
    erased: int = 0
    reissued: int = 0
    unplaced: int = 0
