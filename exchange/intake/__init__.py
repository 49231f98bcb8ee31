"""Intake: reads delivered files, reports findings, appends sound rows to the ledger."""

from exchange.intake.checker import Checker, FileCheck, check_file
from exchange.intake.database_source import DatabaseTable, is_table_address, parse_table_address
from exchange.intake.delivery import LoadReceipt, deliver, parse_source_code
from exchange.intake.dry_run import DryRun, open_dry_run
from exchange.intake.erasure_marker import ErasureMarker
from exchange.intake.erasure_scrubbing import scrub
from exchange.intake.file_reader import detect_kind_and_form, open_sheets, require_file
from exchange.intake.findings import Finding
from exchange.intake.folder_watcher import FolderWatcher
from exchange.intake.header_matching import require_kind
from exchange.intake.held_erasure import finish_held_erasures, mark_held_rows
from exchange.intake.held_row import HeldItem, HeldRow
from exchange.intake.held_store import HELD_KEY_PURPOSE, HeldRows
from exchange.intake.limits import DEFAULT_LIMITS
from exchange.intake.load_order import order_by_links, order_tolerantly, split_by_kind_known
from exchange.intake.public_rescan import PersonalDataExposure, rescan
from exchange.intake.rejects import purge_rejects
from exchange.intake.review import Reviewer, ReviewService, was_appended
from exchange.intake.sheet import Row
from exchange.intake.staged_copies import delete_abandoned_copies

__all__ = [
    "DEFAULT_LIMITS",
    "HELD_KEY_PURPOSE",
    "Checker",
    "DatabaseTable",
    "DryRun",
    "ErasureMarker",
    "FileCheck",
    "Finding",
    "FolderWatcher",
    "HeldItem",
    "HeldRow",
    "HeldRows",
    "LoadReceipt",
    "PersonalDataExposure",
    "ReviewService",
    "Reviewer",
    "Row",
    "check_file",
    "delete_abandoned_copies",
    "deliver",
    "detect_kind_and_form",
    "finish_held_erasures",
    "is_table_address",
    "mark_held_rows",
    "open_dry_run",
    "open_sheets",
    "order_by_links",
    "order_tolerantly",
    "parse_source_code",
    "parse_table_address",
    "purge_rejects",
    "require_file",
    "require_kind",
    "rescan",
    "scrub",
    "split_by_kind_known",
    "was_appended",
]
