"""Lists of subjects as pages know them: name, meaning, class, and how severe the class is.

Purpose: a list of key attention or of abnormal operations never looks like a list of seriously
untrustworthy subjects (docs/design/terms.md "Terms"); the class comes from the vocabulary, not from
the list's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ontology.terms import CODE

if TYPE_CHECKING:
    from publisher.web.pages.vocabulary_labels import Term, Vocabulary

SCHEME: Final = "credit-list"
SERIOUS: Final = "seriously-untrustworthy"
INCENTIVE: Final = "incentive"
_TONES: Final = {SERIOUS: "alarm", INCENTIVE: "good"}


@dataclass(frozen=True, slots=True)
class CreditList:
    """One list; `group` is the notation of its class, `tone` the CSS class of its badge."""

    notation: str
    name: str
    definition: str
    group: str
    group_name: str
    group_definition: str

    @property
    def path(self) -> str:
        """Its address on this site."""
        return f"/list/{self.notation}"

    @property
    def tone(self) -> str:
        """`alarm`, `good` or nothing; the words always stand beside it."""
        return _TONES.get(self.group, "")


def credit_list(words: Vocabulary, notation: str, lang: str) -> CreditList | None:
    """Return the list of that notation; None where the code list lacks it."""
    term = words.code(SCHEME, notation)
    return _made(words, term, lang) if term else None


def credit_lists(words: Vocabulary, lang: str) -> list[CreditList]:
    """Return every list there is a code for, whether it has entries or not."""
    return [_made(words, term, lang) for term in words.of("concept", CODE + SCHEME)]


def _made(words: Vocabulary, term: Term, lang: str) -> CreditList:
    group = words.get(term.broader)
    return CreditList(
        term.notation,
        term.label(lang),
        term.definition(lang),
        group.notation if group else "",
        group.label(lang) if group else "",
        group.definition(lang) if group else "",
    )
