"""Requests for information between the Board and agencies, and what came of them.

Framework section 7: every request says by which law, what for, and why no less will do.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import NarrativeText, Record
from app.reference.gateways import GatewayCompliance


class RequestStatus(StrEnum):
    """Where a request stands. That it is overdue is worked out, never a state."""

    draft = "draft"
    approved = "approved"
    issued = "issued"
    acknowledged = "acknowledged"
    supplied = "supplied"
    part_supplied = "part_supplied"
    refused = "refused"
    closed = "closed"
    withdrawn = "withdrawn"


class RequestOutcome(StrEnum):
    """How a request was answered; it stays when the request is closed."""

    supplied = "supplied"
    part_supplied = "part_supplied"
    refused = "refused"


class RefusalGround(StrEnum):
    """Legal ground on which information is refused."""

    not_for_functions = "not_for_functions"
    no_lawful_basis = "no_lawful_basis"
    not_necessary = "not_necessary"
    not_proportionate = "not_proportionate"
    common_law_confidence = "common_law_confidence"
    legal_privilege = "legal_privilege"
    court_order = "court_order"
    prejudice_to_proceedings = "prejudice_to_proceedings"
    incompatible_with_own_duties = "incompatible_with_own_duties"
    risk_of_harm = "risk_of_harm"


class ItemOutcome(StrEnum):
    """What came of one item."""

    supplied = "supplied"
    not_held = "not_held"
    refused = "refused"


class SupplyWay(StrEnum):
    """By which way something was supplied. The files themselves are not kept here."""

    here = "here"
    secure_email = "secure_email"
    secure_portal = "secure_portal"
    post = "post"
    by_hand = "by_hand"
    inspection = "inspection"
    telephone = "telephone"


class InformationRequest(Record):
    """That somebody asks somebody for information. No agency stands for the Board.

    `due_on` is worked out from `working_days` when the request is issued; `compliance` is what the
    gateway demanded then. Without `case_id` it is about no case, and names nobody.
    """

    __tablename__ = "information_requests"

    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    from_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    to_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    gateway: Mapped[str]
    compliance: Mapped[GatewayCompliance]
    purpose: Mapped[NarrativeText]
    necessity: Mapped[NarrativeText]
    proportionality: Mapped[NarrativeText]
    working_days: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[RequestStatus] = mapped_column(server_default=RequestStatus.draft)
    outcome: Mapped[RequestOutcome | None]
    refusal_ground: Mapped[RefusalGround | None]
    refusal_reasons: Mapped[NarrativeText | None]
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    answered_on: Mapped[date | None]


class InformationRequestItem(Record):
    """One thing that a request asks for, and its answer."""

    __tablename__ = "information_request_items"

    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    information_request_id: Mapped[UUID] = mapped_column(ForeignKey("information_requests.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    asked: Mapped[NarrativeText]
    outcome: Mapped[ItemOutcome | None]
    answer: Mapped[NarrativeText | None]
    way: Mapped[SupplyWay | None]
    supplied_on: Mapped[date | None]
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)


ASK, APPROVE = "information-requests:write", "information-requests:approve"
BOARD = "'cases:all' = ANY (caller.grants)"
ASKED = f"(t.to_agency_id = caller.agency_id OR t.to_agency_id IS NULL AND {BOARD})"
"""Who is asked: the agency, or the Board."""
ASKER = f"(t.from_agency_id = caller.agency_id OR {BOARD})"
"""Who asks, or the Board, through which all requests go."""
OTHERS = "t.drafted_by_id <> caller.id"
ITEMS = "SELECT FROM information_request_items i WHERE i.information_request_id = t.id"
ANSWERED = f"{ASKED} AND NOT EXISTS ({ITEMS} AND i.outcome IS NULL)"
NOTHING_REFUSED = f"{ANSWERED} AND NOT EXISTS ({ITEMS} AND i.outcome = 'refused')"
SOME_REFUSED = (
    f"{ANSWERED} AND EXISTS ({ITEMS} AND i.outcome = 'refused')"
    f" AND EXISTS ({ITEMS} AND i.outcome <> 'refused')"
)
NOTHING_SUPPLIED = f"{ASKED} AND NOT EXISTS ({ITEMS} AND i.outcome IN ('supplied', 'not_held'))"

REQUEST_LIFECYCLE = Lifecycle(
    (
        Move("draft", "approved", APPROVE, condition=OTHERS),
        Move("approved", "issued", ASK, condition=BOARD),
        Move("issued", "acknowledged", ASK, condition=ASKED),
        Move("acknowledged", "supplied", ASK, condition=NOTHING_REFUSED),
        Move("acknowledged", "part_supplied", ASK, needs_reason=True, condition=SOME_REFUSED),
        Move("acknowledged", "refused", ASK, needs_reason=True, condition=NOTHING_SUPPLIED),
        *(
            Move(state, "closed", ASK, condition=ASKER)
            for state in ("supplied", "part_supplied", "refused")
        ),
        *(
            Move(state, "withdrawn", ASK, needs_reason=True, condition=ASKER)
            for state in ("draft", "approved", "issued", "acknowledged")
        ),
    )
)
"""Lifecycle 15. To refuse is an outcome like the others: with its ground and its reasons."""
