"""The port of every place where a record can be seen, and what feeds it.

A surface keeps its own position in its tier's own sequence and saves it with the result, so
that it can be killed anywhere and go on from `position()`. A failing surface raises; it never
skips. Runner and audit know surfaces by this page alone.
Source: docs/design/surfaces.md "The port".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from exchange.domain.disclosure import Tier
    from exchange.domain.record import Change, Visibility
    from publisher.surfaces.audit.file_inspection import Inspection, SharedWork

INLINE: Final = "inline"


class ExpectedDigest(Protocol):
    """What a surface's digest must be; views are added one by one, in any order."""

    def add(self, view: bytes, /) -> object:
        """Count a view."""

    def hex(self) -> str:
        """Return the digest of all views so far."""


class SurfaceReader(Protocol):
    """What an audit asks of a surface; a reading process can answer it without the writer."""

    @property
    def name(self) -> str:
        """Name within the tier, also the name of its directory: `triples`."""

    @property
    def tier(self) -> Tier:
        """The tier whose sequence it follows."""

    def position(self) -> int:
        """Last change of the tier's sequence whose result stands; 0 before the first."""

    def iris(self) -> Iterator[str]:
        """Every record it shows."""

    def digest(self) -> str:
        """One value over everything it shows of records, whatever the order; hexadecimal."""

    def expected_digest(self) -> ExpectedDigest:
        """Return what says, once it has every view that must be shown, what `digest` must be."""

    def contains(self, iri: str) -> bool:
        """Whether anything of the record (IRI or its last part) is shown.

        A tombstone does not count as holding.
        """


class AuditedReader(SurfaceReader, Protocol):
    """A surface as readers have it, whose files can be compared with the ledger."""

    def inspect(self, shared: SharedWork) -> Inspection:
        """Begin to compare every file that is served; `shared` is one for all of an audit.

        Raises StoreUnavailable, OSError.
        """


class Surface(SurfaceReader, Protocol):
    """A place that follows the ledger."""

    @property
    def lane(self) -> str:
        """Where it works: surfaces of different lanes work beside each other.

        INLINE is the interpreter of the projector; what mostly works outside it has another.
        """

    def choose_lane(self, backlog: int) -> None:
        """Hear how many changes wait, before the next are read; it may move to another lane.

        The position may be an earlier one afterwards, never a later one.
        """

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the next changes in order and save the last one's `seq` with the result.

        A change whose `view` is None takes its record away. Applying again is harmless.
        """

    def redact(self, iris: Collection[str]) -> None:
        """Take the records away now, ahead of any backlog; the position stays.

        Idempotent: the Delete (or the Update with text that may stay) comes at its place.
        """

    def publish(self, *, at_head: bool) -> None:
        """Show readers what was applied and redacted so far; cheap when nothing changed.

        A surface under `reset` shows its new self only when `at_head` is true; until then
        readers keep the old one, redactions included.
        """

    def reset(self) -> None:
        """Begin anew from position 0, with nothing of the old in the new."""

    def close(self) -> None:
        """Let go of files; the object is of no use afterwards."""


class ChangeSource(Protocol):
    """The ledger as surfaces, runner and audit see it (`exchange.ledger.Ledger`)."""

    def head(self, tier: Tier, /) -> int:
        """Last `seq` of the tier."""

    def changes(self, tier: Tier, after: int, limit: int, /) -> Sequence[Change]:
        """Return the changes after `after`, in order."""

    def removals(self, tier: Tier, after: int, limit: int, /) -> Sequence[tuple[int, str]]:
        """Sequence number and IRI of Deletes, and of Updates whose older text must go."""

    def live(self, tier: Tier, /) -> Iterator[tuple[str, str, bytes]]:
        """IRI, kind and view of every record that stands."""

    def live_iris(self, tier: Tier, /) -> Iterator[str]:
        """IRI of every record that stands."""

    def visibility(self, tier: Tier, public_id: str, /) -> Visibility:
        """How the record stands for the tier's readers."""

    def unfinished_erasures(self) -> Sequence[int]:
        """Ledger positions of erasures whose bytes may still lie in a store."""

    def erasure_done(self, position: int, /) -> None:
        """Note that the stores were rebuilt after the erasure."""


def label(surface: SurfaceReader) -> str:
    """Return the surface's name over all tiers: `public/triples`."""
    return f"{surface.tier.value}/{surface.name}"


def digest_of(surface: SurfaceReader, views: Iterable[bytes]) -> str:
    """Return what the surface's digest must be when exactly these views are shown."""
    expected = surface.expected_digest()
    for view in views:
        expected.add(view)
    return expected.hex()
