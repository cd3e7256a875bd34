"""Instruments and grade scales over HTTP: pushed, published, exported. Framework section 15."""

from uuid import uuid4

import pytest

from app.services.reference import grade_scales, instruments
from tests.conftest import Json, SignedIn
from tests.rounds import post, publish, questions_of, record_scale, shipped, step

CODES = [each["code"] for each in instruments()]
OWN = ("id", "created_at", "updated_at", "status", "allowed_transitions")
"""What a record has of its own; without it, an instrument is what was posted."""


def exported(instrument: Json) -> Json:
    """Return what was read as the body of a post, as another board would send it."""
    standards = [
        {name: value for name, value in standard.items() if name != "id"}
        | {
            "questions": [
                {name: value for name, value in question.items() if name != "id"}
                for question in standard["questions"]
            ]
        }
        for standard in instrument["standards"]
    ]
    members = {name: value for name, value in instrument.items() if name not in OWN}
    return members | {"standards": standards}


@pytest.mark.parametrize("code", CODES)
async def test_every_shipped_instrument_is_recorded_as_it_is(
    business_office: SignedIn, code: str
) -> None:
    body = shipped(code)
    await record_scale(business_office, body["grade_scale"]["code"])

    made = await post(business_office, "/instruments", body)

    assert (made["status"], made["allowed_transitions"]) == ("draft", ["published"])
    assert exported(made) == body


@pytest.mark.parametrize("scale", grade_scales(), ids=lambda scale: scale["code"])
async def test_every_shipped_grade_scale_is_recorded_as_it_is(
    business_office: SignedIn, scale: Json
) -> None:
    body = scale | {"code": f"{scale['code']}-{uuid4().hex[:8]}"}

    made = await post(business_office, "/grade-scales", body)

    assert {name: made[name] for name in body} == body
    again = await business_office.post("/grade-scales", json=body)
    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "grade_scales_code_version_key"
    read = (await business_office.get(f"/grade-scales/{made['id']}")).json()
    assert read == made


@pytest.mark.duty("4.2")
@pytest.mark.duty("X10")
async def test_an_instrument_travels_as_another_version(business_office: SignedIn) -> None:
    first = await publish(business_office, shipped("section_11"))

    second = await publish(business_office, exported(first) | {"version": 2016})

    assert exported(second) == exported(first) | {"version": 2016}
    listed = await business_office.get("/instruments", params={"code": first["code"]})
    assert [(e["version"], e["status"]) for e in listed.json()["items"]] == [
        (2016, "published"),
        (2015, "published"),
    ]


async def test_a_published_instrument_never_changes(business_office: SignedIn) -> None:
    instrument = await publish(business_office, shipped("section_11"))
    path, now = f"/instruments/{instrument['id']}", {"If-Match": "*"}

    changes: list[Json] = [{"title": "New"}, {"standards": []}]

    answers = [await business_office.patch(path, json=each, headers=now) for each in changes]
    again = await business_office.post("/instruments", json=exported(instrument))

    assert [(e.status_code, e.json()["code"]) for e in answers] == [(409, "not_a_draft")] * 2
    assert again.json()["errors"][0]["code"] == "instruments_code_version_key"
    assert (await business_office.get(path)).json() == instrument


async def test_a_draft_is_rewritten_whole(business_office: SignedIn) -> None:
    body = shipped("schools")
    await record_scale(business_office, body["grade_scale"]["code"])
    draft = await post(business_office, "/instruments", body)
    path = f"/instruments/{draft['id']}"
    shorter = body["standards"][:1]

    changed = await business_office.patch(
        path, json={"standards": shorter}, headers={"If-Match": "*"}
    )

    assert changed.status_code == 200, changed.text
    assert exported(changed.json()) == body | {"standards": shorter}


async def test_an_instrument_without_questions_is_not_published(
    business_office: SignedIn,
) -> None:
    body = shipped("schools")
    await record_scale(business_office, body["grade_scale"]["code"])
    empty = await post(business_office, "/instruments", body | {"standards": []})

    response = await business_office.post(
        f"/instruments/{empty['id']}/transitions",
        json={"to": "published"},
        headers={"If-Match": "*"},
    )

    assert (response.status_code, response.json()["code"]) == (409, "transition_not_allowed")


async def test_agencies_read_what_is_published_and_no_drafts(
    business_office: SignedIn, agency_system: SignedIn
) -> None:
    published = await publish(business_office, shipped("section_11"))
    draft = await post(business_office, "/instruments", shipped("section_11"))

    seen = await agency_system.get(f"/instruments/{published['id']}")
    hidden = await agency_system.get(f"/instruments/{draft['id']}")
    written = await agency_system.post("/instruments", json=shipped("section_11"))

    assert seen.json() == published | {"allowed_transitions": []}
    assert (hidden.status_code, written.status_code) == (404, 403)


async def test_a_retired_instrument_leaves_a_line(business_office: SignedIn) -> None:
    instrument = await publish(business_office, shipped("section_11"))
    path = f"/instruments/{instrument['id']}"

    await step(business_office, path, "retired")

    moves = (await business_office.get(f"{path}/transitions")).json()["items"]
    assert [(e["from_state"], e["to_state"]) for e in moves] == [
        ("published", "retired"),
        ("draft", "published"),
    ]


@pytest.mark.parametrize(
    "duty",
    [
        pytest.param(duty, marks=pytest.mark.duty(duty))
        for duty in ("6.1", "6.2", "6.3", "6.4", "6.5")
    ],
)
async def test_each_duty_of_an_agency_is_asked_about(business_office: SignedIn, duty: str) -> None:
    instrument = await publish(business_office, shipped("section_11"))

    asking = [
        question["code"]
        for question in questions_of(instrument)
        if {"numbering": "framework_duty", "reference": duty} in question["crosswalk"]
    ]

    assert asking != []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"grade_scale": {"code": "NO_SUCH", "version": 1}}, 409, "unknown_reference"),
        ({"kind": "section_12"}, 422, "not_a_choice"),
    ],
)
async def test_an_instrument_that_does_not_fit_is_refused(
    business_office: SignedIn, change: Json, status: int, code: str
) -> None:
    response = await business_office.post("/instruments", json=shipped("section_11") | change)

    assert (response.status_code, response.json()["errors"][0]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ({"unit": "percent", "minimum": 5, "maximum": 1}, "questions_bounds_check"),
        (None, "questions_instrument_code_key"),
    ],
    ids=["bounds", "two of one code"],
)
async def test_questions_contradict_neither_themselves_nor_each_other(
    business_office: SignedIn, number: Json | None, code: str
) -> None:
    body = shipped("schools")
    await record_scale(business_office, body["grade_scale"]["code"])
    question = {"code": "1", "text": "How many?", "answer_type": "number", "evidence": "none"}
    twice = [question | {"number": number}] * (1 if number else 2)
    standards = [{"code": "one", "title": "One", "questions": twice}]

    response = await business_office.post("/instruments", json=body | {"standards": standards})

    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, code)
