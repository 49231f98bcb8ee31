from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from exchange.domain.disclosure_levels import Tier
from exchange.domain.identifiers import uscc_check_character
from publisher.web.app import create_app

if TYPE_CHECKING:
    from publisher.wiring import Deployment

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NS = "https://w3id.org/credence/ns#"
NEXT = "http://www.w3.org/1999/xhtml/vocab#next"
USCC = "https://w3id.org/credence/uscc/"


@pytest.fixture(scope="session")
def named(town: Deployment) -> dict[str, set[str]]:
    """Return the records about each code, counted from the ledger's own views."""
    found: dict[str, set[str]] = {}
    with town.open() as opened:
        for iri, _, view in opened.ledger.live(Tier.PUBLIC):
            for quad in ox.parse(view, ox.RdfFormat.N_QUADS):
                if quad.predicate.value in {NS + "counterpart", NS + "describes"}:
                    found.setdefault(quad.object.value, set()).add(iri)
    return {iri.removeprefix(USCC): those for iri, those in found.items() if iri.startswith(USCC)}


@pytest.fixture(scope="session")
def busiest(named: dict[str, set[str]]) -> str:
    return max(named, key=lambda code: (len(named[code]), code))


def test_a_subject_page_lists_every_record_about_the_code(
    client: Client, named: dict[str, set[str]], busiest: str
) -> None:
    page = client.get(f"/subject/{busiest}", headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert len(named[busiest]) > 1
    for iri in named[busiest]:
        assert f'href="/record/{iri.rpartition("/")[2]}"' in page.text


def test_the_data_of_a_subject_hold_the_same_records(
    client: Client, named: dict[str, set[str]], busiest: str
) -> None:
    lines = client.get(f"/subject/{busiest}.nt").data
    records = {quad.subject.value for quad in ox.parse(lines, ox.RdfFormat.N_TRIPLES)}
    assert records == named[busiest]
    asked = client.get(f"/subject/{busiest}", headers={"Accept": "application/ld+json"})
    assert asked.mimetype == "application/ld+json"
    assert json.loads(asked.data)


def test_the_data_of_a_subject_with_many_records_come_in_pages_that_lead_on(
    client: Client, named: dict[str, set[str]], busiest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = set(ox.parse(client.get(f"/subject/{busiest}.nt").data, ox.RdfFormat.N_TRIPLES))
    assert len(named[busiest]) > 2
    monkeypatch.setattr("publisher.surfaces.index.reader.ABOUT", 2)
    path, found = f"/subject/{busiest}.nt", set[ox.Quad]()
    for _ in range(len(named[busiest])):
        answer = client.get(path)
        page = set(ox.parse(answer.data, ox.RdfFormat.N_TRIPLES))
        leading = {quad for quad in page if quad.predicate.value == NEXT}
        assert not found & page
        found |= page - leading
        if not leading:
            break
        (address,) = {quad.object.value for quad in leading}
        assert answer.headers["Link"] == f'<{address}>; rel="next"'
        path = address.removeprefix("https://credit.example")
    assert found == whole
    assert "Link" not in answer.headers
    assert client.get(f"/subject/{busiest}.nt?after=..").status_code == 400


def test_an_authority_is_found_by_its_code_too(client: Client, town: Deployment) -> None:
    with town.open() as opened:
        views = b"".join(view for _, kind, view in opened.ledger.live(Tier.PUBLIC))
    authority = next(
        quad.object.value.removeprefix(USCC)
        for quad in ox.parse(views, ox.RdfFormat.N_QUADS)
        if quad.predicate.value == NS + "authority"
    )
    page = client.get(f"/subject/{authority}?lang=en", headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert "data source unit" in page.text or "code" in page.text


def test_lists_and_measures_of_a_subject_are_on_its_page_until_they_leave(
    own: Deployment, own_client: Client
) -> None:
    with own.open() as opened:
        index = opened.index(Tier.PUBLIC)
        codes = {
            facts.code
            for iri, _, view in opened.ledger.live(Tier.PUBLIC)
            if (facts := own.index_mapping.read(iri, view)[0]).list and facts.code
        }
        found = [subject for code in codes if (subject := index.subject(code))]
        subject = next(one for one in found if one.measures)
        page = own_client.get(f"/subject/{subject.code}", headers={"Accept": BROWSER}).text
        assert "所在名单" in page
        assert "正在实施的措施" in page
        for measure in subject.measures:
            assert measure.name in page
            assert f'href="/record/{measure.iri.rpartition("/")[2]}"' in page
        for entry in subject.lists:
            opened.ledger.withdraw(entry.iri, "repair")
        page = own_client.get(f"/subject/{subject.code}", headers={"Accept": BROWSER}).text
        assert "所在名单" not in page
        assert "正在实施的措施" not in page


def test_another_writing_of_a_code_leads_to_the_one_address(client: Client, busiest: str) -> None:
    full = "".join(chr(ord(item) + 0xFEE0) for item in busiest)
    for given in (busiest.lower(), quote(full)):
        answer = client.get(f"/subject/{given}")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/subject/{busiest}")
    english = client.get(f"/subject/{busiest.lower()}?lang=en")
    assert english.headers["Location"] == f"/subject/{busiest}?lang=en"
    form = client.get("/record", query_string={"id": busiest.lower(), "lang": "en"})
    assert form.headers["Location"] == f"/subject/{busiest}?lang=en"


@pytest.mark.parametrize("code", ["x", "11140400QQQQ0000XX", "a.b.c"])
def test_what_is_no_code_is_not_found_in_one_language(client: Client, code: str) -> None:
    page = client.get(f"/subject/{code}", headers={"Accept": BROWSER})
    assert page.status_code == 404
    assert "统一社会信用代码" in page.text


def test_a_code_nobody_names_is_not_found_and_no_praise(client: Client, busiest: str) -> None:
    nobody = "91140400QQQQ99999"
    nobody += uscc_check_character(nobody)
    for path in (f"/subject/{nobody}", f"/subject/{nobody}.ttl"):
        page = client.get(path, headers={"Accept": BROWSER})
        assert page.status_code == 404
        assert "没有记录不等于信用良好" in page.text
    assert client.get(f"/subject/{busiest}.docx").status_code == 404


def test_what_ended_since_the_index_was_written_is_not_in_the_data(town: Deployment) -> None:
    with town.open() as opened, town.query_pool(Tier.PUBLIC) as queries:
        views = [(iri, view) for iri, _, view in opened.ledger.live(Tier.PUBLIC)]
        facts = [town.index_mapping.read(iri, view)[0] for iri, view in views]
        one = min((one for one in facts if one.code and one.until), key=lambda one: one.until or "")
        last = int(datetime.fromisoformat(f"{one.until}T12:00:00+08:00").timestamp() * 1000)
        context = opened.web_context(queries)  # whose index reads the clock of the town
        for now, shown in ((last, True), (last + 86_400_000, False)):
            client = Client(create_app(replace(context, clock=lambda now=now: now)))
            data = client.get(f"/subject/{one.code}.nt").text
            assert (one.iri in data) == shown


def test_what_ended_yesterday_is_on_neither_page_nor_data_and_today_still_is(
    own: Deployment, own_client: Client
) -> None:
    with own.open() as opened:
        ends = {
            facts.iri: facts
            for iri, _, view in opened.ledger.live(Tier.PUBLIC)
            if (facts := own.index_mapping.read(iri, view)[0]).code
            and "2" < (facts.until or "") < "21"
        }
        iri, facts = min(ends.items())
        last = datetime.fromisoformat(f"{facts.until}T12:00:00+08:00")
        for moment, shown in ((last, True), (last + timedelta(days=1), False)):
            own.clock = lambda moment=moment: int(moment.timestamp() * 1000)
            with own.query_pool(Tier.PUBLIC) as queries:
                client = Client(create_app(opened.web_context(queries)))
                for suffix in ("", ".nt"):
                    path = f"/subject/{facts.code}{suffix}"
                    page = client.get(path, headers={"Accept": BROWSER})
                    assert (iri.rpartition("/")[2] in page.text) == shown
                found = client.get("/search", query_string={"q": facts.number}).get_json()
                assert (iri in {item["record"] for item in found["items"]}) == shown


def test_a_withdrawn_record_leaves_the_subject_at_once(
    own: Deployment, own_client: Client, named: dict[str, set[str]], busiest: str
) -> None:
    gone = min(named[busiest])
    identifier = gone.rpartition("/")[2]
    with own.open() as opened:
        opened.ledger.withdraw(gone, "repair")
    page = own_client.get(f"/subject/{busiest}", headers={"Accept": BROWSER})
    assert identifier not in page.text
    assert identifier not in own_client.get(f"/subject/{busiest}.ttl").text


@pytest.mark.parametrize("suffix", ["%0d%0aX:%20y", "%00", "%E5%AD%97", "ttl%0a"])
def test_a_suffix_that_is_none_of_ours_is_never_part_of_a_redirect(
    client: Client, busiest: str, suffix: str
) -> None:
    for code in (busiest, busiest.lower()):
        answer = client.get(f"/subject/{code}.{suffix}")
        assert (answer.status_code, answer.location) == (404, None)
