"""What the readers of a tier's feed see, for audits beside a running projector."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exchange.domain.errors import StoreUnavailable
from exchange.domain.identity import id_of
from publisher.surfaces.feed.addresses import FORMS, page_path
from publisher.surfaces.feed.feed_files import Shelf
from publisher.surfaces.feed.inspection import FeedInspection
from publisher.surfaces.feed.members import Members, entry_of, event_of, view_of
from publisher.surfaces.files.tree_surface import current_tree
from publisher.surfaces.set_digest import ViewSum, sum_hex, text_sum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.domain.disclosure import Tier
    from publisher.surfaces.audit.file_inspection import SharedWork
    from publisher.surfaces.feed.addresses import Place
    from publisher.surfaces.feed.members import Entry

_NQUADS = FORMS.index("nq")


class FeedReader:
    """The feed that is served now. Raises StoreUnavailable when there is none yet."""

    name = "feed"

    def __init__(self, place: Place) -> None:
        self.tier: Tier = place.tier
        self._place = place

    def position(self) -> int:
        """Last change whose result stands in the roots."""
        state = self._shelf().state()
        if state is None:
            raise StoreUnavailable(
                "No feed has been published yet.",
                "Run `credence publish`, or wait until the projector has started.",
                zh="数据订阅流尚未发布。",
                zh_hint="请运行 credence publish，或等发布进程启动。",
            )
        return int(state["position"])

    def iris(self) -> Iterator[str]:
        """Every record with text in any form of any page."""
        return iris_on(self._shelf(), self._place)

    def members(self) -> Iterator[tuple[str, str, Entry]]:
        """Every member, tombstones included: its kind, the IRI of its event, what it says.

        Those of one kind come in their order.
        """
        for kind, number in self._shelf().pages():
            for entry, block in _blocks(self._shelf(), self._place, (kind, number), _NQUADS):
                yield kind, event_of(block), entry

    def digest(self) -> str:
        """LineSum over the newest version of each record, from the N-Quads.

        Raises StoreUnavailable for a root or an index node that is damaged.
        """
        shelf = self._shelf()
        shelf.require_whole()
        return digest_on(shelf, self._place)

    def expecting(self) -> ViewSum:
        """Return what `digest` must be, once it has every view."""
        return ViewSum()

    def holds(self, iri: str) -> bool:
        """Whether a page where the record ever was has text of it (IRI or its last part)."""
        return holds_on(self._shelf(), self._place, iri)

    def inspect(self, shared: SharedWork) -> FeedInspection:
        """Begin to compare every document with the ledger."""
        place = replace(self._place, texts=shared.texts)
        return FeedInspection(place, self._shelf(), self.position)

    def _shelf(self) -> Shelf:
        return Shelf(current_tree(self._place.directory))


def iris_on(shelf: Shelf, place: Place) -> Iterator[str]:
    """Yield every record that has text on the shelf, once."""
    seen: set[str] = set()
    for kind, number in shelf.pages():
        for form in range(len(FORMS)):
            for entry, _ in _blocks(shelf, place, (kind, number), form):
                if entry.shows and entry.record not in seen:
                    seen.add(entry.record)
                    yield entry.record


def digest_on(shelf: Shelf, place: Place) -> str:
    """Return the digest of what the shelf shows: of each record the newest version alone."""
    newest: dict[str, int] = {}
    total = 0
    for page in shelf.pages():
        for entry, block in _blocks(shelf, place, page, _NQUADS):
            if entry.shows:
                added = text_sum(view_of(block, entry.record))
                total += added - newest.get(entry.record, 0)
                newest[entry.record] = added
    return sum_hex(total)


def holds_on(shelf: Shelf, place: Place, iri: str) -> bool:
    """Return whether text of the record is on the shelf, by the ledger's word where to look."""
    public_id = id_of(iri)
    return any(
        entry.shows and id_of(entry.record) == public_id
        for page in place.pages([iri])
        for form in range(len(FORMS))
        for entry, _ in _blocks(shelf, place, page, form)
    )


def _blocks(
    shelf: Shelf, place: Place, page: tuple[str, int], form: int
) -> Iterator[tuple[Entry, bytes]]:
    kind, _ = page
    text = shelf.read(f"{page_path(*page)}.{FORMS[form]}")
    if text is None:
        return
    members = Members(place, kind)
    for block in text[: -len(members.tails[form])].split(members.marks[form])[1:]:
        yield entry_of(form, block), block
