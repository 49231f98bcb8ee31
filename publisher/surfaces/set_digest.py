"""A digest over statements that does not depend on their order.

Source: docs/design/surfaces.md "Audit".
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.surfaces.port import ChangeSource, SurfaceReader

_MODULUS = 1 << 256


class LineSetDigest:
    """Sum modulo 2^256 of the SHA-256 of each line, its final line feed included.

    Only lines that begin with one of `starts` and do not end in `but_not` count. Also a sink
    for serialisers: `write` takes bytes cut anywhere and holds one unfinished line at a time.
    """

    def __init__(self, starts: tuple[bytes, ...] = (b"",), but_not: bytes = b"\0") -> None:
        self._starts = starts
        self._but_not = but_not
        self._rest = b""
        self._total = 0

    def add(self, line: bytes) -> None:
        """Count one line that ends in a line feed, if the filter lets it through."""
        if line.startswith(self._starts) and not line.endswith(self._but_not):
            self._total += int.from_bytes(hashlib.sha256(line).digest(), "big")

    def write(self, data: bytes, /) -> int:
        """Count the whole lines in the piece and keep what follows them."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self.add(line + b"\n")
        return len(data)

    def flush(self) -> None:
        """Nothing to do; serialisers call it."""

    def hex(self) -> str:
        """Return the digest so far, 64 hexadecimal digits."""
        return f"{self._total % _MODULUS:064x}"


class ViewSetDigest:
    """The digest of exactly the lines of the views that are added."""

    def __init__(self) -> None:
        self._total = LineSetDigest()

    def add(self, view: bytes, /) -> None:
        """Count a view's lines."""
        self._total.write(view)

    def hex(self) -> str:
        """Return the digest so far."""
        return self._total.hex()


def line_set_sum(text: bytes) -> int:
    """Return what the lines of a text add to a LineSetDigest; texts can be taken away again."""
    total = LineSetDigest()
    total.write(text)
    return int(total.hex(), 16)


def digest_hex(total: int) -> str:
    """Return a sum of `line_set_sum` as a LineSetDigest writes it."""
    return f"{total % _MODULUS:064x}"


def matches_ledger(ledger: ChangeSource, surface: SurfaceReader) -> bool:
    """Return whether a surface holds exactly the records and text that stand in the ledger.

    Compares what the surface itself works with; what lies in every file is for an audit.
    """
    expected, iris = surface.expected_digest(), set[str]()
    for iri, _, view in ledger.live(surface.tier):
        iris.add(iri)
        expected.add(view)
    return set(surface.iris()) == iris and surface.digest() == expected.hex()
