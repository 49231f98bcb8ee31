from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client

import publisher.web
from exchange.domain.clock_trust import ClockDoubt
from exchange.domain.disclosure_levels import Tier
from publisher.surfaces.runtime.alarms import Alarm, Alarms
from publisher.web.app import create_app
from publisher.web.endpoints.health import Health
from publisher.web.messages.common import TEXTS

if TYPE_CHECKING:
    from publisher.wiring import Deployment

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
WELL = {f"public/{name}": "ok" for name in ("triples", "feed", "index", "dumps")}
PAGES = (
    "/",
    "/search",
    "/status",
    "/ns",
    "/code/penalty-kind",
    "/sparql",
    "/datasets",
    "/dataset/penalty",
    "/dataset/measure",
    "/no-such-page",
    "/subject/none",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("lang", "mark"), [("", "zh-Hans"), ("?lang=en", "en")])
def test_every_page_speaks_one_language_and_loads_nothing_foreign(
    client: Client, path: str, lang: str, mark: str
) -> None:
    page = client.get(path + lang, headers={"Accept": BROWSER})
    assert page.mimetype == "text/html"
    assert f'<html lang="{mark}">' in page.text
    # Data for dataset search are none that a browser runs.
    assert "<script" not in page.text.replace('<script type="application/ld+json">', "")
    assert "src=" not in page.text
    assert 'href="//' not in page.text
    assert "信用中国" not in page.text


@pytest.mark.parametrize("path", ["/", "/sparql", "/healthz", "/record/x", "/static/credence.css"])
def test_every_answer_bears_the_security_headers(client: Client, path: str) -> None:
    with client.get(path) as answer:  # a file is closed with its response
        headers = answer.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_the_home_page_counts_what_stands(client: Client, live: list[str]) -> None:
    page = client.get("/", headers={"Accept": BROWSER}).text
    assert f"<dd>{len(live)}</dd>" in page
    assert "/record/" in page


def test_a_withdrawn_record_leaves_the_home_page_at_once(
    own: Deployment, own_client: Client
) -> None:
    before = own_client.get("/").text
    listed = before.partition('href="/record/')[2][:26]
    with own.open() as opened:
        opened.ledger.withdraw(listed, "repair")
        assert listed not in own_client.get("/").text


def test_status_tells_the_state_of_the_surfaces_and_no_ledger_position(client: Client) -> None:
    shown = client.get("/status", headers={"Accept": "application/json"}).get_json()
    assert shown["surfaces"] == WELL
    assert shown["records"]
    assert "position" not in json.dumps(shown)


def test_an_alarm_turns_readyz_red_and_healthz_stays_green(
    own: Deployment, own_client: Client
) -> None:
    assert own_client.get("/readyz").status_code == 200
    with own.open() as opened:
        surface = opened.readers()[0]
        alarms = Alarms(own.layout.surfaces, lambda _: None)
        alarms.raise_alarm(surface, Alarm("public/triples", "disk full", 0, 1))
        red = own_client.get("/readyz")
        assert red.status_code == 503
        assert red.get_json()["surfaces"] == {"public/triples": "alarm"}
        assert own_client.get("/healthz").status_code == 200
        assert "故障" in own_client.get("/status", headers={"Accept": BROWSER}).text
        alarms.clear(surface)
        assert own_client.get("/readyz").status_code == 200


def test_a_doubtful_clock_turns_readyz_red_and_is_named(own: Deployment) -> None:
    with own.open() as opened, own.query_pool(Tier.PUBLIC) as queries:
        context = replace(opened.web_context(queries), clock_doubt=lambda: ClockDoubt.STEPPED)
        client = Client(create_app(context))
        red = client.get("/readyz")
        assert red.status_code == 503
        assert red.get_json()["surfaces"] == {"clock": "alarm"}
        page = client.get("/status", headers={"Accept": BROWSER}).text
        assert "本机时钟存疑" in page


@pytest.mark.parametrize("name", ["ledger.sqlite", "seals.sqlite"])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_ledger_file_moved_away_or_replaced_turns_readyz_red_and_is_named(
    own: Deployment, own_client: Client, name: str, *, replaced: bool
) -> None:
    assert own_client.get("/readyz").status_code == 200
    file = own.layout.root / name
    aside = file.rename(file.with_name("aside.sqlite"))
    try:
        if replaced:
            shutil.copy2(aside, file)
        red = own_client.get("/readyz")
        assert red.status_code == 503
        assert red.get_json()["surfaces"] == {"ledger": "alarm"}
        page = own_client.get("/status", headers={"Accept": BROWSER})
        assert page.status_code == 200
        assert "账本文件已被移走或替换" in page.text
    finally:
        aside.rename(file)
    assert own_client.get("/readyz").status_code == 200


def test_a_surface_may_lag_for_the_bound_and_no_longer(own: Deployment, live: list[str]) -> None:
    time = [0]
    with own.open() as opened, own.query_pool(Tier.PUBLIC) as queries:
        health = Health(replace(opened.web_context(queries), clock=lambda: time[0]))
        assert health.states() == WELL
        opened.ledger.withdraw(live[0], "repair")
        assert health.states() == dict.fromkeys(WELL, "behind")
        time[0] = 300_000
        assert health.faults() == {}
        time[0] = 300_001
        assert health.faults() == dict.fromkeys(WELL, "behind")
        opened.projector(lambda _: None).publish()
        assert health.faults() == {}
        opened.ledger.withdraw(live[1], "repair")
        assert health.faults() == {}


