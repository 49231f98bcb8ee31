"""A clock that is set by an hour or a day, on or back: order is the ledger's, not the clock's."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from exchange.domain.disclosure_levels import PUBLISHED_TIERS
from publisher.surfaces.audit.run import audit
from publisher.surfaces.files.tree_surface import current_tree
from publisher.verify import Folder, Limits, roots_in, verify_feed
from tests.faults.conftest import Town

# Real processes and files, each for some seconds.
pytestmark = pytest.mark.slow

HOUR, DAY = 3_600, 86_400
STEPS = [HOUR, -HOUR, DAY, -DAY]
LIMITS = Limits()


@pytest.mark.parametrize("step", STEPS)
def test_ledger_feed_and_generations_survive_a_step_of_the_clock(
    town: Town, files: list[Path], step: int
) -> None:
    assert town.load(files[0]) > 0
    town.publish()
    with town.deployment().open() as opened:
        record, _, _ = min(opened.ledger.live(PUBLISHED_TIERS[0]))
    town.clock.set(step)
    assert town.load(files[1]) > 0
    town.publish()
    town.withdraw(record)
    town.clock.set(-step)
    assert town.load(files[2]) > 0
    town.publish()
    with town.deployment().open() as opened:
        opened.ledger.verify()
        report = audit(opened.ledger, opened.readers())
        assert report.ok, report.to_json()
        for tier in PUBLISHED_TIERS:
            changes = opened.ledger.changes(tier, 0, 10_000)
            times = [change.published for change in changes]
            assert times == sorted(times)
            assert [change.seq for change in changes] == sorted(change.seq for change in changes)
            each = itertools.groupby(
                sorted(changes, key=lambda one: (one.iri, one.seq)), key=lambda one: one.iri
            )
            for _, versions in each:
                stamps = [version.published for version in versions]
                assert len(set(stamps)) == len(stamps)
    _feeds_are_sound(town)
    generations = town.directory / "surfaces" / "public" / "triples" / "generations"
    assert len(list(generations.iterdir())) <= 8


def _feeds_are_sound(town: Town) -> None:
    for tier in PUBLISHED_TIERS:
        current = current_tree(town.deployment().layout.feed(tier))
        for path, form in roots_in(current):
            base = Folder.base_of(current, path, form, LIMITS)
            found = verify_feed(Folder(current, base, form, LIMITS), base + path, LIMITS).findings
            assert found == []
