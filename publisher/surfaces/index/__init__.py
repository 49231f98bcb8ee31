"""The index surface: one SQLite file a tier for pages, counts and Chinese search.

Directory of one tier: `trees/<n>/index.sqlite` are whole indexes, `current` links to the one that
is read; a second one stands there while a rebuild is under way. `docs/decisions/0013` says why.
Source: docs/design/surfaces.md "Index".
"""

from publisher.surfaces.index.index_results import (
    CodeHint,
    Entry,
    Highlight,
    Hit,
    ListPage,
    Measure,
    MonthlyCount,
    Role,
    SearchPage,
    Subject,
    SubjectRecords,
)
from publisher.surfaces.index.index_row import IndexMapping
from publisher.surfaces.index.reader import IndexReader
from publisher.surfaces.index.schema import IndexConfig
from publisher.surfaces.index.surface import IndexSurface

__all__ = [
    "CodeHint",
    "Entry",
    "Highlight",
    "Hit",
    "IndexConfig",
    "IndexMapping",
    "IndexReader",
    "IndexSurface",
    "ListPage",
    "Measure",
    "MonthlyCount",
    "Role",
    "SearchPage",
    "Subject",
    "SubjectRecords",
]
