"""What a version says, written once for all that write it."""

from __future__ import annotations

from exchange.model import load_model
from publisher.surfaces.text.serialisation_cache import SerialisationCache

RECORD = b"https://credit.example/record/aaaaaaaaaaaaaaaaaaaaaaaaaa"
KIND = load_model().kinds["penalty"]


def view(number: int) -> bytes:
    term = b"https://w3id.org/credence/ns#documentNumber"
    return b'<%b> <%b> "%d" .\n' % (RECORD, term, number)


def test_the_second_tier_gets_what_the_first_had_written() -> None:
    texts = SerialisationCache()
    first, second = (texts.serialise(KIND, RECORD, view(1)) for _ in range(2))
    assert second is first
    assert first.trig == b'cr:documentNumber "1"'
    assert first.json == b'"documentNumber":"1"'


def test_what_both_have_taken_is_let_go() -> None:
    texts = SerialisationCache()
    first, _, third = (texts.serialise(KIND, RECORD, view(1)) for _ in range(3))
    assert third == first
    assert third is not first


def test_it_is_held_for_as_many_as_read_it() -> None:
    texts = SerialisationCache(readers=4)
    taken = [texts.serialise(KIND, RECORD, view(1)) for _ in range(5)]
    assert [one is taken[0] for one in taken] == [True] * 4 + [False]


def test_another_text_of_the_record_is_another() -> None:
    texts = SerialisationCache()
    assert texts.serialise(KIND, RECORD, view(1)) != texts.serialise(KIND, RECORD, view(2))


def test_without_a_kind_a_text_is_spelled_out() -> None:
    texts = SerialisationCache()
    texts.serialise(KIND, RECORD, view(1))
    assert b'"@value":"1"' in texts.serialise(None, RECORD, view(1)).json


def test_no_more_is_held_than_the_bytes_allow() -> None:
    size = len(view(1)) + sum(map(len, SerialisationCache().serialise(KIND, RECORD, view(1))))
    texts = SerialisationCache(most=2 * size)
    held = [texts.serialise(KIND, RECORD, view(number)) for number in range(3)]
    again = [texts.serialise(KIND, RECORD, view(number)) for number in (2, 1, 0)]
    assert [one is two for one, two in zip(held, reversed(again), strict=True)] == [
        False,
        True,
        True,
    ]
