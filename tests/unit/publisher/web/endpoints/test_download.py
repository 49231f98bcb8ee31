"""The dumps over a real socket: forms, first rows, digests, ranges, versions, takedown."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import csvw
import pyld
import pyoxigraph as ox
import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.publicity_period import seconds_of_day_left
from publisher.surfaces.dumps import snapshot
from publisher.surfaces.dumps.dump_files import read_version
from publisher.surfaces.dumps.file_digests import FileDigests
from publisher.web.endpoints.download import DumpService
from tests.unit.publisher.web.over_http import Site, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publisher.wiring import Deployment

FORMS = {
    "csv": "text/csv; charset=utf-8",
    "nq": "application/n-quads",
    "jsonld": "application/ld+json",
    "ttl": "text/turtle; charset=utf-8",
}
RDF = {"nq": ox.RdfFormat.N_QUADS, "jsonld": ox.RdfFormat.JSON_LD, "ttl": ox.RdfFormat.TURTLE}
NOON = 1_790_000_000_000 // 86_400_000 * 86_400_000 + 4 * 3_600_000


class Downloads(Site):
    def newest(self, kind: str = "penalty", suffix: str = "csv") -> str:
        """Return the address of the newest version, as a redirect tells it."""
        answer = self.ask(f"/dump/{kind}/latest.{suffix}")
        assert answer.status == 302, answer
        return answer.headers["location"]


@pytest.fixture(scope="module")
def site(town: Deployment) -> Iterator[Downloads]:
    yield from serving(town, NOON, Downloads)


@pytest.fixture
def own_site(own: Deployment) -> Iterator[Downloads]:
    yield from serving(own, NOON, Downloads)


def views(at: Deployment, kind: str = "penalty") -> dict[str, bytes]:
    with at.open() as opened:
        return {iri: view for iri, slug, view in opened.ledger.live(Tier.PUBLIC) if slug == kind}


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("form", RDF)
def test_every_form_says_what_the_ledger_says(site: Downloads, town: Deployment, form: str) -> None:
    expected = {str(quad) for quad in ox.parse(b"".join(views(town).values()), RDF["nq"])}
    answer = site.ask(site.newest(suffix=form))
    assert answer.headers["content-type"] == FORMS[form]
    assert {str(quad) for quad in ox.parse(answer.body, RDF[form])} == expected


def test_another_json_ld_processor_reads_the_same(site: Downloads, town: Deployment) -> None:
    document = json.loads(site.ask(site.newest(suffix="jsonld")).body)
    document["@graph"] = document["@graph"][:40]
    quads = pyld.jsonld.to_rdf(document, {"format": "application/n-quads"})
    shown = {item["id"] for item in document["@graph"][1:]}
    expected = b"".join(view for iri, view in views(town).items() if iri in shown)
    assert set(quads.splitlines()) == set(expected.decode().splitlines())


def test_the_csv_has_a_row_a_record_and_the_mark_of_utf_8(
    site: Downloads, town: Deployment
) -> None:
    body = site.ask(site.newest()).body
    assert body.startswith(b"\xef\xbb\xbf")
    found = rows(body)
    assert {row["记录"] for row in found} == set(views(town))
    assert len(found) == len(views(town))
    assert {row["处罚类别"] for row in found} & {"罚款", "警告"}


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("", "行政处罚决定书文号"),
        ("?header=zh", "行政处罚决定书文号"),
        ("?header=code", "CF_WSH"),
        ("?header=en", "decision document number"),
    ],
)
def test_the_first_row_is_in_the_words_asked_for(site: Downloads, asked: str, name: str) -> None:
    answer = site.ask(site.newest() + asked)
    assert name in rows(answer.body)[0]
    packed = site.ask(site.newest() + asked, Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == answer.body


def test_an_unknown_kind_of_first_row_is_refused(site: Downloads) -> None:
    assert site.ask(site.newest() + "?header=fr").status == 400


def test_names_lead_from_latest_with_what_was_asked(site: Downloads) -> None:
    answer = site.ask("/dump/penalty/latest.csv?header=en")
    assert answer.headers["location"] == site.newest() + "?header=en"
    assert "must-revalidate" in answer.headers["cache-control"]
    assert site.ask("/dump/penalty/latest/penalty.csv").headers["location"] == site.newest()


def test_sha256sum_agrees_with_every_file_of_a_version(site: Downloads, tmp_path: Path) -> None:
    folder = site.newest().rpartition("/")[0]
    sums = site.ask(f"{folder}/SHA256SUMS").body
    assert site.ask("/dump/penalty/latest/SHA256SUMS").body == sums
    names = [line.split("  ")[1] for line in sums.decode().splitlines()]
    assert len(names) == 2 * len(FORMS)
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(site.ask(f"{folder}/{name}").body)
    (tmp_path / "SHA256SUMS").write_bytes(sums)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stdout.count("OK")) == (0, len(names))


def test_the_manifest_tells_sizes_and_digests(site: Downloads) -> None:
    answer = site.ask("/dump/penalty/latest/manifest.json")
    document = json.loads(answer.body)
    assert {file["name"] for file in document["files"]} == {f"penalty.{form}" for form in FORMS}
    for file in document["files"]:
        path = f"/dump/penalty/{document['version']}/{file['name']}"
        assert int(site.ask(path, "HEAD").headers["content-length"]) == file["bytes"]
        packed = site.ask(path + ".gz")
        assert len(packed.body) == file["gzip"]
        assert gzip.decompress(packed.body) == site.ask(path).body
        assert packed.headers["content-type"] == "application/gzip"


def test_csv_on_the_web_reads_the_dump(site: Downloads, tmp_path: Path) -> None:
    folder = site.newest().rpartition("/")[0]
    for name in ("penalty.csv", "penalty.csv-metadata.json"):
        (tmp_path / name).write_bytes(site.ask(f"{folder}/{name}").body)
    described = tmp_path / "penalty.csv-metadata.json"
    found = list(csvw.Table.from_file(described).iterdicts(strict=True))
    assert len(found) == len(rows((tmp_path / "penalty.csv").read_bytes()))
    assert "单引号" in described.read_text(encoding="utf-8")
    done = subprocess.run(
        [str(_beside("csvwvalidate")), str(described)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _beside(name: str) -> Path:
    return Path(sys.executable).parent / name


def test_a_range_is_a_piece_of_the_same_file(site: Downloads) -> None:
    path = site.newest(suffix="nq")
    whole = site.ask(path)
    size = len(whole.body)
    for asked, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-4999", 100, 5000),
        (f"bytes={size - 1}-", size - 1, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=10-{size * 2}", 10, size),
        # Shorter than the last bytes asked for: all of it (RFC 9110 §14.1.2).
        (f"bytes=-{size}", 0, size),
        (f"bytes=-{size + 1}", 0, size),
        (f"bytes=-{'9' * 30}", 0, size),
        ("bytes=0-", 0, size),
    ):
        part = site.ask(path, Range=asked, If_Range=whole.headers["etag"])
        assert (part.status, part.body) == (206, whole.body[start:stop]), asked
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
    # The last 0 bytes cannot be given (ibid.).
    for asked in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}", "bytes=-0", "bytes=-000"):
        none = site.ask(path, Range=asked)
        assert (none.status, none.headers["content-range"]) == (416, f"bytes */{size}"), asked
    for answer in (
        site.ask(path, Range="bytes=0-1", If_Range='"other"'),
        site.ask(path, Range="bytes=0-1,5-6"),
        site.ask(path, Range="lines=0-1"),
        site.ask(path, Range="bytes=-"),
        site.ask(path, Range="bytes=-0", If_Range='"other"'),
        site.ask(path, Range=f"bytes=0-{'9' * 5000}"),
    ):
        assert (answer.status, answer.body) == (200, whole.body)


def test_both_encodings_are_one_document_with_two_tags(site: Downloads) -> None:
    for form in FORMS:
        path = site.newest(suffix=form)
        packed, plain = site.ask(path, Accept_Encoding="gzip, br"), site.ask(path)
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["etag"] != plain.headers["etag"]
        for answer in (packed, plain):
            assert answer.headers["vary"] == "Accept-Encoding"
            assert int(answer.headers["content-length"]) == len(answer.body)


def test_who_has_it_is_told_so(site: Downloads) -> None:
    for path in (site.newest(), "/dump/penalty/latest/manifest.json"):
        first = site.ask(path)
        again = site.ask(path, If_None_Match=first.headers["etag"])
        assert (again.status, again.body) == (304, b"")
        assert again.headers["cache-control"] == first.headers["cache-control"]


def test_head_has_the_headers_of_get(site: Downloads) -> None:
    for path in (site.newest(), "/dump/penalty/latest.csv", "/dump/none/latest.csv"):
        get, head = site.ask(path), site.ask(path, "HEAD")
        assert head.body == b""
        assert {k: v for k, v in head.headers.items() if k != "date"} == {
            k: v for k, v in get.headers.items() if k != "date"
        }


def test_a_copy_may_be_kept_for_the_bound_and_never_past_the_day(own: Deployment) -> None:
    midnight = NOON + seconds_of_day_left(NOON) * 1000
    for before, kept in ((3_600_000, 300), (90_500, 90), (400, 0)):
        for site in serving(own, midnight - before, Downloads):
            answer = site.ask(site.newest())
            assert answer.headers["cache-control"] == f"public, max-age={kept}, immutable"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dump/none/latest.csv", 404),
        ("/dump/repair-case/latest.csv", 404),
        ("/dump/penalty/latest.xlsx", 404),
        ("/dump/penalty/latest.parquet", 404),
        ("/dump/penalty/latest.exe", 404),
        ("/dump/penalty/latest/parts/penalty-0009.csv", 404),
        ("/dump/penalty/latest/../state.json", 404),
        ("/dump/penalty/latest/licence.csv", 404),
        ("/dump/penalty/", 404),
        ("/dump/penalty/20200101T000000000Z-0123456789/penalty.csv", 410),
        ("/dump/penalty/1/penalty.csv", 404),
    ],
)
def test_what_is_not_there_is_told_apart_from_what_has_gone(
    site: Downloads, path: str, status: int
) -> None:
    answer = site.ask(path)
    assert answer.status == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_repaired_record_leaves_every_form_and_every_version(
    own: Deployment, own_site: Downloads
) -> None:
    before = {form: own_site.ask(own_site.newest(suffix=form)) for form in FORMS}
    old = own_site.newest()
    with own.open() as opened:
        gone = next(iter(views(own)))
        assert all(gone.encode() in answer.body for answer in before.values())
        opened.ledger.withdraw(gone, "repair")
        opened.projector(lambda _: None).publish()
    for form in FORMS:
        path = own_site.newest(suffix=form)
        after = own_site.ask(path, If_None_Match=before[form].headers["etag"])
        assert after.status == 200
        assert gone.encode() not in after.body
    assert own_site.ask(old).status == 410
    assert own_site.ask(old, If_None_Match=before["csv"].headers["etag"]).status == 410
    files = (own.layout.dumps(Tier.PUBLIC)).rglob("*.gz")
    assert not [p for p in files if gone.encode() in gzip.decompress(p.read_bytes())]
    assert own_site.ask("/dump/penalty/latest/SHA256SUMS").status == 200


def test_readers_of_other_sites_may_ask(site: Downloads) -> None:
    asked = site.ask("/dump/penalty/latest.csv", "OPTIONS", Origin="https://a.example")
    assert (asked.status, asked.body) == (204, b"")
    assert "Range" in asked.headers["access-control-allow-headers"]
    assert site.ask("/dump/penalty/latest.csv", "POST").status == 405


def test_a_version_swept_under_the_eyes_of_a_reader_is_not_the_end_of_a_kind(
    site: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def swept(*asked: Any) -> Any:
        looks.append(asked)
        return None if len(looks) < missed else read_version(*asked)

    monkeypatch.setattr(snapshot, "read_version", swept)
    missed = 3
    assert site.ask("/dump/penalty/latest.csv").status == 302
    missed = 1_000
    answer = site.ask("/dump/penalty/latest/SHA256SUMS")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_digests_are_worked_out_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    def slowly(_: FileDigests, index: Any, __: Any) -> Any:
        begun.append(index)
        time.sleep(0.05)
        return index

    monkeypatch.setattr(FileDigests, "completed", slowly)
    made: Any = DumpService  # nothing else of it is asked for here
    service = made(None, {}, None, 0, None)
    index = SimpleNamespace(kind="penalty", version="v", undigested=["csv"])
    shelf = SimpleNamespace(tree=Path())
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: service._digested(shelf, index), range(4)))
    assert (found, begun) == ([index] * 4, [index])
