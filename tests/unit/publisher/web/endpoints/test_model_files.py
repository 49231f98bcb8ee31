"""The model over HTTP: every kind's files with their media types, tags and names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pyoxigraph as ox
import pytest

import shapes
from exchange.model import derived_files, load_model

if TYPE_CHECKING:
    from werkzeug.test import Client

MODEL = load_model()
DERIVED = {
    name.removeprefix("shapes/derived/"): data
    for name, data in derived_files.derive_files(MODEL).items()
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TURTLE = "text/turtle"
PUBLIC = [slug for slug in MODEL.kinds if f"{slug}.public.ttl" in DERIVED]


def newest(slug: str, extension: str) -> str:
    forms = MODEL.kinds[slug].forms
    return f"{slug}.{forms[-1]}.{extension}" if len(forms) > 1 else f"{slug}.{extension}"


FILES = [
    ("/context/v1", "application/ld+json", DERIVED["ontology/derived/context.jsonld"]),
    ("/context/v1.jsonld", "application/ld+json", DERIVED["ontology/derived/context.jsonld"]),
    *((f"/shapes/{name}", TURTLE, shapes.read(name)) for name in shapes.sources()),
    *((f"/shapes/{slug}.public.ttl", TURTLE, DERIVED[f"{slug}.public.ttl"]) for slug in PUBLIC),
    *(
        (f"/schema/{slug}.json", "application/schema+json", DERIVED[f"{slug}.schema.json"])
        for slug in MODEL.kinds
    ),
    *(
        (f"/template/{slug}.{end}", media, DERIVED[newest(slug, end)])
        for slug in MODEL.kinds
        for end, media in (("csv", "text/csv"), ("xlsx", XLSX))
    ),
    *(
        (f"/template/{name}", "application/csvm+json", data)
        for name, data in DERIVED.items()
        if name.endswith("-metadata.json")
    ),
    *(
        (f"/template/{slug}.2016.{end}", media, DERIVED[f"{slug}.2016.{end}"])
        for slug in ("penalty", "licence")
        for end, media in (("csv", "text/csv"), ("xlsx", XLSX))
    ),
]


def test_all_six_kinds_are_there() -> None:
    kinds = {"subject", "penalty", "licence", "list-entry", "measure", "repair-case"}
    assert set(MODEL.kinds) == kinds
    for kind in kinds:
        paths = {path for path, _, _ in FILES}
        assert {f"/schema/{kind}.json", f"/shapes/{kind}.ttl", f"/template/{kind}.csv"} <= paths


@pytest.mark.parametrize(("path", "media", "body"), FILES, ids=[path for path, _, _ in FILES])
def test_a_file_is_served_in_the_bytes_of_the_package(
    client: Client, path: str, media: str, body: bytes
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, media)
    assert answer.data == body
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == answer.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(body))
    assert client.post(path).status_code == 405


def test_a_template_says_its_form_its_names_and_its_metadata(client: Client) -> None:
    newest_form = client.get("/template/penalty.csv")
    assert newest_form.headers["Content-Location"] == "penalty.2018.csv"
    old = client.get("/template/penalty.2016.csv")
    assert "Content-Location" not in old.headers
    assert 'filename="penalty.2016.csv"' in old.headers["Content-Disposition"]
    assert "filename*=UTF-8''%E8%A1%8C%E6%94%BF" in old.headers["Content-Disposition"]
    assert old.headers["Link"].startswith("<penalty.2016.csv-metadata.json>")
    document = json.loads(client.get("/template/penalty.2016.csv-metadata.json").data)
    assert document["url"] == "penalty.2016.csv"


def test_what_is_served_is_what_it_says(client: Client) -> None:
    for slug in MODEL.kinds:
        jsonschema.Draft202012Validator.check_schema(
            json.loads(client.get(f"/schema/{slug}.json").data)
        )
        assert list(ox.parse(client.get(f"/shapes/{slug}.ttl").data, ox.RdfFormat.TURTLE))
    assert "@context" in json.loads(client.get("/context/v1").data)


@pytest.mark.parametrize(
    "path",
    [
        "/shapes/..%2Fsecret.ttl",
        "/shapes/..%2F..%2Fpyproject.toml",
        "/shapes/x.ttl",
        "/shapes/repair-case.public.ttl",
        "/schema/nothing.json",
        "/schema/penalty.ttl",
        "/template/penalty.2012.csv",
        "/template/penalty.docx",
        "/template/",
        "/context/v2",
    ],
)
def test_no_other_file_is_served(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


TERMS = [
    *(kind.type_name for kind in MODEL.kinds.values()),
    *(field.iri.rpartition("#")[2] for kind in MODEL.kinds.values() for field in kind.fields),
]


def test_every_term_leads_to_its_place_in_the_vocabulary(client: Client) -> None:
    page = client.get("/ns", headers={"Accept": "text/html"}).text
    turtle = client.get("/ns", headers={"Accept": TURTLE}).text
    for term in dict.fromkeys(TERMS):
        answer = client.get(f"/ns/{term}")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/ns#{term}")
        assert f'id="{term}"' in page
        assert f"cr:{term} " in turtle


@pytest.mark.parametrize("scheme", sorted(MODEL.schemes))
def test_every_code_list_is_a_page_and_rdf_and_its_codes_lead_there(
    client: Client, scheme: str
) -> None:
    page = client.get(f"/code/{scheme}", headers={"Accept": "text/html"})
    data = client.get(f"/code/{scheme}", headers={"Accept": "application/n-triples"})
    assert (page.mimetype, data.mimetype) == ("text/html", "application/n-triples")
    assert page.headers["Vary"] == data.headers["Vary"] == "Accept"
    assert page.headers["ETag"] != data.headers["ETag"]
    assert client.head(f"/code/{scheme}").status_code == 200
    for concept in MODEL.schemes[scheme].concepts.values():
        assert concept.label.zh in page.text
        assert f"<{concept.iri}>".encode() in data.data
        answer = client.get(f"/code/{scheme}/{concept.notation}")
        assert answer.headers["Location"] == f"/code/{scheme}#{concept.notation}"
