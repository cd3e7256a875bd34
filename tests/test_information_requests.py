"""Requests for information over HTTP: explained, approved by another, answered or refused.

Framework section 7.
"""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from app.reference.working_days import add_working_days
from tests.casework import STORY, TOLD, Case, take_part
from tests.conftest import Json, SignedIn, SignIn
from tests.information_requests import (
    ASKED,
    draft,
    issue,
    items_of,
    move,
    path_of,
    reply,
)
from tests.stage import TODAY, Within, tag_of, token_of


@pytest.mark.duty("7.1")
async def test_a_request_is_explained_approved_by_another_and_due_in_working_days(
    officer: SignedIn, business_office: SignedIn, agency: Json
) -> None:
    request = await draft(officer, agency, working_days=7)

    await issue(officer, business_office, request)

    issued = (await officer.get(path_of(request))).json()
    assert (issued["status"], issued["compliance"]) == ("issued", "must")
    assert issued["approved_by_id"] == str(business_office.principal_id)
    assert issued["issued_on"] == str(TODAY)
    assert issued["due_on"] == str(add_working_days(TODAY, 7))
    assert issued["is_overdue"] is False
    assert [each["asked"] for each in await items_of(officer, request)] == ASKED["items"]


@pytest.mark.duty("7.1")
@pytest.mark.parametrize("missing", ["gateway", "purpose", "necessity", "proportionality", "items"])
async def test_a_request_that_is_not_explained_is_refused(
    officer: SignedIn, agency: Json, missing: str
) -> None:
    body = {name: value for name, value in ASKED.items() if name != missing}

    response = await officer.post(
        "/information-requests", json=body | {"to_agency_id": agency["id"]}
    )

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/{missing}"


async def test_nobody_approves_an_own_draft(business_office: SignedIn, agency: Json) -> None:
    request = await draft(business_office, agency)

    await move(business_office, request, "approved", 409)

    seen = (await business_office.get(path_of(request))).json()
    assert "approved" not in seen["allowed_transitions"]


async def test_nobody_without_leave_approves(
    officer: SignedIn, sign_in: SignIn, agency: Json
) -> None:
    request = await draft(officer, agency)
    other = await sign_in("bo_officer")

    await move(other, request, "approved", 409)


async def test_the_database_lets_nobody_approve_an_own_draft(
    within: Within, business_office: SignedIn, agency: Json
) -> None:
    request = await draft(business_office, agency)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with within(
            token_of(business_office), "information-requests:read"
        ).transaction() as db:
            await db.fetchrow(
                "UPDATE information_requests SET status = 'approved' WHERE id = $1",
                UUID(request["id"]),
            )


@pytest.mark.parametrize(
    ("gateway", "status"),
    [("ca2004_s14B", 409), ("ca1989_s47", 409), ("cws_act_2026", 409), ("no_such", 422)],
)
async def test_the_board_asks_only_by_a_gateway_that_it_may_use_today(
    officer: SignedIn, agency: Json, gateway: str, status: int
) -> None:
    body = ASKED | {"to_agency_id": agency["id"], "gateway": gateway}

    response = await officer.post("/information-requests", json=body)

    assert response.status_code == status
    assert gateway not in response.text


async def test_an_agency_asks_the_board_in_its_own_name(
    agency: Json, agency_system: SignedIn, other_system: SignedIn, business_office: SignedIn
) -> None:
    request = await draft(agency_system, None, gateway="ca1989_s47")

    assert request["from_agency_id"] == agency["id"]
    assert request["compliance"] == "must_unless_unreasonable"
    assert (await other_system.get(path_of(request))).status_code == 404
    await issue(business_office, business_office, request)
    await move(business_office, request, "acknowledged")
    for item in await items_of(business_office, request):
        await reply(business_office, item, outcome="not_held", answer="Nothing is held.")
    await move(business_office, request, "supplied")
    await move(agency_system, request, "closed")
    closed = (await agency_system.get(path_of(request))).json()
    assert (closed["status"], closed["outcome"]) == ("closed", "supplied")


async def test_an_agency_asks_another_through_the_board(
    other_agency: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
    business_office: SignedIn,
) -> None:
    request = await draft(agency_system, other_agency, gateway="ca2004_s10")

    hidden = await other_system.get(path_of(request))
    await issue(business_office, business_office, request)
    seen = await other_system.get(path_of(request))

    assert (hidden.status_code, seen.status_code) == (404, 200)
    await move(agency_system, request, "acknowledged", 409)
    await move(other_system, request, "acknowledged")


async def test_nobody_asks_themselves(agency: Json, agency_system: SignedIn) -> None:
    body = ASKED | {"to_agency_id": agency["id"], "gateway": "ca2004_s10"}

    response = await agency_system.post("/information-requests", json=body)

    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "information_requests_parties_check"


