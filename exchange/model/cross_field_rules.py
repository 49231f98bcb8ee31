"""Rules that compare several fields of a record, compiled from the conditions of the shapes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exchange.model.kinds import Label
from exchange.model.rule_messages import Problem, field_problem
from exchange.model.value_checks import FORMATS, compile_condition, condition_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from exchange.model.kinds import Field, Kind
    from exchange.model.rule_conditions import Condition, FormatRule, Inference, Requirement

_CODE: Final = re.compile(r"[0-9A-Z]{18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CrossFieldRule:
    """A rule that compares several fields.

    `check` takes a record and the form it came in, and returns the problem, if any. If the field
    `depends_on` is itself faulty, the rule is not checked. `same_for_pattern`: the result is the
    same for all records of one pattern (`pattern_plans`). A record without the field `needs`
    always fulfils the rule.
    """

    depends_on: str
    check: Callable[[Mapping[str, Any], str | None], Problem | None]
    same_for_pattern: bool = True
    needs: str | None = None


def cross_field_rules(kind: Kind) -> Iterator[CrossFieldRule]:
    """Yield the cross-field rules of a kind."""
    for field in kind.fields:
        for needed in field.required_when:
            yield CrossFieldRule(needed.when.field, _required(kind, field, needed))
        for when in field.only_when:
            yield CrossFieldRule(when.field, _only(kind, field, when))
        for wanted in field.format_when:
            check = _formatted(field, wanted)
            yield CrossFieldRule(field.name, check, same_for_pattern=False, needs=field.name)
        decisive = decisive_inferences(kind, field)
        if decisive:
            yield CrossFieldRule(
                decisive[0][0].field, _agrees(field, decisive), same_for_pattern=False
            )
        if field.code_from:
            yield CrossFieldRule(
                field.code_from, _same(field, field.code_from), same_for_pattern=False
            )


def _required(
    kind: Kind, field: Field, rule: Requirement
) -> Callable[[Mapping[str, Any], str | None], Problem | None]:
    name, severity, limit = field.name, rule.severity, condition_label(rule.when, kind)
    applies, forms = compile_condition(rule.when), rule.forms

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        if name in record or (forms and form not in forms) or not applies(record):
            return None
        return field_problem(
            field, "required-when", None, form=form, limit=limit, severity=severity
        )

    return check


def _only(
    kind: Kind, field: Field, when: Condition
) -> Callable[[Mapping[str, Any], str | None], Problem | None]:
    name, limit, applies = field.name, condition_label(when, kind), compile_condition(when)

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        if name not in record or applies(record):
            return None
        return field_problem(field, "only-when", record[name], form=form, limit=limit)

    return check


def _formatted(
    field: Field, rule: FormatRule
) -> Callable[[Mapping[str, Any], str | None], Problem | None]:
    name, severity = field.name, rule.severity
    test, applies = FORMATS[rule.format], compile_condition(rule.when)

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        if name not in record or not applies(record):
            return None
        broken = test(record[name])
        if not broken:
            return None
        return field_problem(field, broken, record[name], form=form, severity=severity)

    return check


def decisive_inferences(kind: Kind, field: Field) -> list[tuple[Inference, tuple[str, ...]]]:
    """Return the decisive inferences of a field, each with the values that it refuses.

    Values with which the other field does not apply at all are left to that field's own rule.
    """
    known = tuple(field.scheme.concepts) if field.scheme else ()
    inferences = []
    for rule in field.inferred:
        if rule.decisive:
            applies = [compile_condition(when) for when in kind.field(rule.field).only_when]
            given = ({field.name: value} for value in known if value != rule.value)
            wrong = [item for item in given if all(test(item) for test in applies)]
            inferences.append((rule, tuple(item[field.name] for item in wrong)))
    return inferences


def _agrees(
    field: Field, rules: list[tuple[Inference, tuple[str, ...]]]
) -> Callable[[Mapping[str, Any], str | None], Problem | None]:
    """Return the check that a field has the value that its decisive inferences give."""
    name = field.name
    decisive = [(item.field, item.prefix, wrong, _code_of(field, item)) for item, wrong in rules]

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        for told_by, prefix, wrong, limit in decisive:
            given = record.get(told_by)
            if isinstance(given, str) and given.startswith(prefix):
                if record.get(name) not in wrong:
                    return None
                return field_problem(field, "category-code", record[name], form=form, limit=limit)
        return None

    return check


def _code_of(field: Field, rule: Inference) -> Label:
    if field.scheme is None:
        return Label(rule.value, rule.value)
    right = field.scheme.concepts[rule.value].label
    if not rule.prefix:
        return Label(f"该代码属于{right.zh}", f"the code is that of: {right.en}")
    return Label(
        f"{rule.prefix} 开头的代码属于{right.zh}",
        f"codes that begin with {rule.prefix} are those of: {right.en}",
    )


def _same(
    field: Field, code_from: str
) -> Callable[[Mapping[str, Any], str | None], Problem | None]:
    """Return the check that a derived field, if given, equals the field it derives from."""
    name = field.name

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        given = record.get(name)
        if given is None or given == record.get(code_from):
            return None
        if not isinstance(given, str):
            return None  # the check of its own type reports it
        if code_from not in record and not _CODE.fullmatch(given):
            return None  # a natural person's local IRI
        return field_problem(field, "counterpart", given, form=form)

    return check
