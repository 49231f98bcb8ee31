"""The feeds over a real socket: negotiation, conditional requests, caching.

Source: docs/design/surfaces.md "Feeds".
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from exchange.domain.disclosure_levels import Tier
from publisher.web.endpoints.feed import FeedService
from tests.unit.publisher.web.over_http import Site, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from publisher.wiring import Deployment

# As ldes-client 0.3.0 asks.
CLIENT = "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,text/turtle;q=0.6"
FORMS = {
    "trig": ("application/trig", ox.RdfFormat.TRIG),
    "jsonld": ("application/ld+json", ox.RdfFormat.JSON_LD),
    "nq": ("application/n-quads", ox.RdfFormat.N_QUADS),
}
HOUR_BEFORE_MIDNIGHT = 1_790_000_000_000 // 86_400_000 * 86_400_000 + 15 * 3_600_000
PAGE = "/feed/penalty/p/1"


@pytest.fixture(scope="module")
def site(town: Deployment) -> Iterator[Site]:
    yield from serving(town, HOUR_BEFORE_MIDNIGHT)


@pytest.fixture
def own_site(own: Deployment) -> Iterator[Site]:
    yield from serving(own, HOUR_BEFORE_MIDNIGHT)


@pytest.mark.parametrize("path", ["/feed/all", "/feed/penalty", PAGE])
@pytest.mark.parametrize("form", FORMS)
def test_every_document_has_every_form_by_suffix_and_by_accept(
    site: Site, path: str, form: str
) -> None:
    media, rdf = FORMS[form]
    by_suffix = site.ask(f"{path}.{form}", Accept="text/html")
    by_accept = site.ask(path, Accept=media)
    for answer in (by_suffix, by_accept):
        answer.headers.pop("date")  # a second may have passed
    assert by_suffix == by_accept
    assert by_suffix.headers["content-type"].startswith(media)
    assert list(ox.parse(by_suffix.body, rdf))


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/trig"),
        ("*/*", "application/trig"),
        (CLIENT, "application/trig"),
        ("application/n-quads", "application/n-quads"),
        ("application/n-quads, application/trig;q=0.8", "application/n-quads"),
        ("application/ld+json, */*;q=0.1", "application/ld+json"),
        ("application/*;q=0.5, application/trig;q=0", "application/ld+json"),
    ],
)
def test_the_form_is_what_the_reader_likes_best(site: Site, accept: str, media: str) -> None:
    headers = {"Accept": accept} if accept else {}
    answer = site.ask("/feed/all", **headers)
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, media)


@pytest.mark.parametrize("accept", ["text/html", "text/turtle", "application/trig;q=0"])
def test_a_form_that_is_not_offered_is_406(site: Site, accept: str) -> None:
    answer = site.ask("/feed/all", Accept=accept)
    assert answer.status == 406
    assert answer.headers["cache-control"] == "no-store"


def test_both_encodings_are_one_document_with_two_tags(site: Site) -> None:
    packed, plain = site.ask(PAGE, Accept_Encoding="gzip, br"), site.ask(PAGE)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    for answer in (packed, plain):
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
        assert not answer.headers["etag"].startswith("W/")
        assert int(answer.headers["content-length"]) == len(answer.body)
    refused = site.ask(PAGE, Accept_Encoding="gzip;q=0")
    assert "content-encoding" not in refused.headers


def test_who_has_it_is_told_so(site: Site) -> None:
    for path in ("/feed/all", PAGE):
        first = site.ask(path)
        again = site.ask(path, If_None_Match=f'"x", {first.headers["etag"]}')
        assert (again.status, again.body) == (304, b"")
        for name in ("etag", "cache-control", "vary"):
            assert again.headers[name] == first.headers[name]
        assert site.ask(path, If_None_Match='"x"').status == 200


def test_head_has_the_headers_of_get(site: Site) -> None:
    for path in ("/feed/all", PAGE, "/feed/none"):
        get, head = site.ask(path), site.ask(path, "HEAD")
        assert head.body == b""
        dated = {"date"}
        assert {k: v for k, v in head.headers.items() if k not in dated} == {
            k: v for k, v in get.headers.items() if k not in dated
        }


def test_roots_and_open_pages_are_asked_for_each_time(site: Site) -> None:
    for path in ("/feed/all", "/feed/penalty", PAGE):
        assert site.ask(path).headers["cache-control"] == "public, max-age=0, must-revalidate"


def test_a_closed_page_may_be_kept_for_the_bound_and_never_past_the_day(own: Deployment) -> None:
    pages = own.layout.feed(Tier.PUBLIC) / "current" / "feed" / "penalty" / "p"
    for form in FORMS:
        shutil.copy(pages / f"1.{form}.gz", pages / f"2.{form}.gz")
    for before_midnight, kept in ((3_600_000, 300), (90_500, 90), (400, 0)):
        now = HOUR_BEFORE_MIDNIGHT + 3_600_000 - before_midnight
        for site in serving(own, now):
            answer = site.ask(PAGE)
            assert answer.headers["cache-control"] == f"public, max-age={kept}, immutable"
            newest = site.ask("/feed/penalty/p/2")
            assert "must-revalidate" in newest.headers["cache-control"]


def test_a_page_that_closes_while_it_is_read_is_not_kept_as_it_was(
    own: Deployment, own_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = own.layout.feed(Tier.PUBLIC) / "current" / "feed" / "penalty" / "p"
    read = FeedService._read

    def slowly(service: FeedService, tree: Path, name: str) -> bytes:
        body = read(service, tree, name)
        for form in FORMS:
            shutil.copy(pages / f"1.{form}.gz", pages / f"2.{form}.gz")
        return body

    monkeypatch.setattr(FeedService, "_read", slowly)
    assert "immutable" not in own_site.ask(PAGE).headers["cache-control"]
    assert "immutable" in own_site.ask(PAGE).headers["cache-control"]


def test_a_redaction_gives_the_page_a_new_tag(own: Deployment, own_site: Site) -> None:
    before = own_site.ask(PAGE)
    with own.open() as opened:
        gone = next(iri for iri, kind, _ in opened.ledger.live(Tier.PUBLIC) if kind == "penalty")
        assert gone.encode() in before.body
        opened.ledger.withdraw(gone, "repair")
        opened.projector(lambda _: None).publish()
    after = own_site.ask(PAGE, If_None_Match=before.headers["etag"])
    assert after.status == 200
    assert after.headers["etag"] != before.headers["etag"]
    assert after.body.count(gone.encode()) == 1, "the tombstone alone names it"


def test_readers_of_other_sites_may_ask(site: Site) -> None:
    answer = site.ask("/feed/all")
    assert answer.headers["access-control-allow-origin"] == "*"
    asked = site.ask("/feed/all", "OPTIONS", Origin="https://a.example")
    assert (asked.status, asked.body) == (204, b"")
    assert "If-None-Match" in asked.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "path",
    [
        "/feed/none",
        "/feed/",
        "/feed/penalty/",
        "/feed/penalty/p/0",
        "/feed/penalty/p/99",
        "/feed/penalty/x/1",
        "/feed/penalty.ttl",
        "/feed/../state.json",
        "/feed/%2e%2e/state",
        "/feed/penalty/p/1%00",
        "/feed/repair-case",
        "/feed/" + "a" * 5_000,
    ],
)
def test_what_is_no_feed_is_404(site: Site, path: str) -> None:
    assert site.ask(path).status == 404


def test_other_methods_are_405(site: Site) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = site.ask("/feed/all", method)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_before_the_first_publish_the_answer_is_503(own: Deployment, own_site: Site) -> None:
    shutil.rmtree(own.layout.feed(Tier.PUBLIC))
    answer = own_site.ask("/feed/all")
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_a_rebuild_changes_no_byte_and_no_tag(own: Deployment, own_site: Site) -> None:
    before = [own_site.ask(path) for path in ("/feed/all", "/feed/penalty", PAGE)]
    with own.open() as opened:
        opened.projector(lambda _: None).rebuild(["feed"])
    after = [own_site.ask(path) for path in ("/feed/all", "/feed/penalty", PAGE)]
    for one, two in zip(before, after, strict=True):
        assert (one.headers["etag"], one.body) == (two.headers["etag"], two.body)
