"""The port of a surface, a place where records are published, and what feeds it.

A surface keeps its own position in its tier's own sequence and saves it with the result, so
that it can be killed anywhere and continue from `position()`. A failing surface raises; it never
skips a change. Runner and audit use surfaces through this port alone.
Source: docs/design/surfaces.md "The port".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import Change, Visibility
    from publisher.surfaces.audit.file_inspection import Inspection, SharedWork

INLINE: Final = "inline"


class ExpectedDigest(Protocol):
    """Accumulates the digest that a surface must have; views are added in any order."""

    def add(self, view: bytes, /) -> object:
        """Add the view of one record."""

    def hex(self) -> str:
        """Return the digest of all views added so far, in hexadecimal."""


class SurfaceReader(Protocol):
    """A surface as readers have it; needs neither the writer nor the projector's lock."""

    @property
    def name(self) -> str:
        """Name within the tier, also the name of its directory: `triples`."""

    @property
    def tier(self) -> Tier:
        """The tier whose sequence it follows."""

    def position(self) -> int:
        """Sequence number of the last change whose result is published; 0 before the first."""

    def iris(self) -> Iterator[str]:
        """Yield the IRI of every record it shows."""

    def digest(self) -> str:
        """Return an order-free digest of everything it shows of records, in hexadecimal."""

    def expected_digest(self) -> ExpectedDigest:
        """Return an accumulator of the digest; add every view that must be shown."""

    def contains(self, iri: str) -> bool:
        """Return whether any text of the record (IRI or its last part) is shown.

        A tombstone does not count.
        """


class AuditedReader(SurfaceReader, Protocol):
    """A surface as readers have it whose files can be compared with the ledger."""

    def inspect(self, shared: SharedWork) -> Inspection:
        """Start to compare every served file; `shared` is one object for the whole audit.

        Raises StoreUnavailable, OSError.
        """


class Surface(SurfaceReader, Protocol):
    """The writer of a surface, which follows the ledger's sequence of a tier."""

    @property
    def lane(self) -> str:
        """The lane it works in; surfaces of different lanes work in parallel.

        INLINE is the interpreter of the projector; engines and helper processes have others.
        """

    def choose_lane(self, backlog: int) -> None:
        """Choose the lane for a backlog (in changes); called before each read.

        The position may go back by this, never forward.
        """

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply the next changes in order and save the last one's `seq` with the result.

        A change whose `view` is None removes its record. Idempotent.
        """

    def redact(self, iris: Collection[str]) -> None:
        """Remove the records now, ahead of any backlog; the position stays.

        Idempotent: the Delete (or the Update with allowed text) follows in the sequence.
        """

    def publish(self, *, at_head: bool) -> None:
        """Publish what was applied and redacted so far; cheap when nothing changed.

        After `reset` the new files are published only when `at_head` is true; until then
        readers keep the old ones, redactions included.
        """

    def reset(self) -> None:
        """Start anew from position 0; no byte of the old files is copied."""

    def close(self) -> None:
        """Close all files; the object cannot be used afterwards."""


class ChangeSource(Protocol):
    """The ledger as surfaces, runner and audit see it (`exchange.ledger.Ledger`)."""

    def head(self, tier: Tier, /) -> int:
        """Last `seq` of the tier."""

    def changes(self, tier: Tier, after: int, limit: int, /) -> Sequence[Change]:
        """Return at most about `limit` changes after `after`, in order."""

    def removals(self, tier: Tier, after: int, limit: int, /) -> Sequence[tuple[int, str]]:
        """Return number and IRI of Deletes, and of Updates whose older text must be removed."""

    def live(self, tier: Tier, /) -> Iterator[tuple[str, str, bytes]]:
        """Yield IRI, kind and view of every visible record."""

    def live_iris(self, tier: Tier, /) -> Iterator[str]:
        """Yield the IRI of every visible record."""

    def visibility(self, tier: Tier, public_id: str, /) -> Visibility:
        """Return the record's visibility in the tier."""

    def unfinished_erasures(self) -> Sequence[int]:
        """Return ledger positions of erasures whose bytes may still be in a store."""

    def erasure_done(self, position: int, /) -> None:
        """Record that the stores were rebuilt after the erasure."""


def label(surface: SurfaceReader) -> str:
    """Return the surface's name with its tier, for instance `public/triples`."""
    return f"{surface.tier.value}/{surface.name}"


def digest_of(surface: SurfaceReader, views: Iterable[bytes]) -> str:
    """Return the digest that the surface has when it shows exactly these views."""
    expected = surface.expected_digest()
    for view in views:
        expected.add(view)
    return expected.hex()
