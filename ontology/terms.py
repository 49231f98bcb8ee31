"""Namespaces of the vocabulary and of codes; the terms themselves are in the Turtle files."""

from __future__ import annotations

from typing import Final

NS: Final = "https://w3id.org/credence/ns#"
CODE: Final = "https://w3id.org/credence/code/"
