from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from publisher.surfaces.index import IndexMapping

if TYPE_CHECKING:
    from werkzeug.test import Client, TestResponse

    from publisher.wiring import Deployment

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="session")
def penalty(town: Deployment) -> tuple[str, str, str, str]:
    """Return IRI, name, code and number of a penalty of an organisation in the register."""
    plan = IndexMapping(town.model.kinds.values())
    with town.open() as opened:
        found = [plan.read(iri, view)[0] for iri, _, view in opened.ledger.live(Tier.PUBLIC)]
    registered = {facts.code for facts in found if facts.kind == "subject"}
    chosen = min(
        facts
        for facts in found
        if facts.kind == "penalty" and facts.name and facts.code in registered
    )
    return chosen.iri, chosen.name, chosen.code, chosen.number


def asked(client: Client, text: str, **more: str) -> Any:
    return client.get("/search", query_string={"q": text, **more}).get_json()


def test_a_record_is_found_by_its_name_code_and_number(
    client: Client, penalty: tuple[str, str, str, str]
) -> None:
    iri, name, code, number = penalty
    for text in (name, name[2:6], code, code.lower(), number, number.replace("〔", "[")):
        found = asked(client, text, kind="penalty")
        assert iri in {item["record"] for item in found["items"]}, text
        assert found["query"] == text


