from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import UsageError
from publisher.surfaces.audit.findings import LISTED
from publisher.surfaces.audit.run import audit

if TYPE_CHECKING:
    from publisher.surfaces.audit.findings import Findings


def published(city: Any, count: int) -> list[str]:
    iris: list[str] = city.publish(count)
    assert city.runner().catch_up()
    return iris


def public(city: Any) -> Findings:
    report = audit(city.ledger, city.readers())
    assert report.ok == all(found.ok for found in report.surfaces.values())
    return report.surfaces["public/triples"]


def tamper(city: Any, records: dict[str, bytes]) -> None:
    """Change the public writer behind the ledger's back and publish that."""
    surface = city.surfaces[0]
    surface._writer().replace(records)
    surface._dirty = True
    surface.publish(at_head=True)


def test_a_report_has_the_keys_of_the_contract(city: Any) -> None:
    published(city, 2)
    report = json.loads(json.dumps(audit(city.ledger, city.readers()).to_json()))
    assert report["records"] == 2
    found = report["surfaces"]["public/triples"]
    assert (found["position"], found["missing"], found["leftover"]) == (2, [], [])


def test_a_record_that_a_surface_lost_is_missing(city: Any) -> None:
    [lost, _] = published(city, 2)
    tamper(city, {lost: b""})
    found = public(city)
    assert (found.missing.first, found.leftover.first, found.ok) == ([lost], [], False)


def test_a_record_that_the_ledger_does_not_have_is_left_over(city: Any) -> None:
    published(city, 2)
    iri = "https://credit.example.cn/record/" + "z" * 26
    kind = b" <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:t:penalty> .\n"
    tamper(city, {iri: b"<" + iri.encode() + b">" + kind})
    assert public(city).leftover.first == [iri]


def test_a_changed_statement_is_a_different_digest(city: Any) -> None:
    [iri, _] = published(city, 2)
    [view] = [text for name, _, text in city.ledger.live(Tier.PUBLIC) if name == iri]
    tamper(city, {iri: view.replace("文书".encode(), "文稿".encode())})
    found = public(city)
    assert (found.missing.count, found.leftover.count) == (0, 0)
    assert iri in found.note("en")
    assert not found.ok


def test_a_statement_without_a_type_is_found_by_the_digest(city: Any) -> None:
    published(city, 1)
    iri = "https://credit.example.cn/record/" + "y" * 26
    tamper(city, {iri: f'<{iri}> <urn:t:text> "x" .\n'.encode()})
    assert not public(city).ok


def test_a_surface_behind_the_ledger_is_a_difference(city: Any) -> None:
    published(city, 1)
    city.publish(2)
    found = public(city)
    assert (found.behind, found.missing.count, found.ok) == (2, 2, False)


def test_a_surface_that_cannot_be_read_is_a_difference(city: Any) -> None:
    city.publish(1)
    report = audit(city.ledger, city.readers())
    assert not report.ok
    assert "generation" in report.to_json()["surfaces"]["public/triples"]["problem"]


def test_long_lists_are_counted_whole_and_named_in_part(city: Any) -> None:
    iris = published(city, LISTED + 5)
    tamper(city, dict.fromkeys(iris, b""))
    found = public(city).to_json()
    assert (found["missingCount"], len(found["missing"])) == (LISTED + 5, LISTED)


@pytest.mark.parametrize("shorten", [False, True], ids=["by IRI", "by its last part"])
def test_one_record_is_asked_of_every_surface(city: Any, *, shorten: bool) -> None:
    [kept, gone] = published(city, 2)
    city.ledger.withdraw(gone, "repair")

    def asked(iri: str) -> dict[str, Any]:
        name = iri.rpartition("/")[2] if shorten else iri
        report = audit(city.ledger, city.readers(), name)
        assert report.ok == (name not in json.dumps(report.to_json()))
        return report.to_json()["surfaces"]["public/triples"]

    assert asked(kept)["missing"] == asked(kept)["leftover"] == []
    assert len(asked(gone)["leftover"]) == 1
    assert city.runner().catch_up()
    assert asked(gone)["leftover"] == []
    tamper(city, {kept: b""})
    assert len(asked(kept)["missing"]) == 1


def test_one_record_is_asked_of_every_surface_whatever_a_damaged_one_raises(
    city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    [iri] = published(city, 1)
    readers = city.readers()

    def damaged(_: str) -> bool:
        raise zlib.error

    monkeypatch.setattr(readers[0], "contains", damaged)
    surfaces = audit(city.ledger, readers, iri).surfaces
    [problem] = [found.problem for found in surfaces.values() if found.problem]
    assert problem == ("文件已损坏，无法读取。", "A file is damaged and cannot be read.")
    assert sum(found.ok for found in surfaces.values()) == len(readers) - 1


def test_a_record_of_one_tier_is_expected_there_only(city: Any) -> None:
    [iri] = city.publish(1, tier=Tier.GOVERNMENT)
    assert city.runner().catch_up()
    report = audit(city.ledger, city.readers(), iri)
    assert report.ok
    assert report.records == 1


def test_a_name_of_nothing_is_a_wrong_call(city: Any) -> None:
    with pytest.raises(UsageError):
        audit(city.ledger, city.readers(), "no record")
