"""Files derived from the model and committed: context, schemas, shapes, templates, dictionaries.

People fetch these files by address, so they are kept in the repository; `stale_files` keeps them
equal to their one source (docs/design/model.md "One source", docs/decisions/0006).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import ontology
from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.model.csvw import csvw_metadata
from exchange.model.dictionary import csv_template, data_dictionary
from exchange.model.json_schema import json_schema
from exchange.model.jsonld_context import jsonld_context
from exchange.model.public_shape import public_shape
from exchange.model.workbook import form_workbook

if TYPE_CHECKING:
    from exchange.model.kinds import Model

_FOLDERS: Final = ("ontology/derived", "shapes/derived")
PUBLIC: Final = frozenset({DisclosureLevel.PUBLIC_OPEN})


def derive_files(model: Model) -> dict[str, bytes]:
    """Return every derived file by its path in the repository; equal models give equal bytes."""
    files = {"ontology/derived/context.jsonld": jsonld_context(model)}
    for kind in model.kinds.values():
        base = f"shapes/derived/{kind.slug}"
        files[f"{base}.schema.json"] = json_schema(kind)
        if kind.max_tier is Tier.PUBLIC:
            files[f"{base}.public.ttl"] = public_shape(kind, PUBLIC)
        files[f"{base}.md"] = data_dictionary(kind)
        for form in kind.forms:
            end = "" if len(kind.forms) == 1 else f".{form}"
            files[f"{base}{end}.csv"] = csv_template(kind, form)
            # The name under which readers of the CSV look for its metadata (CSVW 5.3).
            name = f"{kind.slug}{end}.csv"
            files[f"{base}{end}.csv-metadata.json"] = csvw_metadata(kind, form, name)
            files[f"{base}{end}.xlsx"] = form_workbook(kind, form)
    return dict(sorted(files.items()))


def stale_files(model: Model, root: Path | None = None) -> tuple[str, ...]:
    """Return the paths of committed files that are missing, differ or are no longer derived."""
    root = root or repository_root()
    wanted = derive_files(model)
    stale = {name for name, data in wanted.items() if _stored(root / name) != data}
    left = {
        f"{folder}/{path.name}"
        for folder in _FOLDERS
        for path in (root / folder).glob("*")
        if f"{folder}/{path.name}" not in wanted
    }
    return tuple(sorted(stale | left))


def write_derived_files(model: Model, root: Path | None = None) -> tuple[str, ...]:
    """Write the derived files, delete those no longer derived, return the paths that changed.

    Raises:
        OSError: a file cannot be written.

    """
    root = root or repository_root()
    changed = stale_files(model, root)
    wanted = derive_files(model)
    for name in changed:
        path = root / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[name])
        else:
            path.unlink()
    return changed


def repository_root() -> Path:
    """Return the folder that holds ontology/ and shapes/."""
    return Path(ontology.__file__).parent.parent


def _stored(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
