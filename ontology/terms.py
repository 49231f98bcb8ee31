"""Where terms and codes live; what they are stands in Turtle alone."""

from __future__ import annotations

from typing import Final

NS: Final = "https://w3id.org/credence/ns#"
CODE: Final = "https://w3id.org/credence/code/"
