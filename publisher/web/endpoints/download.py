"""The dumps: whole kinds to download, as a plain WSGI callable.

Purpose: hand out what the dumps surface wrote, packed as it lies or unpacked on the way, whole
or by Range. `latest` leads to the newest version; a version that is not kept is gone for good.
Errors: problem documents. Sources: RFC 9110 §12-§14, RFC 4180, docs/design/interface.md "HTTP",
docs/design/surfaces.md "Downloads".
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from werkzeug.http import parse_accept_header

from exchange.domain.errors import CredenceError, Gone, NotFound, Overloaded
from publisher.surfaces.dumps.addresses import FORMS, HEADERS
from publisher.surfaces.dumps.csv_columns import metadata
from publisher.surfaces.dumps.document_pieces import Document
from publisher.surfaces.dumps.dump_files import PartFiles
from publisher.surfaces.dumps.dump_version import file_name, manifest
from publisher.surfaces.dumps.file_digests import FileDigests
from publisher.web.http import cache_control, problems, replies
from publisher.web.http.problems import BadRequest, MethodNotAllowed
from publisher.web.http.range_response import RangeResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from exchange.model import Kind
    from publisher.surfaces.dumps import DumpReader
    from publisher.surfaces.dumps.dump_version import DumpVersion
    from publisher.surfaces.dumps.snapshot import DumpSnapshot
    from publisher.web.pages.renderer import Pages

ALLOW: Final = "GET, HEAD, OPTIONS"
MEDIA: Final = {
    "csv": "text/csv",
    "nq": replies.NQUADS,
    "jsonld": replies.JSONLD,
    "ttl": replies.TURTLE,
}
_GZIP: Final = "application/gzip"
_LATEST: Final = "latest"
_TRIES: Final = 3  # to read the newest version while takedowns replace it
_ADDRESS: Final = re.compile(
    r"/dump/(?P<kind>[a-z][a-z0-9-]{0,63})/(?:"
    r"latest\.(?P<suffix>[a-z]{1,16}(?:\.gz)?)"
    r"|(?P<version>latest|[0-9]{8}T[0-9]{9}Z-[0-9a-f]{10})/(?P<name>[A-Za-z0-9./-]{1,128}))"
)
_FILE: Final = re.compile(
    r"(?:parts/)?(?P<kind>[a-z][a-z0-9-]*?)(?:-(?P<part>[0-9]{4,8}))?"
    r"\.(?P<form>csv|nq|jsonld|ttl)(?P<packed>\.gz)?"
)
_CORS: Final = (
    ("Access-Control-Allow-Methods", ALLOW),
    ("Access-Control-Allow-Headers", "Accept, If-None-Match, Range, If-Range"),
    ("Access-Control-Max-Age", "86400"),
)
_ASKED: Final = ("Cache-Control", cache_control.REVALIDATE)


@dataclass(frozen=True, slots=True)
class DumpService:
    """The WSGI application below `/dump/`.

    `takedown_bound` is seconds, `clock` milliseconds.
    """

    dumps: DumpReader
    kinds: Mapping[str, Kind]
    pages: Pages
    takedown_bound: float
    clock: Callable[[], int]
    # FileDigests of the newest version of a kind, where a reader asked before they were written.
    _completed: dict[str, DumpVersion] = field(default_factory=dict)
    _completing: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            reply = self._reply(environ)
        except CredenceError as error:
            reply = problems.answer(error, environ, self.pages)
        return reply(environ, start_response)

    def _reply(self, environ: WSGIEnvironment) -> replies.Reply | RangeResponse:
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return replies.Reply(b"", status=204, headers=(("Allow", ALLOW), *_CORS))
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(method, ALLOW)
        asked = _ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if asked is None:
            raise _nothing()
        kind, version = asked["kind"], asked["version"]
        if version in {None, _LATEST}:
            return self._newest(environ, kind, asked["name"] or f"{kind}.{asked['suffix']}")
        snapshot = self.dumps.snapshot()
        index = snapshot.version(kind, version)
        if index is None:
            raise _nothing() if kind not in snapshot.kinds() else _superseded()
        return self._document(environ, snapshot, index, asked["name"])

    def _newest(self, environ: WSGIEnvironment, kind: str, name: str) -> replies.Reply:
        """Answer from the newest version; retry if it is deleted while it is read.

        Whoever follows must never be told by a 410 that a whole kind is gone.
        """
        for _ in range(_TRIES):
            snapshot = self.dumps.snapshot()
            index = snapshot.version(kind)
            if index is None and kind not in snapshot.kinds():
                raise _nothing()
            with suppress(Gone):
                if index is not None:
                    return self._latest(environ, snapshot, index, name)
        raise _replaced()

    def _latest(
        self, environ: WSGIEnvironment, snapshot: DumpSnapshot, index: DumpVersion, name: str
    ) -> replies.Reply:
        """Return a document about the newest version, or a redirect to its files."""
        described = self._described(snapshot, index, name)
        if described is not None:
            return described.having(_ASKED).tagged(environ)
        self._file(index, name)
        query = environ.get("QUERY_STRING", "")
        place = f"{self.pages.prefix}/dump/{index.kind}/{index.version}/{name}"
        location = ("Location", place + (f"?{query}" if query else ""))
        return replies.Reply(b"", "text/plain", 302, (location, _ASKED))

    def _document(
        self, environ: WSGIEnvironment, snapshot: DumpSnapshot, index: DumpVersion, name: str
    ) -> replies.Reply | RangeResponse:
        lasting = (
            "Cache-Control",
            cache_control.until_next_expiry(self.takedown_bound, self.clock()),
        )
        described = self._described(snapshot, index, name)
        if described is not None:
            return described.having(lasting).tagged(environ)
        document, packed = self._file(index, name, _names(environ))
        coded = not packed and _takes_gzip(environ)
        try:
            pieces = document.pieces(PartFiles((snapshot.tree,)), packed=packed or coded)
        except FileNotFoundError:
            raise _superseded() from None
        tag = f"{index.version}-{name}-{document.header}" + ("-gzip" if coded else "")
        named = name.removeprefix("parts/").replace(index.kind, f"{index.kind}-{index.version}", 1)
        headers = [
            ("ETag", f'"{tag}"'),
            lasting,
            ("Vary", "Accept-Encoding"),
            ("Content-Disposition", f'attachment; filename="{named}"'),
            *([("Content-Encoding", "gzip")] if coded else []),
        ]
        media = replies.Reply(b"", _GZIP if packed else MEDIA[document.form]).content_type
        return RangeResponse(tuple(pieces), media, tuple(headers))

    def _described(
        self, snapshot: DumpSnapshot, index: DumpVersion, name: str
    ) -> replies.Reply | None:
        """Return a small document about the version."""
        if name == "manifest.json":
            shown = manifest(self._digested(snapshot, index), MEDIA)
            return replies.Reply(
                json.dumps(shown, ensure_ascii=False).encode() + b"\n", replies.JSON
            )
        if name == "SHA256SUMS":
            return replies.Reply(_sums(self._digested(snapshot, index)), "text/plain")
        if name == f"{index.kind}.csv-metadata.json" and index.kind in self.kinds:
            kind = self.kinds[index.kind]
            described = metadata(kind, self.dumps.tier, f"{kind.slug}.csv", HEADERS[0])
            return replies.Reply(described, "application/csvm+json")
        return None

    def _file(
        self, index: DumpVersion, name: str, names: str = HEADERS[0]
    ) -> tuple[Document, bool]:
        """Return the document of that name and whether its packed file is meant."""
        match = _FILE.fullmatch(name)
        if match is None:
            raise _later(name) if name.endswith((".xlsx", ".parquet")) else _nothing()
        number = match["part"] and int(match["part"])
        part = next((part for part in index.parts if part.number == number), None)
        document = Document(index, match["form"], names, part)
        if name != file_name(index.kind, match["form"], part) + (match["packed"] or ""):
            raise _nothing()
        return document, bool(match["packed"])

    def _digested(self, snapshot: DumpSnapshot, index: DumpVersion) -> DumpVersion:
        """Return the index with digests: a moment after a takedown they are not written yet."""
        if not index.undigested:
            return index
        # One at a time: it reads whole files, and whoever waits wants the same ones.
        with self._completing:
            completed = self._completed.get(index.kind)
            if completed is None or completed.version != index.version:
                try:
                    completed = FileDigests().completed(index, PartFiles((snapshot.tree,)))
                except FileNotFoundError:
                    raise _superseded() from None
                self._completed[index.kind] = completed
            return completed


def _names(environ: WSGIEnvironment) -> str:
    """Return the kind of first row that `?header=` asks for. Raises BadRequest."""
    asked = replies.parameter(environ, "header") or HEADERS[0]
    if asked not in HEADERS:
        raise BadRequest(
            "The first row is not offered in these words.",
            "Use header=zh, header=code or header=en.",
            zh="没有这种表头。",
            zh_hint="可选 header=zh、header=code 或 header=en。",
        )
    return asked


def _takes_gzip(environ: WSGIEnvironment) -> bool:
    return bool(parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING")).quality("gzip"))


def _sums(index: DumpVersion) -> bytes:
    """Return digests as `sha256sum -c` reads them, of whole files and of parts."""
    lines = [f"{index.wholes[form].sha256}  {file_name(index.kind, form)}\n" for form in FORMS]
    lines += [
        f"{part.forms[form].sha256}  {file_name(index.kind, form, part)}\n"
        for part in index.parts
        for form in FORMS
    ]
    return "".join(lines).encode()


def _superseded() -> Gone:
    return Gone("This version is not kept any more.", "Take the newest one.")


def _replaced() -> Overloaded:
    return Overloaded(
        "The newest version is being replaced.",
        "Try again in a moment.",
        zh="最新版本正在更新。",
        zh_hint="请稍后再试。",
    )


def _later(name: str) -> NotFound:
    form = name.rpartition(".")[2]
    return NotFound(
        f"Dumps are not offered as {form} yet.",
        f"Take one of: {', '.join(FORMS)}.",
        zh=f"暂不提供 {form} 格式的批量下载。",
        zh_hint=f"请选用：{'、'.join(FORMS)}。",
    )


def _nothing() -> NotFound:
    return NotFound(
        "There is no dump at this address.",
        "Begin at /datasets, or ask for /dump/{kind}/latest.csv.",
        zh="这个网址没有批量下载文件。",
        zh_hint="请从 /datasets 开始，或访问 /dump/{kind}/latest.csv。",
    )
