"""The vocabulary and the code lists on the web (docs/design/interface.md "HTTP").

Purpose: people read tables in both languages, programs take RDF, cut from the same triples that
stand in every store.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from flask import Blueprint, request
from pyoxigraph import NamedNode, RdfFormat, Triple, parse, serialize

from exchange.domain.errors import NotFound
from ontology.terms import CODE, NS
from publisher.web.http import replies
from publisher.web.http.problems import NotAcceptable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exchange.model import Model
    from publisher.web.pages.renderer import Pages
    from publisher.web.pages.vocabulary_labels import Term, Vocabulary

_SPACE: Final = NS.rstrip("#")  # the document that the terms are parts of
_OFFERS: Final = (replies.TURTLE, replies.HTML, replies.JSONLD, replies.NTRIPLES)
_RDF: Final = {
    replies.TURTLE: RdfFormat.TURTLE,
    replies.NTRIPLES: RdfFormat.N_TRIPLES,
    replies.JSONLD: RdfFormat.JSON_LD,
}
_PREFIXES: Final = {
    "cr": NS,
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# The model changes with the program only.
_HEADERS: Final = (("Cache-Control", "max-age=300"), ("Vary", "Accept"))


def blueprint(model: Model, pages: Pages, words: Vocabulary) -> Blueprint:
    """Return the routes of the model."""
    terms = Terms(model, pages, words)
    routes = Blueprint("terms", __name__)
    routes.add_url_rule("/ns", view_func=terms.namespace)
    routes.add_url_rule("/ns/<term>", view_func=terms.term)
    routes.add_url_rule("/code/<scheme>", view_func=terms.scheme)
    routes.add_url_rule("/code/<scheme>/<notation>", view_func=terms.concept)
    return routes


class Terms:
    """Answers about words rather than records."""

    def __init__(self, model: Model, pages: Pages, words: Vocabulary) -> None:
        self._pages = pages
        self._words = words
        self._graphs: dict[str, list[Triple]] = defaultdict(list)
        for quad in parse(model.vocabulary(), RdfFormat.N_TRIPLES):
            if isinstance(quad.subject, NamedNode):
                self._graphs[_home(quad.subject.value)].append(quad.triple)

    def namespace(self) -> replies.Reply:
        """Return the vocabulary as a page or RDF."""

        def page(lang: str) -> bytes:
            groups = [
                (name, sorted(self._words.of(sort), key=lambda term: term.local))
                for name, sort in (("classes", "class"), ("properties", "property"))
            ]
            return self._page(lang, "/ns", NS, groups, self._words.of("scheme"))

        return self._reply(_SPACE, page)

    def term(self, term: str) -> replies.Reply:
        """Lead to the term's place in the vocabulary."""
        if self._words.get(NS + term) is None:
            raise _absent()
        return self._pages.lead(request.environ, f"/ns#{term}")

    def scheme(self, scheme: str) -> replies.Reply:
        """Return a code list as a page or RDF."""
        iri = CODE + scheme
        head = self._words.get(iri)
        if head is None:
            raise _absent()

        def page(lang: str) -> bytes:
            concepts = sorted(self._words.of("concept", iri), key=lambda term: term.notation)
            return self._page(lang, f"/code/{scheme}", iri, [("codes", concepts)], (), head)

        return self._reply(iri, page)

    def concept(self, scheme: str, notation: str) -> replies.Reply:
        """Lead to the code's place in its list."""
        if self._words.get(f"{CODE}{scheme}/{notation}") is None:
            raise _absent()
        return self._pages.lead(request.environ, f"/code/{scheme}#{notation}")

    def _reply(self, graph: str, page: Callable[[str], bytes]) -> replies.Reply:
        media = replies.choose(request.headers.get("Accept"), _OFFERS)
        if media is None:
            raise NotAcceptable(_OFFERS)
        if media == replies.HTML:
            body = page(replies.language(request.environ))
        else:
            body = serialize(self._graphs[graph], format=_RDF[media], prefixes=_PREFIXES) or b""
        return replies.Reply(body, media, headers=_HEADERS).tagged(request.environ)

    def _page(  # noqa: PLR0913, PLR0917 - the parts of one page
        self,
        lang: str,
        here: str,
        iri: str,
        groups: list[tuple[str, list[Term]]],
        schemes: Sequence[Term] = (),
        head: Term | None = None,
    ) -> bytes:
        return self._pages.render(
            "terms.html",
            lang,
            here=here,
            main="vocabulary",
            iri=iri,
            head=head,
            groups=groups,
            schemes=sorted(schemes, key=lambda term: term.local),
            alternates=[(replies.TURTLE, here)],
        )


def _home(iri: str) -> str:
    """Return the graph that a vocabulary triple is served with: its list, else the namespace."""
    if iri.startswith(CODE):
        return CODE + iri.removeprefix(CODE).partition("/")[0]
    return _SPACE


def _absent() -> NotFound:
    return NotFound(
        "There is no such term.",
        "See the vocabulary for what there is.",
        zh="没有这个词。",
        zh_hint="请从词表页查找。",
    )
