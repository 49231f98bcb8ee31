"""Checks over all kinds together: one JSON-LD context serves them all.

Source: docs/design/model.md "Names".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from exchange.domain.errors import DataInvalid
from exchange.model.kinds import FieldType
from exchange.model.plausibility import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exchange.model.kinds import Field, Kind, Model
    from exchange.model.rule_conditions import Condition

# Terms of https://www.w3.org/ns/credentials/v2, at the top and inside its types. A credential
# carries that context before ours, and protects it.
RESERVED_TERMS: Final = frozenset(
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
    """Refuse a model that one JSON-LD context could not describe.

    Raises:
        DataInvalid: a JSON name is reserved, malformed, used for two properties or equal to a
            code token; a field differs between kinds; a companion field is not as it must be.

    """
    _check_names(model)
    _check_tokens(model)
    for kind in model.kinds.values():
        _check_kind(kind)
        _check_codes(kind)
        _check_links(model, kind)


def _fields(model: Model) -> Iterator[Field]:
    for kind in model.kinds.values():
        yield from kind.fields


def _check_names(model: Model) -> None:
    by_name: dict[str, Field] = {}
    by_iri: dict[str, Field] = {}
    for field in _fields(model):
        if field.name in RESERVED_TERMS or not _NAME.fullmatch(field.name):
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
    return (field.field_type, field.datatype, field.many, field.iri_base)


def _check_tokens(model: Model) -> None:
    # A token equal to a term would be read as that term (JSON-LD 1.1, @type: @vocab).
    terms = {field.name for field in _fields(model)} | {"id", "type"}
    terms |= {kind.type_name for kind in model.kinds.values()}
    for scheme in model.schemes.values():
        for concept in scheme.concepts.values():
            token = concept.notation
            if token in terms | RESERVED_TERMS or not _TOKEN.fullmatch(token):
                raise DataInvalid(
                    f"The code {token!r} of {scheme.slug} is malformed, reserved or a JSON name.",
                    "Choose another notation.",
                )
            if concept.iri != f"{scheme.iri}/{token}":
                raise DataInvalid(f"<{concept.iri}> does not end in its notation.", "Mend it.")


def _check_kind(kind: Kind) -> None:
    fields = {field.name: field for field in kind.fields}
    for field in kind.fields:
        if not set(field.columns) <= set(kind.forms):
            raise DataInvalid(f"{field.name} has a column of an unknown form.", "Name the form.")
        if field.received_field and fields[field.received_field].field_type is not FieldType.TEXT:
            raise DataInvalid(f"{field.received_field} cannot keep text.", "Make it a text.")
        unknown = {name for item in field.expects for name in item.formats} - FORMATS
        if unknown or any(not item.formats for item in field.expects):
            raise DataInvalid(
                f"{field.name} expects {sorted(unknown)}, which no test is named.",
                f"Use some of: {', '.join(sorted(FORMATS))}.",
            )
        if field.code_from and (field.required or field.columns):
            raise DataInvalid(f"{field.name} is derived, so it has no column.", "Remove it.")


def _check_codes(kind: Kind) -> None:
    """Refuse a condition or constant with a code that its field cannot have."""
    for name, token in _codes_used(kind):
        scheme = kind.field(name).scheme
        if scheme is None or token not in scheme.concepts:
            raise DataInvalid(
                f"{kind.slug} speaks of {token!r} as a value of {name}, which it never has.",
                "Name a code of the field's list.",
            )


def _codes_used(kind: Kind) -> Iterator[tuple[str, str]]:
    for when in _conditions(kind):
        yield from ((when.field, value) for value in when.values)
        if when.and_also:
            yield from ((when.and_also.field, value) for value in when.and_also.values)
    for field in kind.fields:
        yield from ((field.name, rule.value) for rule in field.inferred)
        for column in field.columns.values():
            if column.constant is not None:
                yield field.name, column.constant


def _conditions(kind: Kind) -> Iterator[Condition]:
    yield from kind.logged_only_when
    yield from (rule.when for rule in kind.tier_when)
    yield from (rule.when for rule in kind.delivered_states)
    yield from (item.withdraws_when for item in kind.links if item.withdraws_when)
    for field in kind.fields:
        yield from field.only_when
        yield from (rule.when for rule in field.required_when)
        yield from (rule.when for rule in field.format_when)
        yield from (rule.when for rule in field.disclosure_when)


def _check_links(model: Model, kind: Kind) -> None:
    for quotation in kind.links:
        scheme = kind.field(quotation.kind_field).scheme
        if scheme is None or set(scheme.concepts) != set(quotation.key_fields):
            raise DataInvalid(
                f"{kind.slug} may quote kinds whose keys it has no fields for, or none.",
                "Give a cr:target for each code of the field.",
            )
        rule = model.link_rules.get(quotation.relation)
        if (
            rule is None
            or kind.slug not in rule.sources
            or rule.targets != set(quotation.key_fields)
        ):
            raise DataInvalid(
                f"{kind.slug} quotes by {quotation.relation!r} otherwise than links.ttl says.",
                "Say the same in both.",
            )
        for slug, names in quotation.key_fields.items():
            if slug not in model.kinds or len(model.kinds[slug].key) != len(names):
                raise DataInvalid(
                    f"{kind.slug} quotes {slug} by a key that is not its own.", "Mend cr:keyFrom."
                )
