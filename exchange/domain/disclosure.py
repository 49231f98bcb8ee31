"""Tiers, disclosure leaves and the one table between them.

Source: docs/design/tiers.md "Disclosure levels".
"""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """Whom a view is for; each tier holds everything of the one before."""

    PUBLIC = "public"
    GOVERNMENT = "government"
    ARCHIVE = "archive"

    @property
    def rank(self) -> int:
        """0 for the widest readership, 2 for the narrowest."""
        return _ORDER.index(self)


_ORDER = (Tier.PUBLIC, Tier.GOVERNMENT, Tier.ARCHIVE)
SERVED = (Tier.PUBLIC, Tier.GOVERNMENT)  # the archive is never projected


def strictest(*tiers: Tier) -> Tier:
    """Return the narrowest of the tiers given."""
    return max(tiers, key=lambda tier: tier.rank)


class Leaf(StrEnum):
    """Disclosure leaf of a property; the value's first column is its body letter."""

    PUBLIC_OPEN = "public-open"
    PUBLIC_PAGE = "public-page"
    GOV_UNCONDITIONAL = "gov-unconditional"
    GOV_CONDITIONAL = "gov-conditional"
    AUTHORISED = "authorised"
    ARCHIVE = "archive"

    @property
    def letter(self) -> str:
        """The letter that marks the leaf in a stored body (frozen, format 1)."""
        return _LETTER[self]


_LETTER = {
    Leaf.PUBLIC_OPEN: "o",
    Leaf.PUBLIC_PAGE: "p",
    Leaf.GOV_UNCONDITIONAL: "u",
    Leaf.GOV_CONDITIONAL: "c",
    Leaf.AUTHORISED: "a",
    Leaf.ARCHIVE: "z",
}

# Which leaves a tier's view holds.
VIEW_LETTERS = {
    Tier.PUBLIC: frozenset("o"),
    Tier.GOVERNMENT: frozenset("opu"),
    Tier.ARCHIVE: frozenset("opucaz"),
}
# What the public sees on the record's own page only: never in a store, a feed or a download.
PAGE_LETTERS = frozenset("p")
