"""Matches a sender's header to the national columns of a kind and form.

A header cell may be the national code, one of its aliases, the Chinese label, or the JSON name;
blanks, width, case, brackets and the star that marks required columns do not matter.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from exchange.domain.disclosure_levels import DisclosureLevel
from exchange.domain.errors import UsageError
from exchange.intake.findings import column_letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exchange.model import Column, Field, Kind, Model

_SECRET: Final = frozenset({DisclosureLevel.ARCHIVE, DisclosureLevel.AUTHORISED})
# A second row is a header too when at least this share of its filled cells are names.
_SECOND_SHARE: Final = 0.6
# A row is taken for the header when it names so many columns.
_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A national column of one kind and form; findings never repeat the cells of a hidden one.

    `free_text`: its cells are texts without a pattern. `refuses_shortened`: the shapes refuse
    numbers in E-notation in it.
    """

    code: str
    name: str
    required: bool
    hidden: bool = False
    free_text: bool = False
    refuses_shortened: bool = False


class FormColumns:
    """The columns of one kind in one form, found by any of their names."""

    def __init__(self, kind: Kind, form: str) -> None:
        self.kind = kind
        self.form = form
        self.by_code: dict[str, FormColumn] = {}
        self._by_name: dict[str, FormColumn] = {}
        self.by_field: dict[str, FormColumn] = {}
        sharing: dict[str, list[tuple[Field, Column]]] = {}
        for field in kind.fields:
            for column in field.columns_in(form):
                if column.constant is None:
                    sharing.setdefault(column.code, []).append((field, column))
        for pairs in sharing.values():
            self._add_column(pairs)

    def _add_column(self, pairs: list[tuple[Field, Column]]) -> None:
        column, fields = pairs[0][1], [field for field, _ in pairs]
        required = any(item.required for _, item in pairs)
        # One column for several fields (a name of an organisation or of a person), each of
        # them required in its case: the column itself is always required.
        shared = len(fields) > 1 and all(field.required_when for field in fields)
        secret = any(field.disclosure in _SECRET for field in fields)
        known = FormColumn(
            column.code,
            column.label,
            required or shared,
            secret,
            free_text=all(field.value_type.slug == "Text" for field in fields),
            refuses_shortened=any(
                "no-shortened-number" in rule.formats for field in fields for rule in field.expects
            ),
        )
        self.by_code[column.code] = known
        names = [column.code, column.label]
        for field, item in pairs:
            self.by_field.setdefault(field.name, known)
            names += [*item.aliases, field.name, field.label.zh]
        for name in names:
            self._by_name.setdefault(normalise_name(name), known)

    def find(self, cell: str) -> FormColumn | None:
        """Return the column that a header cell names, None if it names none."""
        return self._by_name.get(normalise_name(cell))

    def count_known(self, cells: Sequence[str]) -> int:
        """Return how many of the cells name a column."""
        return sum(self.find(cell) is not None for cell in cells if cell)

    def missing(self, codes: frozenset[str]) -> list[FormColumn]:
        """Return the required columns that are not among the codes."""
        return [item for item in self.by_code.values() if item.required and item.code not in codes]


@dataclass(frozen=True, slots=True)
class Header:
    """A sender's header: the column at each position, and the row in which the data begin."""

    form_columns: FormColumns
    columns: tuple[tuple[int, FormColumn], ...]
    codes: tuple[tuple[int, str], ...]  # the same, by code only
    width: int
    first_row: int  # spreadsheet row of the first data row
    sender_rows: tuple[tuple[str, ...], ...]  # the sender's rows above the data, as they came
    row: int  # spreadsheet row that named the columns

    def locate(self, code: str) -> tuple[str | None, str | None]:
        """Return the spreadsheet letter and Chinese name of a column code."""
        for position, known in self.columns:
            if known.code == code:
                return column_letters(position), known.name
        known_code = self.form_columns.by_code.get(code)
        return None, known_code.name if known_code else None


def normalise_name(name: str) -> str:
    """Return a column name for comparison: half-width, upper case, without blanks and stars."""
    text = unicodedata.normalize("NFKC", name).upper().replace("\ufeff", "")
    return "".join(text.split()).strip("*★")


def candidate_forms(model: Model, kind: str | None, form: str | None) -> list[FormColumns]:
    """Return the columns of each form of each kind that may match; None means any.

    A kind that does not have the form is not restricted by it: files of several kinds are loaded
    with one `--form`, and some kinds have only a form of their own.

    Raises:
        UsageError: no such kind, or no kind has such a form.

    """
    if kind is not None and kind not in model.kinds:
        raise UsageError(f"There is no kind {kind!r}.", f"Choose one of {_names(model.kinds)}.")
    forms = sorted({name for item in model.kinds.values() for name in item.forms})
    if form is not None and form not in forms:
        raise UsageError(f"There is no form {form!r}.", f"Choose one of {', '.join(forms)}.")
    return [
        FormColumns(item, name)
        for slug, item in model.kinds.items()
        if kind in (None, slug)
        for name in item.forms
        if form == name or form not in item.forms
    ]


