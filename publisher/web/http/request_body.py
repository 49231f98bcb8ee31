"""Request bodies, read so that senders that stop keep neither threads nor places.

Purpose: the server hands a body on as it comes and waits for the rest without end; a thread that
waits so cannot be called back. So bodies are read on threads of their own, and the thread of the
request waits for them with a deadline. A client has a small share of the bodies on their way;
where a newcomer finds no place, the oldest body of the client that has the most is given up.
The reader of a body that is given up ends when its connection does, and the answer must not be
ended before: `CutShort` makes the server end both (docs/decisions/0038-senders-that-stop.md).
Units: bytes, seconds. Errors: BodyCut, BodyTooSlow, Overloaded.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import CredenceError, Overloaded
from publisher.web.http.problems import BodyCut, BodyTooSlow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from publisher.web.http.replies import Reply

# Bodies being read at once, of all clients and of one, and requests that wait for a place. A sound
# body is there within milliseconds of its headers.
READERS: Final = 32
SHARE: Final = 8
WAITING: Final = 32
# How long a body may take; how long others leave it when they wait for its place; and how long
# they wait.
BODY_SECONDS: Final = 10.0
GRACE_SECONDS: Final = 0.25
WAIT_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.05
_BLOCK: Final = 16 * 1024
_RETRY_SECONDS: Final = 10
# The server sends what it has before it learns that no more comes.
_FLUSH_SECONDS: Final = 0.05


@dataclass(eq=False, slots=True)
class _PendingBody:
    """One request body being read: its client, its start, and its end (`settled`)."""

    client: str
    began: float
    settled: threading.Event = field(default_factory=threading.Event)
    given_up: bool = False
    body: bytes | None = None
    error: Exception | None = None


class BodyReader:
    """Reads the request bodies of one service. Thread-safe.

    `client_of` names the client of a request.
    """

    def __init__(
        self,
        client_of: Callable[[WSGIEnvironment], str] = lambda _: "",
        *,
        readers: int = READERS,
        share: int = SHARE,
        seconds: float = BODY_SECONDS,
    ) -> None:
        self._client_of = client_of
        self._most = readers
        self._share = share
        self._seconds = seconds
        self._changed = threading.Condition()
        self._under_way: list[_PendingBody] = []
        self._waiting: list[_PendingBody] = []
        self._threads = _Threads()

    def read(self, environ: WSGIEnvironment, most: int) -> bytes:
        """Return the body, or its first `most` bytes where it has more.

        A stream without a length ends where the server says so.
        Errors: BodyCut when it ends before its length, BodyTooSlow when it does not come (the
        answer must be a `CutShort` then), Overloaded when too many others are on their way.
        """
        reading = self._begin(self._client_of(environ))
        self._threads.run(lambda: self._take(reading, environ, most))
        reading.settled.wait(self._seconds)
        with self._changed:
            if reading.error is not None:
                raise reading.error
            if reading.body is None:
                reading.given_up = True
                raise BodyTooSlow(self._seconds)
            return reading.body

    def _begin(self, client: str) -> _PendingBody:
        """Wait for a place among the bodies being read, and return it.

        The newest of those that wait is served first: one that was stopped for long gives way.
        """
        reading = _PendingBody(client, time.monotonic())
        until = reading.began + WAIT_SECONDS
        with self._changed:
            self._await(reading)
            try:
                while self._next() is not reading:
                    self._make_room(client)
                    if reading.given_up or time.monotonic() >= until:
                        raise _too_many()
                    self._changed.wait(_LOOK_SECONDS)
            finally:
                self._waiting.remove(reading)
            reading.began = time.monotonic()
            self._under_way.append(reading)
            return reading

    def _await(self, reading: _PendingBody) -> None:
        """Let it wait; beyond the limit the client with the most waiting loses its oldest."""
        self._waiting.append(reading)
        kept = [each for each in self._waiting if not each.given_up]
        if len(kept) > WAITING:
            most = Counter(each.client for each in kept).most_common(1)[0][0]
            next(each for each in kept if each.client == most).given_up = True
            self._changed.notify_all()

    def _next(self) -> _PendingBody | None:
        """Return the newest that waits and whose client has room."""
        room = (each for each in reversed(self._waiting) if self._has_room(each.client))
        return next((each for each in room if not each.given_up), None)

    def _has_room(self, client: str) -> bool:
        own = sum(each.client == client for each in self._under_way)
        return len(self._under_way) < self._most and own < self._share

    def _make_room(self, client: str) -> None:
        """Abort the oldest body of a client with too many, if its grace time is over."""
        if self._has_room(client):
            return
        counts = Counter(each.client for each in self._under_way)
        if counts[client] < self._share:
            client = counts.most_common(1)[0][0]
        leaving = sum(each.given_up for each in self._under_way)
        before = time.monotonic() - GRACE_SECONDS
        for each in self._under_way:
            if leaving >= len(self._waiting):
                return
            if each.client == client and not each.given_up and each.began <= before:
                each.given_up = True
                each.settled.set()
                leaving += 1

    def _take(self, reading: _PendingBody, environ: WSGIEnvironment, most: int) -> None:
        """Read to the end, or until the connection ends; runs on a thread of its own."""
        body, error = None, None
        try:
            body = _taken(environ, most)
        except Exception as problem:  # noqa: BLE001 - raised again by whoever waits
            error = problem
        with self._changed:
            self._under_way.remove(reading)
            if not reading.given_up:
                reading.body, reading.error = body, error
            reading.settled.set()
            self._changed.notify_all()


class _Threads:
    """Threads that are started as they are needed and used again."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0

    def run(self, task: Callable[[], None]) -> None:
        """Run a task on a thread that is idle, else on a new one."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            else:
                threading.Thread(target=self._work, name="body", daemon=True).start()
        self._tasks.put(task)

    def _work(self) -> None:
        while True:
            self._tasks.get()()
            with self._lock:
                self._idle += 1


class CutShort:
    """A reply that lacks its last byte, so that the server ends the connection after it.

    HTTP knows no other way to end a request whose body does not come (RFC 9112 §8): with a
    complete answer the server would go on to wait for the body, and a thread with it.
    """

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        """Answer as a WSGI application."""

        def start(status: str, headers: list[tuple[str, str]], *more: object) -> object:
            kept = [item for item in headers if item[0] != "Content-Length"]
            length = ("Content-Length", str(len(self._reply.body) + 1))
            return start_response(status, [*kept, length, ("Connection", "close")], *more)  # type: ignore[arg-type]

        self._reply(environ, start)  # type: ignore[arg-type]
        return self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        yield self._reply.body
        time.sleep(_FLUSH_SECONDS)


def _too_many() -> CredenceError:
    return Overloaded(
        "Too many requests are still sending their bodies.",
        "Try again later, or send the query by GET.",
        retry_after=_RETRY_SECONDS,
        zh="正在上传正文的请求过多。",
        zh_hint="请稍后再试，或用 GET 发送查询。",
    )


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
