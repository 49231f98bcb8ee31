"""Terms in the exact bytes of canonical N-Quads (RDFC-1.0 §5, N-Quads 1.1 canonical form)."""

from __future__ import annotations

import re
from typing import Final

# Canonical escapes. Other characters stand as they are, in UTF-8.
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
    """Return the text with its canonical escapes."""
    if _RARE(text):
        return text.translate(_ESCAPES)
    # What records may hold; several passes in C beat one table look-up a character.
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace("\n", "\\n").replace("\t", "\\t")


def unescape(text: str) -> str:
    """Return what `escape` was given."""
    return _ESCAPED.sub(_plain, text) if "\\" in text else text


def _plain(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _UNESCAPES[found[2]]
