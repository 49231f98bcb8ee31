"""The guard before the engine: what a stranger's query may hold.

Purpose: keep out what would kill a worker (6 KB of nested braces overflow the engine's stack), or
make it call other hosts (SERVICE in any spelling), or pretend to be an update. A pure function;
it errs on the side of refusing, and every refusal says how to mend the query.
Errors: QueryTooLarge, QuerySyntax, QueryRefused from exchange.domain.errors.
Source: docs/decisions/0004-socket-filter.md; SPARQL 1.1 Query Language §19 (W3C, 2013).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from exchange.domain.errors import QueryRefused, QuerySyntax, QueryTooLarge
from publisher.stores.query_dataset import Dataset, dataset_of
from publisher.stores.query_fingerprint import is_repeatable, shape_of
from publisher.stores.sparql_lexer import Token, decoded, ends_operand, fail, tokens

MAX_BYTES: Final = 64 * 1024
MAX_NESTING: Final = 100
MAX_CHAIN: Final = 200
MAX_STATEMENTS: Final = 2_000

_FORMS: Final = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_UPDATES: Final = frozenset(
    {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
)
# Each of these adds a level to the tree the engine walks recursively, written side by side or not.
_CHAIN_WORDS: Final = frozenset({"UNION", "OPTIONAL", "MINUS", "AS", "GRAPH", "LATERAL", "VALUES"})
_CHAIN_MARKS: Final = frozenset({"||", "&&", "|", "/"})
_PREFIX_MARKS: Final = frozenset({"!", "-", "+", "^", "^^"})
_OPENING: Final = frozenset({"{", "(", "[", "<<"})
_CLOSING: Final = frozenset({"}", ")", "]", ">>"})


@dataclass(frozen=True, slots=True)
class GuardedQuery:
    """A query that passed: its form (SELECT, ASK, CONSTRUCT or DESCRIBE) and its text.

    `dataset` holds the graphs it names, None where it names none; those of the protocol replace
    them (SPARQL 1.1 Protocol §2.1.4). `base` resolves its relative IRIs, if it has any. `shape`
    is the same for queries that differ in strings, IRIs, numbers and names of variables only;
    empty where it is not known. `repeatable` says that the same data give the same answer.
    """

    form: str
    text: str
    dataset: Dataset | None = None
    base: str = ""
    shape: str = ""
    repeatable: bool = True


@dataclass(slots=True)
class _Counts:
    """Counters of a scan; `opened` has each open bracket and its weight."""

    opened: list[tuple[str, int]] = field(default_factory=list)
    nesting: int = 0
    run: int = 0
    chain: int = 0
    statements: int = 0
    data_at: int = -1
    values_pending: bool = False


def check(query: str | bytes, base: str = "") -> GuardedQuery:
    """Return the form of a query that may go to the engine; `base` resolves its relative IRIs.

    Both readings of codepoint escapes must pass: SPARQL 1.1 decodes them before anything else,
    Oxigraph only inside strings and IRIs, and a remote store may do either.
    Errors: QueryTooLarge over 64 KiB; QuerySyntax (line, column) for text no reading accepts;
    QueryRefused for SERVICE, an update form, nesting over 100 or chains over 200.
    """
    text = _as_text(query)
    query_tokens, form, dataset = _inspect(text, base)
    repeatable = is_repeatable(query_tokens)
    plain = decoded(text)
    if plain != text:
        other, *parsed = _inspect(plain, base)
        if parsed != [form, dataset]:
            raise QueryRefused(
                "The escapes of this query change its form or its graphs.",
                "Write it without escapes.",
                zh="查询中的转义会改变查询的形式或所指的图。",
                zh_hint="请不用转义书写。",
            )
        repeatable = repeatable and is_repeatable(other)
    return GuardedQuery(form, text, dataset, base, shape_of(query_tokens), repeatable)


def _as_text(query: str | bytes) -> str:
    if len(query) > MAX_BYTES:
        raise _too_large(len(query))
    try:
        raw = query if isinstance(query, bytes) else query.encode("utf-8")
        text = raw.decode("utf-8")
    except UnicodeError as problem:
        raise QuerySyntax(
            "The query is not UTF-8.",
            "Send the query as UTF-8 text.",
            line=1,
            column=1,
            zh="查询文本不是 UTF-8 编码。",
            zh_hint="请以 UTF-8 编码发送。",
        ) from problem
    if len(raw) > MAX_BYTES:
        raise _too_large(len(raw))
    return text


def _too_large(size: int) -> QueryTooLarge:
    return QueryTooLarge(
        f"The query has {size} bytes or more; at most {MAX_BYTES} are taken.",
        "Split the query, or download a dump and query it at home.",
        zh=f"查询文本至少有 {size} 字节，超过上限 {MAX_BYTES} 字节。",
        zh_hint="请拆分查询，或下载数据文件后在本地查询。",
    )


def _inspect(text: str, base: str) -> tuple[list[Token], str, Dataset | None]:
    """Count and refuse in one reading of the text; return its tokens, form and dataset."""
    query_tokens = list(tokens(text, based=bool(base)))
    counts = _Counts()
    form = ""
    for index, token in enumerate(query_tokens):
        _refuse_service(query_tokens, index)
        if token.sort == "word":
            word = token.text.upper()
            if word in _UPDATES:
                raise QueryRefused(
                    f"{word} belongs to an update, and this address only reads.",
                    "Send a SELECT, ASK, CONSTRUCT or DESCRIBE query.",
                    zh=f"{word} 属于更新操作，本服务只读。",
                    zh_hint="请发送 SELECT、ASK、CONSTRUCT 或 DESCRIBE 查询。",
                )
            form = form or (word if word in _FORMS else "")
        _count(counts, token, query_tokens[index - 1] if index else token)
    if not form:
        fail(
            text,
            len(text),
            "No SELECT, ASK, CONSTRUCT or DESCRIBE was found.",
            "没有找到 SELECT、ASK、CONSTRUCT 或 DESCRIBE。",
        )
    return query_tokens, form, dataset_of(query_tokens, base)


def _refuse_service(query_tokens: list[Token], index: int) -> None:
    """Refuse SERVICE as a keyword, also glued to its neighbours or hidden in a prefixed name.

    No other keyword holds the word. In a prefixed name it is a name, unless what follows has the
    shape `term {`: then the engine backtracks and reads `SERVICE:x {` as SERVICE with IRI `:x`.
    """
    token = query_tokens[index]
    if token.sort not in {"word", "name"} or "SERVICE" not in token.text.upper():
        return
    if token.sort == "name" and not _group_follows(query_tokens, index + 1):
        return
    raise QueryRefused(
        "SERVICE is not allowed: this endpoint asks no other endpoint.",
        "Query the other endpoint from your side and join there; if the word is part of a name "
        "before a brace, write that IRI in full between < and >.",
        zh="不接受 SERVICE：本服务不向其他服务发出请求。",
        zh_hint="请自行查询对方服务后合并；如果它只是花括号前某个名称的一部分，请用尖括号写出完整网址。",
    )


def _group_follows(query_tokens: list[Token], start: int) -> bool:
    for token in query_tokens[start : start + 3]:
        if token.text == "{":
            return True
        if token.sort not in {"iri", "variable", "name"} and token.text.upper() != "SILENT":
            return False
    return False


def _count(counts: _Counts, token: Token, before: Token) -> None:
    """Move the counters by one token and refuse what exceeds a limit."""
    _track_values(counts, token)
    if token.sort == "word":
        counts.chain += token.text.upper() in _CHAIN_WORDS
    elif token.sort == "mark":
        _count_mark(counts, token.text, before)
    if token.sort != "mark" or token.text not in _PREFIX_MARKS:
        counts.run = 0
    if counts.nesting + counts.run > MAX_NESTING:
        raise QueryRefused(
            f"The query nests deeper than {MAX_NESTING} levels.",
            "Flatten braces, parentheses and repeated prefix operators.",
            zh=f"查询嵌套超过 {MAX_NESTING} 层。",
            zh_hint="请减少括号和重复的前置运算符。",
        )
    if counts.chain > MAX_CHAIN:
        raise QueryRefused(
            f"The query has more than {MAX_CHAIN} chained elements.",
            "Use VALUES or IN for long lists, or send several queries.",
            zh=f"查询串接的成分超过 {MAX_CHAIN} 个。",
            zh_hint="长列表请用 VALUES 或 IN，或分成几次查询。",
        )
    if counts.statements > MAX_STATEMENTS:
        raise QueryRefused(
            f"The query has more than {MAX_STATEMENTS} patterns.",
            "Use VALUES for long lists, or send several queries.",
            zh=f"查询的图模式超过 {MAX_STATEMENTS} 个。",
            zh_hint="长列表请用 VALUES，或分成几次查询。",
        )


def _track_values(counts: _Counts, token: Token) -> None:
    """Note where the data of a VALUES block stand: rows are data, whatever their number."""
    if token.sort == "word" and token.text.upper() == "VALUES":
        counts.values_pending = True
    elif counts.values_pending and token.text == "{":
        counts.values_pending = False
        counts.data_at = len(counts.opened)


def _count_mark(counts: _Counts, mark: str, before: Token) -> None:
    if mark in _OPENING:
        weight = 1 + counts.run
        counts.opened.append((mark, weight))
        counts.nesting += weight
    elif mark in _CLOSING:
        counts.nesting -= counts.opened.pop()[1] if counts.opened else 0
        if len(counts.opened) <= counts.data_at:
            counts.data_at = -1
    elif counts.data_at < 0:
        counts.run += len(mark) if mark in _PREFIX_MARKS else 0
        counts.chain += _chains(mark, before)
        counts.statements += mark in {".", ";"} or (mark == "," and not _in_arguments(counts))


def _chains(mark: str, before: Token) -> bool:
    """Whether the mark joins two operands: a sign before a number and `SELECT *` do not."""
    if mark in {"+", "-"}:
        return ends_operand(before)
    if mark == "*":
        return before.text.upper() not in {"SELECT", "DISTINCT", "REDUCED", "DESCRIBE", "("}
    return mark in _CHAIN_MARKS


def _in_arguments(counts: _Counts) -> bool:
    """Tell argument commas from those in braces, each of which starts one more triple."""
    return bool(counts.opened) and counts.opened[-1][0] == "("
