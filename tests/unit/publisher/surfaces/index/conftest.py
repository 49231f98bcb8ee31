"""An index of invented subjects and records, written as the ledger would hand them over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.identifiers import uscc_check_character
from exchange.domain.record import Activity, Change
from exchange.model import load_model
from exchange.model.canonical_terms import literal
from publisher.surfaces.index import IndexConfig, IndexMapping, IndexReader, IndexSurface

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "https://credit.example.cn/record/"
NS = "https://w3id.org/credence/ns#"
CODES = "https://w3id.org/credence/code/"
USCC = "https://w3id.org/credence/uscc/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
CLASSES = {
    "subject": "RegisterRecord",
    "penalty": "AdministrativePenalty",
    "list-entry": "ListEntry",
    "measure": "DisciplinaryMeasure",
}
# Properties whose values are IRIs, and what these begin with.
NODES = {
    "describes": USCC,
    "counterpart": USCC,
    "authority": USCC,
    "onList": f"{CODES}credit-list/",
    "appliesToList": f"{CODES}credit-list/",
    "subjectCategory": f"{CODES}subject-category/",
    "registrationStatus": f"{CODES}registration-status/",
    "division": f"{CODES}division/",
    "measureClass": f"{CODES}measure-class/",
}


def code_of(number: int) -> str:
    """A sound code of the range that is never allotted."""
    first = f"91140400QQQQ{number:05d}"
    return first + uscc_check_character(first)


def view_of(iri: str, kind: str, **values: str | list[str]) -> bytes:
    """The canonical N-Quads of a record."""
    said = [f"<{TYPE}> <{NS}{CLASSES[kind]}>"]
    for name, given in values.items():
        for value in [given] if isinstance(given, str) else given:
            term = f"<{NODES[name]}{value}>" if name in NODES else literal(value)
            said.append(f"<{NS}{name}> {term}")
    return "".join(sorted(f"<{iri}> {each} .\n" for each in said)).encode()


@dataclass
class Office:
    """One index with its writer and reader; `today` is the day it is asked on."""

    folder: Path
    site: IndexConfig
    today: str = "2026-09-21"
    seq: int = 0
    views: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.surface = IndexSurface(self.site)
        self.reader = IndexReader(self.site, lambda: self.today)

    def change(self, iri: str, kind: str, view: bytes | None, **more: bool) -> Change:
        self.seq += 1
        activity = Activity.DELETE if view is None else Activity.CREATE
        event = f"https://credit.example.cn/event/{self.seq}"
        mark = more.get("objection", False)
        return Change(self.seq, activity, iri, event, kind, self.seq, 1, mark, view)

    def take(self, kind: str, identifier: str, **values: str | list[str]) -> str:
        """Apply one record; its IRI."""
        iri = BASE + identifier.ljust(26, "a")
        self.views[iri] = view_of(iri, kind, **values)
        self.surface.apply([self.change(iri, kind, self.views[iri])])
        return iri

    def subject(self, number: int, name: str, **more: str) -> str:
        code = code_of(number)
        return self.take(
            "subject",
            f"s{number}".translate(str.maketrans("0189", "wxyz")),
            describes=code,
            uscc=code,
            subjectName=name,
            subjectCategory="organisation",
            registrationStatus="active",
            **more,
        )

    def penalty_view(self, iri: str, number: int, name: str) -> bytes:
        """The view of a penalty on the bearer of a code, without applying it."""
        code = code_of(number)
        return view_of(
            iri,
            "penalty",
            counterpart=code,
            uscc=code,
            counterpartName=name,
            documentNumber=f"长市监罚〔2026〕{number}号",
            decidedOn="2026-03-04",
        )

    def penalty(self, identifier: str, number: int, name: str, **more: str) -> str:
        given = {
            "documentNumber": f"长市监罚〔2026〕{identifier}号",
            "decidedOn": "2026-03-04",
            "authorityName": "长治市市场监督管理局",
            **more,
        }
        code = code_of(number)
        return self.take(
            "penalty", identifier, counterpart=code, uscc=code, counterpartName=name, **given
        )

    def drop(self, iri: str) -> None:
        self.views.pop(iri)
        self.surface.apply([self.change(iri, "", None)])

    def names(self, text: str, **asked: object) -> list[str]:
        found = self.reader.search(text, **asked)
        return [hit.entry.name or hit.entry.number for hit in found.hits]


@pytest.fixture(scope="session")
def plan() -> IndexMapping:
    return IndexMapping(load_model().kinds.values())


@pytest.fixture
def office(tmp_path: Path, plan: IndexMapping) -> Iterator[Office]:
    office = Office(tmp_path, IndexConfig(tmp_path / "index", Tier.PUBLIC, (BASE,), plan))
    yield office
    office.reader.close()
    office.surface.close()