async def test_what_is_asked_is_fixed_once_it_is_approved(
    officer: SignedIn, business_office: SignedIn, agency: Json
) -> None:
    request = await draft(officer, agency)
    change = {"purpose": "To plan the audit."}
    changed = await officer.patch(
        path_of(request), json=change, headers=await tag_of(officer, path_of(request))
    )
    await move(business_office, request, "approved")

    refused = await officer.patch(path_of(request), json=change, headers={"If-Match": "*"})

    assert changed.json()["purpose"] == "To plan the audit."
    assert (refused.status_code, refused.json()["code"]) == (409, "request_fixed")


async def test_a_request_about_no_case_names_nobody(officer: SignedIn, agency: Json) -> None:
    body = ASKED | {
        "to_agency_id": agency["id"],
        "items": ["All about Desmond Hartigan of Corby."],
    }

    response = await officer.post("/information-requests", json=body)

    assert response.status_code == 422
    assert response.json()["identifiers"][0]["pointer"] == "/items/0"
    assert "Hartigan" not in response.text


async def test_names_become_labels_for_who_knows_of_the_case(
    officer: SignedIn, agency: Json, case: Case
) -> None:
    request = await draft(officer, agency, case_id=case.id, purpose=STORY, items=[STORY])

    assert request["purpose"] == TOLD
    assert [each["label"] for each in request["people"]] == ["Child A", "Health Visitor 1"]
    assert [each["asked"] for each in await items_of(officer, request)] == [TOLD]


@pytest.mark.duty("7.1")
async def test_an_agency_sees_a_request_only_when_it_is_issued(
    officer: SignedIn,
    business_office: SignedIn,
    agency: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
) -> None:
    request = await draft(officer, agency)
    before = await agency_system.get(path_of(request))

    await issue(officer, business_office, request)

    assert before.status_code == 404
    assert (await agency_system.get(path_of(request))).status_code == 200
    for path in (path_of(request), f"{path_of(request)}/items", f"{path_of(request)}/transitions"):
        assert (await other_system.get(path)).status_code == 404
    asked = {"to_agency_id": agency["id"]}
    listed = await other_system.get("/information-requests", params=asked)
    assert listed.json()["items"] == []
    await move(other_system, request, "acknowledged", 404)


async def test_an_agency_that_takes_no_part_sees_its_request_and_nothing_of_the_case(
    asked_of_agency: Json, agency_system: SignedIn, case: Case
) -> None:
    response = await agency_system.get(path_of(asked_of_agency))

    seen = response.json()
    assert seen["purpose"] == "To learn who saw [Person 1]."
    assert (seen["case_id"], seen["is_about_case"], seen["people"]) == (None, True, [])
    assert {"pointer": "/case_id", "reason": "restricted"} in seen["redactions"]
    assert case.id not in response.text
    assert (await agency_system.get(case.path)).status_code == 404
    assert (await agency_system.get(f"{case.path}/persons")).status_code == 404
    listed = await agency_system.get("/information-requests", params={"case_id": case.id})
    assert listed.json()["items"] == []


async def test_who_is_known_in_a_case_is_not_found_out_by_answering(
    owner: asyncpg.Connection, acknowledged: Json, agency_system: SignedIn, officer: SignedIn
) -> None:
    known, unknown = "Zoë O'Hallorán was seen.", "Desmond Hartigan was seen."
    first, second = await items_of(agency_system, acknowledged)

    answers = [
        await reply(agency_system, item, outcome="supplied", way="here", answer=text)
        for item, text in ((first, known), (second, unknown))
    ]

    for each in answers:
        assert each["answer"] is None
        assert {"pointer": "/answer", "reason": "restricted"} in each["redactions"]
        assert each["people"] == []
    shown = [each["answer"] for each in await items_of(officer, acknowledged)]
    assert shown == ["[Child A] was seen.", "[redacted name 1] was seen."]
    stored = await owner.fetchval(
        "SELECT answer FROM information_request_items WHERE id = $1", UUID(first["id"])
    )
    assert stored == "⟦1⟧ was seen."


@pytest.mark.duty("7.1")
async def test_to_refuse_is_an_outcome_with_its_ground_and_reasons(
    acknowledged: Json, agency_system: SignedIn, officer: SignedIn
) -> None:
    reasons = "Zoë O'Hallorán is not known to us."
    await move(agency_system, acknowledged, "refused", 422, reason=reasons)
    await move(agency_system, acknowledged, "refused", 422, refusal_ground="not_necessary")

    answer = await move(
        agency_system, acknowledged, "refused", reason=reasons, refusal_ground="not_necessary"
    )

    assert answer["reason"] is None
    assert answer["redactions"] == [{"pointer": "/reason", "reason": "restricted"}]
    seen = (await officer.get(path_of(acknowledged))).json()
    assert (seen["status"], seen["outcome"]) == ("refused", "refused")
    assert seen["refusal_ground"] == "not_necessary"
    assert seen["refusal_reasons"] == "[Child A] is not known to us."
    moves = (await officer.get(f"{path_of(acknowledged)}/transitions")).json()["items"]
    assert moves[0]["reason"] == "[Child A] is not known to us."
    assert [each["outcome"] for each in await items_of(officer, acknowledged)] == ["refused"] * 2


