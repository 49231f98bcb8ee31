"""The port of the service: bound once, before anything is loaded, and held until the end.

Purpose: no second server can share the port (SO_REUSEPORT is never set), none can take it while a
web worker is started again, and a connection made meanwhile waits in the backlog. A service that
shares its data directory with another one on another port is told so.
Errors: EnvironmentFault for a port in use or a public bind without isolation
(docs/design/queries.md "Queries"), UsageError for a host that is no address of this machine.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from granian._granian import SocketHolder
from granian.server import MPServer

from exchange.domain.errors import EnvironmentFault, UsageError
from publisher.stores import worker_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACKLOG: Final = 1024
_IS_UNIX: Final = False
_LONGEST_NAME: Final = 300


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; it changes no IRI (docs/design/model.md "Identity")."""

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


@contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """Give a socket that listens at the address; nobody else can listen there until the end.

    Raises:
        EnvironmentFault: the port is taken, or the bind is public and queries cannot be isolated.
        UsageError: the host is no address of this machine.

    """
    _require_isolation(address)
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as held:
        # Connections of a service before us may still be ending. Two that bind at once with this
        # option are told apart by `listen`.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by every connection: head and body are two writes, and the second would wait
        # 40 ms for the reader's acknowledgement of the first.
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            held.bind((address.host, address.port))
            held.listen(BACKLOG)
        except socket.gaierror as error:
            raise UsageError(
                f"{address.host} is no address of this machine.",
                "Give --host an IP address.",
                zh=f"{address.host} 不是本机地址。",
                zh_hint="请用 --host 给出本机 IP 地址。",
            ) from error
        except (OSError, OverflowError) as error:
            raise EnvironmentFault(
                f"{address.host}:{address.port} cannot be bound: {error}.",
                "Stop the program that uses the port, or choose another by --port.",
                zh=f"无法绑定 {address.host}:{address.port}：{error}。",
                zh_hint="请停止占用该端口的程序，或用 --port 另选端口。",
            ) from error
        yield held


def _require_isolation(address: Address) -> None:
    if not _is_loopback(address.host) and not worker_sandbox.available():
        raise EnvironmentFault(
            "Query workers cannot be kept from the network here, so only loopback is served.",
            "Bind 127.0.0.1, or run on Linux (x86_64 or aarch64) with seccomp.",
            zh="本机无法隔离查询进程的网络，只能绑定本机地址。",
            zh_hint="请绑定 127.0.0.1，或在支持 seccomp 的 Linux（x86_64、aarch64）上运行。",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Server(MPServer):
    """Granian on a socket that listens already; every web worker inherits it.

    By itself granian binds anew in each worker, with SO_REUSEPORT. Should a later version not ask
    this method any more, that bind fails, since the port is held: loudly, never side by side.
    """

    def __init__(self, held: socket.socket, address: Address, **more: Any) -> None:
        super().__init__(
            "publisher.web.app:create_app",  # a name for the log; the loader is what is used
            address=address.host,
            port=address.port,
            **more,
        )
        self._held = held

    def _init_shared_socket(self) -> None:
        # Past the stubs, which know neither this constructor nor that these may be set; `_sso` is
        # what carries the descriptor into each worker that is started.
        make: Any = SocketHolder
        number = self._held.fileno()
        holder = make(number, _IS_UNIX, BACKLOG)
        vars(self).update(_ssp=None, _sfd=number, _shd=holder, _sso=self._held)


@contextmanager
def sharing(path: Path, address: Address) -> Iterator[str]:
    """Hold the service lock of a data directory; yield the URL of another service that has it.

    The address is empty when this service is the only one. Several may serve one directory.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.pread(handle, _LONGEST_NAME, 0).decode(errors="replace").strip()
        else:
            other = ""
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{address.url}\n".encode(), 0)
        yield other
    finally:
        os.close(handle)
