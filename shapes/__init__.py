"""SHACL shapes by kind and the files derived from them, as package data."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> bytes:
    """Return the bytes of a file of this folder, such as `penalty.ttl`.

    Raises:
        OSError: there is no such file.

    """
    return files(__name__).joinpath(name).read_bytes()


def sources() -> tuple[str, ...]:
    """Return the names of the Turtle files written by hand, sorted."""
    return tuple(sorted(i.name for i in files(__name__).iterdir() if i.name.endswith(".ttl")))
