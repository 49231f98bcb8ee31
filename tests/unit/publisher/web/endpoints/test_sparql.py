from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from publisher.web.pages.sparql_form import EXAMPLES

if TYPE_CHECKING:
    from werkzeug.test import Client

    from publisher.wiring import Deployment

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SELECT = "SELECT ?s WHERE { ?s a <https://w3id.org/credence/ns#AdministrativePenalty> } LIMIT 2"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 3"
QUERY = "application/sparql-query"
FORM = "application/x-www-form-urlencoded"
RESULTS = "application/sparql-results+json"


def test_get_answers_json_by_default(client: Client) -> None:
    answer = client.get("/sparql", query_string={"query": SELECT})
    assert answer.status_code == 200
    assert answer.mimetype == RESULTS
    assert len(json.loads(answer.data)["results"]["bindings"]) == 2
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Accept" in answer.headers["Vary"]


def test_post_in_both_ways_and_query_answer_like_get(client: Client) -> None:
    got = client.get("/sparql", query_string={"query": SELECT}).data
    assert client.post("/sparql", data={"query": SELECT}).data == got
    assert client.post("/sparql", data=SELECT.encode(), content_type=QUERY).data == got
    assert client.open("/sparql", method="QUERY", data=SELECT, content_type=QUERY).data == got
    assert client.post("/sparql", data=SELECT, content_type=f"{QUERY}; charset=utf-8").data == got


def test_a_query_in_chinese_is_read_however_it_is_sent(client: Client) -> None:
    text = 'SELECT ("\u793a\u4f8b" AS ?名称) { FILTER(CONTAINS("示例市", "示例")) }'
    answers = [
        client.get("/sparql", query_string={"query": text}),
        client.post("/sparql", data={"query": text}),
        client.post("/sparql", data=text.encode(), content_type=QUERY),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert json.loads(answer.data)["results"]["bindings"][0]["名称"]["value"] == "示例"
    latin = client.get("/sparql?query=SELECT%20(%22%CA%BE%22%20AS%20%3Fx)%20%7B%7D%FF")
    assert latin.status_code == 400


def test_head_has_the_headers_and_no_body(client: Client) -> None:
    get = client.get("/sparql", query_string={"query": SELECT})
    head = client.head("/sparql", query_string={"query": SELECT})
    assert head.data == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


@pytest.mark.parametrize(
    ("query", "media"),
    [
        (SELECT, RESULTS),
        (SELECT, "application/sparql-results+xml"),
        (SELECT, "text/csv"),
        (SELECT, "text/tab-separated-values"),
        ("ASK {}", RESULTS),
        (CONSTRUCT, "text/turtle"),
        (CONSTRUCT, "application/n-triples"),
        (CONSTRUCT, "application/n-quads"),
        (CONSTRUCT, "application/rdf+xml"),
        (CONSTRUCT, "application/ld+json"),
        (CONSTRUCT, "application/trig"),
    ],
)
def test_every_type_offered_is_given(client: Client, query: str, media: str) -> None:
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": media})
    assert (answer.status_code, answer.mimetype) == (200, media)
    assert answer.data


def test_common_names_and_short_formats_are_understood(client: Client) -> None:
    asked = {"query": SELECT}
    plain = client.get("/sparql", query_string=asked, headers={"Accept": "application/json"})
    assert plain.mimetype == RESULTS
    short = client.get("/sparql", query_string={**asked, "format": "csv"})
    assert short.mimetype == "text/csv"
    wrong = client.get("/sparql", query_string={**asked, "format": "ttl"})
    assert wrong.status_code == 406


def test_a_type_not_offered_is_not_acceptable(client: Client) -> None:
    answer = client.get("/sparql", query_string={"query": SELECT}, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.mimetype == "application/problem+json"
    assert "text/csv" in answer.get_json()["detail"]


def test_a_syntax_error_names_line_and_column(client: Client) -> None:
    answer = client.get("/sparql", query_string={"query": "SELECT ?s WHERE {\n ?s ?p }"})
    assert answer.status_code == 400
    problem = answer.get_json()
    assert problem["line"] == 2
    assert problem["column"] > 0
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a:a> <a:b> <a:c> }",
        "LOAD <http://127.0.0.1:9/>",
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * WHERE " + "{" * 3000 + "}" * 3000,
        "",
    ],
)
def test_what_is_not_served_is_refused_and_the_service_stands(client: Client, text: str) -> None:
    answer = client.post("/sparql", data={"query": text})
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert client.get("/sparql", query_string={"query": "ASK {}"}).status_code == 200


