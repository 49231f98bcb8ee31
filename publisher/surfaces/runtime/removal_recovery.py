"""What surfaces of another history know that the ledger does not, taken in before they go.

An older ledger was put back: its surfaces showed records and versions that it never heard of, and
followers have them. Without a Delete at the head nobody would tell them that these are gone.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from exchange.domain.errors import CredenceError
from exchange.domain.identity import id_of
from exchange.domain.record import Activity
from exchange.domain.restore_evidence import KnownRecord, Recovered
from publisher.surfaces.port import label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from exchange.domain.disclosure import Tier
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
        """Every record that it shows."""


class RecoveryLedger(Protocol):
    """The ledger as a recovery asks it (`exchange.ledger.Ledger`)."""

    def epoch(self) -> int:
        """Return the number of the ledger's epoch."""

    def unknown(self, public_ids: Collection[str], /) -> set[str]:
        """Return those of the records that the ledger never heard of."""

    def unknown_members(self, tier: Tier, events: Mapping[int, str], /) -> set[int]:
        """Return the numbers in the tier's sequence at which the ledger has not that event."""

    def recover(self, known: Iterable[KnownRecord], epoch: int, *, reason: str) -> Recovered:
        """Take in what is known; opens a new epoch where anything is taken in."""


class RemovalRecovery:
    """Asks surfaces what they know; `feeds` and `listings` are what readers have of them.

    `kinds` are those of the model, by slug.
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
        """Return what the surfaces of these labels, or all, know beside the ledger, by id.

        What cannot be read of one is left out: a damaged file must not keep it from being rebuilt.
        """
        found: dict[str, KnownRecord] = {}
        feeds = [feed for feed in self._feeds if foreign is None or label(feed) in foreign]
        listings = [one for one in self._listings if foreign is None or _label(one) in foreign]
        sources = [*map(self._of_feed, feeds), *map(self._listed, listings)]
        for source in sources:
            with suppress(CredenceError, OSError, ValueError):
                for one in source:
                    before = found.get(one.public_id)
                    found[one.public_id] = before.merged(one) if before else one
        return found

    def note(self, surfaces: Iterable[SurfaceReader], epoch: int) -> None:
        """Note that an epoch was opened with what these surfaces know."""
        for surface in surfaces:
            self._checkpoints.take_in(surface, epoch)

    def epoch(self, surfaces: Iterable[SurfaceReader]) -> int:
        """Return the greatest epoch that the ledger or one of the surfaces is of."""
        kept = (self._checkpoints.read(surface) for surface in surfaces)
        return max([self._ledger.epoch(), *(one.epoch for one in kept if one)])

    def __call__(self, foreign: Sequence[SurfaceReader]) -> Recovered:
        """Have the ledger take in what surfaces of another history know."""
        now = self._ledger.epoch()
        fresh = [one for one in foreign if not self._is_taken_in(one, now)]
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

        What its last such event says counts.
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
        """Yield the records of a surface that the ledger never heard of."""
        shown = listing.known()
        while chunk := list(islice(shown, _CHUNK)):
            named = {id_of(iri): kind for iri, kind in chunk}
            for public_id in self._ledger.unknown(named):
                kind = named[public_id]
                kind = self._kinds.get(kind, kind if "://" not in kind else "")
                yield KnownRecord(public_id, kind or None, listing.tier)


def _label(listing: RecordListing) -> str:
    return f"{listing.tier.value}/{listing.name}"
