"""People who may sign in: invitations, users, and the roles they hold (Framework section 8 on).

Roles within an agency are given by whoever registers people; the Board's own roles, and those of
its Business Office, only by the manager of that office. Nobody gives or ends a role of their own,
or switches their own access off or on. The policies of the tables see to all of that.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.caller import Caller, Requires
from app.access.registration import register_person
from app.access.scopes import Scope
from app.access.sign_in import SigningIn
from app.models.access import Principal, User
from app.pagination import Page
from app.schemas.users import (
    InvitationCreate,
    InvitationFilters,
    InvitationIssued,
    InvitationRead,
    RoleAssignmentCreate,
    RoleAssignmentFilters,
    RoleAssignmentRead,
    RoleAssignmentUpdate,
    RoleFilters,
    RoleRead,
    UserFilters,
    UserRead,
    UserUpdate,
)
from app.services.invitations import invite_again, mail_invitation
from app.services.records import (
    change,
    changing,
    create,
    creating,
    page,
    patch,
    render,
    show,
    update,
)
from app.services.revealing import revealing

router = APIRouter(tags=["users"])

UserId = Annotated[UUID, Path(description="The person.")]
InvitationId = Annotated[UUID, Path(description="The invitation.")]
AssignmentId = Annotated[UUID, Path(description="The role of a person.")]
Me = Annotated[Caller, Requires(Scope.me)]
Read = Annotated[Caller, Requires(Scope.users_read)]
Write = Annotated[Caller, Requires(Scope.users_write)]


@router.get("/users", response_model=Page[UserRead])
async def list_users(caller: Read, filters: Annotated[UserFilters, Query()]) -> Response:
    """List who may sign in, newest first."""
    return await page(caller, UserRead, filters)


@router.get("/users/{user_id}", response_model=UserRead)
async def read_user(caller: Read, user_id: UserId) -> Response:
    """Read one person."""
    return await show(caller, UserRead, user_id)


@router.patch("/users/{user_id}", response_model=UserRead)
async def update_user(
    caller: Write, sign_in: SigningIn, user_id: UserId, body: UserUpdate
) -> Response:
    """Rename a person, or switch access off and on. Off ends every session at once."""
    async with changing(caller, UserRead, user_id, body) as changed:
        values = patch(body)
        access = {name: values.pop(name) for name in ("is_active",) if name in values}
        await update(changed.db, User, user_id, values)
        await update(changed.db, Principal, user_id, access)
    if access.get("is_active") is False:
        await sign_in.end_all(user_id)
    return changed.response


@router.post("/invitations", status_code=201, response_model=InvitationIssued)
async def invite_user(caller: Write, request: Request, body: InvitationCreate) -> Response:
    """Invite somebody to sign in, with roles; a mail with a one-time link goes out."""
    token = None
    async with creating(caller, InvitationRead, body) as creation:
        if creation.is_new:
            values = body.model_dump()
            _, link = await register_person(creation.db, **values)
            key = request.app.state.secret_key
            await mail_invitation(creation.db, key, email=body.email, name=body.name, link=link)
            creation.id, token = link.id, link.token
    return revealing(creation.response, invitation_token=token)


@router.post("/users/{user_id}/invitations", status_code=201, response_model=InvitationIssued)
async def invite_user_again(caller: Write, request: Request, user_id: UserId) -> Response:
    """Invite a person again, after the link expired or everything to sign in with was lost.

    Accepting it ends every session and takes away the second factor. To a person who has
    accepted before the token goes by mail only: nobody else can sign in as somebody known.
    """
    token = None
    async with creating(caller, InvitationRead, str(user_id)) as creation:
        if creation.is_new:
            await render(creation.db, UserRead, user_id)
            link, is_known = await invite_again(creation.db, request.app.state.secret_key, user_id)
            creation.id, token = link.id, None if is_known else link.token
    creation.response.headers["Location"] = f"/v1/invitations/{creation.id}"
    return revealing(creation.response, invitation_token=token)


@router.get("/invitations", response_model=Page[InvitationRead])
async def list_invitations(
    caller: Write, filters: Annotated[InvitationFilters, Query()]
) -> Response:
    """List invitations, newest first."""
    return await page(caller, InvitationRead, filters)


@router.get("/invitations/{invitation_id:uuid}", response_model=InvitationRead)
async def read_invitation(caller: Write, invitation_id: InvitationId) -> Response:
    """Read one invitation, without its token."""
    return await show(caller, InvitationRead, invitation_id)


@router.get("/roles", response_model=Page[RoleRead])
async def list_roles(caller: Me, filters: Annotated[RoleFilters, Query()]) -> Response:
    """List the roles of the framework and what each may do."""
    return await page(caller, RoleRead, filters, sort="code")


@router.get("/role-assignments", response_model=Page[RoleAssignmentRead])
async def list_role_assignments(
    caller: Read, filters: Annotated[RoleAssignmentFilters, Query()]
) -> Response:
    """List who holds, held or will hold which role, newest first."""
    return await page(caller, RoleAssignmentRead, filters)


@router.post("/role-assignments", status_code=201, response_model=RoleAssignmentRead)
async def create_role_assignment(caller: Write, body: RoleAssignmentCreate) -> Response:
    """Give a person a role, from one day to another. Never to oneself."""
    return await create(caller, RoleAssignmentRead, body.model_dump())


@router.get("/role-assignments/{assignment_id}", response_model=RoleAssignmentRead)
async def read_role_assignment(caller: Read, assignment_id: AssignmentId) -> Response:
    """Read one role of a person."""
    return await show(caller, RoleAssignmentRead, assignment_id)


@router.patch("/role-assignments/{assignment_id}", response_model=RoleAssignmentRead)
async def update_role_assignment(
    caller: Write, assignment_id: AssignmentId, body: RoleAssignmentUpdate
) -> Response:
    """Say when a role ends: the last day on which it is held."""
    return await change(caller, RoleAssignmentRead, assignment_id, body)
