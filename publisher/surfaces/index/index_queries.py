"""The statements of the reader: put together of our own words, values are always bound.

Each ends at a bound and has an index that leads it; `CROSS JOIN` keeps the planner to the order
written, which begins where the fewest rows are.
"""

from __future__ import annotations

from typing import Final

_COLUMNS: Final = (
    "record.iri, record.kind, record.code, record.name, record.number, record.day, "
    "record.authority, ifnull(record.list, ''), ifnull(record.until, ''), record.objection, "
    "record.published"
)
# Publicity ends with a day, whatever has not been taken out yet (docs/design/surfaces.md "Expiry").
_TODAY: Final = "(record.until IS NULL OR record.until >= :today)"

# By whether it is asked of subjects. One pass counts and finds: the text is read only once.
FOUND: Final = {
    is_subject: f"""
SELECT record.id, record.words FROM {table} CROSS JOIN record ON record.id = {table}.rowid
WHERE {table} MATCH :match AND {_TODAY} ORDER BY {table}.rowid LIMIT :most
"""
    for is_subject, table in ((True, "search_subject"), (False, "search_record"))
}
ENTRIES: Final = (
    f"SELECT record.id, {_COLUMNS} FROM record "
    "WHERE record.id IN (SELECT value FROM json_each(:numbers))"
)

_MENTIONED: Final = "FROM mention CROSS JOIN record ON record.id = mention.record "
_ROLE: Final = f"{_MENTIONED} WHERE mention.code = :code AND mention.role = :role AND {_TODAY}"
NAMED: Final = f"SELECT {_COLUMNS} {_ROLE} ORDER BY mention.record DESC LIMIT :most"
NAMED_COUNT: Final = f"SELECT count(*) FROM (SELECT 1 {_ROLE} LIMIT :most)"
NEAR: Final = (
    f"SELECT {_COLUMNS} {_MENTIONED} WHERE mention.code IN (SELECT value FROM json_each(:near)) "
    f"AND record.code = mention.code AND {_TODAY} GROUP BY mention.code LIMIT :most"
)
ON_LISTS: Final = (
    f"SELECT DISTINCT {_COLUMNS} {_MENTIONED} WHERE mention.code = :code AND record.code = :code "
    f"AND record.list IS NOT NULL AND {_TODAY} ORDER BY record.list, record.day DESC LIMIT :most"
)
REGISTER: Final = (
    "SELECT record.name, category, status, division FROM mention "
    "CROSS JOIN subject ON subject.record = mention.record "
    "CROSS JOIN record ON record.id = mention.record "
    "WHERE mention.code = ? AND mention.role = 'describes' ORDER BY mention.record DESC LIMIT 1"
)
MEASURES: Final = f"""
SELECT m.iri, m.number, m.name, measure.class, record.list, record.iri, measure.basis,
    measure.unit, measure.since, ifnull(record.until, ''), measure.ends
{_MENTIONED}
    CROSS JOIN applies ON applies.list = record.list
    CROSS JOIN measure ON measure.record = applies.measure
    CROSS JOIN record AS m ON m.id = measure.record
WHERE mention.code = :code AND mention.role IN (SELECT value FROM json_each(:about)) AND {_TODAY}
    AND measure.since <= :today AND (measure.until IS NULL OR measure.until >= :today)
ORDER BY record.list, m.number, m.id LIMIT :most
"""
MEASURES_OF: Final = (
    f"SELECT {_COLUMNS} FROM applies CROSS JOIN record ON record.id = applies.measure "
    f"WHERE applies.list = :list AND {_TODAY} ORDER BY record.number, record.id LIMIT :most"
)
# By IRI: a rebuild gives other numbers, and a reader may be between two pages.
ABOUT: Final = (
    f"SELECT DISTINCT record.iri {_MENTIONED} WHERE mention.code = :code "
    "AND mention.role IN (SELECT value FROM json_each(:about)) "
    f"AND record.iri > :after AND {_TODAY} ORDER BY record.iri LIMIT :most"
)

_NEWEST: Final = "ORDER BY record.day DESC, record.id DESC LIMIT :most"
_AFTER: Final = f"AND (record.day, record.id) < (:day, :number) {_NEWEST}"
LATEST: Final = f"SELECT {_COLUMNS} FROM record WHERE record.kind = :kind AND {_TODAY} {_NEWEST}"
_ON_LIST: Final = f"FROM record WHERE record.list = :value AND {_TODAY}"
_OF_KIND: Final = f"FROM record WHERE record.kind = :value AND {_TODAY}"
LIST: Final = f"SELECT {_COLUMNS}, record.id {_ON_LIST} {_AFTER}"
LIST_COUNT: Final = f"SELECT count(*) FROM (SELECT 1 {_ON_LIST} LIMIT :counted)"
KIND: Final = f"SELECT {_COLUMNS}, record.id {_OF_KIND} {_AFTER}"
KIND_COUNT: Final = f"SELECT count(*) FROM (SELECT 1 {_OF_KIND} LIMIT :counted)"

COUNTS: Final = "SELECT kind, sum(count) FROM tally GROUP BY kind"
# Told which index: the planner would rather read every record in the order of kinds.
ENDED: Final = (
    "SELECT kind, count(*) FROM record INDEXED BY record_until WHERE until < ? GROUP BY kind"
)
LISTS: Final = (
    f"SELECT list, count(*) FROM record WHERE list IS NOT NULL AND {_TODAY} GROUP BY list"
)
TALLIES: Final = (
    "SELECT kind, authority, month, count FROM tally WHERE kind = ? "
    "ORDER BY month DESC, authority LIMIT ?"
)
