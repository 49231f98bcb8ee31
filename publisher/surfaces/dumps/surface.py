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

    from exchange.domain.disclosure import Tier
    from exchange.domain.failpoints import FailpointHook
    from publisher.surfaces.dumps.addresses import DumpConfig

# Parts whose digests are worked out between two looks for what has to go: some 100 MB of text.
_PARTS: Final = 20


class DumpSurface(TreeSurface[Writer]):
    """The writer of one tier's dumps. Opening publishes those of kinds without records.

    A model that has other columns or another context than what was written begins a rebuild.
    """

    name = "dumps"

    def __init__(self, config: DumpConfig, failpoint: FailpointHook = no_failpoint) -> None:
        self.tier: Tier = config.tier
        self._config = config
        self._hurried = False  # whether digests are behind for the sake of a takedown
        super().__init__(config.directory, partial(Writer, config, failpoint=failpoint), failpoint)
        if self.served_writer().outdated:
            self.reset()

    # Reading: the writer's own state, ahead of readers by what is not yet published.

    def iris(self) -> Iterator[str]:
        """Every record with text in any form of any part."""
        writer = self.flushed_writer()
        return iris_in(unpublished_versions(writer), writer.part_files)

    def digest(self) -> str:
        """LineSum over what the N-Quads say of records, marks left out."""
        writer = self.flushed_writer()
        return digest_in(unpublished_versions(writer), writer.part_files)

    def expected_digest(self) -> ViewSetDigest:
        """Return what `digest` must be, once it has every view."""
        return ViewSetDigest()

    def contains(self, iri: str) -> bool:
        """Whether a part where the record may be has text of it (IRI or its last part)."""
        writer = self.flushed_writer()
        return contained_in(unpublished_versions(writer), writer.part_files, self._config, iri)

    # Writing.

    def publish(self, *, at_head: bool) -> None:
        """Put what was written in its place; digests follow when there is time.

        What takes text away is shown first and alone. Its digests come with the next calls, some
        parts a call, so that no takedown waits behind a file of a million records.
        """
        hurried = self.served_writer().leaving
        super().publish(at_head=at_head)
        self._hurried = self._hurried or hurried
        if at_head and not hurried:
            with self.reset_on_error():
                if self.served_writer().complete(_PARTS if self._hurried else None):
                    self._hurried = False
