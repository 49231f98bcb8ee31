"""Decisions that depend only on which fields a record has and on its codes, cached by pattern.

Rows of a file differ in names, days and numbers, hardly in which fields they fill and in the
few codes that conditions ask for. A file has some dozens of patterns, however many rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.disclosure_levels import Tier, strictest
from exchange.domain.record import DeliveredState
from exchange.model.statements import BodyTemplate, BodyTemplates
from exchange.model.value_checks import compile_condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from exchange.model.cross_field_rules import CrossFieldRule
    from exchange.model.kinds import Kind
    from exchange.model.personal_data_rules import PersonalDataGate, SearchScope
    from exchange.model.rule_conditions import Condition
    from exchange.model.rule_messages import Problem

_REMEMBERED: Final = 4096


@dataclass(frozen=True, slots=True)
class PatternPlan:
    """What is the same for every record of one pattern.

    `forms_satisfied` are the forms under which all its fields are there and every rule between
    fields that depends on the pattern alone is kept. `tests` are the rules that look at values of
    its fields. `scope` is what the personal-data gate searches.
    """

    template: BodyTemplate
    tier: Tier
    delivered_state: DeliveredState
    projected: bool
    forms_satisfied: frozenset[str | None]
    tests: tuple[Callable[[Mapping[str, Any], str | None], Problem | None], ...]
    scope: SearchScope


class PatternPlans:
    """The plans of one kind."""

    def __init__(self, kind: Kind, rules: Iterable[CrossFieldRule], gate: PersonalDataGate) -> None:
        codes = {
            name: kind.field(name).many
            for when in _conditions(kind)
            for name in _fields_compared(when)
        }
        self._codes = [name for name, many in codes.items() if not many]
        self._several = [name for name, many in codes.items() if many]
        self._kind = kind
        self._templates = BodyTemplates(kind)
        self._gate = gate
        rules = tuple(rules)
        self._rules = [rule.check for rule in rules if rule.same_for_pattern]
        self._by_value = [rule for rule in rules if not rule.same_for_pattern]
        self._needed = frozenset(field.name for field in kind.fields if field.required)
        self._tiers = [(compile_condition(rule.when), rule.tier) for rule in kind.tier_when]
        self._delivered_states = [
            (compile_condition(rule.when), rule.delivered_state) for rule in kind.delivered_states
        ]
        self._hidden = [compile_condition(when) for when in kind.logged_only_when]
        self._plans: dict[tuple[object, ...], PatternPlan] = {}

    def of(self, record: Mapping[str, Any]) -> PatternPlan:
        """Return the plan of a record whose values each are sound."""
        get = record.get
        pattern = (
            *record,
            *[get(name) for name in self._codes],
            *[tuple(get(name, ())) for name in self._several],
        )
        plan = self._plans.get(pattern)
        if plan is None:
            if len(self._plans) >= _REMEMBERED:
                self._plans.clear()
            plan = self._plans[pattern] = self._make(record)
        return plan

    def _make(self, record: Mapping[str, Any]) -> PatternPlan:
        kind = self._kind
        tiers = (tier for applies, tier in self._tiers if applies(record))
        return PatternPlan(
            template=self._templates.of(record),
            tier=strictest(kind.max_tier, *tiers),
            delivered_state=next(
                (a for applies, a in self._delivered_states if applies(record)), DeliveredState.LIVE
            ),
            projected=not any(applies(record) for applies in self._hidden),
            forms_satisfied=frozenset(
                form for form in (*kind.forms, None) if self._satisfies(record, form)
            ),
            tests=tuple(
                rule.check for rule in self._by_value if rule.needs is None or rule.needs in record
            ),
            scope=self._gate.scope(record),
        )

    def _satisfies(self, record: Mapping[str, Any], form: str | None) -> bool:
        return self._needed <= record.keys() and not any(
            check(record, form) for check in self._rules
        )


def _conditions(kind: Kind) -> Iterator[Condition]:
    for field in kind.fields:
        yield from field.only_when
        yield from (rule.when for rule in field.required_when)
        yield from (rule.when for rule in field.disclosure_when)
    yield from (rule.when for rule in kind.tier_when)
    yield from (rule.when for rule in kind.delivered_states)
    yield from kind.logged_only_when


def _fields_compared(when: Condition) -> Iterator[str]:
    """Yield the fields whose codes a condition compares; presence alone is part of the pattern."""
    if when.values:
        yield when.field
    if when.and_also is not None:
        yield from _fields_compared(when.and_also)
