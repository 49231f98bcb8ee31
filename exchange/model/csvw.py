"""CSV on the Web metadata of a form: what programs need to read a file of that form.

Source: W3C Recommendations "Metadata Vocabulary for Tabular Data" and "Model for Tabular Data and
Metadata" (2015). The metadata speak of cells as senders write them, so a code is one of its
labels and money is in the form's own unit; properties are named where a cell is the value.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from exchange.model.json_schema import escape_unprintable
from exchange.model.kinds import FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.model.kinds import Column, Field, Kind, Scheme

_CONTEXT: Final = "http://www.w3.org/ns/csvw"
_BASES: Final = {
    FieldType.TEXT: {"base": "string"},
    FieldType.ORGANISATION: {"base": "string"},
    FieldType.DATE: {"base": "date", "format": "yyyy-MM-dd"},
    FieldType.MOMENT: {"base": "datetime", "format": "yyyy-MM-dd HH:mm:ss"},
    FieldType.MONEY: {"base": "decimal"},
}


def csvw_metadata(kind: Kind, form: str, url: str) -> bytes:
    """Return the metadata, as JSON, of the CSV file at `url`, which is relative to the metadata."""
    document: dict[str, Any] = {
        "@context": [_CONTEXT, {"@language": "zh"}],
        "url": url,
        "dc:title": [
            {"@value": f"{kind.label.zh}（{form}）", "@language": "zh"},
            {"@value": f"{kind.label.en} ({form})", "@language": "en"},
        ],
        "tableSchema": {
            "columns": [_column(form, code, pairs) for code, pairs in kind.columns(form).items()]
        },
    }
    return (escape_unprintable(json.dumps(document, ensure_ascii=False, indent=2)) + "\n").encode()


def _column(form: str, code: str, pairs: Sequence[tuple[Field, Column]]) -> dict[str, Any]:
    field, column = next(pair for pair in pairs if pair[1].constant is None)
    described: dict[str, Any] = {
        "name": code,
        "titles": {"und": code, "zh": column.label, "en": column.label_en},
        "datatype": _datatype(field, form),
    }
    if len(pairs) == 1 and _is_value(field, column):
        described["propertyUrl"] = field.iri
    if column.required:
        described["required"] = True
    if field.many and not field.columns_in(form)[0].more:
        described["separator"] = "；"
    if field.value_type.blank_words:
        described["null"] = ["", *sorted(field.value_type.blank_words)]
    return described


def _is_value(field: Field, column: Column) -> bool:
    """Whether the cell holds the same text as the record: no label of a code, no other unit."""
    return field.field_type in {FieldType.TEXT, FieldType.DATE} and column.factor is None


def _datatype(field: Field, form: str) -> dict[str, Any]:
    if field.scheme is not None:
        return {"base": "string", "format": _labels(field.scheme, form)}
    described: dict[str, Any] = dict(_BASES[field.field_type])
    if field.max_length is not None:
        described["maxLength"] = field.max_length
    return described


def _labels(scheme: Scheme, form: str) -> str:
    """Return a regular expression for the codes and labels that a cell may hold."""
    words = [
        word
        for concept in scheme.concepts.values()
        for word in (*concept.cells.get(form, ()), concept.label.zh, *concept.alternatives)
    ]
    other = scheme.concepts.get("other")
    named = [f"{re.escape(other.label.zh)}-.+"] if other else []
    return "|".join([*map(re.escape, words), *named])
