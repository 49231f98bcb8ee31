"""The index surface: one SQLite file a tier for pages, counts and Chinese search.

Directory of one tier: `trees/<n>/index.sqlite` are whole indexes, `current` links to the one that
is read; a second one stands there while a rebuild is under way. `docs/decisions/0013` says why.
Source: docs/design/surfaces.md "Index".
"""

from publisher.surfaces.index.index_row import Plan
from publisher.surfaces.index.reader import IndexReader
from publisher.surfaces.index.schema import Site
from publisher.surfaces.index.search_results import (
    About,
    Entry,
    Found,
    Hint,
    Hit,
    Listed,
    Mark,
    Measure,
    Role,
    Subject,
    Tally,
)
from publisher.surfaces.index.surface import IndexSurface

__all__ = [
    "About",
    "Entry",
    "Found",
    "Hint",
    "Hit",
    "IndexReader",
    "IndexSurface",
    "Listed",
    "Mark",
    "Measure",
    "Plan",
    "Role",
    "Site",
    "Subject",
    "Tally",
]
