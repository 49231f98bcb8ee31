"""The guard's limits: what stands exactly at a limit passes, and one more of anything does not."""

from __future__ import annotations

import pytest

from exchange.domain.errors import QueryRefused, QuerySyntax, QueryTooLarge
from publisher.stores.query_guard import MAX_BYTES, MAX_CHAIN, MAX_NESTING, MAX_STATEMENTS, check


def test_the_limits_are_those_of_the_documentation() -> None:
    assert (MAX_BYTES, MAX_NESTING, MAX_CHAIN, MAX_STATEMENTS) == (65_536, 100, 200, 2_000)


def times(query: str, count: int) -> str:
    """Return a query whose part between two bars stands so many times, behind `~` its closing."""
    before, part, after = query.split("¦")
    opened, _, closed = part.partition("~")
    return before + opened * count + after.replace("~", closed * count)


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("SELECT * ¦{~}¦~", 100),
        ("SELECT * { ?s ¦(~)¦<urn:p>~ ?o }", 99),
        ("SELECT * { ?s ?p ¦[ ?p ~]¦1~ }", 99),
        ("SELECT * { FILTER(¦!¦?x) }", 98),
        ("SELECT * { FILTER(¦! ¦?x) }", 98),
        ("SELECT * { FILTER(¦-¦?x) }", 98),
        ("SELECT * { FILTER(¦- + ¦?x) }", 49),
        ("SELECT * { ?s ¦^¦<urn:p> ?o }", 99),
        # A bracket behind signs weighs as many more, and gives as many back.
        ("SELECT * { FILTER(¦-(~)¦1~) }", 49),
        ("SELECT * { FILTER(-(1)) ¦{~}¦~ }", 99),
        ("SELECT * { FILTER(-(1) + -(1) + -(1)) FILTER(¦!¦?x) }", 98),
        ("SELECT * { FILTER(!!!?y) FILTER(¦!¦?x) }", 98),
    ],
)
def test_a_query_may_nest_a_hundred_deep(query: str, limit: int) -> None:
    check(times(query, limit))
    with pytest.raises(QueryRefused, match="nests deeper than 100"):
        check(times(query, limit + 1))


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("SELECT * { {}¦ UNION {}¦ }", 200),
        ("SELECT * { {}¦ union{}¦ }", 200),
        ("SELECT * { ¦OPTIONAL {} ¦}", 200),
        ("SELECT * { ¦MINUS {} ¦}", 200),
        ("SELECT * { ¦GRAPH ?g {} ¦}", 200),
        ("SELECT * { ¦LATERAL {} ¦}", 200),
        ("SELECT * { ¦VALUES ?x {} ¦}", 200),
        ("SELECT (1 ¦AS ?a) (1 ¦AS ?b) {}", 199),
        ("SELECT * { ?s <urn:p>¦/<urn:p>¦ ?o }", 200),
        ("SELECT * { ?s <urn:p>¦|<urn:p>¦ ?o }", 200),
        ("SELECT * { FILTER(?x¦||?x¦) }", 200),
        ("SELECT * { FILTER(?x¦ && ?x¦) }", 200),
        ("SELECT * { FILTER(?x¦+?x¦) }", 200),
        ("SELECT * { FILTER(?x¦ - ?x¦) }", 200),
        ("SELECT * { FILTER(?x¦*?x¦) }", 200),
        ("SELECT * { VALUES ?y { 1 } ?s <urn:p>¦/<urn:p>¦ ?o }", 199),
        ("SELECT * { VALUES (?y ?z) { (1 -2) } FILTER(?x¦||?x¦) }", 199),
        # A star that chooses all, and signs of numbers, join nothing.
        ("SELECT DISTINCT * { FILTER(COUNT(*) > -1 && ?x¦/?x¦ > +1) }", 199),
        ("DESCRIBE * { FILTER(?x¦/?x¦) }", 200),
    ],
)
def test_two_hundred_operands_may_be_chained(query: str, limit: int) -> None:
    check(times(query, limit))
    with pytest.raises(QueryRefused, match="more than 200 chained"):
        check(times(query, limit + 1))


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("SELECT * { ¦?s ?p ?o .¦ }", 2_000),
        ("SELECT * { ?s ?p ?o ¦; ?p ?o ¦ }", 2_000),
        ("SELECT * { ?s ?p ?o¦, 1¦ }", 2_000),
        ("SELECT * { ?s ?p [ ?q 1¦, 1¦ ] }", 2_000),
        ("SELECT * { ?s ?p ?o¦, 1¦ FILTER(?x IN (1, 2, 3)) }", 2_000),
        ("SELECT * { VALUES ?x { 1 2 } ¦?s ?p ?o .¦ }", 2_000),
    ],
)
def test_two_thousand_patterns_may_be_asked_for(query: str, limit: int) -> None:
    check(times(query, limit))
    with pytest.raises(QueryRefused, match="more than 2000 patterns"):
        check(times(query, limit + 1))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { VALUES ?x {¦ -1¦ } }",
        "SELECT * { VALUES (?x ?y) {¦ (<urn:a/b> +2)¦ } }",
        "SELECT * { ?s ?p ?o } VALUES (?x ?y) {¦ (UNDEF 1)¦ }",
        "SELECT * { FILTER(?x IN (1¦, 2¦)) }",
    ],
)
def test_rows_of_values_and_lists_of_arguments_are_data(query: str) -> None:
    check(times(query, 3_500))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { VALUES (?x) { (1) } {VALUES ?y { 2 } } ?s ?p ?o¦/?o¦ }",
        "SELECT * { { VALUES ?x { 1 } ?s <urn:p>¦/<urn:p>¦ ?o } }",
        "SELECT * { ?s <urn:p>¦/<urn:p>¦ ?o VALUES ?x { 1 } }",
        "SELECT ?values { ?s ?p ?o } ORDER BY ?values LIMIT 1¦ || 1¦",
    ],
)
def test_only_the_braces_behind_values_hold_data(query: str) -> None:
    with pytest.raises(QueryRefused, match="chained"):
        check(times(query, 201))


