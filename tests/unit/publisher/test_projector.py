"""Who waits for the projector reads surfaces that change under its eyes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import QueryTimeout, StoreUnavailable
from publisher.surfaces.dumps import DumpReader
from publisher.surfaces.runtime.projector_lock import ProjectorLock

if TYPE_CHECKING:
    from publisher.wiring import Deployment


@pytest.mark.parametrize(
    "fault", [FileNotFoundError("swept"), StoreUnavailable("swapped"), QueryTimeout("busy")]
)
def test_a_withdrawal_looks_again_where_a_reader_could_not_read(
    own: Deployment, live: list[str], monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    faults, holds = [fault], DumpReader.contains
    looks: list[str] = []

    def fragile(reader: DumpReader, iri: str) -> bool:
        if faults:
            looks.append("unreadable")
            raise faults.pop()
        looks.append("gone" if not holds(reader, iri) else "there")
        return looks[-1] == "there"

    with own.open() as opened:
        opened.exchange().withdraw(live[0], "repair")
        monkeypatch.setattr(DumpReader, "contains", fragile)
        # Another process projects, and changes the files that are looked at.
        with ProjectorLock(own.layout.projector_lock):
            opened.projector(lambda _: None).take_down(live[0], looks.append)
    assert faults == []
    reported = looks.index("public/dumps")
    assert looks[reported - 1] == "gone", (
        "a surface that could not be read is not reported as cleared"
    )


def test_publish_beside_a_running_projector_waits_for_an_erasure(
    own: Deployment, live: list[str]
) -> None:
    with own.open() as opened:
        opened.ledger.erase(live[0])
        lock = ProjectorLock(own.layout.projector_lock)
        assert lock.try_acquire()
        surfaces = opened._open_surfaces(lambda _: None, lock.fileno())
        assert surfaces.runner.catch_up()  # every surface is at the head, its bytes still there
        surfaces.close()
        ending = threading.Timer(0.5, lock.release)
        ending.start()
        opened.projector(lambda _: None).publish()
        ending.join()
        assert opened.ledger.unfinished_erasures() == []
