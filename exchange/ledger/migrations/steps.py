"""Lists and applies the schema revisions through Alembic.

Apart, because its import costs every command a tenth of a second that only a new or an older
ledger is worth.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from sqlalchemy import Connection


def revisions() -> set[str]:
    """Return the revisions that this program knows."""
    scripts = ScriptDirectory.from_config(configured())
    return {script.revision for script in scripts.walk_revisions()}


def upgrade(connection: Connection) -> None:
    """Upgrade the tables to the newest revision."""
    config = configured()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def configured() -> Config:
    """Return Alembic's configuration with the folder of the revisions."""
    config = Config()
    # A per cent sign in a path would be read as an option.
    folder = str(Path(__file__).parent).replace("%", "%%")
    config.set_main_option("script_location", folder)
    return config
