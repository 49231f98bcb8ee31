"""Finds codes that a table gives several names: a typing error, or rows of another unit."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exchange.model import Kind

_NAMES: Final = 8  # of one code; more are no news
_CODES: Final = 50_000  # of one column that are remembered, those met last


class NameConflict(NamedTuple):
    """A code whose name differs from the one that an earlier row gave."""

    field: str
    code: str
    name: str
    before: str
    row: int


class CodeNames:
    """Remembers the names that rows of one table give to codes (`cr:nameOf`)."""

    def __init__(self, kind: Kind) -> None:
        pairs = [(field.name, field.name_of) for field in kind.fields if field.name_of]
        self._met: list[tuple[str, str, dict[str, dict[str, int]]]] = [
            (name, code, {}) for name, code in pairs
        ]

    def conflicts(self, record: Mapping[str, Any], row: int) -> Iterator[NameConflict]:
        """Remember the names in a record; yield each that differs from an earlier row's, once."""
        for field, code_field, names_by_code in self._met:
            code, name = record.get(code_field), record.get(field)
            if code is None or name is None:
                continue
            known = names_by_code.get(code)
            if known is None:
                if len(names_by_code) >= _CODES:
                    del names_by_code[next(iter(names_by_code))]
                names_by_code[code] = {name: row}
            elif name not in known and len(known) < _NAMES:
                first, where = next(iter(known.items()))
                alike = any(_plain(item) == _plain(name) for item in known)
                known[name] = row
                if not alike:
                    yield NameConflict(field, code, name, first, where)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).upper()
