"""The model's files by address: context, shapes, schemas, templates.

Purpose: programs and departments fetch what is derived of the shapes, in the very bytes that the
package carries and `derive --check` keeps equal to their source. The names that exist are known
when the service starts; nothing else of a folder can be reached.
Source: docs/design/interface.md "HTTP".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Blueprint, request

import ontology
import shapes
from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import NotFound
from publisher.web.http import replies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exchange.model import Kind, Model

SCHEMA: Final = "application/schema+json"
CSV: Final = "text/csv"
METADATA: Final = "application/csvm+json"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The model changes with the program only.
_CACHE: Final = ("Cache-Control", "max-age=300")


@dataclass(frozen=True, slots=True)
class File:
    """A file of the model and how it is answered."""

    body: bytes
    media: str
    headers: tuple[tuple[str, str], ...] = ()

    def reply(self) -> replies.Reply:
        """Return the answer, or 304 where the reader has the file."""
        headers = (_CACHE, *self.headers)
        return replies.Reply(self.body, self.media, headers=headers).tagged(request.environ)


def blueprint(model: Model) -> Blueprint:
    """Return the routes of the model's files."""
    routes = Blueprint("model_files", __name__)
    for path, file in _files(model).items():
        # A name of its own for every route: addresses are fixed, so none takes a parameter.
        routes.add_url_rule(path, endpoint=path.replace(".", "_"), view_func=file.reply)
    routes.add_url_rule(
        "/<any(context,schema,shapes,template):folder>/<path:name>", view_func=absent
    )
    return routes


def absent(folder: str, name: str) -> replies.Reply:
    """Answer for a file that the model does not have.

    Raises:
        NotFound: always.

    """
    raise NotFound(
        f"There is no {folder}/{name}.",
        "See the vocabulary for the kinds there are.",
        zh=f"没有 {folder}/{name}。",
        zh_hint="请从词表页查看有哪些种类。",
    )


def _files(model: Model) -> Mapping[str, File]:
    """Return every file by its path."""
    context = File(ontology.read("derived/context.jsonld"), replies.JSONLD)
    found = {"/context/v1": context, "/context/v1.jsonld": context}
    for name in shapes.sources():
        found[f"/shapes/{name}"] = File(shapes.read(name), replies.TURTLE)
    for kind in model.kinds.values():
        derived = f"derived/{kind.slug}"
        schema = shapes.read(f"{derived}.schema.json")
        found[f"/schema/{kind.slug}.json"] = File(schema, SCHEMA)
        found |= dict(_templates(kind))
        if kind.max_tier is Tier.PUBLIC:
            closed = f"{kind.slug}.public.ttl"
            found[f"/shapes/{closed}"] = File(shapes.read(f"derived/{closed}"), replies.TURTLE)
    return found


def _templates(kind: Kind) -> Iterator[tuple[str, File]]:
    """Yield the templates of every form; the plain name stands for the newest form."""
    for form in kind.forms:
        end = f".{form}" if len(kind.forms) > 1 else ""
        stem = f"{kind.slug}{end}"
        title = f"{kind.label.zh}{end}"
        described = f"{stem}.csv-metadata.json"
        # Relative to the template, so that they hold under any prefix.
        link = ("Link", f'<{described}>; rel="describedby"; type="{METADATA}"')
        yield f"/template/{described}", File(shapes.read(f"derived/{described}"), METADATA)
        for extension, media in (("csv", CSV), ("xlsx", XLSX)):
            body = shapes.read(f"derived/{stem}.{extension}")
            headers = [_saved(stem, title, extension)]
            if extension == "csv":
                headers.append(link)
            yield f"/template/{stem}.{extension}", File(body, media, tuple(headers))
            if end and form == kind.forms[-1]:
                headers.append(("Content-Location", f"{stem}.{extension}"))
                yield f"/template/{kind.slug}.{extension}", File(body, media, tuple(headers))


def _saved(stem: str, title: str, extension: str) -> tuple[str, str]:
    """Return the names under which browsers save the file, the Chinese one first (RFC 6266)."""
    chinese = quote(f"{title}.{extension}")
    disposition = f"attachment; filename=\"{stem}.{extension}\"; filename*=UTF-8''{chinese}"
    return ("Content-Disposition", disposition)
