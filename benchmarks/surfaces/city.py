"""A deployment in a directory of its own, used as a person uses it: by command line and HTTP."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from benchmarks.harness import memory_mb, whole_process
from exchange.sample import generate
from publisher.wiring import Deployment

TICKS = os.sysconf("SC_CLK_TCK")
SECONDS = 30
SEED = 7


@dataclass
class City:
    """One data directory and its server."""

    root: Path
    port: int
    server: subprocess.Popen | None = None
    pids: list = field(default_factory=list)

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments):
        program = [sys.executable, "-m", "publisher.cli", "-C", self.root, "--json", "--quiet"]
        return [*map(str, program), *map(str, arguments)]

    @property
    def environment(self):
        return {"CREDENCE_BASE_URL": self.base}

    def run(self, *arguments):
        """Run a verb to its end; return its figures and its result."""
        used = whole_process(self.command(*arguments), self.environment)
        if used.exit not in {0, 1}:  # 1: some rows were refused, as the sample has it
            raise SystemExit(f"{arguments} ended with {used.exit}")
        return used, json.loads(used.said.splitlines()[-1])

    def start(self, *arguments):
        """Start a verb; its last line of output is its result."""
        return subprocess.Popen(
            self.command(*arguments),
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    @contextmanager
    def serving(self):
        """Serve while the block runs."""
        self.server = self.start("serve", "--port", self.port)
        try:
            self.server.stdout.readline()
            yield self
        finally:
            self.server.terminate()
            self.server.wait(SECONDS)

    @contextmanager
    def opened(self):
        """Open the ledger beside whatever runs."""
        with Deployment(self.root, self.environment).open() as opened:
            yield opened.ledger

    def get(self, path, accept="*/*"):
        """Return status and body."""
        try:
            with urlopen(
                Request(self.base + path, headers={"Accept": accept}), timeout=SECONDS
            ) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()

    def ask(self, query):
        """Return the answer of an ASK query."""
        parameters = urlencode({"query": query})
        _, body = self.get(f"/sparql?{parameters}", "application/sparql-results+json")
        return json.loads(body)["boolean"]

    def page_of(self, kind, number):
        """Return a page of a feed as N-Quads."""
        return self.get(f"/feed/{kind}/p/{number}.nq")[1]


@contextmanager
def city(port, folder=None):
    """Give a new deployment; it goes with the block."""
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as name:
        yield City(Path(name) / "data", port)


def rows(path):
    """Return header and rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        header, *found = csv.reader(text)
    return header, found


def written_rows(path, header, found):
    """Write a CSV file as the sample does."""
    with path.open("w", encoding="utf-8-sig", newline="") as text:
        csv.writer(text).writerows([header, *found])
    return path


def sample(folder, records, first):
    """Write the invented sample with its penalties in two files: the first ones, and the rest."""
    generate(records, SEED, folder)
    header, found = rows(folder / "penalty.csv")
    head = written_rows(folder / "penalty-first.csv", header, found[:first])
    return head, written_rows(folder / "penalty-rest.csv", header, found[first:])


def repairs(folder, penalties, count):
    """Write so many granted repair cases, spread evenly over the penalties of the file."""
    header, found = rows(folder / "repair-case.csv")
    column = {name: at for at, name in enumerate(header)}
    granted = next(row for row in found if row[column["办理结果"]] == "准予修复")
    theirs, decisions = rows(penalties)
    of = {name: at for at, name in enumerate(theirs)}
    cases = []
    step = max(len(decisions) // (2 * count), 1)
    for row in decisions[::step]:
        case = list(granted)
        case[column["案件编号"]] = f"示信修〔2025〕{len(cases) + 1}号"
        case[column["所涉记录的决定机关"]] = row[of["处罚机关"]]
        case[column["所涉记录的决定机关统一社会信用代码"]] = row[of["处罚机关统一社会信用代码"]]
        case[column["所涉记录的决定书文号"]] = row[of["行政处罚决定书文号"]]
        case[column["所涉行政相对人统一社会信用代码"]] = row[
            of["行政相对人代码_1（统一社会信用代码）"]
        ]
        case[column["所涉自然人证件号码"]] = row[of["证件号码"]]
        if row[of["行政处罚决定书文号"]] and len(row[of["处罚机关统一社会信用代码"]]) > 1:
            cases.append(case)
    return header, cases


class Memory:
    """The greatest sum of PSS of all processes below this one, seen once a second."""

    def __init__(self):
        self.peak_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._stop.wait(1.0):
            self.peak_mb = max(self.peak_mb, memory_mb(children(os.getpid())))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def children(pid):
    """Return the processes that a process has started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def cpu_seconds(pid):
    """Return the processor seconds of a process and all below it."""
    total, waiting = 0, [pid]
    while waiting:
        each = waiting.pop()
        with suppress(FileNotFoundError, ProcessLookupError):
            stat = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += int(stat[11]) + int(stat[12])
            for task in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return total / TICKS


def until(done, bound):
    """Wait until `done()` holds; return the seconds it took, None beyond the bound."""
    start = time.perf_counter()
    while not done():
        if time.perf_counter() - start > bound:
            return None
        time.sleep(0.02)
    return time.perf_counter() - start
