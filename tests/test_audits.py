"""Audits over HTTP, from the plan to the archive. Framework section 15."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.rounds import (
    audit_body,
    is_put_to,
    open_round,
    plan,
    post,
    publish,
    questions_of,
    response_to,
    shipped,
    step,
    whole_return,
)
from tests.stage import TODAY, tag_of


@pytest.fixture
async def instrument(business_office: SignedIn) -> Json:
    """The shipped Section 11 question set, published."""
    return await publish(business_office, shipped("section_11"))


async def submit(system: SignedIn, audit: Json, body: Json) -> Json:
    """Push a whole return; return the response it belongs to."""
    return await post(system, f"/audits/{audit['id']}/submissions", body)


@pytest.mark.duty("5.1")
async def test_an_audit_takes_its_kind_from_its_instrument(
    business_office: SignedIn, instrument: Json
) -> None:
    body = audit_body(instrument)

    response = await business_office.post("/audits", json=body)

    assert response.status_code == 201, response.text
    made = response.json()
    assert made == body | {
        "id": made["id"],
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "kind": "section_11",
        "previous_audit_id": None,
        "is_retrospective": False,
        "status": "draft",
        "allowed_transitions": ["cancelled"],
    }
    assert (await business_office.get(response.headers["location"][3:])).json() == made


@pytest.mark.duty("X11")
async def test_an_audit_runs_its_whole_life(
    business_office: SignedIn, instrument: Json, agency: Json
) -> None:
    audit = await plan(business_office, instrument, [agency])
    path = f"/audits/{audit['id']}"
    allowed = []

    for state in (
        "approved", "open", "grace", "closed", "moderating", "challenge", "reporting", "concluded",
        "archived",
    ):  # fmt: skip
        seen = (await business_office.get(path)).json()
        assert state in seen["allowed_transitions"]
        allowed.append(seen["allowed_transitions"])
        await step(business_office, path, state)

    moves = (await business_office.get(f"{path}/transitions")).json()["items"]
    assert [each["to_state"] for each in moves][:2] == ["archived", "concluded"]
    assert len(moves) == 9
    assert {each["actor_id"] for each in moves} == {str(business_office.principal_id)}
    assert allowed[:3] == [
        ["approved", "cancelled"],
        ["open", "cancelled"],
        ["grace", "closed", "cancelled"],
    ]
    assert (await business_office.get(path)).json()["allowed_transitions"] == []


async def test_an_audit_without_a_roster_is_not_approved(
    business_office: SignedIn, instrument: Json
) -> None:
    audit = await plan(business_office, instrument)

    response = await business_office.post(
        f"/audits/{audit['id']}/transitions", json={"to": "approved"}, headers={"If-Match": "*"}
    )

    assert (response.status_code, response.json()["code"]) == (409, "transition_not_allowed")


async def test_the_chair_approves_and_does_not_run_it(
    business_office: SignedIn, sign_in: SignIn, instrument: Json, agency: Json
) -> None:
    audit = await plan(business_office, instrument, [agency])
    path = f"/audits/{audit['id']}"
    chair = await sign_in("chair")

    moved = await step(chair, path, "approved")

    assert moved["actor_id"] == str(chair.principal_id)
    assert (await chair.get(path)).json()["allowed_transitions"] == ["cancelled"]
    changed = await chair.patch(path, json={"title": "New"}, headers={"If-Match": "*"})
    assert (changed.status_code, changed.json()["code"]) == (403, "insufficient_scope")


async def test_agencies_see_no_drafts(
    business_office: SignedIn, agency_system: SignedIn, instrument: Json, agency: Json
) -> None:
    audit = await plan(business_office, instrument, [agency])
    path, query = f"/audits/{audit['id']}", {"reference": audit["reference"]}
    draft = await agency_system.get(path)
    of_draft = await agency_system.get(f"{path}/transitions")
    listed = (await agency_system.get("/audits", params=query)).json()["items"]

    await step(business_office, path, "approved")

    assert (draft.status_code, of_draft.status_code, listed) == (404, 404, [])
    approved = await agency_system.get(path)
    assert (approved.status_code, approved.json()["allowed_transitions"]) == (200, [])


async def test_an_agency_plans_moves_and_changes_no_audit(
    business_office: SignedIn, agency_system: SignedIn, instrument: Json, agency: Json
) -> None:
    audit = await open_round(business_office, instrument, [agency])
    path, now = f"/audits/{audit['id']}", {"If-Match": "*"}

    answers = [
        await agency_system.post("/audits", json=audit_body(instrument)),
        await agency_system.patch(path, json={"title": "Mine"}, headers=now),
        await agency_system.post(f"{path}/transitions", json={"to": "closed"}, headers=now),
        await agency_system.post(f"{path}/roster", json={"agency_ids": [agency["id"]]}),
    ]

    assert [each.status_code for each in answers] == [403, 403, 403, 403]
    assert (await business_office.get(path)).json() == audit


async def test_audits_are_found_by_kind_state_instrument_and_opening(
    business_office: SignedIn, instrument: Json
) -> None:
    near = await plan(business_office, instrument)
    later = (TODAY + timedelta(days=5)).isoformat()
    far = await plan(business_office, instrument, opens_on=later)

    async def found(**query: str) -> list[str]:
        listed = await business_office.get(
            "/audits", params={"instrument_id": instrument["id"]} | query
        )
        return [each["id"] for each in listed.json()["items"]]

    assert await found() == [far["id"], near["id"]]
    assert await found(opens_on_from=later) == [far["id"]]
    assert await found(opens_on_before=later) == [near["id"]]
    assert await found(kind="section_175") == []
    assert await found(status="open") == []


@pytest.mark.parametrize("wrong", [{"due_on": "2000-01-01"}, {"locks_on": "2000-01-01"}])
async def test_days_stand_in_order(
    business_office: SignedIn, instrument: Json, wrong: Json
) -> None:
    audit = await plan(business_office, instrument)
    path = f"/audits/{audit['id']}"

    made = await business_office.post("/audits", json=audit_body(instrument) | wrong)
    changed = await business_office.patch(path, json=wrong, headers={"If-Match": "*"})

    assert (made.status_code, made.json()["errors"][0]["code"]) == (422, "days_in_order")
    assert (changed.status_code, changed.json()["errors"][0]["code"]) == (409, "audits_dates_check")


async def test_an_audit_rests_on_what_is_on_record(
    business_office: SignedIn, instrument: Json
) -> None:
    draft = await post(business_office, "/instruments", shipped("section_11"))
    schools = await publish(business_office, shipped("schools"))
    before = await plan(business_office, instrument)

    async def refused(**members: object) -> tuple[int, str, list[str]]:
        body = audit_body(instrument) | members
        response = await business_office.post("/audits", json=body)
        problem = response.json()
        return response.status_code, problem["code"], [e["pointer"] for e in problem["errors"]]

    nobody = str(uuid4())
    assert [
        await refused(instrument_id=nobody),
        await refused(instrument_id=draft["id"]),
        await refused(previous_audit_id=nobody),
        await refused(instrument_id=schools["id"], previous_audit_id=before["id"]),
        await refused(reference=before["reference"]),
    ] == [
        (409, "unknown_reference", ["/instrument_id"]),
        (409, "instrument_not_published", ["/instrument_id"]),
        (409, "unknown_reference", ["/previous_audit_id"]),
        (409, "another_kind", ["/previous_audit_id"]),
        (409, "conflict", [""]),
    ]


async def test_an_open_audit_is_extended_and_stays_opened(
    business_office: SignedIn, instrument: Json, agency: Json
) -> None:
    audit = await open_round(business_office, instrument, [agency])
    path = f"/audits/{audit['id']}"
    later = (TODAY + timedelta(days=60)).isoformat()

    extended = await business_office.patch(
        path, json={"due_on": later, "locks_on": later}, headers=await tag_of(business_office, path)
    )
    reopened = await business_office.patch(
        path, json={"opens_on": later}, headers={"If-Match": "*"}
    )
    await step(business_office, path, "grace", "closed")
    closed = await business_office.patch(path, json={"title": "New"}, headers={"If-Match": "*"})

    assert (extended.status_code, extended.json()["due_on"]) == (200, later)
    assert [(e.status_code, e.json()["code"]) for e in (reopened, closed)] == [
        (409, "audit_fixed")
    ] * 2


async def test_an_audit_closes_early_and_is_cancelled_only_for_a_reason(
    business_office: SignedIn, instrument: Json, agency: Json
) -> None:
    audit = await open_round(business_office, instrument, [agency])
    path, now = f"/audits/{audit['id']}/transitions", {"If-Match": "*"}

    answers = [
        await business_office.post(path, json={"to": to}, headers=now)
        for to in ("closed", "cancelled")
    ]

    assert [(e.status_code, e.json()["errors"][0]["pointer"]) for e in answers] == [
        (422, "/reason")
    ] * 2


async def test_cancelling_withdraws_what_agencies_had_begun(
    business_office: SignedIn, instrument: Json, agency: Json, agency_system: SignedIn
) -> None:
    audit = await open_round(business_office, instrument, [agency])

    await step(business_office, f"/audits/{audit['id']}", "cancelled", reason="Asked twice.")

    response = await response_to(agency_system, audit, agency)
    assert (response["status"], response["reason"]) == ("withdrawn", "Asked twice.")
    moves = await agency_system.get(f"/audit-responses/{response['id']}/transitions")
    (line,) = moves.json()["items"]
    assert (line["from_state"], line["to_state"], line["reason"]) == (
        "not_started",
        "withdrawn",
        "Asked twice.",
    )


async def test_what_was_not_submitted_is_a_non_return_when_the_audit_closes(
    business_office: SignedIn, sign_in: SignIn, instrument: Json, agency: Json, other_agency: Json
) -> None:
    audit = await open_round(business_office, instrument, [agency, other_agency])
    system = await sign_in(agency_id=agency["id"])
    await submit(system, audit, whole_return(instrument, agency, "3"))

    await step(business_office, f"/audits/{audit['id']}", "grace", "closed")

    returned = await response_to(business_office, audit, agency)
    missing = await response_to(business_office, audit, other_agency)
    assert (returned["status"], missing["status"]) == ("submitted", "non_return")
    path = f"/audit-responses/{missing['id']}/transitions"
    (line,) = (await business_office.get(path)).json()["items"]
    assert (line["from_state"], line["to_state"]) == ("not_started", "non_return")
    late = await system.post(
        f"/audits/{audit['id']}/submissions", json=whole_return(instrument, agency, "2")
    )
    assert (late.status_code, late.json()["code"]) == (409, "response_not_open")


async def test_what_was_submitted_once_is_no_non_return(
    business_office: SignedIn, instrument: Json, agency: Json, agency_system: SignedIn
) -> None:
    audit = await open_round(business_office, instrument, [agency])
    await submit(agency_system, audit, whole_return(instrument, agency, "3"))
    response = await response_to(agency_system, audit, agency)
    await step(agency_system, f"/audit-responses/{response['id']}", "in_progress")

    await step(business_office, f"/audits/{audit['id']}", "grace", "closed")

    closed = await response_to(business_office, audit, agency)
    assert closed["status"] == "in_progress"
    assert closed["allowed_transitions"] == ["exempt", "withdrawn"]


async def test_final_responses_are_locked_when_the_audit_is_concluded(
    business_office: SignedIn, instrument: Json, agency: Json, agency_system: SignedIn
) -> None:
    audit = await open_round(business_office, instrument, [agency])
    await submit(agency_system, audit, whole_return(instrument, agency, "3"))
    response = await response_to(business_office, audit, agency)
    await step(business_office, f"/audit-responses/{response['id']}", "accepted", "final")

    await step(
        business_office, f"/audits/{audit['id']}", "grace", "closed", "reporting", "concluded"
    )

    assert (await response_to(business_office, audit, agency))["status"] == "locked"


async def answers_of(caller: SignedIn, response: Json) -> dict[str, Json]:
    """Return the answers of a response by question."""
    path = f"/audit-responses/{response['id']}/answers"
    items = (await caller.get(path, params={"limit": 200})).json()["items"]
    return {each["question"]: each for each in items}


@pytest.mark.duty("15.1")
async def test_a_second_year_begins_with_what_the_first_said(
    business_office: SignedIn, instrument: Json, agency: Json, agency_system: SignedIn
) -> None:
    first = await open_round(business_office, instrument, [agency])
    await submit(agency_system, first, whole_return(instrument, agency, "2"))
    await step(business_office, f"/audits/{first['id']}", "grace", "closed")

    second = await open_round(business_office, instrument, [agency], previous_audit_id=first["id"])

    response = await response_to(agency_system, second, agency)
    earlier = await response_to(agency_system, first, agency)
    assert response["previous_response_id"] == earlier["id"]
    assert (response["status"], response["answered"], response["unanswered"]) == (
        "not_started",
        0,
        None,
    )
    carried = await answers_of(agency_system, response)
    asked = [each["code"] for each in questions_of(instrument) if is_put_to(each, agency)]
    assert sorted(carried) == sorted(asked)
    assert (carried["1.1"]["previous_grade"], carried["1.1"]["previous_narrative"]) == (
        "2",
        "As to 1.1.",
    )
    assert (carried["1.1"]["grade"], carried["1.1"]["is_carried_forward"]) == (None, True)


async def test_what_is_carried_forward_is_confirmed_before_it_counts(
    business_office: SignedIn, instrument: Json, agency: Json, agency_system: SignedIn
) -> None:
    first = await open_round(business_office, instrument, [agency])
    await submit(agency_system, first, whole_return(instrument, agency, "2"))
    second = await open_round(business_office, instrument, [agency], previous_audit_id=first["id"])
    whole = whole_return(instrument, agency, "3")
    path = f"/audits/{second['id']}/submissions"

    part = await agency_system.post(path, json=whole | {"answers": whole["answers"][1:]})
    full = await agency_system.post(path, json=whole)

    assert (part.status_code, part.json()["code"]) == (409, "response_incomplete")
    assert [(e["pointer"], e["code"]) for e in part.json()["errors"]] == [
        ("/answers/1.1", "carried_forward")
    ]
    assert full.status_code == 201
    answered = await answers_of(agency_system, await response_to(agency_system, second, agency))
    assert {(e["previous_grade"], e["is_carried_forward"]) for e in answered.values()} == {
        ("2", False),
        (None, False),
    }


@pytest.mark.parametrize(
    ("scale", "grade", "carried"),
    [("S11_RAG", "amber", "amber"), ("S11_0_3", "2", None)],
    ids=["comparable", "not comparable"],
)
async def test_a_grade_is_carried_forward_between_comparable_scales_only(
    business_office: SignedIn,
    agency: Json,
    agency_system: SignedIn,
    scale: str,
    grade: str,
    carried: str | None,
) -> None:
    graded = {"grade_scale": {"code": scale, "version": 1}}
    old = await publish(business_office, shipped("section_11") | graded)
    new = await publish(
        business_office,
        shipped("section_11") | {"grade_scale": {"code": "S11_MET3", "version": 1}},
    )
    first = await open_round(business_office, old, [agency])
    await submit(agency_system, first, whole_return(old, agency, grade))

    second = await open_round(business_office, new, [agency], previous_audit_id=first["id"])

    answers = await answers_of(agency_system, await response_to(agency_system, second, agency))
    assert (answers["1.1"]["previous_grade"], answers["1.1"]["previous_narrative"]) == (
        carried,
        "As to 1.1.",
    )


async def test_what_was_never_submitted_is_not_carried_forward(
    business_office: SignedIn, instrument: Json, agency: Json, agency_system: SignedIn
) -> None:
    first = await open_round(business_office, instrument, [agency])
    begun = await response_to(agency_system, first, agency)
    written = await agency_system.put(
        f"/audit-responses/{begun['id']}/answers",
        json={"answers": [{"question": "1.1", "grade": "2"}]},
        headers={"If-Match": "*"},
    )
    assert written.status_code == 200, written.text

    second = await open_round(business_office, instrument, [agency], previous_audit_id=first["id"])

    response = await response_to(agency_system, second, agency)
    assert await answers_of(agency_system, response) == {}


async def test_an_agency_new_to_the_second_year_begins_empty(
    business_office: SignedIn, instrument: Json, agency: Json
) -> None:
    first = await open_round(business_office, instrument, [agency])
    newcomer = await make_agency(business_office)

    second = await open_round(
        business_office, instrument, [agency, newcomer], previous_audit_id=first["id"]
    )

    response = await response_to(business_office, second, newcomer)
    assert response["previous_response_id"] is None


async def test_only_questions_that_are_put_to_the_agency_are_carried_forward(
    business_office: SignedIn, instrument: Json, agency: Json, agency_system: SignedIn
) -> None:
    first = await open_round(business_office, instrument, [agency])
    await submit(agency_system, first, whole_return(instrument, agency, "2"))
    path = f"/agencies/{agency['id']}"
    changed = await business_office.patch(
        path, json={"duty_bases": ["contract"]}, headers=await tag_of(business_office, path)
    )
    assert changed.status_code == 200, changed.text

    second = await open_round(business_office, instrument, [agency], previous_audit_id=first["id"])

    before = await answers_of(agency_system, await response_to(agency_system, first, agency))
    after = await answers_of(agency_system, await response_to(agency_system, second, agency))
    assert before.keys() - after.keys() == {"1.3"}