def test_a_query_too_large_is_refused(client: Client) -> None:
    long = "ASK {} #" + "x" * 70_000
    assert client.post("/sparql", data=long, content_type=QUERY).status_code == 413
    huge = "ASK {} #" + "x" * 300_000
    assert client.post("/sparql", data=huge, content_type=QUERY).status_code == 413


@pytest.mark.parametrize(
    ("method", "body", "media", "status"),
    [
        ("PUT", SELECT, QUERY, 405),
        ("DELETE", "", None, 405),
        ("PATCH", SELECT, QUERY, 405),
        ("POST", SELECT, None, 400),
        ("POST", SELECT, "text/plain", 415),
        ("POST", "INSERT DATA {}", "application/sparql-update", 403),
        ("POST", urlencode({"update": "CLEAR ALL"}), FORM, 403),
        ("POST", "", FORM, 400),
        ("POST", urlencode([("query", "ASK {}"), ("query", "ASK {}")]), FORM, 400),
        ("POST", b"query=%FF%FE", FORM, 400),
        ("POST", b"ASK { # \xff\n}", QUERY, 400),
        ("POST", urlencode({"query": "ASK {}", "default-graph-uri": "data"}), FORM, 400),
        ("POST", urlencode({"query": "ASK {}", "named-graph-uri": "http://a b/"}), FORM, 400),
    ],
)
def test_requests_outside_the_protocol_are_told_apart(
    client: Client, method: str, body: str | bytes, media: str | None, status: int
) -> None:
    answer = client.open("/sparql", method=method, data=body, content_type=media)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["status"] == status
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
def test_a_graph_that_is_not_here_is_empty_whoever_names_it(client: Client, name: str) -> None:
    anything = "ASK { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    found = client.get("/sparql", query_string={"query": anything})
    assert found.get_json(force=True)["boolean"] is True
    for graph in ("https://elsewhere.example/g", "urn:credence:projection"):
        asked = {"query": anything, name: graph}
        assert client.get("/sparql", query_string=asked).get_json(force=True)["boolean"] is False
        posted = client.post("/sparql", data=asked)
        assert posted.get_json(force=True)["boolean"] is False
        inside = anything.replace("ASK", f"ASK FROM <{graph}> FROM NAMED <{graph}>")
        answer = client.get("/sparql", query_string={"query": inside})
        assert answer.get_json(force=True)["boolean"] is False


def test_the_same_question_gets_the_kept_answer_until_the_data_change(
    own: Deployment, own_client: Client, live: list[str]
) -> None:
    asked = {"query": SELECT.replace("?s WHERE", "(COUNT(*) AS ?n) WHERE")}
    before = own_client.get("/sparql", query_string=asked).data
    assert own_client.get("/sparql", query_string=asked).data == before
    with own.open() as opened:
        opened.exchange().withdraw(live[0], "repair")
        opened.projector(lambda _: None).publish()
    until = time.monotonic() + 5
    while own_client.get("/sparql", query_string=asked).data == before:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_two_queries_or_an_update_in_the_address_are_bad_requests(client: Client) -> None:
    twice = urlencode([("query", "ASK {}"), ("query", "ASK {}")])
    assert client.get(f"/sparql?{twice}").status_code == 400
    assert client.get("/sparql", query_string={"update": "CLEAR ALL"}).status_code == 400
    both = client.post(
        "/sparql?" + urlencode({"query": "ASK {}"}), data="ASK {}", content_type=QUERY
    )
    assert both.status_code == 400


def test_chinese_in_a_form_or_address_need_not_be_percent_encoded(client: Client) -> None:
    raw = "query=ASK { VALUES ?x { '长治' } FILTER(STRLEN(?x) = 2) }".encode()  # `curl -d`
    for answer in (
        client.post("/sparql", data=raw, content_type=FORM),
        client.get("/sparql", environ_overrides={"QUERY_STRING": raw.decode("latin-1")}),
    ):
        assert answer.get_json(force=True)["boolean"] is True


@pytest.mark.parametrize("length", ["9" * 5_000, "-1", "1e3", "٣x", "5 5"])
def test_a_length_that_counts_nothing_is_a_bad_request(client: Client, length: str) -> None:
    told = {"CONTENT_LENGTH": length}
    answer = client.post("/sparql", data=b"ASK {}", content_type=QUERY, environ_overrides=told)
    assert answer.status_code == 400


