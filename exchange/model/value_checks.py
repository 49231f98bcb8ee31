"""Checks of single values, compiled from the shapes: fast, and explained only on failure."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.identifiers import id_number_problem, uscc_problem
from exchange.model.kinds import FieldType, Label
from exchange.model.spreadsheet_damage import date_of_serial, is_shortened_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from exchange.model.kinds import Field, Kind
    from exchange.model.rule_conditions import Condition

_TEXT: Final = Label("文本（字符串）", "a string")
_TEXTS: Final = Label("文本的数组", "an array of strings")
_TIMED: Final = re.compile(
    r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?[T ]+[0-9]+:[0-9:.]+ ?"
    r"(Z|[+-][0-9]{1,2}:?[0-9]{0,2})?\Z",
    re.IGNORECASE,
)
_MANY_SHOWN: Final = 12
_RULE_BY_TYPE: Final = {
    FieldType.DATE: "date",
    FieldType.MOMENT: "moment",
    FieldType.MONEY: "money",
}


def date_problem(text: str) -> str | None:
    """Return `date` unless the YYYY-MM-DD text is a day of the calendar."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return "date"
    return None


def moment_problem(text: str) -> str | None:
    """Return `moment` unless the text is a day of the calendar and a time of it."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return "moment"
    return None


FORMATS: Final[dict[str, Callable[[str], str | None]]] = {
    "uscc": uscc_problem,
    "date": date_problem,
    "moment": moment_problem,
    "id-number": id_number_problem,
}


def value_check(field: Field) -> Callable[[Any], str | None]:
    """Return the check of a field: a function from a JSON value to the broken rule, or None."""
    single = _single(field)
    if not field.many:
        return single
    required = field.required

    def test(value: Any) -> str | None:
        if type(value) is not list:
            return "type"
        if not value:
            return "required" if required else None
        for item in value:
            rule = single(item)
            if rule:
                return rule
        return None

    return test


def _single(field: Field) -> Callable[[Any], str | None]:
    rule_of_pattern = _pattern_rule(field)
    longest = field.max_length
    check = FORMATS[field.value_type.format] if field.value_type.format else None
    if field.scheme is not None:
        tokens = frozenset(field.scheme.concepts)
        return lambda value: (
            "type" if type(value) is not str else None if value in tokens else "code"
        )
    if check is uscc_problem and longest is None:
        return lambda value: "type" if type(value) is not str else uscc_problem(value)
    matches = re.compile(f"(?:{field.pattern[1:-1]})").fullmatch

    def test(value: Any) -> str | None:
        if type(value) is not str:
            return "type"
        if longest is not None and len(value) > longest:
            return "max-length"
        if matches(value) is None:
            return (check and check(value)) or rule_of_pattern
        return check(value) if check else None

    return test


def _pattern_rule(field: Field) -> str:
    if field.field_type is FieldType.TEXT:
        return "text" if field.value_type.slug == "Text" else "pattern"
    return _RULE_BY_TYPE.get(field.field_type, "pattern")


def explain_failure(field: Field, rule: str, value: object) -> tuple[str, Label | str]:
    """Return the most specific rule for a value that breaks `rule`, and the text for its message.

    Damage by a spreadsheet has rules of its own: a company code shown as 9.11E+17 is reported as
    shortened, not as a code of the wrong length.
    """
    if isinstance(value, str) and field.value_type.slug != "Text" and field.scheme is None:
        if is_shortened_number(value):
            return "shortened", ""
        if field.field_type is FieldType.DATE:
            return _date_reason(rule, value)
    return rule, message_limit(field, rule)


def _date_reason(rule: str, value: str) -> tuple[str, str]:
    serial = date_of_serial(value)
    if serial is not None:
        return "date-serial", serial.isoformat()
    timed = _TIMED.match(value)
    if timed is None:
        return rule, ""
    return ("date-zone" if timed[1] else "date-time"), ""


def message_limit(field: Field, rule: str) -> Label | str:
    """Return what the rule requires, as the {limit} of its message."""
    if rule == "max-length":
        return str(field.max_length)
    if rule == "type":
        return _TEXTS if field.many else _TEXT
    if rule == "code" and field.scheme:
        concepts = list(field.scheme.concepts.values())[:_MANY_SHOWN]
        return Label(
            "、".join(item.label.zh for item in concepts),
            ", ".join(item.notation for item in concepts),
        )
    return ""


def compile_condition(when: Condition) -> Callable[[Mapping[str, Any]], bool]:
    """Return the function that evaluates a condition on a record."""
    first = _compile_single(when)
    if when.and_also is None:
        return first
    second = compile_condition(when.and_also)
    return lambda record: first(record) and second(record)


def _compile_single(when: Condition) -> Callable[[Mapping[str, Any]], bool]:
    name, values = when.field, when.values
    if when.absent:
        return lambda record: name not in record
    if when.present:
        return lambda record: name in record

    def test(record: Mapping[str, Any]) -> bool:
        value = record.get(name)
        if type(value) is list:
            return any(item in values for item in value)
        return value in values

    return test


def condition_label(when: Condition, kind: Kind) -> Label:
    """Return the condition as a clause in both languages."""
    clause = _single_label(when, kind)
    if when.and_also is None:
        return clause
    other = condition_label(when.and_also, kind)
    return Label(f"{clause.zh}且{other.zh}", f"{clause.en} and {other.en}")


def _single_label(when: Condition, kind: Kind) -> Label:
    field = kind.field(when.field)
    if when.present:
        return Label(f"已填写{field.label.zh}", f"{field.label.en} is given")
    if when.absent or field.scheme is None:
        return Label(f"未填写{field.label.zh}", f"{field.label.en} is absent")
    concepts = [field.scheme.concepts[value].label for value in when.values]
    return Label(
        f"{field.label.zh}为{_join((item.zh for item in concepts), '或')}",
        f"{field.label.en} is {_join((item.en for item in concepts), ' or ')}",
    )


def _join(parts: Iterable[str], word: str) -> str:
    return word.join(parts)
