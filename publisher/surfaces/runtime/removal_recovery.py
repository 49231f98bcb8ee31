"""Lets the ledger take over what only surfaces of another history know, before a rebuild.

After an older ledger was restored, its surfaces show records and versions that it does not have,
and followers have copied them. Without a Delete at the head no follower would remove them.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from exchange.domain.errors import CredenceError
from exchange.domain.identifiers import id_of
from exchange.domain.record import Activity
from exchange.domain.restore_reconciliation import KnownRecord, Recovered
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from exchange.domain.disclosure_levels import Tier
    from exchange.model import Kind
    from publisher.surfaces.feed import FeedReader
    from publisher.surfaces.port import SurfaceReader
    from publisher.surfaces.runtime.checkpoints import Checkpoints

_CHUNK: Final = 500
REASON: Final = "rebuild"


class RecordListing(Protocol):
    """A surface that lists its records, each with its kind or the IRI of its class."""

    @property
    def name(self) -> str:
        """Name within the tier."""

    @property
    def tier(self) -> Tier:
        """The tier whose sequence it follows."""

    def known(self) -> Iterator[tuple[str, str]]:
        """Yield every record that it shows."""


class RecoveryLedger(Protocol):
    """The ledger as the recovery uses it (`exchange.ledger.Ledger`)."""

    def epoch(self) -> int:
        """Return the number of the ledger's epoch."""

    def unknown(self, public_ids: Collection[str], /) -> set[str]:
        """Return those of the records that the ledger never had."""

    def unknown_members(self, tier: Tier, events: Mapping[int, str], /) -> set[int]:
        """Return the numbers at which the ledger has another event in the tier, or none."""

    def recover(self, known: Iterable[KnownRecord], epoch: int, *, reason: str) -> Recovered:
        """Record known removals; opens a new epoch if any is recorded."""


class RemovalRecovery:
    """Reads what surfaces know beside the ledger; `feeds` and `listings` are their readers.

    `kinds` are the model's kinds, by slug.
    """

    def __init__(
        self,
        ledger: RecoveryLedger,
        checkpoints: Checkpoints,
        feeds: Sequence[FeedReader],
        listings: Sequence[RecordListing],
        kinds: Mapping[str, Kind],
    ) -> None:
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._feeds = feeds
        self._listings = listings
        self._kinds = {kind.class_iri: slug for slug, kind in kinds.items()}

    def known(self, foreign: Collection[str] | None = None) -> dict[str, KnownRecord]:
        """Return what surfaces (all, or those of these labels) know beside the ledger, by id.

        Unreadable parts are left out, since a damaged surface must still be rebuilt.
        """
        known: dict[str, KnownRecord] = {}
        feeds = [feed for feed in self._feeds if foreign is None or label(feed) in foreign]
        listings = [
            listed for listed in self._listings if foreign is None or _label(listed) in foreign
        ]
        sources = [*map(self._of_feed, feeds), *map(self._listed, listings)]
        for source in sources:
            with suppress(CredenceError, OSError, ValueError):
                for record in source:
                    before = known.get(record.public_id)
                    known[record.public_id] = before.merged(record) if before else record
        return known

    def note(self, surfaces: Iterable[SurfaceReader], epoch: int) -> None:
        """Write to the checkpoints that an epoch was opened with what these surfaces know."""
        for surface in surfaces:
            self._checkpoints.take_in(surface, epoch)

    def epoch(self, surfaces: Iterable[SurfaceReader]) -> int:
        """Return the highest epoch of the ledger and these surfaces."""
        kept = (self._checkpoints.read(surface) for surface in surfaces)
        return max([self._ledger.epoch(), *(checkpoint.epoch for checkpoint in kept if checkpoint)])

    def __call__(self, foreign: Sequence[SurfaceReader]) -> Recovered:
        """Let the ledger take over what surfaces of another history know."""
        now = self._ledger.epoch()
        fresh = [surface for surface in foreign if not self._is_taken_in(surface, now)]
        if not fresh:
            return Recovered(now)
        known = self.known({label(surface) for surface in fresh})
        done = self._ledger.recover(known.values(), self.epoch(fresh), reason=REASON)
        if done.opened:
            self.note(fresh, done.epoch)
        return done

    def _is_taken_in(self, surface: SurfaceReader, epoch: int) -> bool:
        kept = self._checkpoints.read(surface)
        return kept is not None and kept.taken_in == epoch

    def _of_feed(self, feed: FeedReader) -> Iterator[KnownRecord]:
        """Yield the records of which the feed has an event that the ledger lacks.

        The last such event of a record counts.
        """
        found: dict[str, KnownRecord] = {}
        members = feed.members()
        while chunk := list(islice(members, _CHUNK)):
            events = {entry.seq: id_of(event) for _, event, entry in chunk}
            lost = self._ledger.unknown_members(feed.tier, events)
            for kind, _, entry in chunk:
                if entry.seq in lost:
                    gone = entry.activity == Activity.DELETE
                    public_id = id_of(entry.record)
                    found[public_id] = KnownRecord(
                        public_id, kind, feed.tier, gone=gone, shown=not gone
                    )
        return iter(found.values())

    def _listed(self, listing: RecordListing) -> Iterator[KnownRecord]:
        """Yield the records of a surface that the ledger never had."""
        shown = listing.known()
        while chunk := list(islice(shown, _CHUNK)):
            named = {id_of(iri): kind for iri, kind in chunk}
            for public_id in self._ledger.unknown(named):
                kind = named[public_id]
                kind = self._kinds.get(kind, kind if "://" not in kind else "")
                yield KnownRecord(public_id, kind or None, listing.tier)


def _label(listing: RecordListing) -> str:
    return f"{listing.tier.value}/{listing.name}"
