"""`/catalog`: the DCAT description of the datasets (DCAT 3, W3C 2024; DCAT-AP 3).

Purpose: harvesters of data portals find every kind, its feed, the query service and the model's
files. People are led to `/datasets`, which says the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flask import Blueprint, request
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from exchange.domain.errors import NotFound
from publisher.web.http import replies
from publisher.web.http.problems import NotAcceptable
from publisher.web.pages.record_summaries import visible_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.model import Kind
    from publisher.web.context import SiteContext
    from publisher.web.pages.renderer import Pages
    from publisher.web.pages.vocabulary_labels import Vocabulary

PREFIXES: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FORMATS: Final = {
    "ttl": (replies.TURTLE, RdfFormat.TURTLE),
    "jsonld": (replies.JSONLD, RdfFormat.JSON_LD),
    "rdf": (replies.RDFXML, RdfFormat.RDF_XML),
    "nt": (replies.NTRIPLES, RdfFormat.N_TRIPLES),
}
_OFFERS: Final = (*(media for media, _ in _FORMATS.values()), replies.HTML)
_LANGUAGES: Final = "http://publications.europa.eu/resource/authority/language/"
_TITLE: Final = {"zh": "{name}数据目录", "en": "Data catalogue: {name}"}
_ABOUT: Final = {
    "zh": (
        "以关联数据公开的公共信用信息，按种类分为数据集。信用修复后，记录从所有公开位置一并撤下。"
    ),
    "en": (
        "Public-credit information as linked data, a dataset for each kind of record. After "
        "credit repair a record leaves every public place."
    ),
}
_SERVICE: Final = {"zh": "SPARQL 查询服务", "en": "SPARQL query service"}
_FEED: Final = {"zh": "数据订阅流（LDES）", "en": "Feed (LDES)"}
_QUERYABLE: Final = {"zh": "经 SPARQL 查询", "en": "By SPARQL query"}


def blueprint(context: SiteContext, pages: Pages, words: Vocabulary) -> Blueprint:
    """Return the routes of the catalogue."""
    catalog = Catalog(context, pages, words)
    routes = Blueprint("catalog", __name__)
    routes.add_url_rule("/catalog", view_func=catalog.chosen)
    routes.add_url_rule("/catalog.<suffix>", view_func=catalog.suffixed)
    return routes


class Catalog:
    """Handles requests for the catalogue of one tier."""

    def __init__(self, context: SiteContext, pages: Pages, words: Vocabulary) -> None:
        self._context = context
        self._pages = pages
        self._words = words

    def chosen(self) -> replies.Reply:
        """Return the catalogue by Accept; people are led to the page. Raises NotAcceptable."""
        media = replies.choose(request.headers.get("Accept"), _OFFERS)
        if media is None:
            raise NotAcceptable(_OFFERS)
        if media == replies.HTML:
            return self._pages.lead(request.environ, "/datasets").having(("Vary", "Accept"))
        return self._reply(next(end for end, (name, _) in _FORMATS.items() if name == media))

    def suffixed(self, suffix: str) -> replies.Reply:
        """Return the catalogue in the form of the suffix. Raises NotFound."""
        if suffix not in _FORMATS:
            raise NotFound(
                "The catalogue has no such form.",
                f"Use one of: {', '.join(_FORMATS)}.",
                zh="数据目录没有这种格式。",
                zh_hint=f"可用：{'、'.join(_FORMATS)}。",
            )
        return self._reply(suffix)

    def _reply(self, suffix: str) -> replies.Reply:
        media, form = _FORMATS[suffix]
        body = serialize(self.triples(), format=form, prefixes=PREFIXES) or b""
        headers = (("Cache-Control", "no-cache"), ("Vary", "Accept"))
        return replies.Reply(body, media, headers=headers).tagged(request.environ)

    def triples(self) -> Iterator[Triple]:
        """Yield the whole catalogue."""
        base = self._context.base_url
        catalog, publisher = f"{base}/catalog", f"{base}/#publisher"
        service = f"{base}/sparql"
        yield _is(catalog, "dcat:Catalog")
        yield from _said(catalog, "dcterms:title", _TITLE, name=self._context.name)
        yield from _said(catalog, "dcterms:description", _ABOUT)
        yield _to(catalog, "dcterms:publisher", publisher)
        yield _to(catalog, "foaf:homepage", f"{base}/")
        yield _is(f"{base}/", "foaf:Document")
        for language in ("ZHO", "ENG"):
            yield _to(catalog, "dcterms:language", _LANGUAGES + language)
            yield _is(_LANGUAGES + language, "dcterms:LinguisticSystem")
        yield _is(publisher, "foaf:Agent")
        yield Triple(_node(publisher), _node("foaf:name"), Literal(self._context.name))
        yield _to(catalog, "dcat:service", service)
        yield _is(service, "dcat:DataService")
        yield from _said(service, "dcterms:title", _SERVICE)
        yield _to(service, "dcat:endpointURL", service)
        yield _to(service, "dcat:endpointDescription", service)
        yield _is(service, "rdfs:Resource")
        for kind in visible_kinds(self._context.model.kinds.values(), self._context.tier):
            dataset = f"{base}/dataset/{kind.slug}"
            yield _to(catalog, "dcat:dataset", dataset)
            yield _to(service, "dcat:servesDataset", dataset)
            yield from self._dataset(dataset, kind)
            yield _to(dataset, "dcterms:publisher", publisher)

    def _dataset(self, dataset: str, kind: Kind) -> Iterator[Triple]:
        base, term = self._context.base_url, self._words.get(kind.class_iri)
        labels = {"zh": kind.label.zh, "en": kind.label.en}
        about = {lang: term.definition(lang) if term else labels[lang] for lang in labels}
        yield _is(dataset, "dcat:Dataset")
        yield from _said(dataset, "dcterms:title", labels)
        yield from _said(dataset, "dcterms:description", about)
        yield Triple(_node(dataset), _node("dcterms:identifier"), Literal(kind.slug))
        yield _to(dataset, "dcat:landingPage", dataset)
        yield _is(dataset, "foaf:Document")
        yield _to(dataset, "dcterms:conformsTo", f"{base}/shapes/{kind.slug}.ttl")
        yield _is(f"{base}/shapes/{kind.slug}.ttl", "dcterms:Standard")
        last = self._context.ledger.last_published(self._context.tier)
        if last:
            yield Triple(_node(dataset), _node("dcterms:modified"), _date_time(last))
        yield from _distribution(dataset, "feed", f"{base}/feed/{kind.slug}", _FEED)
        yield from _distribution(dataset, "sparql", f"{base}/sparql", _QUERYABLE)
        yield _to(f"{dataset}#sparql", "dcat:accessService", f"{base}/sparql")


def _distribution(dataset: str, name: str, url: str, titles: dict[str, str]) -> Iterator[Triple]:
    distribution = f"{dataset}#{name}"
    yield _to(dataset, "dcat:distribution", distribution)
    yield _is(distribution, "dcat:Distribution")
    yield from _said(distribution, "dcterms:title", titles)
    yield _to(distribution, "dcat:accessURL", url)
    yield _is(url, "rdfs:Resource")


def _node(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local if prefix in PREFIXES else name)


def _is(subject: str, kind: str) -> Triple:
    return _to(subject, "rdf:type", kind)


def _to(subject: str, predicate: str, target: str) -> Triple:
    return Triple(_node(subject), _node(predicate), _node(target))


def _said(subject: str, predicate: str, texts: dict[str, str], **values: str) -> Iterator[Triple]:
    for lang, text in texts.items():
        said = Literal(text.format(**values) if values else text, language=lang)
        yield Triple(_node(subject), _node(predicate), said)


def _date_time(milliseconds: int) -> Literal:
    text = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
    return Literal(text, datatype=NamedNode(PREFIXES["xsd"] + "dateTime"))
