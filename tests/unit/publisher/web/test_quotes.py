from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from exchange.domain.access import Tier

if TYPE_CHECKING:
    from werkzeug.test import Client

    from publisher.wiring import Station

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NS = "https://w3id.org/credence/ns#"


def _facts(town: Station, kind: str) -> dict[str, dict[str, str]]:
    with town.opened() as bench:
        return {
            iri: {
                quad.predicate.value.removeprefix(NS): quad.object.value
                for quad in ox.parse(view, ox.RdfFormat.N_QUADS)
            }
            for iri, found, view in bench.ledger.live(Tier.PUBLIC)
            if found == kind
        }


@pytest.fixture(scope="session")
def ties(town: Station) -> set[tuple[str, str]]:
    """Return (list entry, penalty it rests on), joined here by the key of the penalty."""
    penalties = {
        (facts.get("authority"), facts["documentNumber"], facts.get("counterpart")): iri
        for iri, facts in _facts(town, "penalty").items()
    }
    found = set()
    for entry, facts in _facts(town, "list-entry").items():
        key = (facts.get("basisAuthority"), facts.get("basisDocumentNumber"))
        penalty = penalties.get((*key, facts.get("counterpart")))
        # A natural person is not named to the public, so neither is this tie.
        if penalty and "counterpart" in facts:
            found.add((entry, penalty))
    return found


def _page(client: Client, iri: str) -> str:
    return client.get("/record/" + iri.rpartition("/")[2], headers={"Accept": BROWSER}).text


def test_a_record_links_what_it_quotes_and_is_linked_from_there(
    client: Client, ties: set[tuple[str, str]]
) -> None:
    assert ties
    for entry, penalty in ties:
        quoting, quoted = _page(client, entry), _page(client, penalty)
        assert "本记录引用" in quoting
        assert f'href="/record/{penalty.rpartition("/")[2]}"' in quoting
        assert "引用本记录" in quoted
        assert f'href="/record/{entry.rpartition("/")[2]}"' in quoted


def test_a_record_without_ties_shows_none(
    client: Client, live: list[str], ties: set[tuple[str, str]]
) -> None:
    alone = next(iri for iri in live if iri not in {penalty for _, penalty in ties})
    page = _page(client, alone)
    assert "本记录引用" not in page
    assert "引用本记录" not in page


def test_a_page_tells_when_the_record_came_and_was_shown(client: Client, live: list[str]) -> None:
    page = _page(client, live[0])
    assert "首次公示" in page
    assert "单位报送" in page
    assert "2026-09-21" in page
    assert "https://credit.example/event/" in page


def test_every_field_leads_to_its_place_in_the_vocabulary(client: Client, live: list[str]) -> None:
    page = _page(client, live[0])
    vocabulary = client.get("/ns", headers={"Accept": BROWSER}).text
    terms = {part.partition('"')[0] for part in page.split('href="/ns#')[1:]}
    assert len(terms) > 8
    for term in terms:
        assert f'id="{term}"' in vocabulary
