"""Serves a store by the real query service and the real server: STORE_DIRECTORY PORT.

A process of its own, for the server wants the main thread; its workers are those of `serve`.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from granian import Granian
from granian.constants import Interfaces

from publisher.stores.guard_cache import CachedGuard
from publisher.stores.query_pool import QueryPool
from publisher.web.endpoints.query_cache import QueryCache
from publisher.web.endpoints.sparql import SparqlService
from publisher.web.pages.renderer import Pages

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


def service(directory: Path, base: str) -> WSGIApplication:
    queries = QueryPool(
        lambda: directory,
        size=1,
        deadline_seconds=10,
        memory_bytes=1 << 30,
        max_bytes=1 << 20,
        queue_limit=4,
    )
    return SparqlService(
        queries,
        Pages("conformance", base),
        10,
        lambda: directory.name,
        QueryCache(),
        CachedGuard(f"{base}/sparql"),
    )


if __name__ == "__main__":
    port = int(sys.argv[2])
    Granian(
        "service",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=2,
        websockets=False,
    ).serve(
        target_loader=partial(service, Path(sys.argv[1]), f"http://127.0.0.1:{port}"),
        wrap_loader=False,
    )
