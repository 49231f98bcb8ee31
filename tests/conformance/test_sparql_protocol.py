"""SPARQL 1.1 Protocol and Service Description (W3C rdf-tests) over HTTP, against the real server.

Claimed: the query operation. The service is read-only, so the positive cases of the update
operation are skipped; its negative ones must be refused like any other client error.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store
from rdflib import Graph, Namespace, URIRef
from rdflib.collection import Collection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdflib.term import Node

ROOT = Path(__file__).parents[2]
CNT = Namespace("http://www.w3.org/2011/content#")
HT = Namespace("http://www.w3.org/2011/http#")
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
DATA = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
WRITES = frozenset(
    {
        "update_dataset_default_graph",
        "update_dataset_default_graphs",
        "update_dataset_named_graphs",
        "update_dataset_full",
        "update_post_form",
        "update_post_direct",
        "update_base_uri",
    }
)
FLOOR = 27
MEDIA = {
    "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
    "tabular": {"application/sparql-results+json", "application/sparql-results+xml", "text/csv"},
    "RDF": {"text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"},
}


@dataclass(frozen=True)
class Endpoint:
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/sparql"

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[HTTPResponse, bytes]:
        line = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            # By hand: the library would add an Accept-Encoding, and a Content-Type of its own.
            line.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                line.putheader(name, value)
            if body is not None:
                line.putheader("Content-Length", str(len(body)))
            line.endheaders(body)
            answer = line.getresponse()
            return answer, answer.read()
        finally:
            line.close()


@pytest.fixture(scope="module")
def endpoint(suites: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    directory = tmp_path_factory.mktemp("protocol") / "store"
    store = Store(str(directory))
    for number in (1, 2, 3):
        path = suites / f"rdf-tests/sparql/sparql11/protocol/data{number}.nt"
        store.load(path=path, format=RdfFormat.N_TRIPLES, to_graph=NamedNode(DATA.format(number)))
    store.flush()
    del store
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Path(__file__).with_name("protocol_server.py")
    command = [sys.executable, str(server), str(directory), str(port)]
    # The script's own folder comes first on its path; the packages under test are ours.
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        _await(port)
        yield Endpoint(port)
    finally:
        process.terminate()
        process.wait(20)


def _await(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(port)


def _cases(suites: Path) -> tuple[Graph, list[Node]]:
    manifest = Graph()
    path = suites / "rdf-tests/sparql/sparql11/protocol/manifest.ttl"
    manifest.parse(path, format="turtle")
    (entries,) = manifest.objects(predicate=MF.entries)
    return manifest, list(Collection(manifest, entries))


def _misses(endpoint: Endpoint, manifest: Graph, case: Node) -> str:
    """Return what a case's requests got instead of what it expects; empty where it passes."""
    action = manifest.value(case, MF.action)
    for request in Collection(manifest, manifest.value(action, HT.requests)):
        wrong = _wrong(endpoint, manifest, request)
        if wrong:
            return wrong
    return ""


def _wrong(endpoint: Endpoint, manifest: Graph, request: Node) -> str:
    path = str(manifest.value(request, HT.absolutePath)).replace("/sparql/", "/sparql", 1)
    headers = manifest.value(request, HT.headers)
    sent = {
        str(manifest.value(item, HT.fieldName)): str(manifest.value(item, HT.fieldValue))
        for item in (Collection(manifest, headers) if headers else ())
    }
    answer, body = endpoint.ask(
        str(manifest.value(request, HT.methodName)), path, sent, _body(manifest, request)
    )
    wanted = manifest.value(request, HT.resp)
    families = {str(node)[-3] for node in manifest.objects(wanted, MF.expectedStatus)}
    if str(answer.status)[0] not in families:
        return f"status {answer.status}"
    form = manifest.value(wanted, MF.expectedFormat)
    media = (answer.headers["Content-Type"] or "").partition(";")[0]
    if form is not None and media not in MEDIA[str(form)]:
        return f"type {media}"
    truth = manifest.value(wanted, MF.expectedBoolean)
    if truth is not None and json.loads(body)["boolean"] is not truth.toPython():
        return f"answer {body!r}"
    return ""


def _body(manifest: Graph, request: Node) -> bytes | None:
    content = manifest.value(request, HT.body)
    if content is None:
        return None
    text = str(manifest.value(content, CNT.chars))
    return text.encode(str(manifest.value(content, CNT.characterEncoding) or "UTF-8"))


def test_the_query_operation_of_the_protocol_is_as_recommended(
    endpoint: Endpoint, suites: Path
) -> None:
    manifest, found = _cases(suites)
    claimed = [case for case in found if str(case).rpartition("#")[2] not in WRITES]
    assert len(found) - len(claimed) == len(WRITES)
    assert len(claimed) >= FLOOR
    misses = {str(case).rpartition("#")[2]: _misses(endpoint, manifest, case) for case in claimed}
    assert {name: wrong for name, wrong in misses.items() if wrong} == {}


def test_the_service_describes_itself(endpoint: Endpoint) -> None:
    for media, form in (
        ("text/turtle", "turtle"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
        ("application/n-triples", "nt"),
    ):
        answer, body = endpoint.ask("GET", "/sparql", {"Accept": media}, None)
        assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, media)
        graph = Graph().parse(data=body, format=form)
        service = graph.value(predicate=SD.endpoint, object=URIRef(endpoint.url))
        assert service is not None
        assert (service, None, SD.Service) in graph
        assert (service, SD.supportedLanguage, SD.SPARQL11Query) in graph
        assert len(set(graph.objects(service, SD.resultFormat))) == 10


def test_a_body_without_a_length_is_read_to_its_end(endpoint: Endpoint) -> None:
    line = HTTPConnection("127.0.0.1", endpoint.port, timeout=20)
    headers = {"Content-Type": "application/sparql-query", "Transfer-Encoding": "chunked"}
    line.request("POST", "/sparql", iter([b"ASK ", b"{}"]), headers, encode_chunked=True)
    answer = line.getresponse()
    assert answer.status == 200
    assert json.loads(answer.read()) == {"head": {}, "boolean": True}
    line.close()
