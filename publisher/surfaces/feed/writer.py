"""Writes the documents of one feed; readers see nothing before `commit`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from exchange.domain.failpoints import no_failpoint
from exchange.domain.record import Activity
from publisher.surfaces.feed.addresses import ALL, FORMS, page_path, root_path
from publisher.surfaces.feed.documents import all_forms
from publisher.surfaces.feed.feed_files import FeedTree
from publisher.surfaces.feed.members import MemberWriter
from publisher.surfaces.feed.page_index import FeedState, node_document, root_document
from publisher.surfaces.feed.pages import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from exchange.domain.failpoints import FailpointHook
    from exchange.domain.record import Change
    from publisher.surfaces.feed.addresses import FeedConfig
    from publisher.surfaces.feed.documents import Node

# Later than every member: a redaction removes text from every page.
_EVER: Final = sys.maxsize


class Writer:
    """Writes the feed below `root`. After an error, open another writer."""

    def __init__(
        self, config: FeedConfig, root: Path, failpoint: FailpointHook = no_failpoint
    ) -> None:
        self._config = config
        self.tree = FeedTree(root, failpoint)
        state = self.tree.state()
        self._state = FeedState() if state is None else FeedState.from_json(state)
        # A new feed, or one whose model has got new kinds, has roots to write.
        self._stale = {ALL, *config.kinds} - self._state.streams.keys()
        self._state.add_streams(self._stale)
        epoch = config.epoch()
        if self._state.epoch != epoch:
            self._state.epoch = epoch
            self._stale |= self._state.streams.keys()
        self._members: dict[str, MemberWriter] = {}
        # Pages changed since they were last written.
        self._pages: dict[tuple[str, int], Page] = {}

    @property
    def position(self) -> int:
        """Sequence number of the last change applied."""
        return self._state.position

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply the changes; those up to `position` are skipped."""
        limits: dict[str, int] = {}
        for change in changes:
            if change.seq > self._state.position:
                self._take(change)
                if change.retracts_text or change.activity is Activity.DELETE:
                    limits[change.iri] = change.seq
        self._remove_text(limits)
        for key in [key for key in self._pages if self._closed(*key)]:
            self._write_page(self._pages.pop(key))

    def redact(self, iris: Collection[str]) -> None:
        """Remove all text of the records."""
        self._remove_text(dict.fromkeys(iris, _EVER))

    def commit(self) -> None:
        """Publish what was written."""
        self.flush()
        if not self._stale and not self.tree.dirty:
            return
        for name in sorted(self._stale):
            self._write(root_path(name), root_document(self._config, self._state, name))
        self._stale.clear()
        self.tree.commit(self._state.to_json())

    def flush(self) -> None:
        """Write pages in memory to the stage; readers do not see them yet."""
        while self._pages:
            self._write_page(self._pages.popitem()[1])

    def _take(self, change: Change) -> None:
        page = change.kind, change.page
        before = self._state.open.get(change.kind)
        if before is not None:
            self._load_page(change.kind, before.number)  # if it closes now, it has to say so
        self._load_page(*page)
        nodes = self._state.add_member(*page, change.published, self._config.fan)
        self._state.position = change.seq
        self._stale |= {change.kind, ALL}
        for node in nodes:
            self._write(node.path, node_document(self._config, node))
        # The text of a Create or Update may have been removed since: it leaves a hole.
        if change.activity is Activity.DELETE or change.view is not None:
            self._pages[page].add(change, self._members_of(change.kind))

    def _load_page(self, kind: str, number: int) -> None:
        if (kind, number) not in self._pages:
            self._pages[kind, number] = self._read(kind, number) or Page(kind, number)

    def _remove_text(self, limits: Mapping[str, int]) -> None:
        for key in self._config.pages(limits) if limits else ():
            page = self._pages.get(key) or self._read(*key)
            if page is not None and page.remove(limits):
                if self._closed(*key) and key not in self._pages:
                    self._write_page(page)  # at once, so that memory holds one of them
                else:
                    self._pages[key] = page

    def _closed(self, kind: str, number: int) -> bool:
        return number < self._state.open[kind].number

    def _read(self, kind: str, number: int) -> Page | None:
        texts = [self.tree.read(f"{page_path(kind, number)}.{form}") for form in FORMS]
        present = [text for text in texts if text is not None]
        if len(present) < len(FORMS):
            return None
        return Page.of(kind, number, present, self._members_of(kind))

    def _write_page(self, page: Page) -> None:
        members, closed = self._members_of(page.kind), self._closed(page.kind, page.number)
        texts = page.documents(self._config, members, closed=closed)
        for form, text in zip(FORMS, texts, strict=True):
            self.tree.write(f"{page.path}.{form}", text)

    def _write(self, path: str, document: list[Node]) -> None:
        for form, text in all_forms(document).items():
            self.tree.write(f"{path}.{form}", text)

    def _members_of(self, kind: str) -> MemberWriter:
        if kind not in self._members:
            self._members[kind] = MemberWriter(self._config, kind)
        return self._members[kind]
