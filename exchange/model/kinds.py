"""The model as values: kinds, fields, columns, code lists (docs/design/model.md "One source").

All values are read from shapes/ and ontology/; no single field is described in Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from exchange.domain.resemblance import Resemblance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from exchange.domain.disclosure_levels import DisclosureLevel, Tier
    from exchange.domain.link_rules import LinkRule
    from exchange.model.rule_conditions import (
        AmountStatedIn,
        Condition,
        DeliveredStateRule,
        DisclosureRule,
        Expectation,
        FormatRule,
        Inference,
        NotBefore,
        Requirement,
        TierRule,
    )


@dataclass(frozen=True, slots=True)
class Label:
    """One text in both languages."""

    zh: str
    en: str

    def fill(self, **values: str | Label) -> Label:
        """Return the label with its {placeholders} filled in, each language by its own text."""
        return Label(
            _fill_in(self.zh, {k: v.zh if isinstance(v, Label) else v for k, v in values.items()}),
            _fill_in(self.en, {k: v.en if isinstance(v, Label) else v for k, v in values.items()}),
        )


def _fill_in(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


class FieldType(StrEnum):
    """How the value of a field is read and written."""

    TEXT = "text"
    CODE = "code"  # a concept of a code list
    ORGANISATION = "organisation"  # an IRI made of a social credit code
    DATE = "date"
    MOMENT = "moment"  # a day and a time of it
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a field's values, a shape of shapes/common.ttl.

    `pattern` is the regular expression of the RDF value, `json_pattern` that of the JSON string,
    which leaves out `iri_base`. `blank_words` are texts that mean "no value" (无).
    """

    slug: str
    field_type: FieldType
    datatype: str | None
    pattern: str
    json_pattern: str
    iri_base: str
    format: str | None
    blank_words: frozenset[str]
    drop_placeholder: bool
    message: Label


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a form; `factor` turns its number into the record's unit.

    `label` is its Chinese name in the form, `en` its English one. A required column must be
    filled in even where the record may do without the field (a placeholder code is dropped).
    A filled cell of a column with a `constant` gives that token, whatever its text: a column for
    resident ID numbers implies the kind of document. `more` are further columns whose values
    go to the same field (处罚类别1, 处罚类别2).
    """

    code: str
    aliases: tuple[str, ...]
    label: str
    label_en: str
    required: bool
    factor: Decimal | None
    certainty: str
    constant: str | None = None
    more: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Concept:
    """A member of a code list; `notation` is its JSON token, the zh label its CSV value.

    `cells` lists, by form, the codes that mean it in cells of that form: "1" is a licence in force
    in the form of 2018 and a revoked one in that of 2016.
    """

    notation: str
    iri: str
    label: Label
    alternatives: tuple[str, ...]
    cells: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A code list."""

    slug: str
    iri: str
    label: Label
    concepts: Mapping[str, Concept]


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a kind. `name` is its name in JSON, `iri` its property.

    For the personal-data gate: `personal_name` fields hold a private person's name, and
    `registered_name` fields one that is public by registration; `contact_of` names whose telephone
    or address the field holds; `number_scheme` names the scheme whose check digit its numbers have.
    """

    name: str
    iri: str
    value_type: ValueType
    scheme: Scheme | None
    many: bool
    required: bool
    max_length: int | None
    disclosure: DisclosureLevel
    label: Label
    columns: Mapping[str, Column]
    required_when: tuple[Requirement, ...] = ()
    only_when: tuple[Condition, ...] = ()
    format_when: tuple[FormatRule, ...] = ()
    disclosure_when: tuple[DisclosureRule, ...] = ()
    received_field: str | None = None
    code_from: str | None = None
    person_from: str | None = None
    key_fallback: str | None = None
    inferred: tuple[Inference, ...] = ()
    personal_name: bool = False
    registered_name: bool = False
    contact_of: str | None = None
    number_scheme: str | None = None
    expects: tuple[Expectation, ...] = ()
    not_before: tuple[NotBefore, ...] = ()
    stated_in: tuple[AmountStatedIn, ...] = ()
    largest_amount: Decimal | None = None  # yuan; an amount beyond is asked about
    swapped_with: str | None = None  # the field that the value often changes places with
    name_of: str | None = None  # the code that the value names

    def columns_in(self, form: str) -> tuple[Column, ...]:
        """Return every column of the form that fills the field, the main one first."""
        column = self.columns.get(form)
        return (column, *column.more) if column else ()

    @property
    def field_type(self) -> FieldType:
        """How the value is read and written."""
        return self.value_type.field_type

    @property
    def datatype(self) -> str | None:
        """IRI of the literal's datatype; None where the value is an IRI."""
        return self.value_type.datatype

    @property
    def pattern(self) -> str:
        """Pattern of the value in JSON."""
        return self.value_type.json_pattern

    @property
    def iri_base(self) -> str:
        """Prefix that turns the JSON string of a value into its IRI."""
        return f"{self.scheme.iri}/" if self.scheme else self.value_type.iri_base


