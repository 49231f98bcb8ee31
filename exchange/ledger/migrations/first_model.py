"""The model of the first release, whose ledgers stored none: digest and properties, frozen."""

from __future__ import annotations

from typing import Final

DIGEST: Final = "c9fa6af3e28d70f4bc8a235b84b394f802eb7e092f243d9b5dabda03b77e0c20"
_NAMES: Final = {
    "licence": (
        "authority authorityName businessRegistrationNumber certificateName "
        "certificateNumber counterpart counterpartCategory counterpartName decidedOn "
        "deliveredState division documentNumber documentTitle "
        "institutionCertificateNumber legalRepresentative licenceContent licenceKind "
        "licenceKindReceived licenceValidFrom licenceValidUntil organisationCode "
        "personIdKind personIdNumber personName remark representativeIdKind "
        "representativeIdNumber socialOrganisationNumber source sourceName "
        "sourceUpdatedAt taxRegistrationNumber uscc useScope"
    ),
    "list-entry": (
        "authority authorityName basisAuthority basisAuthorityName basisDocumentNumber "
        "basisKind businessRegistrationNumber counterpart counterpartCategory "
        "counterpartName decidedOn designatedUnder designationReason documentNumber "
        "institutionCertificateNumber legalRepresentative listedOn listedUntil onList "
        "organisationCode personIdKind personIdNumber personName remark removalReason "
        "removedOn representativeIdKind representativeIdNumber socialOrganisationNumber "
        "source sourceName taxRegistrationNumber uscc"
    ),
    "measure": (
        "appliesToList edition effectiveFrom effectiveUntil endCondition implementingUnit "
        "legalBasis measureClass measureCode measureContent measureName measureTarget "
        "remark source sourceName startCondition"
    ),
    "penalty": (
        "affectedLicence authority authorityName businessRegistrationNumber "
        "confiscatedAmount confiscatedAmountReceived counterpart counterpartCategory "
        "counterpartName decidedOn declaredPublicityEnd declaredSeverity deliveredState "
        "division documentNumber documentTitle fineAmount fineAmountReceived "
        "institutionCertificateNumber legalRepresentative organisationCode penaltyBasis "
        "penaltyContent penaltyKind penaltyKindReceived penaltyValidUntil personIdKind "
        "personIdNumber personName remark representativeIdKind representativeIdNumber "
        "socialOrganisationNumber source sourceName sourceUpdatedAt taxRegistrationNumber "
        "uscc useScope violationFacts violationType"
    ),
    "repair-case": (
        "acceptedOn appliedOn caseNumber decidedOn grounds outcome remark targetAuthority "
        "targetAuthorityName targetCertificateNumber targetCounterpart "
        "targetDocumentNumber targetEdition targetKind targetList targetMeasureCode "
        "targetPersonIdNumber unit unitName"
    ),
    "subject": (
        "authority authorityName branchOf businessRegistrationNumber describes "
        "dissolvedOn division establishedOn formerName industry legalForm "
        "legalRepresentative organisationCode registeredAddress registeredCapital "
        "registeredCapitalReceived registrationStatus remark representativeIdKind "
        "representativeIdNumber source sourceName subjectCategory subjectName uscc"
    ),
}
KINDS: Final = {
    slug: [f"<https://w3id.org/credence/ns#{name}>" for name in names.split()]
    for slug, names in _NAMES.items()
}
