"""Tiers, disclosure levels and the table of which tier sees which level.

Source: docs/design/tiers.md "Disclosure levels".
"""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """A group of readers; each tier sees everything that the one before it sees."""

    PUBLIC = "public"
    GOVERNMENT = "government"
    ARCHIVE = "archive"

    @property
    def rank(self) -> int:
        """0 for the widest readership, 2 for the narrowest."""
        return _ORDER.index(self)


_ORDER = (Tier.PUBLIC, Tier.GOVERNMENT, Tier.ARCHIVE)
PUBLISHED_TIERS = (Tier.PUBLIC, Tier.GOVERNMENT)  # the archive is never projected


def strictest(*tiers: Tier) -> Tier:
    """Return the narrowest of the tiers given."""
    return max(tiers, key=lambda tier: tier.rank)


class DisclosureLevel(StrEnum):
    """Disclosure level of a property: the narrowest group of readers that may see its values."""

    PUBLIC_OPEN = "public-open"
    PUBLIC_PAGE = "public-page"
    GOV_UNCONDITIONAL = "gov-unconditional"
    GOV_CONDITIONAL = "gov-conditional"
    AUTHORISED = "authorised"
    ARCHIVE = "archive"

    @property
    def letter(self) -> str:
        """The letter of the level in a line of a stored body (frozen, format 1)."""
        return _LETTER[self]


_LETTER = {
    DisclosureLevel.PUBLIC_OPEN: "o",
    DisclosureLevel.PUBLIC_PAGE: "p",
    DisclosureLevel.GOV_UNCONDITIONAL: "u",
    DisclosureLevel.GOV_CONDITIONAL: "c",
    DisclosureLevel.AUTHORISED: "a",
    DisclosureLevel.ARCHIVE: "z",
}

# The letters of the disclosure levels that a tier's view contains.
VIEW_LETTERS = {
    Tier.PUBLIC: frozenset("o"),
    Tier.GOVERNMENT: frozenset("opu"),
    Tier.ARCHIVE: frozenset("opucaz"),
}
# What the public sees on the record's own page only: never in a store, a feed or a download.
PAGE_LETTERS = frozenset("p")