@dataclass(frozen=True, slots=True)
class LinkDefinition:
    """How records of a kind link to a record of another kind by its key.

    `kind_field` is the field with the target's kind; `key_fields` names, for each kind of target,
    the fields that hold its key. If `withdraws_when` is true, the record withdraws its target.
    """

    relation: str
    kind_field: str
    key_fields: Mapping[str, tuple[str, ...]]
    withdraws_when: Condition | None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record; `tasks` number those of the city's task list that it serves.

    `source_time` is the field with the time at which the source last changed the row.
    """

    slug: str
    class_iri: str
    label: Label
    key: tuple[str, ...]
    max_tier: Tier
    fields: tuple[Field, ...]
    forms: tuple[str, ...]
    tasks: tuple[int, ...] = ()
    publicity_end: str | None = None
    source_time: str | None = None
    links: tuple[LinkDefinition, ...] = ()
    tier_when: tuple[TierRule, ...] = ()
    logged_only_when: tuple[Condition, ...] = ()
    delivered_states: tuple[DeliveredStateRule, ...] = ()
    # Combinations of fields by which a row is taken for a removed record under another key.
    resemblances: tuple[tuple[str, ...], ...] = ()

    def resemblance_rules(self) -> tuple[Resemblance, ...]:
        """Return the combinations of properties by which a removed record is recognised.

        A field that a fallback may replace is optional.
        """
        rules = []
        for names in self.resemblances:
            fields = [self.field(name) for name in names]
            missing = [f"<{field.iri}>" for field in fields if field.key_fallback in names]
            needed = [f"<{field.iri}>" for field in fields if field.key_fallback not in names]
            rules.append(Resemblance(tuple(needed), missing[0] if missing else None))
        return tuple(rules)

    @property
    def type_name(self) -> str:
        """Value of `type` in JSON: the local name of the class."""
        return self.class_iri.rpartition("#")[2]

    def columns(self, form: str) -> Mapping[str, tuple[tuple[Field, Column], ...]]:
        """Return the columns of a form by code, in their order, each with the fields it fills."""
        by_code: dict[str, tuple[tuple[Field, Column], ...]] = {}
        for field in self.fields:
            for column in field.columns_in(form):
                by_code[column.code] = (*by_code.get(column.code, ()), (field, column))
        return by_code

    def uncovered_fields(self, form: str) -> tuple[Field, ...]:
        """Return the fields that rows of the form cannot give, directly or through others."""
        covered = {field.name for field in self.fields if field.columns_in(form) or field.inferred}
        covered |= {
            field.received_field
            for field in self.fields
            if field.received_field and field.name in covered
        }
        covered |= {field.name for field in self.fields if field.code_from in covered}
        return tuple(field for field in self.fields if field.name not in covered)

    @property
    def codes_differ_by_form(self) -> bool:
        """Whether a code means one thing in one form of the kind and another in the next.

        Then a form is never guessed of columns that both forms have
        (docs/design/model.md "One source").
        """
        return any(
            len(field.columns) > 1 and any(item.cells for item in field.scheme.concepts.values())
            for field in self.fields
            if field.scheme
        )

    def field(self, name: str) -> Field:
        """Return the field of that JSON name.

        Raises:
            KeyError: the kind has none.

        """
        for item in self.fields:
            if item.name == name:
                return item
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Model:
    """All kinds, code lists and link rules, and the vocabulary as canonical N-Triples.

    `digest` is the SHA-256 (hex) of the files it was read from: two models of one digest make
    the same body of the same row.
    """

    kinds: Mapping[str, Kind]
    link_rules: Mapping[str, LinkRule]
    schemes: Mapping[str, Scheme]
    ntriples: bytes
    digest: str

    def resemblances(self) -> dict[str, tuple[Resemblance, ...]]:
        """Return, by kind, the rules that recognise a removed record under another key."""
        return {slug: kind.resemblance_rules() for slug, kind in self.kinds.items()}

    def vocabulary(self) -> bytes:
        """Return vocabulary, alignments, code lists and labels as sorted N-Triples."""
        return self.ntriples
