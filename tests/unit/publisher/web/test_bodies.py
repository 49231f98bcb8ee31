"""Bodies that do not come, held by real pipes: whoever waits is told so, and nobody else waits."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO

import pytest

from exchange.domain.errors import Overloaded
from publisher.web.bodies import Bodies
from publisher.web.problems import BodyCut, BodyLate


@dataclass
class Senders:
    """Requests whose senders have sent `begun` and neither go on nor leave."""

    pipes: list[tuple[BinaryIO, int]] = field(default_factory=list)

    def request(self, length: int | None = 100, begun: bytes = b"ASK") -> dict[str, Any]:
        reader, writer = os.pipe()
        stream = os.fdopen(reader, "rb", buffering=0)
        self.pipes.append((stream, writer))
        os.write(writer, begun)
        asked: dict[str, Any] = {"wsgi.input": stream, "wsgi.input_terminated": True}
        return asked if length is None else {**asked, "CONTENT_LENGTH": str(length)}

    def leave(self) -> None:
        while self.pipes:
            stream, writer = self.pipes.pop()
            os.close(writer)
            threading.Timer(0.5, stream.close).start()


@pytest.fixture
def senders() -> Iterator[Senders]:
    made = Senders()
    yield made
    made.leave()


@pytest.mark.parametrize("length", [100, None])
def test_a_body_that_does_not_come_is_late(senders: Senders, length: int | None) -> None:
    began = time.monotonic()
    with pytest.raises(BodyLate):
        Bodies(seconds=0.1).read(senders.request(length), 1_000)
    assert time.monotonic() - began < 5


def test_a_body_that_ends_too_soon_is_cut(senders: Senders) -> None:
    asked = senders.request()
    senders.leave()
    with pytest.raises(BodyCut):
        Bodies().read(asked, 1_000)


def test_a_body_without_a_length_ends_with_its_stream(senders: Senders) -> None:
    asked = senders.request(None)
    senders.leave()
    assert Bodies().read(asked, 1_000) == b"ASK"


def test_no_more_is_read_than_was_asked_for() -> None:
    stream = BytesIO(b"a" * 100)
    for length in ("", "100"):
        stream.seek(0)
        asked = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": length}
        assert Bodies().read(asked, 7) == b"a" * 7
        assert stream.tell() == 7


def test_a_stream_without_length_or_end_has_no_body() -> None:
    assert Bodies().read({"wsgi.input": BytesIO(b"a")}, 7) == b""


def test_beyond_those_who_may_wait_nobody_waits(senders: Senders) -> None:
    bodies = Bodies(seconds=1.0, waiting=2)
    waiting = [threading.Thread(target=_late, args=(bodies, senders.request())) for _ in range(2)]
    for thread in waiting:
        thread.start()
    time.sleep(0.2)
    with pytest.raises(Overloaded) as caught:
        bodies.read(senders.request(), 1_000)
    assert caught.value.retry_after >= 1
    for thread in waiting:
        thread.join()
    assert bodies.read({"wsgi.input": BytesIO(b"ASK"), "CONTENT_LENGTH": "3"}, 9) == b"ASK"


def _late(bodies: Bodies, asked: dict[str, Any]) -> None:
    with pytest.raises(BodyLate):
        bodies.read(asked, 1_000)


def test_what_late_senders_leave_behind_is_bounded_until_they_leave(senders: Senders) -> None:
    bodies = Bodies(seconds=0.05, unfinished=2)
    for _ in range(2):
        _late(bodies, senders.request())
    with pytest.raises(Overloaded):
        bodies.read(senders.request(), 1_000)
    senders.leave()
    until = time.monotonic() + 5
    while True:
        try:
            assert bodies.read({"wsgi.input": BytesIO(b"ASK"), "CONTENT_LENGTH": "3"}, 9) == b"ASK"
        except Overloaded:
            assert time.monotonic() < until
            time.sleep(0.02)
        else:
            return


def test_an_error_of_the_stream_reaches_whoever_waits() -> None:
    stream = BytesIO()
    stream.close()
    with pytest.raises(ValueError, match="closed file"):
        Bodies().read({"wsgi.input": stream, "CONTENT_LENGTH": "3"}, 9)
