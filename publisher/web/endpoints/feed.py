"""The feeds: static files behind content negotiation, as a plain WSGI callable.

Purpose: hand out what the feed surface wrote, compressed as it lies, with the cache headers of
docs/design/surfaces.md "Feeds": a closed page may be kept for the takedown bound, never past the
next end of a publicity period; roots and open pages are asked for each time. Errors: problem
documents.
Sources: RFC 9110 §12, §13; docs/design/surfaces.md "Feed readers", docs/design/surfaces.md "Feeds".
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_etags

from exchange.domain.errors import CredenceError, NotFound, StoreUnavailable
from publisher.web.http import cache_control, problems, replies
from publisher.web.http.problems import MethodNotAllowed, NotAcceptable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from publisher.web.pages.renderer import Pages

ALLOW: Final = "GET, HEAD, OPTIONS"
# How good each form is at the same wish of the reader. ldes-client wishes for N-Quads 1.0 and
# TriG 0.95, which reads as fast at half the bytes (docs/design/surfaces.md "Feed readers").
_WORTH: Final = {"trig": 1.0, "jsonld": 0.95, "nq": 0.9}
_ADDRESS: Final = re.compile(
    r"/feed/(?P<path>[a-z][a-z0-9-]{0,63}(?:/(?P<part>[pi])/(?P<number>[1-9][0-9]{0,9}))?)"
    r"(?:\.(?P<form>trig|jsonld|nq))?"
)
_VARY: Final = ("Vary", "Accept, Accept-Encoding")
_CORS: Final = (
    ("Access-Control-Allow-Methods", ALLOW),
    ("Access-Control-Allow-Headers", "Accept, If-None-Match"),
    ("Access-Control-Max-Age", "86400"),
)


@dataclass(frozen=True, slots=True)
class FeedService:
    """The WSGI application below `/feed/`.

    `current` is the directory of the feed that is served, a link that moves at a rebuild;
    `takedown_bound` is seconds, `clock` milliseconds.
    """

    current: Path
    pages: Pages
    takedown_bound: float
    clock: Callable[[], int]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Sequence[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            reply = self._reply(environ)
        except CredenceError as error:
            reply = problems.answer(error, environ, self.pages)
        return reply(environ, start_response)

    def _reply(self, environ: WSGIEnvironment) -> replies.Reply:
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return replies.Reply(b"", status=204, headers=(("Allow", ALLOW), *_CORS))
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(method, ALLOW)
        match = _ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if match is None:
            raise _nothing()
        form = match["form"] or _wished(environ.get("HTTP_ACCEPT"))
        # Resolved once: a rebuild may put another tree in place between two looks.
        tree = self.current.resolve()
        # Asked before the page is read: one that closes in between is then handed out whole, and
        # never its open state as one to keep.
        closed = match["part"] == "i" or (match["part"] == "p" and _next_stands(tree, match))
        body = self._read(tree, f"feed/{match['path']}.{form}.gz")
        reply = _encoded(environ, body, replies.SUFFIXES[form])
        return _known(environ, reply.having(("Cache-Control", self._caching(closed=closed)), _VARY))

    def _read(self, tree: Path, name: str) -> bytes:
        for folder in (tree, self.current):
            try:
                return (folder / name).read_bytes()
            except FileNotFoundError:
                continue  # the tree was swapped in between, or there is none
        if not self.current.exists():
            raise StoreUnavailable(
                "No feed has been published yet.",
                "Come back when `credence publish` has run.",
                zh="数据订阅流尚未发布。",
                zh_hint="请在 credence publish 运行后再来。",
            )
        raise _nothing()

    def _caching(self, *, closed: bool) -> str:
        return (
            cache_control.until_next_expiry(self.takedown_bound, self.clock())
            if closed
            else cache_control.REVALIDATE
        )


def _wished(accept: str | None) -> str:
    """Return the form that the reader likes best. Raises NotAcceptable."""
    if not accept or not accept.strip():
        return "trig"
    wishes = parse_accept_header(accept, MIMEAccept)
    worth = {form: wishes.quality(replies.SUFFIXES[form]) * worth for form, worth in _WORTH.items()}
    best = max(worth, key=lambda form: worth[form])
    if not worth[best]:
        raise NotAcceptable(replies.SUFFIXES[form] for form in _WORTH)
    return best


def _next_stands(tree: Path, match: re.Match[str]) -> bool:
    """Return whether the page is closed: its successor exists."""
    kind = match["path"].partition("/")[0]
    return (tree / f"feed/{kind}/p/{int(match['number']) + 1}.trig.gz").exists()


def _encoded(environ: WSGIEnvironment, packed: bytes, media: str) -> replies.Reply:
    """Return the document as it lies, or unpacked; each with a strong tag of its own."""
    tag = hashlib.sha256(packed).hexdigest()[:32]
    if parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING")).quality("gzip"):
        headers = (("Content-Encoding", "gzip"), ("ETag", f'"{tag}-gzip"'))
        return replies.Reply(packed, media, headers=headers)
    return replies.Reply(gzip.decompress(packed), media, headers=(("ETag", f'"{tag}"'),))


def _known(environ: WSGIEnvironment, reply: replies.Reply) -> replies.Reply:
    """Return the reply, or 304 where the reader has it."""
    tag = replies.header(reply.headers, "ETag") or ""
    if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(tag.strip('"')):
        kept = tuple(item for item in reply.headers if item[0] != "Content-Encoding")
        return replies.Reply(b"", reply.media, 304, kept)
    return reply


def _nothing() -> NotFound:
    return NotFound(
        "There is no feed document at this address.",
        "Begin at /feed/all and follow its links.",
        zh="这个网址没有数据流文档。",
        zh_hint="请从 /feed/all 开始，沿链接读取。",
    )
