"""The personal-data gate: finds data of private persons that a record would make public.

Purpose: before a record is appended, every text and amount that the shapes show to the public is
searched (`exchange.domain.personal_data`), also for the names and numbers that the shapes keep
from the public in that very record. What the government tier alone sees is searched for ID numbers,
which no surface shows. The shapes say which fields are public, and which hold names or numbers.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from exchange.domain import personal_data
from exchange.domain.disclosure_levels import PUBLISHED_TIERS, DisclosureLevel, Tier, strictest
from exchange.domain.id_numbers import (
    INVISIBLE,
    birth_known,
    check_right,
    division_known,
    is_code,
    registration_number,
    visible,
)
from exchange.domain.personal_phrases import DOCUMENT
from exchange.model.kinds import FieldType
from exchange.model.rule_messages import HIDDEN_VALUE, field_problem
from exchange.model.value_checks import compile_condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from exchange.model.kinds import Field, Kind
    from exchange.model.rule_conditions import Severity
    from exchange.model.rule_messages import Problem

    Holds = Callable[[Mapping[str, Any]], bool]

_PUBLIC: Final = frozenset({DisclosureLevel.PUBLIC_OPEN, DisclosureLevel.PUBLIC_PAGE})
_SHOWN: Final = _PUBLIC | {DisclosureLevel.GOV_UNCONDITIONAL}  # on some surface
_SEARCHED: Final = frozenset({FieldType.TEXT, FieldType.MONEY})
_BETWEEN: Final = "ǂ"  # a letter that no file holds, so that no number runs over two fields
_CENTURIES: Final = frozenset({"19", "20"})
_SHORTEST_NAME: Final = 2
_SHORTEST_NUMBER, _TELLING_NUMBER = 6, 14  # characters of a number that are looked for
# Names of minorities are written with a dot or without: 阿某·买某.
# Nor do brackets, hyphens and quotation marks within it make it another name.
_SENTENCE: Final = "，,。；;：:、！!？?"
_PUNCTUATION: Final = re.compile(rf"(?:[^\w{_SENTENCE}]|[_{INVISIBLE}])+")
_ALL_PUNCTUATION: Final = re.compile(rf"[{_SENTENCE}]+")
_LONGER_NAME: Final = 3  # characters: such names hardly arise from the end and start of two words
# Full-width signs, radicals and characters kept for old code pages.
_WIDE: Final = re.compile("[０-９Ａ-Ｚａ-ｚ\u2e80-\u2fd5\uf900-\ufaff\U0002f800-\U0002fa1f]")


class SearchScope(NamedTuple):
    """The fields of a record that are searched, and the hidden fields whose values are sought.

    `numbers` are texts with numbers of a scheme of their own; `government_only` are the texts and
    codes that only the government tier sees.
    """

    texts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    hidden_names: tuple[str, ...] = ()
    hidden_numbers: tuple[str, ...] = ()
    government_only: frozenset[str] = frozenset()


class PersonalDataGate:
    """Searches the records of one kind. Stateless after construction."""

    def __init__(self, kind: Kind) -> None:
        self._fields = {field.name: field for field in kind.fields}
        self._leaves: dict[str, tuple[tuple[Holds, DisclosureLevel], ...]] = {
            field.name: tuple(
                (compile_condition(rule.when), rule.disclosure) for rule in field.disclosure_when
            )
            for field in kind.fields
        }
        self._ceiling = kind.max_tier
        self._tiers = [(compile_condition(rule.when), rule.tier) for rule in kind.tier_when]
        # A text kept as it was received stands in the cell of the field that it was read for.
        self._cells = {item.received_field: item for item in kind.fields if item.received_field}
        self._registered = [item.name for item in kind.fields if item.registered_name]

    def scope(self, record: Mapping[str, Any]) -> SearchScope:
        """Return the search scope of records of this pattern (`exchange.model.pattern_plans`)."""
        tiers = (tier for applies, tier in self._tiers if applies(record))
        tier = strictest(self._ceiling, *tiers)
        if tier not in PUBLISHED_TIERS:
            return SearchScope()
        there = [self._fields[name] for name in record if name in self._fields]
        leaves = {field.name: self._leaf(field, record) for field in there}
        public = {name for name, leaf in leaves.items() if leaf in _PUBLIC}
        if tier is not Tier.PUBLIC:
            public = set()
        shown = [field for field in there if leaves[field.name] in _SHOWN]
        hidden = [field for field in there if field.name not in public] if public else []
        codes = {field.name for field in shown if field.value_type.format == "uscc"}
        texts = [f for f in shown if f.field_type in _SEARCHED and f.name not in codes]
        return SearchScope(
            tuple(f.name for f in texts if not (f.many or f.number_scheme)),
            tuple(f.name for f in texts if f.many),
            tuple(f.name for f in texts if f.number_scheme and not f.many),
            tuple(codes),
            tuple(field.name for field in hidden if field.personal_name),
            tuple(field.name for field in hidden if field.value_type.slug == "IdNumber"),
            frozenset(field.name for field in shown) - public,
        )

    def _leaf(self, field: Field, record: Mapping[str, Any]) -> DisclosureLevel:
        for applies, leaf in self._leaves[field.name]:
            if applies(record):
                return leaf
        return field.disclosure

    def check(
        self, record: Mapping[str, Any], scope: SearchScope, form: str | None
    ) -> list[Problem]:
        """Return what of a record must not become public, each at its field.

        Its values are sound, and `scope` is that of its pattern.
        """
        texts = [record[name] for name in scope.texts]
        for name in scope.lists:
            texts += record[name]
        joined = _BETWEEN.join(texts)
        problems: list[Problem] = []
        if personal_data.suspicious(joined):
            problems = list(self._search_texts(_searched_texts(record, scope), scope, form))
        for name in scope.numbers:
            if not registration_number(record[name]):
                problems += self._search_texts([(name, record[name])], scope, form)
        if scope.hidden_names or scope.hidden_numbers:
            known = {item.field for item in problems}
            hidden = self._search_hidden_values(record, scope, joined, form)
            problems += [item for item in hidden if not _repeats(item, known)]
        for name in scope.codes:
            if record[name][6:8] in _CENTURIES:
                problems += self._check_code(name, record[name], form)
        return problems

    def search(self, record: Mapping[str, Any], form: str | None) -> list[Problem]:
        """Return what `check` would of any record; values that are no texts are passed over."""
        scope = self.scope(record)
        kept: dict[str, Any] = {}
        for name in (
            *scope.texts,
            *scope.numbers,
            *scope.codes,
            *scope.hidden_names,
            *scope.hidden_numbers,
        ):
            if isinstance(record[name], str):
                kept[name] = record[name]
        for name in scope.lists:
            if isinstance(record[name], list):
                kept[name] = [item for item in record[name] if isinstance(item, str)]
        sound = SearchScope._make(tuple(name for name in names if name in kept) for names in scope)
        return self.check(kept, sound._replace(government_only=scope.government_only), form)

    def _search_texts(
        self, texts: Iterable[tuple[str, str]], scope: SearchScope, form: str | None
    ) -> Iterator[Problem]:
        for name, text in texts:
            if not personal_data.suspicious(text):
                continue
            field = self._fields[name]
            marks = personal_data.find(text, registration=field.number_scheme is not None)
            if field.contact_of:
                marks = [mark for mark in marks if mark.rule not in personal_data.OF_OFFICES]
            if name in scope.government_only:
                marks = [mark for mark in marks if mark.certain]
            distinct = dict.fromkeys((mark.rule, mark.certain) for mark in marks)
            yield from (self._problem(name, rule, form, certain=yes) for rule, yes in distinct)

    def _search_hidden_values(
        self, record: Mapping[str, Any], scope: SearchScope, joined: str, form: str | None
    ) -> Iterator[Problem]:
        names = [record[hidden] for hidden in scope.hidden_names]
        if not scope.hidden_numbers and not any(_may_name(joined, name) for name in names):
            return
        plain = _plain(joined)
        for hidden in scope.hidden_numbers:
            number = _plain(record[hidden])[:_TELLING_NUMBER]
            if len(number) >= _SHORTEST_NUMBER and number in plain:
                yield from self._texts_with_number(record, scope, number, form)
        for hidden in names:
            name = _without_punctuation(_plain(hidden))
            if _is_name(name) and any(name in text for text in _readings(plain, name)):
                yield from self._texts_with_name(record, scope, name, form)

    def _texts_with_number(
        self, record: Mapping[str, Any], scope: SearchScope, number: str, form: str | None
    ) -> Iterator[Problem]:
        for name, text in _public_texts(record, scope):
            if number in _plain(text):
                yield self._problem(name, DOCUMENT, form, certain=False)

    def _texts_with_name(
        self, record: Mapping[str, Any], scope: SearchScope, person: str, form: str | None
    ) -> Iterator[Problem]:
        # A shop may bear the name of its owner: it is public by registration, wherever it stands.
        shops = [
            shop
            for field in self._registered
            for shop in _texts(record.get(field))
            if len(shop) > len(person)
        ]
        for name, text in _public_texts(record, scope):
            registered = self._fields[name].registered_name
            plain = _plain(text)
            if _without_punctuation(plain) == person:
                yield self._problem(name, "person-name-alone", form, certain=not registered)
            elif registered or not _contains_name(plain, person, shops):
                continue
            elif not person.isascii() or _whole_words(text, person):
                yield self._problem(name, "person-name", form, certain=False)

    def _check_code(self, name: str, code: str, form: str | None) -> Iterator[Problem]:
        """Yield an ID number that passes for a social credit code (one of 31 does)."""
        if code[:17].isdecimal() and birth_known(code) and check_right(code):
            certain = division_known(code) and not is_code(code)
            rule = personal_data.ID_NUMBER if certain else personal_data.ID_NUMBER_LIKELY
            yield self._problem(name, rule, form, certain=certain)

    def _problem(self, name: str, rule: str, form: str | None, *, certain: bool) -> Problem:
        field = self._cells.get(name) or self._fields[name]
        severity: Severity = "error" if certain else "held"
        return field_problem(field, rule, HIDDEN_VALUE, form=form, severity=severity)


def _repeats(found: Problem, known: set[str | None]) -> bool:
    return found.rule == DOCUMENT and found.field in known


def _searched_texts(record: Mapping[str, Any], scope: SearchScope) -> Iterator[tuple[str, str]]:
    for name in scope.texts:
        yield name, record[name]
    for name in scope.lists:
        yield from ((name, text) for text in record[name])


def _public_texts(record: Mapping[str, Any], scope: SearchScope) -> Iterator[tuple[str, str]]:
    return (item for item in _searched_texts(record, scope) if item[0] not in scope.government_only)


def _texts(value: object) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    return [_plain(item) for item in texts if isinstance(item, str)]


def _plain(text: str) -> str:
    """Return the text in one width, without blanks and most signs, to compare names in."""
    if _WIDE.search(text):
        text = unicodedata.normalize("NFKC", text)
    return _PUNCTUATION.sub("", text).upper()


def _may_name(text: str, name: str) -> bool:
    """Whether a text may hold a name; False where a Chinese character of it is missing.

    Every other writing of such a character is one of those that `_WIDE` finds.
    """
    return _WIDE.search(text) is not None or all(
        item in text for item in name if "\u4e00" <= item <= "\u9fff"
    )


def _without_punctuation(text: str) -> str:
    return _ALL_PUNCTUATION.sub("", text)


def _readings(text: str, name: str) -> tuple[str, ...]:
    """Return the plain text, for names that are long enough also without commas and stops."""
    return (text,) if len(name) < _LONGER_NAME else (text, _without_punctuation(text))


def _is_name(text: str) -> bool:
    return len(text) >= _SHORTEST_NAME and not any(item.isdecimal() for item in text)


def _contains_name(text: str, person: str, shops: list[str]) -> bool:
    for shop in shops:
        text = text.replace(shop, _BETWEEN)
    return any(person in reading for reading in _readings(text, person))


def _whole_words(text: str, person: str) -> bool:
    """Whether a text holds a Latin name that is no part of longer words."""
    text = unicodedata.normalize("NFKC", visible(text)).upper()
    letters = r"[\W_]{0,4}".join(map(re.escape, person))
    return re.search(rf"(?<![A-Z]){letters}(?![A-Z])", text) is not None
