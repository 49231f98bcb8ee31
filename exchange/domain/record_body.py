"""Stored bodies and the views cut from them (docs/design/model.md "Views"; format 1, frozen).

A body holds one statement a line: `<level letter>[link number] <predicate> object`, sorted by
the text after the first blank. The subject is left out: it is always the record. A view is the
canonical N-Quads of the lines whose disclosure level its tier may see. Its exact bytes follow
from the body alone and do not depend on the model.

Example: the body `o <p> "1"` and `o0 <q> <r>` (link 0) of record <s> has the public view
`<s> <p> "1" .` and `<s> <q> <r> .`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.domain.disclosure_levels import PAGE_LETTERS, VIEW_LETTERS, DisclosureLevel, Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# Placeholder of the natural person's random local IRI until the ledger assigns it.
PERSON = "<urn:credence:person>"


def statement_line(level: DisclosureLevel, statement: str, link: int | None = None) -> str:
    """Return one body line for `<predicate> object`; `link` is its index in the links."""
    return f"{level.letter}{'' if link is None else link} {statement}"


def assemble_body(lines: list[str]) -> str:
    """Return the stored body of these lines, sorted in the order of canonical N-Quads."""
    return "".join(text + "\n" for text in sorted(lines, key=statement_of))


def statement_of(text: str) -> str:
    """Return the `<predicate> object` part of a body line."""
    return text.split(" ", 1)[1]


def view(text: str, iri: str, tier: Tier) -> bytes:
    """Return the exact bytes of the tier's view: sorted canonical N-Quads."""
    return _cut(text, iri, VIEW_LETTERS[tier])


def page_only_view(text: str, iri: str) -> bytes:
    """Return, as N-Quads, the statements that only the record's own public page shows."""
    return _cut(text, iri, PAGE_LETTERS)


def _cut(text: str, iri: str, letters: Collection[str]) -> bytes:
    statements = [
        item[2:] if item[1] == " " else item.partition(" ")[2]
        for item in text.split("\n")
        if item and item[0] in letters
    ]
    if not statements:
        return b""
    return (f"<{iri}> " + f" .\n<{iri}> ".join(statements) + " .\n").encode()


def restrict_to_tier(text: str, tier: Tier) -> str:
    """Return the body with every line restricted to `tier` or narrower (the row's use scope)."""
    if tier is Tier.PUBLIC:
        return text
    letter = (
        DisclosureLevel.GOV_UNCONDITIONAL.letter
        if tier is Tier.GOVERNMENT
        else DisclosureLevel.ARCHIVE.letter
    )
    wider = frozenset("op") if tier is Tier.GOVERNMENT else frozenset("opuca")
    return "".join(
        (letter + item[1:] if item[0] in wider else item) + "\n"
        for item in text.split("\n")
        if item
    )


def carry_over(text: str, before: str, uncovered: frozenset[str]) -> str:
    """Return the body with the statements of some properties copied from the version before.

    `uncovered`: the properties (`<iri>`) for which the form of the row has no column.
    """
    carried = [
        item
        for item in before.split("\n")
        if item and statement_of(item).partition(" ")[0] in uncovered
    ]
    return assemble_body([*text.split("\n")[:-1], *carried]) if carried else text


def without_links(text: str, dropped: set[int]) -> str:
    """Return the body without the lines of the links with these numbers."""
    return "".join(
        item + "\n"
        for item in text.split("\n")
        if item
        and (number := item.split(" ", 1)[0][1:]) is not None
        and (not number or int(number) not in dropped)
    )


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of a body: `links` by the number of their link, all others in `plain`."""

    plain: frozenset[str]
    links: dict[int, frozenset[str]]

    def same(self, other: Statements, missing: Callable[[int], bool]) -> bool:
        """Return whether another body has the same statements.

        The other may lack those links of this one for whose numbers `missing` returns true.
        """
        if self.plain != other.plain:
            return False
        if self.links == other.links:
            return True
        theirs = list(other.links.values())
        ours = [number for number, lines in self.links.items() if lines not in theirs]
        return set(theirs) <= set(self.links.values()) and all(map(missing, ours))


def statements(text: str, without: Collection[str], *, levels: bool = False) -> Statements:
    """Return the statements of a body about the properties (`<iri>`) that are not in `without`.

    With `levels`, a statement includes its disclosure level.
    """
    plain: set[str] = set()
    links: dict[int, set[str]] = {}
    for item in text.split("\n"):
        head, _, statement = item.partition(" ")
        if not head or statement.partition(" ")[0] in without:
            continue
        compared = f"{head[0]} {statement}" if levels else statement
        (links.setdefault(int(head[1:]), set()) if head[1:] else plain).add(compared)
    return Statements(frozenset(plain), {number: frozenset(each) for number, each in links.items()})


def value_of(text: str, property_: str) -> str | None:
    """Return the lexical value of a property (`<iri>`) whose literal holds no escapes."""
    for item in text.split("\n"):
        statement = item.partition(" ")[2]
        if statement.startswith(property_):
            return statement.split('"')[1]
    return None
