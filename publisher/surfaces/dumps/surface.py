"""The dumps surface: the port over a directory of dumps (`surfaces.files.tree_surface`)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from exchange.domain.failpoints import no_failpoint
from publisher.surfaces.dumps.reader import (
    contained_in,
    digest_in,
    iris_in,
    unpublished_versions,
)
from publisher.surfaces.dumps.writer import Writer
from publisher.surfaces.files.tree_surface import TreeSurface
from publisher.surfaces.set_digest import ViewSetDigest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.failpoints import FailpointHook
    from publisher.surfaces.dumps.addresses import DumpConfig

# Parts digested between two checks for removals: some 100 MB of text.
_PARTS: Final = 20


class DumpSurface(TreeSurface[Writer]):
    """Writes one tier's dumps. Opening publishes empty dumps of kinds without records.

    A model with other columns or another JSON-LD context starts a rebuild.
    """

    name = "dumps"

    def __init__(self, config: DumpConfig, failpoint: FailpointHook = no_failpoint) -> None:
        self.tier: Tier = config.tier
        self._config = config
        self._hurried = False  # whether digests were postponed for a takedown
        super().__init__(config.directory, partial(Writer, config, failpoint=failpoint), failpoint)
        if self.served_writer().outdated:
            self.reset()

    # Reading: the writer's own state, ahead of readers by what is not yet published.

    def iris(self) -> Iterator[str]:
        """Yield every record with text in any form of any part."""
        writer = self.flushed_writer()
        return iris_in(unpublished_versions(writer), writer.part_files)

    def digest(self) -> str:
        """Return the digest of the N-Quads, without objection marks."""
        writer = self.flushed_writer()
        return digest_in(unpublished_versions(writer), writer.part_files)

    def expected_digest(self) -> ViewSetDigest:
        """Return an accumulator of the digest; add every view that must be shown."""
        return ViewSetDigest()

    def contains(self, iri: str) -> bool:
        """Return whether a part that may have the record (IRI or last part) has text of it."""
        writer = self.flushed_writer()
        return contained_in(unpublished_versions(writer), writer.part_files, self._config, iri)

    # Writing.

    def publish(self, *, at_head: bool) -> None:
        """Publish what was written, then digests when there is time.

        Removals are published first and alone. Their digests follow in the next calls, some
        parts a call, so that no takedown waits for a file of a million records.
        """
        hurried = self.served_writer().leaving
        super().publish(at_head=at_head)
        self._hurried = self._hurried or hurried
        if at_head and not hurried:
            with self.reset_on_error():
                if self.served_writer().complete(_PARTS if self._hurried else None):
                    self._hurried = False
