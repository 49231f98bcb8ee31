"""Reads Turtle files: nodes, properties, lists; and remembers which nodes were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox

from exchange.domain.errors import DataInvalid
from exchange.model.kinds import Label
from ontology import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
CR = terms.NS
XSD = "http://www.w3.org/2001/XMLSchema#"
CODE = terms.CODE


class Graph:
    """The triples of several Turtle files, by subject and predicate."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._index: dict[Node, dict[str, list[Node]]] = {}
        self._subjects: dict[tuple[str, Node], list[Node]] = {}
        self._read_nodes: set[Node] = set()
        for name, data in sorted(files.items()):
            self._read(name, data)

    def _read(self, name: str, data: bytes) -> None:
        try:
            for quad in ox.parse(data, ox.RdfFormat.TURTLE, rename_blank_nodes=True):
                self._add(quad.subject, quad.predicate.value, quad.object)
        except SyntaxError as error:
            raise DataInvalid(f"{name} is not Turtle: {error}.", "Mend the file.") from error

    def _add(self, subject: Node, predicate: str, value: Node) -> None:
        self._index.setdefault(subject, {}).setdefault(predicate, []).append(value)
        self._subjects.setdefault((predicate, value), []).append(subject)

    def subjects(self, predicate: str, value: str) -> list[Node]:
        """Return the subjects that have the IRI as value of the predicate."""
        return self._subjects.get((predicate, ox.NamedNode(value)), [])

    def subjects_of_text(self, predicate: str, value: str) -> list[Node]:
        """Return the subjects that have the plain literal as value of the predicate."""
        return self._subjects.get((predicate, ox.Literal(value)), [])

    def predicates(self, node: Node) -> Iterable[str]:
        """Return the predicates of the node and mark it as read."""
        self._read_nodes.add(node)
        return self._index.get(node, {}).keys()

    def unread_nodes(self) -> list[Node]:
        """Return the nodes that were never read, except members of lists."""
        return [
            node
            for node, facts in self._index.items()
            if node not in self._read_nodes and f"{RDF}first" not in facts
        ]

    def values(self, node: Node, predicate: str) -> list[Node]:
        """Return all values, in the order of the file."""
        return self._index.get(node, {}).get(predicate, [])

    def single(self, node: Node, predicate: str) -> Node | None:
        """Return the single value or None.

        Raises:
            DataInvalid: there are several.

        """
        values = self.values(node, predicate)
        if len(values) > 1:
            raise DataInvalid(f"{node} has several values of <{predicate}>.", "Keep one.")
        return values[0] if values else None

    def text(self, node: Node, predicate: str) -> str | None:
        """Return the single value's IRI or lexical form, or None."""
        found = self.single(node, predicate)
        return None if found is None else node_text(found)

    def require(self, node: Node, predicate: str) -> str:
        """Return the single value's IRI or lexical form.

        Raises:
            DataInvalid: there is none.

        """
        text = self.text(node, predicate)
        if text is None:
            raise DataInvalid(f"{node} lacks <{predicate}>.", "Give it one value.")
        return text

    def texts(self, node: Node, predicate: str) -> tuple[str, ...]:
        """Return all values' IRIs or lexical forms, sorted."""
        return tuple(sorted(node_text(item) for item in self.values(node, predicate)))

    def items(self, node: Node, predicate: str) -> tuple[str, ...]:
        """Return the members of the RDF list that is the value of the predicate."""
        return self.members(self.single(node, predicate))

    def members(self, head: Node | None) -> tuple[str, ...]:
        """Return the members of the RDF list that begins with that node."""
        members: list[str] = []
        while head is not None and node_text(head) != f"{RDF}nil":
            members.append(self.require(head, f"{RDF}first"))
            head = self.single(head, f"{RDF}rest")
        return tuple(members)

    def label(self, node: Node, predicate: str) -> Label | None:
        """Return the text in both languages, or None where there is none.

        Raises:
            DataInvalid: one of the two languages is missing.

        """
        texts = {
            item.language: item.value
            for item in self.values(node, predicate)
            if isinstance(item, ox.Literal)
        }
        if not texts:
            return None
        if not texts.keys() >= {"zh", "en"}:
            raise DataInvalid(f"{node} lacks <{predicate}> in zh or en.", "Give both.")
        return Label(texts["zh"], texts["en"])

    def require_label(self, node: Node, predicate: str) -> Label:
        """Return the text in both languages.

        Raises:
            DataInvalid: it is missing.

        """
        label = self.label(node, predicate)
        if label is None:
            raise DataInvalid(f"{node} lacks <{predicate}>.", "Give it in zh and en.")
        return label


def node_text(node: Node) -> str:
    """Return the IRI, the lexical form, or the label of a blank node."""
    return str(node) if isinstance(node, ox.Triple) else node.value


def local_name(iri: str) -> str:
    """Return what follows the last # or / of an IRI."""
    return iri.rpartition("#")[2].rpartition("/")[2]


def ntriples(files: Mapping[str, bytes]) -> bytes:
    """Return the union of Turtle files as sorted N-Triples."""
    lines = {
        f"{quad.subject} {quad.predicate} {quad.object} .\n"
        for data in files.values()
        for quad in ox.parse(data, ox.RdfFormat.TURTLE)
    }
    return "".join(sorted(lines)).encode()
