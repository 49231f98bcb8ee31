"""Replies as WSGI applications, the choice of a type and of a language, tags, and parameters."""

from __future__ import annotations

import hashlib

import pytest

from publisher.web.http import replies
from publisher.web.http.cache_control import REVALIDATE, until_next_expiry
from publisher.web.http.replies import HTML, JSON, JSONLD, PROBLEM, TURTLE, Reply


def called(reply: Reply, method: str = "GET") -> tuple[str, dict[str, str], bytes]:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body = reply({"REQUEST_METHOD": method}, lambda *given: started.append(given))  # type: ignore[arg-type]
    status, headers = started[0]
    assert len(headers) == len(dict(headers))
    return status, dict(headers), b"".join(body)


def test_a_reply_is_sent_whole_with_its_length_and_type() -> None:
    reply = Reply("页".encode(), TURTLE, 404).having(("Vary", "Accept"), ("X-A", "1"))
    expected = {
        "Vary": "Accept",
        "X-A": "1",
        "Content-Type": "text/turtle; charset=utf-8",
        "Content-Length": "3",
    }
    assert called(reply) == ("404 Not Found", expected, "页".encode())
    assert called(reply, "HEAD") == ("404 Not Found", expected, b"")
    for method in ("POST", "OPTIONS", "A", "Z"):
        assert called(reply, method)[2] == "页".encode()
    assert called(Reply(b"")) == (
        "200 OK",
        {"Content-Type": "text/html; charset=utf-8", "Content-Length": "0"},
        b"",
    )


@pytest.mark.parametrize(
    ("media", "textual"),
    [
        (HTML, True),
        (TURTLE, True),
        (replies.TRIG, True),
        ("text/plain", True),
        ("text/csv", True),
        ("text/tab-separated-values", True),
        (JSON, False),
        (JSONLD, False),
        (replies.NQUADS, False),
        (PROBLEM, False),
    ],
)
def test_text_says_its_charset(media: str, textual: bool) -> None:
    assert Reply(b"", media).content_type == media + ("; charset=utf-8" if textual else "")


def test_a_tag_follows_from_type_and_bytes_and_what_is_known_is_not_sent_again() -> None:
    reply = Reply(
        b"body",
        TURTLE,
        200,
        (
            ("Cache-Control", "no-cache"),
            ("VARY", "Accept"),
            ("Link", "<a>"),
            ("X-Robots-Tag", "noindex"),
            ("Last-Modified", "x"),
            ("X-Other", "y"),
        ),
    )
    tag = hashlib.sha256(b"text/turtle\nbody").hexdigest()[:32]
    fresh = reply.tagged({})
    assert fresh == reply.having(("ETag", f'"{tag}"'))
    for known in (f'"{tag}"', f'W/"{tag}"', "*", f'"x", "{tag}"'):
        same = reply.tagged({"HTTP_IF_NONE_MATCH": known})
        status, headers, body = called(same)
        assert (status, body) == ("304 Not Modified", b"")
        assert headers == {
            "Cache-Control": "no-cache",
            "VARY": "Accept",
            "Link": "<a>",
            "X-Robots-Tag": "noindex",
            "ETag": f'"{tag}"',
        }
    for other in ("", '"x"', tag[:31]):
        assert reply.tagged({"HTTP_IF_NONE_MATCH": other}) == fresh
    assert Reply(b"body", HTML).tagged({}).headers != fresh.headers
    assert Reply(b"body", TURTLE, 404).tagged({}).status == 404
    assert called(Reply(b"", HTML, 204))[1] == {}


@pytest.mark.parametrize(
    ("accept", "absent", "expected"),
    [
        (None, None, HTML),
        ("", None, HTML),
        ("  ", None, HTML),
        (None, TURTLE, TURTLE),
        ("*/*", TURTLE, HTML),
        ("text/turtle", None, TURTLE),
        ("text/turtle;q=0.4, application/json;q=0.5", None, JSON),
        ("text/*", None, HTML),
        ("image/png", None, None),
        ("image/png" + ", image/x" * 200, None, None),
        ("text/turtle" + ", image/x" * 200, TURTLE, TURTLE),
        ("text/turtle" + " " * 501, None, TURTLE),
    ],
)
def test_the_type_that_is_liked_best_is_chosen(accept, absent, expected) -> None:
    assert replies.choose(accept, (HTML, JSON, TURTLE), absent) == expected


@pytest.mark.parametrize(
    ("accept", "pages", "json"),
    [
        ("", False, False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", True, False),
        ("*/*", False, False),
        ("application/json", False, True),
        ("text/html;q=0.5,application/json", False, True),
        ("text/html;q=0.5,application/problem+json", False, False),
        ("application/json;q=0.5,text/html", True, False),
    ],
)
def test_a_browser_is_known_by_naming_pages(accept: str, pages: bool, json: bool) -> None:
    environ = {"HTTP_ACCEPT": accept}
    assert replies.likes_pages(environ) is pages
    assert replies.wants_json(environ) is json
    assert not replies.likes_pages({})


@pytest.mark.parametrize(
    ("query", "language", "last", "every"),
    [
        ("", "zh", "", []),
        ("lang=en", "en", "", []),
        ("lang=zh&lang=en", "en", "", []),
        ("lang=fr", "zh", "", []),
        ("lang=EN", "zh", "", []),
        ("q=1&q=2", "zh", "2", ["1", "2"]),
        ("q=%FF", "zh", "\ufffd", ["\ufffd"]),
        ("q=" + "页".encode().decode("latin-1"), "zh", "页", ["页"]),
        ("q=\u00ff", "zh", "\ufffd", ["\ufffd"]),
    ],
)
def test_parameters_are_read_whatever_bytes_stand_in_the_address(
    query: str, language: str, last: str, every: list[str]
) -> None:
    environ = {"QUERY_STRING": query}
    assert replies.language(environ) == language
    assert replies.language(environ, "en") == "en"
    assert replies.parameter(environ, "q") == last
    assert replies.parameters(environ, "q") == every
    assert replies.parameters({}, "q") == []


def test_the_first_header_of_a_name_is_found_in_any_case() -> None:
    headers = [("A", "1"), ("etag", "2"), ("ETag", "3")]
    assert replies.header(headers, "ETag") == "2"
    assert replies.header(headers, "a") == "1"
    assert replies.header(headers, "b") is None


def test_a_copy_lasts_for_the_bound_and_not_past_the_day() -> None:
    noon = 1_795_406_400_000  # in Asia/Shanghai
    assert until_next_expiry(60.9, noon) == "public, max-age=60, immutable"
    assert until_next_expiry(10**6, noon) == f"public, max-age={12 * 3600}, immutable"
    assert until_next_expiry(10**6, noon + 12 * 3_600_000 - 1_500) == "public, max-age=1, immutable"
    assert REVALIDATE == "public, max-age=0, must-revalidate"