async def test_an_agency_that_takes_part_reads_what_it_answered(
    business_office: SignedIn,
    acknowledged: Json,
    agency: Json,
    agency_system: SignedIn,
    case: Case,
) -> None:
    await take_part(business_office, case, agency)
    item = (await items_of(agency_system, acknowledged))[0]

    answered = await reply(
        agency_system, item, outcome="supplied", way="secure_email", answer=STORY
    )

    assert (answered["answer"], answered["supplied_on"]) == (TOLD, str(TODAY))
    assert answered["case_id"] == case.id


async def test_what_was_refused_in_part_says_so(
    acknowledged: Json, agency_system: SignedIn
) -> None:
    first, second = await items_of(agency_system, acknowledged)
    await reply(agency_system, first, outcome="supplied", way="secure_portal")
    await move(agency_system, acknowledged, "supplied", 409)
    await reply(agency_system, second, outcome="refused", answer="It is under privilege.")

    await move(agency_system, acknowledged, "supplied", 409)
    await move(
        agency_system,
        acknowledged,
        "part_supplied",
        reason="Advice of counsel.",
        refusal_ground="legal_privilege",
    )

    seen = (await agency_system.get(path_of(acknowledged))).json()
    assert (seen["outcome"], seen["refusal_ground"]) == ("part_supplied", "legal_privilege")
    assert seen["refusal_reasons"] is None


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"outcome": "supplied"}, "/way"),
        ({"outcome": "not_held", "way": "post"}, "/way"),
        ({"outcome": "supplied", "way": "here"}, "/answer"),
        ({"outcome": "refused"}, "/answer"),
        (
            {"outcome": "supplied", "way": "post", "supplied_on": str(TODAY + timedelta(1))},
            "/supplied_on",
        ),
    ],
)
async def test_an_answer_that_contradicts_itself_is_refused(
    acknowledged: Json, agency_system: SignedIn, members: Json, pointer: str
) -> None:
    item = (await items_of(agency_system, acknowledged))[0]

    problem = await reply(agency_system, item, 422, **members)

    assert problem["errors"][0]["pointer"] == pointer


async def test_only_who_is_asked_answers(
    acknowledged: Json, officer: SignedIn, other_system: SignedIn
) -> None:
    item = (await items_of(officer, acknowledged))[0]

    await reply(officer, item, 403, outcome="not_held")
    path = f"{path_of(acknowledged)}/items/{item['id']}"
    hidden = await other_system.put(
        f"{path}/answer", json={"outcome": "not_held"}, headers={"If-Match": "*"}
    )

    assert hidden.status_code == 404


async def test_nothing_is_answered_before_it_is_acknowledged(
    asked_of_agency: Json, agency_system: SignedIn
) -> None:
    item = (await items_of(agency_system, asked_of_agency))[0]

    problem = await reply(agency_system, item, 409, outcome="not_held")

    assert problem["code"] == "request_not_open"


async def test_an_answer_that_is_late_is_overdue(
    owner: asyncpg.Connection, asked_of_agency: Json, officer: SignedIn
) -> None:
    await owner.execute(
        "UPDATE information_requests SET issued_on = $2, due_on = $3 WHERE id = $1",
        UUID(asked_of_agency["id"]),
        TODAY - timedelta(days=20),
        TODAY - timedelta(days=1),
    )

    late = (await officer.get(path_of(asked_of_agency))).json()
    found = await officer.get(
        "/information-requests",
        params={"is_overdue": True, "to_agency_id": asked_of_agency["to_agency_id"]},
    )

    assert late["is_overdue"] is True
    assert [each["id"] for each in found.json()["items"]] == [asked_of_agency["id"]]


async def test_small_numbers_are_not_told_to_partners(
    owner: asyncpg.Connection, sign_in: SignIn, officer: SignedIn, board_member: SignedIn
) -> None:
    for gateway, number in (("court_order", 5), ("ca2004_s16H", 6)):
        await owner.execute(
            "INSERT INTO information_requests (to_agency_id, gateway, compliance, purpose,"
            " necessity, proportionality, working_days, status, outcome, drafted_by_id, issued_on,"
            " due_on) SELECT (SELECT id FROM agencies LIMIT 1), $1, 'must', 'x', 'x', 'x', 10,"
            " 'closed', 'supplied', $3, '2031-05-05', '2031-05-19' FROM generate_series(1, $2)",
            gateway,
            number,
            officer.principal_id,
        )
    asked = {"year": 2031}

    told = (await board_member.get("/information-request-summary", params=asked)).json()
    whole = (await officer.get("/information-request-summary", params=asked)).json()

    def counted(answer: Json) -> dict[str, int | None]:
        return {each["gateway"]: each["requests"] for each in answer["counts"]}

    assert counted(told) == {"court_order": None, "ca2004_s16H": 6}
    assert told["redactions"] == [{"pointer": "/counts/1/requests", "reason": "small_number"}]
    assert counted(whole) == {"court_order": 5, "ca2004_s16H": 6}
    assert whole["redactions"] == []
    operator = await sign_in("sysadmin")
    refused = await operator.get("/information-request-summary", params=asked)
    assert refused.status_code == 403
