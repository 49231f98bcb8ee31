"""A surface that cannot be opened, or has raised, is opened anew; the others are not concerned."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.audit.run import audit
from publisher.surfaces.runtime.managed_surface import ManagedSurface
from publisher.surfaces.triples.surface import TriplesSurface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.record import Change


class Fragile(TriplesSurface):
    """A real surface that fails once, as a full disk makes it, after it has taken changes."""

    faults: list[Exception]

    def apply(self, changes: Sequence[Change]) -> None:
        super().apply(changes)
        if self.faults:
            raise self.faults.pop()


def on_demand(city: Any, faults: list[Exception]) -> tuple[ManagedSurface, list[Fragile]]:
    opened: list[Fragile] = []

    def make() -> Fragile:
        fragile = Fragile(city.triples_config(Tier.PUBLIC), b"", city.clock)
        fragile.faults = faults
        opened.append(fragile)
        return fragile

    directory = city.triples_config(Tier.PUBLIC).directory
    return ManagedSurface("triples", Tier.PUBLIC, directory, make), opened


def test_nothing_is_opened_before_it_is_needed(city: Any) -> None:
    surface, opened = on_demand(city, [])
    assert opened == []
    assert (surface.position(), surface.position(), len(opened)) == (0, 0, 1)
    surface.close()


def test_a_surface_that_has_raised_is_opened_anew_and_a_rebuild_begins_again(city: Any) -> None:
    surface, opened = on_demand(city, [])
    city.surfaces = [surface]
    runner = city.runner()
    city.publish(150)
    assert runner.catch_up()
    opened[0].faults.append(OSError("no space"))
    assert not runner.rebuild()
    assert surface.position() == 0  # of the store that is being built
    city.clock.pause(60)
    assert runner.catch_up()
    assert len(opened) == 2
    assert not (surface._directory / "writer.next").exists()
    assert audit(city.ledger, city.readers()[:1]).ok


def test_what_does_not_open_goes_only_when_it_is_to_be_rebuilt(city: Any) -> None:
    surface, _ = on_demand(city, [])
    city.surfaces = [surface]
    runner = city.runner()
    city.publish(3)
    assert runner.catch_up()
    surface.close()
    (surface._directory / "writer" / "CURRENT").write_bytes(b"nonsense")
    with pytest.raises(StoreUnavailable):
        surface.position()
    assert not runner.catch_up()
    assert (surface._directory / "writer" / "CURRENT").read_bytes() == b"nonsense"
    assert runner.rebuild()
    assert audit(city.ledger, city.readers()[:1]).ok


def test_what_does_not_open_stays_while_the_disk_is_full(
    city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    surface, _ = on_demand(city, [])
    surface.position()
    surface.close()
    (surface._directory / "writer" / "CURRENT").write_bytes(b"nonsense")
    found = shutil.disk_usage(city.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: found._replace(free=0))
    with pytest.raises(StoreUnavailable):
        surface.reset()
    assert (surface._directory / "writer" / "CURRENT").exists()
