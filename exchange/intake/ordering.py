"""Which file is loaded first: the kinds that others quote come before those that quote them."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from exchange.intake.headers import kind_of_name
from exchange.intake.readers import detect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exchange.intake.sources import Sheet
    from exchange.model import Model


def order_by_links(paths: Sequence[Path], model: Model, kind: str | None = None) -> list[Path]:
    """Return the files in the order in which they are to be loaded (DETAILS "Repair").

    Files of one kind keep the order given.

    Raises:
        as `readers.detect`.

    """
    if kind is not None or len(paths) < 2:  # noqa: PLR2004 (nothing to order)
        return list(paths)
    rank = {slug: number for number, slug in enumerate(_order(model))}
    kinds = [kind_of_name(model, path.name) or detect(path, model)[0] for path in paths]
    numbered = sorted(range(len(paths)), key=lambda index: (rank.get(kinds[index], 0), index))
    return [paths[index] for index in numbered]


def in_order(sheets: Sequence[Sheet], model: Model) -> list[Sheet]:
    """Return the sheets of one workbook in the order in which they are to be loaded."""
    rank = {slug: number for number, slug in enumerate(_order(model))}
    return sorted(sheets, key=lambda sheet: rank.get(sheet.book.kind.slug, 0))


def _order(model: Model) -> list[str]:
    """Return the kinds with what they quote before them; kinds of one rank by name."""
    quoted: dict[str, set[str]] = {slug: set() for slug in sorted(model.kinds)}
    for rule in model.links.values():
        for source in rule.sources & quoted.keys():
            quoted[source] |= (rule.targets & quoted.keys()) - {source}
    try:
        return list(TopologicalSorter(quoted).static_order())
    except CycleError:
        # Kinds that quote each other resolve later whichever comes first (dangling links warn).
        return sorted(quoted, key=lambda slug: (len(quoted[slug]), slug))
