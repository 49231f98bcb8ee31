from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest
from pyld import jsonld

from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.model import load_model
from publisher.surfaces.dumps.addresses import FORMS

if TYPE_CHECKING:
    from werkzeug.test import Client

    from publisher.wiring import Deployment

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MODEL = load_model()
LEAST = 50  # characters of a description that dataset search takes
PUBLIC = [slug for slug, kind in MODEL.kinds.items() if kind.max_tier is Tier.PUBLIC]


def _links(page: str) -> set[str]:
    return {
        part.partition('"')[0].replace("&amp;", "&").replace("&#39;", "'")
        for part in page.split('href="')[1:]
    }


@pytest.mark.parametrize("lang", ["", "?lang=en"])
@pytest.mark.parametrize("slug", PUBLIC)
def test_every_public_kind_has_a_page_made_of_the_model(
    client: Client, slug: str, lang: str
) -> None:
    page = client.get(f"/dataset/{slug}{lang}", headers={"Accept": BROWSER})
    assert page.status_code == 200
    kind = MODEL.kinds[slug]
    assert (kind.label.en if lang else kind.label.zh) in page.text
    for field in kind.fields:
        shown = field.disclosure in {DisclosureLevel.PUBLIC_OPEN, DisclosureLevel.PUBLIC_PAGE}
        assert (f"<code>{field.name}</code>" in page.text) == shown


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_carries_its_dataset_for_dataset_search(client: Client, lang: str) -> None:
    page = client.get(f"/dataset/penalty?lang={lang}", headers={"Accept": BROWSER}).text
    text = page.split('<script type="application/ld+json">')[1].partition("</script>")[0]
    (found,) = jsonld.expand(json.loads(text))  # nothing is fetched for it
    said = {name.removeprefix("https://schema.org/"): values for name, values in found.items()}
    assert said["@type"] == ["https://schema.org/Dataset"]
    assert len(said["description"][0]["@value"]) >= LEAST
    terms = said["license"][0]["@id"].partition("#")[2]
    assert f'id="{terms}"' in page
    files = said["distribution"]
    assert len(files) == len(FORMS)
    for file in files:
        told = {
            name.rpartition("/")[2]: values[0] for name, values in file.items() if name[0] != "@"
        }
        address = urlsplit(told["contentUrl"]["@id"]).path
        answer = client.get(address)
        assert answer.mimetype == told["encodingFormat"]["@value"]
        assert f"{len(answer.data)} B" == told["contentSize"]["@value"]
        assert hashlib.sha256(answer.data).hexdigest() == told["sha256"]["@value"]
        answer.close()


def test_kinds_of_the_government_have_no_page(client: Client) -> None:
    assert client.get("/dataset/repair-case").status_code == 404
    assert "/dataset/repair-case" not in client.get("/datasets").text


def test_the_list_counts_what_stands(client: Client, live: list[str]) -> None:
    page = client.get("/datasets", headers={"Accept": BROWSER}).text
    assert f'<td class="number">{len(live)}</td>' in page


@pytest.mark.parametrize("start", ["/", "/datasets", "/dataset/penalty", "/dataset/list-entry"])
def test_every_link_of_a_page_answers(client: Client, start: str) -> None:
    page = client.get(start, headers={"Accept": BROWSER}).text
    for link in sorted(_links(page)):
        if link.startswith("/"):
            answer = client.get(link.partition("#")[0], headers={"Accept": BROWSER + ",*/*"})
            assert answer.status_code in {200, 303}, link
            answer.close()


@pytest.mark.parametrize(
    ("suffix", "media", "form"),
    [
        ("ttl", "text/turtle", ox.RdfFormat.TURTLE),
        ("jsonld", "application/ld+json", ox.RdfFormat.JSON_LD),
        ("rdf", "application/rdf+xml", ox.RdfFormat.RDF_XML),
        ("nt", "application/n-triples", ox.RdfFormat.N_TRIPLES),
    ],
)
def test_the_catalogue_says_the_same_in_every_form(
    client: Client, suffix: str, media: str, form: ox.RdfFormat
) -> None:
    by_suffix = client.get(f"/catalog.{suffix}")
    by_accept = client.get("/catalog", headers={"Accept": media})
    assert by_suffix.mimetype == by_accept.mimetype == media
    assert by_suffix.data == by_accept.data
    turtle = client.get("/catalog.ttl").data
    found = {quad.triple for quad in ox.parse(by_suffix.data, form)}
    assert found == {quad.triple for quad in ox.parse(turtle, ox.RdfFormat.TURTLE)}


def test_people_are_led_to_the_page_and_strangers_told_what_there_is(client: Client) -> None:
    page = client.get("/catalog?lang=en", headers={"Accept": BROWSER})
    assert (page.status_code, page.headers["Location"]) == (303, "/datasets?lang=en")
    assert client.get("/catalog", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/catalog.docx").status_code == 404


def test_the_catalogue_tells_when_the_data_last_changed(
    own: Deployment, own_client: Client, live: list[str]
) -> None:
    before = own_client.get("/catalog.nt").text
    with own.open() as opened:
        assert opened.ledger.last_published(Tier.PUBLIC)
    assert "http://purl.org/dc/terms/modified" in before


def test_a_dataset_page_links_its_downloads_with_size_and_digest(client: Client) -> None:
    page = client.get("/dataset/penalty?lang=en", headers={"Accept": BROWSER}).text
    sums = client.get("/dump/penalty/latest/SHA256SUMS").text
    for line in sums.splitlines():
        digest, name = line.split("  ")
        if "/" not in name:
            assert digest in page
            assert f"/{name}" in page
