"""Configurations of a deployment's surfaces: directory, tier, addresses, kinds, ledger look-ups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from exchange.domain.disclosure_levels import Tier
from publisher.surfaces import dumps
from publisher.surfaces import feed as feeds
from publisher.surfaces import index as indexes
from publisher.surfaces.triples.config import TriplesConfig

if TYPE_CHECKING:
    from exchange.ledger import Ledger
    from exchange.model import Kind, Model
    from publisher.layout import Layout


@dataclass(frozen=True, slots=True)
class SurfaceConfigs:
    """Makes the configuration of each surface of a tier."""

    layout: Layout
    model: Model
    ledger: Ledger
    index_mapping: indexes.IndexMapping

    def triples(self, tier: Tier) -> TriplesConfig:
        """Return the configuration of the triple store."""
        return TriplesConfig(self.layout.triples(tier), tier, self._iri_prefixes())

    def index(self, tier: Tier) -> indexes.IndexConfig:
        """Return the configuration of the search index."""
        return indexes.IndexConfig(
            self.layout.index(tier), tier, self._iri_prefixes(), self.index_mapping
        )

    def feed(self, tier: Tier) -> feeds.FeedConfig:
        """Return the configuration of the LDES feed."""
        return feeds.FeedConfig(
            self.layout.feed(tier),
            tier,
            self._base(tier),
            self.kinds(tier),
            partial(self.ledger.pages, tier),
            epoch=self.ledger.epoch,
        )

    def dumps(self, tier: Tier) -> dumps.DumpConfig:
        """Return the configuration of the dumps."""
        return dumps.DumpConfig(
            self.layout.dumps(tier),
            tier,
            self._base(tier),
            self.kinds(tier),
            partial(self.ledger.pages, tier),
            partial(self.ledger.created, tier),
            epoch=self.ledger.epoch,
        )

    def kinds(self, tier: Tier) -> dict[str, Kind]:
        """Return the kinds that the tier may show, by slug."""
        kinds = self.model.kinds
        return {slug: kind for slug, kind in kinds.items() if kind.max_tier.rank <= tier.rank}

    def _iri_prefixes(self) -> tuple[str, ...]:
        genesis = self.ledger.genesis
        return (f"{genesis.base_url}/record/", f"{genesis.government_url}/record/")

    def _base(self, tier: Tier) -> str:
        genesis = self.ledger.genesis
        return genesis.base_url if tier is Tier.PUBLIC else genesis.government_url
