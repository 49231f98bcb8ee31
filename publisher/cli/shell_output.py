"""What the commands say: results on stdout, progress and errors on stderr, in one language.

Purpose: one place that knows `--json`, `--quiet` and `--lang`; with `--json` every line of stdout
is one document and the last is the result.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console as Terminal
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from exchange.domain.personal_data import mask
from publisher.cli.messages import TEXTS
from publisher.web.http.problems import problem_of, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from exchange.domain.errors import CredenceError
    from exchange.intake import Finding

# Findings shown to people; errors are not to drown in warnings. --json shows all.
SHOWN_FINDINGS = {"error": 20, "held": 20, "warning": 5, "info": 20}
_FILE_WIDTH = 10_000  # a file or pipe has no edge at which to wrap
# A word of the language at the beginning of a text.
_WORD: Final = re.compile(r"[A-Za-z'’-]+[,:;.!?]?(?=\s|\Z)")


class Console:
    """Terminal output of one command."""

    def __init__(self, lang: str, *, as_json: bool, quiet: bool) -> None:
        self.lang = lang
        self.as_json = as_json
        self.quiet = quiet
        self._out = Terminal(file=sys.stdout, highlight=False, soft_wrap=True)
        if not self._out.is_terminal:
            self._out = Terminal(file=sys.stdout, highlight=False, width=_FILE_WIDTH)
        self._err = Terminal(file=sys.stderr, highlight=False, soft_wrap=True)
        self._findings: Counter[str] = Counter()

    def text(self, name: str, **values: object) -> str:
        """Return a text of the table in the language chosen."""
        return TEXTS[name][self.lang == "en"].format(**values)

    def say(self, name: str, **values: object) -> None:
        """Print a message to stdout; nothing with --json or --quiet."""
        self.line(self.text(name, **values))

    def line(self, text: str) -> None:
        """Print a line for people; not with --json or --quiet."""
        if not self.as_json and not self.quiet:
            self._out.print(text, markup=False)

    def note(self, document: dict[str, Any]) -> None:
        """Print a document that is not the result; with --json only."""
        if self.as_json and not self.quiet:
            print(json.dumps(document, ensure_ascii=False), flush=True)  # noqa: T201

    def result(self, document: Any) -> None:
        """Print the result; with --json only, and even if quiet."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False), flush=True)  # noqa: T201

    def raw(self, text: str) -> None:
        """Print data to stdout unchanged."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table for people."""
        if self.as_json or self.quiet:
            return
        shown = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            shown.add_column(column, overflow="fold")  # never cut what somebody may copy
        for row in rows:
            # What a sender typed is no markup, and must not steer the terminal.
            shown.add_row(*(Text(_printable(str(cell))) for cell in row))
        self._out.print(shown)

    def finding(self, found: Finding) -> None:
        """Print a finding; for people the first of each severity."""
        if self.as_json:
            self.note({"finding": found.as_json()})
            return
        self._findings[found.severity] += 1
        number, limit = self._findings[found.severity], SHOWN_FINDINGS[found.severity]
        if number <= limit:
            self.line(found.text(self.lang))
        elif number == limit + 1:
            self.say(f"more-{found.severity}")

    def begin_file(self) -> None:
        """Count the findings anew: each file has its own share of those shown."""
        self._findings.clear()

    def refused(self, name: str, error: CredenceError) -> None:
        """Print the line of one of several files, which was refused as a whole."""
        what, hint = self._sentences(error)
        for first in error.details.get("findings", ())[:1]:
            what = first.message.en if self.lang == "en" else first.message.zh
        self.say("refused", file=name, what=_sentence(what), hint=_sentence(hint))

    def error(self, error: CredenceError) -> None:
        """Print an error's message and hint to stderr."""
        what, hint = self._sentences(error)
        self._err.print(self.text("error", what=_sentence(what)), markup=False)
        if hint:
            self._err.print(self.text("hint", hint=_sentence(hint)), markup=False)

    def _sentences(self, error: CredenceError) -> tuple[str, str]:
        """Return an error's message and hint.

        An error without Chinese of its own says in English what an operator has to know.
        """
        what, hint = sentences(error, self.lang)
        if self.lang == "zh" and "zh" not in error.details:
            what = f"{problem_of(error).zh}。{_sentence(mask(error.message))}"
            hint = mask(error.hint) or hint
        return what, hint

    def warn(self, text: str) -> None:
        """Print a line on stderr."""
        self._err.print(text, markup=False)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """Give a function (what, done, all) that moves a bar; silent unless on a terminal."""
        if self.as_json or self.quiet or not self._err.is_terminal:
            yield lambda _what, _done, _all: None
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TaskProgressColumn(show_speed=True),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._err, transient=True) as bars:
            tasks: dict[str, Any] = {}

            def move(what: str, done: int, total: int) -> None:
                if what not in tasks:
                    tasks[what] = bars.add_task(what, total=total)
                bars.update(tasks[what], completed=done, total=total)

            yield move


def _printable(text: str) -> str:
    return "".join(item if item.isprintable() or item == "\n" else "\ufffd" for item in text)


def _sentence(text: str) -> str:
    """Return the text as a sentence: the first letter large, a full stop at the end.

    A file's name, an address or an option at its beginning stays as it is.
    """
    text = text.strip()
    if text and text[-1] not in ".。!?！？":
        text += "."
    return text[:1].upper() + text[1:] if _WORD.match(text) else text
