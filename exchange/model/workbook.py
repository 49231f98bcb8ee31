"""XLSX templates that departments fill in.

The bytes follow from the model alone: no time, no compression (whose bytes differ between
versions of zlib), so that `derive --check` can compare them.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from exchange.model.kinds import FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.model.kinds import Column, Field, Kind

# Any fixed day: workbooks state when they were made.
_MADE: Final = datetime(2026, 1, 1)  # noqa: DTZ001 (the format has no zones)
_ZIPPED: Final = (1980, 1, 1, 0, 0, 0)
_ROWS: Final = 1_048_575  # the last row of a sheet, counted from 0
_LONGEST_CHOICE: Final = 255  # characters that a spreadsheet takes for a list of choices
_HEADERS: Final = 2
_NARROWEST, _WIDEST = 12, 40


def form_workbook(kind: Kind, form: str) -> bytes:
    """Return an empty workbook of the form: Chinese names, then codes; a star where required.

    Cells are text, so that a spreadsheet does not cut digits off codes; those with a short code
    list offer its labels.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"title": f"{kind.label.zh}（{form}）", "created": _MADE})
    bold = book.add_format({"bold": True, "num_format": "@", "bg_color": "#DDE8F4"})
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(kind.label.zh)
    for position, (code, pairs) in enumerate(kind.columns(form).items()):
        name = _name(pairs)
        sheet.set_column(position, position, _width(name, code), text)
        sheet.write_string(0, position, name, bold)
        sheet.write_string(1, position, code, bold)
        choices = _choices(pairs[0][0], form)
        if choices:
            sheet.data_validation(_HEADERS, position, _ROWS, position, choices)
    sheet.freeze_panes(_HEADERS, 0)
    book.close()
    return _without_compression(out.getvalue())


def _name(pairs: Sequence[tuple[Field, Column]]) -> str:
    # A column for several fields, each required in its case, is always required.
    shared = len(pairs) > 1 and all(field.required_when for field, _ in pairs)
    constant = any(column.constant for _, column in pairs)
    required = (shared and not constant) or any(column.required for _, column in pairs)
    return pairs[0][1].label + ("*" if required else "")


def _width(name: str, code: str) -> int:
    # A Chinese character takes the room of two letters.
    return min(max(_NARROWEST, 2 * len(name), len(code) + 2), _WIDEST)


def _choices(field: Field, form: str) -> dict[str, Any] | None:
    if field.scheme is None or field.many or field.field_type is not FieldType.CODE:
        return None
    concepts = field.scheme.concepts.values()
    coded = [code for concept in concepts for code in concept.cells.get(form, ())]
    labels = coded or [concept.label.zh for concept in concepts]
    if len(",".join(labels)) > _LONGEST_CHOICE:
        return None
    # A warning only: 其他-… names what no list holds.
    return {"validate": "list", "source": labels, "error_type": "warning"}


def _without_compression(data: bytes) -> bytes:
    """Return the ZIP archive with its members uncompressed and with a fixed date."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(out, "w") as plain:
        for name in packed.namelist():
            plain.writestr(zipfile.ZipInfo(name, _ZIPPED), packed.read(name))
    return out.getvalue()
