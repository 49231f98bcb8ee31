"""Makes valid codes that belong to nobody: an unassigned range, an unknown region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exchange.domain.identifiers import uscc_check_character

if TYPE_CHECKING:
    from datetime import date

_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_NO_REGION: Final = "991404"  # no ID number begins so


def social_credit_code(category: str, division: str, serial: int) -> str:
    """Return a valid social credit code of the QQQQ range, which is never assigned.

    `category` has two characters (91: company), `division` six digits.
    """
    organisation = organisation_code(serial)
    first = category + division + organisation
    return first + uscc_check_character(first)


def organisation_code(serial: int) -> str:
    """Return the nine characters of an organisation code of that range (GB 11714)."""
    body = ""
    for _ in range(4):
        serial, rest = divmod(serial, len(_ALPHABET))
        body = _ALPHABET[rest] + body
    body = "QQQQ" + body
    total = sum(
        weight * int(item, 36) for weight, item in zip(_ORGANISATION_WEIGHTS, body, strict=True)
    )
    return body + "0123456789X0"[11 - total % 11]


def id_number(born: date, serial: int) -> str:
    """Return an ID number with a valid check digit, of a region that does not exist."""
    first = f"{_NO_REGION}{born:%Y%m%d}{serial % 1000:03d}"
    total = sum(weight * int(item) for weight, item in zip(_ID_WEIGHTS, first, strict=True))
    return first + "10X98765432"[total % 11]
