from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from pyoxigraph import Literal, NamedNode, Store

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import Activity, Change
from publisher.stores.embedded_store import EmbeddedStore, StoreReader
from publisher.stores.generations import current_generation
from publisher.surfaces.port import digest_of
from publisher.surfaces.triples import surface as module
from publisher.surfaces.triples.change_coalescing import OBJECTION
from publisher.surfaces.triples.config import TriplesConfig
from publisher.surfaces.triples.surface import BULK, TriplesReader, TriplesSurface
from tests.factories import DECIMAL, TYPE, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "https://credit.example/record/"
VOCABULARY = b'<urn:t:Penalty> <urn:t:label> "\xe5\xa4\x84\xe7\xbd\x9a"@zh .\n'


def iri(number: int) -> str:
    return f"{BASE}{number:026d}"


def view(number: int, text: str = "文书") -> bytes:
    subject = f"<{iri(number)}>"
    return (
        f"{subject} {TYPE} <urn:t:Penalty> .\n"
        f'{subject} <urn:t:amount> "{number}.50"^^{DECIMAL} .\n'
        f"{subject} <urn:t:text> {Literal(text)} .\n"
    ).encode()


def change(
    seq: int,
    number: int,
    text: str | None = "文书",
    *,
    objection: bool = False,
    update: bool = False,
) -> Change:
    activity = Activity.UPDATE if update else Activity.CREATE
    return Change(
        seq=seq,
        activity=Activity.DELETE if text is None else activity,
        iri=iri(number),
        event=f"https://credit.example/event/{seq}",
        kind="penalty",
        published=seq,
        page=1,
        objection=objection,
        view=None if text is None else view(number, text),
    )


def creates(start: int, stop: int) -> list[Change]:
    return [change(seq, seq) for seq in range(start, stop)]


@pytest.fixture
def site(tmp_path: Path) -> TriplesConfig:
    return TriplesConfig(tmp_path / "public" / "triples", Tier.PUBLIC, (BASE,))


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000, step=0)


@pytest.fixture
def surface(site: TriplesConfig, clock: Clock) -> Iterator[TriplesSurface]:
    surface = TriplesSurface(site, VOCABULARY, clock)
    yield surface
    surface.close()


def seen(site: TriplesConfig) -> list[str]:
    return sorted(TriplesReader(site).iris())


def found_on_disk(directory: Path, needle: bytes) -> list[str]:
    """Search every file; those that the engine's compaction removes meanwhile are gone."""
    found = []
    for path in directory.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):
            if needle in path.read_bytes():
                found.append(str(path.relative_to(directory)))
    return found


