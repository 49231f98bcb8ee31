"""Errors on the wire: RFC 9457 documents for machines, a page for people.

Purpose: the one map from the error tree to HTTP, by class along the MRO, so that a new error is
answered like its parent. A Gone is always the same bytes: it tells no cause, no time, no name
(docs/design/interface.md "HTTP").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import (
    Conflict,
    CredenceError,
    DataInvalid,
    EnvironmentFault,
    Gone,
    NotFound,
    Overloaded,
    QueryRefused,
    QuerySyntax,
    QueryTimeout,
    QueryTooLarge,
    StoreUnavailable,
    UsageError,
    VerificationFailed,
)
from exchange.domain.personal_data import mask
from publisher.web.http import replies
from publisher.web.messages.common import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import WSGIEnvironment

    from publisher.web.pages.renderer import Pages

TYPES: Final = "https://w3id.org/credence/problem/"
RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """HTTP status, type and titles for one class of error."""

    status: int
    slug: str
    zh: str
    en: str

    def title(self, lang: str) -> str:
        """Return the title in `zh` or `en`."""
        return self.zh if lang == "zh" else self.en


class NotAcceptable(CredenceError):
    """The client accepts none of the media types offered."""

    def __init__(self, offers: Iterable[str]) -> None:
        types = ", ".join(offers)
        super().__init__(
            "What stands here is not offered in that type.",
            f"Ask for one of: {types}.",
            zh="这里没有所要的格式。",
            zh_hint=f"可选格式：{types}。",
        )


class MethodNotAllowed(CredenceError):
    """The address does not know the method; `details["allow"]` lists those it knows."""

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(
            f"This address does not know {method}.",
            f"Use one of: {allow}.",
            allow=allow,
            zh=f"这个网址不支持 {method} 方法。",
            zh_hint=f"可用方法：{allow}。",
        )


class UnsupportedMedia(CredenceError):
    """The request body is of a type that is not read here."""


class BadRequest(CredenceError):
    """The request is malformed."""


class Unauthorized(CredenceError):
    """The address needs a token."""

    def __init__(self) -> None:
        super().__init__(
            "This address asks for a token.",
            "Send it as Authorization: Bearer TOKEN.",
            zh="访问这个网址需要令牌。",
            zh_hint="请以 Authorization: Bearer 令牌 的形式发送。",
        )


class BodyCut(BadRequest):
    """The body of a request ended before its length."""

    def __init__(self, got: int, length: int) -> None:
        super().__init__(
            f"The body ended after {got} of {length} bytes.",
            "Send all of it, or its true length.",
            zh=f"请求正文应有 {length} 字节，只收到 {got} 字节。",
            zh_hint="请发送完整的正文，或写明实际长度。",
        )


class BodyTooSlow(CredenceError):
    """The body of a request did not come in time, or kept the place of others."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The body of the request did not come within {seconds:g} seconds, or while others "
            "waited for its place.",
            "Send the body at once, one request at a time; a short query also goes by GET.",
            zh=f"请求正文未在 {seconds:g} 秒内到达，或占住了其他请求的位置。",
            zh_hint="请一次发完正文，且不要同时发送多个请求；短查询也可用 GET 发送。",
        )


class UpdateRefused(CredenceError):
    """Somebody tried to write through the query service."""


