"""Plausibility rules: what a reviewer of a form would reject, compiled from `cr:expects` and kin.

A value can be of the right type and still be wrong for its column: a date as a name, a decision
of next year, a fine that its own decision states ten thousand times smaller. The rules are data
on the shapes; this module holds the tests that they name.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from exchange.model.cross_field_rules import CrossFieldRule
from exchange.model.kinds import Label
from exchange.model.rule_messages import Problem, field_problem
from exchange.model.spreadsheet_damage import is_code, is_date, is_shortened, normalise
from exchange.model.value_checks import date_problem
from exchange.model.yuan_amounts import AmountFinder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from exchange.model.kinds import Field, Kind
    from exchange.model.rule_conditions import AmountStatedIn, NotBefore, Severity

    Check = Callable[[Mapping[str, Any], str | None], Problem | None]
    Test = Callable[[str], bool]

_SOME: Final = 4  # characters; a shorter document number is odd for another reason
_FACTOR: Final = 10_000  # between yuan and the forms' 10,000 yuan
_PLACEHOLDERS: Final = frozenset(
    {
        *("无", "暂无", "没有", "略", "同上", "不详", "未知", "空", "待补", "待定"),
        *("NONE", "NULL", "NIL", "NAN", "N/A", "NA", "UNDEFINED", "UNKNOWN"),
    }
)
_TRIAL: Final = re.compile(
    r"(?:测试|试验|TEST|DEMO|XXX+|ABC|ASDF|QWER)(?:数据|单位|企业|公司|机关|姓名|名称|文号|用户)?[0-9]*"
)
_LAW: Final = re.compile(
    r"《|第.{1,8}条|法|条例|规定|办法|规则|细则|准则|标准|通知|决定|制度|公约|意见|备忘录|清单|公告|纲要"
)
# What the number of a document has: a digit, a numeral or brackets around the year.
_NUMBER: Final = re.compile(r"[0-9０-９〔\[(（【〇零一二三四五六七八九十百]")
_ARTICLE: Final = re.compile(r"《[^》]{2,60}》.{0,40}?第[^条]{1,12}条")
# What can only be an ordinary text: every test of one text holds of it. It begins with a Chinese
# character that is no numeral and none of those that placeholders begin with, and goes on.
_ORDINARY: Final = re.compile(
    r"[\u4e00-\u9fff](?<![一二三四五六七八九十〇零无暂没略同不未空待测试廿卅])[\u4e00-\u9fffA-Z0-9]"
)


def _has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


# The tests that `cr:format` of `cr:expects` may name, in the order in which they are tried:
# name -> (rule of the finding, whether the text fails).
TEXT_TESTS: Final[Mapping[str, tuple[str, Test]]] = {
    "no-shortened-number": ("shortened-number", is_shortened),
    "no-date": ("date-instead", is_date),
    "no-code": ("code-instead", is_code),
    "letters": ("letterless", lambda text: not _has_letters(text)),
    "several-characters": ("single-character", lambda text: len(text.strip()) < 2),  # noqa: PLR2004
    "no-placeholder": (
        "placeholder-word",
        lambda text: normalise(text).rstrip("。.") in _PLACEHOLDERS,
    ),
    "no-trial-value": ("trial-value", lambda text: _TRIAL.fullmatch(normalise(text)) is not None),
}
# Tests of whole texts for which no text is ordinary before it is looked at.
LAW: Final = "cites-law"
NUMBERED: Final = "numbered"
PAST: Final = "not-in-future"
FORMATS: Final = frozenset({*TEXT_TESTS, LAW, NUMBERED, PAST})
# What is beyond the type of a value, and therefore beyond SHACL Core and JSON Schema.
RULES: Final = frozenset(
    {
        *(rule for rule, _ in TEXT_TESTS.values()),
        *("no-law", "numberless", "future", "before-other", "too-large"),
        *("amount-differs", "amount-factor", "swapped"),
    }
)


def plausibility_rules(kind: Kind, today: date | None) -> Iterator[CrossFieldRule]:
    """Yield the plausibility rules of a kind.

    `today` is the present date in China; without it no date is compared with the present.
    """
    for field in kind.fields:
        yield from _text_rules(field, today)
        for rule in field.not_before:
            yield _rule(rule.field, _not_before(kind, field, rule))
        for stated in field.stated_in:
            yield _rule(field.name, _stated(kind, field, stated))
        if field.largest_amount is not None:
            yield _rule(field.name, _largest(field, field.largest_amount))
        if field.swapped_with:
            yield _rule(field.name, _swapped(kind, field, field.swapped_with))


def _rule(looks_at: str, check: Check) -> CrossFieldRule:
    return CrossFieldRule(looks_at, check, same_for_pattern=False, needs=looks_at)


def _text_rules(field: Field, today: date | None) -> Iterator[CrossFieldRule]:
    asked = {name: item.severity for item in field.expects for name in item.formats}
    tests = [(*TEXT_TESTS[name], asked[name]) for name in TEXT_TESTS if name in asked]
    if tests:
        tests.sort(key=lambda test: test[2] != "error")  # stable: the gravest are tried first
        yield _rule(field.name, _passes(field, tests))
    if LAW in asked:
        yield _rule(field.name, _cites_law(field, asked[LAW]))
    if NUMBERED in asked:
        yield _rule(field.name, _numbered(field, asked[NUMBERED]))
    if PAST in asked and today is not None:
        yield _rule(field.name, _not_in_future(field, today.isoformat(), asked[PAST]))


def _passes(field: Field, tests: list[tuple[str, Test, Severity]]) -> Check:
    name, ordinary = field.name, _ORDINARY.match

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        text = record.get(name)
        if text is None or ordinary(text):
            return None
        for rule, fails, severity in tests:
            if fails(text):
                return field_problem(field, rule, text, form=form, severity=severity)
        return None

    return check


def _cites_law(field: Field, severity: Severity) -> Check:
    name, cited = field.name, _LAW.search

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        text = record.get(name)
        if text is None or text.startswith("《") or cited(text):
            return None
        return field_problem(field, "no-law", text, form=form, severity=severity)

    return check


def _numbered(field: Field, severity: Severity) -> Check:
    name, number = field.name, _NUMBER.search

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        text = record.get(name)
        if text is None or len(text) < _SOME or number(text):
            return None  # very short texts have tests of their own
        return field_problem(field, "numberless", text, form=form, severity=severity)

    return check


def _not_in_future(field: Field, today: str, severity: Severity) -> Check:
    name = field.name

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        day = record.get(name)
        if day is None or day <= today:  # both are YYYY-MM-DD
            return None
        return field_problem(field, "future", day, form=form, limit=today, severity=severity)

    return check


def _not_before(kind: Kind, field: Field, rule: NotBefore) -> Check:
    name, other = field.name, rule.field
    limit, severity = kind.field(other).label, rule.severity

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        day, first = record.get(name), record.get(other)
        if type(day) is not str or type(first) is not str or day >= first:
            return None
        if date_problem(day) or date_problem(first):
            return None  # said already
        return field_problem(field, "before-other", day, form=form, limit=limit, severity=severity)

    return check


def _largest(field: Field, largest: Decimal) -> Check:
    name, width = field.name, len(f"{largest:.2f}")
    limit = f"{largest:,.0f}"

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        amount = record.get(name)
        if amount is None or len(amount) < width or Decimal(amount) <= largest:
            return None
        return field_problem(field, "too-large", amount, form=form, limit=limit, severity="warning")

    return check


def _stated(kind: Kind, field: Field, rule: AmountStatedIn) -> Check:
    """Return the check that an amount is one that the text of the decision states.

    A text may state several amounts (for a company and its manager, and their sum): any of them
    and the sum of all will do. Ten thousand times more or less is a column of 10,000 yuan
    filled in yuan, or the reverse.
    """
    name, other, amounts = field.name, rule.field, AmountFinder(rule.words).find
    label = kind.field(other).label

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        given = record.get(name)
        if given is None:
            return None
        text = record.get(other)
        if type(text) is not str or _contains_amount(given, text):
            return None
        stated, amount = amounts(text), Decimal(given)
        if not stated or amount in stated or amount == sum(stated):
            return None
        every = (*stated, sum(stated))
        factor = any(amount in (item * _FACTOR, item / _FACTOR) for item in every)
        return field_problem(
            field,
            "amount-factor" if factor else "amount-differs",
            given,
            form=form,
            limit=Label(f"{label.zh}（{stated[0]:f} 元）", f"{label.en} ({stated[0]:f} yuan)"),
            severity="held" if factor else "warning",
        )

    return check


def _contains_amount(amount: str, text: str) -> bool:
    """Whether a text holds the amount in its usual notation, not as the end of a longer number."""
    at = text.find(f"{amount.removesuffix('.00')}元")
    return at == 0 or (at > 0 and text[at - 1] not in "0123456789,，. ")


def _swapped(kind: Kind, field: Field, other: str) -> Check:
    """Return the check that the legal basis and the facts have not changed places."""
    name, limit = field.name, kind.field(other).label

    def check(record: Mapping[str, Any], form: str | None) -> Problem | None:
        text, facts = record.get(name), record.get(other)
        if text is None or "《" in text or type(facts) is not str or not _ARTICLE.search(facts):
            return None
        return field_problem(field, "swapped", text, form=form, limit=limit, severity="warning")

    return check
