"""The servers that are compared, each on loopback in a process of its own, until the end.

Ours as `credence serve` with all its fences; the others as they come, over the same statements.
Each is a context manager that yields its address once it answers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks.harness import ROOT
from benchmarks.peers.environments import environment
from benchmarks.sparql import virtuoso
from benchmarks.sparql.data import Data

_READY_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """Where a server answers, and the process above all of it."""

    url: str
    pid: int


@contextmanager
def ours(data: Data, port: int) -> Iterator[Server]:
    """Ours: the command an operator runs."""
    command = [sys.executable, "-m", "publisher.cli", "-C", data.ours, "serve", "--port", port]
    with _running(command, f"http://127.0.0.1:{port}/sparql") as server:
        yield server


@contextmanager
def oxigraph(data: Data, folder: Path, port: int) -> Iterator[Server]:
    """Start the native server of the engine that ours embeds, read-only."""
    program = environment("oxigraph").with_name("oxigraph")
    store = folder / "oxigraph"
    if not store.exists():
        loading = [program, "load", "--location", store, "--file", data.triples]
        subprocess.run([str(part) for part in loading], check=True)
    command = [program, "serve-read-only", "--location", store, "--bind", f"127.0.0.1:{port}"]
    with _running(command, f"http://127.0.0.1:{port}/query") as server:
        yield server


@contextmanager
def rdflib_endpoint(folder: Path, port: int) -> Iterator[Server]:
    """Start rdflib-endpoint over the store directory that `oxigraph` loaded."""
    python = environment("rdflib-endpoint")
    script = Path(__file__).with_name("peer_rdflib.py")
    command = [python, script, folder / "oxigraph", port]
    with _running(command, f"http://127.0.0.1:{port}/sparql") as server:
        yield server


@contextmanager
def virtuoso_opensource(data: Data, folder: Path, port: int) -> Iterator[Server]:
    """Start Debian's Virtuoso with a database of its own, loaded once."""
    url = f"http://127.0.0.1:{port}/sparql"
    home = folder / "virtuoso"
    virtuoso.prepare(home, data.triples, port)
    with _running(virtuoso.command(home), url, home) as server:
        yield server


@contextmanager
def _running(command: Sequence[object], url: str, at: Path = ROOT) -> Iterator[Server]:
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=at,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Where the system shares the processor out by session, each server has one to itself.
        start_new_session=True,
    )
    try:
        _await(url, process)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _READY_SECONDS
    question = urlencode({"query": "ASK { ?s ?p ?o }"})
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{url}: the server ended with {process.returncode}")
        try:
            with urlopen(f"{url}?{question}", timeout=30):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"{url}: no answer in {_READY_SECONDS:g} s")
