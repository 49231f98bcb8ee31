"""The feed surface: LDES 1.0 / TREE as static files (docs/design/surfaces.md "Feeds").

Directory of one tier: `trees/<n>` are whole feeds, `current` links to the one that is served;
a second one stands there while a rebuild is under way. `docs/decisions/0003` has the layout.
"""

from publisher.surfaces.feed.addresses import FeedConfig
from publisher.surfaces.feed.reader import FeedReader
from publisher.surfaces.feed.surface import FeedSurface

__all__ = ["FeedConfig", "FeedReader", "FeedSurface"]
