"""What others still know of records after an older ledger was put back (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange.domain.disclosure import Tier


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record as a surface or the withdrawal journal knows it.

    `kind` and `tier` (the widest that saw it) are None where they are not known; `keys` are those
    of a journal line. `gone`: what was heard last is that it left; `erased`: its text is to
    be destroyed; `shown`: a version was handed out that the ledger may lack.
    """

    public_id: str
    kind: str | None = None
    tier: Tier | None = None
    keys: tuple[str, ...] = ()
    gone: bool = False
    erased: bool = False
    shown: bool = False

    def merged(self, other: KnownRecord) -> KnownRecord:
        """Return what both know together; that it left outweighs that it was shown."""
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
    """What a ledger took on: its epoch, and how many records of each sort.

    `entered` were not known and stand as withdrawn, `withdrawn` and `erased` left now, `reissued`
    were shown in a version that was lost, `unplaced` are not known and of no known kind.
    """

    epoch: int
    opened: bool = False
    entered: int = 0
    withdrawn: int = 0
    erased: int = 0
    reissued: int = 0
    unplaced: int = 0
