"""Where the documents of a feed come from: a site, or a directory of files. All is bounded."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

import requests

from exchange.domain.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MEDIA: Final = {
    "trig": "application/trig",
    "jsonld": "application/ld+json",
    "nq": "application/n-quads",
}
_BLOCK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one check may cost; `seconds` bounds each wait for the other side."""

    documents: int = 100_000
    document_bytes: int = 32 * 1024 * 1024
    members: int = 5_000_000
    redirects: int = 5
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Document:
    """An answer: `body` is None when it was larger than allowed, `headers` for files.

    `url` is where it was found in the end, after `hops` redirects.
    """

    url: str
    status: int
    form: str | None
    body: bytes | None
    headers: Mapping[str, str] | None
    hops: int = 0


class Source(Protocol):
    """Hands out documents by address."""

    form: str

    def get(self, url: str) -> Document:
        """Return the document. Raises EnvironmentFault when the other side does not answer."""


class Web:
    """Documents of a site, asked for in one form."""

    def __init__(self, form: str, limits: Limits) -> None:
        self.form = form
        self._limits = limits
        self._session = requests.Session()
        self._session.max_redirects = limits.redirects
        self._session.headers["Accept"] = MEDIA[form]

    def get(self, url: str) -> Document:
        """Ask for the document, following redirects up to the limit."""
        try:
            with self._session.get(url, stream=True, timeout=self._limits.seconds) as answer:
                return Document(
                    answer.url,
                    answer.status_code,
                    _form_of(answer.headers.get("Content-Type", "")),
                    self._body(answer),
                    {name.lower(): value for name, value in answer.headers.items()},
                    len(answer.history),
                )
        except requests.TooManyRedirects:
            return Document(url, 310, None, b"", {}, self._limits.redirects + 1)
        except requests.RequestException as problem:
            raise EnvironmentFault(
                f"{url} does not answer: {type(problem).__name__}.",
                "Check the address and the network, then run it again.",
                zh=f"{url} 没有应答：{type(problem).__name__}。",
                zh_hint="请检查网址和网络后重试。",
            ) from problem

    def _body(self, answer: requests.Response) -> bytes | None:
        body = bytearray()
        for block in answer.iter_content(_BLOCK):  # unpacked as it comes
            body += block
            if len(body) > self._limits.document_bytes:
                return None
        return bytes(body)


class Folder:
    """Documents of a directory of files, `feed/penalty/p/7.trig` or the same with `.gz`."""

    def __init__(self, root: Path, base: str, form: str, limits: Limits) -> None:
        self.form = form
        self._root = root
        self._base = base
        self._limits = limits

    @classmethod
    def base_of(cls, root: Path, path: str, form: str, limits: Limits) -> str:
        """Return what stands before the path in the addresses that a root states."""
        body = cls(root, "", form, limits).get(path).body or b""
        found = re.search(rb'["<]([a-z]+://[^">]+/)' + re.escape(path.encode()) + rb'[">]', body)
        return found[1].decode() if found else "http://localhost/"

    def get(self, url: str) -> Document:
        """Read the file; 404 for what is not below the directory."""
        name = url.removeprefix(self._base).split("#")[0].strip("/")
        parts = Path(name).parts
        if not url.startswith(self._base) or not parts or ".." in parts:
            return Document(url, 404, None, b"", None)
        for path in (self._root / f"{name}.{self.form}.gz", self._root / f"{name}.{self.form}"):
            try:
                if path.is_file():
                    return Document(url, 200, self.form, self._body(path), None)
            except OSError:  # a name no file can have
                break
        return Document(url, 404, None, b"", None)

    def _body(self, path: Path) -> bytes | None:
        limit = self._limits.document_bytes
        with path.open("rb") as file:
            packed = file.read(limit + 1)
        if len(packed) > limit:
            return None
        if path.suffix != ".gz":
            return packed
        try:
            return _unpacked(packed, limit)
        except zlib.error:
            return packed  # as it stands: whoever parses it says that it is nothing


def _unpacked(packed: bytes, limit: int) -> bytes | None:
    """Return the text of a gzip file; None beyond the limit.

    Raises zlib.error for what is none, is cut short, or has more behind its end, which readers
    of a coded answer never see: a part must not pass for the whole.
    """
    unpacker = zlib.decompressobj(wbits=31)
    body = unpacker.decompress(packed, limit + 1)
    if len(body) > limit:
        return None
    if not unpacker.eof or unpacker.unused_data:
        raise zlib.error
    return body


def roots_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield path (`feed/penalty`) and form of every root in a directory.

    Raises UsageError when there is none.
    """
    found = [
        (f"feed/{name}", form)
        for path in sorted((folder / "feed").glob("*"))
        if path.is_file()
        for name, _, form in [path.name.removesuffix(".gz").partition(".")]
        if form in MEDIA
    ]
    if not found:
        raise UsageError(
            f"There is no feed in {folder}.",
            "Name the directory that holds `feed/all.trig.gz` or the like.",
            zh=f"{folder} 中没有数据流。",
            zh_hint="请给出含有 feed/all.trig.gz 等文件的目录。",
        )
    yield from sorted(set(found))


def same_site(one: str, two: str) -> bool:
    """Return whether two addresses have the same scheme, host and port; False for what is none."""
    try:
        return urlsplit(one)[:2] == urlsplit(two)[:2]
    except ValueError:
        return False


def _form_of(content_type: str) -> str | None:
    media = content_type.partition(";")[0].strip().lower()
    return next((form for form, name in MEDIA.items() if name == media), None)