def test_as_many_bytes_as_the_limit_are_taken_and_one_more_is_not() -> None:
    for text in ("ASK {} #", "ASK {} #信"):
        filled = text + "x" * (MAX_BYTES - len(text.encode()))
        for query in (filled, filled.encode()):
            assert check(query).form == "ASK"
        for query in (filled + "x", (filled + "x").encode()):
            with pytest.raises(QueryTooLarge, match=str(MAX_BYTES + 1)) as caught:
                check(query)
            assert str(MAX_BYTES) in caught.value.message


def test_text_that_is_no_query_says_so_at_its_end() -> None:
    with pytest.raises(QuerySyntax, match="No SELECT") as caught:
        check("PREFIX a: <urn:a>\nWHERE {}")
    assert (caught.value.details["line"], caught.value.details["column"]) == (2, 9)
    with pytest.raises(QuerySyntax, match="not UTF-8") as caught:
        check(b"ASK {} #\xff")
    assert (caught.value.details["line"], caught.value.details["column"]) == (1, 1)


def test_the_first_form_is_the_form_and_an_update_is_named() -> None:
    assert check("CONSTRUCT { ?s ?p ?o } { SELECT * { ?s ?p ?o } }").form == "CONSTRUCT"
    assert check("ask {}").form == "ASK"
    words = "INSERT DELETE LOAD CLEAR CREATE DROP COPY MOVE ADD WITH"
    for word in words.split():
        for written in (word, word.lower()):
            with pytest.raises(QueryRefused, match=f"^{word} belongs to an update"):
                check(f"{written} {{ ?s ?p ?o }}")


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("SELECT * { SERVICE <urn:s> {} }", True),
        ("SELECT * { service:x { } }", True),
        ("SELECT * { service:x ?v { } }", True),
        ("SELECT * { service:x ?v ?w { } }", True),
        ("SELECT * { service:x SILENT ?v { } }", True),
        ("SELECT * { service:x silent ?v{ } }", True),
        ("SELECT * { service:x ?v ?w ?z { } }", False),
        ("SELECT * { service:x ?p 1 { } }", False),
        ("SELECT * { ?s service:x ?o }", False),
        ("SELECT * { ?s service:x ?o . { } }", False),
        ("SELECT * { ?s ?p 'SERVICE' { } }", False),
        ("SELECT * { ?service ?p ?o { } }", False),
        ("SELECT * { ?s ?p service:x", False),
    ],
)
def test_a_name_with_the_word_is_refused_where_a_group_may_follow(
    query: str, refused: bool
) -> None:
    query = "PREFIX service: <urn:s:> " + query
    if refused:
        with pytest.raises(QueryRefused, match="SERVICE is not allowed"):
            check(query)
    else:
        check(query)


def test_an_escape_that_changes_what_is_asked_is_refused() -> None:
    changed = [
        r"SELECT * { ?s ?p ?o } #\u000AASK",
        r"ASK {} #\u000ASELECT",
        r"SELECT * FROM <urn:\u0061> { ?s ?p ?o }",
        r"#\u000AASK {}" + "\nSELECT * {}",
        r"#\u000ASELECT * {}" + "\nASK {}",
    ]
    for query in changed[:2]:
        check(query)
    for query in changed[2:]:
        with pytest.raises(QueryRefused, match="escapes of this query change"):
            check(query)
    assert check(r"SELECT * { ?s ?p '\u0061' }").form == "SELECT"
    assert check("SELECT (RAND() AS ?r) {}").repeatable is False
    assert check("SELECT * {}").repeatable is True
    assert check(r"SELECT * { ?s ?p '\u0061' }").repeatable is True
    assert check(r"SELECT * { ?s ?p ?o } #\u000AORDER BY RAND()").repeatable is False


def test_a_query_that_is_no_text_at_all_is_refused() -> None:
    for query in ("ASK { ?s ?p '\ud800' }", b"\x80"):
        with pytest.raises(QuerySyntax, match="not UTF-8"):
            check(query)


@pytest.mark.parametrize(
    "operand", ["<urn:p>", "'x'", "?x", "a:b", "1", "@en", "true", "}", ")", ".", "||"]
)
def test_signs_count_together_only_while_nothing_stands_between(operand: str) -> None:
    check("PREFIX a: <urn:a> SELECT * { " + f"! {operand} " * 150 + "}")
    with pytest.raises(QueryRefused, match="nests"):
        check("PREFIX a: <urn:a> SELECT * { " + "! " * 100 + f"{operand} }}")
