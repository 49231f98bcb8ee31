"""The records of one page of the sequence in every form; records can be put and removed.

A form's text is its records one after the other; head and tail come around the texts of a part
or of a whole dump, so any run of segments between them is a valid document.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from exchange.model.jsonld_context import context_terms
from ontology.namespaces import PREFIXES
from publisher.surfaces.dumps.addresses import FORMS
from publisher.surfaces.dumps.csv_columns import LINE_END, CsvTable
from publisher.surfaces.triples.change_coalescing import OBJECTION, OBJECTION_TRIPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from exchange.domain.disclosure_levels import Tier
    from exchange.domain.record import Change
    from exchange.model.kinds import Kind
    from publisher.surfaces.text.serialisation_cache import SerialisationCache

# One text for each of FORMS.
RecordTexts = tuple[bytes, ...]
_NO_TEXT: Final[RecordTexts] = (b"",) * len(FORMS)
_JSON_MARK: Final = b',"objectionOpen":true'
_MARK: Final = b" ;\n    cr:objectionOpen true"
_NAMESPACES: Final = ("cr", "xsd")
_CONTEXT: Final = {"@version": 1.1, "id": "@id", "type": "@type", "objectionOpen": OBJECTION}


class RecordSerialiser:
    """Serialises the records of one kind in one tier; `address` is the dataset's URL.

    Not thread-safe.
    """

    def __init__(
        self, kind: Kind | None, tier: Tier, address: str, serialiser: SerialisationCache
    ) -> None:
        self._kind = kind
        self._address = address
        self._serialiser = serialiser
        self._table = CsvTable(kind, tier)

    def serialise(self, iri: bytes, view: bytes, *, objection: bool) -> RecordTexts:
        """Return a record in each of FORMS; with `objection` also the objection mark."""
        statements = self._serialiser.serialise(self._kind, iri, view)
        quads, json_mark, mark = view, b"", b""
        if objection:
            quads, json_mark, mark = view + b"<%b>%b" % (iri, OBJECTION_TRIPLE), _JSON_MARK, _MARK
        return (
            self._table.row(iri, view, objection=objection),
            quads,
            b',{"id":"%b",%b%b}\n' % (iri, statements.json, json_mark),
            b"<%b> %b%b .\n" % (iri, statements.trig, mark),
        )

    def heads(self) -> dict[str, str]:
        """Return the text before the records, by form; for CSV by kind of first row, too."""
        rows = {f"csv-{name}": row.decode() for name, row in self._table.heads().items()}
        terms = {**_CONTEXT, **(context_terms([self._kind]) if self._kind else {})}
        context = json.dumps(terms, ensure_ascii=False, separators=(",", ":"))
        # A node that says nothing: so each record may begin with its comma.
        json_head = f'{{"@context":{context},"@graph":[\n{{"id":"{self._address}"}}\n'
        prefixes = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in _NAMESPACES)
        return {**rows, "nq": "", "jsonld": json_head, "ttl": prefixes}


# What stands after the records.
TAILS: Final = {"csv": b"", "nq": b"", "jsonld": b"]}\n", "ttl": b""}


class Segment:
    """The texts of some records by IRI, for each of FORMS on its own; the order is kept."""

    def __init__(self, texts: RecordTexts = _NO_TEXT) -> None:
        self._forms: tuple[dict[bytes, bytes], ...] = tuple(
            dict(records_in(form, text)) for form, text in zip(FORMS, texts, strict=True)
        )

    def __len__(self) -> int:
        return len(self._forms[0])

    def put(self, change: Change, serialiser: RecordSerialiser) -> None:
        """Insert or replace the record of a change; a replaced record keeps its place."""
        iri = change.iri.encode()
        texts = serialiser.serialise(iri, change.view or b"", objection=change.objection)
        for records, text in zip(self._forms, texts, strict=True):
            records[iri] = text

    def remove(self, iris: Collection[bytes]) -> bool:
        """Remove all text of these records; return whether there was any."""
        removed = False
        for records in self._forms:
            for iri in records.keys() & iris:
                del records[iri]
                removed = True
        return removed

    def texts(self) -> Iterator[bytes]:
        """Yield the text in each of FORMS."""
        for records in self._forms:
            yield b"".join(records.values())


def records_in(form: str, text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each record in a text of the form, by its IRI."""
    return _READERS[form](text)


def _rows(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    # No cell has a carriage return (docs/design/model.md "Text and amounts"), so none looks like
    # the end of a row.
    for row in text.split(LINE_END)[:-1]:
        yield row.partition(b",")[0], row + LINE_END


def _quads(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    start = end = 0
    while start < len(text):
        subject = text[start : text.index(b"> ", start) + 2]
        while text.startswith(subject, end):
            end = text.index(b"\n", end) + 1
        yield subject[1:-2], text[start:end]
        start = end


def _objects(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    begins = len(b',{"id":"')
    for line in text.split(b"\n")[:-1]:
        yield line[begins : line.index(b'"', begins)], line + b"\n"


def _turtles(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    # Further lines of a record begin with blanks; literals have no line feed.
    for block in text[:-1].split(b"\n<") if text else ():
        body = block.removeprefix(b"<")
        yield body[: body.index(b">")], b"<%b\n" % body


_READERS: Final[dict[str, Callable[[bytes], Iterator[tuple[bytes, bytes]]]]] = {
    "csv": _rows,
    "nq": _quads,
    "jsonld": _objects,
    "ttl": _turtles,
}
