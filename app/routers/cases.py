"""`/cases`: what happened to a child, who works on it, and the people it is about, by label.

Framework sections 7 and 16.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DisclosureRefused, StepUpRequired, UndertakingRequired, responses
from app.models.cases import Case
from app.pagination import Page
from app.privacy.errors import IdentitiesDestroyed, LabelIdentifies
from app.schemas.cases import (
    CaseAgencyCreate,
    CaseAgencyFilters,
    CaseAgencyRead,
    CaseAgencyUpdate,
    CaseCreate,
    CaseFilters,
    CaseMemberCreate,
    CaseMemberFilters,
    CaseMemberRead,
    CaseMemberUpdate,
    CaseRead,
    CaseUpdate,
    PersonCreate,
    PersonFilters,
    PersonRead,
    PersonUpdate,
)
from app.services.cases import open_case
from app.services.disclosure import DISCLOSES, show_disclosed
from app.services.nested import page_within
from app.services.people import add_person, change_person
from app.services.records import change, changing, create, creating, page, show

router = APIRouter(tags=["cases"])

CaseId = Annotated[UUID, Path(description="The case.")]
PartId = Annotated[UUID, Path(description="The agency's part in the case.")]
MemberId = Annotated[UUID, Path(description="The membership of the team.")]
PersonId = Annotated[UUID, Path(description="The person.")]
Read = Annotated[Caller, Requires(Scope.cases_read)]
Write = Annotated[Caller, Requires(Scope.cases_write)]
WritePeople = Annotated[Caller, Requires(Scope.persons_write)]
OF_GRANTS = responses(DisclosureRefused, StepUpRequired, UndertakingRequired)


@router.get("/cases", response_model=Page[CaseRead])
async def list_cases(caller: Read, filters: Annotated[CaseFilters, Query()]) -> Response:
    """List the cases you take part in, newest first. Of others you do not learn that they exist."""
    return await page(caller, CaseRead, filters)


@router.post("/cases", status_code=201, response_model=CaseRead)
async def create_case(caller: Write, body: CaseCreate) -> Response:
    """Open a case. Without a reference it gets one that is chance alone."""
    async with creating(caller, CaseRead, body) as creation:
        if creation.is_new:
            values = body.model_dump(exclude_unset=True)
            creation.id = await open_case(creation.db, caller, values)
    return creation.response


@router.get("/cases/{case_id}", response_model=CaseRead)
async def read_case(caller: Read, case_id: CaseId) -> Response:
    """Read one case."""
    return await show(caller, CaseRead, case_id)


@router.patch("/cases/{case_id}", response_model=CaseRead)
async def update_case(caller: Write, case_id: CaseId, body: CaseUpdate) -> Response:
    """Change a case, or close it on a day: retention runs from there."""
    return await change(caller, CaseRead, case_id, body)


@router.get("/cases/{case_id}/agencies", response_model=Page[CaseAgencyRead])
async def list_case_agencies(
    caller: Read, case_id: CaseId, filters: Annotated[CaseAgencyFilters, Query()]
) -> Response:
    """List the agencies that take part in a case; an agency sees its own part."""
    return await page_within(caller, Case, case_id, CaseAgencyRead, filters, "t.case_id = $3")


@router.post("/cases/{case_id}/agencies", status_code=201, response_model=CaseAgencyRead)
async def create_case_agency(caller: Write, case_id: CaseId, body: CaseAgencyCreate) -> Response:
    """Have an agency take part in a case. From now on it knows of the case."""
    return await create(caller, CaseAgencyRead, {"case_id": case_id} | body.model_dump())


@router.get("/cases/{case_id}/agencies/{part_id}", response_model=CaseAgencyRead)
async def read_case_agency(caller: Read, case_id: CaseId, part_id: PartId) -> Response:
    """Read the part of an agency in a case."""
    return await show(caller, CaseAgencyRead, part_id, "t.case_id = $4", case_id)


@router.patch("/cases/{case_id}/agencies/{part_id}", response_model=CaseAgencyRead)
async def update_case_agency(
    caller: Write, case_id: CaseId, part_id: PartId, body: CaseAgencyUpdate
) -> Response:
    """Change the part of an agency, or end it: after its last day it sees the case no more."""
    await show(caller, CaseAgencyRead, part_id, "t.case_id = $4", case_id)
    return await change(caller, CaseAgencyRead, part_id, body)


@router.get("/cases/{case_id}/members", response_model=Page[CaseMemberRead])
async def list_case_members(
    caller: Read, case_id: CaseId, filters: Annotated[CaseMemberFilters, Query()]
) -> Response:
    """List the team of a case, for the team."""
    return await page_within(caller, Case, case_id, CaseMemberRead, filters, "t.case_id = $3")


@router.post("/cases/{case_id}/members", status_code=201, response_model=CaseMemberRead)
async def create_case_member(caller: Write, case_id: CaseId, body: CaseMemberCreate) -> Response:
    """Have somebody join the team of a case: who sees all of it, pseudonymised."""
    return await create(caller, CaseMemberRead, {"case_id": case_id} | body.model_dump())


@router.get("/cases/{case_id}/members/{member_id}", response_model=CaseMemberRead)
async def read_case_member(caller: Read, case_id: CaseId, member_id: MemberId) -> Response:
    """Read one membership of the team of a case."""
    return await show(caller, CaseMemberRead, member_id, "t.case_id = $4", case_id)


@router.patch("/cases/{case_id}/members/{member_id}", response_model=CaseMemberRead)
async def update_case_member(
    caller: Write, case_id: CaseId, member_id: MemberId, body: CaseMemberUpdate
) -> Response:
    """End somebody's part in the team: rights and grants in this case end with the last day."""
    await show(caller, CaseMemberRead, member_id, "t.case_id = $4", case_id)
    return await change(caller, CaseMemberRead, member_id, body)


@router.get("/cases/{case_id}/persons", response_model=Page[PersonRead])
async def list_persons(
    caller: Read, case_id: CaseId, filters: Annotated[PersonFilters, Query()]
) -> Response:
    """List the people of a case by label, in order. A list discloses nobody."""
    return await page_within(
        caller, Case, case_id, PersonRead, filters, "t.case_id = $3", sort="number"
    )


@router.post(
    "/cases/{case_id}/persons",
    status_code=201,
    response_model=PersonRead,
    responses=responses(LabelIdentifies, IdentitiesDestroyed),
)
async def create_person(caller: WritePeople, case_id: CaseId, body: PersonCreate) -> Response:
    """Record a person of a case. The answer, like every other, shows the label alone.

    Narratives of the case that name the person already are gone through again by the worker.
    """
    async with creating(caller, PersonRead, [str(case_id), body]) as creation:
        if creation.is_new:
            creation.id = await add_person(creation.db, caller, case_id, body)
    creation.response.headers["Location"] = f"/v1/persons/{creation.id}"
    return creation.response


@router.get(
    "/persons/{person_id}",
    response_model=PersonRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_person(caller: Read, person_id: PersonId) -> Response:
    """Read one person by label; under a `Disclosure-Grant`, who it is."""
    return await show_disclosed(caller, PersonRead, person_id)


@router.patch(
    "/persons/{person_id}",
    response_model=PersonRead,
    responses=responses(LabelIdentifies, IdentitiesDestroyed),
)
async def update_person(caller: WritePeople, person_id: PersonId, body: PersonUpdate) -> Response:
    """Change a person. An identity that is sent replaces the one on record as a whole."""
    async with changing(caller, PersonRead, person_id) as changed:
        await change_person(changed.db, caller, changed.before, body)
    return changed.response
