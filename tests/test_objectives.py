"""The business plan over HTTP: objectives, evidence and progress (Framework section 9)."""

from uuid import uuid4

import httpx
import pytest

from tests.conftest import Json, SignedIn
from tests.rounds import post
from tests.stage import TODAY
from tests.test_documents import body_id


async def plan(office: SignedIn, **members: object) -> Json:
    """Put an objective for a priority into the business plan."""
    priorities = (await office.get("/priorities", params={"code": "neglect"})).json()["items"]
    body = {
        "priority_id": priorities[0]["id"],
        "body_id": await body_id(office, "quality_assurance"),
        "year": 2017,
        "title": "Earlier help for neglect",
        "measure": "Assessments completed within 45 days.",
        "due_on": str(TODAY),
    }
    return await post(office, "/objectives", body | members)


@pytest.mark.duty("9.3")
async def test_progress_against_the_business_plan_is_shown_with_its_evidence(
    business_office: SignedIn, board_member: SignedIn
) -> None:
    objective = await plan(business_office)
    path = f"/objectives/{objective['id']}"
    report = {"progress": "at_risk", "note": "Two of three wait."}
    await post(business_office, f"{path}/progress", {"progress": "off_track", "note": "None is."})

    progress = await post(business_office, f"{path}/progress", report)
    record = {"subject": "priorities", "record_id": objective["priority_id"]}
    evidence = await post(business_office, f"{path}/evidence", {"title": "Scorecard"} | record)

    read = (await board_member.get(path)).json()
    assert (objective["progress"], objective["evidence_count"]) == ("on_track", 0)
    assert (read["progress"], read["evidence_count"]) == ("at_risk", 1)
    history = (await board_member.get(f"{path}/progress")).json()["items"]
    assert [each["progress"] for each in history] == ["at_risk", "off_track"]
    assert (
        history[0]
        == progress
        == (await board_member.get(f"{path}/progress/{progress['id']}")).json()
    )
    assert (await board_member.get(f"{path}/evidence")).json()["items"] == [evidence]
    assert (await board_member.get(f"{path}/evidence/{evidence['id']}")).json() == evidence
    late = {"progress": "at_risk", "priority_id": objective["priority_id"], "limit": 200}
    found = (await board_member.get("/objectives", params=late)).json()["items"]
    assert objective["id"] in {each["id"] for each in found}


async def test_evidence_is_one_record_that_one_sees_or_an_address(
    business_office: SignedIn,
) -> None:
    path = f"/objectives/{(await plan(business_office))['id']}/evidence"
    unknown = {"subject": "priorities", "record_id": str(uuid4())}

    neither = await business_office.post(path, json={"title": "Scorecard"})
    missing = await business_office.post(path, json={"title": "Scorecard"} | unknown)
    online = await business_office.post(
        path, json={"title": "Scorecard", "url": "https://example.org/q3"}
    )

    assert neither.status_code == 422
    assert (missing.status_code, missing.json()["code"]) == (409, "unknown_reference")
    assert online.status_code == 201


async def test_only_the_business_office_plans(
    business_office: SignedIn,
    board_member: SignedIn,
    agency_system: SignedIn,
    anonymous: httpx.AsyncClient,
) -> None:
    path = f"/objectives/{(await plan(business_office))['id']}/progress"
    body = {"progress": "achieved", "note": "Done."}

    answers = [
        await each.post(path, json=body) for each in (board_member, agency_system, anonymous)
    ]

    assert [each.status_code for each in answers] == [403, 403, 401]


async def test_an_objective_is_worded_anew_and_names_nobody(business_office: SignedIn) -> None:
    path = f"/objectives/{(await plan(business_office))['id']}"

    changed = await business_office.patch(
        path, json={"measure": "Within 40 days."}, headers={"If-Match": "*"}
    )
    named = await business_office.patch(
        path, json={"measure": "Desmond Hartigan is seen."}, headers={"If-Match": "*"}
    )

    assert changed.json()["measure"] == "Within 40 days."
    assert (named.status_code, named.json()["code"]) == (422, "unresolved_identifiers")
