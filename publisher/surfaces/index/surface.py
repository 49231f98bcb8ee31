"""The index behind the port, over a directory of index files (`surfaces.files.tree_surface`)."""

from __future__ import annotations

from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

from exchange.domain.failpoints import Failpoint, no_failpoint
from exchange.domain.record import Activity
from publisher.stores.surface_sqlite import Writer
from publisher.surfaces.files.tree_surface import TreeSurface
from publisher.surfaces.index.index_row import digest, fingerprint, subject_of
from publisher.surfaces.index.row_statements import DIGESTED, add, drop, position_of
from publisher.surfaces.index.schema import FILE, SCHEMA
from publisher.surfaces.set_digest import sum_hex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from exchange.domain.disclosure import Tier
    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.record import Change
    from publisher.stores.surface_sqlite import Connection
    from publisher.surfaces.index.index_row import Plan
    from publisher.surfaces.index.schema import Site


class IndexFile:
    """Writes one index. What was committed is seen at once. Raises EnvironmentFault, OSError."""

    def __init__(self, plan: Plan, failpoint: FailpointHook, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._failpoint = failpoint
        self._plan = plan
        self.database = Writer(folder / FILE, SCHEMA)
        # A kill may have come between a removal and the end of the log that has its bytes.
        self._unforgotten = True

    @property
    def position(self) -> int:
        """Last change applied."""
        with self.database.reading() as connection:
            return position_of(connection)

    def apply(self, changes: Sequence[Change]) -> None:
        """Bring the rows to the last change and save its number, in one transaction."""
        if not changes:
            return
        net = {change.iri: change for change in changes}
        new = [change for change in net.values() if _shown(change)]
        read = starmap(self._plan.read, ((each.iri, each.view or b"") for each in new))
        with self.database.writing() as connection:
            numbers = drop(connection, net)
            add(connection, zip(new, read, strict=True), numbers)
            connection.execute("UPDATE state SET position = ?", (changes[-1].seq,))
            self._failpoint(Failpoint.INDEX_WRITTEN)
        self._unforgotten = self._unforgotten or bool(numbers)

    def redact(self, iris: Collection[str]) -> None:
        """Take the records out."""
        with self.database.writing() as connection:
            gone = drop(connection, iris)
        self._unforgotten = self._unforgotten or bool(gone)

    def flush(self) -> None:
        """Nothing waits in memory."""

    def commit(self) -> None:
        """Leave nothing of what went in the database's log; a reader in the way is waited for."""
        if self._unforgotten:
            self._failpoint(Failpoint.INDEX_UNFORGOTTEN)
            self._unforgotten = not self.database.forget()


class IndexSurface(TreeSurface[IndexFile]):
    """The writer of one tier's index. Opening publishes one without records."""

    name = "index"

    def __init__(self, site: Site, failpoint: FailpointHook = no_failpoint) -> None:
        self.tier: Tier = site.tier
        self._site = site
        super().__init__(site.directory, partial(IndexFile, site.plan, failpoint), failpoint)

    def iris(self) -> Iterator[str]:
        """Every record with a row; drop the iterator before `reset`."""
        with self.target_writer().database.reading() as connection:
            yield from (iri for (iri,) in connection.execute("SELECT iri FROM record"))

    def digest(self) -> str:
        """Sum over the facts of records as they stand in the table, marks left out."""
        with self.target_writer().database.reading() as connection:
            return digest(connection.execute(DIGESTED))

    def expecting(self) -> FactsSum:
        """Return what `digest` must be, once it has every view."""
        return FactsSum(self._site.plan)

    def holds(self, iri: str) -> bool:
        """Whether a row is about the record (IRI or its last part)."""
        with self.target_writer().database.reading() as connection:
            return has(connection, self._site.names(iri))

    def close(self) -> None:
        """Close the files; an unfinished rebuild is thrown away at the next start."""
        for file in {self.served_writer(), self.target_writer()}:
            file.database.close()
        super().close()


def has(connection: Connection, names: Iterable[str]) -> bool:
    """Return whether one of the IRIs has a row."""
    found = (connection.execute("SELECT 1 FROM record WHERE iri = ?", (each,)) for each in names)
    return any(row.fetchone() for row in found)


class FactsSum:
    """The digest of exactly the facts of the views that are added."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._total = 0

    def add(self, view: bytes, /) -> None:
        """Count a view's facts."""
        facts, _ = self._plan.read(subject_of(view), view)
        self._total += fingerprint(facts)

    def hex(self) -> str:
        """Return the digest so far."""
        return sum_hex(self._total)


def _shown(change: Change) -> bool:
    return change.view is not None and change.activity is not Activity.DELETE
