"""The port of the service: held against everybody, passed on, and free at the end."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from exchange.domain.errors import EnvironmentFault, UsageError
from publisher.listener import Address, Server, listening, sharing
from publisher.stores import worker_sandbox
from tests.serving import free_port

if TYPE_CHECKING:
    from pathlib import Path


def test_a_public_bind_without_isolation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_sandbox, "available", lambda: False)
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        with (
            pytest.raises(EnvironmentFault, match="loopback"),
            listening(Address(host, free_port())),
        ):
            pass
    with listening(Address("127.0.0.1", free_port())):
        pass


def test_a_host_that_is_none_is_a_wrong_call() -> None:
    if not worker_sandbox.available():
        pytest.skip("no isolation here")
    with pytest.raises(UsageError), listening(Address("no.such.host.invalid", free_port())):
        pass


def test_a_port_is_held_against_everybody_and_free_again_at_the_end() -> None:
    address = Address("127.0.0.1", free_port())
    with listening(address):
        with (
            pytest.raises(EnvironmentFault, match="cannot be bound") as refused,
            listening(address),
        ):
            pass
        assert "--port" in refused.value.details["zh_hint"]
        with socket.socket() as sly:
            sly.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with pytest.raises(OSError, match="in use"):
                sly.bind(("127.0.0.1", address.port))
    with listening(address):
        pass


def test_no_answer_waits_for_an_acknowledgement() -> None:
    address = Address("127.0.0.1", free_port())
    with listening(address) as held, socket.create_connection((address.host, address.port)):
        accepted, _ = held.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_shared_by_others_is_not_joined() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(EnvironmentFault), listening(Address("127.0.0.1", port)):
            pass


def test_of_many_that_bind_at_once_exactly_one_listens() -> None:
    """Threads stand for processes: the kernel tells sockets apart, not their owners."""
    port, listeners = free_port(), 8
    for _ in range(20):
        together, told = threading.Barrier(listeners), list[bool]()

        def bind(at_once: threading.Barrier = together, heard: list[bool] = told) -> None:
            at_once.wait()
            try:
                with listening(Address("127.0.0.1", port)):
                    heard.append(True)
                    at_once.wait()
            except EnvironmentFault:
                heard.append(False)
                at_once.wait()

        threads = [threading.Thread(target=bind) for _ in range(listeners)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == [False] * (listeners - 1) + [True]


def test_granian_still_asks_for_its_socket_where_ours_is_given() -> None:
    (overridden,) = set(vars(Server)) & {"_init_shared_socket"}
    assert hasattr(Server.__bases__[0], overridden)


def test_the_second_service_of_a_directory_hears_of_the_first(tmp_path: Path) -> None:
    mark, first, second = tmp_path / "serve.lock", Address("127.0.0.1", 8391), Address("::1", 8392)
    with sharing(mark, first) as other:
        assert other == ""
        with sharing(mark, second) as heard:
            assert heard == "http://127.0.0.1:8391"
    with sharing(mark, second) as other:
        assert other == ""


def test_addresses_are_reached_where_they_listen() -> None:
    assert Address("0.0.0.0", 80).url == "http://127.0.0.1:80"
    assert Address("::1", 80).url == "http://[::1]:80"
