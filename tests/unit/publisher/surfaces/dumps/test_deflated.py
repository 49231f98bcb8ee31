"""Pieces put together are one gzip file of one member, whatever is between them."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from publisher.surfaces.files.gzip_segments import (
    HEADER,
    TRAILER_LENGTH,
    compress,
    decompress,
    total_size,
    trailer,
)

TEXTS = st.lists(
    st.binary(max_size=200) | st.binary(max_size=40).map(lambda b: b * 500), max_size=8
)


@given(texts=TEXTS)
def test_any_pieces_make_one_member_with_the_right_checksum(texts: list[bytes]) -> None:
    pieces = [compress(text) for text in texts]
    whole = total_size(extent for extent, _ in pieces)
    packed = b"".join(piece for _, piece in pieces)
    file = HEADER + packed + trailer(whole)
    machine = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert machine.decompress(file) == b"".join(texts)
    assert (machine.eof, machine.unused_data) == (True, b"")
    assert gzip.decompress(file) == b"".join(texts)
    assert len(file) == len(HEADER) + whole.packed + TRAILER_LENGTH
    assert whole.crc == zlib.crc32(b"".join(texts))


@given(text=st.binary(max_size=5_000))
def test_a_piece_is_the_same_for_the_same_text_and_comes_back(text: bytes) -> None:
    extent, piece = compress(text)
    assert compress(text) == (extent, piece)
    assert (decompress(piece) if piece else b"") == text
