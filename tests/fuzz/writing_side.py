"""Parsers of the write side: files, cells, records, addresses of tables, lines of the journal."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from exchange.domain import identifiers
from exchange.domain.errors import CredenceError
from exchange.intake import DEFAULT_LIMITS, check_file, parse_table_address
from exchange.intake.encoding import detect_encoding
from exchange.intake.findings import Finding
from exchange.intake.header_matching import (
    best_form,
    candidate_forms,
    kind_from_file_name,
    match_header,
    normalise_name,
)
from exchange.intake.limits import WorkbookLimits
from exchange.ledger.withdrawal_journal import Journal, JournalLine
from exchange.model import Model, cell_reader, compile_kind
from exchange.workbook.bounds import WorkbookBounds, WorkbookRefused
from exchange.workbook.sheet_xml import Styles, scan_sheet
from exchange.workbook.xlsx_worker import (
    BROKEN,
    check_archive_size,
    number_formats_by_style,
    sheet_members,
)
from tests.fuzz.target import Target
from tests.unit.exchange.model.sound import SOUND

_LIMITS = replace(
    DEFAULT_LIMITS, cell_characters=3_000, line_characters=6_000, record_characters=6_000
)
_CSV = (b'"', b'""', b",", b"\r\n", b"'=", b'"\n', b"CF_WSH", "处罚机关".encode(), b"\xef\xbb\xbf")
_JSON = (
    *b"""
    { } [ ] " : , null true -0 1e5 {} [] "records" "type" "id" "@context" "remark" {"a": [[
    """.split(),
    *(b"\\", b'"\\ud800"'),
)
_CELLS = (
    *("2026-02-30", "２０２６年２月３日", "20260230", "2026/2/3 24:61", "0000-00-00", "9999-99-99"),
    *("500万元", "1,00,000.5", "人民币1亿", "-1", "1e3", "0.001", "９９．９", "一万", "∞", "NaN"),
    *("https://a.example/record/abcdefghijklmnopqrstuvwxy2", "abcdefghijklmnopqrstuvwxy2"),
    *(
        "91140400QQQQ00013E",
        "00000000000000000X",
        "14040219900307001X",
        "其他-",
        "；",
        ";;",
        "无",
        "—",
    ),
)


def refusing(take: Callable[[bytes], object]) -> Callable[[bytes], bool]:
    """Make a target of a parser that refuses by our own errors, or by returning False."""

    def run(data: bytes) -> bool:
        try:
            return take(data) is not False
        except CredenceError:
            return False

    return run


def targets(model: Model, sample: Path, folder: Path) -> Iterator[Target]:
    """Yield the targets; `folder` takes the files they need."""
    tables = [item.read_bytes() for item in sorted(sample.glob("*.csv"))]
    yield Target("csv", 3_000, tables, _CSV, _file(model, folder / "delivered.csv"))
    records = list(_records(model))
    whole = [b"[" + b",".join(records[:2]) + b"]", b'{"records":[%b]}' % records[0], *records]
    yield Target("json", 2_500, whole, _JSON, _file(model, folder / "delivered.json"))
    lines = [b"\n".join(records[at : at + 3]) for at in range(0, len(records), 3)]
    yield Target("json-lines", 1_500, lines, _JSON, _file(model, folder / "delivered.jsonl"))
    yield Target("record", 12_000, records, _JSON, _record(model))
    texts = [*tables, *(table.decode().encode("gb18030") for table in tables)]
    yield Target("encoding", 12_000, texts, (b"\x80", b"\x81\x30", b"\xa1"), _encoding)
    headers = [table.splitlines()[0] for table in tables]
    yield Target("headers", 5_000, headers, _CSV, refusing(_headers(model)))
    words = [word.encode() for word in _CELLS]
    rows = [json.dumps([kind, form, row]).encode() for kind, form, row in SOUND]
    yield Target("cells", 12_000, rows, words, _row(model))
    yield Target("values", 12_000, words, words, refusing(_values))
    book = _workbook()
    yield Target("workbook", 4_000, [book, *_parts(book)], _xml(), _archive)
    tables = [b"sqlite:///month.db#penalty", b"postgresql+psycopg://u:p@h:1/d?table=a.b"]
    parts = (b"://", b"#", b"?table=", b"@", b":", b"[::1]", b"/", b"&", b"%2F")
    yield Target(
        "table-address",
        4_000,
        tables,
        parts,
        refusing(lambda data: parse_table_address(_text(data))),
    )
    gone = JournalLine(1, 7, identifiers.new_id(), "gone").encoded()
    journal = [gone, gone * 3, JournalLine(2, 8, identifiers.new_id(), "back").encoded() + gone]
    yield Target("journal", 2_000, journal, _JSON, _journal(folder / "withdrawals.jsonl"))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _file(model: Model, path: Path) -> Callable[[bytes], bool]:
    def take(data: bytes) -> bool:
        path.write_bytes(data)
        checked = check_file(path, model, limits=_LIMITS)
        for found in checked:
            assert found.text("zh")
            assert found.text("en")
        assert checked.summary.rows == checked.summary.sound + checked.summary.rejected
        return checked.summary.sound > 0

    return refusing(take)


def _records(model: Model) -> Iterator[bytes]:
    for kind, form, row in SOUND:
        record, _ = compile_kind(model, kind).read_row(row, form)
        yield json.dumps(record, ensure_ascii=False).encode()


def _record(model: Model) -> Callable[[bytes], bool]:
    """Take a record that any JSON reader would let through."""
    kinds = {kind.type_name: compile_kind(model, slug) for slug, kind in model.kinds.items()}
    first = kinds["AdministrativePenalty"]

    def run(data: bytes) -> bool:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return False
        if not isinstance(value, dict):
            return False
        compiled = kinds.get(str(value.get("type")), first)
        record, _ = compiled.normalise(value)
        problems = compiled.check(record)
        if not any(problem.severity == "error" for problem in problems):
            compiled.submission(record).body.encode()
        return not problems

    return refusing(run)


def _encoding(data: bytes) -> bool:
    found = detect_encoding(io.BytesIO(data), "penalty.csv")
    if isinstance(found, Finding):
        return False
    data.decode(found.codec)
    return True


def _headers(model: Model) -> Callable[[bytes], None]:
    every = candidate_forms(model, None, None)

    def take(data: bytes) -> None:
        rows = [tuple(line.split(",")) for line in _text(data).split("\n")[:5]]
        kind_from_file_name(model, _text(data[:60]))
        found = best_form(every, rows[0])
        if found is not None:
            for row in range(1, len(rows) + 1):
                match_header(found, rows, row)

    return take


def _row(model: Model) -> Callable[[bytes], bool]:
    compiled = {slug: compile_kind(model, slug) for slug in model.kinds}

    def run(data: bytes) -> bool:
        try:
            slug, form, given = json.loads(data)
            row = {str(code): str(text) for code, text in given.items()}
            kind = compiled[slug]
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return False
        record, problems = kind.read_and_check(row, form)
        if any(problem.severity == "error" for problem in problems):
            return False
        kind.submission(record).body.encode()
        return True

    return refusing(run)


def _values(data: bytes) -> None:
    text = _text(data)
    cell_reader.parse_date(text)
    cell_reader.parse_time(text)
    cell_reader.parse_yuan(text, cell_reader.Decimal(10_000))
    cell_reader.normalise_label(text)
    normalise_name(text)
    if identifiers.id_number_problem(text) is None:
        return
    if len(text) % 2:
        identifiers.parse_uscc(text)
    else:
        identifiers.id_of(text)


def _workbook() -> bytes:
    """Return a workbook with two cells, as small as they come."""
    stream = io.BytesIO()
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="a" Target="worksheets/1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns:r="{relation}"><sheets><sheet name="一" r:id="a"/></sheets>'
            "</workbook>",
        )
        cells_ = '<c r="A1" t="e"><v>#N/A</v></c><c r="ZZ9"><f>A1</f></c><c r="B1"/>'
        archive.writestr("xl/worksheets/1.xml", f"<worksheet>{cells_}</worksheet>")
    return stream.getvalue()


def _parts(book: bytes) -> Iterator[bytes]:
    """Yield the same workbook packed, and with members that lie about themselves."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {item.filename: archive.read(item) for item in archive.infolist()}
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name, content in parts.items():
                archive.writestr(name, content + b" " * 3_000)
        yield stream.getvalue()


def _xml() -> tuple[bytes, ...]:
    return (
        *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xff\xff\xff", b"\x00" * 4),
        *(
            b'<c r="XFD1048576" t="e">',
            b"<f/>",
            b"<!DOCTYPE a>",
            b"&a;",
            b"<",
            b"/>",
            b'r:id="',
            b"../",
        ),
    )


def _archive(data: bytes) -> bool:
    """Do what the worker does before and beside the engine, which stays in its own process."""
    known = WorkbookBounds.__dataclass_fields__
    small = replace(WorkbookLimits(), unpacked=1024 * 1024, columns=100)
    bounds = WorkbookBounds(
        **{name: value for name, value in asdict(small).items() if name in known}
    )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_archive_size(archive, bounds)
            for member in sheet_members(archive).values():
                with archive.open(member) as stream:
                    scan_sheet(stream, Styles(frozenset(number_formats_by_style(archive))), bounds)
    except (WorkbookRefused, *BROKEN):
        return False
    return True


def _journal(path: Path) -> Callable[[bytes], bool]:
    def take(data: bytes) -> None:
        path.write_bytes(data)
        for line in Journal(path).lines():
            assert line.encoded()
        Journal(path).catch_up(lambda _: ())

    return refusing(take)
