"""The service over a real socket, as feeds and downloads are read."""

from __future__ import annotations

import gzip
import http.client
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from exchange.domain.disclosure_levels import Tier
from publisher.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publisher.wiring import Deployment


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> bytes:
        coded = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.body) if coded else self.body


@dataclass(frozen=True)
class Site:
    server: WSGIServer

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, path, headers={"Accept-Encoding": "identity"} | named)
            answer = line.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            line.close()


S = TypeVar("S", bound=Site)


def serving(at: Deployment, now: int, made: type[S] = Site) -> Iterator[S]:
    """Serve a deployment at a moment (milliseconds) until the generator is closed."""
    with at.open() as opened, at.query_pool(Tier.PUBLIC) as queries:
        app = create_app(replace(opened.web_context(queries), clock=lambda: now))
        with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield made(server)
            finally:
                server.shutdown()
                thread.join()
