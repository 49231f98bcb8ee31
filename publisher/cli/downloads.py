"""The verb `dump`: a whole kind of the archive into a file, for those who hold the ledger."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import click

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import UsageError
from exchange.model import compile_kind
from exchange.model.form_writer import FormWriter, escape_formula
from publisher.cli.context import CliContext, common, pass_context
from publisher.surfaces.dumps.addresses import FORMS
from publisher.surfaces.dumps.segments import TAILS, RecordSerialiser
from publisher.surfaces.text.serialisation_cache import SerialisationCache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.model import Kind, Model
    from publisher.wiring import OpenDeployment


class _Writer(Protocol):
    """Writes records; `lossy` counts those that the format cannot say whole."""

    lossy: int

    def head(self) -> bytes:
        """Return the text before the records."""

    def record(self, iri: str, view: bytes) -> bytes:
        """Return one record."""

    def tail(self) -> bytes:
        """Return the text after the records."""


class _Rdf:
    """Records as they are in dumps of the sites, with everything the archive knows."""

    def __init__(self, kind: Kind, form: str, base: str) -> None:
        self.lossy = 0
        self._form = form
        self._recorder = RecordSerialiser(
            kind, Tier.ARCHIVE, f"{base}/dataset/{kind.slug}", SerialisationCache(readers=1)
        )

    def head(self) -> bytes:
        return self._recorder.heads()[self._form].encode()

    def record(self, iri: str, view: bytes) -> bytes:
        written = self._recorder.serialise(iri.encode(), view, objection=False)
        return written[FORMS.index(self._form)]

    def tail(self) -> bytes:
        return TAILS[self._form]


class _Table:
    """Records as rows of a form, which `load` reads."""

    def __init__(self, model: Model, kind: Kind, form: str) -> None:
        self.lossy = 0
        self._compiled = compile_kind(model, kind.slug)
        self._form = FormWriter(self._compiled, form)

    def head(self) -> bytes:
        return "\ufeff".encode() + _line(self._form.columns)

    def record(self, iri: str, view: bytes) -> bytes:
        row, same = self._form.row(self._compiled.to_json(iri, view))
        self.lossy += not same
        return _line([escape_formula(row.get(code, "")) for code in self._form.columns])

    def tail(self) -> bytes:
        return b""


def _line(cells: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()


@click.command()
@click.argument("kind", metavar="KIND")
@click.option("--format", "form_at", type=click.Choice(FORMS), required=True, help="格式 format")
@click.option("--form", metavar="FORM", help="CSV 的表式 form of the CSV: 2018, 2016")
@click.option(
    "-o",
    "out",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="写入的文件 file to write",
)
@common
@pass_context
def dump(context: CliContext, *, kind: str, form_at: str, form: str | None, out: Path) -> None:
    """导出一类记录的存档（含个人信息）。Write a kind of the archive, personal data included."""
    console = context.console
    with context.open_read_only() as opened:
        writer = _writer(context.deployment.model, opened, kind, form_at, form)
        digest, records = hashlib.sha256(), 0
        with _aside(out) as file:
            for piece in _pieces(writer, opened, kind):
                digest.update(piece)
                file.write(piece)
                records += 1
    document = {
        "kind": kind,
        "format": form_at,
        "file": str(out),
        "records": records - 2,  # less head and tail
        "lossy": writer.lossy,
        "bytes": out.stat().st_size,
        "sha256": digest.hexdigest(),
    }
    console.say("dumped", **document)
    if writer.lossy:
        console.say("dumped-lossy", count=writer.lossy)
    console.result(document)


def _pieces(writer: _Writer, opened: OpenDeployment, kind: str) -> Iterator[bytes]:
    yield writer.head()
    for iri, view in opened.ledger.archived(kind):
        yield writer.record(iri, view)
    yield writer.tail()


def _writer(
    model: Model, opened: OpenDeployment, slug: str, form_at: str, form: str | None
) -> _Writer:
    kind = model.kinds.get(slug)
    if kind is None:
        raise UsageError(
            f"There is no kind {slug!r}.",
            f"Use one of: {', '.join(model.kinds)}.",
            zh=f"没有“{slug}”这类记录。",
            zh_hint=f"可选：{'、'.join(model.kinds)}。",
        )
    if form_at != "csv":
        if form is not None:
            raise UsageError(
                "Only a CSV has a form.",
                "Leave --form out, or use --format csv.",
                zh="只有 CSV 才有表式。",
                zh_hint="请去掉 --form，或改用 --format csv。",
            )
        return _Rdf(kind, form_at, opened.ledger.genesis.base_url)
    chosen = form or kind.forms[-1]
    if chosen not in kind.forms:
        raise UsageError(
            f"{slug} has no form {chosen!r}.",
            f"Use one of: {', '.join(kind.forms)}.",
            zh=f"{slug} 没有 {chosen} 表式。",
            zh_hint=f"可选：{'、'.join(kind.forms)}。",
        )
    return _Table(model, kind, chosen)


@contextmanager
def _aside(out: Path) -> Iterator[IO[bytes]]:
    """Open a private file that takes its place when all is written. Raises OSError."""
    aside = out.with_name(out.name + ".part")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)


VERBS = (dump,)
