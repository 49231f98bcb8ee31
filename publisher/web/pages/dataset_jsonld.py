"""A dataset as search engines for datasets read it: schema.org in JSON-LD, inside its page.

The vocabulary stands in the context itself, so that nothing has to be fetched to read it.
Source: schema.org "Dataset";
https://developers.google.com/search/docs/appearance/structured-data/dataset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from publisher.web.endpoints.download import MEDIA
from publisher.web.messages.common import message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.model import Kind
    from publisher.surfaces.dumps import DumpFile

# Of the section with the terms of use, on the dataset's own page.
TERMS = "terms"


@dataclass(frozen=True, slots=True)
class Publisher:
    """The publisher: `base_url` of the site, `name` of the deployment."""

    base_url: str
    name: str


def dataset_jsonld(
    by: Publisher, kind: Kind, definition: str, files: Sequence[DumpFile], lang: str
) -> dict[str, Any]:
    """Return the dataset of a kind in `zh` or `en`; the files are those offered now."""
    address = f"{by.base_url}/dataset/{kind.slug}"
    names = (kind.label.zh, kind.label.en)
    name, other = names if lang == "zh" else names[::-1]
    return {
        "@context": {"@vocab": "https://schema.org/"},
        "@id": address,
        "@type": "Dataset",
        "url": {"@id": address},
        "name": name,
        "alternateName": other,
        "description": message(lang, "dataset-card", label=name, definition=definition, by=by.name),
        "identifier": kind.slug,
        "inLanguage": "zh-Hans",
        "isAccessibleForFree": True,
        "license": {"@id": f"{address}#{TERMS}"},
        "creator": {"@type": "Organization", "name": by.name, "url": {"@id": by.base_url}},
        "includedInDataCatalog": {"@type": "DataCatalog", "url": {"@id": f"{by.base_url}/catalog"}},
        "distribution": [
            {
                "@type": "DataDownload",
                "contentUrl": {"@id": by.base_url + file.path},
                "encodingFormat": MEDIA[file.form],
                "contentSize": f"{file.size} B",
                **({"sha256": file.sha256} if file.sha256 else {}),
            }
            for file in files
        ],
    }
