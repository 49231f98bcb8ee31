"""Who waits for the projector reads surfaces that change under its eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import QueryTimeout, StoreUnavailable
from publisher.surfaces.dumps import DumpReader
from publisher.surfaces.lock import ProjectorLock

if TYPE_CHECKING:
    from publisher.wiring import Station


@pytest.mark.parametrize(
    "fault", [FileNotFoundError("swept"), StoreUnavailable("swapped"), QueryTimeout("busy")]
)
def test_a_withdrawal_looks_again_where_a_reader_could_not_read(
    own: Station, live: list[str], monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    faults, holds = [fault], DumpReader.holds

    def fragile(reader: DumpReader, iri: str) -> bool:
        if faults:
            raise faults.pop()
        return holds(reader, iri)

    with own.opened() as bench:
        bench.exchange().withdraw(live[0], "repair")
        monkeypatch.setattr(DumpReader, "holds", fragile)
        # Another process projects, and changes the files that are looked at.
        with ProjectorLock(own.layout.projector_lock):
            bench.projector(lambda _: None).take_down(live[0])
    assert faults == []
