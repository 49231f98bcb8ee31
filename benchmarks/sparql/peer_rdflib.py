"""rdflib-endpoint over a store directory, through oxrdflib: `peer_rdflib.py DIRECTORY PORT`.

Run by the peer's own environment (benchmarks/peers/rdflib-endpoint.txt). The engine below is the
same as ours; its default in-memory store would take minutes to fill and answers more slowly.
"""

from __future__ import annotations

import sys

import uvicorn
from oxrdflib import OxigraphStore
from pyoxigraph import Store
from rdflib import Graph
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib_endpoint import SparqlEndpoint

if __name__ == "__main__":
    store = OxigraphStore(store=Store.read_only(sys.argv[1]))
    graph = Graph(store=store, identifier=DATASET_DEFAULT_GRAPH_ID)
    app = SparqlEndpoint(graph=graph, path="/sparql")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
