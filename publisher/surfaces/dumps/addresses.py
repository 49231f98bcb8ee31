"""Names of the dumps: forms, files, where a tier's dumps are (docs/decisions/0012)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from publisher.surfaces.feed.addresses import first_epoch
from publisher.surfaces.text.serialisation_cache import SerialisationCache

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier
    from exchange.model.kinds import Kind

# The order is that of texts in memory and of files in a manifest.
FORMS: Final = ("csv", "nq", "jsonld", "ttl")
# The first row of a CSV: Chinese names, codes of the national form, English names.
HEADERS: Final = ("zh", "code", "en")
# Pages of the tier's sequence whose records make one part: 20 of at most 250 are 5,000.
PAGES: Final = 20
# Versions of a kind that stay beside the newest while records are only added.
KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class DumpConfig:
    """Configuration of a tier's dumps; `base` is the tier's URL without a slash at the end.

    `kinds` have a dump from the start; others get one with their first record. `pages` returns
    the pages (kind, number) that have members of the given records, `created` the page on which
    each record was last created, `epoch` the ledger's epoch.
    """

    directory: Path
    tier: Tier
    base: str
    kinds: Mapping[str, Kind]
    pages: Callable[[Collection[str]], Iterable[tuple[str, int]]]
    created: Callable[[Collection[str]], Mapping[str, int]]
    epoch: Callable[[], int] = first_epoch
    # One for all surfaces that write the same records, where one process has them.
    serialiser: SerialisationCache = field(default_factory=SerialisationCache)


def part_of(page: int) -> int:
    """Return the number of the part that holds the records of a page."""
    return (page - 1) // PAGES + 1


def file_timestamp(milliseconds: int) -> str:
    """Return the first part of a version's name: sorts by time, without `:`."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}{rest:03d}Z"
