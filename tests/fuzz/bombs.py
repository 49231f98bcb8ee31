"""Queries made to kill: nested 3,000 deep, 20,000 in a row, a megabyte large, endless."""

from __future__ import annotations

from publisher.stores.query_guard import MAX_BYTES

DEEP, LONG = 3_000, 20_000


def _nested(before: str, opening: str, inside: str, closing: str, after: str) -> str:
    return before + opening * DEEP + inside + closing * DEEP + after


NESTED = {
    "braces": _nested("SELECT * ", "{", "", "}", ""),
    "not": _nested("SELECT * { FILTER(", "!", "?x", "", ") }"),
    "not, spaced": _nested("SELECT * { FILTER(", "! ", "?x", "", ") }"),
    "minus sign": _nested("SELECT * { FILTER(", "-", "1", "", ") }"),
    "parentheses": _nested("SELECT * { FILTER(", "(", "1", ")", ") }"),
    "path parentheses": _nested("SELECT * { ?s ", "(", "<urn:p>", ")", " ?o }"),
    "inverse path": _nested("SELECT * { ?s ", "^", "<urn:p>", "", " ?o }"),
    "negated set": _nested("SELECT * { ?s ", "!(", "<urn:p>", ")", " ?o }"),
    "blank nodes": _nested("SELECT * { ?s ?p ", "[ ?p ", "1", "]", " }"),
    "collections": _nested("SELECT * { ?s ?p ", "( ", "1", " )", " }"),
    "triple terms": _nested("SELECT * { ?s ?p ", "<<( ?s ?p ", "1", " )>>", " }"),
    "reified triples": _nested("SELECT * { ", "<< ", "?s", " ?p ?o >>", " ?p ?o }"),
    "exists": _nested("ASK ", "{ FILTER EXISTS ", "{}", "}", ""),
    "optional": _nested("ASK ", "{ OPTIONAL ", "{}", "}", ""),
    "minus": _nested("ASK ", "{ MINUS ", "{}", "}", ""),
    "graph": _nested("ASK ", "{ GRAPH ?g ", "{}", "}", ""),
    "lateral": _nested("ASK ", "{ LATERAL ", "{}", "}", ""),
    "subselect": _nested("ASK ", "{ SELECT * ", "{}", "}", ""),
    "functions": _nested("SELECT (", "STR(", "1", ")", " AS ?x) {}"),
    "if": _nested("SELECT (", "IF(true,", "1", ",1)", " AS ?x) {}"),
}
CHAINS = {
    "union": "SELECT * { {}" + " UNION {}" * LONG + " }",
    "path sequence": "SELECT * { ?s <urn:p>" + "/<urn:p>" * LONG + " ?o }",
    "path alternative": "SELECT * { ?s <urn:p>" + "|<urn:p>" * LONG + " ?o }",
    "or": "SELECT * { FILTER(?x" + "||?x" * LONG + ") }",
    "and": "SELECT * { FILTER(?x" + "&&?x" * LONG + ") }",
    "plus": "SELECT * { FILTER(?x" + "+?x" * LONG + ") }",
    "times": "SELECT * { FILTER(?x" + "*?x" * LONG + ") }",
    "divided": "SELECT * { FILTER(?x" + "/?x" * LONG + ") }",
    "optional": "SELECT * { " + "OPTIONAL{}" * LONG + " }",
    "minus": "SELECT * { " + "MINUS{}" * LONG + " }",
    "graph": "SELECT * { " + "GRAPH ?g{}" * LONG + " }",
    "bind": "SELECT * { " + "".join(f"BIND(1 AS ?a{n})" for n in range(LONG)) + " }",
    "values": "SELECT * { " + "VALUES ?x{1}" * LONG + " }",
    "projection": "SELECT " + "".join(f"(1 AS ?a{n})" for n in range(LONG)) + " {}",
    "patterns": "SELECT * { " + "?s ?p ?o." * LONG + " }",
    "objects": "SELECT * { ?s ?p ?o" + ",1" * LONG + " }",
    "predicates": "SELECT * { ?s ?p ?o" + ";?p 1" * LONG + " }",
}
# Short enough for the guard to look inside: the same, of as many as go into 64 KiB.
CUT = {
    f"{name}, cut": query[: MAX_BYTES - 10]
    for name, query in CHAINS.items()
    if len(query) > MAX_BYTES
}
LARGE = {
    "one megabyte of comment": "ASK {} #" + "x" * 1_000_000,
    "one megabyte of string": f'ASK {{ ?s ?p "{"x" * 1_000_000}" }}',
    "one megabyte of braces": "ASK " + "{" * 1_000_000,
    "one megabyte of Chinese": "ASK { ?s ?p '" + "信" * 350_000 + "' }",
}
# These are allowed, and would run for ever or take all memory.
_ALL = " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(4))
ENDLESS = {
    "cross join": f"SELECT (COUNT(*) AS ?n) {{ {_ALL} FILTER(?c0 != ?c3) }}",
    "cross join, all of it": f"SELECT * {{ {_ALL} }}",
    "cross join, no row": f'ASK {{ {_ALL} FILTER(CONCAT(STR(?c0), STR(?c3)) = "x") }}',
    "distinct": f"SELECT DISTINCT ?c0 ?c1 ?c2 {{ {_ALL} }}",
    "sort": f"SELECT * {{ {_ALL} }} ORDER BY ?c3 ?c2 ?c1 LIMIT 1",
    "group": f"SELECT ?c0 ?c3 (COUNT(*) AS ?n) {{ {_ALL} }} GROUP BY ?c0 ?c3 LIMIT 1",
    "concatenation": f"SELECT (GROUP_CONCAT(STR(?c0)) AS ?x) {{ {_ALL} }}",
    "any path": "SELECT (COUNT(*) AS ?n) { ?a (<p:>|!<p:>)* ?b . ?c (^<p:>|!<p:>)* ?d }",
    "both ways": "SELECT (COUNT(*) AS ?n) { ?a (!<p:>|^!<p:>)+ ?b . ?b (!<p:>|^!<p:>)+ ?c }",
    "construct": f"CONSTRUCT {{ ?a0 ?b1 ?c2 }} WHERE {{ {_ALL} }}",
    "doubling": "SELECT (STRLEN(?x40) AS ?n) { BIND('xxxxxxxx' AS ?x0) "
    + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(40))
    + " }",
    "regular expression": "SELECT * { ?a ?b ?c FILTER REGEX(STR(?c), '"
    + "(x?){1000}" * 100
    + "') }",
    "minus": f"SELECT (COUNT(*) AS ?n) {{ {_ALL} MINUS {{ {_ALL.replace('?a0', '?z')} }} }}",
    "exists": "SELECT (COUNT(*) AS ?n) { ?x ?y ?z FILTER NOT EXISTS "
    f"{{ {_ALL} FILTER(?c0 = ?z && ?c1 = 5) }} }}",
}
REFUSED = {
    **{f"nested {name}": query for name, query in NESTED.items()},
    **CHAINS,
    **CUT,
    **LARGE,
}
