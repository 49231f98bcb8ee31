"""Checks of what a service publishes, as its readers meet it: `credence verify`."""

from exchange.ldes.document_source import Folder, Limits, Web, roots_in
from publisher.verify.feed_linter import verify_feed
from publisher.verify.report import Finding, Report

__all__ = ["Finding", "Folder", "Limits", "Report", "Web", "roots_in", "verify_feed"]
