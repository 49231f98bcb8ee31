"""Runs the schema revisions when a ledger is created or opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

from exchange.domain.errors import EnvironmentFault

if TYPE_CHECKING:
    from exchange.ledger.database_engine import Database

HEAD: Final = "0004"  # the newest revision this program knows
_TABLE: Final = "alembic_version"
_REVISION: Final = text("SELECT version_num FROM alembic_version")


def revision(database: Database) -> str | None:
    """Return the schema revision of the tables; None without tables."""
    with database.reading() as connection:
        if not inspect(connection).has_table(_TABLE):
            return None
        return connection.execute(_REVISION).scalar()


def require_newest(database: Database) -> None:
    """Require the newest schema revision of a read-only ledger.

    Raises:
        EnvironmentFault: an older or a newer program wrote them.

    """
    current = revision(database)
    if current != HEAD:
        raise EnvironmentFault(
            f"The ledger has the schema revision {current}, this program reads {HEAD}, and the "
            "directory is read-only, so that it cannot be upgraded.",
            "Copy it to a place that can be written, or use the version that wrote it.",
            zh=f"账本的结构版本为 {current}，本程序使用 {HEAD}；目录只读，无法升级。",
            zh_hint="请复制到可写的位置再运行，或使用写入它的版本。",
        )


def migrate(database: Database) -> None:
    """Upgrade the tables to the newest revision.

    Raises:
        EnvironmentFault: a newer program wrote them.

    """
    current = revision(database)
    if current == HEAD:
        return
    from exchange.ledger.migrations import steps  # noqa: PLC0415 (Alembic imports slowly)

    if current is not None and current not in steps.revisions():
        raise EnvironmentFault(
            f"The ledger has the schema revision {current}, which this program does not know.",
            "Install the newer version of credence-exchange that wrote it.",
        )
    with database.writing() as connection:
        steps.upgrade(connection)