def test_a_new_surface_has_a_generation_with_the_vocabulary(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    store = Store.read_only(str(surface.generation()))
    assert next(store.quads_for_pattern(NamedNode("urn:t:Penalty"), None, None), None)
    assert TriplesReader(site).position() == 0


def test_readers_see_what_was_applied_after_the_publication(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    surface.apply(creates(1, 4))
    assert seen(site) == []
    surface.publish(at_head=True)
    assert seen(site) == [iri(number) for number in (1, 2, 3)]
    assert TriplesReader(site).position() == 3


def test_who_waits_for_a_record_to_go_opens_each_generation_once(
    site: TriplesConfig, surface: TriplesSurface, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Counted(StoreReader):
        def __init__(self, directory: Path) -> None:
            opened.append(directory.name)
            super().__init__(directory)

    monkeypatch.setattr(module, "StoreReader", Counted)
    surface.apply(creates(1, 4))
    surface.publish(at_head=True)
    reader = TriplesReader(site)
    assert [reader.contains(iri(1)) for _ in range(3)] == [True] * 3
    surface.apply([change(4, 1, None)])
    surface.publish(at_head=True)
    assert [reader.contains(iri(number)) for number in (1, 1, 2)] == [False, False, True]
    assert opened == ["2", "3", "3"]


def test_new_records_wait_for_a_load_that_is_worth_it_and_a_stop_applies_them_again(
    site: TriplesConfig, surface: TriplesSurface, clock: Clock
) -> None:
    surface.apply(creates(1, 4))
    assert surface.position() == 3
    surface.close()
    again = TriplesSurface(site, VOCABULARY, clock)
    assert again.position() == 0
    again.apply(creates(1, 4))
    assert sorted(again.iris()) == [iri(number) for number in (1, 2, 3)]
    again.close()


def test_what_waits_is_loaded_before_it_is_changed_and_redacted_with_the_rest(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    surface.apply(creates(1, 4))
    surface.redact([iri(1)])
    surface.apply([change(4, 2, "新文", update=True), change(5, 3, None)])
    assert list(surface.iris()) == [iri(2)]
    assert surface.digest() == digest_of(surface, [view(2, "新文")])
    surface.publish(at_head=True)
    assert TriplesReader(site).position() == 5


def test_an_early_load_of_a_killed_process_leaves_no_second_version(
    site: TriplesConfig, surface: TriplesSurface, clock: Clock
) -> None:
    surface.close()
    store = EmbeddedStore(site.directory / "writer")
    # A chunk with both versions was loaded by its net effect, and no position came after it.
    store.load_chunk(view(1, "后"))
    store.close()
    again = TriplesSurface(site, VOCABULARY, clock)
    again.apply([change(1, 1, "前")])
    assert again.digest() == digest_of(again, [view(1, "前")])
    again.apply([change(2, 1, "后", update=True)])
    assert again.digest() == digest_of(again, [view(1, "后")])
    again.close()


@pytest.mark.parametrize("count", [3, BULK + 1], ids=["in a transaction", "in bulk"])
def test_a_chunk_has_its_net_effect(surface: TriplesSurface, count: int) -> None:
    changes = [
        *creates(1, count + 1),
        change(count + 1, 1, "改", update=True),
        change(count + 2, 2, None),
        change(count + 3, count + 9, "来去"),
        change(count + 4, count + 9, None),
    ]
    surface.apply(changes)
    wanted = [view(1, "改"), *(view(number) for number in range(3, count + 1))]
    assert surface.digest() == digest_of(surface, wanted)
    assert surface.position() == count + 4


def test_a_create_whose_record_has_left_since_puts_nothing_in(surface: TriplesSurface) -> None:
    left = change(2, 2, None)._replace(activity=Activity.CREATE)
    surface.apply([change(1, 1), left])
    assert list(surface.iris()) == [iri(1)]
    assert surface.position() == 2


def test_applying_again_changes_nothing(surface: TriplesSurface) -> None:
    changes = [*creates(1, BULK + 20), change(BULK + 20, 3, None), change(BULK + 21, 4, "改")]
    surface.apply(changes)
    before = surface.digest()
    surface.apply(changes[:40])
    surface.apply(changes[40:])
    surface.apply(changes)
    assert surface.digest() == before


def test_no_changes_are_no_step(surface: TriplesSurface) -> None:
    surface.apply([])
    assert surface.position() == 0


def test_a_redaction_is_seen_before_the_backlog_and_again_at_its_place(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    surface.apply(creates(1, 4))
    surface.redact([iri(2), iri(77)])
    surface.redact([iri(2)])
    surface.publish(at_head=False)
    assert seen(site) == [iri(1), iri(3)]
    assert surface.position() == 3
    surface.apply([change(4, 2, None)])
    assert surface.position() == 4
    assert not surface.contains(iri(2))


def test_a_redaction_that_finds_nothing_makes_no_generation(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    surface.redact([iri(5)])
    surface.publish(at_head=False)
    assert current_generation(site.directory).number == 1


def test_a_redaction_without_its_generation_is_shown_by_the_next_start(
    site: TriplesConfig, surface: TriplesSurface, clock: Clock
) -> None:
    surface.apply(creates(1, 3))
    surface.publish(at_head=True)
    surface.redact([iri(1)])
    surface.close()
    again = TriplesSurface(site, VOCABULARY, clock)
    assert seen(site) == [iri(2)]
    again.close()


def test_an_open_objection_is_a_mark_outside_the_digest(surface: TriplesSurface) -> None:
    surface.apply([change(1, 1, objection=True)])
    query = f"ASK {{ <{iri(1)}> <{OBJECTION}> true }}"
    surface.publish(at_head=True)
    assert Store.read_only(str(surface.generation())).query(query)
    assert surface.digest() == digest_of(surface, [view(1)])
    surface.apply([change(2, 1, objection=False)])
    surface.publish(at_head=True)
    assert not Store.read_only(str(surface.generation())).query(query)


def test_the_digest_tells_a_changed_byte_from_the_same_records(surface: TriplesSurface) -> None:
    surface.apply([change(1, 1, "文书")])
    assert surface.digest() == digest_of(surface, [view(1, "文书")])
    assert surface.digest() != digest_of(surface, [view(1, "文稿")])


def test_holding_is_asked_by_iri_or_by_its_last_part(surface: TriplesSurface) -> None:
    surface.apply([change(1, 1)])
    assert surface.contains(iri(1))
    assert surface.contains(iri(1).rpartition("/")[2])
    assert not surface.contains(iri(2).rpartition("/")[2])


def test_a_reset_shows_nothing_until_it_stands_at_the_head(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    surface.apply(creates(1, 6))
    surface.publish(at_head=True)
    surface.reset()
    assert surface.position() == 0
    surface.apply(creates(1, 3))
    surface.publish(at_head=False)
    assert len(seen(site)) == 5
    surface.redact([iri(4)])
    surface.publish(at_head=False)
    assert seen(site) == [iri(1), iri(2), iri(3), iri(5)]
    surface.apply([*creates(3, 6), change(6, 4, None)])
    surface.publish(at_head=True)
    assert seen(site) == [iri(1), iri(2), iri(3), iri(5)]
    assert surface.digest() == digest_of(surface, [view(number) for number in (1, 2, 3, 5)])
    assert surface.position() == TriplesReader(site).position() == 6


def test_a_rebuild_takes_the_bytes_of_a_removed_record_off_the_disk(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    secret = os.urandom(32).hex()
    surface.apply([change(1, 1, secret), *creates(2, BULK + 50)])
    surface.publish(at_head=True)
    surface.apply([change(BULK + 50, 1, None)])
    surface.publish(at_head=True)
    assert found_on_disk(site.directory, secret.encode())
    surface.reset()
    surface.apply([*creates(2, BULK + 50), change(BULK + 50, 1, None)])
    surface.publish(at_head=True)
    assert found_on_disk(site.directory, secret.encode()) == []
    assert [path.name for path in (site.directory / "generations").iterdir()] == [
        surface.generation().name
    ]


def test_an_unfinished_rebuild_is_thrown_away_by_the_next_start(
    site: TriplesConfig, surface: TriplesSurface, clock: Clock
) -> None:
    surface.apply(creates(1, 6))
    surface.publish(at_head=True)
    surface.reset()
    surface.apply(creates(1, 2))
    surface.close()
    again = TriplesSurface(site, VOCABULARY, clock)
    assert again.position() == 5
    assert not (site.directory / "writer.next").exists()
    again.close()


def test_a_swap_cut_in_the_middle_goes_forward_at_the_next_start(
    site: TriplesConfig, surface: TriplesSurface, clock: Clock
) -> None:
    surface.apply(creates(1, 6))
    surface.close()
    rebuilt = EmbeddedStore(site.directory / "writer.next")
    rebuilt.replace({iri(1): view(1)}, 9)
    rebuilt.close()
    (site.directory / "writer").rename(site.directory / "writer.old")
    again = TriplesSurface(site, VOCABULARY, clock)
    assert again.position() == 9
    names = sorted(path.name for path in site.directory.iterdir())
    assert names == ["current", "generations", "sums", "writer"]
    again.close()


def test_a_swap_that_fails_leaves_the_old_store_and_the_rebuild_to_do(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    surface.apply(creates(1, 6))
    surface.publish(at_head=True)
    surface.reset()
    surface.apply(creates(1, 6))
    in_the_way = site.directory / "writer.old"
    in_the_way.mkdir()
    (in_the_way / "file").write_text("x")
    with pytest.raises(OSError):
        surface.publish(at_head=True)
    assert surface.position() == 0
    surface.redact([iri(2)])
    surface.publish(at_head=False)
    assert seen(site) == [iri(1), iri(3), iri(4), iri(5)]
    surface.apply([change(1, 1), change(2, 3), change(5, 4), change(6, 5)])
    surface.publish(at_head=True)
    assert seen(site) == [iri(1), iri(3), iri(4), iri(5)]
    assert surface.position() == 6


def test_another_vocabulary_is_loaded_at_the_next_start_and_records_stay(
    site: TriplesConfig, surface: TriplesSurface, clock: Clock
) -> None:
    surface.apply(creates(1, 3))
    surface.publish(at_head=True)
    surface.close()
    again = TriplesSurface(site, b'<urn:t:New> <urn:t:label> "x" .\n', clock)
    store = Store.read_only(str(again.generation()))
    assert next(store.quads_for_pattern(NamedNode("urn:t:New"), None, None), None)
    assert not next(store.quads_for_pattern(NamedNode("urn:t:Penalty"), None, None), None)
    assert again.digest() == digest_of(again, [view(1), view(2)])
    again.close()


def test_a_record_redacted_during_a_rebuild_does_not_come_back_with_the_swap(
    site: TriplesConfig, surface: TriplesSurface
) -> None:
    surface.apply([change(1, 1), change(2, 2)])
    surface.publish(at_head=True)
    surface.reset()
    surface.apply([change(1, 1), change(2, 2)])
    assert surface.contains(iri(1)), "the new store has it"
    surface.redact([iri(1)])
    surface.publish(at_head=True)
    assert seen(site) == [iri(2)]
