from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from exchange.domain.errors import EnvironmentFault, Rejected, UsageError
from exchange.intake import DEFAULT_LIMITS, order_by_links, parse_table_address
from exchange.intake.database_source import is_table_address


@pytest.fixture
def database(tmp_path, make):
    """Make a SQLite database with a table of penalties; give its path."""

    def _make(rows, table="penalty", key="PRIMARY KEY"):
        path = tmp_path / "month.db"
        names = list(make(1))
        with sqlite3.connect(path) as connection:
            columns = ", ".join(f"{name} {key if name == 'CF_WSH' else ''}" for name in names)
            connection.execute(f"CREATE TABLE {table} ({columns})")
            marks = ", ".join("?" * len(names))
            connection.executemany(
                f"INSERT INTO {table} VALUES ({marks})",
                [[row.get(name) for name in names] for row in rows],
            )
        connection.close()
        return path

    return _make


@pytest.mark.parametrize("tail", ["#penalty", "?table=penalty", "?table=main.penalty"])
def test_a_table_is_loaded_like_a_file(database, make, office, tail):
    path = database([make(1), make(2, CF_NR_FK=0.2, CF_JDRQ="2026-02-31"), make(3)])
    receipt = office.load(parse_table_address(f"sqlite:///{path}{tail}"))
    assert (receipt.accepted, receipt.rejected) == (2, 1)
    (found,) = office.findings
    assert (found.rule, found.location.file, found.location.row) == ("date", "penalty", 3)
    assert receipt.rejects.endswith("-penalty.csv")
    assert list(office.staging.glob("*.csv")) == []


def test_numbers_and_nothing_of_a_table_give_the_same_record_as_text(
    database, make, office, write, table
):
    office.load(write(table([make(1)])))
    path = database(
        [{**make(1), "CF_NR_FK": 0.2, "CF_FRDB": "王某岚", "CF_SJLY": "示例市市场监督管理局"}]
    )
    receipt = office.load(parse_table_address(f"sqlite:///{path}#penalty"))
    assert (receipt.unchanged, receipt.rejected) == (1, 0)


def test_a_table_of_another_name_is_known_by_its_columns(database, make, office):
    path = database([make(1)], table="t_0801")
    source = parse_table_address(f"sqlite:///{path}#t_0801")
    assert order_by_links([source, source], office.model) == [source, source]
    assert office.load(source).accepted == 1


def test_a_database_damaged_in_its_middle_enters_nothing(database, make, office):
    path = database([make(number, CF_SY="事实" * 300) for number in range(1, 4000)], key="")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200_000] = b"\xff" * 200_000
    path.write_bytes(bytes(data))
    with pytest.raises(EnvironmentFault) as raised:
        office.load(parse_table_address(f"sqlite:///{path}#penalty"))
    assert "nothing was entered" in raised.value.hint
    assert office.ledger.deliveries(10) == []
    assert [item.name for item in office.staging.iterdir()] == [".lock"]


@pytest.fixture
def server(make):
    """Make a large table of penalties in the PostgreSQL of CREDENCE_TEST_POSTGRESQL."""
    url = os.environ.get("CREDENCE_TEST_POSTGRESQL")
    if not url:
        pytest.skip("no PostgreSQL server given by CREDENCE_TEST_POSTGRESQL")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    table = f"penalty_{os.getpid()}"
    columns = ", ".join(
        f"'{text}' AS \"{name}\"" for name, text in make(1, CF_SY="事" * 900).items()
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE {table} AS SELECT {columns} FROM generate_series(1, 60000)"
        )
    yield engine, f"{url}?application_name=credence-test#{table}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP TABLE {table}")


def test_a_database_connection_that_breaks_while_it_is_read_loads_nothing(server, office):
    engine, address = server
    office.staging.mkdir(exist_ok=True)
    ended = []

    def end():
        while not any(path.stat().st_size for path in office.staging.glob("*.csv")):
            time.sleep(0.001)
        with engine.connect() as connection:
            ended.extend(
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'credence-test'"
                )
            )

    watcher = threading.Thread(target=end, daemon=True)
    watcher.start()
    with pytest.raises(EnvironmentFault) as raised:
        office.load(parse_table_address(address), kind="penalty", form="2018")
    watcher.join(10)
    assert len(ended) == 1
    assert "nothing was entered" in raised.value.hint
    assert office.ledger.deliveries(10) == []
    assert [item.name for item in office.staging.iterdir()] == [".lock"]


def test_a_database_that_is_no_database_is_explained(tmp_path, office):
    path = tmp_path / "x.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(EnvironmentFault, match="not a database"):
        office.load(parse_table_address(f"sqlite:///{path}#penalty"))


def test_a_table_larger_than_allowed_is_refused_before_it_is_copied_whole(database, make, office):
    path = database([make(number) for number in range(1, 50)])
    limits = type(DEFAULT_LIMITS)(rows=10)
    with pytest.raises(Rejected, match="10 rows"):
        office.load(parse_table_address(f"sqlite:///{path}#penalty"), limits=limits)


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("sqlite:///x.db", "names no table"),
        ("sqlite:///missing.db#penalty", "no database"),
        ("nosuch://x#penalty", "no driver"),
        ("sqlite:///:memory:#penalty", "no database"),
        ("://x#penalty", "not understood"),
        ("postgresql+psycopg://h:port:1/d#penalty", "not understood"),
    ],
)
def test_an_address_that_leads_nowhere_is_explained(office, address, word):
    with pytest.raises(UsageError, match=word):
        office.load(parse_table_address(address))


def test_a_missing_table_is_named_and_no_database_is_made(database, make, office, tmp_path):
    path = database([make(1)])
    with pytest.raises(UsageError, match="no table"):
        office.load(parse_table_address(f"sqlite:///{path}#licence"))
    assert not is_table_address(str(Path("penalty.csv")))


def test_the_password_of_an_address_is_never_shown():
    table = parse_table_address("postgresql+psycopg://reader:topsecret@127.0.0.1:1/db#penalty")
    with pytest.raises(EnvironmentFault) as raised:
        table.columns()
    assert "topsecret" not in raised.value.message + raised.value.hint
    assert "***" in str(table)
