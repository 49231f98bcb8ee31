"""A member in three forms: its envelope, and its text in a graph named by the member.

Text is cut from the view's bytes, never parsed: canonical N-Quads have one statement a line,
no line feed inside a literal, and escapes that TriG and JSON read alike.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from exchange.domain.record import Activity
from exchange.model.jsonld_context import context_terms
from ontology.namespaces import PREFIXES, RDF_TYPE
from publisher.surfaces.feed.addresses import ALL, ENVELOPE
from publisher.surfaces.text.timestamps import xsd_timestamp

if TYPE_CHECKING:
    from exchange.domain.record import Change
    from publisher.surfaces.feed.addresses import FeedConfig
    from publisher.surfaces.text.serialisation_cache import SerialisedRecord

# One text for each of FORMS.
Triple = tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class MemberHeader:
    """Activity, record IRI and sequence number of a member, read from its block."""

    activity: str
    record: str
    seq: int

    @property
    def has_text(self) -> bool:
        """Whether the member has text; a tombstone has none."""
        return self.activity != Activity.DELETE


_TRIG: Final = (
    b"tree:member <%b> .\n<%b> tree:member <%b> .\n"
    b'<%b> a as:%b ; as:object <%b> ; as:published "%b"^^xsd:dateTime ; cr:seq %d%b .'
)
_JSON: Final = (
    b'{"id":"%b","memberOf":["%b","%b"],"type":"%b","object":"%b","published":"%b","seq":%d%b'
)


def _spelled(template: str) -> bytes:
    """Return the template with whole IRIs in place of {as}, {cr}, {tree}, {xsd} and {type}."""
    return template.format(type=RDF_TYPE, **PREFIXES).encode()


_NQUADS: Final = _spelled(
    "<{tree}member> <%b> .\n<%b> <{tree}member> <%b> .\n<%b> <{type}> <{as}%b> .\n"
    '<%b> <{as}object> <%b> .\n<%b> <{as}published> "%b"^^<{xsd}dateTime> .\n'
    '<%b> <{cr}seq> "%d"^^<{xsd}integer> .'
)
_NQUADS_MARK: Final = _spelled('\n<%b> <{cr}objectionOpen> "true"^^<{xsd}boolean> .')

# The envelope in each of FORMS; it comes first in a block, so the first match is it.
_HEADERS: Final = (
    re.compile(rb" a as:(\w+) ; as:object <([^>]+)> ; as:published [^ ]+ ; cr:seq (\d+)"),
    re.compile(rb'"type":"(\w+)","object":"([^"]+)","published":"[^"]+","seq":(\d+)'),
    re.compile(
        rb"activitystreams#(\w+)> \.\n<[^>]+> <[^>]+#object> <([^>]+)> \.\n"
        rb'<[^>]+> <[^>]+> "[^"]+"\^\^<[^>]+> \.\n<[^>]+> <[^>]+#seq> "(\d+)"'
    ),
)


def header_of(form: int, block: bytes) -> MemberHeader:
    """Return the header of a block; `form` indexes FORMS. Raises ValueError for other bytes."""
    match = _HEADERS[form].search(block)
    if match is None:
        raise ValueError("this is no member of a feed page")
    return MemberHeader(match[1].decode(), match[2].decode(), int(match[3]))


def event_of(block: bytes) -> str:
    """Return the IRI of the event that an N-Quads block lists."""
    return block[: block.index(b"\n")].split(b" ")[1].strip(b"<>").decode()


def view_of(block: bytes, record: str) -> bytes:
    """Return the view that an N-Quads block shows of the record, byte for byte."""
    start = block.find(b"\n<%b> " % record.encode())
    if start < 0:
        return b""
    event = block[: block.index(b"\n")].split(b" ")[1]
    return (block[start + 1 :] + b"\n").replace(b" %b .\n" % event, b" .\n")


class _Envelope(NamedTuple):
    """The encoded values of a member's envelope."""

    event: bytes
    record: bytes
    activity: bytes
    time: bytes
    seq: int
    objection: bool


class MemberWriter:
    """Serialises the members of one kind in one tier. Not thread-safe."""

    def __init__(self, config: FeedConfig, slug: str) -> None:
        self._kind = config.kinds.get(slug)
        self._streams = (config.stream(slug).encode(), config.stream(ALL).encode())
        self._serialiser = config.serialiser
        # The first bytes of a block; nothing else in a page has them after a line feed.
        own = b"\n<%b> " % self._streams[0]
        self.separators: Triple = (own, b"\n,", own)
        self.tails: Triple = (b"\n", b"\n]}\n", b"\n")

    def heads(self, page: str, *, closed: bool) -> Triple:
        """Return the text before the members of a page (an IRI), in each of FORMS."""
        node = f"<{page}> a tree:Node" + (" ; ldes:immutable true" if closed else "")
        prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
        lines = [f"<{page}> <{RDF_TYPE}> <{PREFIXES['tree']}Node> ."]
        if closed:
            boolean = f"{PREFIXES['xsd']}boolean"
            lines.append(f'<{page}> <{PREFIXES["ldes"]}immutable> "true"^^<{boolean}> .')
        terms = {**ENVELOPE, **(context_terms([self._kind]) if self._kind else {})}
        context = json.dumps(terms, ensure_ascii=False, separators=(",", ":"))
        node_json = f'{{"id":"{page}","type":"Node"' + (',"immutable":true}' if closed else "}")
        return (
            f"{prefixes}{node} .".encode(),
            f'{{"@context":{context},"@graph":[\n{node_json}'.encode(),
            "\n".join(lines).encode(),
        )

    def block(self, change: Change) -> Triple:
        """Return the member in each of FORMS, without separator and final line feed."""
        text = b"" if change.activity is Activity.DELETE else change.view or b""
        statements = (
            self._serialiser.serialise(self._kind, change.iri.encode(), text) if text else None
        )
        envelope = _Envelope(
            change.event.encode(),
            change.iri.encode(),
            change.activity.encode(),
            xsd_timestamp(change.published).encode(),
            change.seq,
            objection=bool(text) and change.objection,
        )
        return (
            self._trig(envelope, statements),
            self._json(envelope, statements),
            self._nquads(envelope, text),
        )

    def _trig(self, of: _Envelope, statements: SerialisedRecord | None) -> bytes:
        mark = b" ; cr:objectionOpen true" if of.objection else b""
        head = _TRIG % (
            *(of.event, self._streams[1], of.event),
            *(of.event, of.activity, of.record, of.time, of.seq, mark),
        )
        if statements is None:
            return head
        return b"%b\n<%b> {\n  <%b> %b .\n}" % (head, of.event, of.record, statements.trig)

    def _json(self, of: _Envelope, statements: SerialisedRecord | None) -> bytes:
        mark = b',"objectionOpen":true' if of.objection else b""
        head = _JSON % (
            *(of.event, *self._streams, of.activity),
            *(of.record, of.time, of.seq, mark),
        )
        if statements is None:
            return head + b"}"
        return b'%b,"@graph":[{"id":"%b",%b}]}' % (head, of.record, statements.json)

    def _nquads(self, of: _Envelope, text: bytes) -> bytes:
        mark = _NQUADS_MARK % of.event if of.objection else b""
        head = _NQUADS % (
            *(of.event, self._streams[1], of.event),
            *(of.event, of.activity, of.event, of.record),
            *(of.event, of.time, of.event, of.seq),
        )
        lines = text[:-1].replace(b" .\n", b" <%b> .\n" % of.event)[:-2]
        return b"%b%b\n%b <%b> ." % (head, mark, lines, of.event) if text else head + mark
