"""Shapes and repeatability of real texts, by the guard and by the memory of what passed."""

from __future__ import annotations

import pytest

from publisher.stores.guard_cache import CachedGuard
from publisher.stores.query_guard import check

LOOK_UP = 'PREFIX cr: <https://example.org/ns#> SELECT ?r { ?r cr:code "A" }'
BASE = "http://127.0.0.1:8080/sparql"

ALIKE = [
    LOOK_UP.replace('"A"', '"another text"'),
    LOOK_UP.replace('"A"', "'''long\ntext'''"),
    LOOK_UP.replace("?r", "?other"),
    LOOK_UP.replace("?r", "$r"),
    LOOK_UP.replace("https://example.org/ns#", "https://example.org/terms#"),
    LOOK_UP.replace("SELECT", "select").replace(" ", "\n\t "),
    "# sent at 12:03\n" + LOOK_UP + " # by a script",
]


@pytest.mark.parametrize("text", ALIKE)
def test_values_names_of_variables_and_comments_do_not_change_a_shape(text: str) -> None:
    assert check(text).shape == check(LOOK_UP).shape


@pytest.mark.parametrize(
    "text",
    [
        LOOK_UP.replace("cr:code", "cr:name"),
        LOOK_UP.replace("SELECT ?r", "SELECT ?r ?s"),
        LOOK_UP.replace("}", ". ?s ?p ?o }"),
        LOOK_UP.replace("SELECT ?r", "SELECT DISTINCT ?r"),
        LOOK_UP + " LIMIT 5",
        LOOK_UP.replace("?r cr:code", "?s cr:code"),
    ],
)
def test_another_pattern_has_another_shape(text: str) -> None:
    assert check(text).shape != check(LOOK_UP).shape


def test_numbers_do_not_change_a_shape() -> None:
    first, second = (check(f"{LOOK_UP} LIMIT {number}") for number in (5, 5_000))
    assert first.shape == second.shape


def test_a_text_like_one_that_passed_has_its_shape_and_is_as_repeatable() -> None:
    passed = CachedGuard(BASE)
    for template in ('SELECT (RAND() AS ?x) {{ ?s ?p "{}" }}', 'SELECT ?s {{ ?s ?p "{}" }}'):
        first, second = (passed.check(template.format(value)) for value in ("one", "two"))
        assert (first.shape, first.repeatable) == (second.shape, second.repeatable)
        assert first.shape


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (NOW() AS ?t) {}",
        "SELECT (now() AS ?t) {}",
        "SELECT (NoW ( ) AS ?t) {}",
        "SELECT (NOW # the time\n () AS ?t) {}",
        "SELECT (STRUUID() AS ?u) {}",
        "SELECT (UUID() AS ?u) {}",
        "SELECT (BNODE() AS ?b) {}",
        'SELECT (BNODE("a") AS ?b) {}',
        "SELECT ?s { ?s ?p ?o } ORDER BY RAND() LIMIT 1",
        "SELECT ?s { ?s ?p ?o } ORDER BYRAND() LIMIT 1",
        "SELECT ?s { ?s ?p ?o FILTER(1+RAND()<2) }",
        "SELECT ?s { ?s ?p ?o FILTER(1+1RAND()<2) }",
        "SELECT ?s { { SELECT ?s (RAND() AS ?r) { ?s ?p ?o } } }",
        "SELECT ?s { ?s ?p ?o BIND(YEAR(NOW()) AS ?y) }",
        "SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING(COUNT(?o) > RAND())",
        "CONSTRUCT { ?s ?p ?t } WHERE { ?s ?p ?o BIND(NOW() AS ?t) }",
        "ASK { FILTER(?x < NOW()) }",
        "SELECT (IF(true, NOW(), 1) AS ?t) {}",
    ],
)
def test_a_query_whose_answer_changes_by_itself_is_not_repeatable(text: str) -> None:
    assert not check(text).repeatable
    assert not CachedGuard(BASE).check(text).repeatable


@pytest.mark.parametrize(
    "text",
    [
        'SELECT ("NOW()" AS ?t) {}',
        "SELECT ('it is RAND()' AS ?t) {}",
        "SELECT * { ?s <http://example.org/NOW()> ?o }",
        "PREFIX now: <http://example.org/> SELECT * { ?s now:UUID ?o }",
        "PREFIX f: <http://example.org/> SELECT (f:NOW(1) AS ?t) {}",
        "SELECT ?now ?rand { ?now ?uuid ?rand }",
        "SELECT * { ?s ?p ?o } # ORDER BY RAND()",
        'PREFIX x: <http://x.org/> SELECT ?s { ?s ?p ?d FILTER(?d >= "2026-11-28"^^x:date) }',
        "SELECT (SAMPLE(?o) AS ?x) (GROUP_CONCAT(?o) AS ?y) { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o } LIMIT 3",
    ],
)
def test_words_within_names_strings_and_comments_leave_a_query_repeatable(text: str) -> None:
    assert check(text).repeatable


def test_a_name_hidden_by_escapes_is_found_where_they_are_read_first() -> None:
    assert not check('SELECT (CONCAT("a\\u0022, NOW(), \\u0022b") AS ?t) {}').repeatable
