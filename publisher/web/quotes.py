"""What a record quotes and what quotes it, found by the keys of the model (shapes/links.ttl).

Purpose: kinds quote each other by key, never by address; here the key's parts are looked up, for
any kind and any relation, in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exchange.model import Field, Kind, Model
    from publisher.web.lines import Line, Lines
    from publisher.web.view import Values

_MOST: Final = 50
_BRANCH: Final = (
    '{{ SELECT ?record ?class ?way {{ {pattern} VALUES (?class ?way) {{ (<{of}> "{way}") }} '
    "?record a ?class }} LIMIT {most} }}"
)
QUOTES: Final = "quotes"
QUOTED_BY: Final = "quoted-by"


@dataclass(frozen=True, slots=True)
class Ties:
    """The records at the other end, by direction."""

    quotes: Sequence[Line] = ()
    quoted_by: Sequence[Line] = ()


class Quotes:
    """Finds the ties of records; safe to use from many threads."""

    def __init__(self, model: Model, lines: Lines) -> None:
        self._model = model
        self._lines = lines

    def of(self, kind: Kind, values: Values, lang: str) -> Ties:
        """Return the ties of a record of that kind. Raises the errors of `QueryPool.query`."""
        branches = [*self._out(kind, values), *self._in(kind, values)]
        if not branches:
            return Ties()
        found = self._lines.ask(" UNION ".join(branches))
        ways = {
            way: self._lines.of((row for row in found if row["way"] == way), lang)
            for way in (QUOTES, QUOTED_BY)
        }
        return Ties(ways[QUOTES], ways[QUOTED_BY])

    def _out(self, kind: Kind, values: Values) -> Iterator[str]:
        """Yield a branch for each kind that the record quotes."""
        for quotation in kind.quotations:
            chosen = kind.field(quotation.kind_from)
            said = {node.value for node in values.get(chosen.iri, ())}
            for slug, names in quotation.key_from.items():
                target = self._model.kinds[slug]
                if chosen.base + slug in said and target.class_iri in self._lines.kinds:
                    own = [kind.field(name) for name in names]
                    theirs = [target.field(name) for name in target.key]
                    yield from _branch(values, own, theirs, target, QUOTES)

    def _in(self, kind: Kind, values: Values) -> Iterator[str]:
        """Yield a branch for each kind whose records may quote this one."""
        for source in self._lines.kinds.values():
            for quotation in source.quotations:
                if kind.slug in quotation.key_from:
                    chosen = source.field(quotation.kind_from)
                    said = f"?record <{chosen.iri}> <{chosen.base}{kind.slug}> . "
                    own = [kind.field(name) for name in kind.key]
                    theirs = [source.field(name) for name in quotation.key_from[kind.slug]]
                    yield from _branch(values, own, theirs, source, QUOTED_BY, said)


def _branch(  # noqa: PLR0913, PLR0917 - the parts of one pattern
    values: Mapping[str, Sequence[object]],
    own: Sequence[Field],
    theirs: Sequence[Field],
    kind: Kind,
    way: str,
    more: str = "",
) -> Iterator[str]:
    """Yield the pattern that looks for the record's values at the other end's properties.

    Nothing where a part of the key is not shown to this tier.
    """
    if not all(values.get(field.iri) for field in own):
        return
    # What is rare first: the authority, first in most keys, has made thousands of decisions.
    pairs = reversed(list(zip(own, theirs, strict=True)))
    pattern = " ".join(f"?record <{other.iri}> {values[field.iri][0]} ." for field, other in pairs)
    yield _BRANCH.format(pattern=f"{pattern} {more}", of=kind.class_iri, way=way, most=_MOST)
