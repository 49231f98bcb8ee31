"""Request bodies, read so that slow senders cannot hold every thread that answers.

Purpose: the server hands a body on as it comes and waits for the rest without end, and a thread
that waits so cannot be called back (docs/decisions/0010): thirty senders that stop in the middle
would stop the whole service. So only some may be on their way at once; the threads for them come
on top of those for queries and pages (`publisher/serve.py`).
Units: bytes. Errors: BodyCut, Overloaded.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import Overloaded
from publisher.web.problems import BodyCut

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

# Bodies on their way at once; a sound one is there within milliseconds of its headers.
READERS: Final = 32
_BLOCK: Final = 16 * 1024
_RETRY_SECONDS: Final = 10


class Bodies:
    """Reads the bodies of one service's requests; safe to use from many threads."""

    def __init__(self, readers: int = READERS) -> None:
        self._readers = threading.Semaphore(readers)

    def read(self, environ: WSGIEnvironment, most: int) -> bytes:
        """Return the body, or its first `most` bytes where it has more.

        A stream without a length ends where the server says so.
        Errors: BodyCut when it ends before its length, Overloaded when too many others are on
        their way.
        """
        if not self._readers.acquire(blocking=False):
            raise Overloaded(
                "Too many requests are still sending their bodies.",
                "Try again later, or send the query by GET.",
                retry_after=_RETRY_SECONDS,
                zh="正在上传正文的请求过多。",
                zh_hint="请稍后再试，或用 GET 发送查询。",
            )
        try:
            return _taken(environ, most)
        finally:
            self._readers.release()


def _taken(environ: WSGIEnvironment, most: int) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    if not length and not environ.get("wsgi.input_terminated"):
        return b""
    wanted = min(int(length), most) if length else most
    body = bytearray()
    while len(body) < wanted:
        block = environ["wsgi.input"].read(min(_BLOCK, wanted - len(body)))
        if not block:
            break
        body += block
    if length and len(body) < wanted:
        raise BodyCut(len(body), int(length))
    return bytes(body)
