"""Tokens of a SPARQL query, read the way a scannerless engine may read them.

Purpose: the guard must see what the engine sees. Oxigraph's parser has no lexer of its own: it
tries alternatives at every character and backtracks, so keywords need no blank around them
(`1SERVICE<x>{}`), a string with a bad escape becomes two strings, and `<` may open an IRI or mean
"less than". Where two readings are possible and they would hide different text, `tokens` refuses
instead of guessing.
Errors: QuerySyntax for text no reading accepts; QueryRefused for text with two readings.
Source: SPARQL 1.1 Query Language §19 (W3C, 2013); observed behaviour of pyoxigraph 0.5.13.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from exchange.domain.errors import QueryRefused, QuerySyntax

_BASE: Final = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME: Final = _BASE + "_0-9\u00b7\u0300-\u036f\u203f-\u2040-"
_ESCAPE: Final = r"\\(?:[tbnrf\"'\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"
_UCHAR: Final = r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"
_LOCAL_END: Final = rf"[{_NAME}:]|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?#@%]"

# The prefix part has a bounded length and gives nothing back: "a.a.a.a" must stay linear.
_TOKEN: Final = re.compile(
    rf"""
    (?P<blank>[ \t\r\n]+|\#[^\r\n]*)
  | (?P<string>\"\"\"(?:\"{{0,2}}(?:[^\"\\]|{_ESCAPE}))*\"\"\"
             |'''(?:'{{0,2}}(?:[^'\\]|{_ESCAPE}))*'''
             |\"(?!\"\")(?:[^\"\\\r\n]|{_ESCAPE})*\"
             |'(?!'')(?:[^'\\\r\n]|{_ESCAPE})*')
  | (?P<iri><(?:[^<>\"{{}}|^`\\\x00-\x20]|{_UCHAR})*>)
  | (?P<variable>[?$][{_BASE}_0-9][{_NAME}]*)
  | (?P<name>(?:_|[{_BASE}][{_NAME}.]{{0,127}}+)?:(?:(?:{_LOCAL_END}|\.)*(?:{_LOCAL_END}))?)
  | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
  | (?P<word>[{_BASE}_][{_NAME}]*)
  | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<mark>\^\^|&&|\|\||!=|<=|>=|<<|>>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CODEPOINT: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LAST_CODEPOINT: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
_ABSOLUTE: Final = re.compile(r"<([A-Za-z][A-Za-z0-9+.\-]*):(//)?")
# Inside a "less than" reading these characters would open a string, a comment or a bracket.
_HIDING: Final = re.compile(r"[#'()\[\]]|service", re.IGNORECASE)
_OPERANDS: Final = frozenset({"string", "iri", "variable", "name", "number", "language"})


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its sort (a group of the pattern), its text and where it starts."""

    sort: str
    text: str
    start: int


def decoded(text: str) -> str:
    r"""Replace \uXXXX and \UXXXXXXXX by their characters, before any other reading (§19.2).

    Errors: QuerySyntax for a surrogate or a number beyond Unicode; the engine would drop the
    string that holds it and read the rest differently.
    """

    def character(found: re.Match[str]) -> str:
        number = int(found[1] or found[2], 16)
        if number > _LAST_CODEPOINT or number in _SURROGATES:
            fail(text, found.start(), "The escape names no character.", "转义序列不对应任何字符。")
        return chr(number)

    return _CODEPOINT.sub(character, text)


def fail(text: str, start: int, message: str, zh: str) -> NoReturn:
    """Raise QuerySyntax with the line and column of an offset, both counted from 1."""
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    raise QuerySyntax(
        message,
        "Mend the query at the place named and send it again.",
        line=line,
        column=column,
        zh=zh,
        zh_hint="请改正指出的位置后重试。",
    )


def tokens(text: str, *, based: bool = False) -> Iterator[Token]:
    """Yield the tokens of a query without blanks and comments.

    With `based` the engine is given a base, so that relative IRIs need no BASE in the query.

    Errors: QuerySyntax for an open string or a bad escape; QueryRefused where `<` has two
    readings that would hide different text.
    """
    declared: set[str] = set()
    before = last = Token("start", "", 0)
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        assert found is not None  # noqa: S101 - the last alternative takes any character
        token = Token(found.lastgroup or "mark", found[0], place)
        place = found.end()
        if token.sort == "blank":
            continue
        if token.text in "\"'" or (token.sort == "mark" and token.text == "\\"):
            fail(
                text,
                token.start,
                "A string is not closed, or holds an unknown escape.",
                "字符串没有结束，或含有未知的转义。",
            )
        if token.sort == "iri" and _operator_possible(last, before, token, declared, based=based):
            token = Token("mark", "<", token.start)
            place = token.start + 1
        if token.sort == "name" and last.text.upper() == "PREFIX":
            declared.add(token.text.split(":", 1)[0])
        based = based or (token.sort == "word" and token.text.upper() == "BASE")
        before, last = last, token
        yield token


def _operator_possible(
    last: Token, before: Token, token: Token, declared: set[str], *, based: bool
) -> bool:
    """Whether `<` after this token is "less than"; refuses where both readings stand.

    An IRI after an operand is a relative one (which no query without BASE may hold), or begins
    with a scheme; `scheme:` as an operand needs a declared prefix, and `//` is no expression.
    """
    if before.text.upper() == "PREFIX" or not ends_operand(last):
        return False
    absolute = _ABSOLUTE.match(token.text)
    if absolute and (absolute[2] or absolute[1] not in declared):
        return False
    if not absolute and not based:
        return True
    if _HIDING.search(token.text):
        raise QueryRefused(
            'A "<" in this query can be read as an IRI and as "less than".',
            'Put a blank after "less than", and write IRIs in full, beginning with http.',
            zh="查询中的“<”既可读作网址的开头，也可读作小于号。",
            zh_hint="请在小于号后加空格，并把网址写完整（以 http 开头）。",
        )
    return False


def ends_operand(token: Token) -> bool:
    """Whether an expression may end with this token, so that an operator may follow."""
    if token.sort == "word":
        return token.text.lower().endswith(("true", "false"))
    return token.sort in _OPERANDS or token.text in {")", "]", ">>"}
