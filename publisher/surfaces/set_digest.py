"""Digests over sets of statements, whatever their order.

Source: docs/design/surfaces.md "Audit".
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.surfaces.port import ChangeSource, SurfaceReader

_MODULUS = 1 << 256


class LineSetDigest:
    """Order-free digest of lines: the sum modulo 2^256 of the SHA-256 of each line.

    The final line feed is hashed, too. Only lines that begin with one of `starts` and do not end
    in `but_not` count. Also a file-like sink: `write` accepts bytes cut anywhere.
    """

    def __init__(self, starts: tuple[bytes, ...] = (b"",), but_not: bytes = b"\0") -> None:
        self._starts = starts
        self._but_not = but_not
        self._rest = b""
        self._total = 0

    def add(self, line: bytes) -> None:
        """Add one line with its line feed, unless the filter excludes it."""
        if line.startswith(self._starts) and not line.endswith(self._but_not):
            self._total += int.from_bytes(hashlib.sha256(line).digest(), "big")

    def write(self, data: bytes, /) -> int:
        """Add the complete lines of a piece; keep the rest for the next call."""
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
    """Order-free digest of the lines of views."""

    def __init__(self) -> None:
        self._total = LineSetDigest()

    def add(self, view: bytes, /) -> None:
        """Add the lines of a view."""
        self._total.write(view)

    def hex(self) -> str:
        """Return the digest so far."""
        return self._total.hex()


def line_set_sum(text: bytes) -> int:
    """Return what a text adds to a LineSetDigest; subtract it to remove the text again."""
    total = LineSetDigest()
    total.write(text)
    return int(total.hex(), 16)


def digest_hex(total: int) -> str:
    """Return a sum of `line_set_sum` as a LineSetDigest writes it."""
    return f"{total % _MODULUS:064x}"


def matches_ledger(ledger: ChangeSource, surface: SurfaceReader) -> bool:
    """Return whether a surface shows exactly the visible records and text of the ledger.

    Compares IRIs and digest as the surface reports them; an audit compares every file.
    """
    expected, iris = surface.expected_digest(), set[str]()
    for iri, _, view in ledger.live(surface.tier):
        iris.add(iri)
        expected.add(view)
    return set(surface.iris()) == iris and surface.digest() == expected.hex()
