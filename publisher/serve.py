"""The supervisor: one projector, one web worker with many threads, no orphan ever (DESIGN §6).

Purpose: `credence serve`. This process holds no store and no open ledger; it keeps the projector
alive (with growing pauses), lets granian keep the web worker alive, and ends both when it is
told to. Each child watches its parent and ends when that is gone, however it went.
Errors: EnvironmentFault for a port in use, a public bind without isolation (DESIGN §9), or a web
worker that will not stay up.
"""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from exchange.domain.errors import EnvironmentFault, UsageError
from publisher.orphans import follow_parent
from publisher.settings import environment
from publisher.stores import sandbox
from publisher.web.app import create_app
from publisher.web.bodies import READERS
from publisher.wiring import WAITING_QUERIES, Station, web_parts

if TYPE_CHECKING:
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
class Address:
    """Where to listen; it changes no IRI (DESIGN §4)."""

    host: str
    port: int

    @property
    def reachable(self) -> str:
        """The host as this machine reaches it."""
        return "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104

    @property
    def url(self) -> str:
        """The address as a local browser reaches it."""
        host = f"[{self.reachable}]" if ":" in self.reachable else self.reachable
        return f"http://{host}:{self.port}"


def serve(
    root: Path, address: Address, report: Callable[[str], None], started: Callable[[], None]
) -> None:
    """Serve a data directory until SIGINT or SIGTERM.

    `report` hears of the projector's falls; `started` is called once the service answers.
    """
    require_bindable(address)
    station = Station(root)
    with station.opened() as bench:
        bench.exchange()  # both heal what a crash left, before anybody reads; errors show here
    keeper = Keeper([sys.executable, "-m", "publisher.cli", "-C", str(root), "project"], report)
    server = Granian(
        "publisher.web.app:create_app",  # a name for the log; the loader below is what is used
        address=address.host,
        port=address.port,
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
    herald = threading.Thread(target=_herald, args=(address, started), daemon=True)
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
    return WAITING_QUERIES + query_workers + READERS + _SPARE_THREADS


def require_bindable(address: Address) -> None:
    """Refuse an address that cannot or must not be bound.

    Raises:
        EnvironmentFault: the port is taken, or the bind is public and queries cannot be isolated.
        UsageError: the host is no address of this machine.

    """
    if not _is_loopback(address.host) and not sandbox.available():
        raise EnvironmentFault(
            "Query workers cannot be kept from the network here, so only loopback is served.",
            "Bind 127.0.0.1, or run on Linux (x86_64 or aarch64) with seccomp.",
            zh="本机无法隔离查询进程的网络，只能绑定本机地址。",
            zh_hint="请绑定 127.0.0.1，或在支持 seccomp 的 Linux（x86_64、aarch64）上运行。",
        )
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Without SO_REUSEPORT, which granian sets: a second server must not slip in beside.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except socket.gaierror as error:
            raise UsageError(
                f"{address.host} is no address of this machine.", "Give --host an IP address."
            ) from error
        except (OSError, OverflowError) as error:
            raise EnvironmentFault(
                f"{address.host}:{address.port} cannot be bound: {error}.",
                "Stop the program that uses the port, or choose another by --port.",
                zh=f"无法绑定 {address.host}:{address.port}：{error}。",
                zh_hint="请停止占用该端口的程序，或用 --port 另选端口。",
            ) from error


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


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