def test_the_page_marks_what_was_found_and_leads_to_subjects(
    client: Client, penalty: tuple[str, str, str, str]
) -> None:
    _, name, code, _ = penalty
    page = client.get("/search", query_string={"q": name[2:6]}, headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert f"<mark>{name[2:6]}</mark>" in page.text
    assert f'href="/subject/{code}"' in page.text
    assert "没有找到不等于信用良好" in page.text
    english = client.get(
        "/search", query_string={"q": name[2:6], "lang": "en"}, headers={"Accept": BROWSER}
    )
    assert "Nothing found is not good credit" in english.text
    assert f'href="/subject/{code}?lang=en"' in english.text


def test_pages_lead_on_with_the_same_words_and_kinds(client: Client) -> None:
    answer = client.get("/search", query_string={"q": "1", "kind": "penalty"})
    first = answer.get_json()
    assert answer.headers["Link"] == f'<{first["next"]}>; rel="next"'
    assert first["pages"] > 1
    followed = client.get(first["next"].removeprefix("https://credit.example")).get_json()
    assert followed["page"] == 2
    ours = {item["record"] for item in first["items"]}
    assert not ours & {item["record"] for item in followed["items"]}
    assert {item["kind"] for item in followed["items"]} == {"penalty"}


def test_nothing_found_is_said_and_is_no_praise(client: Client) -> None:
    found = asked(client, "绝无此名")
    assert (found["total"], found["items"], found["next"]) == (0, [], None)
    page = client.get("/search", query_string={"q": "绝无此名"}, headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert "绝无此名" in page.text
    assert "没有找到不等于信用良好" in page.text


def test_a_wrong_check_digit_is_told_with_what_exists(
    client: Client, penalty: tuple[str, str, str, str]
) -> None:
    _, name, code, _ = penalty
    wrong = code[:-1] + ("1" if code[-1] != "1" else "2")
    found = asked(client, wrong)
    assert found["hint"]["code"] == wrong
    assert code in {near["code"] for near in found["hint"]["near"]}
    page = client.get("/search", query_string={"q": wrong}, headers={"Accept": BROWSER}).text
    assert "校验位不符" in page
    assert f'href="/subject/{code}"' in page
    assert name in page


def test_an_identifier_leads_to_its_record(
    client: Client, penalty: tuple[str, str, str, str]
) -> None:
    iri = penalty[0]
    for text in (iri, iri.rpartition("/")[2]):
        answer = client.get("/search", query_string={"q": text}, headers={"Accept": BROWSER})
        assert (answer.status_code, answer.headers["Location"]) == (
            303,
            f"/record/{iri.rpartition('/')[2]}",
        )


def test_a_withdrawn_record_leaves_the_search_at_once_and_the_index_after(
    own: Deployment, own_client: Client, penalty: tuple[str, str, str, str]
) -> None:
    iri, _, _, number = penalty
    assert iri in own_client.get("/search", query_string={"q": number}).text
    with own.open() as opened:
        opened.ledger.withdraw(iri, "repair")
        assert iri not in own_client.get("/search", query_string={"q": number}).text
        assert opened.index(Tier.PUBLIC).contains(iri)
        opened.projector(lambda _: None).publish()
        assert not opened.index(Tier.PUBLIC).contains(iri)
        held = [
            path
            for path in own.layout.index(Tier.PUBLIC).rglob("*")
            if path.is_file() and iri.rpartition("/")[2].encode() in path.read_bytes()
        ]
    assert held == []


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'; DROP TABLE record; --",
    "潞* OR NEAR(", "\x00", "\u202e\u2066abc", "{{ 7*7 }}", "%00%ff", "\ud800", "🙂🙂", "a" * 200,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_is_shown_back_as_text_and_never_run(client: Client, text: str) -> None:
    query = {"q": text.encode("utf-8", "surrogatepass")}
    page = client.get("/search", query_string=query, headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "49" not in page.text.partition("<main")[2].partition("</form>")[0]
    assert client.get("/search", query_string=query).status_code == 200


def test_hostile_texts_are_all_tried() -> None:
    assert len(HOSTILE) == 11


@pytest.mark.parametrize(
    "query", [{"q": "潞" * 201}, {"q": "x" * 1_000_000}, {"q": "潞", "page": "0"},
              {"q": "潞", "page": "-1"}, {"q": "潞", "page": "99999"}, {"q": "潞", "page": "二"}]
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused_in_words(client: Client, query: dict[str, str]) -> None:
    page = client.get("/search", query_string=query, headers={"Accept": BROWSER})
    assert page.status_code == 400
    assert len(page.data) < 20_000
    answer = client.get("/search", query_string=query, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_an_unknown_kind_narrows_nothing_and_a_foreign_type_is_406(client: Client) -> None:
    assert asked(client, "长治", kind="nothing")["total"] == asked(client, "长治")["total"]
    assert client.get("/search?q=a", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/search", headers={"Accept": BROWSER}).status_code == 200


def test_bytes_that_are_no_text_find_nothing_and_raw_utf_8_is_read_as_it_is(
    client: Client,
) -> None:
    def asked(path: str, query: bytes) -> TestResponse:
        return client.get(path, environ_overrides={"QUERY_STRING": query.decode("latin-1")})

    assert asked("/search", b"q=\xc5").status_code == 200
    assert asked("/search", "q=文".encode()).get_json()["query"] == "文"
    assert asked("/list/tax", b"from=\xc5").status_code == 400


NOBODY = "11010519491231002X"  # printed in GB 11643-1999


@pytest.mark.parametrize(
    "text", [NOBODY, NOBODY[:11], f"{NOBODY[:6]} {NOBODY[6:]}", f"某 {NOBODY}"]
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_search_for_a_person_is_neither_answered_nor_repeated(
    client: Client, text: str, lang: str, caplog: pytest.LogCaptureFixture
) -> None:
    query = {"q": text, "lang": lang}
    page = client.get("/search", query_string=query, headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert ("不按居民身份证号码" if lang == "zh" else "Persons are not looked up") in page.text
    machine = client.get("/search", query_string=query)
    said = machine.get_json()
    assert (said["query"], said["total"], said["items"], said["next"]) == ("", 0, [], None)
    assert said["hint"]["rule"] == "no-persons"
    headers = f"{page.headers}{machine.headers}"
    for shown in (page.text, machine.text, headers, caplog.text):
        assert NOBODY[:8] not in shown
        assert NOBODY[6:12] not in shown


def test_an_address_that_holds_an_id_number_is_not_repeated(client: Client) -> None:
    for path in (f"/subject/{NOBODY}", f"/record/{NOBODY}", f"/{NOBODY}", f"/list/{NOBODY}"):
        for accept in (BROWSER, "application/json"):
            answer = client.get(path, headers={"Accept": accept})
            assert answer.status_code == 404
            assert NOBODY not in answer.text
            assert NOBODY not in str(answer.headers)


def test_an_error_does_not_repeat_an_id_number(
    client: Client, penalty: tuple[str, str, str, str]
) -> None:
    _, _, code, _ = penalty
    asked_for = (
        f"/subject/{code}.ttl?after={NOBODY}",
        f"/dataset/penalty?page={NOBODY}",
        f"/search?q=a&page={NOBODY}",
        f"/feed/{NOBODY}",
        f"/dump/{NOBODY}/latest.csv",
    )
    for path in asked_for:
        for accept in (BROWSER, "application/json"):
            answer = client.get(path, headers={"Accept": accept})
            assert NOBODY not in answer.text, path
            assert NOBODY not in str(answer.headers), path


def test_codes_and_their_beginnings_are_still_found(
    client: Client, penalty: tuple[str, str, str, str]
) -> None:
    _, _, code, _ = penalty
    for text in (code, code[:10], code[:13]):
        assert asked(client, text)["total"] > 0
