"""Every row of the index compared with what the ledger's sequence gives.

What all tables say of a record is one row of one query, and its digest must be that of the rows
its view gives. Counts and the full-text tables are compared with the records beside them: the
full-text tables keep no text, so what is compared is in how many records each character stands.
"""

from __future__ import annotations

import hashlib
import string
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import StoreUnavailable
from exchange.domain.record import Activity
from publisher.stores.surface_sqlite import require_whole
from publisher.surfaces.audit.file_inspection import Faults, Inspected
from publisher.surfaces.index.index_row import SUBJECT, IndexRow, kind_token, view_hash
from publisher.surfaces.index.row_statements import position_of
from publisher.surfaces.index.schema import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from exchange.domain.record import Change
    from publisher.stores.surface_sqlite import Connection
    from publisher.surfaces.audit.file_inspection import SharedWork
    from publisher.surfaces.index.index_row import IndexDetails
    from publisher.surfaces.index.schema import IndexConfig

_USE: Final = "index"
_DIGEST: Final = 16  # bytes kept of a SHA-256
_SHOWN: Final = f"current/{FILE}"
_PART, _ROW, _NONE = (
    "\x1f",
    "\x1e",
    "\x1d",
)  # between values, between rows, for none; no text has any
_SIDES: Final = {"search_subject": True, "search_record": False}
# What the tokenizer drops, and what it makes of the rest of ASCII.
_PUNCTUATION: Final = frozenset(map(chr, range(128))) - set(string.ascii_letters + string.digits)

# Of each record its IRI and one text of all that the tables say of it, put together by SQLite,
# which takes a third of the time.
_NAMES: Final = [name for name in IndexRow._fields if name != "print"]
_COLUMNS: Final = [f"r.{name}" for name in _NAMES]
_OTHERS: Final = (
    "(SELECT group_concat(role || x'1f' || code, x'1e') FROM mention WHERE record = r.id)",
    "(SELECT category || x'1f' || status || x'1f' || division FROM subject WHERE record = r.id)",
    (
        "(SELECT class || x'1f' || basis || x'1f' || unit || x'1f' || since || x'1f' || "
        "ifnull(until, '') || x'1f' || ends FROM measure WHERE record = r.id)"
    ),
    (
        "(SELECT group_concat(list, x'1e') FROM "
        "(SELECT list FROM applies WHERE measure = r.id ORDER BY list))"
    ),
    "hex(r.print)",
    "r.objection",
    "r.published",
)
_TOGETHER: Final = " || x'1f' || ".join(f"ifnull({one}, x'1d')" for one in (*_COLUMNS, *_OTHERS))
_ROWS: Final = f"SELECT r.iri, {_TOGETHER} FROM record r"  # noqa: S608 - our own names
_STRAY: Final = """
SELECT count(*) FROM (
    SELECT record FROM mention UNION ALL SELECT record FROM subject
    UNION ALL SELECT record FROM measure UNION ALL SELECT measure FROM applies
) WHERE record NOT IN (SELECT id FROM record)
"""
_COUNTED: Final = "SELECT kind, authority, substr(day, 1, 7), count(*) FROM record GROUP BY 1, 2, 3"
_TALLIED: Final = "SELECT kind, authority, month, count FROM tally"


class IndexInspection:
    """Inspects the index that `reading` opens, a snapshot of it at a time."""

    def __init__(
        self,
        config: IndexConfig,
        reading: Callable[[], AbstractContextManager[Connection]],
        shared: SharedWork,
    ) -> None:
        self._config = config
        self._shared = shared
        self._reading = reading
        self._expected: dict[str, bytes] = {}
        self.position()

    def position(self) -> int:
        """Last change that readers see."""
        with self._reading() as connection:
            return position_of(connection)

    def take(self, changes: Sequence[Change]) -> None:
        """Take the next changes."""
        for change in changes:
            if change.view is None or change.activity is Activity.DELETE:
                self._expected.pop(change.iri, None)
            else:
                self._expected[change.iri] = _digest(self._row(change, change.view))

    def finish(self) -> Inspected:
        """Compare every row."""
        found = _Rows(self._expected)
        faults = Faults(self._config.directory)
        try:
            with self._reading() as connection:
                require_whole(connection)
                found.compare(connection)
                _compare_derived(connection, faults)
        except StoreUnavailable as problem:
            faults.raised(_SHOWN, problem)
        if named := [*sorted(found.different), *sorted(found.unseen), *sorted(found.extra)]:
            faults.add(
                _SHOWN,
                f"{len(named)} 条记录的内容与账本不符，例如 {named[0]}。",
                f"{len(named)} records differ from the ledger, for instance {named[0]}.",
            )
        return Inspected(self._expected.keys(), found.unseen, found.extra, faults)

    def close(self) -> None:
        """Nothing is held open."""

    def _row(self, change: Change, view: bytes) -> str:
        """Return what the tables must say of a record, in the order of the query."""
        # What tiers show beyond each other is mostly nothing that the index looks at.
        relevant = self._config.mapping.indexed_statements(change.iri, view)
        told = self._shared.memoise(_USE, relevant, partial(self._told, change.iri, relevant))
        rest = (view_hash(view).hex().upper(), str(int(change.objection)), str(change.published))
        return _PART.join((told, *rest))

    def _told(self, iri: str, view: bytes) -> str:
        """Return what the view itself comes to."""
        facts, rest = self._config.mapping.read(iri, view)
        return _joined((*(getattr(facts, name) for name in _NAMES), *_others(rest)))


