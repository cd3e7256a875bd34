"""Rounds of an audit arranged as a board does it: through the API, on the shipped instruments."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from app.services.reference import grade_scales, instruments
from tests.conftest import Json, SignedIn
from tests.stage import TODAY, tag_of


async def post(caller: SignedIn, path: str, body: Json, status: int = 201) -> Json:
    """Post a body that must be taken; return the answer."""
    response = await caller.post(path, json=body)
    assert response.status_code == status, response.text
    made: Json = response.json()
    return made


def shipped(code: str) -> Json:
    """Return a shipped instrument under a name that is free, as the body of a post."""
    body = next(each for each in instruments() if each["code"] == code)
    return body | {"code": f"{code}-{uuid4().hex[:8]}"}


async def record_scale(office: SignedIn, code: str) -> None:
    """Record a shipped grade scale, unless it is on record."""
    body = next(each for each in grade_scales() if each["code"] == code)
    known = await office.get("/grade-scales", params={"code": code})
    if not known.json()["items"]:
        await post(office, "/grade-scales", body)


async def publish(office: SignedIn, body: Json) -> Json:
    """Record an instrument with its grade scale, and publish it; return it."""
    await record_scale(office, body["grade_scale"]["code"])
    made = await post(office, "/instruments", body)
    await step(office, f"/instruments/{made['id']}", "published")
    published: Json = (await office.get(f"/instruments/{made['id']}")).json()
    return published


async def step(office: SignedIn, path: str, *states: str, reason: str | None = None) -> Json:
    """Move a record through states; return the last transition."""
    done: Json = {}
    for state in states:
        body = {"to": state, "reason": reason}
        response = await office.post(
            f"{path}/transitions", json=body, headers=await tag_of(office, path)
        )
        assert response.status_code == 201, response.text
        done = response.json()
    return done


def audit_body(instrument: Json, **members: object) -> Json:
    """Describe an audit that opens today, is due in thirty days and locks in forty."""
    return {
        "reference": f"ROUND-{uuid4().hex[:10]}",
        "title": "Audit of the Board",
        "instrument_id": instrument["id"],
        "opens_on": TODAY.isoformat(),
        "due_on": (TODAY + timedelta(days=30)).isoformat(),
        "locks_on": (TODAY + timedelta(days=40)).isoformat(),
    } | members


async def plan(
    office: SignedIn, instrument: Json, agencies: Sequence[Json] = (), **members: object
) -> Json:
    """Plan an audit and put agencies on its roster; return the draft."""
    audit = await post(office, "/audits", audit_body(instrument, **members))
    if agencies:
        ids = {"agency_ids": [each["id"] for each in agencies]}
        await post(office, f"/audits/{audit['id']}/roster", ids, 200)
    return audit


async def open_round(
    office: SignedIn, instrument: Json, agencies: Sequence[Json], **members: object
) -> Json:
    """Plan an audit of agencies, approve it and open it; return it."""
    audit = await plan(office, instrument, agencies, **members)
    await step(office, f"/audits/{audit['id']}", "approved", "open")
    opened: Json = (await office.get(f"/audits/{audit['id']}")).json()
    return opened


async def response_to(caller: SignedIn, audit: Json, agency: Json) -> Json:
    """Return the response of an agency to an audit."""
    query = {"audit_id": audit["id"], "agency_id": agency["id"]}
    (found,) = (await caller.get("/audit-responses", params=query)).json()["items"]
    response: Json = found
    return response


VALUES = {"number": 10, "yes_no": True, "date": "2017-09-01", "text": "Twice a year."}


def whole_return(instrument: Json, agency: Json, grade: str, **members: object) -> Json:
    """Answer every question that is put to an agency, the graded ones with one grade."""
    answers = []
    for question in questions_of(instrument):
        if is_put_to(question, agency):
            kind = question["answer_type"]
            given = {"grade": grade} if kind == "grade" else {"value": VALUES[kind]}
            said = {"question": question["code"], "narrative": f"As to {question['code']}."}
            answers.append(said | given)
    names = {"completed_by": "Safeguarding lead", "signed_off_by": "Chief officer"}
    return {"answers": answers} | names | members


def questions_of(instrument: Json) -> list[Json]:
    """Return the questions of an instrument, in order."""
    return [each for standard in instrument["standards"] for each in standard["questions"]]


def is_put_to(question: Json, agency: Json) -> bool:
    """Tell whether a question is put to an agency."""
    sectors, bases = question["applies_to"]["sectors"], question["applies_to"]["duty_bases"]
    is_of_sector = sectors is None or agency["sector"] in sectors
    return is_of_sector and (bases is None or bool({*bases} & {*agency["duty_bases"]}))
