"""A ledger of each release is opened, upgraded and worked on; its log stays as it is.

`releases/REVISION/` holds one made by that release: its databases as SQL, its secret, its journal,
and size and root of its tree. Files a, b and c were loaded whole, d broke off; one record was
reinstated, one withdrawn, one is under objection.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record import DeliveredState
from exchange.ledger import Ledger
from tests.factories import append_all

RELEASES = sorted(Path(__file__).with_name("releases").iterdir())
PERSON = "11010119900307123X"
NOW = 1_795_752_000_000


@pytest.fixture(params=RELEASES, ids=lambda folder: folder.name)
def release(request):
    return request.param


@pytest.fixture
def old(release, rows, tmp_path):
    for name in ("ledger", "seals"):
        text = gzip.decompress((release / f"{name}.sql.gz").read_bytes()).decode()
        with sqlite3.connect(tmp_path / f"{name}.sqlite") as connection:
            connection.executescript(text)
        connection.close()
    (tmp_path / "journal").mkdir()
    shutil.copy(release / "withdrawals.jsonl", tmp_path / "journal")
    shutil.copy(release / "ledger.key", tmp_path)
    ledger = Ledger.open(
        rows.locations(tmp_path), rows.rules, lambda: NOW, government_kinds=rows.government
    )
    yield ledger
    ledger.close()


def load(ledger, digest, *items):
    number = ledger.open_delivery(
        source=None, name=f"{digest}.csv", digest=digest * 64, kind="penalty", form="2018"
    )
    results = append_all(
        ledger, number, [replace(item, row=at) for at, item in enumerate(items, 2)]
    )
    ledger.close_delivery(number, {})
    return [item.reason or str(item.outcome) for item in results]


def test_an_upgrade_leaves_events_and_tree_as_they_are(release, old):
    expected = json.loads((release / "expected.json").read_text())
    head = old.tree()
    assert (head.size, head.root.hex()) == (expected["size"], expected["root"])
    assert old.verify().events == expected["size"]


def test_files_of_the_release_change_nothing_when_they_are_loaded_again(old, rows):
    row = rows.row
    before = {iri: view for iri, _, view in old.live(Tier.PUBLIC)}
    first = [row(number=1, text="甲"), row(number=2, text="甲")]
    first += [row(number=3, text="甲", person=PERSON), row(number=4, text="甲")]
    repeated = "outdated-repeated"
    assert load(old, "a", *first) == [repeated, repeated, repeated, "key-gone"]
    objection = row(number=2, text="甲", delivered_state=DeliveredState.OBJECTION)
    assert load(old, "b", row(number=1, text="乙"), objection) == [repeated, "unchanged"]
    assert load(old, "d", row(number=1, text="丙"), row(number=9)) == ["unchanged", "accepted"]
    assert load(old, "e", row(number=1, text="乙")) == ["outdated-version"]
    after = {iri: view for iri, _, view in old.live(Tier.PUBLIC)}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1
    old.verify()
