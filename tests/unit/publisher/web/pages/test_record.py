from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from exchange.domain.disclosure_levels import Tier
from exchange.domain.publicity_period import CHINA, declared_end
from publisher.web.app import create_app

if TYPE_CHECKING:
    from publisher.wiring import Deployment

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
END = "https://w3id.org/credence/ns#declaredPublicityEnd"
RDF = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/trig": ox.RdfFormat.TRIG,
}
SUFFIXES = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "nq": "application/n-quads",
    "trig": "application/trig",
    "jsonld": "application/ld+json",
    "json": "application/json",
}


def path_of(iri: str) -> str:
    return "/record/" + iri.rpartition("/")[2]


def test_a_browser_gets_a_page_with_labels_in_the_language_asked(
    client: Client, live: list[str]
) -> None:
    chinese = client.get(path_of(live[0]), headers={"Accept": BROWSER})
    english = client.get(path_of(live[0]) + "?lang=en", headers={"Accept": BROWSER})
    assert chinese.status_code == english.status_code == 200
    assert chinese.mimetype == "text/html"
    assert '<html lang="zh-Hans">' in chinese.text
    assert "处罚机关" in chinese.text
    assert '<html lang="en">' in english.text
    assert "deciding authority" in english.text
    assert live[0] in chinese.text
    assert "<script" not in chinese.text


def test_a_legal_representative_stands_on_the_record_page_and_nowhere_else(
    town: Deployment, client: Client, live: list[str]
) -> None:
    with town.open() as opened:
        pages = {iri: opened.ledger.read(Tier.PUBLIC, iri).page for iri in live}
    iri, page = next((iri, page) for iri, page in pages.items() if page)
    (quad,) = ox.parse(page, ox.RdfFormat.N_QUADS)
    assert quad.predicate.value.endswith("#legalRepresentative")
    name = quad.object.value
    shown = client.get(path_of(iri), headers={"Accept": BROWSER}).text
    row = shown[shown.index("法定代表人") :].partition("</tr>")[0]
    assert name in row
    assert "只在记录页公示" in row
    for suffix in SUFFIXES:
        assert name not in client.get(f"{path_of(iri)}.{suffix}").text
    found = client.get("/search", query_string={"q": name}, headers={"Accept": BROWSER})
    assert path_of(iri) not in found.text
    assert "只在记录页公示" in client.get("/dataset/penalty").text


@pytest.mark.parametrize("media", RDF)
def test_every_rdf_type_holds_exactly_the_public_view(
    town: Deployment, client: Client, live: list[str], media: str
) -> None:
    with town.open() as opened:
        views = {iri: view for iri, _, view in opened.ledger.live(Tier.PUBLIC)}
    for iri in live[:5]:
        answer = client.get(path_of(iri), headers={"Accept": media})
        assert answer.mimetype == media
        assert "Accept" in answer.headers["Vary"]
        found = {quad.triple for quad in ox.parse(answer.data, RDF[media])}
        assert found == {quad.triple for quad in ox.parse(views[iri], ox.RdfFormat.N_QUADS)}


def test_the_n_quads_are_the_very_bytes_of_the_view(
    town: Deployment, client: Client, live: list[str]
) -> None:
    with town.open() as opened:
        views = {iri: view for iri, _, view in opened.ledger.live(Tier.PUBLIC)}
    for iri in live:
        assert client.get(path_of(iri) + ".nq").data == views[iri]


@pytest.mark.parametrize(("suffix", "media"), SUFFIXES.items())
def test_a_suffix_and_accept_give_the_same(
    client: Client, live: list[str], suffix: str, media: str
) -> None:
    by_suffix = client.get(f"{path_of(live[0])}.{suffix}")
    by_accept = client.get(path_of(live[0]), headers={"Accept": media})
    assert by_suffix.mimetype == by_accept.mimetype == media
    assert by_suffix.data == by_accept.data


def test_a_program_without_wishes_gets_json_ld(client: Client, live: list[str]) -> None:
    answer = client.get(path_of(live[0]))
    assert answer.mimetype == "application/ld+json"
    document = json.loads(answer.data)
    assert document["id"] == live[0]
    assert document["@context"] == "https://w3id.org/credence/context/v1"


