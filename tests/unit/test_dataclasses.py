"""Values do not change under their readers: dataclasses are frozen, working states are named."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import is_dataclass

import exchange
import publisher

WORKING = {
    "exchange.intake.checking.Tally",
    "exchange.intake.sample._Count",
    "exchange.intake.sources.BrokenRows",
    "exchange.intake.sources.Faults",
    "exchange.ledger.batch.Rec",
    "exchange.ledger.departures.Fate",
    "exchange.ledger.meeting.Key",
    "exchange.ledger.merkle.Frontier",
    "exchange.ledger.pending_rows.Tables",
    "exchange.ledger.rehearsal.MemorySeals",
    "exchange.ledger.sequence.Stream",
    "exchange.ledger.sequence.Page",
    "exchange.ledger.sequence._Open",
    "exchange.ledger.verify_events.Walked",
    "exchange.ledger.verify_records.Fold",
    "exchange.workbook.number_formats.Section",
    "exchange.workbook.sheet_xml.Styles",
    "exchange.workbook.sheet_xml.SheetFacts",
    "publisher.stores.guard._Counts",
    "publisher.stores.lanes.Job",
    "publisher.stores.metrics.Counts",
    "publisher.stores.process.Slice",
    "publisher.stores.queueing.Waiting",
    "publisher.surfaces.audit._Run",
    "publisher.surfaces.desk.Desk",
    "publisher.surfaces.dumps.digests._Run",
    "publisher.surfaces.dumps.part_files._Run",
    "publisher.surfaces.feed.index.OpenPage",
    "publisher.surfaces.feed.index.Stream",
    "publisher.surfaces.feed.index.Index",
    "publisher.surfaces.feed.pages.Page",
    "publisher.surfaces.inspection.Faults",
    "publisher.verify.feed._Walk",
    "publisher.verify.members._Versions",
    "publisher.verify.members.Members",
    "publisher.verify.reading.Graph",
    "publisher.verify.report.Report",
    "publisher.web.bodies._Reading",
}
WITH_DICT = {"exchange.ledger.rehearsal.MemorySeals"}  # stands for a class without slots


def dataclasses() -> Iterator[type]:
    for package in (exchange, publisher):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" in found.name or found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            for item in vars(module).values():
                if inspect.isclass(item) and is_dataclass(item) and item.__module__ == found.name:
                    yield item


def test_a_dataclass_is_frozen_unless_it_is_a_working_state() -> None:
    found = {f"{item.__module__}.{item.__name__}": item for item in dataclasses()}
    assert len(found) > 100
    changing = {name for name, item in found.items() if not item.__dataclass_params__.frozen}
    assert changing == WORKING
    assert {name for name, item in found.items() if "__slots__" not in vars(item)} == WITH_DICT
