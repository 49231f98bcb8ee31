"""Who waits for the projector reads surfaces that change under its eyes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import QueryTimeout, StoreUnavailable
from publisher.surfaces.dumps import DumpReader
from publisher.surfaces.runtime.projector_lock import ProjectorLock

if TYPE_CHECKING:
    from publisher.wiring import Station


@pytest.mark.parametrize(
    "fault", [FileNotFoundError("swept"), StoreUnavailable("swapped"), QueryTimeout("busy")]
)
def test_a_withdrawal_looks_again_where_a_reader_could_not_read(
    own: Station, live: list[str], monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    faults, holds = [fault], DumpReader.holds
    looks: list[str] = []

    def fragile(reader: DumpReader, iri: str) -> bool:
        if faults:
            looks.append("unreadable")
            raise faults.pop()
        looks.append("gone" if not holds(reader, iri) else "there")
        return looks[-1] == "there"

    with own.opened() as bench:
        bench.exchange().withdraw(live[0], "repair")
        monkeypatch.setattr(DumpReader, "holds", fragile)
        # Another process projects, and changes the files that are looked at.
        with ProjectorLock(own.layout.projector_lock):
            bench.projector(lambda _: None).take_down(live[0], looks.append)
    assert faults == []
    told = looks.index("public/dumps")
    assert looks[told - 1] == "gone", "what could not be read is not told of as gone"


def test_publish_beside_a_running_projector_waits_for_an_erasure(
    own: Station, live: list[str]
) -> None:
    with own.opened() as bench:
        bench.ledger.erase(live[0])
        lock = ProjectorLock(own.layout.projector_lock)
        assert lock.try_acquire()
        opened = bench._open_surfaces(lambda _: None, lock.fileno())
        assert opened.runner.catch_up()  # every surface is at the head, its bytes still there
        opened.close()
        ending = threading.Timer(0.5, lock.release)
        ending.start()
        bench.projector(lambda _: None).publish()
        ending.join()
        assert bench.ledger.unfinished_erasures() == []
