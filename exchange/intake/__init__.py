"""Intake: delivered files become findings, submissions and receipts."""

from exchange.intake.checking import Checked, Checker, FileCheck, Tally, check_file
from exchange.intake.delivery import Receipt, deliver
from exchange.intake.findings import Finding, Place
from exchange.intake.limits import DEFAULT, Limits
from exchange.intake.ordering import order_by_links
from exchange.intake.readers import detect, read
from exchange.intake.rejects import purge_rejects
from exchange.intake.sample import generate
from exchange.intake.scrubbing import scrub
from exchange.intake.sources import Row, Sheet
from exchange.intake.staging import sweep

__all__ = [
    "DEFAULT",
    "Checked",
    "Checker",
    "FileCheck",
    "Finding",
    "Limits",
    "Place",
    "Receipt",
    "Row",
    "Sheet",
    "Tally",
    "check_file",
    "deliver",
    "detect",
    "generate",
    "order_by_links",
    "purge_rejects",
    "read",
    "scrub",
    "sweep",
]
