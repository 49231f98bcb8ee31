"""Literals in the bytes of canonical N-Quads, for every character there is."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from exchange.model.canonical_terms import literal, unescape


def canonical(text: str) -> str:
    quad = ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(text))
    line = ox.serialize([quad], format=ox.RdfFormat.N_QUADS).decode()
    return line.removeprefix("<urn:s> <urn:p> ").removesuffix(" .\n")


def test_every_low_character_is_escaped_as_the_canonical_form_asks() -> None:
    for code in range(0x100):
        assert literal(f"a{chr(code)}b") == canonical(f"a{chr(code)}b"), hex(code)


@given(st.text())
def test_any_text_is_written_canonically(text: str) -> None:
    assert literal(text) == canonical(text)
    assert unescape(literal(text)[1:-1]) == text
