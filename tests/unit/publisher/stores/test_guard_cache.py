"""A text like one that passed gets the guard's own verdict, whatever stands in its strings."""

from __future__ import annotations

import random
import re

import pytest

from exchange.domain.errors import CredenceError
from publisher.stores import guard_cache
from publisher.stores.guard_cache import LONGEST_SHAPE, MOST_SHAPES, CachedGuard
from publisher.stores.query_guard import check

BASE = "https://credit.example/sparql"
QUERIES = [
    "CONSTRUCT { <http://a/b> ?p ?o } WHERE { <http://a/b> ?p ?o }",
    'PREFIX c: <https://w3/ns#>\nSELECT ?r { ?r c:code "914" ; ?p ?o FILTER(?o < "5") }',
    'SELECT * { ?s ?p "a", "b"@zh ; <http://a/p#q> "x"^^<http://t/d> } LIMIT 5',
    "SELECT ?s { ?s ?p ?o FILTER(?o<5 && ?o>2) . ?s <p> <http://a/> }",
    'SELECT * { <urn:x#y> ?p "v" } # <http://x/> "c"',
    "SELECT * FROM <http://a/g> { ?s ?p ?o }",
    'SELECT * { <<<http://a/s> <http://a/p> "o">> ?p ?o }',
    'SELECT * { ?s ?p \'it\' ; ?q """long "text" """ }',
]
PIECES = [
    *("SERVICE", "{", "}", "<", ">", "<<", "#", '"', '""', "'", "\\", "\n", " ", "FROM ", "/"),
    *("<http://x/SERVICE{>", '"SERVICE <http://x/> {}"', "<http://x/#'>", "BASE <http://x/>"),
    *('" } SERVICE <http://x/> { "', "<http://[x>", "DELETE ", "\\u0022", "\ud800", "1<http://x/>"),
]


def verdict(ask, text: str) -> object:
    try:
        return ask(text)
    except CredenceError as refused:
        return type(refused), str(refused)


def edited(chance: random.Random, text: str) -> str:
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(text) + 1)
        end = start + chance.choice((0, 0, 1, 4))
        text = text[:start] + chance.choice(PIECES) + text[end:]
    return text


def refilled(chance: random.Random, text: str) -> str:
    """Put something else between quotes and brackets, also where they only look like a pair."""

    def other(found: re.Match[str]) -> str:
        return "".join(chance.choices(PIECES, k=chance.randint(1, 2))).replace(found[0][0], "")

    return re.sub(r"(?<=\")[^\"]+(?=\")|(?<=<http://)[^>]+(?=>)", other, text)


def test_the_verdict_is_the_guards_own_after_any_edit():
    chance = random.Random(5)
    guard, known = CachedGuard(BASE), 0
    for number in range(6_000):
        text = chance.choice(QUERIES)
        text = refilled(chance, text) if number % 2 else text
        text = edited(chance, text) if number % 3 else text
        known += guard_cache._shape(text) in guard._shapes
        assert verdict(guard.check, text) == verdict(lambda one: check(one, BASE), text), text
    # Else the run would have compared the guard with itself.
    assert known > 600


@pytest.mark.parametrize("query", QUERIES[:3])
def test_what_differs_in_names_and_strings_alone_is_not_read_again(query, monkeypatch):
    guard = CachedGuard(BASE)
    guard.check(query)
    monkeypatch.setattr(guard_cache, "check", None)
    other = query.replace("http://a/", "http://b/SERVICE/").replace('"914"', '"DROP {"')
    assert guard.check(other).text == other
    assert guard.check(other).form == check(query, BASE).form


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM <http://a/g> { ?s ?p ?o }",
        "SELECT * { ?s ?p 'a' }",
        'SELECT * { ?s ?p "" }',
        'SELECT * { ?s ?p "\\u0041" }',
        "SELECT * { ?s ?p ?o } # done",
        "SELECT * { ?s ?p ?o }" + " " * LONGEST_SHAPE,
    ],
)
def test_what_may_have_two_readings_or_names_graphs_is_always_read(query):
    guard = CachedGuard(BASE)
    assert guard.check(query) == guard.check(query) == check(query, BASE)
    assert not guard._shapes


def test_the_shapes_kept_are_bounded():
    guard = CachedGuard(BASE)
    for number in range(MOST_SHAPES + 10):
        guard.check(f"ASK {{ ?s{number} ?p ?o }}")
    assert len(guard._shapes) <= MOST_SHAPES
