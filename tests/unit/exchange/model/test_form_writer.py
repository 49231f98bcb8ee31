"""One decision in the form of 2016 and in that of 2018 is one record, but for absent fields."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.domain.errors import UsageError
from exchange.model import FieldType
from exchange.model.plausibility import RULES
from tests.unit.exchange.model import sound as rows

if TYPE_CHECKING:
    from exchange.model import CompiledKind, Concept, Field

FORMS = ("2016", "2018")
COMPANIES = [rows.COMPANY, "12140400QQQQ000486", rows.TRADER]
quiet = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
words = st.text("长治市测试（）〔〕;；,\"'A1 \n", min_size=1, max_size=30).filter(
    lambda text: bool(text.strip())
)

NUMBERS = {
    "RegistrationNumber": ["1404000000012", "140400000000123"],
    "OrganisationCode": ["QQQQ00019", "00010002X"],
    "TaxNumber": ["140400QQQQ00019"],
    "InstitutionNumber": ["114040000123"],
}


def cell_of(concept: Concept, form: str) -> str:
    return concept.cells.get(form, (concept.label.zh,))[0]


def values(field: Field) -> st.SearchStrategy[Any]:
    """Return what a sender may mean: text, a day, or codes that both forms can write."""
    if field.scheme is not None:
        concepts = list(field.scheme.concepts.values())
        if field.name == "deliveredState":
            concepts = [item for item in concepts if set(FORMS) <= set(item.cells)]
        several = st.lists(
            st.sampled_from(concepts), min_size=1, max_size=2, unique_by=lambda item: item.notation
        )
        return several if field.many else st.sampled_from(concepts).map(lambda item: [item])
    if field.field_type is FieldType.DATE:
        return st.dates(date(1950, 1, 1), date(2099, 12, 31)).map(str)
    if field.value_type.slug == "UnifiedCode":
        return st.sampled_from(COMPANIES)
    if field.value_type.slug == "IdNumber":
        return st.just(rows.ID_NUMBER)
    if field.value_type.slug != "Text":
        return st.sampled_from(NUMBERS[field.value_type.slug])
    return words.map(lambda text: text[: field.max_length])


def written(field: Field, value: Any, form: str) -> dict[str, str]:
    """Return the cells that say the value in the form."""
    columns = [column for column in field.columns_in(form) if column.constant is None]
    if field.scheme is None:
        return {columns[0].code: value} if columns else {}
    cells = [cell_of(concept, form) for concept in value]
    if len(columns) < len(cells):
        return {columns[0].code: "；".join(cells)} if columns else {}
    return {column.code: cell for column, cell in zip(columns, cells, strict=False)}


def decision(compiled: CompiledKind, *, person: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Return drawn values of fields that both forms have, about a person or not."""
    absent = {"uscc", "counterpartName"} if person else {"personIdNumber", "personName"}
    absent |= {"counterpartCategory", "personIdKind"}
    fields = [f for f in compiled.kind.fields if set(FORMS) <= set(f.columns)]
    return st.fixed_dictionaries(
        {field.name: values(field) for field in fields if field.name not in absent}
    )


@quiet
@given(data=st.data(), person=st.booleans())
@pytest.mark.parametrize("slug", ["penalty", "licence"])
def test_both_forms_of_a_decision_give_one_record(
    data: st.DataObject, slug: str, kinds: dict[str, CompiledKind], *, person: bool
) -> None:
    compiled = kinds[slug]
    meant = data.draw(decision(compiled, person=person))
    category = "自然人" if person else "法人及非法人组织"
    if meant.get("uscc") == rows.TRADER:
        category = "个体工商户"
    prefix = {"penalty": "CF_", "licence": "XK_"}[slug]
    more = {f"{prefix}XDR_LB": category, f"{prefix}XDR_ZJLX": "身份证" if person else ""}
    record: dict[str, dict[str, Any]] = {}
    for form in FORMS:
        row: dict[str, str] = dict(more) if form == "2018" else {}
        for name, value in meant.items():
            row |= written(compiled.kind.field(name), value, form)
        record[form], noticed = compiled.read_row(row, form)
        # What only one form asks for is missing here; nothing else is. A name that was drawn may
        # have been drawn for another field too.
        missing = {item.rule for item in (*noticed, *compiled.check(record[form], form))}
        missing -= {"person-name", "person-name-alone", "identity-document"}
        assert missing <= {"column-required", "required", "required-when", *RULES}
    assert record["2016"] == record["2018"]
    assert set(meant) <= set(record["2016"])


