"""What readers of all formats return: sheets, rows and structure faults."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TextIO

from exchange.domain.errors import EnvironmentFault
from exchange.intake.findings import CellLocation, Finding, column_letters, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exchange.intake.encoding import Encoding
    from exchange.intake.header_matching import FormColumns, Header
    from exchange.intake.limits import Limits

# LF and TAB are text; every other C0, C1 and DEL is not (docs/design/model.md "Text and amounts").
CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Row(NamedTuple):
    """One row as delivered: cells by column code, or a record with JSON names.

    `number` is the spreadsheet row (JSON: the number of the record, from 1). `raw` is the sender's
    own text, for the rejects file. `findings` are known before the row is checked.
    """

    number: int
    line: int | None
    raw: tuple[str, ...] | str
    cells: dict[str, str] | None = None
    record: dict[str, Any] | None = None
    findings: tuple[Finding, ...] = ()


class Sheet(Protocol):
    """One delivered table, read row by row.

    `origin` names its file and sheet. `faults` are breaks in the file's structure, complete only
    after `rows` has ended: any error among them rejects the whole file. `notes` are warnings
    about the file.
    """

    name: str
    origin: CellLocation
    format: str
    encoding: Encoding
    form_columns: FormColumns
    header: Header | None
    notes: list[Finding]

    @property
    def faults(self) -> list[Finding]:
        """Breaks in the structure found so far."""

    def rows(self) -> Iterator[Row]:
        """Yield every row from the first, rejected ones included."""


@contextlib.contextmanager
def open_text(path: Path, encoding: Encoding, faults: StructureFaults) -> Iterator[TextIO]:
    """Open a text of known encoding; bytes that no longer decode are added to `faults`.

    Raises:
        EnvironmentFault: it cannot be read.

    """
    try:
        with path.open(encoding=encoding.codec, newline="") as stream:
            yield stream
    except UnicodeDecodeError:
        faults.add("encoding-broken", row=None, line=None, encoding=encoding.label)
    except OSError as error:
        raise EnvironmentFault(
            f"{path} cannot be read: {error.strerror}.", "Look at it."
        ) from error


@dataclass(slots=True)
class BrokenRowCounter:
    """Counts unreadable rows, to stop reading a file in which they are the majority."""

    faults: StructureFaults
    read: int = 0
    broken: int = 0

    def count(self, row: Row) -> bool:
        """Count a row; return True, and add a fault, if the file should not be read further."""
        self.read += 1
        if row.cells is not None or row.record is not None:
            return False
        self.broken += 1
        if self.broken <= self.faults.limits.broken_rows or self.broken * 2 <= self.read:
            return False
        self.faults.add(
            "rows-broken", row=row.number, line=row.line, read=self.read, broken=self.broken
        )
        return True


@dataclass(slots=True)
class StructureFaults:
    """Collects faults in a file's structure, up to `Limits.faults`."""

    origin: CellLocation
    limits: Limits
    found: list[Finding] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether the limit is reached, so that reading should stop."""
        return len(self.found) >= self.limits.faults

    def add(self, rule: str, *, row: int | None, line: int | None, **details: Any) -> None:
        """Add a fault at a row and line; `position` (from 0) and `value` describe the cell."""
        position = details.pop("position", None)
        value = details.pop("value", "")
        column = None if position is None else column_letters(position)
        location = replace(self.origin, row=row, line=line, column=column)
        self.found.append(finding(rule, location, value, **details))
