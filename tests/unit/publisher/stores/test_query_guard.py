"""The guard refuses what harms and lets ordinary queries through."""

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from exchange.domain.errors import QueryRefused, QuerySyntax, QueryTooLarge
from publisher.stores.query_guard import MAX_BYTES, check

ORDINARY = [
    ("SELECT", "SELECT * WHERE { ?s ?p ?o } LIMIT 10"),
    (
        "SELECT",
        "# first\nPREFIX cr: <https://w3id.org/credence/ns#>\nselect ?s { ?s a cr:Penalty }",
    ),
    ("ASK", "ASK { <http://a/b#c> <http://a/p> 'it''s' }".replace("''", r"\'")),
    ("CONSTRUCT", "CONSTRUCT WHERE { ?s ?p ?o }"),
    ("DESCRIBE", "DESCRIBE <http://a/b>"),
    ("SELECT", "BASE <http://a/> SELECT * { ?s <p> ?o . ?s <q/r> ?t }"),
    ("SELECT", "SELECT ?s { ?s ?p ?o FILTER(?o<5 && ?o>2) }"),
    ("SELECT", "SELECT ?s { ?s ?p ?o FILTER(?o <5&&?o> 2) }"),
    ("SELECT", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p HAVING(COUNT(*) > 1)"),
    ("SELECT", "PREFIX ex: <urn:e:> SELECT * { ?s ex:a/ex:b*|^ex:c+ ?o . ?s !(ex:d|^ex:e)? ?z }"),
    ("SELECT", 'SELECT * { ?s ?p """a "quoted" text\nof two lines"""@zh-Hans, "x"^^<urn:t> }'),
    ("SELECT", "PREFIX did: <urn:d:> SELECT * { ?s did:p <did:web:a.cn> ; did:q [ did:r 1 ] }"),
    ("SELECT", "SELECT * { ?s ?p (1 -2 +3.5e-1 true) . BIND(-?x - -1 AS ?y) }"),
    ("SELECT", "PREFIX 名: <urn:n:> SELECT ?企业 { ?企业 名:称 '长治' }"),
    ("ASK", r"ASK { <urn:\u0061> ?p 'A' }"),
    ("SELECT", "SELECT * FROM <urn:g> { GRAPH ?g { ?s ?p ?o } MINUS { ?s a ?t } }"),
]
NOT_A_SERVICE = [
    "SELECT * { ?s ?p 'SERVICE <http://x/> {}' }",
    'SELECT * { ?s ?p """SERVICE <http://x/> {\n}""" }',
    "SELECT * { ?s <http://x/SERVICE> ?o }",
    "SELECT * { ?s <http://x/a_(b)#service> ?o }",
    "SELECT * { ?s ?p ?o } # SERVICE <http://x/> {}",
    "PREFIX ex: <urn:e:> SELECT * { ?s a ex:Service . ?t ex:service ?o ; ex:service.of ?s }",
    "PREFIX ex: <urn:e:> SELECT * { ?s a ex:Service . { ?s ?p 1 } UNION { ?s ?p 2 } }",
    "PREFIX ex: <urn:e:> SELECT * { ?s a ex:Service OPTIONAL { ?s ?p 1 } }",
    "PREFIX service: <urn:e:> SELECT * { ?s service:name ?o }",
    "SELECT ?service $SERVICE { ?service ?SERVICE _:service }",
    "SELECT * { ?s ?p 'x'@service }",
]
SERVICES = [
    "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
    "SELECT * { sErViCe SILENT <http://x/> { ?s ?p ?o } }",
    "SELECT*{SERVICE<http://x/>{?s?p?o}}",
    "SELECT*{SERVICESILENT<http://x/>{?s?p?o}}",
    "SELECT * { SERVICE # c\n ?x { ?s ?p ?o } }",
    "SELECT * { ?s ?p 1SERVICE <http://x/> {} }",
    "SELECT * { ?s ?p trueSERVICE <http://x/> {} }",
    "PREFIX : <http://x/> SELECT * { SERVICE:a {} }",
    "PREFIX : <http://x/> PREFIX SERVICE: <urn:x> SELECT * { SERVICE:a {} }",
    "PREFIX e: <http://x/> SELECT * { SERVICEe:a {} }",
    "PREFIX e: <http://x/> SELECT * { SERVICESILENTe:a {} }",
    "PREFIX e: <http://a:> SELECT * { ?s ?p e:SERVICE <http://x/> {} }",
    "PREFIX e: <urn:e> SELECT * { ?s ?p e:a.b.SERVICE SILENT <http://x/> {} }",
    "ASK { FILTER NOT EXISTS { SERVICE ?g {} } }",
    r"SELECT * { S\u0045RVICE <http://x/> {} }",
    r"SELECT * { \U00000053ERVICE <http://x/> {} }",
    "SELECT * { # \\u000A SERVICE <http://x/> {}\n }",
    "PREFIX : <urn:> SELECT * { FILTER(?a<?b)SERVICE:x#>\n{ ?s ?p ?o } }",
    "SELECT * { FILTER(?a<'>')SERVICE<http://x/>{ ?s ?p ?o }FILTER(?b='x') }",
    'SELECT * { VALUES ?v { """ x" } SERVICE <http://x/> {} } # \\q """',
    "SELECT * { # \\u000A '''\n SERVICE <http://x/> {} # \\u000A '''\n }",
    "BASE <urn:b> PREFIX : <urn:> SELECT * { FILTER(?a<?b)SERVICE:x#>\n{ ?s ?p ?o } }",
    "PREFIX p: <urn:> SELECT * { FILTER(?a<p:b)SERVICE:x#>\n{ ?s ?p ?o } }",
]
UPDATES = [
    "INSERT DATA { <urn:a> <urn:p> 1 }",
    "DELETE WHERE { ?s ?p ?o }",
    "LOAD <http://x/>",
    "lOaD#\n<http://x/>",
    "CLEAR ALL",
    "CREATE GRAPH <urn:g>",
    "DROP DEFAULT",
    "COPY <urn:a> TO <urn:b>",
    "MOVE <urn:a> TO <urn:b>",
    "ADD <urn:a> TO <urn:b>",
    "WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "SELECT * { ?s ?p ?o } ; CLEAR ALL",
]


@pytest.mark.parametrize(("form", "query"), ORDINARY)
def test_an_ordinary_query_passes_with_its_form_and_text(form, query):
    parsed = check(query)
    assert (parsed.form, parsed.text) == (form, query)
    assert check(query.encode()) == parsed


@pytest.mark.parametrize("query", NOT_A_SERVICE)
def test_the_word_service_in_a_literal_iri_comment_or_name_is_not_refused(query):
    assert check(query).form == "SELECT"


@pytest.mark.parametrize("query", SERVICES)
def test_a_service_clause_is_refused_in_every_spelling(query):
    with pytest.raises(QueryRefused) as caught:
        check(query)
    assert caught.value.hint


@pytest.mark.parametrize("query", UPDATES)
def test_an_update_is_refused(query):
    with pytest.raises(QueryRefused, match="update"):
        check(query)


@pytest.mark.parametrize("word", ["insert", "load", "add", "with", "clear"])
def test_an_update_word_as_name_variable_or_text_is_not_refused(word):
    check(f"PREFIX {word}: <urn:x> SELECT ?{word} {{ ?s {word}:{word} '{word}' }}")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * " + "{" * 3000 + "}" * 3000,
        "SELECT * { FILTER(" + "!" * 3000 + "?x) }",
        "SELECT * { FILTER(" + "! " * 3000 + "?x) }",
        "SELECT * { FILTER(" + "-" * 3000 + "?x) }",
        "SELECT * { FILTER(" + "-(" * 60 + "1" + ")" * 60 + ") }",
        "SELECT * { ?s " + "(" * 3000 + "<urn:p>" + ")" * 3000 + " ?o }",
        "SELECT * { ?s ?p " + "[ ?p " * 3000 + "]" * 3000 + " }",
        "SELECT * { ?s " + "^" * 3000 + "<urn:p> ?o }",
        "SELECT * { ?s ?p " + "<<( " * 3000 + " }",
    ],
)
def test_a_query_nested_three_thousand_deep_is_refused(query):
    with pytest.raises(QueryRefused, match="nests"):
        check(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { {}" + " UNION {}" * 3000 + " }",
        "SELECT * { ?s <urn:p>" + "/<urn:p>" * 3000 + " ?o }",
        "SELECT * { ?s <urn:p>" + "|<urn:p>" * 3000 + " ?o }",
        "SELECT * { FILTER(?x" + "||?x" * 3000 + ") }",
        "SELECT * { FILTER(?x" + " && ?x" * 3000 + ") }",
        "SELECT * { FILTER(?x" + "+?x" * 3000 + ") }",
        "SELECT * { FILTER(?x" + "*?x" * 3000 + ") }",
        "SELECT * { " + "OPTIONAL {} " * 3000 + "}",
        "SELECT * { " + "MINUS {} " * 3000 + "}",
        "SELECT * { " + "".join(f"BIND(1 AS ?a{n}) " for n in range(3000)) + "}",
        "SELECT * { " + "?s ?p ?o . " * 3000 + "}",
        "SELECT * { ?s ?p ?o" + ", 1" * 9000 + "}",
    ],
)
def test_a_long_chain_is_refused(query):
    with pytest.raises(QueryRefused, match="more than"):
        check(query)


