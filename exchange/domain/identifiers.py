"""Identifiers: social credit codes, ID numbers, record and event IRIs.

Functions named `*_problem` return a rule token (`uscc-check-digit`, ...) or None, so that
messages in two languages can be made of them elsewhere.
Source: docs/design/model.md "Identity".
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from calendar import monthrange
from operator import getitem
from typing import Final

from exchange.domain.errors import DataInvalid, UsageError

USCC_BASE: Final = "https://w3id.org/credence/uscc/"
# Stands in real files where nobody knew the code; it even has a valid form.
PLACEHOLDER: Final = "00000000000000000X"

# GB 32100-2015: 31 characters, digits and capitals without I O S V Z.
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC: Final = re.compile(rf"[{_ALPHABET}]{{2}}[0-9]{{6}}[{_ALPHABET}]{{10}}", re.ASCII)
USCC_LENGTH: Final = 18
_VALUE: Final = {character: value for value, character in enumerate(_ALPHABET)}
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
# One table per place: the weighted value, so that a check is a plain sum; the check character
# itself counts once.
_WEIGHTED: Final = tuple(
    {character: value * weight for character, value in _VALUE.items()} for weight in (*_WEIGHTS, 1)
)
# GB 11643-1999.
_ID_NUMBER: Final = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK: Final = "10X98765432"
_FIRST_YEAR, _LAST_YEAR = 1850, 2150

# RFC 4648 base32, two characters at a time: 26 of them hold 128 bits and two zeros at the end.
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple(one + other for one in _BASE32 for other in _BASE32)
_TEN_BITS: Final = 1023
_PLACES: Final = tuple(range(120, -1, -10))
_FILLED: Final = 2
_ID: Final = re.compile(r"[a-z2-7]{26}", re.ASCII)


def normal_code(text: str) -> str:
    """Return a code in normal form: half-width, upper case, no blanks."""
    if text.isascii():
        if text.isalnum():
            return text.upper()
    else:
        text = unicodedata.normalize("NFKC", text)
    return "".join(text.split()).upper()


def uscc_check_character(first17: str) -> str:
    """Return the 18th character for the first 17 (GB 32100-2015 §4, modulo 31).

    Raises:
        DataInvalid: not 17 characters of the alphabet.

    """
    if len(first17) != USCC_LENGTH - 1 or any(item not in _VALUE for item in first17):
        raise DataInvalid("This is not the first part of a social credit code.", "Give 17.")
    total = sum(map(getitem, _WEIGHTED, first17))
    return _ALPHABET[-total % 31]


def uscc_problem(text: str) -> str | None:
    """Return the token of the rule that a normalised social credit code breaks, or None.

    Tokens: `uscc-placeholder`, `uscc-length`, `uscc-character`, `uscc-check-digit`.
    """
    if text == PLACEHOLDER:
        return "uscc-placeholder"
    if _USCC.fullmatch(text) is None:
        return "uscc-length" if len(text) != USCC_LENGTH else "uscc-character"
    total = sum(map(getitem, _WEIGHTED, text))
    return "uscc-check-digit" if total % 31 else None


def parse_uscc(text: str) -> str:
    """Return the code in normal form.

    Raises:
        DataInvalid: it is no valid code; `details["rule"]` names the broken rule.

    """
    code = normal_code(text)
    problem = uscc_problem(code)
    if problem:
        raise DataInvalid(
            f"{text!r} is not a unified social credit code.",
            "Check its 18 characters against the registration certificate.",
            rule=problem,
        )
    return code


def id_number_problem(text: str) -> str | None:
    """Return the rule a normalised resident ID number breaks, or None (GB 11643-1999).

    Tokens: `id-length`, `id-character`, `id-birth-date`, `id-check-digit`.
    """
    if _ID_NUMBER.fullmatch(text) is None:
        return "id-length" if len(text) != USCC_LENGTH else "id-character"
    year, month, day = int(text[6:10]), int(text[10:12]), int(text[12:14])
    if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12):  # noqa: PLR2004 (months)
        return "id-birth-date"
    if not 1 <= day <= monthrange(year, month)[1]:
        return "id-birth-date"
    total = sum(weight * int(item) for weight, item in zip(_ID_WEIGHTS, text, strict=False))
    return None if _ID_CHECK[total % 11] == text[17] else "id-check-digit"


def new_id() -> str:
    """Return a random local identifier: 128 bits as 26 characters of lower-case base32."""
    return id_from(secrets.token_bytes(16))


def id_from(bits: bytes) -> str:
    """Return 16 bytes in lower-case base32 without its padding (three times `base64`'s speed)."""
    number = int.from_bytes(bits, "big") << _FILLED
    return "".join([_PAIRS[number >> at & _TEN_BITS] for at in _PLACES])


def record_iri(base: str, identifier: str) -> str:
    """Return the IRI of a record under a base URL."""
    return f"{base.rstrip('/')}/record/{identifier}"


def event_iri(base: str, identifier: str) -> str:
    """Return the IRI of an event, which is also the IRI of the version it published."""
    return f"{base.rstrip('/')}/event/{identifier}"


def id_of(iri_or_id: str) -> str:
    """Return the local identifier from an IRI or from its last part.

    Raises:
        UsageError: neither of the two.

    """
    last = iri_or_id.strip().rstrip("/").rpartition("/")[2]
    if _ID.fullmatch(last) is None:
        raise UsageError(
            f"{iri_or_id!r} does not name a record.",
            "Give the IRI of the record or its last part of 26 characters.",
            zh=f"{iri_or_id!r} 不是记录的网址或编号。",
            zh_hint="请给出记录网址，或其末尾的 26 位编号。",
        )
    return last
