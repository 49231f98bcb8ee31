"""Opens a delivered file as sheets: detects format, encoding, kind and form."""

from __future__ import annotations

import contextlib
import stat
from typing import TYPE_CHECKING, BinaryIO, Final

from exchange.domain.errors import EnvironmentFault, Rejected, UsageError
from exchange.domain.personal_data import mask
from exchange.intake.annotated_workbook import FINDINGS_SHEET
from exchange.intake.csv_rows import CsvSheet
from exchange.intake.encoding import detect_encoding
from exchange.intake.findings import CellLocation, Finding, finding
from exchange.intake.header_matching import candidate_forms, kind_from_file_name
from exchange.intake.json_rows import JsonSheet
from exchange.intake.limits import DEFAULT_LIMITS, Limits
from exchange.intake.xlsx_rows import UnpackedWorkbook, XlsxSheet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exchange.intake.sheet import Sheet
    from exchange.model import Model

XLSX: Final = b"PK\x03\x04"
_MAGIC: Final = {
    b"\xd0\xcf\x11\xe0": "XLS",  # also a workbook with a password
    b"%PDF": "PDF",
    b"\x1f\x8b": "GZIP",
    b"SQLi": "SQLite",
}
_HEAD: Final = 1024
_SPECIAL: Final = {
    stat.S_IFDIR: ("目录", "a folder"),
    stat.S_IFIFO: ("管道", "a pipe"),
    stat.S_IFSOCK: ("套接字", "a socket"),
    stat.S_IFCHR: ("设备", "a device"),
    stat.S_IFBLK: ("设备", "a device"),
}


def open_sheets(  # noqa: PLR0913 (what the verbs take)
    path: Path,
    model: Model,
    *,
    kind: str | None = None,
    form: str | None = None,
    name: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Sheet, ...]:
    """Open a CSV, JSON or XLSX file as sheets of rows; only a workbook can have several.

    `kind` and `form` are found from the name of the sheet or file (`name`, when the file itself
    has been staged under another) and its columns when they are not given.

    Raises:
        Rejected: the format is not supported; `details["findings"]` lists the reasons.
        UsageError: no such file, kind or form, or the kind cannot be determined.
        EnvironmentFault: it cannot be read.

    """
    shown_as = mask(name or path.name)
    slug = kind or kind_from_file_name(model, shown_as)
    candidates = candidate_forms(model, slug, form)
    with opened_file(path) as stream:
        try:
            format_ = _format(stream, shown_as, limits)
            encoding = detect_encoding(stream, shown_as) if format_ != "xlsx" else None
        except OSError as error:
            raise unreadable(path, error) from error
    if encoding is None:
        return _tables(UnpackedWorkbook(path, shown_as, limits), model, kind, slug, form)
    if isinstance(encoding, Finding):
        raise file_rejected(shown_as, [encoding])
    if format_ == "json":
        return (JsonSheet(path, shown_as, encoding, candidates, limits),)
    return (CsvSheet(path, shown_as, encoding, candidates, limits),)


