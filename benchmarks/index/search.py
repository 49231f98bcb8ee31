"""Search over 200,000 subjects: time and recall, beside LIKE over the same names.

`python benchmarks/index/search.py [SUBJECTS] [QUERIES] [ROUNDS]` fills an index with invented names
and takes substrings of 2, 3 and 4 characters of random names. Both sides answer the same question:
how many there are, up to 1,000, and the first twenty. Recall compares every hit, without bounds.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import paired, spread, written
from exchange.domain.disclosure_levels import Tier
from exchange.domain.identifiers import uscc_check_character
from exchange.domain.keys import searchable
from exchange.domain.record import Activity, Change
from exchange.model import load_model
from publisher.surfaces.index import IndexConfig, IndexMapping, IndexReader, IndexSurface
from publisher.surfaces.index.index_queries import FOUND
from publisher.surfaces.index.reader import COUNTED, PAGE
from publisher.surfaces.index.search_terms import fts_queries

BASE = "https://credit.example/record/"
NS = "https://w3id.org/credence/ns#"
CHUNK = 5_000
PLACES = ("长治市", "长治市潞州区", "长治市上党区", "襄垣县", "屯留区", "平顺县", "黎城县", "")
TRADES = ("商贸", "食品", "建筑工程", "科技", "机械制造", "运输", "农业发展", "物业管理", "餐饮")
SHAPES = ("有限公司", "有限责任公司", "合作社", "经营部", "厂", "中心", "商行")
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def names(count, draw):
    # Frequent characters come again and again, as in real names, rare ones hardly ever.
    signs = [chr(0x4E00 + draw.randrange(6_000)) for _ in range(2_000)]
    weights = [1 / (place + 3) for place in range(len(signs))]
    for _ in range(count):
        own = "".join(draw.choices(signs, weights, k=draw.choice((2, 2, 3, 4))))
        bracket = f"（{draw.choice(PLACES)[:2]}）" if draw.random() < 0.05 else ""
        yield f"{draw.choice(PLACES)}{own}{bracket}{draw.choice(TRADES)}{draw.choice(SHAPES)}"


def code(number):
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, 31)
        digits = ALPHABET[rest] + digits
    first = f"91140400QQQ{digits}"
    return first + uscc_check_character(first)


def view(iri, number, name):
    said = (
        f"<{NS}describes> <https://w3id.org/credence/uscc/{code(number)}>",
        f"<{NS}subjectCategory> <https://w3id.org/credence/code/subject-category/organisation>",
        f'<{NS}subjectName> "{name}"',
        f'<{NS}uscc> "{code(number)}"',
        f"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}RegisterRecord>",
    )
    return "".join(f"<{iri}> {each} .\n" for each in said).encode()


def fill(surface, all_names):
    for start in range(0, len(all_names), CHUNK):
        chunk = []
        for number, name in enumerate(all_names[start : start + CHUNK], start):
            iri = f"{BASE}{number:026d}"
            shown = view(iri, number, name)
            chunk.append(
                Change(number + 1, Activity.CREATE, iri, "x", "subject", number, 1, False, shown)
            )
        surface.apply(chunk)
    surface.publish(at_head=True)


def substrings(all_names, count, draw):
    found = []
    for place in range(count):
        length = 2 + place % 3
        name = searchable(draw.choice(all_names))
        start = draw.randrange(max(1, len(name) - length + 1))
        found.append(name[start : start + length])
    return found


def like(connection, text):
    bound = f"%{text}%"
    connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM plain WHERE name LIKE ? LIMIT ?)", (bound, COUNTED + 1)
    ).fetchone()
    rows = connection.execute(
        "SELECT rowid, name FROM plain WHERE name LIKE ? ORDER BY rowid LIMIT ?", (bound, PAGE)
    )
    return rows.fetchall()


def latencies(ask, texts):
    took = []
    for text in texts:
        start = time.perf_counter()
        ask(text)
        took.append(1000 * (time.perf_counter() - start))
    return took


def recall(connection, texts):
    """Return the least recall and the least precision over all texts."""
    least = [1.0, 1.0]
    for text in texts:
        hits = set()
        for is_subject, match in fts_queries([text]):
            bound = {"match": match, "today": "2026-09-21", "most": -1}
            hits.update(number for number, _ in connection.execute(FOUND[is_subject], bound))
        truth = {
            number
            for (number,) in connection.execute(
                "SELECT rowid FROM plain WHERE name LIKE ?", (f"%{text}%",)
            )
        }
        least[0] = min(least[0], len(hits & truth) / len(truth))
        least[1] = min(least[1], len(hits & truth) / len(hits) if hits else 1.0)
    return least


def p95(values):
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    given = [int(each) for each in sys.argv[1:]]
    subjects, queries, rounds = given + [200_000, 300, 5][len(given) :]
    draw = random.Random(20_260_921)
    all_names = list(names(subjects, draw))
    texts = substrings(all_names, queries, draw)
    with tempfile.TemporaryDirectory() as folder:
        site = IndexConfig(
            Path(folder) / "index", Tier.PUBLIC, (BASE,), IndexMapping(load_model().kinds.values())
        )
        surface = IndexSurface(site)
        start = time.process_time()
        fill(surface, all_names)
        filled = time.process_time() - start
        size = site.read_from().stat().st_size
        # The same folded names in the same file, so that both sides have the same disk and cache.
        with surface.target_writer().database.writing() as writer:
            writer.execute("CREATE TABLE plain (name TEXT NOT NULL)")
            writer.executemany(
                "INSERT INTO plain VALUES (?)", [(searchable(name),) for name in all_names]
            )
        reader = IndexReader(site, lambda: "2026-09-21")
        with surface.target_writer().database.reading() as connection:
            least = recall(connection, texts)
            sides = {
                "index": lambda: latencies(reader.search, texts),
                "like": lambda: latencies(lambda text: like(connection, text), texts),
            }
            done = paired(sides, rounds)
        surface.close()
    figures = {
        "subjects": subjects,
        "queries": queries,
        "recall_least": least[0],
        "precision_least": least[1],
        "index_ms_p95": spread(p95(each["index"]) for each in done),
        "index_ms_median": spread(statistics.median(each["index"]) for each in done),
        "index_ms_worst": spread(max(each["index"]) for each in done),
        "like_ms_p95": spread(p95(each["like"]) for each in done),
        "like_ms_median": spread(statistics.median(each["like"]) for each in done),
        "p95_to_like": spread(p95(each["index"]) / p95(each["like"]) for each in done),
        "sum_to_like": spread(sum(each["index"]) / sum(each["like"]) for each in done),
        "fill_us_per_subject_cpu": round(1e6 * filled / subjects, 1),
        "index_mb": round(size / 2**20, 1),
    }
    written("index-search", figures)


if __name__ == "__main__":
    main()
