"""Ten times the records, and ten times more: what does each step of a record's life cost?

    python -m benchmarks.scale.run --rows 10000,100000,1000000 --minutes 45

For each number of rows, in a data directory of its own: load, publish, follow the feed over HTTP,
take records down while the service runs, rebuild every surface. The growth of a figure is the
slope of its logarithm over that of the records: 1 is linear, 0 is flat. Figures are kept after each
step; a size that the time did not suffice for is reported as far as it came.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from sqlalchemy import create_engine, func, select

from benchmarks.harness import ROOT, cpu_seconds, memory_mb, written
from benchmarks.scale import rows
from benchmarks.scale.watch import Watched, disk_mb, watched
from benchmarks.sparql.data import generation
from exchange.ledger import schema

CREDENCE = [sys.executable, "-m", "publisher.cli", "--quiet", "--json"]
TAKEDOWNS = 7
LONGEST = 300.0  # seconds
QUERY = "SELECT ?x WHERE { ?x a <https://w3id.org/credence/ns#AdministrativePenalty> } LIMIT %d"


class Course:
    """One number of rows, from file to rebuilt surfaces."""

    def __init__(
        self, many: int, folder: Path, port: int, until: float, given: Path | None = None
    ) -> None:
        self.rows = many
        self.given = given
        self.folder = folder
        self.data = folder / "data"
        self.port = port
        self.until = until
        self.figures: dict[str, object] = {"rows": many}

    def steps(self):
        """Yield after each step; the figures so far stand in `figures`."""
        for step in (self.load, self.publish, self.follow_and_repair, self.rebuild):
            try:
                step()
            except TimeoutError as late:
                self.figures["unfinished"] = f"{step.__name__}: {late}; {self._reached()}"
                yield
                return
            yield

    def load(self) -> None:
        """Make an invented file and load it."""
        file = self._file()
        done = self._credence("load", file, codes=(0, 1))  # 1: the planted faults
        self.figures["records"] = json.loads(done.said)["accepted"]
        self.figures["file_mb"] = round(file.stat().st_size / 1024**2, 1)
        self.figures["load"] = done.figures()
        self.figures["ledger"] = {"disk_mb": disk_mb(self.data)}
        file.unlink()

    def publish(self) -> None:
        """Bring every surface to the head."""
        self.figures["publish"] = self._credence("publish").figures()
        surfaces = self.data / "surfaces"
        self.figures["surfaces"] = {"disk_mb": disk_mb(surfaces)}
        self.figures["disk by surface"] = {
            f"{tier.name}/{one.name}": disk_mb(one)
            for tier in sorted(surfaces.iterdir())
            if tier.is_dir()
            for one in sorted(tier.iterdir())
            if one.is_dir()
        }

    def follow_and_repair(self) -> None:
        """Read the whole feed over HTTP, then take records down beside the running service."""
        store = generation(self.data)
        records = [row["x"].value for row in store.query(QUERY % (TAKEDOWNS + 1))]
        del store
        with self._served() as service:
            script = Path(__file__).with_name("follow.py")
            root = f"http://127.0.0.1:{self.port}/feed/penalty"
            done = watched([sys.executable, script, root], self.until)
            read = json.loads(done.said)
            if read["live"] != self.figures["records"]:
                raise RuntimeError(f"followed {read}, published {self.figures['records']}")
            self.figures["follow"] = {**done.figures(), **read}
            self.figures["service"] = {"pss_mb": memory_mb([service.pid])}
            self._take_down(records[0], service)  # opens what the others find open
            done = [self._take_down(iri, service) for iri in records[1:]]
            self.figures["takedown"] = {
                name: round(statistics.median(each[name] for each in done), 2) for name in done[0]
            }
            self.figures["service after takedowns"] = {"pss_mb": memory_mb([service.pid])}

    def rebuild(self) -> None:
        """Build every surface anew from the ledger."""
        self.figures["rebuild"] = self._credence("rebuild").figures()

    def _take_down(self, iri: str, service: subprocess.Popen[bytes]) -> dict[str, float]:
        """Take one record down by hand.

        Returns seconds from the command's start until `/sparql` does not find the record any
        more, and until the command says that no surface has it; and the processor seconds of
        the command and of the whole service meanwhile.
        """
        question = urlencode({"query": f"ASK {{ <{iri}> ?p ?o }}"})
        address = f"http://127.0.0.1:{self.port}/sparql?{question}"
        used, start = cpu_seconds(service.pid), time.monotonic()
        command = [*CREDENCE, "-C", self.data, "withdraw", iri, "--because", "repair"]
        process = subprocess.Popen([str(part) for part in command], cwd=ROOT, stdout=-3)
        unseen = ended = None
        while unseen is None or ended is None:
            now = time.monotonic() - start
            if ended is None:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                ended = now if pid else None
            if unseen is None and b"false" in urlopen(address, timeout=60).read():
                unseen = now
            if now > LONGEST:
                process.kill()
                raise TimeoutError(f"{iri} is still seen after {now:.0f} s")
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"withdraw ended with {process.returncode}")
        return {
            "everywhere": ended,
            "sparql": unseen,
            "cpu_command": usage.ru_utime + usage.ru_stime,
            "cpu_service": cpu_seconds(service.pid) - used,
        }

    def _reached(self) -> str:
        """Return how many records an unfinished load had taken."""
        records = select(func.max(schema.record.c.id))
        engine = create_engine(f"sqlite:///{self.data}/ledger.sqlite")
        try:
            with engine.connect() as connection:
                return f"{connection.execute(records).scalar()} records in the ledger"
        finally:
            engine.dispose()

    def _file(self) -> Path:
        files, file = self.folder / "in", self.folder / "penalty.csv"
        sampled = min(self.rows, rows.SAMPLED)
        if not self.given:
            made = ["sample", "--records", sampled, "--seed", 5, "-o", files]
            watched([*CREDENCE, *made], self.until)
        rows.repeated(self.given or files / "penalty.csv", file, self.rows)
        shutil.rmtree(files, ignore_errors=True)
        return file

    def _credence(self, *arguments: object, codes: tuple[int, ...] = (0,)) -> Watched:
        return watched([*CREDENCE, "-C", self.data, *arguments], self.until, codes=codes)

    @contextmanager
    def _served(self):
        command = [*CREDENCE, "-C", self.data, "serve", "--port", self.port]
        process = subprocess.Popen([str(part) for part in command], cwd=ROOT, stdout=-3)
        try:
            while True:
                try:
                    urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > self.until:
                        raise TimeoutError("the service is not ready") from None
                    time.sleep(0.3)
            yield process
        finally:
            process.terminate()
            process.wait(60)


def growth(sizes: list[dict[str, object]]) -> dict[str, float]:
    """Return the slope of each figure over the records, both as logarithms (least squares)."""
    found: dict[str, list[tuple[float, float]]] = {}
    for size in sizes:
        for step, figures in size.items():
            if isinstance(figures, dict) and "records" in size:
                for name, value in figures.items():
                    if value and not isinstance(value, str):
                        point = (math.log(size["records"]), math.log(value))
                        found.setdefault(f"{step} {name}".replace("_", " "), []).append(point)
    return {name: slope(points) for name, points in found.items() if len(points) > 1}


def slope(points: list[tuple[float, float]]) -> float:
    """Return the slope of the line nearest to the points."""
    return round(statistics.linear_regression(*zip(*points, strict=True)).slope, 2)


def main() -> None:
    """Run the sizes one after the other; write after each step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--minutes", type=float, default=45, help="for all sizes together")
    parser.add_argument("--folder", type=Path, help="where the data stand meanwhile")
    parser.add_argument("--port", type=int, default=8310)
    parser.add_argument("--file", type=Path, help="penalties to repeat, in place of a sample")
    parser.add_argument("--add", action="store_true", help="beside the sizes already kept")
    parser.add_argument("--name", default="scale")
    parser.add_argument("--remark", help="what ran beside it, told with the figures")
    chosen = parser.parse_args()
    until = time.monotonic() + 60 * chosen.minutes
    os.environ["CREDENCE_BASE_URL"] = f"http://127.0.0.1:{chosen.port}"
    told = {"remark": chosen.remark} if chosen.remark else {}
    sizes: list[dict[str, object]] = kept(chosen.name) if chosen.add else []
    for size in map(int, chosen.rows.split(",")):
        with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
            course = Course(size, Path(name), chosen.port, until, chosen.file)
            sizes = [*(each for each in sizes if each["rows"] != size), course.figures]
            for _ in course.steps():
                written(chosen.name, {**told, "growth": growth(sizes), "sizes": sizes})


def kept(name: str) -> list[dict[str, object]]:
    """Return the sizes of an earlier run."""
    file = ROOT / "benchmarks" / "results" / f"{name}.json"
    return json.loads(file.read_text())["figures"]["sizes"] if file.exists() else []


if __name__ == "__main__":
    main()
