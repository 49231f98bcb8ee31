"""Results as values that can be compared: ours and the expected, both read by rdflib."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO

from rdflib import BNode, Graph, Literal
from rdflib.compare import isomorphic
from rdflib.namespace import XSD
from rdflib.plugins.sparql.results.rdfresults import RDFResultParser
from rdflib.query import Result
from rdflib.term import Node

# A row: (variable, term) pairs; a term is itself, or a blank node to be matched.
Row = frozenset[tuple[str, object]]
_REAL = {XSD.double, XSD.float}
_EXACT = {XSD.decimal, XSD.integer}


def read(text: bytes, form: str) -> Result:
    """Return a SELECT or ASK result; in Turtle it is a graph of the DAWG result set vocabulary."""
    if form == "turtle":
        return RDFResultParser().parse(BytesIO(text), format=form)
    return Result.parse(BytesIO(text), format=form)


def same_rows(ours: Result, theirs: Result) -> bool:
    """Whether two results hold the same, blank nodes apart; order does not count."""
    if ours.type == "ASK" or theirs.type == "ASK":
        return (ours.type, ours.askAnswer) == (theirs.type, theirs.askAnswer)
    left, right = _rows(ours), _rows(theirs)
    return set(map(str, ours.vars or ())) == set(map(str, theirs.vars or ())) and _match(
        left, right
    )


def same_graph(one: bytes, two: bytes, base: str) -> bool:
    """Whether two graphs, N-Triples and Turtle, are isomorphic."""
    ours = Graph().parse(data=one, format="nt")
    theirs = Graph().parse(data=two, format="turtle", publicID=base)
    return bool(isomorphic(ours, theirs))


def _rows(result: Result) -> list[Row]:
    return [
        frozenset((str(name), _term(term)) for name, term in row.items() if term is not None)
        for row in result.bindings
    ]


def _term(node: Node) -> object:
    return _value(node) if isinstance(node, Literal) else node


def _value(literal: Literal) -> tuple[str, str, str]:
    """Return the literal so that two writings of one number are alike."""
    text = str(literal)
    if literal.datatype in _REAL:
        text = repr(float(text))
    elif literal.datatype in _EXACT:
        text = str(Decimal(text).normalize())
    elif literal.datatype == XSD.boolean:
        text = {"0": "false", "1": "true"}.get(text, text)
    datatype = str(literal.datatype or XSD.string)
    return text, datatype, (literal.language or "").lower()


def _match(left: Sequence[Row], right: Sequence[Row]) -> bool:
    """Whether some one-to-one naming of blank nodes makes the rows the same, as multisets."""
    if len(left) != len(right):
        return False
    if not any(isinstance(term, BNode) for row in left for _, term in row):
        return Counter(left) == Counter(right)
    return any(True for _ in _namings(list(left), list(right), {}))


def _namings(
    left: list[Row], right: list[Row], known: dict[BNode, BNode]
) -> Iterator[dict[BNode, BNode]]:
    if not left:
        yield known
        return
    first, *rest = left
    for place, other in enumerate(right):
        more = _named(first, other, known)
        if more is not None:
            yield from _namings(rest, right[:place] + right[place + 1 :], more)


def _named(row: Row, other: Row, known: dict[BNode, BNode]) -> dict[BNode, BNode] | None:
    """Return the naming that makes the rows alike; None where there is none."""
    one, two = dict(row), dict(other)
    if one.keys() != two.keys():
        return None
    made = dict(known)
    for name, term in one.items():
        fits = two[name]
        if isinstance(term, BNode) and isinstance(fits, BNode):
            if made.setdefault(term, fits) != fits:
                return None
        elif term != fits:
            return None
    return made if len(set(made.values())) == len(made) else None