def test_a_body_shorter_than_its_length_is_not_run(client: Client) -> None:
    told = {"CONTENT_LENGTH": "99"}
    answer = client.post("/sparql", data=b"ASK {}", content_type=QUERY, environ_overrides=told)
    assert answer.status_code == 400
    assert "6 of 99 bytes" in answer.get_json()["detail"]


def test_a_runaway_query_is_503_with_retry_after(hurried: Client) -> None:
    cross = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    answer = hurried.get("/sparql", query_string={"query": cross})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.mimetype == "application/problem+json"
    assert hurried.get("/sparql", query_string={"query": "ASK {}"}).status_code == 200


def test_without_a_query_the_service_describes_itself(client: Client) -> None:
    answer = client.get("/sparql")
    assert answer.mimetype == "text/turtle"
    facts = {str(quad.object) for quad in ox.parse(answer.data, ox.RdfFormat.TURTLE)}
    assert "<http://www.w3.org/ns/sparql-service-description#Service>" in facts
    assert "<https://credit.example/sparql>" in facts
    for media in ("application/ld+json", "application/n-triples", "application/rdf+xml"):
        assert client.get("/sparql", headers={"Accept": media}).mimetype == media
    assert client.get("/sparql", headers={"Accept": "image/png"}).status_code == 406


def test_a_browser_gets_a_form_that_needs_no_script(client: Client) -> None:
    page = client.get("/sparql", headers={"Accept": BROWSER})
    assert page.mimetype == "text/html"
    assert "<textarea" in page.text
    assert "<script" not in page.text


def test_a_browser_sees_rows_and_can_download_them(client: Client) -> None:
    page = client.get("/sparql", query_string={"query": SELECT}, headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert "https://credit.example/record/" in page.text
    assert "format=csv" in page.text
    graph = client.get("/sparql", query_string={"query": CONSTRUCT}, headers={"Accept": BROWSER})
    assert "<pre>" in graph.text


def test_a_browser_sees_the_error_beside_its_query(client: Client) -> None:
    page = client.get("/sparql?lang=en&query=SELECT", headers={"Accept": BROWSER})
    assert page.status_code == 400
    assert "does not parse" in page.text
    assert ">\nSELECT</textarea>" in page.text


@pytest.mark.parametrize("query", [text for _, _, text in EXAMPLES])
def test_the_examples_find_something(client: Client, query: str) -> None:
    answer = client.get("/sparql", query_string={"query": query})
    assert answer.status_code == 200
    assert json.loads(answer.data)["results"]["bindings"]


def test_the_preflight_of_a_browser_is_answered(client: Client) -> None:
    answer = client.options("/sparql")
    assert answer.status_code == 204
    assert "QUERY" in answer.headers["Access-Control-Allow-Methods"]


def test_an_unchanged_answer_is_not_sent_twice(client: Client) -> None:
    first = client.get("/sparql", query_string={"query": "ASK {}"})
    again = client.get(
        "/sparql",
        query_string={"query": "ASK {}"},
        headers={"If-None-Match": first.headers["ETag"]},
    )
    assert again.status_code == 304


CHANGING = [
    "SELECT (NOW() AS ?moment) (RAND() AS ?number) (UUID() AS ?name) {}",
    "SELECT (struuid() AS ?name) {}",
    "SELECT ?s { { SELECT ?s (rand() AS ?r) { ?s ?p ?o } LIMIT 9 } } ORDER BY ?r",
    "CONSTRUCT { <urn:a> <urn:b> ?now } WHERE { BIND(UUID() AS ?now) }",
]


@pytest.mark.parametrize("text", CHANGING)
def test_an_answer_that_changes_by_itself_is_never_kept(client: Client, text: str) -> None:
    first, second = (client.get("/sparql", query_string={"query": text}) for _ in range(2))
    for answer in (first, second):
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
    assert first.data != second.data or "LIMIT" in text
    page = client.get("/sparql", query_string={"query": text}, headers={"Accept": BROWSER})
    assert page.headers["Cache-Control"] == "no-store"


def test_the_words_of_those_functions_as_data_leave_an_answer_kept(client: Client) -> None:
    text = 'SELECT ("NOW() and RAND()" AS ?words) { FILTER(?now != 1 || true) }'
    answer = client.get("/sparql", query_string={"query": text})
    tag = answer.headers["ETag"]
    again = client.get("/sparql", query_string={"query": text}, headers={"If-None-Match": tag})
    assert again.status_code == 304
