"""Reads the index of a tier: search, subjects, lists, counts; every answer is bounded.

Purpose: the read side of one tier, beside a running projector. Each call sees one committed
state, ends at a deadline and shows only what may be shown on the day it is asked
(docs/design/surfaces.md "Expiry"). Who shows an answer takes out what the ledger's gone-set says
has left since.
Errors: StoreUnavailable, QueryTimeout; UsageError for a cursor or a query beyond its bounds.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import UsageError
from publisher.stores.surface_sqlite import Readers, require_whole
from publisher.surfaces.index import index_queries
from publisher.surfaces.index.index_results import (
    CodeHint,
    Entry,
    Hit,
    ListPage,
    Measure,
    MonthlyCount,
    Role,
    SearchPage,
    Subject,
    SubjectRecords,
)
from publisher.surfaces.index.index_row import rows_digest
from publisher.surfaces.index.inspection import IndexInspection
from publisher.surfaces.index.row_statements import DIGESTED, position_of
from publisher.surfaces.index.search_terms import (
    code_with_wrong_check_digit,
    fts_queries,
    highlight,
    likely_codes,
    match_rank,
    search_terms,
)
from publisher.surfaces.index.surface import RowSetDigest, contains_any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier
    from publisher.stores.surface_sqlite import Connection
    from publisher.surfaces.audit.file_inspection import SharedWork
    from publisher.surfaces.index.schema import IndexConfig

SECONDS: Final = 2.0
PAGE: Final = 20
COUNTED: Final = 1_000  # no total of a search counts further, no page lies beyond
LISTED: Final = 10_000  # no total of a list counts further; all of it can be paged through
EACH: Final = 200  # records of a subject in one role
MEASURES: Final = 200
ABOUT: Final = 500  # records of a page of data about a subject
_TALLIES: Final = 10_000
# A day (none where the record has none) and a number that SQLite can hold.
_PLACE: Final = re.compile(r"(.{0,20})\.([0-9]{1,18})")


class IndexReader:
    """Reads the index of a tier that is served. Thread-safe.

    `today` is the day in China as an ISO date; `ready` raises while it must not be read; `seconds`
    ends a query that takes longer.
    """

    name = "index"

    def __init__(
        self,
        config: IndexConfig,
        today: Callable[[], str],
        ready: Callable[[], None] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.tier: Tier = config.tier
        self._config = config
        self._today = today
        self._ready = ready
        self._seconds = seconds
        self._readers = Readers(self._where)

    def _where(self) -> Path:
        if self._ready is not None:
            self._ready()
        return self._config.read_from()

    # What an audit asks; it takes as long as it takes.

    def position(self) -> int:
        """Return the number of the last change that readers see."""
        with self._readers.reading() as connection:
            return position_of(connection)

    def iris(self) -> Iterator[str]:
        """Yield every record with a row."""
        with self._readers.reading() as connection:
            yield from (iri for (iri,) in connection.execute("SELECT iri FROM record"))

    def known(self) -> Iterator[tuple[str, str]]:
        """Yield every record with a row, with its kind."""
        with self._readers.reading() as connection:
            yield from connection.execute("SELECT iri, kind FROM record")

    def digest(self) -> str:
        """Return the digest of the rows, without marks. Raises StoreUnavailable for damage."""
        with self._readers.reading() as connection:
            require_whole(connection)
            return rows_digest(connection.execute(DIGESTED))

    def expected_digest(self) -> RowSetDigest:
        """Return what `rows_digest` must be, once it has every view."""
        return RowSetDigest(self._config.mapping)

    def inspect(self, shared: SharedWork) -> IndexInspection:
        """Start to compare every row with the ledger."""
        return IndexInspection(self._config, self._readers.reading, shared)

    def contains(self, iri: str) -> bool:
        """Return whether the record (IRI or its last part) has a row."""
        with self._readers.reading() as connection:
            return contains_any(connection, self._config.names(iri))

    # What pages ask.

    def search(self, text: str, kinds: Collection[str] = (), page: int = 1) -> SearchPage:
        """Return a page of the records whose names, numbers or codes have every word typed.

        Words are parts of any length; writing does not matter. Subjects come first; of each, those
        of exactly that name, then those that begin with it; among equals new ones come last. Pages
        beyond the last give the last. Raises UsageError beyond 200 characters.
        """
        words = search_terms(text)
        with self._readers.reading(self._seconds) as connection:
            hint = self._hint(connection, text)
            if not words:
                return SearchPage(text, 0, more=False, page=1, pages=1, hits=(), hint=hint)
            numbers = self._matching(connection, words, kinds)
            total = min(len(numbers), COUNTED)
            pages = max(1, -(-total // PAGE))
            page = min(max(page, 1), pages)
            found = _entries(connection, numbers[:total][(page - 1) * PAGE : page * PAGE])
        hits = [Hit(one, highlight(one.name, words), highlight(one.number, words)) for one in found]
        return SearchPage(text, total, len(numbers) > COUNTED, page, pages, hits, hint)

    def subject(self, code: str, each: int = EACH) -> Subject | None:
        """Return everything about a code in canonical form; None without records.

        At most `each` records a role, the newest to arrive first.
        """
        mapping = self._config.mapping
        others = (role for role in mapping.roles if role not in mapping.about)
        with self._readers.reading(self._seconds) as connection:
            asked = ((role, self._role(connection, code, role, each)) for role in mapping.about)
            about = [role for _, role in asked if role.total]
            named = [self._role(connection, code, role, each) for role in others]
            if not about and not any(role.total for role in named):
                return None
            lists = self._lists(connection, code)
            bound = {
                "code": code,
                "about": _json(mapping.about),
                "today": self._today(),
                "most": MEASURES,
            }
            measures = [Measure(*row) for row in connection.execute(index_queries.MEASURES, bound)]
            register = self._register(connection, code)
        name = register[0] or next((one.name for role in about for one in role.entries), "")
        named = sorted((role for role in named if role.total), key=lambda role: -role.total)
        return Subject(code, name, *register[1:], [*about, *named], lists, measures)

    def about(self, code: str, after: str = "", size: int = ABOUT) -> SubjectRecords:
        """Return a page of the records about a code in its canonical writing, by IRI.

        `after` is the IRI that ended the page before; `size` is bounded by ABOUT.
        """
        size = min(max(size, 1), ABOUT)
        bound = {
            "code": code,
            "about": _json(self._config.mapping.about),
            "after": after,
            "today": self._today(),
            "most": size + 1,
        }
        with self._readers.reading(self._seconds) as connection:
            iris = [iri for (iri,) in connection.execute(index_queries.ABOUT, bound)]
        return SubjectRecords(iris[:size], iris[size - 1] if len(iris) > size else "")

    def measures_of(self, name: str) -> Sequence[Entry]:
        """Return the measures that follow from a list (its notation), by number."""
        bound = {"list": name, "today": self._today(), "most": MEASURES}
        with self._readers.reading(self._seconds) as connection:
            return [_entry(row) for row in connection.execute(index_queries.MEASURES_OF, bound)]

    def listed(self, name: str, cursor: str = "", size: int = PAGE) -> ListPage:
        """Return a piece of a list (its notation), newest day first.

        Raises UsageError for a cursor that is none of ours.
        """
        return self._piece(index_queries.LIST_COUNT, index_queries.LIST, name, cursor, size)

    def of_kind(self, kind: str, cursor: str = "", size: int = PAGE) -> ListPage:
        """Return a piece of a kind's records, newest day first. Raises UsageError."""
        return self._piece(index_queries.KIND_COUNT, index_queries.KIND, kind, cursor, size)

    def latest(self, kind: str, count: int) -> Sequence[Entry]:
        """Return the newest records of a kind, by the day they were decided."""
        bound = {"kind": kind, "today": self._today(), "most": min(count, EACH)}
        with self._readers.reading(self._seconds) as connection:
            return [_entry(row) for row in connection.execute(index_queries.LATEST, bound)]

    def counts(self) -> Mapping[str, int]:
        """Return how many records of each kind are shown."""
        with self._readers.reading(self._seconds) as connection:
            counted = dict(connection.execute(index_queries.COUNTS).fetchall())
            for kind, ended in connection.execute(index_queries.ENDED, (self._today(),)):
                counted[kind] -= ended
        return counted

    def tallies(self, kind: str) -> Sequence[MonthlyCount]:
        """Return the records of a kind by authority and month; ended ones count until they go."""
        with self._readers.reading(self._seconds) as connection:
            rows = connection.execute(index_queries.TALLIES, (kind, _TALLIES))
            return [MonthlyCount(*row) for row in rows]

    def lists(self) -> Mapping[str, int]:
        """Return how many entries each list has that has any."""
        with self._readers.reading(self._seconds) as connection:
            rows = connection.execute(index_queries.LISTS, {"today": self._today()})
            return dict(rows.fetchall())

    def close(self) -> None:
        """Close idle connections."""
        self._readers.close()

    def _matching(
        self, connection: Connection, words: Sequence[str], kinds: Collection[str]
    ) -> list[int]:
        """Return the numbers of what matches in the order shown, at most one beyond the bound."""
        numbers: list[int] = []
        for is_subject, match in fts_queries(words, kinds):
            most = COUNTED + 1 - len(numbers)
            bound = {"match": match, "today": self._today(), "most": most}
            rows = connection.execute(index_queries.FOUND[is_subject], bound).fetchall()
            # Sorting keeps the order of numbers among equals.
            rows.sort(key=lambda row: match_rank(words, row[1]))
            numbers += [number for number, _ in rows]
        return numbers

    def _hint(self, connection: Connection, text: str) -> CodeHint | None:
        code = code_with_wrong_check_digit(text)
        if code is None:
            return None
        bound = {"near": _json(likely_codes(code)), "today": self._today(), "most": PAGE}
        return CodeHint(
            code, [_entry(row) for row in connection.execute(index_queries.NEAR, bound)]
        )

    def _role(self, connection: Connection, code: str, role: str, each: int) -> Role:
        bound = {"code": code, "role": role, "today": self._today(), "most": COUNTED + 1}
        counted = connection.execute(index_queries.NAMED_COUNT, bound).fetchone()[0]
        rows = connection.execute(index_queries.NAMED, {**bound, "most": min(each, EACH)})
        return Role(role, min(counted, COUNTED), counted > COUNTED, [_entry(row) for row in rows])

    def _lists(self, connection: Connection, code: str) -> list[Entry]:
        bound = {"code": code, "today": self._today(), "most": EACH}
        return [_entry(row) for row in connection.execute(index_queries.ON_LISTS, bound)]

    def _register(self, connection: Connection, code: str) -> tuple[str, str, str, str]:
        row = connection.execute(index_queries.REGISTER, (code,)).fetchone()
        return row or ("", "", "", "")

    def _piece(self, count: str, piece: str, value: str, cursor: str, size: int) -> ListPage:
        day, number = _placed(cursor)
        bound: dict[str, object] = {
            "value": value,
            "today": self._today(),
            "day": day,
            "number": number,
            "most": min(max(size, 1), EACH) + 1,
            "counted": LISTED + 1,
        }
        with self._readers.reading(self._seconds) as connection:
            total = connection.execute(count, bound).fetchone()[0]
            rows = connection.execute(piece, bound).fetchall()
        further = len(rows) == bound["most"]
        shown = rows[:-1] if further else rows
        entries = [_entry(row[:-1]) for row in shown]
        last = f"{entries[-1].day}.{shown[-1][-1]}" if further else ""
        return ListPage(min(total, LISTED), total > LISTED, entries, last)


def _entries(connection: Connection, numbers: Sequence[int]) -> list[Entry]:
    rows = connection.execute(index_queries.ENTRIES, {"numbers": json.dumps(list(numbers))})
    found = {number: _entry(row) for number, *row in rows}
    return [found[number] for number in numbers]


def _entry(row: Sequence[Any]) -> Entry:
    iri, kind, code, name, number, day, authority, on_list, until, objection, published = row
    return Entry(
        iri, kind, code, name, number, day, authority, on_list, until, bool(objection), published
    )


def _placed(cursor: str) -> tuple[str, int]:
    """Return (day, number) that the cursor names; beyond every day where there is none."""
    if not cursor:
        return "\uffff", 0
    found = _PLACE.fullmatch(cursor)
    if found is None:
        raise UsageError(
            "That is no place in this list.",
            "Take the address of the next page from the page before it.",
            zh="翻页位置无效。",
            zh_hint="请从上一页的链接进入下一页。",
        )
    return found[1], int(found[2])


def _json(values: Iterable[str]) -> str:
    return json.dumps(list(values))
