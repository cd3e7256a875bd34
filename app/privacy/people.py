"""People of a case as the recogniser knows them, and as they are looked up."""

from collections.abc import Iterator

from app.models.vault import BlindKind
from app.privacy.crypto import surname_and_date_of_birth
from app.privacy.recognition import RegisteredName, RegisteredPerson, SpanKind
from app.schemas.identities import Identity, NameUse


def registered(number: int, kind: str, identity: Identity) -> RegisteredPerson:
    """Describe a person for the recogniser: every name and every identifier there is."""
    names = sorted(identity.names or [], key=lambda name: name.use != NameUse.current)
    return RegisteredPerson(
        number=number,
        kind=kind,
        names=tuple(RegisteredName(given=name.given, family=name.family) for name in names),
        dates_of_birth=(identity.date_of_birth,) if identity.date_of_birth else (),
        identifiers=tuple(_identifiers(identity)),
    )


def _identifiers(identity: Identity) -> Iterator[tuple[SpanKind, str]]:
    for kind, value in (
        (SpanKind.nhs_number, identity.nhs_number),
        (SpanKind.upn, identity.upn),
        (SpanKind.national_insurance_number, identity.national_insurance_number),
        (SpanKind.school, identity.school),
    ):
        if value:
            yield kind, value
    for address in identity.addresses or []:
        yield SpanKind.address, address.lines
        if address.postcode:
            yield SpanKind.postcode, address.postcode
    for kind, values in (
        (SpanKind.telephone, identity.telephones),
        (SpanKind.email, identity.emails),
        (SpanKind.local_identifier, identity.local_identifiers),
    ):
        for value in values or []:
            yield kind, value


def looked_up_by(identity: Identity) -> Iterator[tuple[BlindKind, str]]:
    """Return what a person can be found by: identifiers, each surname with the date of birth."""
    if identity.nhs_number:
        yield BlindKind.nhs_number, identity.nhs_number
    if identity.upn:
        yield BlindKind.upn, identity.upn
    if identity.date_of_birth:
        surnames = {name.family for name in identity.names or [] if name.family}
        for surname in sorted(surnames):
            yield (
                BlindKind.surname_and_date_of_birth,
                surname_and_date_of_birth(surname, identity.date_of_birth),
            )
