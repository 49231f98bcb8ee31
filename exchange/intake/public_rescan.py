"""Checks every public version again with the personal-data gate of this release.

A newer gate finds what an older one let through. Nothing is changed: a person decides whether to
erase, withdraw or keep a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.model import compile_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exchange.ledger import Ledger
    from exchange.model import Model, Problem


@dataclass(frozen=True, slots=True)
class PersonalDataExposure:
    """A public record with personal data of a private person.

    `current` is false if only an earlier version has it, which the feed still holds. `accepted`: a
    reviewer accepted that version, and no finding is certain.
    """

    iri: str
    kind: str
    problems: tuple[Problem, ...]
    current: bool
    accepted: bool


def rescan(
    ledger: Ledger, model: Model, progress: Callable[[int, int], None] | None = None
) -> Iterator[PersonalDataExposure]:
    """Yield the findings of the gate in every version that the public can read.

    `progress` is called with versions done and versions in all. Memory does not grow with the
    ledger.
    """
    versions = ledger.public_versions()
    total = versions.count() if progress else 0
    kinds = {slug: compile_kind(model, slug) for slug in model.kinds}
    for done, version in enumerate(versions, start=1):
        if progress:
            progress(done, max(done, total))
        compiled = kinds[version.kind]
        problems = compiled.check_personal_data(compiled.to_json(version.iri, version.text))
        if problems:
            certain = any(item.severity == "error" for item in problems)
            accepted = version.reviewed and not certain
            yield PersonalDataExposure(
                version.iri, version.kind, tuple(problems), version.current, accepted
            )
