"""What must hold over all kinds together: one context serves them all (DETAILS "JSON names")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import DataInvalid
from exchange.model.kinds import Sort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.model.kinds import Field, Kind, Model

# Terms of https://www.w3.org/ns/credentials/v2, at the top and inside its types. A credential
# carries that context before ours, and protects it.
RESERVED: Final = frozenset(
    {
        "id",
        "type",
        "description",
        "name",
        "digestMultibase",
        "digestSRI",
        "mediaType",
        "confidenceMethod",
        "credentialSchema",
        "credentialStatus",
        "credentialSubject",
        "evidence",
        "issuer",
        "proof",
        "refreshService",
        "relatedResource",
        "renderMethod",
        "termsOfUse",
        "validFrom",
        "validUntil",
        "holder",
        "verifiableCredential",
        "jsonSchema",
        "encodedList",
        "statusPurpose",
        "ttl",
        "statusReference",
        "statusSize",
        "statusMessage",
        "message",
        "status",
        "value",
        "statusListCredential",
        "statusListIndex",
        "challenge",
        "created",
        "cryptosuite",
        "domain",
        "expires",
        "nonce",
        "previousProof",
        "proofPurpose",
        "proofValue",
        "verificationMethod",
        "assertionMethod",
        "authentication",
        "capabilityDelegation",
        "capabilityInvocation",
        "keyAgreement",
        "controller",
        "revoked",
        "publicKeyMultibase",
        "secretKeyMultibase",
        "publicKeyJwk",
        "secretKeyJwk",
        "VerifiableCredential",
        "EnvelopedVerifiableCredential",
        "VerifiablePresentation",
        "EnvelopedVerifiablePresentation",
        "JsonSchemaCredential",
        "JsonSchema",
        "DataIntegrityProof",
        "BitstringStatusList",
        "BitstringStatusListCredential",
        "BitstringStatusListEntry",
        "Multikey",
        "JsonWebKey",
    }
)
_NAME: Final = re.compile(r"[a-z][A-Za-z0-9]*", re.ASCII)
_TOKEN: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


def check_model(model: Model) -> None:
    """Refuse a model that one JSON-LD context could not carry.

    Raises:
        DataInvalid: a JSON name is reserved, malformed, used for two properties or equal to a
            code token; a field differs between kinds; a companion field is not as it must be.

    """
    _names(model)
    _tokens(model)
    for kind in model.kinds.values():
        _kind(kind)


def _fields(model: Model) -> Iterator[Field]:
    for kind in model.kinds.values():
        yield from kind.fields


def _names(model: Model) -> None:
    by_name: dict[str, Field] = {}
    by_iri: dict[str, Field] = {}
    for field in _fields(model):
        if field.name in RESERVED or not _NAME.fullmatch(field.name):
            raise DataInvalid(
                f"The JSON name {field.name!r} is reserved or malformed.",
                "Give the field another cr:jsonName.",
            )
        first = by_name.setdefault(field.name, field)
        other = by_iri.setdefault(field.iri, field)
        if first.iri != field.iri or other.name != field.name:
            raise DataInvalid(
                f"The JSON name {field.name!r} stands for two properties, or its property has two.",
                "One name, one property.",
            )
        if _coercion(first) != _coercion(field):
            raise DataInvalid(
                f"The field {field.name!r} differs between kinds.",
                "Values of one property are written alike everywhere.",
            )


def _coercion(field: Field) -> tuple[object, ...]:
    return (field.sort, field.datatype, field.many, field.base)


def _tokens(model: Model) -> None:
    # A token equal to a term would be read as that term (JSON-LD 1.1, @type: @vocab).
    terms = {field.name for field in _fields(model)} | {"id", "type"}
    terms |= {kind.type_name for kind in model.kinds.values()}
    for scheme in model.schemes.values():
        for concept in scheme.concepts.values():
            token = concept.notation
            if token in terms or not _TOKEN.fullmatch(token):
                raise DataInvalid(
                    f"The code {token!r} of {scheme.slug} is malformed or equals a JSON name.",
                    "Choose another notation.",
                )
            if concept.iri != f"{scheme.iri}/{token}":
                raise DataInvalid(f"<{concept.iri}> does not end in its notation.", "Mend it.")


def _kind(kind: Kind) -> None:
    fields = {field.name: field for field in kind.fields}
    for field in kind.fields:
        if not set(field.columns) <= set(kind.forms):
            raise DataInvalid(f"{field.name} has a column of an unknown form.", "Name the form.")
        if field.received and fields[field.received].sort is not Sort.TEXT:
            raise DataInvalid(f"{field.received} cannot keep text.", "Make it a text.")
        if field.code_from and (field.required or field.columns):
            raise DataInvalid(f"{field.name} is derived, so it has no column.", "Remove it.")
