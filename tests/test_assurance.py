"""Statements of assurance: with their sources, agreed by the Board alone, version after version."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import TODAY

SOURCES: list[Json] = [
    {"source_kind": "s11", "source_title": "Section 11 audit 2017"},
    {"source_kind": "forum", "source_title": "Forum of practitioners, autumn"},
]


async def draft(caller: SignedIn, **members: object) -> Json:
    """Draft a statement about a standard that nobody else uses."""
    body: Json = {
        "statement": "Agencies see children alone; how often, two of eight cannot say.",
        "period": "2017-18",
        "confidence": "medium",
        "standard": f"S{uuid4().hex[:8]}",
        "sources": SOURCES,
    }
    response = await caller.post("/assurance-statements", json=body | members)
    assert response.status_code == 201, response.text
    made: Json = response.json()
    return made


async def decided(
    owner: asyncpg.Connection, caller: SignedIn, statement: Json, body: str = "board"
) -> str:
    """Have a body agree to a statement."""
    made = await owner.fetchval(
        "INSERT INTO decisions (body_id, decided_on, outcome, text, subject, record_id,"
        " is_chairs_action, recorded_by_id)"
        " SELECT id, $1, 'agreed', 'Agreed.', 'assurance_statements', $2, true, $3 FROM bodies"
        " WHERE code = $4 RETURNING id",
        TODAY,
        UUID(statement["id"]),
        caller.principal_id,
        body,
    )
    return str(made)


async def agree(
    owner: asyncpg.Connection, caller: SignedIn, statement: Json, body: str = "board"
) -> tuple[int, Json]:
    """Move a statement on by a decision; return status and answer."""
    decision = await decided(owner, caller, statement, body)
    response = await caller.post(
        f"/assurance-statements/{statement['id']}/transitions",
        json={"to": "agreed", "decision_id": decision},
        headers={"If-Match": "*"},
    )
    return response.status_code, response.json()


async def read(caller: SignedIn, statement: Json) -> Json:
    """Read a statement."""
    response = await caller.get(f"/assurance-statements/{statement['id']}")
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


async def test_a_statement_is_drafted_with_its_sources_and_read_whole(
    business_office: SignedIn,
) -> None:
    made = await draft(business_office)

    assert await read(business_office, made) == made
    assert made["sources"] == [
        {
            "source_kind": "s11",
            "source_area": "qualitative",
            "source_id": None,
            "source_title": "Section 11 audit 2017",
        },
        {
            "source_kind": "forum",
            "source_area": "qualitative",
            "source_id": None,
            "source_title": "Forum of practitioners, autumn",
        },
    ]
    assert (made["version"], made["status"]) == (1, "draft")
    assert made["drafted_by_id"] == str(business_office.principal_id)
    assert made["allowed_transitions"] == ["agreed"]


@pytest.mark.duty("3.2")
async def test_partners_read_what_the_board_agreed_and_versions_follow_each_other(
    business_office: SignedIn, board_member: SignedIn, owner: asyncpg.Connection
) -> None:
    first = await draft(business_office)
    hidden = await board_member.get(f"/assurance-statements/{first['id']}")
    await agree(owner, business_office, first)
    second = await draft(
        business_office,
        standard=first["standard"],
        supersedes_id=first["id"],
        period="2018-19",
        confidence="high",
    )
    status, _ = await agree(owner, business_office, second)

    listed = await board_member.get("/assurance-statements", params={"standard": first["standard"]})

    moves = await board_member.get(f"/assurance-statements/{first['id']}/transitions")
    assert hidden.status_code == 404
    assert status == 201
    assert [
        (each["version"], each["period"], each["confidence"], each["status"])
        for each in listed.json()["items"]
    ] == [(2, "2018-19", "high", "agreed"), (1, "2017-18", "medium", "superseded")]
    assert [each["to_state"] for each in moves.json()["items"]] == ["superseded", "agreed"]


async def test_only_the_board_agrees_and_only_to_what_rests_on_something(
    business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    made = await draft(business_office)
    bare = await draft(business_office, sources=[])
    path = f"/assurance-statements/{made['id']}/transitions"

    undecided = await business_office.post(path, json={"to": "agreed"}, headers={"If-Match": "*"})
    elsewhere = await agree(owner, business_office, made, "quality_assurance")
    baseless = await agree(owner, business_office, bare)
    early = await business_office.post(path, json={"to": "superseded"}, headers={"If-Match": "*"})

    assert undecided.json()["code"] == "decision_needed"
    assert elsewhere[1]["code"] == "decision_needed"
    assert baseless[1]["code"] == "transition_not_allowed"
    assert early.json()["code"] == "transition_not_allowed"


async def test_a_draft_is_changed_with_its_sources_and_what_was_agreed_is_not(
    business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    made = await draft(business_office)
    path = f"/assurance-statements/{made['id']}"
    changes = {"confidence": "low", "sources": SOURCES[:1]}

    changed = await business_office.patch(path, json=changes, headers={"If-Match": "*"})
    await agree(owner, business_office, made)
    fixed = await business_office.patch(path, json=changes, headers={"If-Match": "*"})

    assert (changed.json()["confidence"], len(changed.json()["sources"])) == ("low", 1)
    assert (fixed.status_code, fixed.json()["code"]) == (409, "record_fixed")


@pytest.mark.parametrize(
    "members",
    [
        {"statement": "Jane Smith of Corby was not seen alone."},
        {"sources": [{"source_kind": "s11", "source_title": "Interview with Jane Smith"}]},
    ],
)
async def test_a_statement_names_nobody(business_office: SignedIn, members: Json) -> None:
    body = {"statement": "Well.", "period": "2017-18", "confidence": "low", "standard": "S1"}

    response = await business_office.post("/assurance-statements", json=body | members)

    assert response.status_code == 422
    assert "Smith" not in response.text


async def test_a_statement_is_about_one_thing_and_follows_one_about_the_same(
    business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    first = await draft(business_office)
    await agree(owner, business_office, first)
    body = {"statement": "Well.", "period": "2018-19", "confidence": "low"}
    source = {"source_kind": "case_review", "source_title": "Review", "source_id": str(uuid4())}

    answers = [
        await business_office.post("/assurance-statements", json=body | members)
        for members in (
            {},
            {"standard": "S1", "priority_id": str(uuid4())},
            {"standard": "Another", "supersedes_id": first["id"]},
            {"standard": "S1", "sources": [source]},
        )
    ]

    assert [each.status_code for each in answers] == [409] * 4


async def test_of_two_drafts_at_once_one_takes_the_place(
    business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    first = await draft(business_office)
    await agree(owner, business_office, first)
    body = {
        "statement": "Well.",
        "period": "2018-19",
        "confidence": "low",
        "standard": first["standard"],
        "supersedes_id": first["id"],
    }

    answers = await asyncio.gather(
        *(business_office.post("/assurance-statements", json=body) for _ in range(2))
    )

    assert sorted(each.status_code for each in answers) == [201, 409]


@pytest.mark.parametrize("role", ["board_member", "agency_lead", "qa_member"])
async def test_who_only_reads_states_nothing(
    sign_in: SignIn, business_office: SignedIn, agency: Json, role: str
) -> None:
    made = await draft(business_office)
    caller = await sign_in(role, agency_id=agency["id"] if role == "agency_lead" else None)
    path = f"/assurance-statements/{made['id']}"

    answers = [
        await caller.post("/assurance-statements", json={}),
        await caller.patch(path, json={"confidence": "low"}, headers={"If-Match": "*"}),
        await caller.post(f"{path}/transitions", json={"to": "agreed"}, headers={"If-Match": "*"}),
    ]

    assert {each.status_code for each in answers} <= {403, 422}
    assert answers[1].status_code == answers[2].status_code == 403
