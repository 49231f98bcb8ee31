"""`load --watch`: a process that loads what appears and ends cleanly when told to."""

from __future__ import annotations

import json
import shutil
import signal
import time

import pytest


@pytest.mark.slow
def test_what_appears_is_loaded_once_and_sigterm_ends_it_with_a_result(credence, tmp_path):
    sample, folder = tmp_path / "sample", tmp_path / "in"
    folder.mkdir()
    credence("sample", "--records", "20", "-o", sample)
    expected = json.loads((sample / "expected.json").read_text())["penalty"]
    process = credence.start("load", "--watch", folder)
    try:
        shutil.copy(sample / "penalty.csv", folder)
        (folder / "penalty-broken.csv").write_text("nothing\n")
        deadline = time.monotonic() + 60
        told = []
        while time.monotonic() < deadline and len(told) < 1:
            line = process.stdout.readline()
            told += [line] if '"accepted"' in line else []
        time.sleep(2)  # the broken one comes with it; nothing more may come
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert json.loads(told[0])["accepted"] == expected["accepted"]
    counts = json.loads(out.strip().splitlines()[-1])
    assert (counts["files"], counts["refused"]) == (2, 1)
    assert counts["accepted"] == expected["accepted"]
    again = credence("load", folder / "penalty.csv", code=1).result
    assert again["unchanged"] == expected["accepted"]
