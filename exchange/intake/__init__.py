"""Intake: delivered files become findings, submissions and receipts."""

from exchange.intake.checking import Checker, FileCheck, check_file
from exchange.intake.database import Table, is_table, table_of
from exchange.intake.delivery import Receipt, deliver
from exchange.intake.findings import Finding
from exchange.intake.limits import DEFAULT
from exchange.intake.ordering import deliveries_of, order_by_links, order_tolerantly
from exchange.intake.readers import detect, read, require_file
from exchange.intake.rejects import purge_rejects
from exchange.intake.sample import generate
from exchange.intake.scrubbing import scrub
from exchange.intake.sources import Row
from exchange.intake.staging import sweep
from exchange.intake.watching import Watcher

__all__ = [
    "DEFAULT",
    "Checker",
    "FileCheck",
    "Finding",
    "Receipt",
    "Row",
    "Table",
    "Watcher",
    "check_file",
    "deliver",
    "deliveries_of",
    "detect",
    "generate",
    "is_table",
    "order_by_links",
    "order_tolerantly",
    "purge_rejects",
    "read",
    "require_file",
    "scrub",
    "sweep",
    "table_of",
]
