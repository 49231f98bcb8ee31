from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from publisher.surfaces.set_digest import LineSetDigest

if TYPE_CHECKING:
    import random

LINES = st.lists(st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"") + b"\n"))


def digest_of(lines: list[bytes]) -> str:
    total = LineSetDigest()
    for line in lines:
        total.add(line)
    return total.hex()


def test_the_digest_of_one_line_is_its_sha256() -> None:
    assert digest_of([b"a\n"]) == hashlib.sha256(b"a\n").hexdigest()


@given(LINES, st.randoms())
def test_the_order_does_not_matter(lines: list[bytes], chance: random.Random) -> None:
    mixed = list(lines)
    chance.shuffle(mixed)
    assert digest_of(mixed) == digest_of(lines)


@given(LINES, st.integers(1, 7))
def test_pieces_cut_anywhere_give_the_same_digest(lines: list[bytes], size: int) -> None:
    total, text = LineSetDigest(), b"".join(lines)
    for start in range(0, len(text), size):
        total.write(text[start : start + size])
    assert total.hex() == digest_of(lines)


def test_a_line_counted_twice_is_another_digest() -> None:
    assert digest_of([b"a\n", b"a\n"]) != digest_of([b"a\n"])


def test_only_lines_with_the_start_and_without_the_end_count() -> None:
    total = LineSetDigest((b"<urn:r/",), b" mark\n")
    total.write(b"<urn:r/1> a\n<urn:x> b\n<urn:r/1> mark\n")
    assert total.hex() == digest_of([b"<urn:r/1> a\n"])
