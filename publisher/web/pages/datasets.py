"""`/datasets` and `/dataset/{kind}`: what there is, how fresh, what its columns mean.

Purpose: everything on these pages is read from the model, so that a new kind has its page with
its shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Blueprint, request

from exchange.domain.disclosure_levels import PAGE_LETTERS, VIEW_LETTERS
from exchange.domain.errors import NotFound
from ontology.terms import NS
from publisher.web.charts.decision_chart import HEIGHT, WIDTH, figures
from publisher.web.http import replies
from publisher.web.pages.dataset_jsonld import TERMS, Publisher, dataset_jsonld
from publisher.web.pages.dates import moment
from publisher.web.pages.record_summaries import visible_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exchange.model import Field, Kind
    from publisher.web.context import SiteContext
    from publisher.web.pages.renderer import Pages
    from publisher.web.pages.site_figures import SiteFigures
    from publisher.web.pages.vocabulary_labels import Vocabulary

PREVIEW: Final = 20
# Kinds whose day is that of a decision, which is worth a chart.
_DECIDED: Final = ("penalty", "licence", "list-entry")
_HEADERS: Final = (("Cache-Control", "no-cache"), ("Vary", "Accept"))
_QUERY: Final = (
    f"PREFIX cr: <{NS}>\n"
    "SELECT ?record ?property ?value WHERE {{\n"
    "  {{ SELECT ?record WHERE {{ ?record a <{iri}> }} LIMIT 5 }}\n  ?record ?property ?value .\n"
    "}}\n"
)


@dataclass(frozen=True, slots=True)
class Column:
    """One property of a kind; `codes` are its columns in the national forms, by form.

    `only_here`: records' pages have it, and nothing else does.
    """

    label: str
    name: str
    term: str
    definition: str
    scheme: str
    required: bool
    codes: Mapping[str, str]
    only_here: bool


def blueprint(
    context: SiteContext, pages: Pages, words: Vocabulary, figures: SiteFigures
) -> Blueprint:
    """Return the routes of datasets."""
    datasets = Datasets(context, pages, words, figures)
    routes = Blueprint("datasets", __name__)
    routes.add_url_rule("/datasets", view_func=datasets.all)
    routes.add_url_rule("/dataset/<slug>", view_func=datasets.one)
    return routes


class Datasets:
    """Answers about kinds of records."""

    def __init__(
        self, context: SiteContext, pages: Pages, words: Vocabulary, figures: SiteFigures
    ) -> None:
        self._context = context
        self._pages = pages
        self._words = words
        self._figures = figures
        self._kinds = {
            kind.slug: kind for kind in visible_kinds(context.model.kinds.values(), context.tier)
        }

    def all(self) -> replies.Reply:
        """Return the list of datasets."""
        lang = replies.language(request.environ)
        counted = {one.slug: one.count for one in self._figures.counts(lang) or ()}
        body = self._pages.render(
            "datasets.html",
            lang,
            here="/datasets",
            main="datasets",
            datasets=[
                (kind.slug, _label(kind, lang), self._definition(kind, lang), counted.get(slug))
                for slug, kind in self._kinds.items()
            ],
            updated=self._updated(),
            alternates=[(replies.TURTLE, "/catalog.ttl"), (replies.JSONLD, "/catalog.jsonld")],
        )
        return replies.Reply(body, headers=_HEADERS)

    def one(self, slug: str) -> replies.Reply:
        """Return the page of a dataset. Raises NotFound."""
        kind = self._kinds.get(slug)
        if kind is None:
            raise NotFound(
                "There is no such dataset.",
                "See the list of datasets.",
                zh="没有这个数据集。",
                zh_hint="请从数据目录查找。",
            )
        lang = replies.language(request.environ)
        counted = {one.slug: one.count for one in self._figures.counts(lang) or ()}
        definition, downloads = self._definition(kind, lang), self._context.dumps.files(slug)
        by = Publisher(self._context.base_url, self._context.name)
        body = self._pages.render(
            "dataset.html",
            lang,
            here=f"/dataset/{slug}",
            main="datasets",
            kind=kind,
            label=_label(kind, lang),
            definition=definition,
            card=dataset_jsonld(by, kind, definition, downloads, lang),
            terms=TERMS,
            count=counted.get(slug),
            updated=self._updated(),
            columns=[self._column(field, kind.forms, lang) for field in self._shown(kind)],
            forms=kind.forms,
            downloads=downloads,
            lines_found=self._figures.of_kind(slug, lang, PREVIEW),
            figures=figures(self._figures.tallies(slug)) if slug in _DECIDED else None,
            width=WIDTH,
            height=HEIGHT,
            query=f"/sparql?query={quote(_QUERY.format(iri=kind.class_iri), safe='')}",
            base_url=self._pages.base_url,
            alternates=[(replies.TURTLE, "/catalog.ttl")],
        )
        return replies.Reply(body, headers=_HEADERS)

    def _shown(self, kind: Kind) -> list[Field]:
        letters = VIEW_LETTERS[self._context.tier] | PAGE_LETTERS
        return [field for field in kind.fields if field.disclosure.letter in letters]

    def _column(self, field: Field, forms: Sequence[str], lang: str) -> Column:
        term = self._words.get(field.iri)
        codes = {form: [column.code for column in field.columns_in(form)] for form in forms}
        return Column(
            field.label.zh if lang == "zh" else field.label.en,
            field.name,
            field.iri.rpartition("#")[2],
            term.definition(lang) if term else "",
            field.scheme.slug if field.scheme else "",
            field.required,
            {form: "、".join(found) for form, found in codes.items()},
            field.disclosure.letter not in VIEW_LETTERS[self._context.tier],
        )

    def _definition(self, kind: Kind, lang: str) -> str:
        term = self._words.get(kind.class_iri)
        return term.definition(lang) if term else ""

    def _updated(self) -> str:
        last = self._context.ledger.last_published(self._context.tier)
        return moment(last) if last else ""


def _label(kind: Kind, lang: str) -> str:
    return kind.label.zh if lang == "zh" else kind.label.en
