"""One sheet of an unpacked workbook, and what of it a person who opens the workbook sees."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Worksheet:
    """One sheet of a workbook: the byte range of its rows in the temporary file.

    `state` is visible, hidden or veryHidden. `rows` and `columns` are hidden ranges, both ends
    included, rows from 1 and columns from 0; `runs` are [column, first row, last row, style].
    """

    name: str
    start: int
    end: int
    state: str = "visible"
    filtered: bool = False
    rows: tuple[list[int], ...] = ()
    columns: tuple[list[int], ...] = ()
    runs: tuple[list[int], ...] = ()

    @property
    def hidden(self) -> bool:
        """Whether a person who opens the workbook does not see the sheet."""
        return self.state != "visible"

    @property
    def shows(self) -> bool:
        """Whether a person who opens the workbook sees something there."""
        return not self.hidden and self.start < self.end
