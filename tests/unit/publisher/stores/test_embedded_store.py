from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Store

from exchange.domain.errors import StoreUnavailable
from publisher.stores.embedded_store import GROUP, EmbeddedStore, StoreReader, as_stored

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://credit.example/record/"
# What intake lets through: line feed and tab, no other control characters.
TEXT = st.text(
    st.one_of(
        st.sampled_from("\n\t\"\\{}<>;.'`^@?u0041/*#甲〔〕"),
        st.characters(exclude_categories=["Cs", "Cc"]),
    ),
    max_size=40,
)


def lines(iri: str, text: str) -> bytes:
    return f"<{iri}> <urn:t:text> {Literal(text)} .\n".encode()


class Collected(bytearray):
    def write(self, data: bytes, /) -> int:
        self.extend(data)
        return len(data)

    def flush(self) -> None:
        return


def held(store: StoreReader) -> bytes:
    sink = Collected()
    store.dump(sink)
    return b"".join(sorted(bytes(sink).splitlines(keepends=True)))


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "writer")


def test_a_new_store_stands_at_zero(store: EmbeddedStore) -> None:
    assert store.position() == 0
    assert held(store) == b""


def test_a_chunk_and_its_position_survive_a_reopening(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "writer")
    store.load_chunk(lines(BASE + "a", "one"), 7)
    store.close()
    again = EmbeddedStore(tmp_path / "writer")
    assert again.position() == 7
    assert again.contains(BASE + "a")


def test_the_position_is_one_value_however_often_it_moves(store: EmbeddedStore) -> None:
    for position in (3, 9, 12):
        store.replace({}, position)
    assert store.position() == 12


def test_readers_of_the_default_graph_do_not_see_the_position(store: EmbeddedStore) -> None:
    store.replace({BASE + "a": lines(BASE + "a", "one")}, 5)
    assert held(store) == lines(BASE + "a", "one")


def test_a_replaced_record_has_its_new_statements_only(store: EmbeddedStore) -> None:
    store.load_chunk(lines(BASE + "a", "one") + lines(BASE + "b", "two"))
    store.replace({BASE + "a": lines(BASE + "a", "new"), BASE + "b": b""})
    assert held(store) == lines(BASE + "a", "new")


def test_more_records_than_a_group_are_replaced(store: EmbeddedStore) -> None:
    records = {f"{BASE}{n}": lines(f"{BASE}{n}", str(n)) for n in range(2 * GROUP + 1)}
    store.replace(records, 4)
    assert len(held(store).splitlines()) == 2 * GROUP + 1
    store.remove(records)
    assert held(store) == b""
    assert store.position() == 4


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXT)
def test_no_text_breaks_out_of_an_update_or_comes_back_changed(
    store: EmbeddedStore, text: str
) -> None:
    wanted = lines(BASE + "a", text)
    store.replace({BASE + "a": wanted})
    assert held(store) == wanted
    assert as_stored(wanted) == wanted


def test_an_iri_that_is_none_never_reaches_an_update(store: EmbeddedStore) -> None:
    with pytest.raises(ValueError):
        store.remove(["urn:a> } ; DROP ALL ; INSERT DATA { <urn:b"])


def test_a_vocabulary_is_replaced_without_touching_records(store: EmbeddedStore) -> None:
    store.load_vocabulary(b'<urn:v:old> <urn:l> "old" .\n', "d1", (BASE,))
    store.load_chunk(lines(BASE + "a", "one"), 3)
    store.load_vocabulary(b'<urn:v:new> <urn:l> "new" .\n', "d2", (BASE,))
    assert held(store) == lines(BASE + "a", "one") + b'<urn:v:new> <urn:l> "new" .\n'
    assert store.vocabulary() == "d2"
    assert store.position() == 3


def test_subjects_are_typed_and_under_a_base(store: EmbeddedStore) -> None:
    kind = b" <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:t:Penalty> .\n"
    store.load_chunk(
        f"<{BASE}a>".encode() + kind + b"<urn:other>" + kind + lines(BASE + "untyped", "x")
    )
    assert list(store.subjects((BASE,))) == [BASE + "a"]


def test_statements_are_counted_only_where_the_store_holds_each_of_them(
    store: EmbeddedStore,
) -> None:
    value = f'<{BASE}a> <urn:t:value> "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> .\n'
    said = lines(BASE + "a", "one") + value.encode()
    store.load_chunk(said, 1)
    assert store.count_held(said) == store.count() == 2
    assert store.count_held(said.replace(b"1.50", b"1.5")) == 2  # by value, as it is kept
    assert store.count_held(said + lines(BASE + "a", "two")) is None
    assert store.count_held(b'_:a <urn:t:text> "one" .\n') is None


def test_a_second_writer_is_refused_with_a_hint(tmp_path: Path, store: EmbeddedStore) -> None:
    with pytest.raises(StoreUnavailable) as refusal:
        EmbeddedStore(tmp_path / "writer")
    assert "rebuild" in refusal.value.hint


def test_a_backup_keeps_what_the_writer_loses_later(tmp_path: Path, store: EmbeddedStore) -> None:
    store.load_chunk(lines(BASE + "a", "one"), 1)
    store.backup(tmp_path / "copy")
    store.remove([BASE + "a"])
    assert StoreReader(tmp_path / "copy").contains(BASE + "a")
    assert not store.contains(BASE + "a")


def test_a_missing_generation_is_unavailable_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        StoreReader(tmp_path / "none")


def test_readers_that_pass_no_named_graphs_cannot_see_the_projection(tmp_path: Path) -> None:
    EmbeddedStore(tmp_path / "w").replace({}, 5)
    store = Store.read_only(str(tmp_path / "w"))
    query = "ASK { GRAPH ?g { ?s ?p ?o } }"
    assert store.query(query)
    assert not store.query(query, named_graphs=[])
    assert next(store.quads_for_pattern(NamedNode("urn:credence:projection"), None, None))
