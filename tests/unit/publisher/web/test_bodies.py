"""Bodies that do not come, held by real pipes: beyond some, nobody waits for them."""

from __future__ import annotations

import os
import threading
import time
from io import BytesIO
from typing import Any

import pytest

from exchange.domain.errors import Overloaded
from publisher.web.bodies import Bodies
from publisher.web.problems import BodyCut


def asked(stream: Any, length: str = "") -> dict[str, Any]:
    return {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": length}


@pytest.mark.parametrize("length", ["", "100"])
def test_no_more_is_read_than_was_asked_for(length: str) -> None:
    stream = BytesIO(b"a" * 100)
    assert Bodies().read(asked(stream, length), 7) == b"a" * 7
    assert stream.tell() == 7


def test_a_body_that_ends_before_its_length_is_cut() -> None:
    with pytest.raises(BodyCut, match="3 of 100 bytes"):
        Bodies().read(asked(BytesIO(b"ASK"), "100"), 1_000)


def test_a_body_without_a_length_ends_with_its_stream() -> None:
    assert Bodies().read(asked(BytesIO(b"ASK")), 1_000) == b"ASK"
    assert Bodies().read({"wsgi.input": BytesIO(b"a")}, 7) == b""


def test_beyond_the_bodies_that_may_be_on_their_way_nobody_waits() -> None:
    bodies, pipes, got = Bodies(readers=2), [os.pipe() for _ in range(2)], []

    def wait(reader: int) -> None:
        with os.fdopen(reader, "rb", buffering=0) as stream:
            got.append(bodies.read(asked(stream, "3"), 9))

    waiting = [threading.Thread(target=wait, args=(reader,)) for reader, _ in pipes]
    for thread in waiting:
        thread.start()
    until = time.monotonic() + 60
    while True:
        time.sleep(0.005)  # the readers need the interpreter to get to their pipes
        try:
            bodies.read(asked(BytesIO(b"ASK"), "3"), 9)
        except Overloaded as refused:
            assert refused.retry_after >= 1  # noqa: PT017 (it may take some rounds to come)
            break
        assert time.monotonic() < until
    for _, writer in pipes:
        os.write(writer, b"ASK")
        os.close(writer)
    for thread in waiting:
        thread.join()
    assert got == [b"ASK", b"ASK"]
    assert bodies.read(asked(BytesIO(b"ASK"), "3"), 9) == b"ASK"
