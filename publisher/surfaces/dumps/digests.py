"""SHA-256 of the documents of a version, worked out anew only behind what changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from publisher.surfaces.dumps.segments import TAILS
from publisher.surfaces.dumps.terms import FORMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.surfaces.dumps.files import Stored
    from publisher.surfaces.dumps.index import Index, Part, PartForm


@dataclass(slots=True)
class _Run:
    """The hash of one kind's text in one form after each of its parts, by the part's file."""

    head: bytes
    files: list[str] = field(default_factory=list)
    states: list[Any] = field(default_factory=list)

    def back_to(self, files: list[str]) -> None:
        """Forget what follows the first part that is another."""
        same = 0
        for mine, theirs in zip(self.files, files, strict=False):
            if mine != theirs:
                break
            same += 1
        del self.files[same:], self.states[same:]

    def state(self) -> Any:
        """Return a hash to go on with."""
        return self.states[-1].copy() if self.states else hashlib.sha256(self.head)


class Digests:
    """Remembers hashes from one version to the next."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], _Run] = {}

    def completed(self, index: Index, texts: Stored, forms: Sequence[str] = FORMS) -> Index:
        """Return the index with every digest of the forms. Raises FileNotFoundError."""
        parts = {part.number: dict(part.forms) for part in index.parts}
        wholes = dict(index.wholes)
        for form in forms:
            run = self._run(index, form)
            for part in index.parts[len(run.files) :]:
                parts[part.number][form] = _through(part, form, run, texts)
            ended = run.state()
            ended.update(TAILS[form])
            wholes[form] = replace(index.wholes[form], sha256=ended.hexdigest())
        made = tuple(replace(part, forms=parts[part.number]) for part in index.parts)
        return replace(index, parts=made, wholes=wholes)

    def _run(self, index: Index, form: str) -> _Run:
        head, key = index.head(form), (index.kind, form)
        if key not in self._runs or self._runs[key].head != head:
            self._runs[key] = _Run(head)
        run = self._runs[key]
        run.back_to([part.forms[form].file for part in index.parts if part.forms[form].sha256])
        return run


def _through(part: Part, form: str, run: _Run, texts: Stored) -> PartForm:
    """Hash a part; return it with the digest of its own document."""
    whole, stated = run.state(), part.forms[form]
    own = None if stated.sha256 else hashlib.sha256(run.head)
    for text in texts.body(stated):
        whole.update(text)
        if own is not None:
            own.update(text)
    run.files.append(stated.file)
    run.states.append(whole)
    if own is None:
        return stated
    own.update(TAILS[form])
    return replace(stated, sha256=own.hexdigest())
