"""What dumps hold and what an apply, a takedown or another model changes of them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.record import Link, Submission
from exchange.domain.record_body import assemble_body, statement_line
from exchange.ledger.feed_pagination import PAGE
from exchange.model import load_model
from publisher.surfaces.dumps import DumpReader, DumpSurface, addresses
from publisher.surfaces.dumps import surface as module
from publisher.surfaces.dumps.addresses import FORMS, KEPT
from publisher.surfaces.dumps.document_pieces import Document, part_between
from publisher.surfaces.dumps.dump_files import PartFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PUBLIC = Tier.PUBLIC
RDF = {"nq": ox.RdfFormat.N_QUADS, "jsonld": ox.RdfFormat.JSON_LD, "ttl": ox.RdfFormat.TURTLE}
NS = "https://w3id.org/credence/ns#"
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://a.example","看")',
    "＝１＋１",
    "'=1",
    "右\u202e左\u200f",
    '🚫, "引号"；分号\n第二行\t制表 \\u0041 \\n',
    "<https://a.example/> a <b> .",
    "长" * 10_000,
)


@pytest.fixture
def dumps(city: Any) -> Iterator[DumpSurface]:
    surface = DumpSurface(city.dump_config(PUBLIC))
    yield surface
    surface.close()


def follow(city: Any, dumps: DumpSurface) -> None:
    while changes := city.ledger.changes(PUBLIC, dumps.position(), 1_000):
        dumps.apply(changes)
    dumps.publish(at_head=True)


def files(city: Any) -> dict[str, bytes]:
    """Return every part's file of the tree that is served, unpacked, by its name."""
    return unpacked(city.dump_config(PUBLIC).directory)


def unpacked(directory: Path) -> dict[str, bytes]:
    return {
        f"{path.parent.name}/{path.name}": gzip.decompress(path.read_bytes())
        for path in (directory / "current").glob("*/*.gz")
    }


def text(city: Any, form: str, kind: str = "penalty", *, packed: bool = False) -> bytes:
    """Return a whole dump as a reader gets it."""
    snapshot = DumpReader(city.dump_config(PUBLIC)).snapshot()
    index = snapshot.version(kind)
    assert index is not None
    pieces = Document(index, form).pieces(PartFiles((snapshot.tree,)), packed=packed)
    return b"".join(part_between(pieces, 0, sum(piece.size for piece in pieces)))


