"""Whole commands, with everything below them: seconds, processor, memory of all processes."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import ROOT, memory_mb

_EVERY = 0.5


@dataclass(frozen=True)
class Watched:
    """A command that has ended; `peak_mb` is PSS over it and all below it.

    Source: docs/design/scale.md "Memory".
    """

    wall: float
    cpu: float
    peak_mb: float
    said: str

    def figures(self) -> dict[str, float]:
        """Return what is kept."""
        return {
            "wall": round(self.wall, 2),
            "cpu": round(self.cpu, 2),
            "peak_mb": round(self.peak_mb, 1),
        }


def watched(command: Sequence[object], until: float, *, codes: tuple[int, ...] = (0,)) -> Watched:
    """Run a command from the project's root; looks at its memory twice a second.

    Raises TimeoutError at `until` (of time.monotonic), RuntimeError for another exit code.
    """
    start = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    heard: list[str] = []
    reading = [
        threading.Thread(target=_last_line, args=(stream, heard))
        for stream in (process.stdout, process.stderr)
    ]
    for thread in reading:
        thread.start()
    peak, late = 0.0, False
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        peak = max(peak, memory_mb([process.pid]))
        if not late and time.monotonic() > until:
            late = True
            process.kill()
        time.sleep(_EVERY if time.monotonic() - start > 5 else _EVERY / 5)
    wall = time.monotonic() - start
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    for thread in reading:
        thread.join()
    if late:
        raise TimeoutError(f"{command[3:6]} was ended after {wall:.0f} s")
    if process.returncode not in codes:
        raise RuntimeError(f"{command}: {process.returncode}: {heard[-1:]}")
    return Watched(wall, used.ru_utime + used.ru_stime, peak, heard[0] if heard else "")


def _last_line(stream, heard: list[str]) -> None:
    """Read to the end, so that nobody waits for us; keep the last line."""
    last = ""
    for line in stream:
        last = line.strip() or last
    if last:
        heard.append(last)


def disk_mb(folder: Path) -> float:
    """Return the size of all files below, each inode once: generations share theirs."""
    sizes = {}
    for path in folder.rglob("*"):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue  # a generation that was dropped meanwhile
        sizes[found.st_ino] = found.st_blocks * 512
    return round(sum(sizes.values()) / 1024**2, 1)