def require_kind(model: Model, kind: str | None, form: str | None) -> None:
    """Refuse an unknown kind or form before any file is read.

    Raises:
        UsageError: no such kind, or no kind has such a form.

    """
    candidate_forms(model, kind, form)


def kind_from_file_name(model: Model, name: str) -> str | None:
    """Return the kind that a file name begins with (slug or Chinese label), the longest first."""
    stem = PurePath(name).name.split(".", 1)[0]
    words = {slug: slug for slug in model.kinds}
    words.update({kind.label.zh: slug for slug, kind in model.kinds.items()})
    for word in sorted(words, key=len, reverse=True):
        rest = stem[len(word) :]
        if stem.lower().startswith(word) and not (rest[:1].isascii() and rest[:1].isalpha()):
            return words[word]
    return None


def best_kind(candidates: Sequence[FormColumns], names: Sequence[str]) -> list[FormColumns]:
    """Return the columns of the kind that matches the names best, one for each of its forms.

    The list is empty if no kind knows two of the names.

    Raises:
        UsageError: two kinds fit equally well.

    """
    best: dict[str, list[FormColumns]] = {}
    score = (0, 0)
    for columns in candidates:
        codes = frozenset(known.code for cell in names if cell and (known := columns.find(cell)))
        mine = (len(codes), -len(columns.missing(codes)))
        if len(codes) >= min(_LEAST, len(names)) and mine >= score:
            best = best if mine == score else {}
            best.setdefault(columns.kind.slug, []).append(columns)
            score = mine
    if len(best) > 1:
        raise UsageError(
            f"The columns fit several kinds: {', '.join(sorted(best))}.",
            "Choose one with --kind.",
            zh=f"这些列与多个类别相符：{'、'.join(sorted(best))}。",
            zh_hint="请用 --kind 指定类别。",
        )
    return [columns for columns in candidates if columns.kind.slug in best]


def resolve_form(forms_of_kind: Sequence[FormColumns], names: Sequence[str]) -> FormColumns:
    """Return the columns of the form that the names belong to.

    Where codes mean one thing in one form and another in the next, only columns
    that no other form has decide the form; otherwise the newest of the best forms is taken.

    Raises:
        UsageError: the columns do not decide the form, or belong to several.

    """
    known = {
        columns.form: {cell for cell in names if cell and columns.find(cell)}
        for columns in forms_of_kind
    }
    most = max(map(len, known.values()))
    best = [columns for columns in forms_of_kind if len(known[columns.form]) == most]
    kind = best[0].kind
    foreign = set().union(*known.values()) - known[best[0].form]
    if kind.codes_differ_by_form and (len(best) > 1 or foreign):
        forms = ", ".join(sorted(known))
        mixed = f" ({', '.join(sorted(foreign)[:3])})" if foreign else ""
        raise UsageError(
            f"The columns do not tell which form of {kind.slug} this is ({forms}){mixed};"
            " its codes mean different things in them.",
            f"Name it: --kind {kind.slug} --form {max(known)}.",
            zh=f"从列名看不出这是“{kind.label.zh}”的哪一种表式（{forms}）{mixed}，而代码含义随表式不同。",
            zh_hint=f"请指明：--kind {kind.slug} --form {max(known)}。",
        )
    return max(best, key=lambda columns: columns.form)


def best_form(candidates: Sequence[FormColumns], names: Sequence[str]) -> FormColumns | None:
    """Return the columns of the form that matches the names; None if none knows two of them.

    Raises:
        UsageError: two kinds or forms fit equally well.

    """
    forms_of_kind = best_kind(candidates, names)
    return resolve_form(forms_of_kind, names) if forms_of_kind else None


def match_header(columns: FormColumns, rows: Sequence[tuple[str, ...]], row: int) -> Header:
    """Return the header of the sender's first rows; `rows[row - 1]` names the columns.

    If the next row is a header too (Chinese names above codes), each position takes the name that
    is known, the code first.
    """
    cells = rows[row - 1]
    second = rows[row] if len(rows) > row and is_header(columns, rows[row]) else ()
    positions = []
    for position, cell in enumerate(cells):
        code_cell = second[position] if position < len(second) else ""
        known = (columns.find(code_cell) if code_cell else None) or (
            columns.find(cell) if cell else None
        )
        if known is not None:
            positions.append((position, known))
    above = row + bool(second)
    codes = tuple((position, known.code) for position, known in positions)
    return Header(
        columns, tuple(positions), codes, filled_width(cells), above + 1, tuple(rows[:above]), row
    )


def is_header(columns: FormColumns, cells: Sequence[str]) -> bool:
    """Whether most filled cells of a row name columns."""
    filled = sum(bool(cell) for cell in cells)
    return filled >= _LEAST and columns.count_known(cells) >= _SECOND_SHARE * filled


def filled_width(cells: Sequence[str]) -> int:
    """Return how many cells a row has up to its last filled one."""
    count = len(cells)
    while count and not cells[count - 1].strip():
        count -= 1
    return count


def _names(kinds: Mapping[str, Kind]) -> str:
    return ", ".join(sorted(kinds))
