"""A store whose files were damaged is never taken for sound."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import StoreUnavailable
from publisher.stores.generations import current_generation
from publisher.surfaces.triples.config import TriplesConfig
from publisher.surfaces.triples.surface import TriplesReader, TriplesSurface
from tests.factories import Clock
from tests.unit.publisher.surfaces.triples.test_surface import BASE, VOCABULARY, change


@pytest.fixture
def site(tmp_path: Path) -> TriplesConfig:
    return TriplesConfig(tmp_path / "public" / "triples", Tier.PUBLIC, (BASE,))


@pytest.fixture
def surface(site: TriplesConfig) -> Iterator[TriplesSurface]:
    surface = TriplesSurface(site, VOCABULARY, Clock(step=0))
    yield surface
    surface.close()


def test_an_audit_notices_a_flipped_bit_in_any_table_that_holds_data(
    site: TriplesConfig, surface: TriplesSurface, tmp_path: Path
) -> None:
    surface.apply([change(number, number) for number in range(1, 300)])
    surface.publish(at_head=True)
    sound = TriplesReader(site).digest()
    files = surface.generation().glob("*.sst")
    tables = sorted(path.name for path in files if path.stat().st_size > EMPTY)
    assert len(tables) >= 4, "three indexes and the strings"
    unnoticed = []
    for table in tables:
        copy = tmp_path / f"copy-{table}"
        shutil.copytree(site.directory, copy)
        flip(current_generation(copy).path / table, 24)
        try:
            if TriplesReader(TriplesConfig(copy, Tier.PUBLIC, (BASE,))).digest() == sound:
                unnoticed.append(table)
        except StoreUnavailable:
            continue
    assert unnoticed == []


EMPTY = 4096  # bytes; a table of an index that holds nothing has fewer, and is never read


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)
