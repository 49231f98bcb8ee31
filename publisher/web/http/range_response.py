"""Answers too large for memory: pieces of known length, whole or by Range (RFC 9110 §13, §14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from werkzeug.http import parse_etags, parse_range_header

from publisher.surfaces.dumps.document_pieces import part_between
from publisher.web.http import replies

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from publisher.surfaces.dumps.document_pieces import Piece

_NO_BYTES: Final = re.compile(r"\s*bytes\s*=\s*-0+\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RangeResponse:
    """A response sent in pieces, whole or by Range; its headers need a strong ETag."""

    pieces: tuple[Piece, ...]
    content_type: str
    headers: tuple[tuple[str, str], ...]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application; HEAD gets the headers alone."""
        tag = replies.header(self.headers, "ETag") or ""
        if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(tag.strip('"')):
            kept = tuple(item for item in self.headers if item[0] != "Content-Encoding")
            return replies.Reply(b"", status=304, headers=kept)(environ, start_response)
        size = sum(piece.size for piece in self.pieces)
        wanted = _wanted(environ, tag, size)
        if wanted is None:
            none = (("Content-Range", f"bytes */{size}"), ("Accept-Ranges", "bytes"))
            return replies.Reply(b"", "text/plain", 416, none)(environ, start_response)
        start, stop, partly = wanted
        status = HTTPStatus.PARTIAL_CONTENT if partly else HTTPStatus.OK
        headers = [
            *self.headers,
            ("Content-Type", self.content_type),
            ("Content-Length", str(stop - start)),
            ("Accept-Ranges", "bytes"),
        ]
        if partly:
            headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
        start_response(f"{status.value} {status.phrase}", headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return [b""]
        return part_between(self.pieces, start, stop)


def _wanted(environ: WSGIEnvironment, tag: str, size: int) -> tuple[int, int, bool] | None:
    """Return which bytes are asked for and whether by a Range; None when there are none such.

    Several ranges at once, or a Range under another state of the file, get the whole. Of a file
    that is shorter than the last bytes asked for, all of it is meant; the last 0 bytes cannot be
    given (RFC 9110 §14.1.2).
    """
    whole = 0, size, False
    given = environ.get("HTTP_RANGE", "")
    asked, nothing = parse_range_header(given), _NO_BYTES.fullmatch(given)
    if environ.get("HTTP_IF_RANGE", tag).strip() != tag or environ["REQUEST_METHOD"] != "GET":
        return whole
    if nothing:
        return None
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return whole
    begin, _ = asked.ranges[0]
    if begin < 0:
        return (max(size + begin, 0), size, True) if size else whole
    found = asked.range_for_length(size)
    return None if found is None else (*found, True)
