"""Addresses, vocabularies and JSON-LD context of the feed, and its configuration.

Sources: LDES 1.0.0 (2026-05), TREE (CG draft), ActivityStreams 2.0,
docs/design/surfaces.md "Feeds".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ontology.namespaces import PREFIXES
from publisher.surfaces.text.serialisation_cache import SerialisationCache

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from exchange.domain.disclosure_levels import Tier
    from exchange.model.kinds import Kind

# The forms that every document has, by suffix; the order is the order of files.
FORMS: Final = ("trig", "jsonld", "nq")
# The stream over all kinds; no kind may have this name.
ALL: Final = "all"
# Closed pages that a root links itself; then they are moved to an index node (decision 0003).
FAN: Final = 100
POLLING_SECONDS: Final = 60
# Terms of a page's JSON-LD beside those of its kind; a test keeps them apart from all of the
# model's names and codes. Never `@container: @list` (docs/design/surfaces.md "Feed readers").
ENVELOPE: Final[Mapping[str, Any]] = {
    "@version": 1.1,
    "id": "@id",
    "type": "@type",
    "Create": PREFIXES["as"] + "Create",
    "Delete": PREFIXES["as"] + "Delete",
    "Update": PREFIXES["as"] + "Update",
    "Node": PREFIXES["tree"] + "Node",
    "immutable": PREFIXES["ldes"] + "immutable",
    "memberOf": {"@reverse": PREFIXES["tree"] + "member", "@type": "@id"},
    "object": {"@id": PREFIXES["as"] + "object", "@type": "@id"},
    "objectionOpen": PREFIXES["cr"] + "objectionOpen",
    "published": {"@id": PREFIXES["as"] + "published", "@type": PREFIXES["xsd"] + "dateTime"},
    "seq": PREFIXES["cr"] + "seq",
}


def first_epoch() -> int:
    """Return the epoch of a ledger that was never restored."""
    return 1


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """Configuration of a tier's feed; `base` is the tier's URL without a slash at the end.

    `kinds` have a stream from the start; others get one with their first member. `pages` returns
    the pages (kind, number) that have members of the given records, `epoch` the ledger's epoch.
    `fan` is the number of closed pages that a root links itself.
    """

    directory: Path
    tier: Tier
    base: str
    kinds: Mapping[str, Kind]
    pages: Callable[[Collection[str]], Iterable[tuple[str, int]]]
    fan: int = FAN
    epoch: Callable[[], int] = first_epoch
    # One for both tiers' feeds where one process writes them.
    serialiser: SerialisationCache = field(default_factory=SerialisationCache)

    def iri(self, path: str) -> str:
        """Return the IRI of a document by its path, `feed/penalty/p/7`."""
        return f"{self.base}/{path}"

    def stream(self, name: str) -> str:
        """Return the IRI of a stream: its root's address with a fragment."""
        return f"{self.base}/feed/{name}#stream"


def page_path(kind: str, number: int) -> str:
    """Return the path of a page."""
    return f"feed/{kind}/p/{number}"


def node_path(stream: str, number: int) -> str:
    """Return the path of an index node."""
    return f"feed/{stream}/i/{number}"


def root_path(stream: str) -> str:
    """Return the path of a stream's root."""
    return f"feed/{stream}"
