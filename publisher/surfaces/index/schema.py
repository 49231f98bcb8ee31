"""Tables of the index and where its files are; free to change: a rebuild makes them anew.

Every row belongs to one record, so that taking a record away is a handful of deletes by number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.files.tree_surface import current_tree

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier
    from publisher.surfaces.index.index_row import IndexMapping

FILE: Final = "index.sqlite"

# `words` is the folded text exactly as a full-text table was given it: these tables keep no text of
# their own and have to be told what to forget. Subjects have one for themselves, because they are
# shown first and no search should read all records to find them. `print` is a hash of the whole
# view, `until` the last day shown, as the record itself declares it. Days are ISO dates,
# `published` milliseconds. `tally` counts what stands, so that no page counts record by record.
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS state (position INTEGER NOT NULL);
INSERT INTO state SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM state);
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, code TEXT NOT NULL,
    name TEXT NOT NULL, number TEXT NOT NULL, day TEXT NOT NULL, authority TEXT NOT NULL,
    list TEXT, until TEXT, print BLOB NOT NULL, words TEXT NOT NULL,
    objection INTEGER NOT NULL, published INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS record_kind ON record (kind, day, id, until);
CREATE INDEX IF NOT EXISTS record_list ON record (list, day, id, until) WHERE list IS NOT NULL;
CREATE INDEX IF NOT EXISTS record_until ON record (until, kind) WHERE until IS NOT NULL;
CREATE TABLE IF NOT EXISTS mention (
    record INTEGER NOT NULL, role TEXT NOT NULL, code TEXT NOT NULL,
    PRIMARY KEY (record, role, code)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mention_code ON mention (code, role, record);
CREATE TABLE IF NOT EXISTS subject (
    record INTEGER PRIMARY KEY, category TEXT NOT NULL, status TEXT NOT NULL,
    division TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS measure (
    record INTEGER PRIMARY KEY, class TEXT NOT NULL, basis TEXT NOT NULL, unit TEXT NOT NULL,
    since TEXT NOT NULL, until TEXT, ends TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS applies (
    list TEXT NOT NULL, measure INTEGER NOT NULL, PRIMARY KEY (list, measure)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS applies_measure ON applies (measure);
CREATE TABLE IF NOT EXISTS tally (
    kind TEXT NOT NULL, authority TEXT NOT NULL, month TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (kind, authority, month)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS search_subject USING fts5(
    text, kind, content='', columnsize=0, tokenize='ascii'
);
CREATE VIRTUAL TABLE IF NOT EXISTS search_record USING fts5(
    text, kind, content='', columnsize=0, tokenize='ascii'
);
"""


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """Configuration of a tier's index; `bases` are the prefixes of record IRIs."""

    directory: Path
    tier: Tier
    bases: tuple[str, ...]
    mapping: IndexMapping

    def read_from(self) -> Path:
        """Return the file that readers open. Raises StoreUnavailable before the first."""
        try:
            return self.directory / current_tree(self.directory).readlink() / FILE
        except OSError as error:
            raise StoreUnavailable(
                "No index has been published yet.",
                "Run `credence publish`, or wait until the projector has started.",
                zh="索引尚未发布过。",
                zh_hint="请运行 credence publish，或等发布进程启动。",
            ) from error

    def names(self, iri: str) -> list[str]:
        """Return the IRIs that an IRI or its last part may mean."""
        return [iri] if ":" in iri else [base + iri for base in self.bases]
