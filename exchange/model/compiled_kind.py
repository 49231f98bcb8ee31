"""Functions compiled from the shapes of one kind: read rows, check records, build submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from exchange.domain import keys, record_body
from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import UsageError
from exchange.domain.identifiers import PLACEHOLDER
from exchange.domain.record import Link, Submission
from exchange.model.cross_field_rules import cross_field_rules
from exchange.model.json_view import JsonView
from exchange.model.key_extractor import KeyReader
from exchange.model.pattern_plans import PatternPlans
from exchange.model.personal_data_rules import PersonalDataGate
from exchange.model.plausibility import plausibility_rules
from exchange.model.row_reader import RowReader, inference
from exchange.model.rule_messages import Problem, field_problem, record_problem
from exchange.model.value_checks import compile_condition, explain_failure, value_check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from exchange.model.kinds import Kind, LinkDefinition, Model

CONTEXT: Final = "https://w3id.org/credence/context/v1"
PERSON_IRI: Final = record_body.PERSON.strip("<>")
ENVELOPE: Final = frozenset({"@context", "id", "type"})
_MISSING: Final = object()


class _UncoveredByForm(NamedTuple):
    """What a form has no columns for: properties, and fields that decide tier or objection mark."""

    properties: frozenset[str]
    tier: bool
    mark: bool


_COVERS_ALL: Final = _UncoveredByForm(frozenset(), tier=False, mark=False)


def compile_kind(model: Model, slug: str, today: date | None = None) -> CompiledKind:
    """Return the compiled functions of a kind. Compiling is slow: keep the result.

    `today` is the present date in China; decisions must not be dated later. Without it no date is
    compared with the present.

    Raises:
        UsageError: there is no such kind.

    """
    if slug not in model.kinds:
        raise UsageError(f"There is no kind {slug!r}.", f"Use one of: {', '.join(model.kinds)}.")
    return CompiledKind(model.kinds[slug], today)


class CompiledKind:
    """The functions of one kind; threads may share it.

    Example: `record, problems = compiled.read_and_check(row, "2018")`; if no problem is an error,
    `compiled.submission(record, number, "2018")` is what the ledger takes.
    """

    def __init__(self, kind: Kind, today: date | None = None) -> None:
        self.kind = kind
        self._fields = {field.name: field for field in kind.fields}
        self._known_names = frozenset(self._fields) | ENVELOPE
        self._tests = [(field.name, field.required, value_check(field)) for field in kind.fields]
        self._rules = [*cross_field_rules(kind), *plausibility_rules(kind, today)]
        self._gate = PersonalDataGate(kind)
        self._plans = PatternPlans(kind, self._rules, self._gate)
        self._derived = [
            (field.name, field.code_from, field.person_from)
            for field in kind.fields
            if field.code_from
        ]
        self._infer = inference(kind)
        self._rows = {form: RowReader(kind, form) for form in kind.forms}
        self._key = KeyReader(kind.slug, [self._fields[name] for name in kind.key])
        self._uncovered = {form: _uncovered_by(kind, form) for form in kind.forms}
        self._links = [self._link_reader(item) for item in kind.links]
        self._person = _person_reader(kind)
        self._json_view = JsonView(kind, CONTEXT)
        self._source_time_property = (
            f"<{kind.field(kind.source_time).iri}>" if kind.source_time else None
        )

    # What came in -> record

    def read_row(
        self, row: Mapping[str, str], form: str | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Return the record of a row (cells by column code) and the warnings about its cells.

        The record is not checked: a cell that cannot be read keeps its text. `form` may be left
        out if the kind has one form.

        Raises:
            UsageError: the kind has no such form.

        """
        record: dict[str, Any] = {"type": self.kind.type_name}
        problems, _ = self._rows[self._form(form)].read(row, record)
        self._complete(record)
        return record, problems

    def read_and_check(
        self, row: Mapping[str, str], form: str | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Return the record of a row and all its problems: `read_row`, then `check`.

        A row without problems is checked in one pass, by its pattern (`pattern_plans`).

        Raises:
            UsageError: the kind has no such form.

        """
        form = self._form(form)
        record: dict[str, Any] = {"type": self.kind.type_name}
        problems, sound = self._rows[form].read(row, record)
        self._complete(record)
        if sound and form in (plan := self._plans.of(record)).forms_satisfied:
            problems_found = [broken for test in plan.tests if (broken := test(record, form))]
            problems_found += self._gate.check(record, plan.scope, form)
        else:
            problems_found = self.check(record, form)
        return record, problems + problems_found

    def _form(self, form: str | None) -> str:
        if form is None and len(self.kind.forms) == 1:
            return self.kind.forms[0]
        if form not in self._rows:
            raise UsageError(
                f"{self.kind.slug} has no form {form!r}.",
                f"Use one of: {', '.join(self.kind.forms)}.",
            )
        return form

    def normalise(self, record: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Return a JSON record in the form that `read_row` returns, and warnings.

        CRLF becomes LF, a placeholder code of an authority or source is dropped, `type` and
        derived fields are filled in. Other faults are left for `check`.
        """
        tidied = {name: _with_line_feeds(value) for name, value in record.items()}
        problems: list[Problem] = []
        for field in self.kind.fields:
            if field.value_type.drop_placeholder and tidied.get(field.name) == PLACEHOLDER:
                del tidied[field.name]
                problems.append(
                    field_problem(field, "placeholder-dropped", PLACEHOLDER, severity="warning")
                )
        tidied.setdefault("type", self.kind.type_name)
        self._complete(tidied)
        return tidied, problems

    def _complete(self, record: dict[str, Any]) -> None:
        """Fill in derived fields: inferred codes; the counterpart, from its code or as a person."""
        self._infer(record)
        for name, code_from, person_from in self._derived:
            if code_from in record:
                record.setdefault(name, record[code_from])
            elif person_from in record and not _is_code(record.get(name)):
                record[name] = PERSON_IRI

    # Record -> problems

    def check(self, record: Mapping[str, Any], form: str | None = None) -> list[Problem]:
        """Return every problem of a record: errors, held findings and warnings.

        With `form`, problems name the columns of that form.
        """
        problems: list[Problem] = []
        get = record.get
        for name, required, test in self._tests:
            value = get(name, _MISSING)
            absent = "required" if required else None
            broke = absent if value is _MISSING else test(value)
            if broke:
                problems.append(self._problem(name, broke, value, form))
        self._envelope(record, problems)
        broken = {item.field for item in problems} if problems else ()
        if broken:
            # What is derived of a broken code is broken with it; one finding is enough.
            noise = {name for name, code_from, _ in self._derived if code_from in broken}
            problems = [item for item in problems if item.field not in noise]
        for rule in self._rules:
            broken_rule = None if rule.depends_on in broken else rule.check(record, form)
            if broken_rule:
                problems.append(broken_rule)
        return problems + self.check_personal_data(record, form)

    def check_personal_data(
        self, record: Mapping[str, Any], form: str | None = None
    ) -> list[Problem]:
        """Return the findings of the personal-data gate: errors, and held ones for a reviewer.

        `check` and `read_and_check` include them; this alone serves to check public records again.
        Pass the whole record: public fields are searched for the names and numbers of hidden ones.
        """
        return self._gate.search(record, form)

    def _envelope(self, record: Mapping[str, Any], problems: list[Problem]) -> None:
        if not record.keys() <= self._known_names:
            unknown = [name for name in record if name not in self._known_names]
            problems += [record_problem("unknown-field", "", name) for name in unknown]
        if record.get("type") != self.kind.type_name:
            problems.append(record_problem("kind", record.get("type", ""), self.kind.type_name))
        if record.get("@context", CONTEXT) != CONTEXT:
            problems.append(record_problem("context", record["@context"], CONTEXT))

    def _problem(self, name: str, rule: str, value: object, form: str | None) -> Problem:
        field = self._fields[name]
        shown = None if value is _MISSING else value
        rule, limit = explain_failure(field, rule, shown)
        return field_problem(field, rule, shown, form=form, limit=limit)

    # Record -> submission

    def body(self, record: Mapping[str, Any]) -> str:
        """Return the body of a record: its statements with their disclosure levels."""
        return self._plans.of(record).template.body(record)

    def submission(
        self, record: Mapping[str, Any], row: int = 0, form: str | None = None
    ) -> Submission:
        """Return the submission of a record without errors, for the ledger.

        The record comes from `read_row` or `normalise`. `row` is its number in the file. With
        `form`, the submission names the properties for which the form has no column; a JSON
        record covers all.

        Raises:
            DataInvalid: a part of a key is empty.

        """
        plan = self._plans.of(record)
        links = [link_and_effect for make in self._links if (link_and_effect := make(record))]
        text = plan.template.body(record)
        key = self._key(record)
        untold = self._uncovered[form] if form else _COVERS_ALL
        return Submission(
            kind=self.kind.slug,
            key=key.primary,
            body=text
            if plan.tier is Tier.PUBLIC
            else record_body.restrict_to_tier(text, plan.tier),
            tier=plan.tier,
            links=tuple(link for link, _ in links),
            delivered_state=plan.delivered_state,
            publicity_end=record.get(self.kind.publicity_end or ""),
            person=self._person(record),
            withdraws=next((link for link, withdraws in links if withdraws), None),
            row=row,
            projected=plan.projected,
            aliases=key.aliases,
            partial=key.partial,
            is_partial=key.is_partial,
            uncovered_properties=untold.properties,
            inherits_tier=untold.tier,
            inherits_objection=untold.mark,
            timed_by=self._source_time_property if self.kind.source_time in record else None,
        )

    def record_key(self, record: Mapping[str, Any]) -> keys.RecordKey:
        """Return the business key of a sound record, in all equivalent spellings.

        Raises:
            DataInvalid: a part is empty.

        """
        return self._key(record)

    def target_key_fields(self, kind: str) -> tuple[str, ...]:
        """Return the fields that hold the key of a linked record of that kind, if any."""
        found = (item.key_fields.get(kind, ()) for item in self.kind.links)
        return next((names for names in found if names), ())

    def _link_reader(
        self, quotation: LinkDefinition
    ) -> Callable[[Mapping[str, Any]], tuple[Link, bool] | None]:
        keys_of = {
            kind: KeyReader(kind, [self._fields[name] for name in names])
            for kind, names in quotation.key_fields.items()
        }
        relation, kind_from = quotation.relation, quotation.kind_field
        when = quotation.withdraws_when
        withdraws = compile_condition(when) if when else lambda _: False

        def make(record: Mapping[str, Any]) -> tuple[Link, bool] | None:
            kind = record.get(kind_from)
            if kind is None:
                return None
            target = keys_of[kind](record)
            link = Link(
                relation, kind, target.primary, target.aliases, target.partial, target.is_partial
            )
            return link, withdraws(record)

        return make

    # View -> JSON

    def to_json(self, iri: str, triples: bytes) -> dict[str, Any]:
        """Return a record as JSON-LD under `CONTEXT`; `triples` are canonical N-Quads."""
        return self._json_view.to_json(iri, triples)


def _with_line_feeds(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return [_with_line_feeds(item) for item in value] if isinstance(value, list) else value


def _is_code(value: object) -> bool:
    return isinstance(value, str) and ":" not in value


def _uncovered_by(kind: Kind, form: str) -> _UncoveredByForm:
    fields = kind.uncovered_fields(form)
    names = {field.name for field in fields}
    return _UncoveredByForm(
        frozenset(f"<{field.iri}>" for field in fields),
        tier=any(names & rule.when.fields for rule in kind.tier_when),
        mark=any(names & rule.when.fields for rule in kind.delivered_states),
    )


def _person_reader(kind: Kind) -> Callable[[Mapping[str, Any]], str | None]:
    """Return the function that reads the ID number of a natural person, None for other records."""
    fields = [(f.name, f.person_from) for f in kind.fields if f.code_from and f.person_from]

    def person(record: Mapping[str, Any]) -> str | None:
        for name, person_from in fields:
            if record.get(name) == PERSON_IRI:
                return keys.normal(record[person_from])
        return None

    return person
