from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from exchange.domain.errors import EnvironmentFault, NotFound, UsageError
from exchange.ledger import schema
from exchange.ledger.database_engine import SqliteProfile, open_database
from exchange.ledger.migrations.runner import HEAD, migrate, revision


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/odd%20 name.sqlite", SqliteProfile.LEDGER)
    yield database
    database.close()


def test_the_migrated_schema_is_the_declared_one(database):
    assert revision(database) is None
    migrate(database)
    migrate(database)
    assert revision(database) == HEAD
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_every_commit_reaches_the_disk_and_foreign_keys_are_kept(database):
    migrate(database)
    with database.reading() as connection:
        asked = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }
    with pytest.raises(EnvironmentFault, match="FOREIGN KEY"), database.writing() as connection:
        connection.execute(text("INSERT INTO link VALUES (9, 0, 'restsOn', 0)"))


def test_a_failed_transaction_leaves_nothing(database):
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
    with pytest.raises(EnvironmentFault), database.writing() as connection:
        connection.execute(text("INSERT INTO t VALUES (1); fault"))
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM t")).scalar() == 0


def test_a_fault_of_the_driver_never_quotes_values(database):
    with pytest.raises(EnvironmentFault) as caught, database.writing() as connection:
        connection.execute(text("INSERT INTO none VALUES (:name)"), {"name": "某某某"})
    assert "某某某" not in caught.value.message


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_no_ledger_is_refused(url):
    with pytest.raises(UsageError):
        open_database(url, SqliteProfile.LEDGER)


def test_a_missing_driver_or_file_is_said(tmp_path):
    with pytest.raises(EnvironmentFault, match="driver"):
        open_database("oracle://somewhere/x", SqliteProfile.LEDGER)
    with pytest.raises(NotFound):
        open_database(f"sqlite:///{tmp_path}/none.sqlite", SqliteProfile.LEDGER, make=False)


def test_a_file_that_is_no_database_is_a_fault(tmp_path):
    (tmp_path / "text.sqlite").write_text("not a database, " * 100)
    database = open_database(f"sqlite:///{tmp_path}/text.sqlite", SqliteProfile.LEDGER)
    with pytest.raises(EnvironmentFault, match="not a database"), database.reading():
        pass
    database.close()
