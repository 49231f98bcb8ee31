"""How kinds quote each other and what a withdrawal does to the quoting record (DESIGN §4).

The rules are data (shapes/links.ttl); these are their types.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cascade(StrEnum):
    """What becomes of a record when a record it quotes is withdrawn."""

    WITHDRAW_WHEN_LAST = "withdraw-when-last"  # re-issued while another basis is left
    DROP_REFERENCE = "drop-reference"  # re-issued without the quotation
    DECIDE = "decide"  # put up for decision, listed by `status`


@dataclass(frozen=True, slots=True)
class LinkRule:
    """One relation between kinds (slugs): each of `sources` may quote each of `targets`."""

    relation: str
    sources: frozenset[str]
    targets: frozenset[str]
    cascade: Cascade
