"""Orders files for loading: kinds that others link to are loaded before those that link."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final, TypeVar

from exchange.domain.errors import EnvironmentFault, Rejected, UsageError
from exchange.intake.database_source import DatabaseTable
from exchange.intake.file_reader import detect_kind_and_form
from exchange.intake.header_matching import best_form, candidate_forms, kind_from_file_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exchange.intake.sheet import Sheet
    from exchange.model import Model

Source = TypeVar("Source", bound="Path | DatabaseTable")
SUFFIXES: Final = frozenset({".csv", ".json", ".jsonl", ".ndjson", ".xlsx"})
FILES: Final = 10_000  # of one folder


def order_by_links(
    sources: Sequence[Path | DatabaseTable], model: Model, kind: str | None = None
) -> list[Path | DatabaseTable]:
    """Return files and tables in the order in which they are to be loaded.

    Those of one kind keep the order given (docs/design/ledger.md "Rows that arrive in a state").

    Raises:
        as `file_reader.detect_kind_and_form`.

    """
    if kind is not None or len(sources) < 2:  # noqa: PLR2004 (nothing to order)
        return list(sources)
    rank = _ranks(model)
    kinds = [
        kind_from_file_name(model, item.name) or _kind_of_source(item, model) for item in sources
    ]
    numbered = sorted(range(len(sources)), key=lambda index: (rank.get(kinds[index], 0), index))
    return [sources[index] for index in numbered]


def order_tolerantly(
    sources: Sequence[Source], model: Model, kind: str | None = None
) -> list[Source]:
    """Order files and tables of which some may be broken; broken ones come first."""
    if kind is not None or len(sources) < 2:  # noqa: PLR2004 (nothing to order)
        return list(sources)
    rank = _ranks(model)

    def place(source: Source) -> int:
        try:
            return rank.get(
                kind_from_file_name(model, source.name) or _kind_of_source(source, model), 0
            )
        except (Rejected, UsageError, EnvironmentFault):
            return 0

    return sorted(sources, key=place)


def order_sheets(sheets: Sequence[Sheet], model: Model) -> list[Sheet]:
    """Return the sheets of one workbook in the order in which they are to be loaded."""
    rank = _ranks(model)
    return sorted(sheets, key=lambda sheet: rank.get(sheet.form_columns.kind.slug, 0))


def delivery_files(folder: Path) -> list[Path]:
    """Return the files of a folder with a known suffix, sorted by name; subfolders are ignored.

    Raises:
        UsageError: it is no folder, or holds too many.
        EnvironmentFault: it cannot be read.

    """
    try:
        files = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and path.name[:1] not in ".~" and path.is_file()
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"There is no folder {folder}.", "Give the path of a folder.") from error
    except OSError as error:
        raise EnvironmentFault(
            f"{folder} cannot be read: {error.strerror}.", "Look at its permissions."
        ) from error
    if len(files) > FILES:
        raise UsageError(f"{folder} holds more than {FILES} files.", "Split it.")
    return files


def split_by_kind_known(folder: Path, model: Model) -> tuple[list[Path], list[Path]]:
    """Return the files of a folder whose kind is known, and the others."""
    known: list[Path] = []
    other: list[Path] = []
    for path in delivery_files(folder):
        (
            known if kind_from_file_name(model, path.name) or _kind_is_known(path, model) else other
        ).append(path)
    return known, other


def _kind_is_known(path: Path, model: Model) -> bool:
    try:
        detect_kind_and_form(path, model)
    except Rejected as error:
        # Broken in another way, it is a delivery that is to be refused with its findings.
        return all(item.rule != "no-header" for item in error.details.get("findings", ()))
    except (UsageError, EnvironmentFault):
        return True  # its own line says that it fits several kinds, or cannot be read
    return True


def _kind_of_source(source: Path | DatabaseTable, model: Model) -> str:
    if not isinstance(source, DatabaseTable):
        return detect_kind_and_form(source, model)[0]
    form_columns = best_form(candidate_forms(model, None, None), source.columns())
    if form_columns is None:
        raise UsageError(f"The columns of {source} fit no kind.", "Choose one with --kind.")
    return form_columns.kind.slug


def _ranks(model: Model) -> dict[str, int]:
    return {slug: number for number, slug in enumerate(_order(model))}


def _order(model: Model) -> list[str]:
    """Return the kinds, each after those that it links to; otherwise by name."""
    quoted: dict[str, set[str]] = {slug: set() for slug in sorted(model.kinds)}
    for rule in model.link_rules.values():
        for source in rule.sources & quoted.keys():
            quoted[source] |= (rule.targets & quoted.keys()) - {source}
    try:
        return list(TopologicalSorter(quoted).static_order())
    except CycleError:
        # Kinds that quote each other resolve later whichever comes first (dangling links warn).
        return sorted(quoted, key=lambda slug: (len(quoted[slug]), slug))