def test_the_same_code_means_what_its_form_says(kinds: dict[str, CompiledKind]) -> None:
    licence = kinds["licence"]
    read = {form: licence.read_row({"XK_ZT": "1"}, form)[0]["deliveredState"] for form in FORMS}
    assert read == {"2016": "annulled", "2018": "in-force"}


def test_a_code_of_the_other_form_is_refused(kinds: dict[str, CompiledKind]) -> None:
    licence = kinds["licence"]
    record, _ = licence.read_row(rows.LICENCE | {"XK_ZT": "0"}, "2018")
    assert [(item.field, item.rule) for item in licence.check(record, "2018")] == [
        ("deliveredState", "code")
    ]


def test_a_form_is_never_guessed(kinds: dict[str, CompiledKind]) -> None:
    with pytest.raises(UsageError, match="no form None"):
        kinds["licence"].read_row(rows.LICENCE)


def test_what_one_form_asks_for_is_not_asked_of_the_other(kinds: dict[str, CompiledKind]) -> None:
    penalty = kinds["penalty"]
    old, _ = penalty.read_row(rows.OLD_PENALTY, "2016")
    assert "fineAmount" not in old
    assert penalty.check(old, "2016") == penalty.check(old) == []
    # The same values, claimed to have come in the form of 2018, lack its amounts.
    rules = {(item.field, item.rule) for item in penalty.check(old, "2018")}
    assert rules == {("fineAmount", "required-when"), ("confiscatedAmount", "required-when")}


def test_the_keys_of_either_form_resolve_to_one_decision(kinds: dict[str, CompiledKind]) -> None:
    penalty = kinds["penalty"]
    new, old = (
        penalty.submission(penalty.read_row(row, form)[0], form=form)
        for row, form in ((rows.PENALTY, "2018"), (rows.OLD_PENALTY, "2016"))
    )
    assert rows.AUTHORITY in new.key
    assert new.aliases == (old.key,)
    assert (old.aliases, old.partial, old.is_partial) == ((), (), False)


def test_a_licence_of_2016_lacks_the_number_of_its_certificate(
    kinds: dict[str, CompiledKind],
) -> None:
    licence = kinds["licence"]
    new, old = (
        licence.submission(licence.read_row(row, form)[0], form=form)
        for row, form in ((rows.LICENCE, "2018"), (rows.OLD_LICENCE, "2016"))
    )
    assert old.is_partial
    assert not new.is_partial
    assert old.key in new.partial
    assert len((new.key, *new.aliases, *new.partial)) == 4, "by code and name, with and without"


def test_a_submission_names_the_properties_its_form_has_no_column_for(
    kinds: dict[str, CompiledKind],
) -> None:
    penalty = kinds["penalty"]
    record = penalty.read_row(rows.PENALTY, "2018")[0]
    untold = {
        form: penalty.submission(record, form=form).uncovered_properties for form in (None, *FORMS)
    }
    ns = "<https://w3id.org/credence/ns#"
    assert untold[None] == frozenset()
    assert f"{ns}fineAmount>" in untold["2016"]
    assert f"{ns}fineAmountReceived>" in untold["2016"]
    assert f"{ns}counterpart>" not in untold["2016"] | untold["2018"]
    only_2016 = "documentTitle declaredSeverity useScope division deliveredState sourceUpdatedAt"
    assert untold["2018"] == {f"{ns}{name}>" for name in only_2016.split()}
    assert penalty.submission(record, form="2018").inherits_tier, "use scope decides the tier"
    assert penalty.submission(record, form="2018").inherits_objection, "so does the delivered state"
    old = penalty.submission(record, form="2016")
    assert not old.inherits_tier
    assert not old.inherits_objection


def test_every_form_has_columns_for_what_decides_more_than_tier_and_mark(
    kinds: dict[str, CompiledKind],
) -> None:
    """The ledger keeps untold fields without knowing what hangs on them."""
    for compiled in kinds.values():
        kind = compiled.kind
        conditions = [rule.when for field in kind.fields for rule in field.disclosure_when]
        conditions += kind.logged_only_when
        deciding = {name for when in conditions for name in when.fields}
        deciding |= {name for item in kind.links for name in (item.kind_field,)}
        deciding |= {n for item in kind.links for names in item.key_fields.values() for n in names}
        for form in kind.forms:
            assert deciding.isdisjoint(field.name for field in kind.uncovered_fields(form)), (
                kind.slug,
                form,
            )
