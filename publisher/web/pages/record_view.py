"""What a record's page shows, made of the record's triples alone (pure).

Purpose: labels and order come from the model, words for codes from the vocabulary, so that no
kind needs a page of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from exchange.domain.identifiers import USCC_BASE
from ontology.terms import CODE
from publisher.surfaces.index.index_row import DATES, NAMES, NUMBERS
from publisher.surfaces.triples.change_coalescing import OBJECTION
from publisher.web.messages.common import message
from publisher.web.pages.dates import last_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyoxigraph import Triple

    from exchange.model import Field, Kind, Model
    from publisher.web.pages.vocabulary_labels import Vocabulary

RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
DECIMAL: Final = "http://www.w3.org/2001/XMLSchema#decimal"
# In a page's heading where the kind has them, in this order.
_TITLE: Final = (*NAMES, *NUMBERS)
# What a decision rests on.
_BASES: Final = ("penaltyBasis", "designatedUnder", "legalBasis")
_FACTS: Final = (*NUMBERS, "authorityName", *DATES)
_RECEIVED: Final = "Received"
# A heading is no place for a text of thousands of characters; the table below has all of it.
_HEADING: Final = 120

Values = dict[str, list[NamedNode | Literal]]


@dataclass(frozen=True, slots=True)
class DisplayValue:
    """One value as displayed on a page.

    `path` leads on within this site, `href` elsewhere; `code` is a code's notation, `note` what
    was received.
    """

    text: str
    path: str = ""
    note: str = ""
    href: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled row of the page; `term` is the property's name in the vocabulary.

    `only_here`: no store, feed or download has it.
    """

    label: str
    term: str
    values: Sequence[DisplayValue]
    only_here: bool = False


@dataclass(frozen=True, slots=True)
class RecordPageView:
    """Everything the record's template needs.

    `basis` are the legal texts it names, `until` the last day of publicity as declared.
    """

    slug: str
    kind: str
    title: str
    facts: Sequence[str]
    rows: Sequence[Row]
    basis: Sequence[str]
    until: str
    objection: bool


def values_of(triples: Iterable[Triple]) -> Values:
    """Return the objects by predicate."""
    found: Values = {}
    for triple in triples:
        if isinstance(triple.object, NamedNode | Literal):
            found.setdefault(triple.predicate.value, []).append(triple.object)
    return found


def kind_of(model: Model, values: Values) -> Kind | None:
    """Return the kind by the record's type."""
    types = {node.value for node in values.get(RDF_TYPE, [])}
    return next((kind for kind in model.kinds.values() if kind.class_iri in types), None)


def ended(kind: Kind, values: Values, today: date) -> bool:
    """Say whether the record's declared last day of publicity lies before today.

    That day is shown to its end, whatever the stores still hold (docs/design/surfaces.md "Expiry").
    """
    if kind.publicity_end is None:
        return False
    ends = values.get(kind.field(kind.publicity_end).iri, ())
    return any(date.fromisoformat(end.value) < today for end in ends)


def build(
    kind: Kind, published: Values, only_here: Values, words: Vocabulary, lang: str
) -> RecordPageView:
    """Return the page of a record of that kind in `zh` or `en`.

    `only_here` is what this page has beside what is published everywhere.
    """
    values = only_here | published
    by_name = {field.name: field for field in kind.fields if field.iri in values}
    label = kind.label.zh if lang == "zh" else kind.label.en
    plain = {name: values[field.iri][0].value for name, field in by_name.items()}
    title = next((plain[name] for name in _TITLE if name in plain), label)
    facts = [plain[name] for name in dict.fromkeys(_FACTS) if name in plain]
    facts = [fact for fact in facts if fact != title]
    rows = [
        replace(_row(field, values, by_name, words, lang), only_here=field.iri not in published)
        for field in by_name.values()
        if not _said_elsewhere(field, by_name)
    ]
    until = plain.get(kind.publicity_end or "", "")
    return RecordPageView(
        slug=kind.slug,
        kind=label,
        title=shortened(title),
        facts=[shortened(fact) for fact in facts],
        rows=rows,
        basis=[plain[name] for name in _BASES if name in plain],
        until=last_day(until),
        objection=OBJECTION in values,
    )


def _said_elsewhere(field: Field, by_name: Mapping[str, Field]) -> bool:
    """Whether a row would repeat another: a received value, or an IRI of a displayed code."""
    if field.name.endswith(_RECEIVED):
        return field.name[: -len(_RECEIVED)] in by_name
    return field.code_from is not None and field.code_from in by_name


def _row(
    field: Field, values: Values, by_name: Mapping[str, Field], words: Vocabulary, lang: str
) -> Row:
    label = field.label.zh if lang == "zh" else field.label.en
    term = field.iri.rpartition("#")[2]
    received = by_name.get(field.name + _RECEIVED)
    note = ""
    if received is not None:
        original = values[received.iri][0].value
        note = message(lang, "original", value=original)  # in the form's own unit
    return Row(label, term, [_shown(node, field, words, lang, note) for node in values[field.iri]])


def _shown(
    node: NamedNode | Literal, field: Field, words: Vocabulary, lang: str, note: str
) -> DisplayValue:
    if isinstance(node, Literal):
        if node.datatype.value == DECIMAL:
            return DisplayValue(money(node.value, lang), note=note)
        path = f"/subject/{node.value}" if field.name == "uscc" else ""
        return DisplayValue(node.value, path, note)
    if node.value.startswith(USCC_BASE):
        code = node.value.removeprefix(USCC_BASE)
        return DisplayValue(code, f"/subject/{code}", note)
    term = words.get(node.value)
    if term is not None and node.value.startswith(CODE):
        scheme, _, notation = node.value.removeprefix(CODE).partition("/")
        return DisplayValue(term.label(lang), f"/code/{scheme}#{notation}", note, code=notation)
    if field.iri_base and node.value.startswith(field.iri_base):
        return DisplayValue(node.value.removeprefix(field.iri_base), note=note)
    return DisplayValue(node.value, note=note, href=node.value)


def shortened(text: str, most: int = _HEADING) -> str:
    """Return a text that fits a line, its end replaced by an ellipsis where it is too long."""
    return text if len(text) <= most else text[: most - 1] + "…"


def money(amount: str, lang: str) -> str:
    """Return an amount of yuan with its thousands apart; digits are never rounded."""
    whole, _, rest = amount.partition(".")
    grouped = f"{int(whole):,}" + (f".{rest}" if rest else "")
    return f"{grouped} {message(lang, 'yuan')}"
