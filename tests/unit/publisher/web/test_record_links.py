from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from exchange.domain.disclosure_levels import Tier
from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.web.app import create_app
from tests.unit.exchange.model import sound
from tests.unit.publisher.conftest import deployment

if TYPE_CHECKING:
    from pathlib import Path

    from publisher.wiring import Deployment

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NS = "https://w3id.org/credence/ns#"


def _facts(town: Deployment, kind: str) -> dict[str, dict[str, str]]:
    with town.open() as opened:
        return {
            iri: {
                quad.predicate.value.removeprefix(NS): quad.object.value
                for quad in ox.parse(view, ox.RdfFormat.N_QUADS)
            }
            for iri, found, view in opened.ledger.live(Tier.PUBLIC)
            if found == kind
        }


@pytest.fixture(scope="session")
def ties(town: Deployment) -> set[tuple[str, str]]:
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


# A decision in the form of 2016, which knows its authority by name alone, and the entry on it.
OLD = {**sound.OLD_PENALTY, "CF_WSH": "测环罚〔2026〕77号", "CF_XZJG": "长治市测试环境局"}
ENTRY = {
    **sound.ENTRY,
    "MD_WSH": "测环列〔2026〕8号",
    "MD_YJ_JDJG": OLD["CF_XZJG"],
    "MD_YJ_JDJGDM": sound.AUTHORITY,
    "MD_YJ_WSH": OLD["CF_WSH"],
}
NEW = {**sound.PENALTY, "CF_WSH": OLD["CF_WSH"], "CF_CFJG": OLD["CF_XZJG"]}
BY_NAME = {**ENTRY, "MD_YJ_JDJGDM": ""}


def _load(at: Deployment, folder: Path, *deliveries: tuple[str, str, dict[str, str]]) -> None:
    with at.open_or_create() as opened:
        for number, (kind, form, row) in enumerate(deliveries):
            path = folder / f"{number}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([row, row.values()])
            options = LoadOptions(kind=kind, form=form)
            list(opened.exchange().load([path], options, LoadObserver()))


@pytest.mark.parametrize(
    ("form", "penalty", "entry"),
    [("2016", OLD, ENTRY), ("2016", OLD, BY_NAME), ("2018", NEW, ENTRY), ("2018", NEW, BY_NAME)],
)
def test_an_entry_and_its_penalty_name_each_other_whatever_form_each_came_in(
    tmp_path: Path, form: str, penalty: dict[str, str], entry: dict[str, str]
) -> None:
    at = deployment(tmp_path / "desk")
    _load(at, tmp_path, ("penalty", form, penalty), ("list-entry", "credence", entry))
    with at.open() as opened, at.query_pool(Tier.PUBLIC) as queries:
        iris = {kind: iri for iri, kind, _ in opened.ledger.live(Tier.PUBLIC)}
        client = Client(create_app(opened.web_context(queries)))
        paths = {kind: "/record/" + iri.rpartition("/")[2] for kind, iri in iris.items()}
        quoting, quoted = (_page(client, iris[kind]) for kind in ("list-entry", "penalty"))
        assert f'href="{paths["penalty"]}"' in quoting.partition("本记录引用")[2]
        assert f'href="{paths["list-entry"]}"' in quoted.partition("引用本记录")[2]
        opened.ledger.withdraw(iris["list-entry"], "repair")
        assert "引用本记录" not in _page(client, iris["penalty"])


def test_what_joins_two_records_of_a_person_is_on_no_page(tmp_path: Path) -> None:
    at = deployment(tmp_path / "desk")
    entry = next(
        row for kind, _, row in sound.SOUND if kind == "list-entry" and "MD_XDR_ZJHM" in row
    )
    _load(at, tmp_path, ("penalty", "2018", sound.PERSON), ("list-entry", "credence", entry))
    with at.open() as opened, at.query_pool(Tier.PUBLIC) as queries:
        iris = {kind: iri for iri, kind, _ in opened.ledger.live(Tier.PUBLIC)}
        assert set(iris) == {"penalty", "list-entry"}
        client = Client(create_app(opened.web_context(queries)))
        for one, other in (("penalty", "list-entry"), ("list-entry", "penalty")):
            page = _page(client, iris[one])
            assert iris[other].rpartition("/")[2] not in page
            assert "引用" not in page.partition("来源与经过")[0].partition("记录内容")[2]
        opened.ledger.withdraw(iris["penalty"], "repair")
        assert not list(opened.ledger.live(Tier.PUBLIC)), "the ledger does join them"


def test_a_record_with_many_links_says_so_and_leads_on(tmp_path: Path) -> None:
    at = deployment(tmp_path / "desk")
    entries = [{**ENTRY, "MD_WSH": f"测环列〔2026〕{number}号"} for number in range(30)]
    _load(
        at,
        tmp_path,
        ("penalty", "2016", OLD),
        *(("list-entry", "credence", entry) for entry in entries),
    )
    with at.open() as opened, at.query_pool(Tier.PUBLIC) as queries:
        iris = {kind: iri for iri, kind, _ in opened.ledger.live(Tier.PUBLIC)}
        client = Client(create_app(opened.web_context(queries)))
        first = _page(client, iris["penalty"])
        assert first.count("测环列") == 25
        assert "未全部列出" in first
        after = first.partition('rel="next" href="')[2].partition("#")[0]
        second = client.get(after, headers={"Accept": BROWSER}).text
        assert second.count("测环列") == 5
        assert "未全部列出" not in second
        english = client.get(f"{after}&lang=en", headers={"Accept": BROWSER}).text
        assert "Quoted by" in english
        assert f'href="/record/{iris["penalty"].rpartition("/")[2]}?lang=en#quoted-by"' in english
        wrong = client.get(after.partition("=")[0] + "=x", headers={"Accept": BROWSER})
        assert wrong.status_code == 400
        assert "翻页位置无效" in wrong.text


def test_a_record_whose_publicity_ended_today_is_named_by_no_other(
    town: Deployment, ties: set[tuple[str, str]]
) -> None:
    ends = {iri: facts.get("listedUntil", "") for iri, facts in _facts(town, "list-entry").items()}
    entry, penalty = min(ties, key=lambda tie: ends[tie[0]] or "9999")
    noon = int(datetime.fromisoformat(f"{ends[entry]}T12:00:00+08:00").timestamp()) * 1000
    with town.open() as opened, town.query_pool(Tier.PUBLIC) as queries:
        context = opened.web_context(queries)
        for now, shown in ((noon, True), (noon + 86_400_000, False)):
            client = Client(create_app(replace(context, clock=lambda now=now: now)))
            assert (entry.rpartition("/")[2] in _page(client, penalty)) == shown
