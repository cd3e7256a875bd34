"""Agencies: the Board's partners and everybody else who owes it an answer (Framework section 4)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Record


class Sector(StrEnum):
    """The kind of agency."""

    la_childrens = "la_childrens"
    la_adults = "la_adults"
    la_education = "la_education"
    public_health = "public_health"
    district_borough = "district_borough"
    icb_ccg = "icb_ccg"
    nhs_acute = "nhs_acute"
    nhs_community_mh = "nhs_community_mh"
    gp_primary = "gp_primary"
    ambulance = "ambulance"
    police = "police"
    pcc = "pcc"
    probation_nps = "probation_nps"
    crc = "crc"
    prison_yoi = "prison_yoi"
    youth_offending = "youth_offending"
    cafcass = "cafcass"
    school = "school"
    college = "college"
    early_years = "early_years"
    housing = "housing"
    fire = "fire"
    voluntary = "voluntary"
    faith = "faith"
    private_provider = "private_provider"
    childrens_trust = "childrens_trust"
    armed_services = "armed_services"
    ukvi = "ukvi"
    local_authority = "local_authority"
    nhs_trust = "nhs_trust"


class DutyBasis(StrEnum):
    """Why an agency owes the Board an answer: the law, a contract or its own will."""

    section_11 = "section_11"
    section_175 = "section_175"
    section_157 = "section_157"
    niss_regs_2015 = "niss_regs_2015"
    apprenticeships_act_2009 = "apprenticeships_act_2009"
    section_55_bcia = "section_55_bcia"
    childcare_act_2006_s40 = "childcare_act_2006_s40"
    contract = "contract"
    voluntary = "voluntary"


class IdentifierScheme(StrEnum):
    """Who gave an identifier."""

    urn = "urn"
    laestab = "laestab"
    ukprn = "ukprn"
    ofsted_urn = "ofsted_urn"
    ods = "ods"
    gss = "gss"
    la_code = "la_code"
    la_register = "la_register"
    police = "police"
    companies_house = "companies_house"
    charity = "charity"


class LeadFunction(StrEnum):
    """What a named lead provides (Framework section 9)."""

    section_11 = "section_11"
    section_175 = "section_175"
    maca = "maca"
    data = "data"
    training = "training"
    inspection = "inspection"
    cdop = "cdop"
    safeguarding = "safeguarding"


class SuccessionKind(StrEnum):
    """How one agency went on in another."""

    succeeded = "succeeded"
    merged = "merged"
    divided = "divided"
    converted = "converted"
    amalgamated = "amalgamated"


class Agency(Record):
    """A partner agency. `valid_to` is its last day; null while it lasts."""

    __tablename__ = "agencies"

    name: Mapped[str]
    short_name: Mapped[str | None]
    sector: Mapped[Sector] = mapped_column(index=True)
    duty_bases: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    is_board_member: Mapped[bool] = mapped_column(server_default=text("false"))
    serves_adults: Mapped[bool] = mapped_column(server_default=text("false"))
    area_id: Mapped[UUID | None] = mapped_column(ForeignKey("areas.id"), index=True)
    town: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class AgencyIdentifier(Record):
    """An identifier of an agency in somebody's register.

    `valid_to` is the last day it meant this agency; null while it does. Identifiers change hands:
    one that ended may mean another agency today.
    """

    __tablename__ = "agency_identifiers"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    scheme: Mapped[IdentifierScheme]
    value: Mapped[str]
    valid_to: Mapped[date | None]


class AgencySuccession(Record):
    """That one agency went on in another."""

    __tablename__ = "agency_successions"

    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    kind: Mapped[SuccessionKind]
    effective_on: Mapped[date | None]


class AgencyLead(Record):
    """A named lead of an agency for one function. `valid_to` is the last day in office."""

    __tablename__ = "agency_leads"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    function: Mapped[LeadFunction]
    name: Mapped[str]
    post: Mapped[str | None]
    email: Mapped[str | None]
    is_deputy: Mapped[bool] = mapped_column(server_default=text("false"))
    valid_from: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE"))
    valid_to: Mapped[date | None]
