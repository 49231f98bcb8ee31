"""SHA-256 of the documents of a version, recomputed only from the first changed part on."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from publisher.surfaces.dumps.addresses import FORMS
from publisher.surfaces.dumps.segments import TAILS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.surfaces.dumps.dump_files import PartFiles
    from publisher.surfaces.dumps.dump_version import DumpVersion, Part, PartForm

_THREADS: Final = 2


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


class FileDigests:
    """Computes digests; keeps hash states from one version to the next."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], _Run] = {}

    def completed(
        self,
        dump: DumpVersion,
        part_files: PartFiles,
        forms: Sequence[str] = FORMS,
        most: int | None = None,
    ) -> DumpVersion:
        """Return the version with the digests of the forms.

        Reads at most `most` parts of each form; the next call continues there.
        Raises FileNotFoundError.
        """
        parts = {part.number: dict(part.forms) for part in dump.parts}
        wholes = dict(dump.wholes)
        runs = [self._run(dump, form) for form in forms]
        # Unpacking and hashing are done outside the interpreter.
        with ThreadPoolExecutor(_THREADS) as pool:
            done = list(pool.map(partial(_ended, dump, part_files, most), forms, runs))
        for form, (through, whole) in zip(forms, done, strict=True):
            wholes[form] = replace(dump.wholes[form], sha256=whole)
            for number, made in through.items():
                parts[number][form] = made
        kept = tuple(replace(part, forms=parts[part.number]) for part in dump.parts)
        return replace(dump, parts=kept, wholes=wholes)

    def _run(self, dump: DumpVersion, form: str) -> _Run:
        head, key = dump.head(form), (dump.kind, form)
        if key not in self._runs or self._runs[key].head != head:
            self._runs[key] = _Run(head)
        run = self._runs[key]
        run.back_to([part.forms[form].file for part in dump.parts if part.forms[form].sha256])
        return run


def _ended(
    dump: DumpVersion, part_files: PartFiles, most: int | None, form: str, run: _Run
) -> tuple[dict[int, PartForm], str | None]:
    """Go on; return the parts that were gone through, and at the end the whole's digest."""
    ahead = dump.parts[len(run.files) :]
    through = {part.number: _through(part, form, run, part_files) for part in ahead[:most]}
    if len(through) < len(ahead):
        return through, None
    whole = run.state()
    whole.update(TAILS[form])
    return through, whole.hexdigest()


def _through(part: Part, form: str, run: _Run, part_files: PartFiles) -> PartForm:
    """Hash a part; return it with the digest of its own document."""
    whole, stated = run.state(), part.forms[form]
    own = None if stated.sha256 else hashlib.sha256(run.head)
    for text in part_files.segments(stated):
        whole.update(text)
        if own is not None:
            own.update(text)
    run.files.append(stated.file)
    run.states.append(whole)
    if own is None:
        return stated
    own.update(TAILS[form])
    return replace(stated, sha256=own.hexdigest())
