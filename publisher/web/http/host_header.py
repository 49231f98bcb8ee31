"""The Host header: exactly one, and one that can be a host (RFC 9112 §3.2).

Purpose: what stands before us and we must never read one request as meant for two sites. The host
itself is used for nothing: every address on a page is made of `base_url`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from publisher.web.http.problems import BadRequest

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

# uri-host [":" port] (RFC 3986 §3.2.2), without the comma that joins two headers of the server's.
_HOST: Final = re.compile(
    r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~!$&'()*+;=%-]{1,255})(?::[0-9]{0,5})?"
)
# As granian names it; HTTP/1.0 knew no Host.
_OLD: Final = frozenset({"HTTP/1", "HTTP/1.0"})


def require_host(environ: WSGIEnvironment) -> None:
    """Raise BadRequest unless the request names exactly one valid host."""
    host = environ.get("HTTP_HOST", "")
    old = environ.get("SERVER_PROTOCOL") in _OLD
    if _HOST.fullmatch(host) or (old and not host):
        return
    raise BadRequest(
        "The request must have exactly one Host header with a host name.",
        "Send one Host header (RFC 9112 §3.2).",
        zh="请求必须恰有一个 Host 头，且为有效的主机名。",
        zh_hint="请只发送一个有效的 Host 头（RFC 9112 第 3.2 节）。",
    )
