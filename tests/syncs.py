"""Which files and folders are synced, in their order: each is synced for real, and noted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def noted_syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the path of everything that is synced from now on."""
    names: list[str] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        names.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    return names
