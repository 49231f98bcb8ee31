"""The command line `credence` (CONTRACT "Command line"): verbs over wiring, nothing of their own.

Purpose: `main` is the entry point; one module for each group of verbs. Errors become exit codes
here and nowhere else.
"""

from publisher.cli.main import main

__all__ = ["main"]
