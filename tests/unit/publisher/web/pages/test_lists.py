from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from exchange.domain.disclosure_levels import Tier

if TYPE_CHECKING:
    from werkzeug.test import Client

    from publisher.wiring import Deployment

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ON = re.compile(rb"/ns#onList> <https://w3id.org/credence/code/credit-list/([a-z-]+)>")


@pytest.fixture(scope="session")
def listed(town: Deployment) -> dict[str, list[str]]:
    """Return the entries of each list, from the ledger's own views."""
    found: dict[str, list[str]] = {}
    with town.open() as opened:
        for iri, kind, view in opened.ledger.live(Tier.PUBLIC):
            if kind == "list-entry":
                found.setdefault(ON.findall(view)[0].decode(), []).append(iri)
    assert len(found) >= 2
    return found


def test_the_lists_that_have_entries_are_counted(
    client: Client, listed: dict[str, list[str]]
) -> None:
    page = client.get("/lists", headers={"Accept": BROWSER}).text
    assert set(re.findall(r'href="/list/([a-z-]+)"', page)) == set(listed)
    for name, entries in listed.items():
        row = page.partition(f'href="/list/{name}"')[2].partition("</tr>")[0]
        assert f'<td class="number">{len(entries)}</td>' in row


def test_a_list_names_its_entries_and_its_class(
    client: Client, listed: dict[str, list[str]]
) -> None:
    for name, entries in listed.items():
        answer = client.get(f"/list/{name}", headers={"Accept": BROWSER})
        assert answer.status_code == 200
        assert answer.headers["X-Robots-Tag"] == "noindex"
        for iri in entries:
            assert f'href="/record/{iri.rpartition("/")[2]}"' in answer.text


def test_a_list_that_is_no_black_list_never_looks_like_one(client: Client) -> None:
    abnormal = client.get("/list/abnormal-operations").text
    assert 'class="stamp "' in abnormal
    assert 'class="stamp alarm"' not in abnormal
    assert 'class="stamp alarm"' in client.get("/list/market-supervision").text
    assert 'class="stamp good"' in client.get("/list/incentive").text


def test_an_empty_list_answers_and_says_so(client: Client) -> None:
    page = client.get("/list/fire-safety?lang=en")
    assert page.status_code == 200
    assert "no entry" in page.text


def test_measures_stand_beside_the_list_they_follow_from(client: Client) -> None:
    page = client.get("/list/market-supervision").text
    assert "列为重点监管对象" in page
    assert "列为重点监管对象" not in client.get("/list/fire-safety").text


@pytest.mark.parametrize("path", ["/list/none", "/list/..", "/list/%3Cb%3E"])
def test_what_is_no_list_is_not_found(client: Client, path: str) -> None:
    assert client.get(path, headers={"Accept": BROWSER}).status_code == 404


@pytest.mark.parametrize("place", ["%00", "2026-01-01", "2026-01-01." + "9" * 19, "." + "9" * 30])
def test_a_place_that_is_none_of_ours_is_a_bad_request(client: Client, place: str) -> None:
    assert client.get(f"/list/market-supervision?from={place}").status_code == 400


def test_a_withdrawn_entry_leaves_its_list_at_once(
    own: Deployment, own_client: Client, listed: dict[str, list[str]]
) -> None:
    name, entries = max(listed.items())
    with own.open() as opened:
        opened.ledger.withdraw(entries[0], "repair")
        page = own_client.get(f"/list/{name}").text
    assert entries[0].rpartition("/")[2] not in page
