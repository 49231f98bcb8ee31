"""The vocabulary, the code lists and the files derived from them, as package data."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> bytes:
    """Return the bytes of a file of this folder, such as `credence.ttl` or `codes/leaf.ttl`.

    Raises:
        OSError: there is no such file.

    """
    return files(__name__).joinpath(name).read_bytes()


def sources() -> tuple[str, ...]:
    """Return the names of the Turtle files written by hand, sorted."""
    root = files(__name__)
    own = [item.name for item in root.iterdir() if item.name.endswith(".ttl")]
    codes = root.joinpath("codes").iterdir()
    return tuple(sorted([*own, *(f"codes/{item.name}" for item in codes)]))
