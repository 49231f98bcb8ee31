"""The dataset that a query names by FROM and FROM NAMED (SPARQL 1.1 Query Language §13.2).

Purpose: the engine is always told the graphs it may read, so that no query reaches the graph
with the store's own notes; whoever names graphs must then get those and no others. Read from the
tokens alone, which may miss a strange spelling: such a one is refused, never passed over.
Errors: QueryRefused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from exchange.domain.errors import QueryRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.stores.sparql_lexer import Token

MAX_GRAPHS: Final = 100
_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")
_GLUED: Final = ("FROM", "NAMED")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs a query may see: merged into its default graph, and by name."""

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def dataset_of(found: Sequence[Token], base: str = "") -> Dataset | None:
    """Return the dataset the query names, None where it names none; `base` as for `check`."""
    names = _Names(base)
    default: list[str] = []
    named: list[str] = []
    for index, token in enumerate(found):
        names.learn(found, index)
        declares = index > 0 and found[index - 1].text.upper() == "PREFIX"
        if token.sort == "name" and not declares and names.glued(token):
            raise _unclear(token)
        if token.sort != "word" or "FROM" not in token.text.upper():
            continue
        if token.text.upper() != "FROM":
            raise _unclear(token)
        after = found[index + 1 : index + 3]
        by_name = bool(after) and after[0].text.upper() == "NAMED"
        graph = names.resolved(after[by_name : by_name + 1], token)
        (named if by_name else default).append(graph)
    _bound(len(default) + len(named))
    return Dataset(tuple(default), tuple(named)) if default or named else None


class _Names:
    """Prefixes and base as far as they have been declared."""

    def __init__(self, base: str) -> None:
        self._prefixes: dict[str, str] = {}
        self._base = base

    def learn(self, found: Sequence[Token], index: int) -> None:
        """Take the declaration that begins at this token, if one does."""
        word = found[index].text.upper()
        after = found[index + 1 : index + 3]
        if word == "BASE" and after and after[0].sort == "iri":
            self._base = _joined(self._base, after[0])
        elif word == "PREFIX" and len(after) > 1 and after[1].sort == "iri":
            prefix = after[0].text.partition(":")[0]
            self._prefixes[prefix] = _joined(self._base, after[1])

    def glued(self, token: Token) -> bool:
        """Whether the engine may read `FROMx:y` as FROM and x:y: the prefix is not declared."""
        prefix = token.text.partition(":")[0]
        return prefix.upper().startswith(_GLUED) and prefix not in self._prefixes

    def resolved(self, tokens: Sequence[Token], place: Token) -> str:
        """Return the graph's IRI in full."""
        if tokens and tokens[0].sort == "iri":
            return _joined(self._base, tokens[0])
        if tokens and tokens[0].sort == "name":
            prefix, _, local = tokens[0].text.partition(":")
            if prefix in self._prefixes:
                return self._prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local)
        raise _unclear(place)


def _joined(base: str, token: Token) -> str:
    """Return the IRI of a token in full."""
    try:
        return urljoin(base, token.text[1:-1])
    except ValueError as error:  # `http://[` begins an address that never ends
        raise QueryRefused(
            f"{token.text[:60]} is no IRI.",
            "Correct the IRI: a host in brackets must be an IPv6 address.",
            zh=f"{token.text[:60]} 不是有效的网址。",
            zh_hint="请改正网址：方括号中的主机须为 IPv6 地址。",
        ) from error


def _bound(count: int) -> None:
    if count > MAX_GRAPHS:
        raise QueryRefused(
            f"The query names more than {MAX_GRAPHS} graphs.",
            "Name fewer; the public data stand in the default graph, which needs no name.",
            zh=f"查询指定的图超过 {MAX_GRAPHS} 个。",
            zh_hint="请减少；公开数据都在默认图中，无需指定。",
        )


def _unclear(token: Token) -> QueryRefused:
    return QueryRefused(
        f"It is not clear which graph {token.text[:40]!r} names.",
        "Write FROM or FROM NAMED, a blank, and the graph's IRI in full between < and >.",
        zh=f"不清楚 {token.text[:40]!r} 指哪个图。",
        zh_hint="请写 FROM 或 FROM NAMED，空格，再用尖括号写出图的完整网址。",
    )
