"""Looks again at what is public already, with the personal-data gate of this program.

A gate that has learnt something finds what an older one let through. Nothing is changed: what to do
about a record, erase it, withdraw it or leave it, is for a person to decide.
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
    """A record that says something of a private person to the public.

    `current` is false where only an earlier version says it, which the feed still holds.
    `accepted`: a person let that version through in review, and nothing in it is certain.
    """

    iri: str
    kind: str
    problems: tuple[Problem, ...]
    current: bool
    accepted: bool


def rescan(
    ledger: Ledger, model: Model, progress: Callable[[int, int], None] | None = None
) -> Iterator[PersonalDataExposure]:
    """Yield what the gate finds in every version that the public can read.

    `progress` hears versions done and versions in all. Memory does not grow with the ledger.
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
