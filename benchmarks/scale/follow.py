"""One measured process that reads a feed as a consumer does: `follow.py ROOT_URL`.

Follows every link once, in N-Quads, and counts members and the records that are live at the end.
Keeps eight bytes a live record, as a replica keeps a row. Prints one JSON line.
"""

from __future__ import annotations

import json
import sys
from collections import deque

import requests
from pyoxigraph import NamedNode, RdfFormat, parse

TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
NODE = NamedNode("https://w3id.org/tree#node")
OBJECT = NamedNode("https://www.w3.org/ns/activitystreams#object")
DELETE = NamedNode("https://www.w3.org/ns/activitystreams#Delete")
ACTIVITIES = {
    DELETE,
    NamedNode("https://www.w3.org/ns/activitystreams#Create"),
    NamedNode("https://www.w3.org/ns/activitystreams#Update"),
}


def main(root: str) -> None:
    """Read to the end."""
    session = requests.Session()
    session.headers["Accept"] = "application/n-quads"
    waiting, seen = deque([root]), {root}
    live: set[int] = set()
    documents = members = size = 0
    while waiting:
        reply = session.get(waiting.popleft(), timeout=60)
        reply.raise_for_status()
        documents += 1
        size += len(reply.content)
        kinds, objects, links = read(reply.content)
        members += len(kinds)
        for event, iri in objects.items():
            known = hash(iri)
            if kinds.get(event) == DELETE:
                live.discard(known)
            elif event in kinds:
                live.add(known)
        fresh = [link for link in dict.fromkeys(links) if link not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    figures = {"documents": documents, "members": members, "live": len(live), "bytes": size}
    print(json.dumps(figures))


def read(content: bytes) -> tuple[dict, dict, list[str]]:
    """Return the activities of a document, their objects, and its links in order."""
    kinds, objects, links = {}, {}, []
    for quad in parse(content, format=RdfFormat.N_QUADS):
        if quad.predicate == TYPE and quad.object in ACTIVITIES:
            kinds[quad.subject.value] = quad.object
        elif quad.predicate == OBJECT:
            objects[quad.subject.value] = quad.object.value
        elif quad.predicate == NODE:
            links.append(quad.object.value)
    return kinds, objects, links


if __name__ == "__main__":
    main(sys.argv[1])
