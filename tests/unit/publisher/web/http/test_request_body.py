"""BodyReader that do not come, held by real pipes: they keep no place from others."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.errors import CredenceError
from publisher.web.http import request_body
from publisher.web.http.problems import BodyCut, BodyTooSlow
from publisher.web.http.replies import Reply
from publisher.web.http.request_body import BodyReader, CutShort

if TYPE_CHECKING:
    from collections.abc import Iterator


def asked(stream: Any, length: str = "", peer: str = "here") -> dict[str, Any]:
    return {
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": length,
        "REMOTE_ADDR": peer,
    }


def made(**limits: Any) -> BodyReader:
    return BodyReader(lambda environ: str(environ["REMOTE_ADDR"]), **limits)


class Pipe:
    """The stream of a body, as a server gives it: reading waits for the sender."""

    def __init__(self) -> None:
        self._receive, self._send = os.pipe()
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def read(self, size: int) -> bytes:
        block = os.read(self._receive, size)
        if not block:
            self._ended.set()
        return block

    def write(self, data: bytes) -> None:
        os.write(self._send, data)

    def end(self) -> None:
        with self._lock:
            send, self._send = self._send, 0
        if send:
            os.close(send)

    def close(self, *, read: bool) -> None:
        self.end()
        assert read or self._ended.wait(20)
        os.close(self._receive)


class Stopped:
    """A sender whose body stops in the middle, and what became of its request."""

    def __init__(self, reading: BodyReader, peer: str) -> None:
        self.outcome = ""
        self._pipe = Pipe()
        self._thread = threading.Thread(target=self._run, args=(reading, peer))
        self._thread.start()

    def _run(self, reading: BodyReader, peer: str) -> None:
        try:
            reading.read(asked(self._pipe, "3", peer), 9)
            self.outcome = "read"
        except CredenceError as error:
            self.outcome = type(error).__name__
        if self.outcome == "BodyTooSlow":
            self.end()  # as the server does after a reply that is cut short

    def end(self) -> None:
        self._pipe.end()

    def finish(self) -> None:
        self._pipe.write(b"ASK")
        self.end()

    def join(self) -> None:
        self._thread.join()

    def close(self) -> None:
        self.end()
        self.join()
        self._pipe.close(read=self.outcome in {"read", "Overloaded"})


@contextmanager
def stopped(reading: BodyReader, count: int, peer: str = "there") -> Iterator[list[Stopped]]:
    lines = [Stopped(reading, peer) for _ in range(count)]
    try:
        time.sleep(0.1)
        yield lines
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize("length", ["", "100"])
def test_no_more_is_read_than_was_asked_for(length: str) -> None:
    stream = BytesIO(b"a" * 100)
    assert made().read(asked(stream, length), 7) == b"a" * 7
    assert stream.tell() == 7


def test_a_body_that_ends_before_its_length_is_cut() -> None:
    with pytest.raises(BodyCut, match="3 of 100 bytes"):
        made().read(asked(BytesIO(b"ASK"), "100"), 1_000)


def test_a_body_without_a_length_ends_with_its_stream() -> None:
    assert BodyReader().read(asked(BytesIO(b"ASK")), 1_000) == b"ASK"
    assert BodyReader().read({"wsgi.input": BytesIO(b"a")}, 7) == b""


def test_a_body_that_does_not_come_is_given_up_at_its_deadline() -> None:
    with stopped(made(seconds=0.3), 1) as lines:
        lines[0].join()
    assert lines[0].outcome == "BodyTooSlow"


def test_a_body_that_comes_late_but_in_time_is_read() -> None:
    with stopped(made(seconds=20), 1) as lines:
        lines[0].finish()
        lines[0].join()
    assert lines[0].outcome == "read"


@pytest.mark.parametrize("peer", ["there", "elsewhere"])
def test_many_senders_that_stop_keep_nobody_waiting(peer: str) -> None:
    reading = made()
    with stopped(reading, 40) as lines:
        began = time.monotonic()
        for _ in range(3):
            assert reading.read(asked(BytesIO(b"ASK"), "3", peer), 9) == b"ASK"
        assert time.monotonic() - began < 9
    outcomes = {line.outcome for line in lines}
    assert outcomes <= {"BodyTooSlow", "BodyCut", "Overloaded"}
    assert "BodyTooSlow" in outcomes


def test_a_client_gets_its_share_only_and_others_are_not_given_up_for_it() -> None:
    reading = made(readers=8, share=2, seconds=60)
    with stopped(reading, 1, "quiet") as quiet, stopped(reading, 6, "many"):
        time.sleep(0.6)
        assert reading.read(asked(BytesIO(b"ASK"), "3", "many"), 9) == b"ASK"
        assert quiet[0].outcome == ""
        quiet[0].finish()
        quiet[0].join()
    assert quiet[0].outcome == "read"


def test_where_all_places_are_taken_the_client_with_the_most_gives_way() -> None:
    reading = made(readers=3, share=2, seconds=60)
    with stopped(reading, 1, "one") as one, stopped(reading, 2, "two") as two:
        assert reading.read(asked(BytesIO(b"ASK"), "3", "three"), 9) == b"ASK"
        assert one[0].outcome == ""
        assert [line.outcome for line in two].count("BodyTooSlow") == 1


def test_a_newcomer_is_refused_where_no_place_becomes_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_body, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(request_body, "GRACE_SECONDS", 60)
    reading = made(readers=1, seconds=60)
    with (
        stopped(reading, 1),
        pytest.raises(CredenceError, match="still sending") as caught,
    ):
        reading.read(asked(BytesIO(b"ASK"), "3"), 9)
    assert caught.value.retry_after >= 1  # type: ignore[attr-defined]
    assert caught.value.details["zh_hint"]


def test_threads_are_used_again() -> None:
    reading, before = made(), threading.active_count()
    for _ in range(50):
        reading.read(asked(BytesIO(b"ASK"), "3"), 9)
    assert threading.active_count() <= before + 2


def test_a_reply_that_is_cut_short_promises_one_byte_more_than_it_has() -> None:
    started: list[Any] = []

    def start(*given: Any) -> Any:
        started.extend(given)

    reply = Reply(b"{}", "application/problem+json", 408)
    pieces = CutShort(reply)({"REQUEST_METHOD": "POST"}, start)
    assert b"".join(pieces) == b"{}"
    assert started[0] == "408 Request Timeout"
    assert ("Content-Length", "3") in started[1]
    assert ("Content-Length", "2") not in started[1]


def test_the_error_says_what_to_do_in_both_languages() -> None:
    error = BodyTooSlow(10)
    assert "at once" in error.hint
    assert "一次发完" in error.details["zh_hint"]
