"""The command line `credence`: verbs over wiring, nothing of their own.

Purpose: `main` is the entry point; one module for each group of verbs. Errors become exit codes
here and nowhere else.
Source: docs/design/interface.md "Command line".
"""

from publisher.cli.main import main

__all__ = ["main"]
