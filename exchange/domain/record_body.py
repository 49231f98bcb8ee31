"""Stored bodies and the views cut from them (docs/design/model.md "Views"; format 1, frozen).

A body holds one statement a line: `<leaf letter>[link number] <predicate> object`, sorted by
what follows the first blank. The subject is left out: it is always the record. A view is the
canonical N-Quads of the lines whose leaf its tier may see, so its exact bytes can be had
again from the body alone, whatever the model says by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.domain.disclosure import PAGE_LETTERS, VIEW_LETTERS, Leaf, Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# Stands for the natural person's random local IRI until the ledger assigns it.
PERSON = "<urn:credence:person>"


def line(leaf: Leaf, statement: str, link: int | None = None) -> str:
    """Return one body line for `<predicate> object`; `link` is its index in the links."""
    return f"{leaf.letter}{'' if link is None else link} {statement}"


def body(lines: list[str]) -> str:
    """Return the body of the lines, in the order of canonical N-Quads."""
    return "".join(text + "\n" for text in sorted(lines, key=statement_of))


def statement_of(text: str) -> str:
    """Return the `<predicate> object` part of a body line."""
    return text.split(" ", 1)[1]


def view(text: str, iri: str, tier: Tier) -> bytes:
    """Return the exact bytes of the tier's view: sorted canonical N-Quads."""
    return _cut(text, iri, VIEW_LETTERS[tier])


def on_page(text: str, iri: str) -> bytes:
    """Return, as N-Quads, what the public sees on the record's own page only."""
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


def confine(text: str, tier: Tier) -> str:
    """Return the body with no line wider than `tier` (a row's stricter use scope)."""
    if tier is Tier.PUBLIC:
        return text
    letter = Leaf.GOV_UNCONDITIONAL.letter if tier is Tier.GOVERNMENT else Leaf.ARCHIVE.letter
    wider = frozenset("op") if tier is Tier.GOVERNMENT else frozenset("opuca")
    return "".join(
        (letter + item[1:] if item[0] in wider else item) + "\n"
        for item in text.split("\n")
        if item
    )


def with_untold(text: str, before: str, untold: frozenset[str]) -> str:
    """Return the body with what the one before it says of properties that its form cannot tell.

    `untold`: those properties, as `<iri>`.
    """
    kept = [
        item
        for item in before.split("\n")
        if item and statement_of(item).partition(" ")[0] in untold
    ]
    return body([*text.split("\n")[:-1], *kept]) if kept else text


def without_links(text: str, dropped: set[int]) -> str:
    """Return the body without the lines that state the links of those indices."""
    return "".join(
        item + "\n"
        for item in text.split("\n")
        if item
        and (number := item.split(" ", 1)[0][1:]) is not None
        and (not number or int(number) not in dropped)
    )


@dataclass(frozen=True, slots=True)
class Statements:
    """What a body says: statements, and those that state a link by the number of the link."""

    plain: frozenset[str]
    links: dict[int, frozenset[str]]

    def same(self, other: Statements, missing: Callable[[int], bool]) -> bool:
        """Return whether another body says the same.

        It may lack a link of this one for whose number `missing` holds.
        """
        if self.plain != other.plain:
            return False
        if self.links == other.links:
            return True
        theirs = list(other.links.values())
        ours = [number for number, lines in self.links.items() if lines not in theirs]
        return set(theirs) <= set(self.links.values()) and all(map(missing, ours))


def statements(text: str, without: Collection[str], *, leaves: bool = False) -> Statements:
    """Return what a body says of the properties (`<iri>`) that are not in `without`.

    With `leaves`, who may see a statement is a part of it.
    """
    plain: set[str] = set()
    links: dict[int, set[str]] = {}
    for item in text.split("\n"):
        head, _, statement = item.partition(" ")
        if not head or statement.partition(" ")[0] in without:
            continue
        said = f"{head[0]} {statement}" if leaves else statement
        (links.setdefault(int(head[1:]), set()) if head[1:] else plain).add(said)
    return Statements(frozenset(plain), {number: frozenset(said) for number, said in links.items()})


def value_of(text: str, named: str) -> str | None:
    """Return the lexical value of a property (`<iri>`) whose literal holds no escapes."""
    for item in text.split("\n"):
        statement = item.partition(" ")[2]
        if statement.startswith(named):
            return statement.split('"')[1]
    return None
