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
    "exchange.intake.checker.CheckSummary",
    "exchange.sample.generator._Count",
    "exchange.intake.sheet.BrokenRowCounter",
    "exchange.intake.sheet.StructureFaults",
    "exchange.ledger.rows.RecordRow",
    "exchange.ledger.cascade.DependentFate",
    "exchange.ledger.rows.KeyRow",
    "exchange.ledger.merkle.Frontier",
    "exchange.ledger.rows.PendingRows",
    "exchange.ledger.dry_run_context.MemorySeals",
    "exchange.ledger.feed_pagination.SequenceEnd",
    "exchange.ledger.feed_pagination.OpenPage",
    "exchange.ledger.feed_pagination._Group",
    "exchange.ledger.verify.events.EventWalk",
    "exchange.ledger.verify.records.Fold",
    "exchange.workbook.number_formats.FormatSection",
    "exchange.workbook.sheet_xml.Styles",
    "exchange.workbook.sheet_xml.SheetFacts",
    "publisher.stores.query_guard._Counts",
    "publisher.stores.query_lanes.Job",
    "publisher.stores.pool_metrics.Counts",
    "publisher.stores.worker_process.Slice",
    "publisher.stores.fair_queue.Waiting",
    "publisher.surfaces.audit.run._Run",
    "publisher.surfaces.runtime.runner_state.SurfaceState",
    "publisher.surfaces.dumps.file_digests._Run",
    "publisher.surfaces.dumps.part_reader._Run",
    "publisher.surfaces.feed.page_index.OpenPage",
    "publisher.surfaces.feed.page_index.Stream",
    "publisher.surfaces.feed.page_index.FeedState",
    "publisher.surfaces.feed.pages.Page",
    "publisher.surfaces.audit.file_inspection.Faults",
    "publisher.verify.feed_linter._Walk",
    "publisher.verify.member_rules._Versions",
    "publisher.verify.member_rules.Members",
    "exchange.ldes.document_reader.Graph",
    "publisher.verify.report.Report",
    "publisher.web.http.request_body._PendingBody",
}
WITH_DICT = {"exchange.ledger.dry_run_context.MemorySeals"}  # stands for a class without slots


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
