"""The supervisor: starts one projector and one web worker, and keeps both running.

Purpose: `credence serve`. This process opens neither stores nor, after the start, the ledger. It
restarts the projector (with growing pauses), lets granian restart the web worker, and ends both
on a signal. Each child watches its parent and ends with it.
Errors: EnvironmentFault for a web worker that does not stay up.
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
from publisher.wiring import WAITING_QUERIES, Deployment, web_context

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
    """Callbacks of a running service.

    `started` is called when the service is ready, `fell` with a message each time the projector
    ended, `beside` with the address of another service of the same data directory. `lang` is the
    language (`zh` or `en`) of the projector's alarms.
    """

    started: Callable[[], None]
    fell: Callable[[str], None]
    beside: Callable[[str], None]
    lang: str = "zh"


def serve(root: Path, address: Address, held: socket.socket, reports: Reports) -> None:
    """Serve a data directory on a socket of `listener` until SIGINT or SIGTERM.

    Raises NotFound (no ledger), UsageError (settings), EnvironmentFault (worker ends at once).
    """
    deployment = Deployment(root)
    with deployment.open() as opened:
        opened.exchange()  # both recover from a crash before anybody reads; errors show here
    with sharing(deployment.layout.service_lock, address) as other:
        if other:
            reports.beside(other)
        _run(deployment, address, held, reports)


def project_command(root: Path, lang: str) -> list[str]:
    """Return the command line of the projector; `lang` is the language of its alarms."""
    return [sys.executable, "-m", "publisher.cli", "-C", str(root), "--lang", lang, "project"]


def _run(deployment: Deployment, address: Address, held: socket.socket, reports: Reports) -> None:
    root = deployment.layout.root
    command = project_command(root, reports.lang)
    projector = ChildSupervisor(command, reports.fell)
    server = Server(
        held,
        address,
        interface=Interfaces.WSGI,
        # A proxy speaks HTTP/1.1 to us, browsers no HTTP/2 without TLS; it would only be attacked.
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=_threads(deployment.settings.query_workers),
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=5,
    )
    # Not forked: this process has threads, and a lock one of them holds would stay locked.
    multiprocessing.set_start_method("spawn", force=True)
    server.on_startup(projector.start)
    ready = threading.Thread(target=_report_ready, args=(address, reports.started), daemon=True)
    server.on_startup(ready.start)
    try:
        server.serve(target_loader=partial(_web_worker, root, os.getpid()), wrap_loader=False)
    except SystemExit as end:
        if end.code:
            raise EnvironmentFault(
                "The web worker does not stay up.", "See the messages above; then start again."
            ) from end
    finally:
        projector.stop()


def _threads(query_workers: int) -> int:
    """Return the number of request threads; each is started when it is first needed."""
    at_work = 2 * query_workers + 1
    # As many again as wait for the short lane may wait for the two others (`stores.query_lanes`).
    return 2 * WAITING_QUERIES + at_work + READERS + WAITING + _SPARE_THREADS


def _report_ready(address: Address, started: Callable[[], None]) -> None:
    """Call `started` when `/readyz` first answers 200, which needs a web worker."""
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


class ChildSupervisor:
    """Keeps one child process running; restarts it with growing pauses when it ends.

    `report` is called with a message each time the child has ended.
    """

    def __init__(self, command: Sequence[str], report: Callable[[str], None]) -> None:
        self._command = list(command)
        self._report = report
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="child-supervisor", daemon=True)
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the child and a thread that watches it."""
        self._thread.start()

    def stop(self) -> None:
        """End the child by SIGTERM, after 10 s by SIGKILL. Idempotent."""
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
    """Create the WSGI application inside the worker process."""
    follow_parent(parent, lambda: os.kill(os.getpid(), signal.SIGTERM))
    return create_app(web_context(root))