class _Rows:
    """The rows of records compared with the digests that they must have."""

    def __init__(self, expected: dict[str, bytes]) -> None:
        self._expected = expected
        self.unseen = set(expected)
        self.extra: set[str] = set()
        self.different: set[str] = set()

    def compare(self, connection: Connection) -> None:
        """Compare every row. Raises StoreUnavailable."""
        for iri, row in connection.execute(_ROWS):
            wanted = self._expected.get(iri)
            self.unseen.discard(iri)
            if wanted is None:
                self.extra.add(iri)
            elif wanted != _digest(row):
                self.different.add(iri)


def _compare_derived(connection: Connection, faults: Faults) -> None:
    """Compare what follows from the records with the records."""
    [(stray,)] = connection.execute(_STRAY).fetchall()
    if stray:
        faults.add(
            _SHOWN,
            f"有 {stray} 行不属于任何记录。",
            f"{stray} rows belong to no record.",
        )
    if set(connection.execute(_COUNTED)) != set(connection.execute(_TALLIED)):
        faults.add(_SHOWN, "统计数与记录不符。", "Its counts are not those of its records.")
    for table, is_subject in _SIDES.items():
        if _tokens(connection, table) != _wanted_tokens(connection, is_subject=is_subject):
            faults.add(
                _SHOWN,
                f"全文检索表 {table} 与记录不符。",
                f"Its full-text table {table} does not have the text of its records.",
            )


def _others(rest: IndexDetails) -> tuple[str | None, ...]:
    """Return what the other tables say of a record, as the query puts it together."""
    mentions = _ROW.join(f"{role}{_PART}{code}" for role, code in sorted(set(rest.mentions)))
    subject = _PART.join(rest.subject) if rest.subject else None
    measure = _PART.join(part or "" for part in rest.measure) if rest.measure else None
    applies = _ROW.join(sorted(set(rest.applies))) if rest.measure else ""
    return mentions or None, subject, measure, applies or None


def _joined(row: Sequence[object]) -> str:
    """Return the text of a row as the query puts it together."""
    return _PART.join([_NONE if item is None else str(item) for item in row])


def _digest(row: str) -> bytes:
    return hashlib.sha256(row.encode()).digest()[:_DIGEST]


def _wanted_tokens(connection: Connection, *, is_subject: bool) -> dict[str, int]:
    """Return in how many records each token stands that the full-text table must have."""
    compared = "=" if is_subject else "<>"
    query = f"SELECT lower(words), kind FROM record WHERE kind {compared} ?"  # noqa: S608 - our own
    found, kinds = Counter[str](), Counter[str]()
    for words, kind in connection.execute(query, (SUBJECT,)):
        found.update(set(words))
        kinds[kind] += 1
    for kind, count in kinds.items():
        found[kind_token(kind).lower()] += count
    return {one: count for one, count in found.items() if one not in _PUNCTUATION}


def _tokens(connection: Connection, table: str) -> dict[str, int]:
    """Return in how many rows each token of a full-text table stands."""
    connection.execute("PRAGMA query_only=OFF")  # the file itself was opened to be read only
    try:
        connection.execute("DROP TABLE IF EXISTS temp.tokens")
        connection.execute(
            f"CREATE VIRTUAL TABLE temp.tokens USING fts5vocab('main', {table}, 'row')"
        )
        found = dict(connection.execute("SELECT term, doc FROM temp.tokens").fetchall())
        connection.execute("DROP TABLE temp.tokens")
    finally:
        connection.execute("PRAGMA query_only=ON")
    return found
