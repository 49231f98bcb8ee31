"""placeholder."""

from __future__ import annotations


class Verification: ...


def verify(parts): ...
