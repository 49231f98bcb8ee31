"""Writes one feed: changes in, documents out; nothing is seen before `commit`."""

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

# Later than every member: what is redacted goes wherever it stands.
_EVER: Final = sys.maxsize


class Writer:
    """The feed below `root`. A writer that has raised is of no use any more: open another."""

    def __init__(
        self, config: FeedConfig, root: Path, failpoint: FailpointHook = no_failpoint
    ) -> None:
        self._config = config
        self.tree = FeedTree(root, failpoint)
        state = self.tree.state()
        self._index = FeedState() if state is None else FeedState.from_json(state)
        # A new feed, or one whose model has got new kinds, has roots to write.
        self._stale = {ALL, *config.kinds} - self._index.streams.keys()
        self._index.add_streams(self._stale)
        epoch = config.epoch()
        if self._index.epoch != epoch:
            self._index.epoch = epoch
            self._stale |= self._index.streams.keys()
        self._members: dict[str, MemberWriter] = {}
        # Pages changed since they were last written.
        self._pages: dict[tuple[str, int], Page] = {}

    @property
    def position(self) -> int:
        """Last change taken."""
        return self._index.position

    def apply(self, changes: Sequence[Change]) -> None:
        """Take the changes; those it has are passed over."""
        limits: dict[str, int] = {}
        for change in changes:
            if change.seq > self._index.position:
                self._take(change)
                if change.retracts_text or change.activity is Activity.DELETE:
                    limits[change.iri] = change.seq
        self._take_away(limits)
        for key in [key for key in self._pages if self._closed(*key)]:
            self._write_page(self._pages.pop(key))

    def redact(self, iris: Collection[str]) -> None:
        """Take away all text of the records."""
        self._take_away(dict.fromkeys(iris, _EVER))

    def commit(self) -> None:
        """Let readers see it."""
        self.flush()
        if not self._stale and not self.tree.dirty:
            return
        for name in sorted(self._stale):
            self._write(root_path(name), root_document(self._config, self._index, name))
        self._stale.clear()
        self.tree.commit(self._index.to_json())

    def flush(self) -> None:
        """Write the pages that are still in memory beside those that readers have."""
        while self._pages:
            self._write_page(self._pages.popitem()[1])

    def _take(self, change: Change) -> None:
        page = change.kind, change.page
        before = self._index.open.get(change.kind)
        if before is not None:
            self._hold(change.kind, before.number)  # if it closes now, it has to say so
        self._hold(*page)
        made = self._index.add_member(*page, change.published, self._config.fan)
        self._index.position = change.seq
        self._stale |= {change.kind, ALL}
        for node in made:
            self._write(node.path, node_document(self._config, node))
        # A Create or Update without text has left since: it leaves a hole.
        if change.activity is Activity.DELETE or change.view is not None:
            self._pages[page].add(change, self._members_of(change.kind))

    def _hold(self, kind: str, number: int) -> None:
        if (kind, number) not in self._pages:
            self._pages[kind, number] = self._read(kind, number) or Page(kind, number)

    def _take_away(self, limits: Mapping[str, int]) -> None:
        for key in self._config.pages(limits) if limits else ():
            page = self._pages.get(key) or self._read(*key)
            if page is not None and page.remove(limits):
                if self._closed(*key) and key not in self._pages:
                    self._write_page(page)  # at once, so that memory holds one of them
                else:
                    self._pages[key] = page

    def _closed(self, kind: str, number: int) -> bool:
        return number < self._index.open[kind].number

    def _read(self, kind: str, number: int) -> Page | None:
        texts = [self.tree.read(f"{page_path(kind, number)}.{form}") for form in FORMS]
        found = [text for text in texts if text is not None]
        if len(found) < len(FORMS):
            return None
        return Page.of(kind, number, found, self._members_of(kind))

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
