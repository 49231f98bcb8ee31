"""Our `/sparql` against three servers over the same records, slot by slot.

    python -m benchmarks.sparql.compare --records 200000 --folder /var/tmp/credence-sparql

Per round and sort of question every server gets one slot, 4 connections, the same questions; no
text is asked twice. A ratio is taken within its round: our answers a second divided by the
other's. What ours answers from its kept answers, and with 304, is measured beside.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.harness import cpu_seconds, paired, spread, written
from benchmarks.peers.environments import HERE as PEERS
from benchmarks.sparql import queries, virtuoso
from benchmarks.sparql.data import generation, prepare
from benchmarks.sparql.drive import CONNECTIONS, slot
from benchmarks.sparql.servers import Server, ours, oxigraph, rdflib_endpoint, virtuoso_opensource

GOALS = {
    "construct": {"oxigraph": 0.5, "virtuoso": 2, "rdflib-endpoint": 8},
    "lookup": {"oxigraph": 0.6, "virtuoso": 2, "rdflib-endpoint": 8},
}
CHECKED = 20
KEPT = 50
# More than any server answers here in a second; there are fewer codes than records.
MOST = {"construct": 9_000, "lookup": 4_000}


class Course:
    """Servers that run, questions that last, and where the driver finds them."""

    def __init__(self, chosen: argparse.Namespace, folder: Path) -> None:
        self.seconds: float = chosen.seconds
        self.rounds: int = chosen.rounds
        self.folder = folder
        self.data = prepare(folder, chosen.records)
        self.questions = queries.Questions(queries.subjects(generation(self.data.ours)))
        self.servers: dict[str, Server] = {}

    def start(self, chosen: argparse.Namespace, stack: contextlib.ExitStack) -> None:
        """Start ours, oxigraph and the other peers that were chosen."""
        data, folder, port = self.data, self.folder, chosen.port
        starting = {
            "ours": lambda: ours(data, port),
            "oxigraph": lambda: oxigraph(data, folder, port + 1),
            "virtuoso": lambda: virtuoso_opensource(data, folder, port + 2),
            "rdflib-endpoint": lambda: rdflib_endpoint(folder, port + 4),
        }
        for name, start in starting.items():
            if name in {"ours", "oxigraph", *chosen.peers.split(",")}:
                self.servers[name] = stack.enter_context(start())

    def settle(self) -> None:
        """Wait until our projector has seen that there is nothing to publish."""
        pid, until = self.servers["ours"].pid, time.monotonic() + 600
        before = cpu_seconds(pid)
        while time.monotonic() < until:
            time.sleep(2)
            if (now := cpu_seconds(pid)) - before < 0.1:
                return
            before = now
        raise RuntimeError("Our service does not come to rest.")

    def agree(self, sort: str) -> None:
        """Raise unless all servers give the same number of statements or rows, never none."""
        for text in self.questions.draw(sort, CHECKED):
            found = {
                name: queries.counted(sort, queries.answer(one.url, sort, text)[0])
                for name, one in self.servers.items()
            }
            if len(set(found.values())) != 1 or not all(found.values()):
                raise RuntimeError(f"{text}: {found}")
        print(f"{sort}: all agree on {CHECKED} questions", file=sys.stderr)

    def measure(self, sort: str) -> list[dict[str, dict[str, float]]]:
        """Return the rounds of one sort; a slot of each server before them only warms it."""
        files = [self._file(f"{sort}-{number}", sort) for number in range(self.rounds)]
        warming = self._file(f"{sort}-warming", sort)
        sides = {}
        for name, server in self.servers.items():
            slot(server.url, warming, queries.ACCEPT[sort], self.seconds)
            sides[name] = partial(self._next, server, sort, iter(files))
        done = paired(sides, self.rounds)
        for file in (warming, *files):
            file.unlink()
        return done

    def kept(self, sort: str) -> dict[str, object]:
        """Return what ours does with a few questions asked again and again, and with their tags.

        Beside it stands oxigraph with the same few questions: it keeps no answers.
        """
        texts = self.questions.draw(sort, KEPT)
        plain = queries.write(self.folder / "again", texts)
        tagged = self.folder / "tagged"
        tags = [queries.answer(self.servers["ours"].url, sort, text)[1] for text in texts]
        lines = [f"{queries.line(text)}\t{tag}\n" for text, tag in zip(texts, tags, strict=True)]
        tagged.write_text("".join(lines))
        again = partial(slot, accept=queries.ACCEPT[sort], seconds=self.seconds, again=True)
        done = paired(
            {
                "ours, kept": lambda: again(self.servers["ours"].url, plain),
                "ours, 304": lambda: again(self.servers["ours"].url, tagged),
                "oxigraph": lambda: again(self.servers["oxigraph"].url, plain),
            },
            self.rounds,
        )
        plain.unlink()
        tagged.unlink()
        return {
            f"{name} / oxigraph": spread(
                each[name]["rps"] / each["oxigraph"]["rps"] for each in done
            )
            for name in ("ours, kept", "ours, 304")
        }

    def _file(self, name: str, sort: str) -> Path:
        texts = self.questions.draw(sort, round(self.seconds * MOST[sort]))
        return queries.write(self.folder / f"questions-{name}", texts)

    def _next(self, server: Server, sort: str, files: Iterator[Path]) -> dict[str, float]:
        """Return what a server did in one slot, and its processor time an answer."""
        used = cpu_seconds(server.pid)
        done = slot(server.url, next(files), queries.ACCEPT[sort], self.seconds)
        used = cpu_seconds(server.pid) - used
        return {**done, "cpu_us": round(1e6 * used / (done["rps"] * self.seconds))}


def compared(sort: str, rounds: list[dict[str, dict[str, float]]]) -> dict[str, object]:
    """Return what each server did, and the ratios of ours to it beside their goals."""
    names = list(rounds[0])
    figures: dict[str, object] = {
        name: {key: spread(each[name][key] for each in rounds) for key in rounds[0][name]}
        for name in names
    }
    for name in names[1:]:
        ratio = spread(each["ours"]["rps"] / each[name]["rps"] for each in rounds)
        figures[f"ours / {name}"] = {**ratio, "goal": GOALS[sort][name]}
        less = spread(each[name]["cpu_us"] / each["ours"]["cpu_us"] for each in rounds)
        figures[f"cpu, {name} / ours"] = less
    return figures


def peer_versions() -> str:
    """Return what is compared with, as installed here."""
    asking = ["dpkg-query", "-W", "-f", "${Package} ${Version}", "virtuoso-opensource"]
    debian = subprocess.run(asking, capture_output=True, text=True, check=False).stdout
    pinned = [(PEERS / f"{name}.txt").read_text() for name in ("oxigraph", "rdflib-endpoint")]
    return ", ".join([*" ".join(pinned).replace("==", " ").strip().split("\n"), debian])


def main() -> None:
    """Start all servers, check that they agree, measure, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, help="keeps the data for a next run")
    parser.add_argument("--port", type=int, default=8300, help="the first of six")
    parser.add_argument("--peers", default="virtuoso,rdflib-endpoint")
    parser.add_argument("--sorts", default="construct,lookup")
    parser.add_argument(
        "--nice", type=int, default=0, help="priority of all servers and the driver"
    )
    parser.add_argument("--note", default="", help="what a reader of the result should know")
    parser.add_argument("--try", action="store_true", dest="trying", help="write no result")
    chosen = parser.parse_args()
    virtuoso.install()
    with contextlib.ExitStack() as stack:
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        course = Course(chosen, folder.resolve())
        os.nice(chosen.nice)  # all that is compared alike; what else runs here counts less
        course.start(chosen, stack)
        course.settle()
        figures: dict[str, object] = {
            "records": course.data.records,
            "connections": CONNECTIONS,
            "slot_seconds": course.seconds,
            "priority": chosen.nice,
            "note": chosen.note,
            "peers": peer_versions(),
        }
        rounds = []
        for sort in chosen.sorts.split(","):
            course.agree(sort)
            done = course.measure(sort)
            rounds += [{"sort": sort, **each} for each in done]
            figures[sort] = {**compared(sort, done), "for information": course.kept(sort)}
        if chosen.trying:
            print(json.dumps(figures, indent=1))
        else:
            written("sparql", figures, rounds)


if __name__ == "__main__":
    main()
