"""The ledger's schema revisions, run by the program itself when a ledger is made or opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from exchange.domain.errors import EnvironmentFault

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exchange.ledger.engine import Database

HEAD: Final = "0002"  # the newest revision this program knows


def revision(database: Database) -> str | None:
    """Return the revision of the tables, None where there are none."""
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(database: Database) -> None:
    """Bring the tables to the newest revision.

    Raises:
        EnvironmentFault: a newer program wrote them.

    """
    found = revision(database)
    if found == HEAD:
        return
    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise EnvironmentFault(
            f"The ledger has the schema revision {found}, which this program does not know.",
            "Install the newer version of credence-exchange that wrote it.",
        )
    with database.writing() as connection:
        _upgrade(config, connection)


def _upgrade(config: Config, connection: Connection) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    # A per cent sign in a path would be read as an option.
    folder = str(Path(__file__).with_name("migrations")).replace("%", "%%")
    config.set_main_option("script_location", folder)
    return config