def test_the_vocabulary_is_served_as_rdf_and_terms_lead_to_it(client: Client) -> None:
    turtle = client.get("/ns", headers={"Accept": "text/turtle"})
    assert turtle.mimetype == "text/turtle"
    assert "AdministrativePenalty" in turtle.text
    assert client.get("/ns/documentNumber").headers["Location"] == "/ns#documentNumber"
    assert client.get("/ns/nothing").status_code == 404
    code = client.get("/code/penalty-kind", headers={"Accept": "application/n-triples"})
    assert b"penalty-kind/fine" in code.data
    assert client.get("/code/penalty-kind/fine").status_code == 303
    assert client.get("/code/nothing").status_code == 404


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/ns/documentNumber", "/ns?lang=en#documentNumber"),
        ("/code/penalty-kind/fine", "/code/penalty-kind?lang=en#fine"),
        ("/catalog", "/datasets?lang=en"),
        ("/catalog/", "/datasets?lang=en"),
    ],
)
def test_who_is_led_on_keeps_the_language(client: Client, path: str, target: str) -> None:
    answer = client.get(f"{path}?lang=en", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.location) == (303, target)


def test_a_wrong_method_is_405_with_the_methods_allowed(client: Client) -> None:
    answer = client.post("/", headers={"Accept": "application/json"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.mimetype == "application/problem+json"


def test_the_templates_name_only_texts_that_exist() -> None:
    folder = Path(publisher.web.__file__).parent / "templates"
    named = {
        name
        for path in folder.glob("*.html")
        for name in re.findall(r"say\('([a-z-]+)'", path.read_text(encoding="utf-8"))
    }
    beginnings = {"door-", "state-", "step-"}
    assert named - beginnings <= set(TEXTS)
    assert {name for name in named if name.endswith("-")} == beginnings
    assert all(zh and en for zh, en in TEXTS.values())


def test_every_text_is_asked_for_somewhere() -> None:
    folder = Path(publisher.web.__file__).parent
    asking = [path for path in folder.rglob("*.*") if path.suffix in {".html", ".py"}]
    said = {
        name
        for path in asking
        if not path.name.startswith("texts")
        for name in re.findall(r"[\"']([a-z-]+)[\"']", path.read_text(encoding="utf-8"))
    }
    made_of = ("door-", "state-", "step-", "surface-")  # and a word that is not known here
    assert {name for name in TEXTS if not name.startswith(made_of)} <= said


def test_an_error_nobody_expected_is_a_500_that_tells_nothing(town: Deployment) -> None:
    with town.open() as opened, town.query_pool(Tier.PUBLIC) as queries:
        broken = replace(opened.web_context(queries), ledger=None)
        client = Client(create_app(broken))
        answer = client.get(f"/record/{'a' * 26}")
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["type"].endswith("/internal")
    assert "NoneType" not in answer.text


@pytest.mark.parametrize("path", ["//ns", "/ns//", "//other.example/ns", "/record//a"])
def test_no_address_is_led_to_the_host_that_the_request_names(client: Client, path: str) -> None:
    answer = client.get("/", environ_overrides={"PATH_INFO": path, "HTTP_HOST": "evil.example"})
    assert answer.location is None
    assert "evil" not in answer.text


def test_an_address_whose_bytes_are_no_text_is_a_bad_request(client: Client) -> None:
    answer = client.get("/record", environ_overrides={"QUERY_STRING": "id=\xa5\xff"})
    assert answer.status_code == 400


def test_a_surface_of_another_history_is_not_answered_from(own: Deployment) -> None:
    for path in own.layout.surfaces.glob("public/*/checkpoint.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"root": "ab" * 32}))
    with own.open() as opened, own.query_pool(Tier.PUBLIC) as queries:
        client = Client(create_app(opened.web_context(queries)))
        for address in ("/sparql?query=ASK{}", "/feed/all", "/dump/penalty/latest.csv"):
            answer = client.get(address, headers={"Accept": "*/*"})
            assert answer.status_code == 503, address
            assert answer.content_type == "application/problem+json"
            assert int(answer.headers["Retry-After"]) > 0
        for address in ("/search?q=文", "/lists", "/list/judgment-debtor"):
            assert client.get(address).status_code == 503, address
        assert client.get("/").status_code == 200
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert set(ready.get_json()["surfaces"].values()) == {"other-history"}
        shown = client.get("/status", headers={"Accept": "application/json"}).get_json()
        assert set(shown["surfaces"].values()) == {"other-history"}
        assert "与账本不符" in client.get("/status").get_data(as_text=True)
        with own.open() as second:
            second.projector(lambda _: None).publish()
        time.sleep(0.6)
        assert client.get("/readyz").status_code == 200
        assert client.get("/feed/all").status_code == 200


@pytest.mark.parametrize(
    "host",
    ["", "a,b", "a, a", "a b", "a/b", "a@b", "http://a", "a:b", "[::1", "a\x00", "甲.example"],
)
@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/sparql?query=ASK%7B%7D", "/feed/all", "/dump/"]
)
def test_a_request_without_one_good_host_is_refused_everywhere(
    client: Client, host: str, path: str
) -> None:
    answer = client.get(path, environ_overrides={"HTTP_HOST": host})
    assert answer.status_code == 400
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.get_json()["status"] == 400
    page = client.get(path, environ_overrides={"HTTP_HOST": host}, headers={"Accept": BROWSER})
    assert "Host" in page.text


def test_a_host_may_be_a_name_or_an_address_and_the_oldest_protocol_needs_none(
    client: Client,
) -> None:
    for host in ("credit.example", "credit.example:8080", "127.0.0.1:1", "[::1]:8080", "a_b", "x:"):
        assert client.get("/healthz", environ_overrides={"HTTP_HOST": host}).status_code == 200, (
            host
        )
    for protocol in ("HTTP/1.0", "HTTP/1"):
        given = {"HTTP_HOST": "", "SERVER_PROTOCOL": protocol}
        assert client.get("/healthz", environ_overrides=given).status_code == 200
