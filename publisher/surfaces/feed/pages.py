"""A page: its members in three forms, to be added to and taken from.

Source: docs/design/surfaces.md "Feeds".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from publisher.surfaces.feed.addresses import FORMS, page_path
from publisher.surfaces.feed.members import header_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exchange.domain.record import Change
    from publisher.surfaces.feed.addresses import FeedConfig
    from publisher.surfaces.feed.members import MemberWriter


@dataclass(slots=True)
class Page:
    """The members of one page, a list of blocks for each of FORMS."""

    kind: str
    number: int
    blocks: tuple[list[bytes], ...] = field(default_factory=lambda: tuple([] for _ in FORMS))

    @property
    def path(self) -> str:
        """Path of the document, without a suffix."""
        return page_path(self.kind, self.number)

    @classmethod
    def of(cls, kind: str, number: int, texts: list[bytes], members: MemberWriter) -> Self:
        """Return the page with the members of these documents, one for each of FORMS."""
        return cls(
            kind,
            number,
            tuple(
                text[: -len(tail)].split(mark)[1:]
                for text, mark, tail in zip(texts, members.separators, members.tails, strict=True)
            ),
        )

    def add(self, change: Change, members: MemberWriter) -> None:
        """Append a member."""
        for blocks, block in zip(self.blocks, members.block(change), strict=True):
            blocks.append(block)

    def remove(self, limits: Mapping[str, int]) -> bool:
        """Remove members with text of these records before a limit; return whether any was removed.

        `limits` maps a record to a sequence number. Tombstones are kept.
        """
        removed = False
        for form, blocks in enumerate(self.blocks):
            kept = [block for block in blocks if not _is_removed(form, block, limits)]
            removed = removed or len(kept) < len(blocks)
            blocks[:] = kept
        return removed

    def documents(
        self, config: FeedConfig, members: MemberWriter, *, closed: bool
    ) -> Iterator[bytes]:
        """Yield the document in each of FORMS."""
        heads = members.heads(config.iri(self.path), closed=closed)
        for number, blocks in enumerate(self.blocks):
            mark = members.separators[number]
            yield mark.join([heads[number], *blocks]) + members.tails[number]


def _is_removed(form: int, block: bytes, limits: Mapping[str, int]) -> bool:
    header = header_of(form, block)
    return header.has_text and header.seq < limits.get(header.record, 0)
