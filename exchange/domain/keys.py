"""Clear key strings of records; only their HMAC is ever stored (docs/design/model.md "Keys").

Two deliveries of one record often differ in writing: half and full width, bracket styles of
document numbers, blanks, lower-case codes. The key is taken after these are made alike.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import DataInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

SEPARATOR: Final = "\x1f"
PERSON: Final = "id:"

# Brackets unified and zero-width characters dropped; NFKC has dealt with full-width ones.
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("[〔【〖{〈《「『", "("),
        **dict.fromkeys("]〕】〗}〉》」』", ")"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", None),
    }
)

_UNWRITTEN: Final = re.compile(r"[\W_]+")

_ODD: Final = re.compile(f"[{re.escape(''.join(map(chr, _ALIKE)))}]")


@dataclass(frozen=True, slots=True)
class Telling:
    """Every way in which one row tells the key of a record, the fullest first.

    `key` and `aliases` are worth the same: an authority by its code and by its name. `bare` are
    those that lack a part which the row tells. `lacking`: the row itself tells no more than that,
    so key and aliases lack the part, and may be said of several records (docs/decisions/0008).
    """

    key: str
    aliases: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    lacking: bool = False


@lru_cache(4096)
def normal(part: str) -> str:
    """Return one part of a key in the writing that keys compare; most come again and again."""
    if part.isascii() and part.isalnum():
        return part.upper()
    head = PERSON if part.startswith(PERSON) else ""
    # Most numbers have these brackets and no other odd character; translating costs more.
    part = part[len(head) :].replace("〔", "(").replace("〕", ")")
    if not part.isascii():
        part = unicodedata.normalize("NFKC", part)
    if _ODD.search(part):
        part = part.translate(_ALIKE)
    return head + "".join(part.split()).upper()


def searchable(text: str) -> str:
    """Return the letters and digits of a text in the writing that keys compare.

    Brackets, marks, blanks and symbols go, on both sides of a search, so that half and full
    width, bracket styles and lower-case codes find the same.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return (text if text.isalnum() else _UNWRITTEN.sub("", text)).upper()


def person_part(id_number: str) -> str:
    """Return the key part that stands for a natural person."""
    return PERSON + normal(id_number)


def key(kind: str, parts: Sequence[str]) -> str:
    """Return the clear key of a record: its kind and parts, made alike, joined by U+001F.

    Raises:
        DataInvalid: a part is empty, so the record could not be told from another.

    """
    return tellings(kind, [(part,) for part in parts])[0]


def tellings(kind: str, parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the clear keys of a record each of whose parts may be told in several ways.

    The first of each part's ways make the first key.

    Raises:
        DataInvalid: a part is told in no way, so the record could not be told from another.

    """
    found = [kind]
    for ways in parts:
        alike = [way for way in map(normal, ways) if way and way != PERSON]
        if not alike:
            raise DataInvalid(
                f"A {kind} has an empty part in its key.", "Fill in every field of the key."
            )
        if len(alike) == 1:
            found = [f"{begun}{SEPARATOR}{alike[0]}" for begun in found]
        else:
            found = [f"{begun}{SEPARATOR}{way}" for begun in found for way in dict.fromkeys(alike)]
    if len(found) == 1 and found[0] == kind:
        raise DataInvalid(f"A {kind} has no key.", "Name the fields of its key.")
    return tuple(found)
