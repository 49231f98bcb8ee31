"""Pieces put together are one gzip file of one member, whatever is between them."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from publisher.surfaces.files.gzip_segments import (
    ENDING_LENGTH,
    HEADER,
    ending,
    joined,
    squeezed,
    unsqueezed,
)

TEXTS = st.lists(
    st.binary(max_size=200) | st.binary(max_size=40).map(lambda b: b * 500), max_size=8
)


@given(texts=TEXTS)
def test_any_pieces_make_one_member_with_the_right_checksum(texts: list[bytes]) -> None:
    pieces = [squeezed(text) for text in texts]
    whole = joined(extent for extent, _ in pieces)
    packed = b"".join(piece for _, piece in pieces)
    file = HEADER + packed + ending(whole)
    machine = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert machine.decompress(file) == b"".join(texts)
    assert (machine.eof, machine.unused_data) == (True, b"")
    assert gzip.decompress(file) == b"".join(texts)
    assert len(file) == len(HEADER) + whole.packed + ENDING_LENGTH
    assert whole.crc == zlib.crc32(b"".join(texts))


@given(text=st.binary(max_size=5_000))
def test_a_piece_is_the_same_for_the_same_text_and_comes_back(text: bytes) -> None:
    extent, piece = squeezed(text)
    assert squeezed(text) == (extent, piece)
    assert (unsqueezed(piece) if piece else b"") == text
