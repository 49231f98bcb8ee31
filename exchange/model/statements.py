"""Records -> bodies (exchange.domain.record_body): the statements with their disclosure levels.

Which lines a body has, in which order and under which leaves, depends only on the fields that a
record has and on its codes. Records alike in these share a `BodyTemplate`: one template to fill.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.disclosure_levels import DisclosureLevel
from exchange.domain.record_body import statement_line, statement_of
from exchange.model.canonical_terms import escape, needs_escape
from exchange.model.shapes_graph import RDF, XSD
from exchange.model.value_checks import compile_condition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exchange.model.kinds import Field, Kind

_STRING: Final = f"{XSD}string"
_REMEMBERED: Final = 1024  # sets of values of one field


@dataclass(frozen=True, slots=True)
class _FieldWriter:
    """How the statements of one field are written.

    `plain`: values are text, which may need escapes. `whole`: values may be full IRIs, otherwise
    the base is put before them. `term`: a function from head and values to lines, for lists.
    """

    name: str
    head: str  # a body line up to its object
    heads: tuple[tuple[Callable[[Mapping[str, Any]], bool], str], ...]  # under conditions
    before: str
    after: str
    plain: bool
    whole: str | None
    term: Callable[[str, tuple[str, ...]], str] | None

    def start(self, record: Mapping[str, Any]) -> str:
        for applies, head in self.heads:
            if applies(record):
                return head
        return self.head


class BodyTemplate:
    """The body of all records with the same fields and the same codes in disclosure conditions."""

    def __init__(self, parts: Sequence[tuple[_FieldWriter, str]], first: str) -> None:
        """Take the writers of the fields that the record has with their heads, in order."""
        self._names = [writer.name for writer, _ in parts]
        self._plain = [at for at, (writer, _) in enumerate(parts) if writer.plain]
        self._whole = [(at, writer.whole) for at, (writer, _) in enumerate(parts) if writer.whole]
        self._terms = [
            (at, head, writer.term) for at, (writer, head) in enumerate(parts) if writer.term
        ]
        texts = [(statement_of(head), _template(writer, head)) for writer, head in parts]
        texts.append((statement_of(first), _escape_percent(first)))
        self._template = "".join(text for _, text in sorted(texts, key=itemgetter(0)))

    def body(self, record: Mapping[str, Any]) -> str:
        """Return the body of a checked, completed record of this layout."""
        values = [record[name] for name in self._names]
        text = "".join([values[at] for at in self._plain])
        if not text.isprintable() or '"' in text or "\\" in text:
            for at in self._plain:
                values[at] = escape(values[at])
        for at, base in self._whole:
            if ":" not in values[at]:
                values[at] = base + values[at]
        for at, head, term in self._terms:
            values[at] = term(head, tuple(values[at]))
        return self._template % tuple(values)


class BodyTemplates:
    """Makes the layouts of one kind; bodies come sorted as `record_body` sorts them."""

    def __init__(self, kind: Kind) -> None:
        links = link_number_by_field(kind)
        self._first = (
            statement_line(DisclosureLevel.PUBLIC_OPEN, f"<{RDF}type> <{kind.class_iri}>") + "\n"
        )
        self._writers = [
            _field_writer(field, links.get(field.name))
            for field in sorted(kind.fields, key=lambda field: f"<{field.iri}>")
        ]

    def of(self, record: Mapping[str, Any]) -> BodyTemplate:
        """Return the layout of a record and of all that fulfil the same conditions."""
        chosen = [item for item in self._writers if item.name in record]
        return BodyTemplate([(item, item.start(record)) for item in chosen], self._first)


def _template(writer: _FieldWriter, head: str) -> str:
    if writer.term is not None:
        return "%s"
    return f"{_escape_percent(head + writer.before)}%s{_escape_percent(writer.after)}"


def _escape_percent(text: str) -> str:
    return text.replace("%", "%%")


def link_number_by_field(kind: Kind) -> dict[str, int]:
    """Return the link that each field states, by field; dropping the link drops its lines.

    A field of the record's own key is part of the quoted key at times (the counterpart of both),
    but states the record itself.
    """
    numbers: dict[str, int] = {}
    for number, quotation in enumerate(kind.links):
        quoted = {name for names in quotation.key_fields.values() for name in names}
        for name in (quotation.kind_field, *sorted(quoted - set(kind.key))):
            field = kind.field(name)
            for stated in (name, field.key_fallback, field.person_from):
                if stated:
                    numbers[stated] = number
    return numbers


def _field_writer(field: Field, link: int | None) -> _FieldWriter:
    heads = tuple(
        (compile_condition(rule.when), _head(field, rule.disclosure, link))
        for rule in field.disclosure_when
    )
    plain = field.datatype == _STRING
    # JSON writes members of a base by their last part only, others in full; a code never is
    # one of these. Patterns have excluded whatever an IRI or another literal must escape.
    whole = field.iri_base if field.datatype is None and field.scheme is None else None
    if field.datatype is not None:
        before, after = '"', '"\n' if plain else f'"^^<{field.datatype}>\n'
    else:
        before, after = "<" if whole else f"<{field.iri_base}", ">\n"

    @lru_cache(_REMEMBERED)
    def several(head: str, values: tuple[str, ...]) -> str:
        texts = [escape(value) if plain and needs_escape(value) else value for value in values]
        if whole:
            texts = [text if ":" in text else whole + text for text in texts]
        objects = sorted({f"{before}{text}{after}" for text in texts})
        return "".join(head + text for text in objects)

    return _FieldWriter(
        name=field.name,
        head=_head(field, field.disclosure, link),
        heads=heads,
        before=before,
        after=after,
        plain=plain and not field.many,
        whole=None if field.many else whole,
        term=several if field.many else None,
    )


def _head(field: Field, leaf: DisclosureLevel, link: int | None) -> str:
    return statement_line(leaf, f"<{field.iri}> ", link)
