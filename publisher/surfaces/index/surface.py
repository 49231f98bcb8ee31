"""The index behind the port, over a directory of index files (`surfaces.files.tree_surface`)."""

from __future__ import annotations

from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

from exchange.domain.failpoints import Failpoint, no_failpoint
from exchange.domain.record import Activity
from publisher.stores.surface_sqlite import Writer
from publisher.surfaces.files.tree_surface import TreeSurface
from publisher.surfaces.index.index_row import row_sum, rows_digest, subject_of
from publisher.surfaces.index.row_statements import DIGESTED, add, drop, position_of
from publisher.surfaces.index.schema import FILE, SCHEMA
from publisher.surfaces.set_digest import digest_hex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.record import Change
    from publisher.stores.surface_sqlite import Connection
    from publisher.surfaces.index.index_row import IndexMapping
    from publisher.surfaces.index.schema import IndexConfig


class IndexFile:
    """Writes one index file; each transaction is visible at once.

    Raises EnvironmentFault, OSError.
    """

    def __init__(self, mapping: IndexMapping, failpoint: FailpointHook, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._failpoint = failpoint
        self._mapping = mapping
        self.database = Writer(folder / FILE, SCHEMA)
        # A kill may have come between a removal and the end of the log that has its bytes.
        self._unforgotten = True

    @property
    def position(self) -> int:
        """Sequence number of the last change applied."""
        with self.database.reading() as connection:
            return position_of(connection)

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply the changes and save the last number, in one transaction."""
        if not changes:
            return
        net = {change.iri: change for change in changes}
        new = [change for change in net.values() if _shown(change)]
        read = starmap(self._mapping.read, ((each.iri, each.view or b"") for each in new))
        with self.database.writing() as connection:
            numbers = drop(connection, net)
            add(connection, zip(new, read, strict=True), numbers)
            connection.execute("UPDATE state SET position = ?", (changes[-1].seq,))
            self._failpoint(Failpoint.INDEX_WRITTEN)
        self._unforgotten = self._unforgotten or bool(numbers)

    def redact(self, iris: Collection[str]) -> None:
        """Remove the records."""
        with self.database.writing() as connection:
            gone = drop(connection, iris)
        self._unforgotten = self._unforgotten or bool(gone)

    def flush(self) -> None:
        """Do nothing: nothing is pending in memory."""

    def commit(self) -> None:
        """Remove deleted text from the database's log; waits for a reader that blocks it."""
        if self._unforgotten:
            self._failpoint(Failpoint.INDEX_UNFORGOTTEN)
            self._unforgotten = not self.database.forget()


class IndexSurface(TreeSurface[IndexFile]):
    """Writes one tier's index. Opening publishes an empty index."""

    name = "index"

    def __init__(self, config: IndexConfig, failpoint: FailpointHook = no_failpoint) -> None:
        self.tier: Tier = config.tier
        self._config = config
        super().__init__(config.directory, partial(IndexFile, config.mapping, failpoint), failpoint)

    def iris(self) -> Iterator[str]:
        """Yield every record with a row; drop the iterator before `reset`."""
        with self.target_writer().database.reading() as connection:
            yield from (iri for (iri,) in connection.execute("SELECT iri FROM record"))

    def digest(self) -> str:
        """Return the digest of the rows, without objection marks."""
        with self.target_writer().database.reading() as connection:
            return rows_digest(connection.execute(DIGESTED))

    def expected_digest(self) -> RowSetDigest:
        """Return what `rows_digest` must be, once it has every view."""
        return RowSetDigest(self._config.mapping)

    def contains(self, iri: str) -> bool:
        """Return whether the record (IRI or its last part) has a row."""
        with self.target_writer().database.reading() as connection:
            return contains_any(connection, self._config.names(iri))

    def close(self) -> None:
        """Close the files; an unfinished rebuild is thrown away at the next start."""
        for file in {self.served_writer(), self.target_writer()}:
            file.database.close()
        super().close()


def contains_any(connection: Connection, names: Iterable[str]) -> bool:
    """Return whether one of the IRIs has a row."""
    found = (connection.execute("SELECT 1 FROM record WHERE iri = ?", (each,)) for each in names)
    return any(row.fetchone() for row in found)


class RowSetDigest:
    """Order-free digest of the rows of views."""

    def __init__(self, mapping: IndexMapping) -> None:
        self._mapping = mapping
        self._total = 0

    def add(self, view: bytes, /) -> None:
        """Add the row of a view."""
        facts, _ = self._mapping.read(subject_of(view), view)
        self._total += row_sum(facts)

    def hex(self) -> str:
        """Return the digest so far."""
        return digest_hex(self._total)


def _shown(change: Change) -> bool:
    return change.view is not None and change.activity is not Activity.DELETE
