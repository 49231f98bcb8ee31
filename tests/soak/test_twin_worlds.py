"""After its repair nothing public tells what a record said: two ledgers alike but for that.

Both worlds have the same neighbours, random numbers and clock; only one record has other texts,
another subject and other codes. Once it is repaired, every public byte of both must be the same:
pages, feeds, downloads, queries, headers and errors. What may differ is named below, and
names no subject.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.test import Client

from exchange.domain.disclosure_levels import Tier
from exchange.domain.identifiers import uscc_check_character
from exchange.use_case_types import LoadObserver, LoadOptions
from publisher.web.app import create_app
from publisher.wiring import Deployment
from tests.unit.exchange.intake.conftest import as_csv
from tests.unit.exchange.model import sound

pytestmark = pytest.mark.slow

SEED = 42
MORNING = 1_795_406_400_000  # 2026-11-23 12:00 in China
BASE = "https://credit.example"
Row = dict[str, str]

# What may differ between the worlds: nothing so far.
MAY_DIFFER: frozenset[str] = frozenset()
PLACES = (
    "/",
    "/?lang=en",
    "/search?q=测试",
    "/lists",
    "/list/market-regulation-serious",
    "/datasets",
    "/dataset/penalty",
    "/dataset/licence",
    "/dataset/list-entry",
    "/dataset/subject",
    "/status",
    "/readyz",
    "/catalog.ttl",
    "/feed/all",
    "/feed/penalty",
    "/feed/list-entry",
    "/robots.txt",
)
QUERIES = (
    "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 10000",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s ORDER BY ?s",
    "SELECT DISTINCT ?o { ?s ?p ?o FILTER(ISIRI(?o)) } ORDER BY ?o LIMIT 10000",
)
FORMS = ("text/html", "application/json", "text/turtle", "*/*")


class Randomness:
    """The system's random numbers, the same again for the same seed."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)

    def __call__(self, count: int) -> bytes:
        return self._source.randbytes(count)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Give both worlds the same identifiers and salts."""
    numbers, kept = Randomness(seed), (os.urandom, random._urandom)
    os.urandom = random._urandom = numbers
    try:
        yield
    finally:
        os.urandom, random._urandom = kept


def code(number: int) -> str:
    body = f"91140400QQQQ{number % 100_000:05d}"
    return body + uscc_check_character(body)


def penalty(number: int, pick: random.Random) -> Row:
    """Return a penalty all of whose texts are drawn anew."""
    words = "".join(pick.choice("青松云岑望川石汀白杨") for _ in range(pick.randrange(2, 9)))
    return {
        **sound.PENALTY,
        "CF_XDR_MC": f"测试{words}有限公司",
        "CF_XDR_SHXYM": code(number),
        "CF_FRDB": f"测{pick.choice('甲乙丙丁')}",
        "CF_WSH": f"测市监罚〔2026〕{number}号",
        "CF_SY": f"当事人{words}。" * pick.randrange(1, 4),
        "CF_NR": f"罚款 {pick.randrange(1, 90) * 100} 元。",
        "CF_NR_FK": "",
        "CF_NR_WFFF": "",
        "CF_CFLB": pick.choice(["警告", "通报批评", "警告；通报批评"]),
        "CF_JDRQ": f"2026-0{pick.randrange(1, 9)}-1{pick.randrange(9)}",
        "CF_GSJZQ": f"2027-0{pick.randrange(1, 9)}-12",
    }


def entry(row: Row, pick: random.Random) -> Row:
    """Return a list entry that rests on the penalty: it falls with it."""
    return {
        **sound.ENTRY,
        "MD_XDR_MC": row["CF_XDR_MC"],
        "MD_XDR_SHXYM": row["CF_XDR_SHXYM"],
        "MD_WSH": f"测市监列〔2026〕{pick.randrange(10_000)}号",
        "MD_YJ_WSH": row["CF_WSH"],
        "MD_SY": f"受到处罚{pick.randrange(10_000)}",
    }


def repair(row: Row) -> Row:
    return {
        **sound.CASE,
        "XF_WSH": row["CF_WSH"],
        "XF_XDR_SHXYM": row["CF_XDR_SHXYM"],
        "XF_JG": "准予修复",
        "XF_JDRQ": "2026-11-20",
    }


def deployment(root: Path) -> Deployment:
    return Deployment(root, {"CREDENCE_BASE_URL": BASE}, lambda: MORNING)


def deliver(root: Path, **rows: list[Row]) -> None:
    """Load rows by kind and publish."""
    with deployment(root).open_or_create() as opened:
        for kind, found in rows.items():
            path = root.parent / f"{kind.replace('_', '-')}.csv"
            path.write_text(as_csv(found, found[0]), encoding="utf-8")
            list(opened.exchange().load([path], LoadOptions(), LoadObserver()))
        opened.projector(lambda _: None).publish()


def shown(root: Path) -> set[str]:
    with deployment(root).open() as opened:
        return {iri for iri, _, _ in opened.ledger.live(Tier.PUBLIC)}


def answers(root: Path, gone: set[str]) -> dict[str, tuple[str, list[tuple[str, str]], bytes]]:
    """Return every public answer that a stranger could ask for: status, headers, bytes."""
    made, found = deployment(root), {}
    with made.open() as opened, made.query_pool(Tier.PUBLIC) as pool:
        client = Client(create_app(opened.web_context(pool)))
        paths = [*PLACES, *(iri.removeprefix(BASE) for iri in sorted(gone | shown(root)))]
        for path in paths:
            for form in FORMS:
                reply = client.get(path, headers={"Accept": form})
                found[f"{form} {path}"] = (reply.status, sorted(reply.headers), reply.data)
        for query in QUERIES:
            reply = client.get("/sparql", query_string={"query": query})
            found[query] = (reply.status, sorted(reply.headers), reply.data)
    return found


def files(root: Path) -> dict[str, bytes]:
    """Return every file of feeds and downloads that the public can be served."""
    found = {}
    for name in ("feed", "dumps"):
        current = (root / "surfaces" / "public" / name / "current").resolve()
        found |= {
            f"{name}/{path.relative_to(current)}": path.read_bytes()
            for path in sorted(current.rglob("*"))
            if path.is_file()
        }
    return found


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a published directory with what both worlds share."""
    root = tmp_path_factory.mktemp("neighbours") / "data"
    pick = random.Random(SEED)
    rows = [penalty(number, pick) for number in range(1, 9)]
    deliver(root, penalty=rows, list_entry=[entry(row, pick) for row in rows[:3]])
    return root


