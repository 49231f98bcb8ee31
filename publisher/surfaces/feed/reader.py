"""Reads the published feed of a tier, beside a running projector."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exchange.domain.errors import StoreUnavailable
from exchange.domain.identifiers import id_of
from publisher.surfaces.feed.addresses import FORMS, page_path
from publisher.surfaces.feed.feed_files import FeedFiles
from publisher.surfaces.feed.inspection import FeedInspection
from publisher.surfaces.feed.members import MemberWriter, event_of, header_of, view_of
from publisher.surfaces.files.tree_surface import current_tree
from publisher.surfaces.set_digest import ViewSetDigest, digest_hex, line_set_sum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.domain.disclosure_levels import Tier
    from publisher.surfaces.audit.file_inspection import SharedWork
    from publisher.surfaces.feed.addresses import FeedConfig
    from publisher.surfaces.feed.members import MemberHeader

_NQUADS = FORMS.index("nq")


class FeedReader:
    """Reads the feed that is served. Raises StoreUnavailable when there is none yet."""

    name = "feed"

    def __init__(self, config: FeedConfig) -> None:
        self.tier: Tier = config.tier
        self._config = config

    def position(self) -> int:
        """Return the number of the last change that the roots show."""
        state = self._files().state()
        if state is None:
            raise StoreUnavailable(
                "No feed has been published yet.",
                "Run `credence publish`, or wait until the projector has started.",
                zh="数据订阅流尚未发布。",
                zh_hint="请运行 credence publish，或等发布进程启动。",
            )
        return int(state["position"])

    def iris(self) -> Iterator[str]:
        """Yield every record with text in any form of any page."""
        return iris_in(self._files(), self._config)

    def members(self) -> Iterator[tuple[str, str, MemberHeader]]:
        """Yield every member, tombstones included: its kind, its event's IRI, its header.

        Members of one kind are in order.
        """
        for kind, number in self._files().pages():
            for header, block in _blocks(self._files(), self._config, (kind, number), _NQUADS):
                yield kind, event_of(block), header

    def digest(self) -> str:
        """Return the digest of the newest version of each record, from the N-Quads.

        Raises StoreUnavailable for a root or an index node that is damaged.
        """
        files = self._files()
        files.require_whole()
        return digest_in(files, self._config)

    def expected_digest(self) -> ViewSetDigest:
        """Return an accumulator of the digest; add every view that must be shown."""
        return ViewSetDigest()

    def contains(self, iri: str) -> bool:
        """Return whether a page that ever had the record (IRI or last part) has text of it."""
        return contained_in(self._files(), self._config, iri)

    def inspect(self, shared: SharedWork) -> FeedInspection:
        """Start to compare every document with the ledger."""
        config = replace(self._config, serialiser=shared.serialiser)
        return FeedInspection(config, self._files(), self.position)

    def _files(self) -> FeedFiles:
        return FeedFiles(current_tree(self._config.directory))


def iris_in(files: FeedFiles, config: FeedConfig) -> Iterator[str]:
    """Yield every record that has text in the feed, once."""
    seen: set[str] = set()
    for kind, number in files.pages():
        for form in range(len(FORMS)):
            for header, _ in _blocks(files, config, (kind, number), form):
                if header.has_text and header.record not in seen:
                    seen.add(header.record)
                    yield header.record


def digest_in(files: FeedFiles, config: FeedConfig) -> str:
    """Return the digest of the feed: of each record the newest version alone."""
    newest: dict[str, int] = {}
    total = 0
    for page in files.pages():
        for header, block in _blocks(files, config, page, _NQUADS):
            if header.has_text:
                added = line_set_sum(view_of(block, header.record))
                total += added - newest.get(header.record, 0)
                newest[header.record] = added
    return digest_hex(total)


def contained_in(files: FeedFiles, config: FeedConfig, iri: str) -> bool:
    """Return whether a page that the ledger names for the record has text of it."""
    public_id = id_of(iri)
    return any(
        header.has_text and id_of(header.record) == public_id
        for page in config.pages([iri])
        for form in range(len(FORMS))
        for header, _ in _blocks(files, config, page, form)
    )


def _blocks(
    files: FeedFiles, config: FeedConfig, page: tuple[str, int], form: int
) -> Iterator[tuple[MemberHeader, bytes]]:
    kind, _ = page
    text = files.read(f"{page_path(*page)}.{FORMS[form]}")
    if text is None:
        return
    members = MemberWriter(config, kind)
    for block in text[: -len(members.tails[form])].split(members.separators[form])[1:]:
        yield header_of(form, block), block
