"""Texts compressed in segments that together make one ordinary gzip file.

Each segment is a deflate stream of its own that ends at a byte, so segments can be concatenated,
replaced and served without decompression, between a header and a trailer. Members of
a multi-member file would be as cheap, but browsers and curl stop reading `Content-Encoding: gzip`
after the first one. Sources: RFC 1951, RFC 1952; checksums are joined as by zlib's crc32_combine
(polynomials over GF(2)).
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
# Bytes of a trailer: the last block, checksum and length.
TRAILER_LENGTH: Final = len(_LAST_BLOCK) + 8
# The fastest: dumps are written in the path of publishing (decision 0012).
_LEVEL: Final = 1
_RAW: Final = -zlib.MAX_WBITS
_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """Size of a text: bytes (`size`), compressed bytes (`packed`), and its CRC-32 (`crc`)."""

    size: int
    packed: int
    crc: int

    def followed_by(self, other: SegmentSize) -> SegmentSize:
        """Return the size of this text followed by the other."""
        if not self.size:
            return SegmentSize(other.size, self.packed + other.packed, other.crc)
        crc = _times(_shift(other.size), self.crc) ^ other.crc
        return SegmentSize(self.size + other.size, self.packed + other.packed, crc)


EMPTY: Final = SegmentSize(0, 0, 0)


def total_size(sizes: Iterable[SegmentSize]) -> SegmentSize:
    """Return the size of the concatenated texts."""
    total = EMPTY
    for size in sizes:
        total = total.followed_by(size)
    return total


def compress(text: bytes) -> tuple[SegmentSize, bytes]:
    """Return a text's size and its segment; deterministic, and empty for an empty text."""
    if not text:
        return EMPTY, b""
    machine = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    packed = machine.compress(text) + machine.flush(zlib.Z_SYNC_FLUSH)
    return SegmentSize(len(text), len(packed), zlib.crc32(text)), packed


def decompress(packed: bytes) -> bytes:
    """Return the text of one or more segments. Raises zlib.error for other bytes."""
    return zlib.decompressobj(_RAW).decompress(packed)


def trailer(whole: SegmentSize) -> bytes:
    """Return the last bytes of the gzip file of a text: last block, CRC-32, length."""
    size = whole.size & 0xFFFFFFFF
    return _LAST_BLOCK + whole.crc.to_bytes(4, "little") + size.to_bytes(4, "little")


def _times(left: int, right: int) -> int:
    """Return the product of two polynomials modulo that of CRC-32, bits reflected."""
    product, bit = 0, _ONE
    while bit:
        if left & bit:
            product ^= right
        bit >>= 1
        right = (right >> 1) ^ _POLYNOMIAL if right & 1 else right >> 1
    return product


@lru_cache(maxsize=4096)
def _shift(size: int) -> int:
    """Return x^(8 * size), which shifts a CRC-32 over `size` bytes."""
    power, square = _ONE, 1 << 23  # 1 and x^8, reflected
    while size:
        if size & 1:
            power = _times(square, power)
        square = _times(square, square)
        size >>= 1
    return power
