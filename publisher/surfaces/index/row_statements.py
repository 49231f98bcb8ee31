"""The statements that put a record into the tables and take it out again.

Both work on a whole chunk at once: what costs is the call, not the row.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from publisher.surfaces.index.index_row import SUBJECT, IndexRow, kind_token, one_token_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exchange.domain.record import Change
    from publisher.stores.surface_sqlite import Connection
    from publisher.surfaces.index.index_row import IndexDetails

DIGESTED: Final = f"SELECT {', '.join(IndexRow._fields)} FROM record"  # noqa: S608 - our own names
_FIND: Final = (
    "SELECT id, iri, kind, authority, substr(day, 1, 7), words FROM record "
    "WHERE iri IN (SELECT value FROM json_each(?))"
)
_FORGET: Final = {
    True: (
        "INSERT INTO search_subject (search_subject, rowid, text, kind) VALUES ('delete', ?, ?, ?)"
    ),
    False: (
        "INSERT INTO search_record (search_record, rowid, text, kind) VALUES ('delete', ?, ?, ?)"
    ),
}
_DELETES: Final = (
    "DELETE FROM mention WHERE record = ?",
    "DELETE FROM subject WHERE record = ?",
    "DELETE FROM measure WHERE record = ?",
    "DELETE FROM applies WHERE measure = ?",
    "DELETE FROM record WHERE id = ?",
)
_RECORD: Final = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_WORDS: Final = {
    True: "INSERT INTO search_subject (rowid, text, kind) VALUES (?, ?, ?)",
    False: "INSERT INTO search_record (rowid, text, kind) VALUES (?, ?, ?)",
}
_MENTION: Final = "INSERT OR IGNORE INTO mention VALUES (?, ?, ?)"
_SUBJECT: Final = "INSERT INTO subject VALUES (?, ?, ?, ?)"
_MEASURE: Final = "INSERT INTO measure VALUES (?, ?, ?, ?, ?, ?, ?)"
_APPLIES: Final = "INSERT OR IGNORE INTO applies VALUES (?, ?)"
_COUNT: Final = (
    "INSERT INTO tally VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
)

_Group = tuple[str, str, str]  # kind, authority, month


def position_of(connection: Connection) -> int:
    """Return the last change applied."""
    return int(connection.execute("SELECT position FROM state").fetchone()[0])


def drop(connection: Connection, iris: Iterable[str]) -> dict[str, int]:
    """Remove every row of the records; return the numbers of those that were there."""
    found = connection.execute(_FIND, (json.dumps(list(iris)),)).fetchall()
    if not found:
        return {}
    _search(connection, _FORGET, ((number, words, kind) for number, _, kind, _, _, words in found))
    numbers = [(number,) for number, *_ in found]
    for statement in _DELETES:
        connection.executemany(statement, numbers)
    counts = Counter((kind, authority, month) for _, _, kind, authority, month, _ in found)
    _count(connection, {group: -count for group, count in counts.items()})
    connection.execute("DELETE FROM tally WHERE count = 0")
    return {iri: number for number, iri, *_ in found}


def add(
    connection: Connection,
    rows: Iterable[tuple[Change, tuple[IndexRow, IndexDetails]]],
    known: Mapping[str, int],
) -> None:
    """Add records that are not there; one that was keeps its number, hence its place in lists."""
    [(last,)] = connection.execute("SELECT ifnull(max(id), 0) FROM record").fetchall()
    # A number that was just dropped must not go to another record.
    last = max(last, *known.values(), 0) if known else last
    records, words, mentions, rest = [], [], [], []
    counts = Counter[_Group]()
    for change, (facts, more) in rows:
        number = known.get(facts.iri)
        if number is None:
            last += 1
            number = last
        records.append((number, *facts, change.objection, change.published))
        words.append((number, facts.words, facts.kind))
        mentions += [(number, role, code) for role, code in more.mentions]
        counts[facts.kind, facts.authority, facts.day[:7]] += 1
        if more.subject or more.measure:
            rest.append((number, more))
    connection.executemany(_RECORD, records)
    _search(connection, _WORDS, words)
    connection.executemany(_MENTION, mentions)
    _count(connection, counts)
    _add_rest(connection, rest)


def _search(
    connection: Connection,
    statements: Mapping[bool, str],
    rows: Iterable[tuple[int, str, str]],
) -> None:
    """Tell the two full-text tables of (number, words, kind)."""
    sides: dict[bool, list[tuple[int, str, str]]] = {True: [], False: []}
    tokens: dict[str, str] = {}
    for number, words, kind in rows:
        stands_for = tokens.get(kind) or tokens.setdefault(kind, kind_token(kind))
        sides[kind == SUBJECT].append((number, one_token_each(words), stands_for))
    for is_subject, found in sides.items():
        connection.executemany(statements[is_subject], found)


def _add_rest(connection: Connection, rest: Iterable[tuple[int, IndexDetails]]) -> None:
    for number, more in rest:
        if more.subject:
            connection.execute(_SUBJECT, (number, *more.subject))
        if more.measure:
            connection.execute(_MEASURE, (number, *more.measure))
            connection.executemany(_APPLIES, [(name, number) for name in more.applies])


def _count(connection: Connection, counts: Mapping[_Group, int]) -> None:
    connection.executemany(_COUNT, [(*group, count) for group, count in counts.items()])
