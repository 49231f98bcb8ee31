"""The configuration of a tier's triples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier


@dataclass(frozen=True, slots=True)
class TriplesConfig:
    """Configuration of a tier's triples; `bases` are the prefixes of record IRIs."""

    directory: Path
    tier: Tier
    bases: tuple[str, ...]
