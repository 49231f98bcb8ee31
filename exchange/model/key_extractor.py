"""Reads business keys from a record: its own key, or the key of a record that it links to.

A part with a fallback (`cr:keyFallback`) can be given by either field: an authority by its code
or by its name (the form of 2016 has the name only). If the fallback is itself a part of the
key, the part counts as missing (a licence without the number of its certificate): a partial key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exchange.domain.errors import DataInvalid
from exchange.domain.keys import RecordKey, key_variants, person_part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exchange.model.kinds import Field

    Ways = Callable[[Mapping[str, Any]], tuple[str, ...]]


class KeyReader:
    """Reads the key of a record of kind `kind` from the given fields."""

    def __init__(self, kind: str, fields: Sequence[Field]) -> None:
        """Compile the readers of the parts.

        Raises:
            DataInvalid: more than one part may be missing.

        """
        names = {field.name for field in fields}
        missing = [at for at, field in enumerate(fields) if field.key_fallback in names]
        if len(missing) > 1:
            raise DataInvalid(
                f"Two parts of the key of {kind} may be missing.", "Let one of them be required."
            )
        self._kind = kind
        self._ways = [_ways(field, names) for field in fields]
        self._missing = missing[0] if missing else None
        self._instead = fields[missing[0]].key_fallback if missing else None

    def __call__(self, record: Mapping[str, Any]) -> RecordKey:
        """Return the key of a record in all equivalent spellings.

        Raises:
            DataInvalid: a part is empty.

        """
        parts = [ways(record) for ways in self._ways]
        if self._missing is None:
            full = key_variants(self._kind, parts)
            return RecordKey(full[0], full[1:])
        complete_part = parts[self._missing]
        parts[self._missing] = (record.get(self._instead or "", ""),)
        bare = key_variants(self._kind, parts)
        if not complete_part:
            return RecordKey(bare[0], bare[1:], is_partial=True)
        parts[self._missing] = complete_part
        full = key_variants(self._kind, parts)
        return RecordKey(full[0], full[1:], tuple(item for item in bare if item not in full))


def _ways(field: Field, names: set[str]) -> Ways:
    """Return the reader of one part: a code, a person's ID number, a name."""
    name, person_from = field.name, field.person_from
    fallback = field.key_fallback if field.key_fallback not in names else None

    def person(record: Mapping[str, Any]) -> tuple[str, ...]:
        value = record.get(name)
        if value is not None and ":" not in value:
            return (str(value),)
        return (person_part(record.get(person_from or "", "")),)

    def either(record: Mapping[str, Any]) -> tuple[str, ...]:
        alternatives = (record.get(name), record.get(fallback or ""))
        return tuple([str(item) for item in alternatives if item])

    def plain(record: Mapping[str, Any]) -> tuple[str, ...]:
        value = record.get(name)
        return (str(value),) if value else ()

    return person if person_from else either if fallback else plain