def world(root: Path, seed: int, row: Row, listed: Row) -> tuple[set[str], dict[str, bytes]]:
    """Let one record and its list entry be published and repaired.

    Return what left, and the files as they were before.
    """
    with seeded(seed):
        before = shown(root)
        deliver(root, penalty=[row], list_entry=[listed])
        with_it = shown(root)
        assert len(with_it) == len(before) + 2
        published = files(root)
        deliver(root, repair_case=[repair(row)])
        assert shown(root) == before
        return with_it - before, published


def test_no_public_byte_tells_what_a_repaired_record_said(
    neighbours: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    pairs = int(pytestconfig.getoption("--twins"))
    for pair in range(pairs):
        pick = random.Random(f"{SEED} {pair}")
        worlds = []
        for side in ("a", "b"):
            root = tmp_path / f"{pair}{side}" / "data"
            shutil.copytree(neighbours, root, symlinks=True)
            row = penalty(pick.randrange(100, 99_999), pick)
            gone, published = world(root, pair, row, entry(row, pick))
            worlds.append((published, files(root), answers(root, gone)))
            for text in (row["CF_WSH"], row["CF_XDR_MC"], row["CF_XDR_SHXYM"]):
                assert not any(text.encode() in found for found in worlds[-1][1].values())
        (published_a, files_a, answers_a), (published_b, files_b, answers_b) = worlds
        assert differing(published_a, published_b), "the worlds are not alike before the repair"
        assert differing(files_a, files_b) <= MAY_DIFFER
        assert differing(answers_a, answers_b) <= MAY_DIFFER
        shutil.rmtree(tmp_path / f"{pair}a")
        shutil.rmtree(tmp_path / f"{pair}b")
    print(f"\ntwin worlds: {pairs} pairs, {len(files_a)} files and {len(answers_a)} answers each")


def differing(one: dict[str, object], other: dict[str, object]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
