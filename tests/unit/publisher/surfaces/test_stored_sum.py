from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, RdfFormat, Store

from publisher.surfaces.arrivals import OBJECTION
from publisher.surfaces.triples import StoredSum

SUBJECT = "<https://credit.example/record/00000000000000000000000001>"
DECIMAL = "<http://www.w3.org/2001/XMLSchema#decimal>"


def view(text: str) -> bytes:
    return (
        f'{SUBJECT} <urn:t:amount> "1.50"^^{DECIMAL} .\n{SUBJECT} <urn:t:text> {Literal(text)} .\n'
    ).encode()


def digest(views: list[bytes]) -> str:
    total = StoredSum()
    for each in views:
        total.add(each)
    return total.hex()


def through_a_store(lines: bytes) -> str:
    store = Store()
    store.load(lines, format=RdfFormat.N_QUADS)
    return digest([f"{quad} .\n".encode() for quad in store])


@settings(max_examples=40)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_no_text_of_a_record_passes_for_a_mark_or_for_other_lines(text: str) -> None:
    hostile = f'{text}> <{OBJECTION}> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .'
    assert digest([view(hostile)]) != digest([view("")])
    assert digest([view(hostile)]) == through_a_store(view(hostile))
