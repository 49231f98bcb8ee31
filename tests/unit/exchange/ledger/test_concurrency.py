"""Several writers and readers at once: nothing lost, nothing late."""

from __future__ import annotations

import threading
from time import monotonic

import pytest

from exchange.domain.disclosure_levels import Tier
from tests.factories import append_all

PUBLIC = Tier.PUBLIC


@pytest.mark.slow
def test_a_withdrawal_passes_between_the_transactions_of_a_load(desk, rows):
    iris = [desk.one(rows.row(number=number)) for number in range(5)]
    other = rows.desk(desk.folder)
    delivery = other.delivery
    many = [rows.row("licence", number) for number in range(6000)]
    loaded = threading.Event()
    stop = threading.Event()

    def load():
        done = 0
        while done < len(many) and not stop.is_set():
            done += len(other.ledger.append(delivery, many[done:]))
            loaded.set()
        other.close()

    loader = threading.Thread(target=load)
    loader.start()
    waits = []
    try:
        assert loaded.wait(30)
        for iri in iris:
            begun = monotonic()
            desk.ledger.withdraw(iri, "repair")
            waits.append(monotonic() - begun)
    finally:
        stop.set()
        loader.join(60)
    # The load alone would take many seconds; a withdrawal waits for one transaction of it.
    assert max(waits) < 5, waits
    desk.ledger.verify()


def test_writers_in_threads_each_get_their_own_positions(desk, rows):
    ledger, delivery = desk.ledger, desk.delivery
    failed = []

    def write(kind):
        try:
            for start in range(0, 60, 20):
                batch = [rows.row(kind, number) for number in range(start, start + 20)]
                append_all(ledger, delivery, batch)
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=write, args=(kind,)) for kind in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert ledger.verify().records == 180


def test_a_reader_sees_whole_transactions_only(desk, rows):
    ledger, delivery = desk.ledger, desk.delivery
    heads, ends = [], {0}
    stop = threading.Event()

    def read():
        while not stop.is_set():
            heads.append(ledger.head(PUBLIC))
            changes = ledger.changes(PUBLIC, max(0, heads[-1] - 10), 100)
            assert all(change.view for change in changes)

    reader = threading.Thread(target=read)
    reader.start()
    for start in range(0, 200, 25):
        batch = [rows.row(number=start + at) for at in range(25)]
        while batch:
            batch = batch[len(ledger.append(delivery, batch)) :]
            ends.add(start + 25 - len(batch))
    stop.set()
    reader.join()
    assert set(heads) <= ends
    assert heads == sorted(heads)


def test_a_load_waits_for_a_withdrawal_that_is_on_its_way(desk, rows):
    ledger, delivery = desk.ledger, desk.delivery
    appended = threading.Event()

    def load():
        ledger.append(delivery, [rows.row()])
        appended.set()

    with ledger._context.writer_priority.urgent():
        loader = threading.Thread(target=load)
        loader.start()
        assert not appended.wait(0.5), "a bulk writer passed one that is urgent"
    assert appended.wait(30)
    loader.join()
