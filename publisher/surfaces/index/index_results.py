"""What the index answers: small frozen values without any markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as a list shows it; texts may be empty.

    `code` is the subject it is about, `day` when it was decided, `until` its declared last day
    (ISO dates), `list` the notation of the list that it is an entry of, `published` milliseconds.
    """

    iri: str
    kind: str
    code: str
    name: str
    number: str
    day: str
    authority: str
    list: str
    until: str
    objection: bool
    published: int


@dataclass(frozen=True, slots=True)
class Highlight:
    """A piece of a text; `hit` is true where it matches the search."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A record found, with its name and number cut where they match."""

    entry: Entry
    name: Sequence[Highlight]
    number: Sequence[Highlight]


@dataclass(frozen=True, slots=True)
class CodeHint:
    """What was typed looks like a code, but its check digit is wrong; `near` are codes that exist.

    They differ from what was typed by one character or by two neighbours exchanged.
    """

    code: str
    near: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of a search: subjects first, those that begin with the words before the others.

    `total` counts no further than the reader's bound; then `more` is true. `pages` is at least 1.
    """

    text: str
    total: int
    more: bool
    page: int
    pages: int
    hits: Sequence[Hit]
    hint: CodeHint | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list, newest day first; `cursor` is of the next page, empty at the end."""

    total: int
    more: bool
    entries: Sequence[Entry]
    cursor: str


@dataclass(frozen=True, slots=True)
class Role:
    """In how many records a code is named in one role (`counterpart`), and the newest of them."""

    name: str
    total: int
    more: bool
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class SubjectRecords:
    """A page of the records about a code; `after` is the cursor of the next, empty at the end."""

    iris: Sequence[str]
    after: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that follows from an entry of a list (`entry`, an IRI, until its last day)."""

    iri: str
    code: str
    name: str
    measure_class: str
    list: str
    entry: str
    basis: str
    unit: str
    since: str
    until: str
    ends: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is shown about a code; `category`, `status` and `division` are notations.

    `roles` begin with those in which records are about the subject. `lists` are its entries on
    lists, `measures` what follows from them on the day asked.
    """

    code: str
    name: str
    category: str
    status: str
    division: str
    roles: Sequence[Role]
    lists: Sequence[Entry]
    measures: Sequence[Measure]


@dataclass(frozen=True, slots=True)
class MonthlyCount:
    """How many records of a kind an authority decided in a month (`2026-09`)."""

    kind: str
    authority: str
    month: str
    count: int
