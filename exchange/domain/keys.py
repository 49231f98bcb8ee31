"""Clear key strings of records; only their HMAC is ever stored (docs/design/model.md "Keys").

Two deliveries of one record often differ in spelling: half and full width, bracket styles of
document numbers, blanks, lower-case codes. Every part is normalised before the key is built.
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

# Unifies brackets and dashes, drops zero-width characters; NFKC has converted full-width ones.
_UNIFIED: Final = str.maketrans(
    {
        **dict.fromkeys("[〔【〖{〈《「『", "("),
        **dict.fromkeys("]〕】〗}〉》」』", ")"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", None),
    }
)

_UNWRITTEN: Final = re.compile(r"[\W_]+")

_ODD: Final = re.compile(f"[{re.escape(''.join(map(chr, _UNIFIED)))}]")


@dataclass(frozen=True, slots=True)
class RecordKey:
    """The business key of one row in all equivalent spellings (docs/decisions/0008).

    `primary` and `aliases` are complete keys: the authority by its code, the authority by its
    name. `partial` are the same keys without their optional part; they may match several
    records. `is_partial`: the row has no value for the optional part, so `primary` and `aliases`
    lack it.

    Example of a licence with authority code A and name B, number 7 and certificate 9:

    | row | primary | aliases | partial | is_partial |
    |---|---|---|---|---|
    | complete | licence, A, 7, 9 | (licence, B, 7, 9) | (licence, A, 7), (licence, B, 7) | no |
    | without a certificate | licence, A, 7 | (licence, B, 7) | none | yes |
    """

    primary: str
    aliases: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    is_partial: bool = False


@lru_cache(4096)
def normal(part: str) -> str:
    """Return one part of a key in normal form: NFKC, unified brackets, no blanks, upper case."""
    if part.isascii() and part.isalnum():
        return part.upper()
    head = PERSON if part.startswith(PERSON) else ""
    # Most numbers have these brackets and no other odd character; translating costs more.
    part = part[len(head) :].replace("〔", "(").replace("〕", ")")
    if not part.isascii():
        part = unicodedata.normalize("NFKC", part)
    if _ODD.search(part):
        part = part.translate(_UNIFIED)
    return head + "".join(part.split()).upper()


def searchable(text: str) -> str:
    """Return the letters and digits of a text in the normal form of keys.

    Both sides of a search drop brackets, marks, blanks and symbols, so that half and full
    width, bracket styles and lower-case codes match.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return (text if text.isalnum() else _UNWRITTEN.sub("", text)).upper()


def person_part(id_number: str) -> str:
    """Return the key part of a natural person: a prefix and the normalised ID number."""
    return PERSON + normal(id_number)


def key(kind: str, parts: Sequence[str]) -> str:
    """Return the clear key of a record: its kind and normalised parts, joined by U+001F.

    Raises:
        DataInvalid: a part is empty, so the key does not identify a record.

    """
    return key_variants(kind, [(part,) for part in parts])[0]


def key_variants(kind: str, parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the clear keys for every combination of the spellings of each part.

    The first key combines the first spelling of each part. Example: the parts
    (("A", "B"), ("7",)) of kind "penalty" give penalty-A-7 and penalty-B-7.

    Raises:
        DataInvalid: a part has no spelling, so the key does not identify a record.

    """
    keys = [kind]
    for spellings in parts:
        normalised = [text for text in map(normal, spellings) if text and text != PERSON]
        if not normalised:
            raise DataInvalid(
                f"A {kind} has an empty part in its key.", "Fill in every field of the key."
            )
        if len(normalised) == 1:
            keys = [f"{prefix}{SEPARATOR}{normalised[0]}" for prefix in keys]
        else:
            unique = dict.fromkeys(normalised)
            keys = [f"{prefix}{SEPARATOR}{text}" for prefix in keys for text in unique]
    if len(keys) == 1 and keys[0] == kind:
        raise DataInvalid(f"A {kind} has no key.", "Name the fields of its key.")
    return tuple(keys)
