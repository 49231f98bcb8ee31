"""Texts that are compressed piece by piece and still make one ordinary gzip file.

Each piece is a deflate stream of its own that ends at a byte, so pieces can be put one after the
other, replaced and handed out without unpacking; header, last block and checksum come around
them. Members of a multi-member file would be as cheap, but browsers and curl stop reading
`Content-Encoding: gzip` after the first one. Sources: RFC 1951, RFC 1952; the way checksums
are joined is that of zlib's crc32_combine (polynomials over GF(2)).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# No name, no time, unknown system: the same bytes everywhere.
HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK: Final = b"\x03\x00"
# Bytes that `trailer` adds: the last block, checksum and length.
TRAILER_LENGTH: Final = len(_LAST_BLOCK) + 8
# The fastest: dumps are written in the path of publishing (decision 0012).
_LEVEL: Final = 1
_RAW: Final = -zlib.MAX_WBITS
_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """Of some text: bytes unpacked, bytes packed, CRC-32."""

    size: int
    packed: int
    crc: int

    def followed_by(self, other: SegmentSize) -> SegmentSize:
        """Return the extent of this text with the other after it."""
        if not self.size:
            return SegmentSize(other.size, self.packed + other.packed, other.crc)
        crc = _times(_shift(other.size), self.crc) ^ other.crc
        return SegmentSize(self.size + other.size, self.packed + other.packed, crc)


EMPTY: Final = SegmentSize(0, 0, 0)


def total_size(extents: Iterable[SegmentSize]) -> SegmentSize:
    """Return the extent of the texts one after the other."""
    found = EMPTY
    for extent in extents:
        found = found.followed_by(extent)
    return found


def compress(text: bytes) -> tuple[SegmentSize, bytes]:
    """Return a piece, the same for the same text, and its extent; nothing for no text."""
    if not text:
        return EMPTY, b""
    machine = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    packed = machine.compress(text) + machine.flush(zlib.Z_SYNC_FLUSH)
    return SegmentSize(len(text), len(packed), zlib.crc32(text)), packed


def decompress(packed: bytes) -> bytes:
    """Return the text of pieces. Raises zlib.error when they are none."""
    return zlib.decompressobj(_RAW).decompress(packed)


def trailer(whole: SegmentSize) -> bytes:
    """Return what ends the gzip file of a text."""
    size = whole.size & 0xFFFFFFFF
    return _LAST_BLOCK + whole.crc.to_bytes(4, "little") + size.to_bytes(4, "little")


def _times(one: int, other: int) -> int:
    """Return the product of two polynomials modulo that of CRC-32, bits reflected."""
    product, bit = 0, _ONE
    while bit:
        if one & bit:
            product ^= other
        bit >>= 1
        other = (other >> 1) ^ _POLYNOMIAL if other & 1 else other >> 1
    return product


@lru_cache(maxsize=4096)
def _shift(size: int) -> int:
    """Return x to the power of 8 times `size`: what moves a checksum over so many bytes."""
    power, square = _ONE, 1 << 23  # 1 and x^8, reflected
    while size:
        if size & 1:
            power = _times(square, power)
        square = _times(square, square)
        size >>= 1
    return power
