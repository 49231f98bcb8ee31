"""A ledger of the first schema is brought up with its keys, chains and links."""

from __future__ import annotations

from alembic import command
from sqlalchemy import text

from exchange.ledger.database_engine import SqliteProfile, open_database
from exchange.ledger.migrations import runner, steps

RECORD = "INSERT INTO record VALUES ({}, 'public', 'public', {}, 0, NULL, 0, NULL)"
OLD = (
    RECORD.format("1, 'a', 'penalty'", "x'01', 'withdrawn'"),
    RECORD.format("2, 'b', 'list-entry'", "x'02', 'live'"),
    RECORD.format("3, 'c', 'penalty'", "x'01', 'live'"),
    "INSERT INTO key_state VALUES (x'01', 3, 'live')",
    "INSERT INTO key_state VALUES (x'02', 2, 'live')",
    "INSERT INTO link VALUES (2, 0, 'rests-on', x'01', 0)",
)


def test_a_ledger_of_the_first_schema_keeps_its_keys_chains_and_links(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/ledger.sqlite", SqliteProfile.LEDGER)
    config = steps.configured()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OLD:
            connection.execute(text(statement))
    runner.migrate(database)
    asked = {
        "SELECT id, chain FROM record ORDER BY id": [(1, 1), (2, 2), (3, 1)],
        "SELECT mac, record, told FROM key_state ORDER BY mac": [(b"\1", 3, 0), (b"\2", 2, 0)],
        "SELECT source, number, relation, dropped FROM link": [(2, 0, "rests-on", 0)],
        "SELECT source, number, place, mac, bare FROM quoted": [(2, 0, 0, b"\1", 0)],
    }
    with database.reading() as connection:
        for question, answer in asked.items():
            assert [tuple(row) for row in connection.execute(text(question))] == answer
        assert runner.revision(database) == runner.HEAD
    database.close()
