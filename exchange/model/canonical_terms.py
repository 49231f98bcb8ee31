"""Escapes literals exactly as canonical N-Quads do (RDFC-1.0 §5, RDF 1.1 N-Quads)."""

from __future__ import annotations

import re
from typing import Final

# Canonical escapes. Other characters are written as they are, in UTF-8.
_ESCAPES: Final = str.maketrans(
    {
        **{code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)},
        "\b": "\\b",
        "\t": "\\t",
        "\n": "\\n",
        "\f": "\\f",
        "\r": "\\r",
        '"': '\\"',
        "\\": "\\\\",
    }
)
_UNESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_ESCAPED: Final = re.compile(r'\\(?:u([0-9A-F]{4})|([btnfr"\\]))')
needs_escape: Final = re.compile(r'[\x00-\x1f"\\\x7f]').search
_RARE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]").search


def literal(text: str) -> str:
    """Return a plain string literal."""
    return f'"{escape(text)}"' if needs_escape(text) else f'"{text}"'


def escape(text: str) -> str:
    """Return the text with the escapes of canonical N-Quads, without quotation marks."""
    if _RARE(text):
        return text.translate(_ESCAPES)
    # Records may hold these four only; several passes in C beat one table look-up a character.
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace("\n", "\\n").replace("\t", "\\t")


def unescape(text: str) -> str:
    """Return the text that `escape` was given."""
    return _ESCAPED.sub(_plain, text) if "\\" in text else text


def _plain(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _UNESCAPES[match[2]]
