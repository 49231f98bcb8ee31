"""Encrypts event bodies with their seals, and computes the commitments to their views.

key = HMAC-SHA256(seal, "key"); salt of view x = HMAC-SHA256(seal, "salt:" + x). Each key
encrypts one body once, so the nonce is fixed. The event's metadata is authenticated with the
body: a flipped column is found as surely as a flipped byte. Frozen, format 1.
"""

from __future__ import annotations

import hmac
import json
import os
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exchange.domain.disclosure_levels import VIEW_LETTERS, Tier
from exchange.domain.errors import VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
SIZE = 32
_NONCE = bytes(12)
_FAST = 1  # zlib level; the next ones cost twice the time for a tenth of the bytes
TIERS = tuple(Tier)
_BLANK = ord(" ")
_LETTERS = {tier: frozenset("".join(letters).encode()) for tier, letters in VIEW_LETTERS.items()}
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)

Commitments = tuple[bytes, bytes, bytes]  # public, government, archive


class EventMeta(NamedTuple):
    """The columns of an event that are authenticated with its body."""

    position: int
    name: str
    at: int
    delivery: int | None = None
    record: int | None = None
    tier: str | None = None
    format: int = FORMAT

    def aad(self) -> bytes:
        """Return the additional authenticated data of the body: canonical JSON.

        Formatted by hand for speed; names and tiers contain nothing to escape.
        """
        delivery = "null" if self.delivery is None else self.delivery
        record = "null" if self.record is None else self.record
        tier = "null" if self.tier is None else f'"{self.tier}"'
        return (
            f'{{"at":{self.at},"delivery":{delivery},"format":{self.format},"name":"{self.name}",'
            f'"position":{self.position},"record":{record},"tier":{tier}}}'
        ).encode()


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """Return canonical JSON: sorted keys, no blanks, UTF-8 (our values need no more)."""
    return _JSON.encode(value).encode()


def new_seals(count: int) -> list[bytes]:
    """Return `count` random seals."""
    pool = os.urandom(count * SIZE)
    return [pool[at : at + SIZE] for at in range(0, len(pool), SIZE)]


def seal_body(seal: bytes, meta: EventMeta, text: bytes) -> bytes:
    """Return the compressed and encrypted body of an event."""
    return _cipher(seal).encrypt(_NONCE, zlib.compress(text, _FAST), meta.aad())


def unseal(seal: bytes, meta: EventMeta, sealed: bytes) -> bytes:
    """Return the decrypted body of an event.

    Raises:
        VerificationFailed: the bytes, the metadata or the seal are not those of the event.

    """
    try:
        return zlib.decompress(_cipher(seal).decrypt(_NONCE, sealed, meta.aad()))
    except InvalidTag as error:
        raise VerificationFailed(
            f"The event at position {meta.position} does not open with its seal.",
            "The ledger or its seals were altered; restore both from the same backup.",
            position=meta.position,
        ) from error


def salt(seal: bytes, tier: Tier) -> bytes:
    """Return the salt of a tier's commitment."""
    return hmac.digest(seal, b"salt:" + tier.encode(), "sha256")


def commit(seal: bytes, tier: Tier, view: bytes) -> bytes:
    """Return the commitment to the exact bytes of a view."""
    return hmac.digest(salt(seal, tier), view, "sha256")


def views(
    text: bytes, iri: str, widest: Tier, narrowest: Tier = Tier.ARCHIVE
) -> tuple[bytes | None, ...]:
    """Return a version's views from public to `narrowest`; None for tiers wider than `widest`.

    The same bytes as `record_body.view` for each tier, in one pass: most views are equal.
    """
    lines = text.split(b"\n")[:-1]
    letters = {line[0] for line in lines}
    by_letters: dict[frozenset[int], bytes] = {}
    cut: list[bytes | None] = [None] * widest.rank
    for tier in TIERS[widest.rank : narrowest.rank + 1]:
        visible = _LETTERS[tier] & letters
        if visible not in by_letters:
            # Mostly a letter and a blank; the number of a link may be in between.
            statements = [
                line[2:] if line[1] == _BLANK else line.split(b" ", 1)[1]
                for line in lines
                if line[0] in visible
            ]
            by_letters[visible] = _quads(iri.encode(), statements)
        cut.append(by_letters[visible])
    return tuple(cut)


def _quads(iri: bytes, statements: list[bytes]) -> bytes:
    """Return canonical N-Quads of statements about one subject."""
    if not statements:
        return b""
    between = b" .\n<%b> " % iri
    return b"%b%b .\n" % (between[3:], between.join(statements))


def commitments(seal: bytes, views_by_tier: tuple[bytes | None, ...]) -> Commitments:
    """Return the commitments to the views of the three tiers; random bytes without a view."""
    public, government, archive = (
        os.urandom(SIZE) if view is None else commit(seal, tier, view)
        for tier, view in zip(TIERS, views_by_tier, strict=True)
    )
    return public, government, archive


def _cipher(seal: bytes) -> AESGCM:
    return AESGCM(hmac.digest(seal, b"key", "sha256"))
