"""What is fuzzed and how: a parser takes or refuses its input, in bounded time and memory."""

from __future__ import annotations

import gc
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.fuzz.mutation import Mutator

# Processor seconds of this thread for one input of at most 16 KiB; others' load does not count.
SLOWEST = 2.0
# MiB that a parser may hold after tens of thousands of inputs beyond what the first tenth took.
GROWTH = 24.0
_SHOWN = 5


@dataclass(frozen=True)
class Target:
    """A parser: `run` returns whether it took the input; our own errors count as a refusal.

    `inputs` is its share of the hundred thousand.
    """

    name: str
    inputs: int
    corpus: Sequence[bytes]
    dictionary: Sequence[bytes]
    run: Callable[[bytes], bool]


@dataclass
class Outcome:
    """What a target made of its inputs."""

    taken: int = 0
    refused: int = 0
    slowest: float = 0.0
    growth: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        return self.taken + self.refused

    def feed(self, target: Target, data: bytes) -> None:
        began = time.thread_time()
        try:
            taken = target.run(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self.failures.append(_told(data, error))
            taken = False
        seconds = time.thread_time() - began
        if seconds > SLOWEST:
            self.failures.append(f"{seconds:.1f} s for {data[:200]!r} ({len(data)} bytes)")
        self.slowest = max(self.slowest, seconds)
        self.taken += taken
        self.refused += not taken

    def said(self, target: Target) -> str:
        return (
            f"{target.name}: {self.inputs} inputs, {self.taken} taken, {self.refused} refused, "
            f"slowest {self.slowest * 1000:.0f} ms, {self.growth:+.1f} MiB"
        )

    def verdict(self) -> str:
        """Return what is wrong, each kind of failure once; empty where nothing is."""
        kinds = {told.partition(": ")[0]: told for told in reversed(self.failures)}
        return "\n".join([*kinds.values()][:_SHOWN])


def fed(target: Target, count: int) -> Outcome:
    """Feed a target its first `count` mutated inputs; the growth is that after a tenth of them."""
    outcome = Outcome()
    inputs = iter(Mutator(target.name, target.corpus, target.dictionary))
    _feed(outcome, target, islice(inputs, count // 10))
    before = resident()
    _feed(outcome, target, islice(inputs, count - count // 10))
    outcome.growth = resident() - before
    return outcome


def _feed(outcome: Outcome, target: Target, inputs: Iterable[bytes]) -> None:
    for data in inputs:
        outcome.feed(target, data)


def resident() -> float:
    """Return what of this process's own memory is in RAM, in MiB."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * 4096 / 1024 / 1024


def _told(data: bytes, error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    return f"{type(error).__name__} at {place}: {str(error)[:120]} <- {data[:200]!r}"
