from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import EnvironmentFault
from publisher.surfaces.runtime.projector_lock import ProjectorLock

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from publisher.surfaces.runtime.projector_lock import ProjectorLock
lock = ProjectorLock(Path(sys.argv[1]))
assert lock.try_acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    lock = ProjectorLock(tmp_path / "projector.lock")
    assert lock.holder() is None
    with lock:
        assert lock.holder() == os.getpid()


def test_a_second_one_waits_no_longer_than_it_was_told(tmp_path: Path) -> None:
    waits: list[float] = []
    with ProjectorLock(tmp_path / "lock"):
        other = ProjectorLock(tmp_path / "lock", 0.2, waits.append)
        with pytest.raises(EnvironmentFault, match=str(os.getpid())), other:
            pass
    assert waits
    with other:
        assert other.holder() == os.getpid()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        lock = ProjectorLock(path)
        assert not lock.try_acquire()
        assert lock.holder() == child.pid
        child.send_signal(signal.SIGKILL)
    assert lock.acquire(5)
    lock.release()
