"""Retention over HTTP: classified, worked out, looked at again, extended and held.

Framework section 7.
"""

import asyncpg
import pytest

from app.access.scopes import Capability
from app.access.tokens import service_token
from app.installation import Installation
from app.privacy.vault import Vault
from app.services.retention import work_out_stale
from tests.casework import CHILD, Case, open_case
from tests.conftest import Json, SignedIn, SignIn
from tests.retaining import classify, hold, open_over, patch, propose, retention_of
from tests.rounds import post
from tests.stage import Within

LATER = "2999-12-31"


async def status_of(caller: SignedIn, case: Case) -> str:
    """Return where the retention of a case stands."""
    return str((await retention_of(caller, case))["status"])


async def area(office: SignedIn) -> Json:
    """Record an area."""
    return await post(
        office, "/areas", {"name": "Westermark", "kind": "district", "valid_from": "2009-04-01"}
    )


async def move(caller: SignedIn, path: str, to: str, status: int = 201) -> Json:
    """Move a record as it stands, with a reason."""
    response = await caller.post(
        f"{path}/transitions",
        json={"to": to, "reason": "It was agreed."},
        headers={"If-Match": "*"},
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def test_every_case_is_kept_from_its_first_day_and_nobody_has_classified_it(
    business_office: SignedIn, case: Case
) -> None:
    kept = await retention_of(business_office, case)

    assert (kept["record_class"], kept["classified_by_id"]) == ("case_review_papers", None)
    assert (kept["status"], kept["dispose_on"]) == ("active", None)


@pytest.mark.duty("7.5")
async def test_days_are_worked_out_from_the_class_and_the_day_of_closing(
    business_office: SignedIn, case: Case
) -> None:
    await patch(business_office, case.path, {"closed_on": "2016-05-04"})

    kept = await classify(business_office, case, "case_review_papers")

    assert kept["classified_by_id"] == str(business_office.principal_id)
    assert kept["review_on"] == ["2026-12-31", "2041-12-31"]
    assert (kept["dispose_on"], kept["due_on"]) == ("2051-12-31", "2026-12-31")
    assert kept["rules"] == ["case_review_papers"]


async def test_a_stricter_rule_holds_beside_that_of_the_class(
    business_office: SignedIn, case: Case
) -> None:
    await patch(business_office, case.path, {"closed_on": "2016-05-04"})

    kept = await classify(business_office, case, "case_review_papers", "child_sexual_abuse")

    assert kept["dispose_on"] == "2091-12-31"


async def test_a_period_from_birth_tells_the_year_and_no_birthday(
    owner: asyncpg.Connection, business_office: SignedIn, case: Case
) -> None:
    await patch(business_office, case.path, {"closed_on": "2016-05-04"})

    kept = await classify(business_office, case, "case_review_papers", "looked_after_child")

    born = CHILD["identity"]["date_of_birth"]
    assert kept["dispose_on"] == "2086-12-31"
    row = await owner.fetchval(
        "SELECT to_jsonb(r)::text FROM case_retentions r WHERE case_id = $1", case.id
    )
    assert born[5:] not in row.replace(str(kept["created_at"])[:10], "")


async def test_a_birth_that_nobody_knows_has_no_end(business_office: SignedIn, case: Case) -> None:
    await patch(business_office, case.path, {"closed_on": "2016-05-04"})
    names = {"names": CHILD["identity"]["names"]}
    await post(business_office, f"{case.path}/persons", {"kind": "child", "identity": names})

    kept = await classify(business_office, case, "case_review_papers", "looked_after_child")

    assert kept["dispose_on"] is None


async def test_the_worker_works_out_anew_what_was_closed_since(
    business_office: SignedIn, case: Case, within: Within, installation: Installation
) -> None:
    await classify(business_office, case, "case_review_papers")
    await patch(business_office, case.path, {"closed_on": "2016-05-04"})
    key = installation.secret_key
    vault = await Vault.connect(installation.vault_url, key, installation.keys())
    caller = within(service_token(key, "vault"), Capability.open_vault)

    while await work_out_stale(caller, vault):
        pass
    await vault.close()

    assert (await retention_of(business_office, case))["dispose_on"] == "2051-12-31"


@pytest.mark.duty("7.5")
async def test_the_queue_shows_what_is_due_and_forgets_what_was_extended(
    business_office: SignedIn, over: Case
) -> None:
    due = {"case_id": over.id, "due_before": "2020-01-01", "status": "review_due"}
    listed = (await business_office.get("/retentions", params=due)).json()["items"]
    assert [each["case_id"] for each in listed] == [over.id]

    path = f"/retentions/{listed[0]['id']}/extensions"
    reason = "The case of [Child A] is needed for a sibling's review."
    made = await post(business_office, path, {"until_on": LATER, "reason": reason})

    assert made["reason"] == reason
    assert (await business_office.get("/retentions", params=due)).json()["items"] == []
    kept = await retention_of(business_office, over)
    assert (kept["status"], kept["due_on"]) == ("extended", LATER)
    assert (await business_office.get(path)).json()["items"] == [made]
    assert (await business_office.get(f"{path}/{made['id']}")).json() == made


@pytest.mark.duty("7.5")
async def test_a_hold_stops_a_proposal_and_its_release_says_why(
    business_office: SignedIn, officer: SignedIn, over: Case
) -> None:
    held = await hold(business_office, over, "iicsa_moratorium")
    assert await status_of(business_office, over) == "held"
    body = {"case_id": over.id, "reasons": "Its period is over."}

    refused = await officer.post("/destructions", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "legal_hold_in_force")

    path = f"/legal-holds/{held['id']}"
    silent = await business_office.post(
        f"{path}/transitions", json={"to": "released"}, headers={"If-Match": "*"}
    )
    assert silent.status_code == 422
    await move(business_office, path, "released")
    released = (await business_office.get(path)).json()
    assert released["released_by_id"] == str(business_office.principal_id)
    moves = (await business_office.get(f"{path}/transitions")).json()["items"]
    assert [each["reason"] for each in moves] == ["It was agreed."]
    await propose(officer, over)
    assert await status_of(business_office, over) == "destruction_proposed"


async def test_a_hold_that_was_placed_does_not_change(
    owner: asyncpg.Connection, business_office: SignedIn, over: Case
) -> None:
    held = await hold(business_office, over)
    await move(business_office, f"/legal-holds/{held['id']}", "released")

    again = await business_office.post(
        f"/legal-holds/{held['id']}/transitions",
        json={"to": "active", "reason": "No."},
        headers={"If-Match": "*"},
    )

    assert again.json()["code"] == "transition_not_allowed"
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE legal_holds SET status = 'active' WHERE id = $1", held["id"])


@pytest.mark.parametrize("because", ["open", "not classified", "not over", "extended"])
async def test_what_is_not_due_is_not_proposed(
    business_office: SignedIn, officer: SignedIn, because: str
) -> None:
    case = await open_over(business_office)
    if because == "open":
        await patch(business_office, case.path, {"closed_on": None})
    elif because == "not classified":
        case = await open_case(business_office)
        await patch(business_office, case.path, {"closed_on": "1950-01-01"})
    elif because == "not over":
        await classify(business_office, case, "case_review_papers")
    else:
        kept = await retention_of(business_office, case)
        body = {"until_on": LATER, "reason": "It is needed."}
        await post(business_office, f"/retentions/{kept['id']}/extensions", body)

    body = {"case_id": case.id, "reasons": "Its period is over."}
    refused = await officer.post("/destructions", json=body)

    assert (refused.status_code, refused.json()["code"]) == (409, "destruction_not_due")


async def test_a_right_to_erasure_does_not_wait_for_the_period(
    business_office: SignedIn, officer: SignedIn, case: Case
) -> None:
    await patch(business_office, case.path, {"closed_on": "2026-01-05"})
    await classify(business_office, case, "case_review_papers")

    asked = await propose(officer, case, ground="erasure_right")

    assert (asked["status"], asked["awaits"]) == ("proposed", ["data_protection", "office"])


async def test_an_areas_own_period_counts_once_another_person_approved_it(
    business_office: SignedIn, officer: SignedIn
) -> None:
    place = await area(business_office)
    case = await open_case(business_office, area_id=place["id"])
    await patch(business_office, case.path, {"closed_on": "2016-05-04"})
    own = {
        "record_class": "case_review_papers",
        "area_id": place["id"],
        "years": 30,
        "starts_from": "closure",
        "reason": "The council's own schedule.",
    }
    override = await post(officer, "/retention-overrides", own)
    path = f"/retention-overrides/{override['id']}"
    before = await classify(business_office, case, "case_review_papers")
    await move(officer, path, "approved", 409)

    await move(business_office, path, "approved")

    after = await classify(business_office, case, "case_review_papers")
    assert (before["dispose_on"], after["dispose_on"]) == ("2051-12-31", "2046-12-31")
    assert (await officer.get(path)).json()["approved_by_id"] == str(business_office.principal_id)
    stricter = await classify(business_office, case, "case_review_papers", "child_sexual_abuse")
    assert stricter["dispose_on"] == "2091-12-31"
    assert (await officer.get("/retention-overrides", params={"area_id": place["id"]})).json()[
        "items"
    ][0]["id"] == override["id"]


async def test_the_data_protection_officer_sees_days_and_no_circumstances(
    business_office: SignedIn, dpo: SignedIn, over: Case
) -> None:
    await classify(business_office, over, "case_review_papers", "child_sexual_abuse")

    kept = await retention_of(dpo, over)

    assert (kept["circumstances"], kept["rules"]) == (None, None)
    assert kept["dispose_on"] == "2090-12-31"
    assert {each["pointer"] for each in kept["redactions"]} == {"/circumstances", "/rules"}


async def test_retention_is_hidden_from_who_has_no_part_in_it(
    sign_in: SignIn, business_office: SignedIn, agency_system: SignedIn, over: Case
) -> None:
    held = await hold(business_office, over)
    kept = await retention_of(business_office, over)

    for caller in (agency_system, await sign_in("board_member"), await sign_in("scr_member")):
        for path in (f"/retentions/{kept['id']}", f"/legal-holds/{held['id']}", "/destructions"):
            assert (await caller.get(path)).status_code == 403
