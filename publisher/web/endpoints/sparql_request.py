"""Reads requests of the SPARQL 1.1 Protocol (W3C, 2013) §2.1: what is asked, whichever way.

Purpose: the one query of a GET, a form, a direct POST or a QUERY request, and what belongs to
it, as one value. Sizes and numbers of parameters are bounded before anything is parsed.
Errors: BadRequest, MethodNotAllowed, UnsupportedMedia, UpdateRefused, QueryTooLarge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from exchange.domain.errors import QueryTooLarge
from publisher.web.http.problems import (
    BadRequest,
    MethodNotAllowed,
    UnsupportedMedia,
    UpdateRefused,
)

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from publisher.web.http.request_body import BodyReader

ALLOW: Final = "GET, HEAD, POST, QUERY, OPTIONS"
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
# A form may spell each byte of a query of 64 KiB as %XX, and name its parameters.
BODY_LIMIT: Final = 200 * 1024
_MOST_PARAMETERS: Final = 100

# As many digits as the largest body that any server would count.
_MOST_DIGITS: Final = 19

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\]*\Z")

_Parameters = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class SparqlRequest:
    """A parsed SPARQL protocol request; without a query the service description is meant.

    `default_graphs` and `named_graphs` are those of the protocol, `form` is `&format=`.
    """

    query: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    form: str | None = None


def read(environ: WSGIEnvironment, bodies: BodyReader) -> SparqlRequest:
    """Parse a request. Raises the errors of this module and of `BodyReader.read`."""
    parameters = _parameters(environ, bodies)
    if "update" in parameters:
        raise BadRequest(
            "An update may not stand in an address.",
            "Send a query; the service is read-only.",
            zh="网址中不得带有更新操作。",
            zh_hint="请发送查询；本服务只读。",
        )
    queries = parameters.get("query", [])
    if len(queries) > 1:
        raise BadRequest(
            "There is more than one query.",
            "Send exactly one.",
            zh="请求中有不止一个查询。",
            zh_hint="每次请只发送一个查询。",
        )
    default, named = (
        tuple(parameters.get(f"{name}-graph-uri", ())) for name in ("default", "named")
    )
    if not all(map(_ABSOLUTE.match, (*default, *named))):
        raise BadRequest(
            "A graph is not named by a full IRI.",
            "Write default-graph-uri and named-graph-uri in full, with a scheme.",
            zh="图的名称不是完整网址。",
            zh_hint="请在 default-graph-uri 和 named-graph-uri 中写出完整网址。",
        )
    form = parameters["format"][-1] if "format" in parameters else None
    return SparqlRequest(queries[0] if queries else None, default, named, form)


def _parameters(environ: WSGIEnvironment, bodies: BodyReader) -> _Parameters:
    method = environ["REQUEST_METHOD"]
    given = _decode(environ.get("QUERY_STRING", ""))
    if method in {"GET", "HEAD"}:
        return given
    if method not in {"POST", "QUERY"}:
        raise MethodNotAllowed(method, ALLOW)
    return _posted(environ, bodies, given)


def _posted(environ: WSGIEnvironment, bodies: BodyReader, given: _Parameters) -> _Parameters:
    """Return the parameters of the address and the body together."""
    media = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    accepted = f"{QUERY}, {FORM}"
    if media == QUERY:
        given.setdefault("query", []).append(_utf8(_body(environ, bodies)))
        return given
    if media == FORM:
        for name, values in _decode(_body(environ, bodies).decode("latin-1")).items():
            given.setdefault(name, []).extend(values)
        if "update" not in given:
            return given
    if media in {FORM, UPDATE}:
        raise UpdateRefused(
            "The query service is read-only.",
            "Send a query, not an update.",
            zh="查询服务只读。",
            zh_hint="请发送查询，不要发送更新。",
        )
    if not media:
        raise BadRequest(
            "The request names no Content-Type.",
            f"Send one of: {accepted}.",
            zh="请求没有写明 Content-Type。",
            zh_hint=f"可用类型：{accepted}。",
        )
    raise UnsupportedMedia(
        f"{media} is not read here.",
        f"Send one of: {accepted}.",
        zh=f"不接受 {media} 格式的请求正文。",
        zh_hint=f"可用类型：{accepted}。",
    )


def _body(environ: WSGIEnvironment, bodies: BodyReader) -> bytes:
    """Read the body, at most BODY_LIMIT bytes.

    Raises QueryTooLarge, BadRequest and those of `BodyReader.read`.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if length and not (length.isdecimal() and len(length) <= _MOST_DIGITS):
        raise BadRequest(
            "Content-Length is not a number.",
            "Send the number of bytes.",
            zh="Content-Length 不是数字。",
            zh_hint="请写明字节数。",
        )
    if not length or int(length) <= BODY_LIMIT:
        body = bodies.read(environ, BODY_LIMIT + 1)
        if len(body) <= BODY_LIMIT:
            return body
    raise QueryTooLarge(
        f"The request has more than {BODY_LIMIT} bytes.",
        "A query may have 64 KiB of text.",
        zh=f"请求超过 {BODY_LIMIT} 字节。",
        zh_hint="查询文本不得超过 64 KiB。",
    )


def _decode(text: str) -> _Parameters:
    """Return the parameters of a form or an address, given byte for byte as Latin-1 (PEP 3333).

    Bytes that stand there as they are mean what %XX would: `curl -d` sends Chinese so.
    """
    try:
        found = parse_qs(
            text, keep_blank_values=True, encoding="latin-1", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError as error:
        raise BadRequest(
            "There are too many parameters.",
            "Send the query alone.",
            zh="请求的参数过多。",
            zh_hint="请只发送查询。",
        ) from error
    return {_text(name): [_text(value) for value in values] for name, values in found.items()}


def _text(latin: str) -> str:
    return _utf8(latin.encode("latin-1"))


def _utf8(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(
            "The request is not UTF-8.",
            "Encode the query as UTF-8.",
            zh="请求不是 UTF-8 编码。",
            zh_hint="请以 UTF-8 编码发送查询。",
        ) from error
