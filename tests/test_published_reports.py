"""Published reports over HTTP: for everybody, with no way back to the case (section 16)."""

import asyncio
from hashlib import sha256
from uuid import UUID

import asyncpg
import httpx
import pytest

from app.access.tokens import hash_of, service_token
from app.installation import Installation
from tests.casework import Case
from tests.conftest import Json, SignedIn, SignIn
from tests.publications import checked, draft, path_of, publish, published, ready, shown
from tests.rounds import post
from tests.stage import TODAY, token_of

WHY: Json = {"reason": "Siân asked for it.", "public_reason": "A correction is being made."}


@pytest.fixture
async def report(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> Json:
    """A publication of `review` that was published today."""
    return await published(owner, business_office, second, chair, review)


async def outlast(owner: asyncpg.Connection, report: Json) -> None:
    """Have a report been available for as long as is required."""
    await owner.execute(
        "UPDATE publications SET available_until = $2 WHERE id = $1", UUID(report["id"]), TODAY
    )


async def take_down(caller: SignedIn, report: Json, status: int = 201, **members: object) -> Json:
    """Take a report down."""
    return await post(caller, f"{path_of(report)}/withdrawals", WHY | members, status)


@pytest.mark.duty("16.3")
async def test_everybody_reads_a_published_report(
    anonymous: httpx.AsyncClient, business_office: SignedIn, report: Json
) -> None:
    path = f"/published-reports/{report['report_id']}"

    response = await anonymous.get(path)
    again = await anonymous.get(path, headers={"If-None-Match": response.headers["etag"]})
    signed_in = await business_office.get(path)

    body = response.json()
    labels = {each["case_label"]: each["label"] for each in report["labels"]}
    whole = "\n\n".join(
        [body["title"], *(s[name] for s in body["sections"] for name in ("heading", "text"))]
    )
    assert response.status_code == 200, response.text
    assert body["published_on"] == TODAY.isoformat()
    assert body["sections"][0]["text"].startswith(f"{labels['Child A']} lived with ")
    assert body["sha256"] == sha256(whole.encode()).hexdigest()
    assert again.status_code == 304
    assert signed_in.content == response.content
    assert response.headers["cache-control"] == "public, no-cache"


@pytest.mark.duty("16.3")
async def test_what_the_public_reads_leads_nowhere(
    owner: asyncpg.Connection,
    anonymous: httpx.AsyncClient,
    chair: SignedIn,
    case: Case,
    review: Json,
    report: Json,
) -> None:
    read = await anonymous.get(f"/published-reports/{report['report_id']}")
    listed = await anonymous.get("/published-reports", params={"limit": 200})

    row = await owner.fetchrow("SELECT * FROM published_reports WHERE id = $1", report["report_id"])
    reference = (await chair.get(case.path)).json()["reference"]
    secrets = [
        *(case.id, review["id"], report["id"], reference),
        *(each["id"] for each in (case.child, case.mother, case.visitor)),
        *("Child A", "Health Visitor 1", "⟦", "Mother", "Zo", "Hallor", "Quist"),
    ]
    told = read.text + str(read.headers) + listed.text + str(listed.headers)
    assert [secret for secret in secrets if secret in told] == []
    assert read.json().keys() == {"id", "kind", "title", "sections", "sha256", "published_on"}
    assert UUID(report["report_id"]).version == 4
    assert row is not None
    assert not {"case_id", "case_review_id", "publication_id"} & {*row.keys()}


async def test_the_public_lists_reports_and_no_drafts(
    anonymous: httpx.AsyncClient, business_office: SignedIn, review: Json, report: Json
) -> None:
    unpublished = await draft(business_office, review, title="A draft of nobody's business")

    seen, cursor = [], None
    while True:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await anonymous.get("/published-reports", params=query)).json()
        seen += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break

    assert report["report_id"] in {each["id"] for each in seen}
    assert unpublished["title"] not in {each["title"] for each in seen}
    assert "sections" not in seen[0]
    for path in ("/publications", path_of(report), f"{path_of(unpublished)}/rendition"):
        assert (await anonymous.get(path)).status_code == 401


async def test_the_public_may_do_nothing_else(installation: Installation, report: Json) -> None:
    token = hash_of(service_token(installation.secret_key, "public"))
    connection = await asyncpg.connect(installation.app_url)
    try:
        for table in ("publications", "cases", "persons", "case_reviews", "publication_labels"):
            async with connection.transaction():
                await connection.fetch(
                    "SELECT * FROM actor.enter($1, 'published-reports:read')", token
                )
                assert await connection.fetch(f"SELECT id FROM {table}") == []
        with pytest.raises(asyncpg.PostgresError):
            await connection.fetch("SELECT * FROM actor.enter($1, 'cases:read')", token)
    finally:
        await connection.close()
    assert report["report_id"]


@pytest.mark.duty("16.3")
async def test_nobody_publishes_past_the_guards(
    installation: Installation, business_office: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)
    statements = (
        "SELECT actor.publish($1, current_date + 365)",
        "UPDATE publications SET status = 'approved' WHERE id = $1",
        "UPDATE publications SET status = 'published' WHERE id = $1",
        "UPDATE publications SET report_id = $1 WHERE id = $1",
        "INSERT INTO published_reports (kind, title, sections, sha256, published_on)"
        " SELECT 'summary', 'x', '[]', 'x', current_date WHERE $1::uuid IS NOT NULL",
        "INSERT INTO publication_checks (case_id, publication_id, sha256, people_version, is_clean,"
        " findings, accepted, warnings, checked_by_id) SELECT case_id, id, repeat('0', 64), 0,"
        " true, '[]', '[]', '[]', (SELECT actor.id()) FROM publications WHERE id = $1",
    )
    connection = await asyncpg.connect(installation.app_url)
    try:
        for statement in statements:
            transaction = connection.transaction()
            await transaction.start()
            await connection.fetch(
                "SELECT * FROM actor.enter($1, 'case-reviews:write')",
                hash_of(token_of(business_office)),
            )
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement, UUID(made["id"]))
            await transaction.rollback()
    finally:
        await connection.close()


