"""Intake: delivered files become findings, submissions and receipts."""

from exchange.intake.checker import Checker, FileCheck, check_file
from exchange.intake.database_source import Table, is_table, table_of
from exchange.intake.delivery import Receipt, deliver, unit_code
from exchange.intake.dry_run import Rehearsal, rehearsing
from exchange.intake.erasure_marker import PendingErasure
from exchange.intake.erasure_scrubbing import scrub
from exchange.intake.file_order import deliveries_of, order_by_links, order_tolerantly
from exchange.intake.file_reader import detect, read, require_file
from exchange.intake.findings import Finding
from exchange.intake.folder_watcher import Watcher
from exchange.intake.header_matching import require_kind
from exchange.intake.held_erasure import finish_held, mark_held
from exchange.intake.held_row import HeldRow, Item
from exchange.intake.held_store import PURPOSE, HeldRows
from exchange.intake.limits import DEFAULT
from exchange.intake.public_rescan import Found, rescan
from exchange.intake.rejects import purge_rejects
from exchange.intake.review import Reviewer, Reviews, applied
from exchange.intake.sheet import Row
from exchange.intake.staged_copies import sweep

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
