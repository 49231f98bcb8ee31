from __future__ import annotations

from typing import TYPE_CHECKING

from publisher.stores.atomic_files import replace_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_replaced_file_has_the_new_bytes_and_nothing_is_left_aside(tmp_path: Path) -> None:
    replace_file(tmp_path / "current", b"one")
    replace_file(tmp_path / "current", b"two")
    assert (tmp_path / "current").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["current"]