def test_an_unknown_type_is_not_acceptable(client: Client, live: list[str]) -> None:
    answer = client.get(path_of(live[0]), headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.mimetype == "application/problem+json"


def test_a_record_page_is_not_for_search_engines(client: Client, live: list[str]) -> None:
    answer = client.get(path_of(live[0]), headers={"Accept": BROWSER})
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "/record" in client.get("/robots.txt").text


def test_an_unchanged_record_is_not_sent_twice(client: Client, live: list[str]) -> None:
    first = client.get(path_of(live[0]))
    again = client.get(path_of(live[0]), headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]


def test_head_answers_like_get_without_a_body(client: Client, live: list[str]) -> None:
    get, head = client.get(path_of(live[0])), client.head(path_of(live[0]))
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


@pytest.mark.parametrize(
    "path", ["/record/x", "/record/" + "a" * 26, "/record/" + "a" * 26 + ".ttl", "/record/a.b.c"]
)
def test_what_never_was_is_not_found(client: Client, path: str) -> None:
    for accept in (BROWSER, "application/json"):
        answer = client.get(path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "no-store"


def test_an_unknown_suffix_is_not_found(client: Client, live: list[str]) -> None:
    assert client.get(path_of(live[0]) + ".docx").status_code == 404


def test_a_repair_case_is_not_known_to_the_public(town: Deployment, client: Client) -> None:
    with town.open() as opened:
        cases = [
            iri for iri, kind, _ in opened.ledger.live(Tier.GOVERNMENT) if kind == "repair-case"
        ]
    assert cases
    assert client.get(path_of(cases[0])).status_code == 404


def test_the_form_leads_to_the_record(client: Client, live: list[str]) -> None:
    answer = client.get("/record", query_string={"id": f" {live[0]} "})
    assert answer.status_code == 303
    assert answer.headers["Location"] == path_of(live[0])
    assert client.get("/record", query_string={"id": "no"}).status_code == 400


def test_every_cause_of_leaving_answers_410_with_the_same_bytes(
    own: Deployment, own_client: Client, live: list[str]
) -> None:
    forms = [BROWSER, "application/ld+json", "text/turtle"]
    tags = [
        own_client.get(path_of(live[0]), headers={"Accept": form}).headers["ETag"] for form in forms
    ]
    with own.open() as opened:
        exchange = opened.exchange()
        exchange.withdraw(live[0], "repair")
        exchange.withdraw(live[1], "correction")
        exchange.suspend(live[2])
        exchange.erase(live[3])
    for form, tag in zip(forms, tags, strict=True):
        answers = [
            own_client.get(path_of(iri), headers={"Accept": form, "If-None-Match": known})
            for iri, known in [*((iri, "*") for iri in live[:4]), (live[0], tag)]
        ]
        assert {answer.status_code for answer in answers} == {410}
        assert len({answer.data for answer in answers}) == 1
        assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
        assert answers[0].headers["Cache-Control"] == "no-store"


def test_a_withdrawal_counts_before_any_surface_knows(
    own: Deployment, own_client: Client, live: list[str]
) -> None:
    with own.open() as opened:
        opened.ledger.withdraw(live[0], "repair")
        assert own_client.get(path_of(live[0])).status_code == 410
        assert own_client.get(path_of(live[0]) + ".nq").status_code == 410


def test_a_resumed_record_stands_at_its_old_address(
    own: Deployment, own_client: Client, live: list[str]
) -> None:
    with own.open() as opened:
        exchange = opened.exchange()
        exchange.suspend(live[0])
        assert own_client.get(path_of(live[0])).status_code == 410
        exchange.resume(live[0])
        assert own_client.get(path_of(live[0])).status_code == 200


def test_an_open_objection_is_marked_on_the_page(
    own: Deployment, own_client: Client, live: list[str]
) -> None:
    with own.open() as opened:
        opened.ledger.set_objection(live[0], True)
    assert "异议申诉处理中" in own_client.get(path_of(live[0]), headers={"Accept": BROWSER}).text


def test_the_data_of_a_record_equal_what_the_store_says_of_it(
    own: Deployment, own_client: Client, live: list[str]
) -> None:
    with own.open() as opened:
        opened.ledger.set_objection(live[0], True)
        opened.projector(lambda _: None).publish()
    with own.query_pool(Tier.PUBLIC) as queries:
        for iri in live[:8]:
            asked = f"CONSTRUCT {{ <{iri}> ?p ?o }} WHERE {{ <{iri}> ?p ?o }}"
            stored = queries.query(asked, "application/n-triples").body
            for suffix in ("nt", "nq", "ttl", "trig"):
                answer = own_client.get(f"{path_of(iri)}.{suffix}")
                assert _values(answer.data, RDF[answer.mimetype]) == _values(
                    stored, ox.RdfFormat.N_TRIPLES
                )
    document = own_client.get(path_of(live[0]) + ".jsonld").get_json()
    assert document["https://w3id.org/credence/ns#objectionOpen"][0]["@value"] == "true"
    data = own_client.get(path_of(live[0]) + ".nq").data
    assert data.splitlines() == sorted(data.splitlines())


def _values(data: bytes, form: ox.RdfFormat) -> set[tuple[str, str, str | Decimal]]:
    """Return statements with decimals by their value: the store keeps no other."""
    decimal = ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")
    return {
        (
            str(quad.subject),
            str(quad.predicate),
            Decimal(quad.object.value)
            if isinstance(quad.object, ox.Literal) and quad.object.datatype == decimal
            else str(quad.object),
        )
        for quad in ox.parse(data, form)
    }


def test_no_page_waits_for_the_query_service(town: Deployment, live: list[str]) -> None:
    with town.open() as opened:
        context = replace(opened.web_context(None), generation=lambda: "none")
        client = Client(create_app(context))
        facts = (
            town.index_mapping.read(iri, view)[0]
            for iri, _, view in opened.ledger.live(Tier.PUBLIC)
        )
        code = next(one.code for one in facts if one.code)
        for path in (
            "/",
            "/status",
            "/search?q=1",
            "/lists",
            "/list/judgment-debtor",
            "/datasets",
            "/dataset/penalty",
            "/catalog.ttl",
            "/ns",
            "/code/credit-list",
            "/sparql",
            path_of(live[0]),
            *(f"{path_of(live[0])}.{suffix}" for suffix in SUFFIXES),
            f"/subject/{code}",
            *(f"/subject/{code}.{suffix}" for suffix in SUFFIXES),
        ):
            answer = client.get(path, headers={"Accept": BROWSER})
            assert answer.status_code == 200, path


def test_a_record_is_not_shown_on_the_day_after_its_last(
    town: Deployment, client: Client, live: list[str]
) -> None:
    with town.open() as opened:
        ended = [
            (iri, end)
            for iri, kind, view in opened.ledger.live(Tier.PUBLIC)
            if kind == "penalty" and (end := declared_end(view, END))
        ]
    assert ended
    iri, end = ended[0]
    midnight = datetime.combine(end + timedelta(days=1), time(), CHINA)
    after = int(midnight.timestamp() * 1000)
    with town.open() as opened, town.query_pool(Tier.PUBLIC) as queries:
        context = opened.web_context(queries)
        for now, status in ((after - 1, 200), (after, 410)):
            late = Client(create_app(replace(context, clock=lambda now=now: now)))
            assert late.get(path_of(iri)).status_code == status


@pytest.mark.parametrize("media", [BROWSER, "text/turtle"])
def test_not_modified_says_what_the_answer_depends_on(
    client: Client, live: list[str], media: str
) -> None:
    whole = client.get(path_of(live[0]), headers={"Accept": media})
    known = {"Accept": media, "If-None-Match": whole.headers["ETag"]}
    same = client.get(path_of(live[0]), headers=known)
    assert (same.status_code, same.data) == (304, b"")
    for name in ("Vary", "ETag", "Cache-Control", "X-Robots-Tag"):
        assert same.headers.get(name) == whole.headers.get(name), name


def test_search_engines_are_told_to_keep_neither_a_record_nor_its_absence(
    own: Deployment, own_client: Client, live: list[str]
) -> None:
    page = own_client.get(path_of(live[0]), headers={"Accept": BROWSER})
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in page.text
    with own.open() as opened:
        opened.ledger.withdraw(live[0], "repair")
    for media in (BROWSER, "text/turtle", "application/json"):
        gone = own_client.get(path_of(live[0]), headers={"Accept": media})
        assert (gone.status_code, gone.headers["X-Robots-Tag"]) == (410, "noindex")
