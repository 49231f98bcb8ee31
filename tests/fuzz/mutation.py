"""A seeded mutator: the same seed gives the same inputs, on any machine and in any order of tests.

Purpose: hostile inputs near to real ones, which random bytes never are. Every input is made of
one corpus entry by a few edits; the dictionary of a target holds the marks of its syntax.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

# No input grows beyond it: what is larger is the business of tests of limits.
LARGEST = 16 * 1024
# How many edits an input may have: most often one, which leaves the rest as it was.
_EDITS = (1, 1, 1, 2, 2, 3, 4)
_REPEATS = (2, 8, 65, 101, 300, 1100)
_NUMBERS = (b"0", b"-1", b"1e400", b"NaN", b"9" * 20, b"9" * 400, b"9" * 5000, b"0x10", b"\xd9\xa3")
_BYTES = (
    *(b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b"\t", b" ", b"\x7f"),
    *(b"\xc2\x85", b"\xe3\x80\x80", b"\xe2\x80\x8b", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xf4\x90"),
    *(b"%00", b"%0d%0a", b"%ff", b"%", b"\\", b"\\u0000", b"\\ud800", b"'", b'"', b"<", b">"),
    *("字".encode(), "字".encode("gb18030"), "１２".encode(), "é".encode(), "é".encode("latin-1")),
)


class Mutator:
    """Yields mutated corpus entries for ever."""

    def __init__(self, seed: str, corpus: Sequence[bytes], dictionary: Sequence[bytes]) -> None:
        self._random = random.Random(seed)
        self._corpus = corpus
        self._tokens = [*dictionary, *_BYTES, *_NUMBERS]

    def __iter__(self) -> Iterator[bytes]:
        # Each entry once as it is: a corpus that does not even reach the parser proves nothing.
        yield from self._corpus
        chance = self._random
        edits = (self._insert, self._repeat, self._flip, self._drop, self._move, self._splice)
        while True:
            data = chance.choice(self._corpus)
            for _ in range(chance.choice(_EDITS)):
                data = chance.choice(edits)(data)
            yield data[:LARGEST]

    def _span(self, data: bytes) -> tuple[int, int]:
        start = self._random.randrange(len(data) + 1)
        return start, min(len(data), start + self._random.choice((1, 1, 2, 5, 20, 200)))

    def _insert(self, data: bytes) -> bytes:
        start, end = self._span(data)
        kept = data[end if self._random.random() < 0.5 else start :]
        return data[:start] + self._random.choice(self._tokens) + kept

    def _repeat(self, data: bytes) -> bytes:
        start, end = self._span(data)
        chance = self._random
        what = data[start:end] if chance.random() < 0.5 else chance.choice(self._tokens)
        return (data[:start] + what * chance.choice(_REPEATS) + data[start:])[: 4 * LARGEST]

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return b"\x00"
        at = self._random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << self._random.randrange(8))]) + data[at + 1 :]

    def _drop(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] if self._random.random() < 0.1 else data[:start] + data[end:]

    def _move(self, data: bytes) -> bytes:
        start, end = self._span(data)
        rest = data[:start] + data[end:]
        at = self._random.randrange(len(rest) + 1)
        return rest[:at] + data[start:end] + rest[at:]

    def _splice(self, data: bytes) -> bytes:
        other = self._random.choice(self._corpus)
        return data[: self._span(data)[0]] + other[self._span(other)[0] :]