PROBLEMS: Final[Mapping[type[Exception], Problem]] = {
    CredenceError: Problem(500, "internal", "服务内部出错", "Internal error"),
    DataInvalid: Problem(400, "data-invalid", "数据不合要求", "Invalid data"),
    QueryRefused: Problem(400, "query-refused", "查询不被接受", "Query refused"),
    QuerySyntax: Problem(400, "query-syntax", "查询语法有误", "Query does not parse"),
    QueryTooLarge: Problem(413, "too-large", "查询或结果过大", "Query or answer too large"),
    UsageError: Problem(400, "bad-request", "请求有误", "Bad request"),
    BadRequest: Problem(400, "bad-request", "请求有误", "Bad request"),
    Unauthorized: Problem(401, "unauthorized", "需要令牌", "Token required"),
    UpdateRefused: Problem(403, "read-only", "只读服务", "Read-only service"),
    NotFound: Problem(404, "not-found", "没有这个网址", "Not found"),
    MethodNotAllowed: Problem(405, "method", "不支持这种请求方法", "Method not allowed"),
    NotAcceptable: Problem(406, "not-acceptable", "没有所要的格式", "Not acceptable"),
    BodyTooSlow: Problem(408, "slow-body", "请求正文来得太慢", "Request body too slow"),
    Conflict: Problem(409, "conflict", "记录状态不允许", "Conflict"),
    Gone: Problem(410, "gone", "已停止公示", "No longer shown"),
    UnsupportedMedia: Problem(415, "media-type", "请求正文格式不支持", "Unsupported media type"),
    VerificationFailed: Problem(500, "verification", "校验不通过", "Verification failed"),
    EnvironmentFault: Problem(503, "environment", "服务环境故障", "Environment fault"),
    StoreUnavailable: Problem(503, "store", "三元组库暂不可用", "Store unavailable"),
    QueryTimeout: Problem(503, "timeout", "查询超时", "Query timed out"),
    Overloaded: Problem(503, "overloaded", "服务繁忙", "Overloaded"),
}


def problem_of(error: CredenceError) -> Problem:
    """Return how the error is answered: the entry of its nearest class."""
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)


def answer(error: CredenceError, environ: WSGIEnvironment, pages: Pages) -> replies.Reply:
    """Return the error as a page for a browser, as a problem document for anybody else."""
    problem = problem_of(error)
    if replies.likes_pages(environ):
        page = _page(error, problem, replies.language(environ), pages)
        reply = replies.Reply(page, replies.HTML, problem.status)
    else:
        text = document(error, problem, replies.language(environ, "en"))
        reply = replies.Reply(text, replies.PROBLEM, problem.status)
    return reply.having(*headers(error, problem))


def document(error: CredenceError, problem: Problem, lang: str = "en") -> bytes:
    """Return the RFC 9457 document; English unless `?lang=zh` asks otherwise."""
    shown: dict[str, object] = {
        "type": TYPES + problem.slug,
        "title": problem.title(lang),
        "titleZh": problem.zh,
        "status": problem.status,
    }
    if not isinstance(error, Gone):
        shown["detail"] = " ".join(part for part in sentences(error, lang) if part)
    if isinstance(error, QuerySyntax) and error.line:
        shown |= {"line": error.line, "column": error.column}
    return json.dumps(shown, ensure_ascii=False).encode() + b"\n"


def sentences(error: CredenceError, lang: str) -> tuple[str, str]:
    """Return an error's message and hint in `zh` or `en`, never in the other language.

    An error without Chinese of its own is told by the name of its class.
    """
    what, hint = error.message, error.hint
    if lang == "zh":
        what = str(error.details.get("zh", problem_of(error).zh + "。"))
        hint = str(error.details.get("zh_hint", "请核对后重试；如仍不行，请告知运行人员。"))
    # Errors quote what was asked at times; an ID number is never said again.
    what, hint = mask(what), mask(hint)
    if isinstance(error, QuerySyntax) and error.line:
        place = ("第 {} 行第 {} 列：", "Line {}, column {}: ")[lang != "zh"]
        what = place.format(error.line, error.column) + what
    return what, hint


def _page(error: CredenceError, problem: Problem, lang: str, pages: Pages) -> bytes:
    if isinstance(error, Gone):
        what, hint = message(lang, "gone-text"), message(lang, "gone-hint")
    else:
        what, hint = sentences(error, lang)
    return pages.render("error.html", lang, title=problem.title(lang), what=what, hint=hint)


def headers(error: CredenceError, problem: Problem) -> list[tuple[str, str]]:
    """Return the headers that belong to the error."""
    made = [("Cache-Control", "no-store"), ("Vary", "Accept")]
    if isinstance(error, Gone):
        made.append(("X-Robots-Tag", "noindex"))
    if isinstance(error, Unauthorized):
        made.append(("WWW-Authenticate", "Bearer"))
    if isinstance(error, MethodNotAllowed):
        made.append(("Allow", str(error.details["allow"])))
    if isinstance(error, Overloaded):
        made.append(("Retry-After", str(error.retry_after)))
    elif problem.status == 503:  # noqa: PLR2004 (RFC 9110 §15.6.4)
        made.append(("Retry-After", str(RETRY_SECONDS)))
    return made
