"""What left after its change was logged, and before a surface read it: a hole on every surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC = Tier.PUBLIC


def surfaces_of(city: Any) -> list[Any]:
    city.feeds = True
    return [surface for surface in city.open_surfaces() if surface.tier is PUBLIC]


def readers_of(city: Any) -> list[Any]:
    return [reader for reader in city.readers() if reader.tier is PUBLIC]


def stand_in_folder(folder: Path) -> dict[str, bytes]:
    """Return the files that readers have of the feed, by name; they hold no time of writing."""
    current = folder / "public" / "feed" / "current"
    return {
        str(path.relative_to(current)): path.read_bytes()
        for path in current.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("chunk", [1, 2, 3, 50])
def test_a_change_whose_text_has_left_leaves_a_hole_however_the_chunks_fall(
    city: Any, chunk: int
) -> None:
    created, revised, kept, back = city.publish(4)
    city.ledger.suspend(back)
    city.ledger.resume(back)
    city.ledger.set_objection(revised, open=True)
    city.ledger.withdraw(created, "repair")
    city.ledger.withdraw(revised, "repair")
    changes = list(city.ledger.changes(PUBLIC, 0, 100))
    assert [change.view for change in changes if change.iri in (created, revised)] == [None] * 5
    surfaces = surfaces_of(city)
    for surface in surfaces:
        for at in range(0, len(changes), chunk):
            surface.apply(changes[at : at + chunk])
            surface.publish(at_head=True)
        assert surface.position() == changes[-1].seq
    for reader in readers_of(city):
        held = [reader.contains(iri) for iri in (created, revised, kept, back)]
        assert held == [False, False, True, True], reader.name
    first = stand_in_folder(city.root)
    holes = [change for change in changes if change.view is None and change.activity != "Delete"]
    assert len(holes) >= 3
    for change in holes:
        event = change.event[-26:].encode()
        assert not any(event in data for data in first.values()), change
    city.close_surfaces()
    for surface in surfaces_of(city):
        surface.reset()
        surface.apply(changes)
        surface.publish(at_head=True)
    assert stand_in_folder(city.root) == first
