"""What a monitor reads: true figures, for who has the token, about nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import StoreUnavailable
from publisher.surfaces.runtime.alarms import Alarm, Alarms
from publisher.web.app import create_app
from publisher.web.endpoints.metrics import PLACES, route_of

if TYPE_CHECKING:
    from pathlib import Path

    from publisher.wiring import Deployment

TOKEN = "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.token"
    path.write_text(TOKEN + "\n", encoding="utf-8")
    return path


def read(client: Client) -> Samples:
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def one(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_without_the_setting_there_is_nothing_at_the_address(client: Client) -> None:
    unknown = client.get("/no-such-place", headers=BEARER)
    answer = client.get("/metrics", headers=BEARER)
    assert (answer.status_code, answer.data) == (404, unknown.data)


def test_a_trial_shows_it_to_its_own_machine_only(town: Deployment) -> None:
    with town.open() as opened, town.query_pool(Tier.PUBLIC) as queries:
        context = replace(opened.web_context(queries), base_url="http://127.0.0.1:8080")
        client = Client(create_app(context))
        for address, status in (("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 404), ("", 404)):
            answer = client.get("/metrics", environ_base={"REMOTE_ADDR": address})
            assert answer.status_code == status, address


def test_only_the_token_opens_it_and_it_is_read_anew(town: Deployment, token: Path) -> None:
    with town.open() as opened, town.query_pool(Tier.PUBLIC) as queries:
        client = Client(create_app(replace(opened.web_context(queries), metrics_token=token)))
        for wrong in (
            "",
            "Bearer",
            f"Basic {TOKEN}",
            f"Bearer {TOKEN}x",
            "Bearer 甲乙",
            f"Bearer {TOKEN[:-1]}",
        ):
            answer = client.get(
                "/metrics", headers={"Authorization": wrong.encode().decode("latin-1")}
            )
            assert answer.status_code == 401, wrong
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.headers["Cache-Control"] == "no-store"
        assert client.get("/metrics", headers=BEARER).headers["Cache-Control"] == "no-store"
        assert (
            client.get("/metrics", headers={"Authorization": f"bearer  {TOKEN}"}).status_code == 200
        )
        token.write_text("another token that is long", encoding="utf-8")
        assert client.get("/metrics", headers=BEARER).status_code == 401
        for bad in (b"short", b"", b"\xff" * 20):
            token.write_bytes(bad)
            assert client.get("/metrics", headers=BEARER).status_code == 503
        token.unlink()
        assert client.get("/metrics", headers=BEARER).status_code == 503


def test_figures_follow_ledger_surfaces_alarms_and_what_waits(
    own: Deployment, live: list[str], token: Path
) -> None:
    with own.open() as opened, own.query_pool(Tier.PUBLIC) as queries:
        context = replace(opened.web_context(queries), metrics_token=token)
        client = Client(create_app(context))
        before = read(client)
        surfaces = {
            f"{tier}/{name}"
            for tier in ("public", "government")
            for name in ("triples", "feed", "index", "dumps")
        }
        assert {
            dict(labels)["surface"] for name, labels in before if name == "credence_surface_lag"
        } == surfaces
        for surface in surfaces:
            assert one(before, "credence_surface_lag", surface=surface) == 0
            assert one(before, "credence_surface_alarm", surface=surface) == 0
            head = opened.ledger.head(Tier(surface.partition("/")[0]))
            assert one(before, "credence_surface_position", surface=surface) == head
        assert one(before, "credence_ready") == 1
        assert one(before, "credence_clock_in_doubt") == 0
        for name in ("held_rows", "decisions_pending", "deliveries_open", "erasures_unfinished"):
            assert one(before, f"credence_{name}") == 0
        opened.ledger.withdraw(live[0], "repair")
        opened.ledger.erase(live[1])
        opened.ledger.open_delivery(
            source=None, name="x", digest="0" * 64, kind="penalty", form=None
        )
        reader = context.readers[0]
        Alarms(context.alarms, lambda _: None).raise_alarm(
            reader, Alarm("public/triples", "full", 0, 1)
        )
        later = replace(context, clock=lambda: own.clock() + 90_000, held=lambda: 3)
        after = read(Client(create_app(later)))
        assert one(after, "credence_surface_lag", surface="public/feed") >= 2
        assert one(after, "credence_surface_alarm", surface="public/triples") == 1
        assert one(after, "credence_surface_alarm", surface="public/feed") == 0
        assert one(after, "credence_ready") == 0
        assert one(after, "credence_deliveries_open") == 1
        assert one(after, "credence_erasures_unfinished") == 1
        assert one(after, "credence_held_rows") == 3
        assert one(after, "credence_ledger_write_age_seconds") == 90
        assert one(after, "credence_ledger_position") > one(before, "credence_ledger_position")
        assert one(after, "process_resident_memory_bytes") > 1_000_000


def test_a_surface_that_was_never_published_lacks_everything(own: Deployment, token: Path) -> None:
    with own.open() as opened, own.query_pool(Tier.PUBLIC) as queries:
        context = replace(opened.web_context(queries), metrics_token=token)
        (own.layout.feed(Tier.PUBLIC) / "current").unlink()
        after = read(Client(create_app(context)))
        head = opened.ledger.head(Tier.PUBLIC)
        assert one(after, "credence_surface_lag", surface="public/feed") == head


def test_answers_are_counted_by_place_and_status(
    town: Deployment, live: list[str], token: Path
) -> None:
    with town.open() as opened, town.query_pool(Tier.PUBLIC) as queries:
        client = Client(create_app(replace(opened.web_context(queries), metrics_token=token)))
        record = "/record/" + live[0].rpartition("/")[2]
        for path in (
            record,
            record + ".ttl",
            "/record/x",
            "/",
            "/feed/all",
            "/healthz",
            "/wp-admin",
        ):
            client.get(path)
        client.get("/sparql", query_string={"query": "no"})
        client.get("/sparql", query_string={"query": "ASK {}"})
        samples = read(client)
        counted = {
            (dict(labels)["place"], dict(labels)["status"]): value
            for (name, labels), value in samples.items()
            if name == "credence_http_responses_total"
        }
        assert counted == {
            ("record", "200"): 2, ("record", "404"): 1, ("home", "200"): 1, ("feed", "200"): 1,
            ("healthz", "200"): 1, ("other", "404"): 1, ("sparql", "400"): 1, ("sparql", "200"): 1,
        }  # fmt: skip
        assert one(samples, "credence_http_response_seconds_count", place="record") == 3


def test_queries_are_counted_by_lane_and_refusals_by_reason(own: Deployment, token: Path) -> None:
    with own.open() as opened, own.query_pool(Tier.PUBLIC) as queries:
        client = Client(create_app(replace(opened.web_context(queries), metrics_token=token)))
        for number in range(3):
            queries.query(f"ASK {{}} #{number}", "application/sparql-results+json")
        samples = read(client)
        lanes = {"own", "short", "slow"}
        for name in ("running", "waiting", "answered_total", "cut_total"):
            metric = f"credence_query_{name}"
            found = {one_label(labels) for each, labels in samples if each == metric}
            assert found == lanes, name
        answered = sum(one(samples, "credence_query_answered_total", lane=lane) for lane in lanes)
        assert answered == 3
        for reason in ("queue-full", "waited", "starved"):
            assert one(samples, "credence_query_refused_total", reason=reason) == 0
        for how in ("continued", "restarted", "recognised"):
            assert one(samples, "credence_query_slowed_total", how=how) == 0
        assert one(samples, "credence_query_workers_died_total") == 0
        queries.close()
        with pytest.raises(StoreUnavailable):
            queries.query("ASK {}", "application/sparql-results+json")
        assert read(client), "a pool that is closed can still be looked at"


def one_label(labels: frozenset[tuple[str, str]]) -> str:
    ((_, value),) = labels
    return value


def test_places_are_few_whatever_is_asked_for() -> None:
    hostile = ["/" + "a" * n for n in range(50)] + [
        "//",
        "/record/",
        "/dump/x/y",
        "/ns.ttl",
        "",
        "/\x00",
    ]
    places = {route_of(path) for path in hostile}
    assert places == {"other", "home", "record", "dump", "ns"}
    assert all(route_of(f"/{place}/x") != "other" for place in PLACES if place)


def test_no_figure_and_no_label_is_about_anybody(town: Deployment, token: Path) -> None:
    with town.open() as opened, town.query_pool(Tier.PUBLIC) as queries:
        client = Client(create_app(replace(opened.web_context(queries), metrics_token=token)))
        said = {
            quad.object.value
            for _, _, view in opened.ledger.live(Tier.GOVERNMENT)
            for quad in ox.parse(view, ox.RdfFormat.N_QUADS)
            if isinstance(quad.object, ox.Literal) and len(quad.object.value) > 4
        }
        for iri in list(opened.ledger.live(Tier.PUBLIC))[:5]:
            client.get("/record/" + iri[0].rpartition("/")[2])
        text = client.get("/metrics", headers=BEARER).text
        assert not [value for value in said if value in text]
        assert "/record/" not in text