def versions(city: Any, kind: str = "penalty") -> list[str]:
    return DumpReader(city.dump_config(PUBLIC)).snapshot().kinds()[kind]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let parts end after two pages, so that few records make several."""
    assert addresses.PAGES * PAGE == 5_000
    monkeypatch.setattr(addresses, "PAGES", 2)


@pytest.mark.usefixtures("small_parts")
def test_parts_of_every_form_say_together_what_the_ledger_says(
    city: Any, dumps: DumpSurface
) -> None:
    city.publish(1_100)
    follow(city, dumps)
    live = list(city.ledger.live(PUBLIC))
    expected = {str(quad) for quad in ox.parse(b"".join(v for *_, v in live), RDF["nq"])}
    found = files(city)
    assert len(found) == 3 * len(FORMS)
    for form, media in RDF.items():
        parts = [content for name, content in sorted(found.items()) if f".{form}." in name]
        quads = [str(quad) for part in parts for quad in ox.parse(part, media)]
        assert len(quads) == len(set(quads))
        assert set(quads) == expected
        assert {str(quad) for quad in ox.parse(text(city, form), media)} == expected
    rows = [
        row["记录"]
        for name, content in sorted(found.items())
        if ".csv." in name
        for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    ]
    assert rows == [iri for iri, *_ in live], "in the order of publication"


@pytest.mark.usefixtures("small_parts")
def test_a_small_change_writes_one_part_and_a_takedown_one_page_of_it(
    city: Any, dumps: DumpSurface
) -> None:
    [gone, *_] = city.publish(450)
    follow(city, dumps)
    before = set(files(city))
    city.publish(1)
    follow(city, dumps)
    added = set(files(city)) - before
    assert {name.split("-")[0] for name in added} == {"penalty/0002"}
    before = set(files(city))
    city.ledger.withdraw(gone, "repair")
    dumps.redact([gone])
    dumps.publish(at_head=False)
    after = files(city)
    assert {name.split("-")[0] for name in set(after) - before} == {"penalty/0001"}
    assert not [name for name, content in after.items() if gone.encode() in content]
    for form in FORMS:
        assert gzip.decompress(text(city, form, packed=True)) == text(city, form)


def test_older_versions_stay_until_text_goes(city: Any, dumps: DumpSurface) -> None:
    for _ in range(KEPT + 3):
        [last] = city.publish(1)
        follow(city, dumps)
    assert len(versions(city)) == KEPT + 1
    snapshot = DumpReader(city.dump_config(PUBLIC)).snapshot()
    counts = [snapshot.version("penalty", name).records for name in versions(city)]  # type: ignore[union-attr]
    assert counts == list(range(KEPT + 3, 2, -1))
    city.ledger.withdraw(last, "repair")
    follow(city, dumps)
    assert len(versions(city)) == 1
    names = {path.name for path in (snapshot.tree / "penalty").glob("*.json")}
    assert names == {f"{versions(city)[0]}.json"}


def test_a_replaced_text_ends_older_versions(city: Any, dumps: DumpSurface) -> None:
    city.append([city.submission("文书")])
    follow(city, dumps)
    city.append([city.submission("文书")])  # the same key with another amount
    follow(city, dumps)
    assert len(versions(city)) == 1


def test_a_mark_of_objection_stands_beside_the_record(city: Any, dumps: DumpSurface) -> None:
    [iri] = city.publish(1)
    city.ledger.set_objection(iri, True)
    follow(city, dumps)
    assert text(city, "csv").rstrip().endswith(b",true")
    for form, media in RDF.items():
        quads = list(ox.parse(text(city, form), media))
        assert [q.object.value for q in quads if q.predicate.value == f"{NS}objectionOpen"] == [
            "true"
        ]


def test_digests_follow_a_takedown_file_by_file_with_the_next_steps(
    city: Any, dumps: DumpSurface
) -> None:
    first, *_ = city.publish(3)
    follow(city, dumps)
    reader = DumpReader(city.dump_config(PUBLIC))
    assert all(file.sha256 for file in reader.files("penalty"))
    city.ledger.withdraw(first, "repair")
    dumps.apply(city.ledger.changes(PUBLIC, 3, 10))
    dumps.publish(at_head=True)
    assert not any(file.sha256 for file in reader.files("penalty"))
    assert first.encode() not in text(city, "nq")
    version = versions(city)
    for _ in FORMS:
        assert not any(file.sha256 for file in reader.files("penalty"))
        dumps.publish(at_head=True)
    assert all(file.sha256 for file in reader.files("penalty"))
    assert versions(city) == version


@pytest.mark.usefixtures("small_parts")
def test_digests_go_on_part_by_part_and_no_takedown_waits_for_them(
    city: Any, dumps: DumpSurface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PARTS", 1)
    first, *_, last = city.publish(1_100)  # three parts
    follow(city, dumps)
    reader = DumpReader(city.dump_config(PUBLIC))
    city.ledger.withdraw(last, "repair")
    follow(city, dumps)
    dumps.publish(at_head=True)
    city.ledger.withdraw(first, "repair")
    follow(city, dumps)
    assert not reader.contains(first)
    calls = 0
    while not all(file.sha256 for file in reader.files("penalty")):
        dumps.publish(at_head=True)
        calls += 1
        assert calls <= 3 * len(FORMS)
    for file in reader.files("penalty"):
        assert file.sha256 == hashlib.sha256(text(city, file.form)).hexdigest()


def test_another_model_begins_a_rebuild_and_readers_keep_the_old_until_then(city: Any) -> None:
    model = load_model()
    one, both = (
        {slug: model.kinds[slug] for slug in slugs}
        for slugs in (["measure"], ["measure", "penalty"])
    )
    surface = DumpSurface(city.dump_config(PUBLIC, one))
    city.publish(3)
    follow(city, surface)
    surface.close()
    again = DumpSurface(city.dump_config(PUBLIC, both))
    assert again.position() == 0
    assert text(city, "csv").count(b"\r\n") == 4
    follow(city, again)
    assert again.position() == 3
    assert "行政处罚决定书文号".encode() in text(city, "csv")
    again.close()
    third = DumpSurface(city.dump_config(PUBLIC, both))
    assert third.position() == 3
    third.close()


def test_hostile_text_stands_in_every_form_and_runs_in_none(city: Any) -> None:
    model = load_model()
    dumps = DumpSurface(city.dump_config(PUBLIC, model.kinds))
    kind = model.kinds["penalty"]
    counter = itertools.count()
    city.append([_penalty(kind.class_iri, value, next(counter)) for value in HOSTILE])
    follow(city, dumps)
    dumps.close()
    for form, media in RDF.items():
        quads = ox.parse(text(city, form), media)
        facts = {q.object.value for q in quads if q.predicate.value == f"{NS}violationFacts"}
        assert facts == set(HOSTILE)
    table = csv.DictReader(io.StringIO(text(city, "csv").decode("utf-8-sig"), newline=""))
    cells = [row["违法事实"] for row in table]
    assert [cell for cell in cells if cell[0] in "=+-@＝"] == []
    assert {cell.removeprefix("'") if "=" in cell or "＝" in cell else cell for cell in cells} >= {
        value for value in HOSTILE if not value.startswith("'")
    }
    assert "''=1" in cells


def _penalty(class_iri: str, value: str, number: int) -> Submission:
    type_iri = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    quoted = ox.Literal(value)
    lines = [
        statement_line(DisclosureLevel.PUBLIC_OPEN, f"{type_iri} <{class_iri}>"),
        statement_line(DisclosureLevel.PUBLIC_OPEN, f"<{NS}violationFacts> {_canonical(quoted)}"),
    ]
    return Submission("penalty", f"penalty\x1f{number}", assemble_body(lines))


def _canonical(value: ox.Literal) -> str:
    """Return the literal in canonical N-Quads."""
    escaped = value.value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def test_a_leftover_of_a_kill_is_swept_at_the_next_start(city: Any, dumps: DumpSurface) -> None:
    city.publish(2)
    follow(city, dumps)
    stray: Path = dumps.served_writer().tree.root / "penalty" / "0001-deadbeef1.csv.gz"
    stray.write_bytes(b"")
    dumps.close()
    DumpSurface(city.dump_config(PUBLIC)).close()
    assert not stray.exists()


def test_a_record_issued_again_stands_where_it_would_had_it_been_redacted_ahead(city: Any) -> None:
    bases = [city.submission(f"依据{number}") for number in (1, 2)]
    withdrawn, _ = city.append(bases)
    entries = [city.submission(f"名单{number}", kind="list-entry") for number in (1, 2)]
    links = tuple(Link("basis", "penalty", basis.key) for basis in bases)
    city.append([replace(entries[0], links=links), entries[1]])
    city.ledger.withdraw(withdrawn, "repair")  # the first entry is issued again, with one basis
    changes = city.ledger.changes(PUBLIC, 0, 1_000)
    before = next(at for at, change in enumerate(changes) if change.retracts_text)
    assert any(change.retracts_text and change.view for change in changes)
    made = []
    for name in ("at once", "ahead"):
        place = replace(city.dump_config(PUBLIC), directory=city.root / name)
        surface = DumpSurface(place)
        if name == "ahead":
            surface.apply(changes[:before])
            surface.redact([iri for _, iri in city.ledger.removals(PUBLIC, before, 100)])
            surface.apply(changes[before:])
        else:
            surface.apply(changes)
        surface.publish(at_head=True)
        surface.close()
        made.append(unpacked(place.directory))
    assert made[0] == made[1]
