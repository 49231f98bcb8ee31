from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, RdfFormat, Store

from publisher.surfaces.triples.change_coalescing import OBJECTION
from publisher.surfaces.triples.surface import StoredViewDigest
from tests.factories import DECIMAL

SUBJECT = "<https://credit.example/record/00000000000000000000000001>"


def view(text: str) -> bytes:
    return (
        f'{SUBJECT} <urn:t:amount> "1.50"^^{DECIMAL} .\n{SUBJECT} <urn:t:text> {Literal(text)} .\n'
    ).encode()


def digest(views: list[bytes]) -> str:
    total = StoredViewDigest()
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


def test_what_the_engine_writes_in_other_words_counts_as_it_writes_it() -> None:
    """Language tags come back in small letters, numbers and dates by their value."""
    objects = ['"x"@zh-Hans', '"x"@EN', f'"1.50"^^{DECIMAL}', f'"+2"^^{DECIMAL}', '"y"', "<urn:z>"]
    lines = "".join(f"{SUBJECT} <urn:t:{at}> {item} .\n" for at, item in enumerate(objects))
    assert digest([lines.encode()]) == through_a_store(lines.encode())
    for at in range(len(objects)):
        fewer = "".join(lines.splitlines(keepends=True)[:at])
        assert digest([fewer.encode()]) != digest([lines.encode()])


def test_the_sum_of_many_views_does_not_depend_on_their_order_or_on_how_they_are_cut() -> None:
    lines = [f'{SUBJECT} <urn:t:{at}> "{at}.0"^^{DECIMAL} .\n'.encode() for at in range(4_500)]
    whole = digest([b"".join(lines)])
    assert digest(lines) == digest(lines[::-1]) == whole
    assert digest(lines[1:]) != whole
    total = StoredViewDigest()
    total.add(lines[0])
    assert total.hex() == total.hex() == digest(lines[:1])
