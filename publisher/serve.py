"""The supervisor: one projector, one web worker with many threads, no orphan ever.

Purpose: `credence serve`. This process holds no store and no open ledger; it keeps the projector
alive (with growing pauses), lets granian keep the web worker alive, and ends both when it is
told to. Each child watches its parent and ends when that is gone, however it went.
Errors: EnvironmentFault for a web worker that will not stay up.
Source: docs/design/surfaces.md "Processes".
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from exchange.domain.errors import EnvironmentFault
from publisher.child_processes import follow_parent
from publisher.listener import Address, Server, sharing
from publisher.settings import environment
from publisher.web.app import create_app
from publisher.web.http.request_body import READERS, WAITING
from publisher.wiring import WAITING_QUERIES, Station, web_parts

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from wsgiref.types import WSGIApplication

_END_SECONDS: Final = 10.0
_ASK_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 10.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
# A projector that ran this long was sound: the next fall starts with the first pause again.
_SOUND_SECONDS: Final = 60.0
# For glibc: a heap for every thread keeps what each of them once needed at its peak.
FEW_HEAPS: Final = {"MALLOC_ARENA_MAX": "2"}
# Threads left for pages and probes when every query and body that may wait is waiting.
_SPARE_THREADS: Final = 8


@dataclass(frozen=True, slots=True)
class Reports:
    """Who hears what: `started` once the service answers, `fell` of each fall of the projector.

    `beside` hears the address of another service of the same data directory; `lang` is the
    language (`zh` or `en`) in which the projector tells people of alarms.
    """

    started: Callable[[], None]
    fell: Callable[[str], None]
    beside: Callable[[str], None]
    lang: str = "zh"


def serve(root: Path, address: Address, held: socket.socket, reports: Reports) -> None:
    """Serve a data directory on a socket of `listening` until SIGINT or SIGTERM."""
    station = Station(root)
    with station.opened() as bench:
        bench.exchange()  # both heal what a crash left, before anybody reads; errors show here
    with sharing(station.layout.service_lock, address) as other:
        if other:
            reports.beside(other)
        _run(station, address, held, reports)


def project_command(root: Path, lang: str) -> list[str]:
    """Return the command of the projector, which tells people of alarms in a language."""
    return [sys.executable, "-m", "publisher.cli", "-C", str(root), "--lang", lang, "project"]


def _run(station: Station, address: Address, held: socket.socket, reports: Reports) -> None:
    root = station.layout.root
    command = project_command(root, reports.lang)
    keeper = Keeper(command, reports.fell)
    server = Server(
        held,
        address,
        interface=Interfaces.WSGI,
        # A proxy speaks HTTP/1.1 to us, browsers no HTTP/2 without TLS; it would only be attacked.
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=_threads(station.settings.query_workers),
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=5,
    )
    # Not forked: this process has threads, and a lock one of them holds would stay locked.
    multiprocessing.set_start_method("spawn", force=True)
    server.on_startup(keeper.start)
    herald = threading.Thread(target=_herald, args=(address, reports.started), daemon=True)
    server.on_startup(herald.start)
    try:
        server.serve(target_loader=partial(_web_worker, root, os.getpid()), wrap_loader=False)
    except SystemExit as end:
        if end.code:
            raise EnvironmentFault(
                "The web worker does not stay up.", "See the messages above; then start again."
            ) from end
    finally:
        keeper.stop()


def _threads(query_workers: int) -> int:
    """Return how many requests may hold a thread: they are started as they are needed."""
    at_work = 2 * query_workers + 1
    # As many again as wait for the short lane may wait for the two others (`stores.lanes`).
    return 2 * WAITING_QUERIES + at_work + READERS + WAITING + _SPARE_THREADS


def _herald(address: Address, started: Callable[[], None]) -> None:
    """Call `started` once the service says that it is ready, which needs a web worker."""
    pause = threading.Event()
    while True:
        line = HTTPConnection(address.reachable, address.port, timeout=_ANSWER_SECONDS)
        try:
            line.request("GET", "/readyz")
            if line.getresponse().status == HTTPStatus.OK:
                break
        except (OSError, HTTPException):
            pass  # not yet listening, or not yet ready: both are waited for
        finally:
            line.close()
        pause.wait(_ASK_SECONDS)
    started()


class Keeper:
    """Keeps one child process running, started again with growing pauses when it dies."""

    def __init__(self, command: Sequence[str], report: Callable[[str], None]) -> None:
        self._command = list(command)
        self._report = report
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the child and watch it."""
        self._thread.start()

    def stop(self) -> None:
        """End the child: first asked, then killed. Idempotent."""
        self._stopping.set()
        with self._lock:
            child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
            try:
                child.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    @property
    def pid(self) -> int | None:
        """Return the child's process id, None before the first start."""
        with self._lock:
            return self._child.pid if self._child else None

    def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            sound = threading.Event()
            timer = threading.Timer(_SOUND_SECONDS, sound.set)
            timer.daemon = True
            timer.start()
            code = self._run()
            timer.cancel()
            if self._stopping.is_set():
                return
            pause = _FIRST_PAUSE if sound.is_set() else pause
            self._report(f"projector ended with {code}; starting it again in {pause:g} s")
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _run(self) -> int:
        with self._lock:
            if self._stopping.is_set():
                return 0
            self._child = subprocess.Popen(
                [*self._command, "--parent", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                env=environment(FEW_HEAPS),
                process_group=0,  # Ctrl-C at a terminal reaches us; we end the child
            )
        return self._child.wait()


def _web_worker(root: Path, parent: int) -> WSGIApplication:
    """Make the service inside the worker process."""
    follow_parent(parent, lambda: os.kill(os.getpid(), signal.SIGTERM))
    return create_app(web_parts(root))
