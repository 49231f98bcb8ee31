"""Opens a delivered file as sheets: which format, which encoding, which kind and form."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from exchange.domain.errors import EnvironmentFault, Rejected, UsageError
from exchange.intake.csv_rows import CsvSheet
from exchange.intake.encoding import detect_encoding
from exchange.intake.findings import Finding, Place, finding
from exchange.intake.headers import books, kind_of_name
from exchange.intake.json_rows import JsonSheet
from exchange.intake.limits import DEFAULT, Limits
from exchange.intake.marked import LIST
from exchange.intake.xlsx_rows import Workbook, XlsxSheet

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.intake.sources import Sheet
    from exchange.model import Model

XLSX: Final = b"PK\x03\x04"
_MAGIC: Final = {
    b"\xd0\xcf\x11\xe0": "XLS",  # also a workbook with a password
    b"%PDF": "PDF",
    b"\x1f\x8b": "GZIP",
    b"SQLi": "SQLite",
}
_HEAD: Final = 1024


def read(  # noqa: PLR0913 (what the verbs take)
    path: Path,
    model: Model,
    *,
    kind: str | None = None,
    form: str | None = None,
    name: str | None = None,
    limits: Limits = DEFAULT,
) -> tuple[Sheet, ...]:
    """Open a CSV, JSON or XLSX file as sheets of rows; only a workbook can have several.

    `kind` and `form` are found from the name of the sheet or file (`name`, when the file itself
    has been staged under another) and its columns when they are not given.

    Raises:
        Rejected: it is nothing that we read; `details["findings"]` says where.
        UsageError: there is no such file, kind or form, or the kind cannot be told.
        EnvironmentFault: it cannot be read.

    """
    shown_as = name or path.name
    slug = kind or kind_of_name(model, shown_as)
    candidates = books(model, slug, form)
    try:
        with path.open("rb") as stream:
            format_ = _format(stream, shown_as, limits)
            encoding = detect_encoding(stream, shown_as) if format_ != "xlsx" else None
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"There is no file {path}.", "Give the path of a file.") from error
    except OSError as error:
        raise EnvironmentFault(
            f"{path} cannot be read: {error.strerror}.", "Look at it."
        ) from error
    if encoding is None:
        return _tables(Workbook(path, shown_as, limits), model, kind, slug, form)
    if isinstance(encoding, Finding):
        raise refuse(shown_as, [encoding])
    if format_ == "json":
        return (JsonSheet(path, shown_as, encoding, candidates, limits),)
    return (CsvSheet(path, shown_as, encoding, candidates, limits),)


def detect(path: Path, model: Model) -> tuple[str, str]:
    """Return kind and form of a file (of a workbook's first table).

    Raises:
        as `read`, and Rejected when no kind's columns are found in it.

    """
    sheet = read(path, model)[0]
    if any(fault.rule == "no-header" for fault in sheet.faults):
        raise refuse(sheet.name, sheet.faults)
    return sheet.book.kind.slug, sheet.book.form


def refuse(name: str, findings: list[Finding]) -> Rejected:
    """Return the error that refuses a whole file, with its findings."""
    errors = [item for item in findings if item.severity == "error"]
    first = errors[0]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return Rejected(
        f"{name} cannot be taken as a whole: {first.message.en}{more}",
        first.hint.en,
        findings=tuple(findings),
    )


def _tables(
    book: Workbook, model: Model, kind: str | None, slug: str | None, form: str | None
) -> tuple[Sheet, ...]:
    """Return the sheets that hold a table, noting those that do not at the first.

    A sheet's own name tells its kind before the file's does.
    """
    if book.fault is not None:
        raise refuse(book.name, [book.fault])
    sheets = [
        XlsxSheet(book, tab, books(model, kind or kind_of_name(model, tab.name) or slug, form))
        for tab in [tab for tab in book.tabs if tab.name != LIST] or book.tabs
    ]
    tables = [sheet for sheet in sheets if sheet.header is not None]
    if not tables:
        return (sheets[0],)
    for sheet in sheets:
        if sheet.header is None and sheet.tab.shows:
            tables[0].notes.append(finding("sheet-skipped", sheet.origin, "", "warning"))
    return tuple(tables)


def _format(stream: BinaryIO, name: str, limits: Limits) -> str:
    head = stream.read(_HEAD)
    size = stream.seek(0, 2)
    stream.seek(0)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise refuse(name, [finding("not-text", Place(name), format=kind)])
    if not size:
        raise refuse(name, [finding("empty", Place(name))])
    if size > limits.file_bytes:
        fault = finding("file-size", Place(name), size=size, limit=limits.file_bytes)
        raise refuse(name, [fault])
    if head.startswith(XLSX):
        return "xlsx"
    return "json" if _is_json(head, name) else "csv"


def _is_json(head: bytes, name: str) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if name.lower().endswith((".json", ".jsonl", ".ndjson")):
        return True
    return text[:1] in (b"{", b"[") and not name.lower().endswith(".csv")
