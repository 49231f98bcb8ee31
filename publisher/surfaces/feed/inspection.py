"""Every document of a feed, in every form, compared with what the ledger's sequence gives.

Pages are written anew from the changes, one kind's open page in memory at a time, and compared
with the file to the byte when they close; roots, index nodes and open pages at the end. A file
of any other name is one too many, since the service hands out whatever lies there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exchange.domain.record import Activity
from publisher.surfaces.audit.file_inspection import Faults, Inspected, text_within
from publisher.surfaces.feed.addresses import ALL, FORMS, root_path
from publisher.surfaces.feed.documents import all_forms
from publisher.surfaces.feed.feed_files import compressed
from publisher.surfaces.feed.members import MemberWriter, header_of
from publisher.surfaces.feed.page_index import FeedState, node_document, root_document
from publisher.surfaces.feed.pages import Page
from publisher.surfaces.files.staged_tree import STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from exchange.domain.record import Change
    from publisher.surfaces.feed.addresses import FeedConfig
    from publisher.surfaces.feed.feed_files import FeedFiles

_HEAD: Final = compressed(b"")[:10]  # the same for every text
_MOST: Final = 64 * 1024 * 1024  # bytes of a document that are searched for records
_STAGE: Final = "stage/"  # what the next state is put together in; never handed out


class FeedInspection:
    """Compares the files of a feed with the ledger; `where` returns their present position."""

    def __init__(self, config: FeedConfig, files: FeedFiles, where: Callable[[], int]) -> None:
        self._config = config
        self._files = files
        self._where = where
        self._index = FeedState(epoch=config.epoch())
        self._index.add_streams({ALL, *config.kinds})
        self._pages: dict[str, Page] = {}  # the open ones
        self._members: dict[str, MemberWriter] = {}
        self._names: set[str] = set()
        self._shown: set[str] = set()
        self._closed = _Comparison(files, config)
        self.position()

    def position(self) -> int:
        """Return the number of the last change that the roots show."""
        return self._where()

    def take(self, changes: Sequence[Change]) -> None:
        """Add the next changes; a page is compared when it closes."""
        for change in changes:
            self._take(change)

    def finish(self) -> Inspected:
        """Compare open pages, roots and state, and report files that do not belong here."""
        rest = _Comparison(self._files, self._config)
        for page in self._pages.values():
            rest.page(page, self._members_of(page.kind), closed=False)
        for name in sorted(self._index.streams):
            document = all_forms(root_document(self._config, self._index, name))
            rest.document(root_path(name), document.values())
        faults = Faults(self._config.directory)
        for part in (self._closed, rest):
            faults.replay(part.faults)
        self._compare_state(faults)
        self._compare_names(self._closed.names | rest.names, faults)
        lost, extra = self._closed.lost | rest.lost, self._closed.extra | rest.extra
        return Inspected(self._shown, lost, extra, faults)

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    def _take(self, change: Change) -> None:
        kind = change.kind
        page = self._pages.get(kind)
        if page is not None and page.number != change.page:
            self._closed.page(page, self._members_of(kind), closed=True)
            page = None
        if page is None:
            page = self._pages[kind] = Page(kind, change.page)
        for node in self._index.add_member(kind, change.page, change.published, self._config.fan):
            self._closed.document(node.path, all_forms(node_document(self._config, node)).values())
        self._index.position = change.seq
        if change.activity is Activity.DELETE or change.view is not None:
            page.add(change, self._members_of(kind))
        if change.activity is not Activity.DELETE and change.view is not None:
            self._shown.add(change.iri)

    def _compare_state(self, faults: Faults) -> None:
        stated = self._files.state()
        if stated is None:
            faults.missing(f"current/{STATE}")
        elif FeedState.from_json(stated) != self._index:
            faults.differs(f"current/{STATE}")

    def _compare_names(self, names: set[str], faults: Faults) -> None:
        """Find files that no document of the feed has."""
        root = self._files.root
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_dir() or name in names or name == STATE or name.startswith(_STAGE):
                continue
            faults.foreign(f"current/{name}")

    def _members_of(self, kind: str) -> MemberWriter:
        if kind not in self._members:
            self._members[kind] = MemberWriter(self._config, kind)
        return self._members[kind]


class _Comparison:
    """Result of the files compared so far: names, faults, lost and extra records."""

    def __init__(self, files: FeedFiles, config: FeedConfig) -> None:
        self._files = files
        self.faults = Faults(config.directory)
        self.names: set[str] = set()
        self.lost: set[str] = set()
        self.extra: set[str] = set()
        self._config = config

    def page(self, page: Page, members: MemberWriter, *, closed: bool) -> None:
        """Compare a page in every form."""
        texts = page.documents(self._config, members, closed=closed)
        for form, text in enumerate(texts):
            stated = self._file(f"{page.path}.{FORMS[form]}.gz", text)
            if stated is None:
                continue
            wanted, found = _records(form, text, members), _records(form, stated, members)
            self.lost |= wanted - found
            self.extra |= found - wanted

    def document(self, path: str, texts: Iterable[bytes]) -> None:
        """Compare a root or an index node in every form."""
        for form, text in zip(FORMS, texts, strict=True):
            self._file(f"{path}.{form}.gz", text)

    def _file(self, name: str, text: bytes) -> bytes | None:
        """Compare one file; return its text if it differs, empty if missing, None if equal."""
        self.names.add(name)
        shown = f"current/{name}"
        try:
            content = (self._files.root / name).read_bytes()
        except FileNotFoundError:
            self.faults.missing(shown)
            return b""
        except OSError as problem:
            self.faults.raised(shown, problem)
            return b""
        if text_within(content, _HEAD, len(text)) == text:
            return None
        stated = text_within(content, _HEAD, _MOST)
        if stated is None:
            self.faults.damaged(shown)
            return b""
        self.faults.differs(shown)
        return stated


def _records(form: int, text: bytes, members: MemberWriter) -> set[str]:
    """Return the records that have text on a page, as far as the page can be read."""
    found = set[str]()
    for block in text.split(members.separators[form])[1:]:
        try:
            header = header_of(form, block)
        except ValueError:  # not a member, so it shows no record
            continue
        if header.has_text:
            found.add(header.record)
    return found
