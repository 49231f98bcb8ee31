"""Request bodies, read so that a slow sender holds no thread that could answer somebody else.

Purpose: the server hands a body on as it comes, without a time limit; some thirty senders that
stop in the middle would hold every thread of the service for ever (docs/decisions/0010). So
each body is read by a thread of its own that is waited for a bounded time, few requests may wait
at once, and what the late ones leave behind is bounded too.
Units: bytes, seconds. Errors: BodyLate, BodyCut, Overloaded.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import Overloaded
from publisher.web.problems import BodyCut, BodyLate

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

# A body of the largest size takes less than a second on any line that is of use.
SECONDS: Final = 10.0
# Fewer than the server has threads to spare, so that pages are answered meanwhile.
WAITING: Final = 6
# A reader whose sender neither goes on nor leaves cannot be ended; each costs a thread's stack.
UNFINISHED: Final = 64
_BLOCK: Final = 16 * 1024


class Bodies:
    """Reads the bodies of one service's requests; safe to use from many threads."""

    def __init__(
        self, seconds: float = SECONDS, waiting: int = WAITING, unfinished: int = UNFINISHED
    ) -> None:
        self._seconds = seconds
        self._waiting = threading.Semaphore(waiting)
        self._unfinished = threading.Semaphore(unfinished)

    def read(self, environ: WSGIEnvironment, most: int) -> bytes:
        """Return the body, or its first `most` bytes where it has more.

        Errors: BodyLate when it does not come in time, BodyCut when it ends too soon, Overloaded
        when too many others are on their way.
        """
        if not self._waiting.acquire(blocking=False):
            raise self._overloaded()
        try:
            return self._begun(environ, most).result(self._seconds)
        except TimeoutError:
            raise BodyLate(self._seconds) from None
        finally:
            self._waiting.release()

    def _begun(self, environ: WSGIEnvironment, most: int) -> Future[bytes]:
        if not self._unfinished.acquire(blocking=False):
            raise self._overloaded()
        body: Future[bytes] = Future()

        def take() -> None:
            try:
                body.set_result(_taken(environ, most))
            except Exception as error:  # noqa: BLE001 - handed to whoever waits for the body
                body.set_exception(error)
            finally:
                self._unfinished.release()

        # A daemon: an unfinished one must not keep the process from ending.
        threading.Thread(target=take, name="body", daemon=True).start()
        return body

    def _overloaded(self) -> Overloaded:
        return Overloaded(
            "Too many requests are still sending their bodies.",
            "Try again later, or send the query by GET.",
            retry_after=int(self._seconds) + 1,
            zh="正在上传正文的请求过多。",
            zh_hint="请稍后再试，或用 GET 发送查询。",
        )


def _taken(environ: WSGIEnvironment, most: int) -> bytes:
    """Read up to `most` bytes; a stream without a length ends where the server says so."""
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