def test_ten_thousand_rows_of_values_are_data_and_no_chain():
    check("SELECT * { VALUES ?x { " + "-1 " * 10_000 + "} ?s ?p ?x }")
    check("SELECT * { VALUES (?x ?y) { " + "(<urn:a/b> +2) " * 3_000 + "} ?x ?p ?y }")
    check("SELECT * { ?s ?p ?x FILTER(?x IN (" + "-1, " * 10_000 + "1)) }")


def test_what_follows_values_is_counted_again():
    with pytest.raises(QueryRefused, match="chained"):
        check("SELECT * { VALUES ?x { 1 } ?s <urn:p>" + "/<urn:p>" * 300 + " ?o }")


@pytest.mark.parametrize("depth", [90, 99])
def test_nesting_within_the_limit_passes(depth):
    check("SELECT * " + "{" * depth + "}" * depth)


def test_a_query_of_one_megabyte_is_refused_at_once():
    start = time.thread_time()
    with pytest.raises(QueryTooLarge):
        check("SELECT * { ?s ?p ?o } #" + "x" * 1_000_000)
    assert time.thread_time() - start < 0.1


def test_the_size_limit_counts_bytes_not_characters():
    with pytest.raises(QueryTooLarge):
        check("ASK {} #" + "信" * (MAX_BYTES // 3))


@pytest.mark.parametrize(
    "hostile",
    [
        "a." * 32_000,
        "?a<'''" * 10_000,
        "{" * 60_000,
        '"' * 60_000,
        ":" * 60_000,
        "\\u0041" * 10_000,
    ],
)
def test_no_text_keeps_the_guard_busy_for_long(hostile):
    start = time.thread_time()
    with pytest.raises(QueryRefused):
        check(hostile)
    assert time.thread_time() - start < 3


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT *\n{ ?s ?p 'open }", 2, 9),
        ('SELECT * { ?s ?p """open" }', 1, 18),
        (r'SELECT * { ?s ?p "\q" }', 1, 18),
        (r'SELECT * { ?s ?p "\uD800" }', 1, 19),
        ("PREFIX ex: <urn:x>", 1, 19),
        ("", 1, 1),
    ],
)
def test_text_that_cannot_be_read_is_refused_with_line_and_column(query, line, column):
    with pytest.raises(QuerySyntax) as caught:
        check(query)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize("query", [b"ASK { ?s ?p '\xff' }", "ASK { ?s ?p '\ud800' }"])
def test_a_query_that_is_not_utf8_is_refused(query):
    with pytest.raises(QuerySyntax):
        check(query)


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_any_text_passes_or_is_refused_with_a_hint(query):
    try:
        check(query)
    except QueryRefused as caught:
        refusal = caught
    else:
        return
    assert refusal.message
    assert refusal.hint


@given(st.text(st.characters(exclude_characters='"\\\r\n', codec="utf-8"), max_size=200))
def test_any_text_inside_a_string_passes(text):
    assert check(f'SELECT * {{ ?s ?p "{text}" }}').form == "SELECT"


def test_no_mutation_of_a_service_clause_passes_the_guard_and_reaches_the_engines_http_client():
    """Random edits of known tricks; port 1 makes the engine refuse without a connection."""
    address = "<http://127.0.0.1:1/>"
    seeds = [query.replace("<http://x/>", address) for query in SERVICES]
    pieces = [
        "SERVICE",
        "'",
        '"',
        "'''",
        "#",
        "\n",
        "<",
        ">",
        "?a",
        ")",
        "{",
        "}",
        ":x",
        "\\q",
        "1",
    ]
    chance = random.Random(7)
    store = Store()
    store.update("INSERT DATA { <urn:a> <urn:p> 1 }")
    reached = []
    for _ in range(8_000):
        parts = re.findall(r"\w+|\s+|.", chance.choice(seeds), re.DOTALL)
        for _ in range(chance.randint(1, 3)):
            parts[chance.randrange(len(parts))] = chance.choice([*pieces, ""])
        query = "".join(parts)
        try:
            list(store.query(check(query).text))
        except (QueryRefused, SyntaxError, TypeError):
            continue
        except (OSError, RuntimeError):
            reached.append(query)
    assert reached == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * # \\u000AFROM <urn:credence:government>\n{ ?s ?p ?o }",
        "SELECT * # \\U0000000AFROM NAMED <urn:g>\n{ GRAPH ?g { ?s ?p ?o } }",
        "ASK # \\u000DFROM <urn:g>\n{ ?s ?p ?o }",
    ],
)
def test_escapes_that_name_other_graphs_are_refused(query: str) -> None:
    with pytest.raises(QueryRefused, match="escapes"):
        check(query)
