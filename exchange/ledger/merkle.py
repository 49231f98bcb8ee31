"""The Merkle tree of RFC 6962 over the ledger's entries: roots and proofs (pure).

Hashes (RFC 6962 §2.1): leaf SHA-256(0x00 ‖ entry), node SHA-256(0x01 ‖ left ‖ right), empty
tree SHA-256(""). Proofs ask for complete subtrees by (level, number); whoever stores some of
them (the ledger keeps every eighth level, as C2SP tiles do) can prove without reading all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from exchange.domain.errors import VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    # (level, number) -> hash of the complete subtree over leaves [number << level, + 1 << level)
    Node = Callable[[int, int], bytes]

EMPTY = sha256(b"").digest()
SIZE = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def entry(public: bytes, government: bytes, archive: bytes) -> bytes:
    """Return the log entry of three commitments: 33 bytes, alike for every event.

    Source: docs/design/ledger.md "Commitments".
    """
    return b"\x01" + sha256(public + government + archive).digest()


@dataclass(slots=True)
class Frontier:
    """The complete subtrees at the right edge, largest first: the state for appending."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    @classmethod
    def load(cls, size: int, packed: bytes) -> Frontier:
        """Return the frontier from its stored form."""
        hashes = [packed[at : at + SIZE] for at in range(0, len(packed), SIZE)]
        if len(hashes) != size.bit_count():
            raise VerificationFailed(
                f"The stored frontier of the tree of {size} entries has the wrong length.",
                "Restore the ledger from a backup.",
            )
        return cls(size, hashes)

    def packed(self) -> bytes:
        """Return the stored form."""
        return b"".join(self.hashes)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash; return the subtrees it completes as (level, number, hash)."""
        done = []
        level, count, value = 0, self.size, leaf
        while count & 1:
            value = node_hash(self.hashes.pop(), value)
            level += 1
            count >>= 1
            done.append((level, count, value))
        self.hashes.append(value)
        self.size += 1
        return done

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self.hashes:
            return EMPTY
        value = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            value = node_hash(left, value)
        return value


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    edge = Frontier()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


def nodes_of(leaves: Sequence[bytes]) -> Node:
    """Return a reader of complete subtrees over leaf hashes held in memory."""

    def node(level: int, number: int) -> bytes:
        if level == 0:
            return leaves[number]
        return node_hash(node(level - 1, 2 * number), node(level - 1, 2 * number + 1))

    return node


def _range_root(node: Node, low: int, high: int) -> bytes:
    """Return the hash over leaves [low, high); `low` is a multiple of the range's width."""
    width = high - low
    level = width.bit_length() - 1
    if width == 1 << level:
        return node(level, low >> level)
    split = low + _split(width)
    return node_hash(_range_root(node, low, split), _range_root(node, split, high))


def _split(width: int) -> int:
    """Return the largest power of two below `width` (RFC 6962 §2.1)."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """Return the path of leaf `index` (from 0) in the tree of `size` leaves, leaf upwards."""
    _within(0 <= index < size)
    path = []
    low, high = 0, size
    while high - low > 1:
        split = low + _split(high - low)
        if index < split:
            path.append(_range_root(node, split, high))
            high = split
        else:
            path.append(_range_root(node, low, split))
            low = split
    path.reverse()
    return path


def consistency_proof(node: Node, old: int, size: int) -> list[bytes]:
    """Return the proof that the tree of `size` leaves extends the tree of `old` leaves."""
    _within(0 < old <= size)
    path = []
    low, high, whole = 0, size, True
    while old != high:
        split = low + _split(high - low)
        if old <= split:
            path.append(_range_root(node, split, high))
            high = split
        else:
            path.append(_range_root(node, low, split))
            low, whole = split, False
    if not whole:
        path.append(_range_root(node, low, high))
    path.reverse()
    return path


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes
) -> bool:
    """Return whether the leaf hash is at `index` of the tree (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, value = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            value = node_hash(step, value)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            value = node_hash(value, step)
        number >>= 1
        last >>= 1
    return last == 0 and value == expected


def verify_consistency(
    old: int, size: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Return whether the larger tree extends the smaller one (RFC 9162 §2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not path and old_root == new_root
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    return bool(steps) and _folds(old - 1, size - 1, steps, (old_root, new_root))


def _folds(number: int, last: int, steps: list[bytes], roots: tuple[bytes, bytes]) -> bool:
    """Fold a consistency path into both roots and compare."""
    while number & 1:
        number >>= 1
        last >>= 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            after = node_hash(after, step)
        number >>= 1
        last >>= 1
    return last == 0 and (before, after) == roots


def _within(holds: bool) -> None:  # noqa: FBT001 (a guard)
    if not holds:
        raise VerificationFailed(
            "The proof asked for lies outside the tree.", "Ask for a position up to the head."
        )
