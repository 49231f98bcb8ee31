"""The driver: wrk with 4 connections and one thread, for one slot of some seconds."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

SCRIPT = Path(__file__).with_name("ask.lua")
CONNECTIONS = 4


def slot(
    url: str, lines: Path, accept: str, seconds: float, *, again: bool = False
) -> dict[str, float]:
    """Ask line after line as fast as the connections allow.

    Returns answers a second and the middle and the 99th of a hundred waits, in milliseconds.
    Raises RuntimeError when a request failed, or when the lines ran out (unless `again`).
    """
    parts = urlsplit(url)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--timeout", "30s"]
    command += ["-s", str(SCRIPT), f"{parts.scheme}://{parts.netloc}", "--"]
    command += [str(lines), parts.path, accept, "again" if again else "once"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{url}: wrk ended with {done.returncode}: {done.stderr[-200:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    if found["failed"] or not found["requests"]:
        raise RuntimeError(f"{url}: {found}")
    return {
        "rps": round(found["requests"] / found["seconds"], 1),
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
    }
