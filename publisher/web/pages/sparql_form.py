"""The query service for people: a form, examples, results as a table. No JavaScript.

Purpose: what a browser sees at `/sparql`; the data come from the same pool and guard as for
programs. An editor joins with the portal later; this page stays as its fallback.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ontology.terms import NS
from publisher.web.http import problems, replies

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from exchange.domain.errors import CredenceError
    from publisher.stores.query_pool import Answer
    from publisher.web.pages.renderer import Pages

SHOWN_ROWS: Final = 200
SHOWN_CHARACTERS: Final = 100_000
_JSON: Final = "application/sparql-results+json"
_DOWNLOADS: Final = {
    "SELECT": ("csv", "json", "xml", "tsv"),
    "GRAPH": ("ttl", "jsonld", "nt", "rdf"),
}
_PREFIX: Final = f"PREFIX cr: <{NS}>\n"

# Chinese title, English title, query. Kept runnable by a test.
EXAMPLES: Final = (
    (
        "最近的行政处罚决定",
        "Latest penalty decisions",
        _PREFIX + "SELECT ?record ?name ?document ?date WHERE {\n"
        "  ?record a cr:AdministrativePenalty ;\n"
        "    cr:counterpartName ?name ;\n"
        "    cr:documentNumber ?document ;\n"
        "    cr:decidedOn ?date .\n"
        "}\nORDER BY DESC(?date)\nLIMIT 20\n",
    ),
    (
        "各处罚机关的决定数量和罚款合计",
        "Decisions and fines by authority",
        _PREFIX
        + "SELECT ?authority (COUNT(?record) AS ?decisions) (SUM(COALESCE(?fine, 0)) AS ?yuan)\n"
        "WHERE {\n"
        "  ?record a cr:AdministrativePenalty ; cr:authorityName ?authority .\n"
        "  OPTIONAL { ?record cr:fineAmount ?fine }\n"
        "}\nGROUP BY ?authority\nORDER BY DESC(?decisions)\n",
    ),
    (
        "词表中的全部属性及中文名称",
        "All properties of the vocabulary with their Chinese names",
        (
            "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
            "PREFIX owl: <http://www.w3.org/2002/07/owl#>\n"
            "SELECT ?property ?label WHERE {\n"
            "  VALUES ?type { owl:DatatypeProperty owl:ObjectProperty }\n"
            "  ?property a ?type ; rdfs:label ?label .\n"
            '  FILTER(LANG(?label) = "zh")\n'
            "}\nORDER BY ?property\n"
        ),
    ),
)


def media_for(form: str) -> str:
    """Return the type in which the page asks the pool."""
    return _JSON if form in {"SELECT", "ASK"} else replies.TURTLE


def form(pages: Pages, environ: WSGIEnvironment, seconds: float) -> bytes:
    """Return the empty form with its examples."""
    return _render(pages, environ, EXAMPLES[0][2], seconds)


def result(
    pages: Pages, environ: WSGIEnvironment, query: str, answer: Answer, seconds: float
) -> bytes:
    """Return the form with the answer below it."""
    shown: dict[str, Any] = {"table": None, "boolean": None, "text": None}
    if answer.media == _JSON:
        found = json.loads(answer.body)
        if "boolean" in found:
            shown["boolean"] = found["boolean"]
        else:
            shown["table"] = _table(found)
        kinds = _DOWNLOADS["SELECT"]
    else:
        text = answer.body.decode("utf-8")
        shown["text"] = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"
        kinds = _DOWNLOADS["GRAPH"]
    address = f"/sparql?query={quote(query, safe='')}"
    shown["downloads"] = [(kind, f"{address}&format={kind}") for kind in kinds]
    return _render(pages, environ, query, seconds, shown=shown)


def failure(
    pages: Pages, environ: WSGIEnvironment, query: str, error: CredenceError, seconds: float
) -> replies.Reply:
    """Return the form with an error message above it, and the error's HTTP status."""
    lang = replies.language(environ)
    problem = problems.problem_of(error)
    what, hint = problems.sentences(error, lang)
    failed = {"title": problem.title(lang), "what": what, "hint": hint}
    body = _render(pages, environ, query, seconds, failed=failed)
    return replies.Reply(body, status=problem.status).having(*problems.headers(error, problem))


def _table(found: dict[str, Any]) -> dict[str, Any]:
    names = found["head"]["vars"]
    rows = found["results"]["bindings"]
    cells = [[row.get(name) for name in names] for row in rows[:SHOWN_ROWS]]
    return {"names": names, "rows": cells, "count": len(rows), "shown": len(cells)}


def _render(  # noqa: PLR0913 - the parts of one page
    pages: Pages,
    environ: WSGIEnvironment,
    query: str,
    seconds: float,
    *,
    shown: dict[str, Any] | None = None,
    failed: dict[str, str] | None = None,
) -> bytes:
    lang = replies.language(environ)
    examples = [
        (zh if lang == "zh" else en, f"/sparql?query={quote(text, safe='')}")
        for zh, en, text in EXAMPLES
    ]
    given = environ.get("QUERY_STRING", "")
    kept = "&".join(part for part in given.split("&") if part and not part.startswith("lang="))
    return pages.render(
        "sparql.html",
        lang,
        here="/sparql" + (f"?{kept}" if kept else ""),
        main="query",
        query=query,
        seconds=f"{seconds:g}",
        examples=examples,
        shown=shown,
        failed=failed,
        base_url=pages.base_url,
    )
