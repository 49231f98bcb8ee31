"""What cannot be copied is said with what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import UsageError
from publisher.backup.backup_writer import copy_deployment
from publisher.backup.restore_files import require_room

if TYPE_CHECKING:
    from pathlib import Path

    from publisher.wiring import Deployment

SERVER = "postgresql+psycopg://credence@database/credence"


@pytest.mark.parametrize("part", ["url", "seals_url"])
def test_a_database_server_is_backed_up_by_its_own_tools(
    own: Deployment, tmp_path: Path, part: str
) -> None:
    places = replace(own.places, **{part: SERVER})
    with own.open() as opened:
        target = tmp_path / "backup"
        with pytest.raises(UsageError) as told:
            copy_deployment(opened.ledger, places, own.layout, target, made="now", key=None)
    assert "pg_dump" in told.value.hint
    assert "restore --here" in told.value.hint
    assert "pg_dump" in told.value.details["zh_hint"]
    assert not (tmp_path / "backup").exists()
    with pytest.raises(UsageError, match="server"):
        require_room(places, own.layout)
