"""The feed surface: the port over a directory of feeds (`surfaces.files.tree_surface`)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from exchange.domain.failpoints import no_failpoint
from publisher.surfaces.feed.reader import contained_in, digest_in, iris_in
from publisher.surfaces.feed.writer import Writer
from publisher.surfaces.files.tree_surface import TreeSurface
from publisher.surfaces.set_digest import ViewSetDigest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.failpoints import FailpointHook
    from publisher.surfaces.feed.addresses import FeedConfig


class FeedSurface(TreeSurface[Writer]):
    """Writes one tier's feed. Opening publishes the roots of an empty feed."""

    name = "feed"

    def __init__(self, config: FeedConfig, failpoint: FailpointHook = no_failpoint) -> None:
        self.tier: Tier = config.tier
        self._config = config
        super().__init__(config.directory, partial(Writer, config, failpoint=failpoint), failpoint)

    # Reading: the writer's own state, ahead of readers by what is not yet published.

    def iris(self) -> Iterator[str]:
        """Yield every record with text in any form of any page."""
        return iris_in(self.flushed_writer().tree, self._config)

    def digest(self) -> str:
        """Return the digest of the newest version of each record."""
        return digest_in(self.flushed_writer().tree, self._config)

    def expected_digest(self) -> ViewSetDigest:
        """Return an accumulator of the digest; add every view that must be shown."""
        return ViewSetDigest()

    def contains(self, iri: str) -> bool:
        """Return whether a page that ever had the record (IRI or last part) has text of it."""
        return contained_in(self.flushed_writer().tree, self._config, iri)