def require_file(path: Path) -> None:
    """Refuse a path that is no regular file, before it is opened.

    A named pipe, a device or a socket would keep a reader waiting for ever.

    Raises:
        UsageError: there is no such file, or it is a folder, pipe, device or socket.
        EnvironmentFault: its folder cannot be entered.

    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(
            f"There is no file {path}.",
            "Give the path of a file.",
            zh=f"没有文件 {path}。",
            zh_hint="请给出文件的路径。",
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(mode):
        zh, en = _SPECIAL.get(stat.S_IFMT(mode), ("特殊文件", "no regular file"))
        raise UsageError(
            f"{path} is no file but {en}.",
            "Save what it gives as a file and name that.",
            zh=f"{path} 是{zh}，不是文件。",
            zh_hint="请先将内容保存为文件，再给出该文件。",
        )


@contextlib.contextmanager
def opened_file(path: Path) -> Iterator[BinaryIO]:
    """Open a delivered file for reading.

    Raises:
        as `require_file`, and EnvironmentFault when it cannot be read.

    """
    require_file(path)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error
    with stream:
        yield stream


def unreadable(path: Path, error: OSError) -> EnvironmentFault:
    """Return the error that one file cannot be read; the load continues with other files."""
    return EnvironmentFault(
        f"{path} cannot be read: {error.strerror}.",
        "Look at its permissions.",
        zh=f"无法读取 {path}：{error.strerror}。",
        zh_hint="请检查该文件的权限。",
        unreadable=True,
    )


def detect_kind_and_form(path: Path, model: Model) -> tuple[str, str]:
    """Return kind and form of a file (of a workbook's first table).

    Raises:
        as `open_sheets`, and Rejected when no kind's columns are found in it.

    """
    sheet = open_sheets(path, model)[0]
    if any(fault.rule == "no-header" for fault in sheet.faults):
        raise file_rejected(sheet.name, sheet.faults)
    return sheet.form_columns.kind.slug, sheet.form_columns.form


def file_rejected(name: str, findings: list[Finding]) -> Rejected:
    """Return the error that rejects a whole file, with its findings."""
    errors = [item for item in findings if item.severity == "error"]
    first = errors[0]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    more_zh = f"（另有 {len(errors) - 1} 处）" if len(errors) > 1 else ""
    return Rejected(
        f"{name} cannot be taken as a whole: {first.message.en}{more}",
        first.hint.en,
        findings=tuple(findings),
        zh=f"{name} 整份退回：{first.message.zh}{more_zh}",
        zh_hint=first.hint.zh,
    )


def _tables(
    book: UnpackedWorkbook, model: Model, kind: str | None, slug: str | None, form: str | None
) -> tuple[Sheet, ...]:
    """Return the sheets that hold a table, noting those that do not at the first.

    The name of a sheet decides its kind before the name of the file.
    """
    if book.fault is not None:
        raise file_rejected(book.name, [book.fault])
    sheets = [
        XlsxSheet(
            book,
            tab,
            candidate_forms(model, kind or kind_from_file_name(model, tab.name) or slug, form),
        )
        for tab in [tab for tab in book.worksheets if tab.name != FINDINGS_SHEET] or book.worksheets
    ]
    tables = [sheet for sheet in sheets if sheet.header is not None]
    if not tables:
        return (sheets[0],)
    seen = [sheet for sheet in tables if not sheet.worksheet.hidden]
    if not seen:
        raise file_rejected(book.name, [finding("sheets-hidden", tables[0].origin)])
    seen[0].notes += [_left_out(sheet) for sheet in tables if sheet.worksheet.hidden]
    tables = seen
    for sheet in sheets:
        if sheet.header is None and sheet.worksheet.shows:
            tables[0].notes.append(finding("sheet-skipped", sheet.origin, "", "warning"))
    return tuple(tables)


def _left_out(sheet: XlsxSheet) -> Finding:
    """Return the warning that a hidden sheet is not read: its sender does not see its rows."""
    rule = "sheet-very-hidden" if sheet.worksheet.state == "veryHidden" else "sheet-hidden"
    return finding(rule, sheet.origin, "", "warning", rows=sum(1 for _ in sheet.rows()))


def _format(stream: BinaryIO, name: str, limits: Limits) -> str:
    head = stream.read(_HEAD)
    size = stream.seek(0, 2)
    stream.seek(0)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise file_rejected(name, [finding("not-text", CellLocation(name), format=kind)])
    if not size:
        raise file_rejected(name, [finding("empty", CellLocation(name))])
    if size > limits.file_bytes:
        fault = finding("file-size", CellLocation(name), size=size, limit=limits.file_bytes)
        raise file_rejected(name, [fault])
    if head.startswith(XLSX):
        return "xlsx"
    return "json" if _is_json(head, name) else "csv"


def _is_json(head: bytes, name: str) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if name.lower().endswith((".json", ".jsonl", ".ndjson")):
        return True
    return text[:1] in (b"{", b"[") and not name.lower().endswith(".csv")
