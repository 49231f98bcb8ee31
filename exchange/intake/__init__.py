"""Intake: delivered files become findings, submissions and receipts."""

from exchange.intake.checking import Checker, FileCheck, check_file
from exchange.intake.database import Table, is_table, table_of
from exchange.intake.delivery import Receipt, deliver, unit_code
from exchange.intake.erasing_held import finish_held, mark_held
from exchange.intake.findings import Finding
from exchange.intake.headers import require_kind
from exchange.intake.held import PURPOSE, HeldRows
from exchange.intake.held_row import HeldRow, Item
from exchange.intake.limits import DEFAULT
from exchange.intake.ordering import deliveries_of, order_by_links, order_tolerantly
from exchange.intake.pending_erasure import PendingErasure
from exchange.intake.readers import detect, read, require_file
from exchange.intake.rehearsing import Rehearsal, rehearsing
from exchange.intake.rejects import purge_rejects
from exchange.intake.rescan import Found, rescan
from exchange.intake.reviewing import Reviewer, Reviews, applied
from exchange.intake.sample import generate
from exchange.intake.scrubbing import scrub
from exchange.intake.sources import Row
from exchange.intake.staging import sweep
from exchange.intake.watching import Watcher

__all__ = [
    "DEFAULT",
    "PURPOSE",
    "Checker",
    "FileCheck",
    "Finding",
    "Found",
    "HeldRow",
    "HeldRows",
    "Item",
    "PendingErasure",
    "Receipt",
    "Rehearsal",
    "Reviewer",
    "Reviews",
    "Row",
    "Table",
    "Watcher",
    "applied",
    "check_file",
    "deliver",
    "deliveries_of",
    "detect",
    "finish_held",
    "generate",
    "is_table",
    "mark_held",
    "order_by_links",
    "order_tolerantly",
    "purge_rejects",
    "read",
    "rehearsing",
    "require_file",
    "require_kind",
    "rescan",
    "scrub",
    "sweep",
    "table_of",
    "unit_code",
]
