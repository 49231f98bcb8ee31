"""What two queries have in common, and whether one query always has the same answer.

Purpose: the shape of a query is its tokens without blanks, comments, strings, full IRIs, numbers
and names of variables; programs send one shape with ever other values in it. A query is
repeatable when its answer follows from the data alone: SPARQL has five functions whose result
does not (SPARQL 1.1 Query Language §17.4.2.9, §17.4.2.12, §17.4.2.13, §17.4.4.5, §17.4.5.1).
Everything else is repeatable within one generation of the store, also `SAMPLE`, `GROUP_CONCAT`
and `LIMIT` without `ORDER BY`: the engine reads the same files in the same order.
Errors: none.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from publisher.stores.sparql_lexer import Token

# `STRUUID` ends with `UUID`.
_CHANGING: Final = ("NOW", "RAND", "UUID", "BNODE")
_STANDS_FOR: Final = {"string": '"s"', "iri": "<i>", "number": "0"}
_DIGEST_BYTES: Final = 16


def shape_of(found: Iterable[Token]) -> str:
    """Return a digest of the shape; tokens as `sparql_lexer.tokens` yields them."""
    variables: dict[str, str] = {}
    parts = []
    for token in found:
        if token.sort == "variable":
            parts.append(variables.setdefault(token.text[1:], f"?{len(variables)}"))
        elif token.sort == "word":
            parts.append(token.text.upper())
        else:
            parts.append(_STANDS_FOR.get(token.sort, token.text))
    return hashlib.blake2b(" ".join(parts).encode(), digest_size=_DIGEST_BYTES).hexdigest()


def is_repeatable(found: Sequence[Token]) -> bool:
    """Whether none of the functions is called whose result changes from call to call.

    The engine needs no blank before a name (`ORDER BYRAND()`), so a word that ends with one
    counts too. Names with a prefix are other functions.
    """
    return not any(
        token.sort == "word" and after.text == "(" and token.text.upper().endswith(_CHANGING)
        for token, after in pairwise(found)
    )