@pytest.mark.duty("16.3")
async def test_until_its_time_is_over_only_the_chair_takes_a_report_down(
    anonymous: httpx.AsyncClient,
    business_office: SignedIn,
    chair: SignedIn,
    report: Json,
) -> None:
    refused = await take_down(business_office, report, 409)
    withdrawn = await take_down(chair, report)

    gone = await anonymous.get(f"/published-reports/{report['report_id']}")
    listed = await anonymous.get("/published-reports", params={"limit": 200})
    log = (await business_office.get(f"{path_of(report)}/withdrawals")).json()["items"]
    moves = (await chair.get(f"{path_of(report)}/transitions")).json()["items"]
    assert refused["code"] == "still_to_be_available"
    assert (gone.status_code, gone.json()["code"]) == (410, "report_withdrawn")
    assert gone.json()["detail"] == WHY["public_reason"]
    assert report["report_id"] not in listed.text
    assert log == [withdrawn]
    assert withdrawn["withdrawn_by_id"] == str(chair.principal_id)
    assert withdrawn["reason"] == "[Mother] asked for it."
    assert moves[0]["to_state"] == "withdrawn"
    assert (await shown(chair, report))["status"] == "withdrawn"
    await take_down(chair, report, 409)


async def test_after_its_time_the_business_office_takes_a_report_down(
    owner: asyncpg.Connection, business_office: SignedIn, report: Json
) -> None:
    await outlast(owner, report)

    withdrawn = await take_down(business_office, report)

    assert withdrawn["withdrawn_by_id"] == str(business_office.principal_id)


async def test_the_required_time_is_a_year(report: Json) -> None:
    until = TODAY.replace(year=TODAY.year + 1, day=min(TODAY.day, 28))

    assert report["available_until"][:7] == until.isoformat()[:7]


async def test_a_withdrawn_report_can_be_published_anew(
    owner: asyncpg.Connection,
    anonymous: httpx.AsyncClient,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
    report: Json,
) -> None:
    await take_down(chair, report)
    corrected = await draft(business_office, review, title="What was learned, corrected")

    await ready(owner, business_office, second, chair, corrected)
    await publish(business_office, corrected)

    new = await shown(chair, corrected)
    assert new["version"] == 2
    assert new["report_id"] != report["report_id"]
    assert (await anonymous.get(f"/published-reports/{new['report_id']}")).status_code == 200


@pytest.mark.parametrize("public_reason", ["Zozo asked for it.", "Desmond Hartigan asked for it."])
async def test_the_public_reason_names_nobody(
    chair: SignedIn, report: Json, public_reason: str
) -> None:
    refused = await take_down(chair, report, 422, public_reason=public_reason)

    assert public_reason.split(maxsplit=1)[0] not in str(refused)
    assert (await shown(chair, report))["status"] == "published"


async def test_an_unknown_report_is_not_found(anonymous: httpx.AsyncClient, report: Json) -> None:
    response = await anonymous.get(f"/published-reports/{report['id']}")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_the_review_stays_with_its_team(
    report: Json, review: Json, sign_in: SignIn, agency: Json
) -> None:
    for caller in (await sign_in("board_member"), await sign_in(agency_id=agency["id"])):
        for path in (path_of(report), f"/case-reviews/{review['id']}"):
            assert (await caller.get(path)).status_code in (403, 404)


async def test_two_who_publish_at_once_publish_once(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review)
    await ready(owner, business_office, second, chair, made)
    path, now = f"{path_of(made)}/transitions", {"If-Match": "*"}

    answers = await asyncio.gather(
        *(
            caller.post(path, json={"to": "published"}, headers=now)
            for caller in (business_office, second)
        )
    )

    assert sorted(each.status_code for each in answers) == [201, 409]


async def test_the_clocks_of_publication_are_kept_with_the_review(
    owner: asyncpg.Connection, review: Json, report: Json
) -> None:
    rows = await owner.fetch(
        "SELECT clock, due_on, met_on, is_earliest FROM case_deadlines"
        " WHERE case_review_id = $1 AND clock IN ('PRE_PUBLICATION', 'PUBLISHED_MIN')",
        UUID(review["id"]),
    )

    ahead = [row for row in rows if row["clock"] == "PRE_PUBLICATION"]
    (least,) = (row for row in rows if row["clock"] == "PUBLISHED_MIN")
    assert len(ahead) == 3
    assert all(row["met_on"] <= row["due_on"] for row in ahead)
    assert least["is_earliest"]
    assert least["due_on"].isoformat() == report["available_until"]


async def test_what_is_published_is_checked_again_when_somebody_is_registered(
    business_office: SignedIn, case: Case, report: Json
) -> None:
    monday = {"kind": "other", "identity": {"names": [{"given": "Ottoline", "family": "Monday"}]}}
    before = await checked(business_office, report)
    await post(business_office, f"{case.path}/persons", monday)

    after = await checked(business_office, report)

    assert before["findings"] == []
    assert {each["pointer"] for each in after["findings"]} == {"/sections/0/text"}
