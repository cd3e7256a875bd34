"""What the database refuses of answers and responses, whatever the API lets through."""

from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import WHOLE, StagedAudit, Within, put_answers, token_of


async def test_the_database_knows_what_an_agency_may_write(
    within: Within, sign_in: SignIn, agency: Json, audit: StagedAudit
) -> None:
    both = await sign_in("agency_lead", "qa_member", agency_id=agency["id"])
    await put_answers(both, audit.response_of(agency), WHOLE[0])
    caller = within(token_of(both), "audit-responses:write")

    async def attempt(column: str) -> int:
        sql = f"UPDATE answers SET {column} = 'met' WHERE response_id = $1 RETURNING id"
        async with caller.transaction() as db:
            return len(await db.fetch(sql, audit.responses[agency["id"]]))

    assert await attempt("grade") == 1
    for column in ("moderated_grade", "moderator_comment", "returned_comment", "previous_grade"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await attempt(column)


async def test_the_database_knows_what_a_moderator_may_write(
    within: Within, moderator: SignedIn, lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    await put_answers(lead, audit.response_of(agency), WHOLE[0])
    caller = within(token_of(moderator), "audit-responses:moderate")

    for column in ("grade", "narrative", "impact", "own_reference"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with caller.transaction() as db:
                await db.fetch(
                    f"UPDATE answers SET {column} = 'other' WHERE response_id = $1",
                    audit.responses[agency["id"]],
                )


async def test_nobody_plants_an_answer_in_anothers_response(
    within: Within, sign_in: SignIn, agency: Json, other_agency: Json, audit: StagedAudit
) -> None:
    sees_all = await sign_in("agency_lead", "board_member", agency_id=other_agency["id"])
    caller = within(token_of(sees_all), "audit-responses:write")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with caller.transaction() as db:
            await db.fetch(
                "INSERT INTO answers (response_id, audit_id, agency_id, question_id, grade)"
                " VALUES ($1, $2, $3, $4, 'met')",
                audit.responses[agency["id"]],
                audit.id,
                UUID(other_agency["id"]),
                audit.questions["1.1"],
            )


@pytest.mark.parametrize("state", ["accepted", "final", "exempt", "not_started"])
async def test_the_database_knows_which_states_are_an_agencys_to_choose(
    within: Within, lead: SignedIn, agency: Json, audit: StagedAudit, state: str
) -> None:
    caller = within(token_of(lead), "audit-responses:write")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with caller.transaction() as db:
            await db.fetch(
                "UPDATE audit_responses SET status = $2 WHERE id = $1",
                audit.responses[agency["id"]],
                state,
            )
