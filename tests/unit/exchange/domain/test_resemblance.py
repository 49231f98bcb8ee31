from __future__ import annotations

import pytest

from exchange.domain import record_body
from exchange.domain.disclosure_levels import DisclosureLevel
from exchange.domain.resemblance import Resemblance, delivered_marks, removed_marks

NUMBER, NAME, PART = "<urn:number>", "<urn:name>", "<urn:part>"
RULES = (Resemblance((NUMBER, NAME)),)
OPTIONAL = (Resemblance((NUMBER, NAME), PART),)


def stored(number: str | None, name: str | None = '"甲公司"', part: str | None = None) -> str:
    values = {NUMBER: number, NAME: name, PART: part}
    return record_body.assemble_body(
        [
            record_body.statement_line(DisclosureLevel.PUBLIC_OPEN, f"{property_} {value}")
            for property_, value in values.items()
            if value
        ]
    )


def resembles(
    delivered: str, removed: str, rules: tuple[Resemblance, ...] = RULES, kind: str = "penalty"
) -> bool:
    marks = set(removed_marks("penalty", removed, rules))
    return not marks.isdisjoint(delivered_marks(kind, delivered, rules))


@pytest.mark.parametrize(
    "number",
    [
        '"示罚〔2026〕9号"',
        '"示罚(2026)9"',
        '"示罚[2026]第9号"',
        '"示罚 〔２０２６〕９號"',
        '"示罚〔2026〕09号"',
        '"示罚字〔2026〕第0009号"',
        '"示罚〔二〇二六〕九号"',
        '"示罚〔二零二六年〕玖号"',
        '"示罰〔26〕9号"',
        '"示罚（26年）№9"',
        '"文号：示罚〔2026〕9号"',
        '"示罚〔٢٠٢٦〕٩号"',
        '"示罚\u3164〔2026〕\u200b9\ufe00号"',
        '"示罚2026-9"',
    ],
)
def test_a_number_is_the_same_however_it_is_written(number: str) -> None:
    assert resembles(stored(number), stored('"示罚〔2026〕9号"'))


def test_another_number_name_or_kind_does_not_resemble() -> None:
    removed = stored('"示罚〔2026〕9号"')
    for other in ("示罚〔2026〕19号", "示罚〔2026〕90号", "示罚〔2025〕9号", "示税罚〔2026〕9号"):
        assert not resembles(stored(f'"{other}"'), removed), other
    assert not resembles(stored('"示罚〔2026〕9号"', '"乙公司"'), removed)
    assert not resembles(removed, removed, kind="licence")


def test_a_row_that_lacks_a_part_resembles_nothing() -> None:
    assert removed_marks("penalty", stored('"9"', None), RULES) == []
    assert delivered_marks("penalty", stored(None), RULES) == []
    assert delivered_marks("penalty", stored('"〔〕"'), RULES) == []


def test_escaped_texts_and_typed_literals_are_read_as_what_they_say() -> None:
    typed = "^^<http://www.w3.org/2001/XMLSchema#string>"
    assert resembles(stored(r'"a\"b\n1"'), stored(f'"AB 1"{typed}'))


@pytest.mark.parametrize(
    ("delivered", "removed", "expected"),
    [
        ('"C1"', '"C1"', True),
        ('"C2"', '"C1"', False),
        (None, '"C1"', True),
        ('"C1"', None, True),
        (None, None, True),
    ],
)
def test_an_optional_part_separates_two_records_only_where_both_have_it(
    delivered: str | None, removed: str | None, expected: bool
) -> None:
    found = resembles(stored('"9"', part=delivered), stored('"9"', part=removed), OPTIONAL)
    assert found is expected


def test_marks_are_texts_of_kind_properties_and_values() -> None:
    sep = "\x1f"
    text = stored('"示罚〔2026〕第9号"', part='"C-1"')
    common = sep.join(["penalty", NUMBER, NAME, "示罚20269", "甲公司"])
    assert removed_marks("penalty", text, OPTIONAL) == [f"{common}{sep}any", f"{common}{sep}=C1"]
    assert delivered_marks("penalty", text, OPTIONAL) == [f"{common}{sep}=C1", f"{common}{sep}none"]
    bare = stored('"示罚〔2026〕第9号"')
    assert removed_marks("penalty", bare, OPTIONAL) == [f"{common}{sep}any", f"{common}{sep}none"]
    assert delivered_marks("penalty", bare, OPTIONAL) == [f"{common}{sep}any"]
    # The part counts only where a rule names it.
    assert removed_marks("penalty", text, RULES) == removed_marks("penalty", bare, RULES)


def test_a_rule_whose_parts_are_missing_does_not_hide_the_next() -> None:
    rules = (Resemblance(("<urn:absent>",)), *RULES)
    text = stored('"9"')
    assert removed_marks("penalty", text, rules) == removed_marks("penalty", text, RULES) != []
    assert delivered_marks("penalty", text, rules) == delivered_marks("penalty", text, RULES) != []


def test_the_first_of_several_values_counts_and_a_link_is_read_too() -> None:
    lines = [f"o {NUMBER} <urn:x9>", f'o {NAME} "乙"', f'o {NAME} "丙"', f'o {PART} "1"']
    found = removed_marks("penalty", record_body.assemble_body(lines), RULES)
    assert found[0].split("\x1f")[3:] == ["URNX9", "丙", "any"]
