"""One lesson through the public API alone: the third act of the demonstration, and what holds."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from demo.api import Api
from demo.learning import Learning
from tests.conftest import Json, Server, SignedIn, SignIn, make_agency

STATES = ("actions", "recommendations")


def api(server: Server, caller: SignedIn) -> Api:
    """Return the same caller, as the demonstration calls."""
    return Api(server.url, caller.headers["authorization"].removeprefix("Bearer "))


@pytest.fixture
async def story(
    server: Server, business_office: SignedIn, sign_in: SignIn
) -> AsyncIterator[Learning]:
    """The cast of the act, before it begins."""
    ours, theirs = [(await make_agency(business_office))["id"] for _ in range(2)]
    cast = {
        "chair": await sign_in("chair"),
        "qa_chair": await sign_in("qa_chair"),
        "bo_officer": await sign_in("bo_officer"),
        "lead": await sign_in("agency_lead", agency_id=ours),
        "senior": await sign_in("agency_senior", agency_id=ours),
        "partner": await sign_in("agency_lead", agency_id=theirs),
    }
    told = Learning(
        api(server, business_office),
        {key: api(server, caller) for key, caller in cast.items()},
        {"lead": ours, "partner": theirs},
        {"source_kind": "s175", "source_title": "Schools audit of 2017"},
    )
    yield told
    for each in (told.office, *told.cast.values()):
        each.http.close()


@pytest.mark.duty("15.10")
@pytest.mark.duty("15.11")
@pytest.mark.duty("16.7")
@pytest.mark.duty("16.9")
@pytest.mark.duty("22.4")
async def test_a_lesson_is_followed_until_it_is_embedded(
    story: Learning,
) -> None:
    await asyncio.to_thread(story.play)

    traced: dict[str, Any] = await asyncio.to_thread(story.trace, story.office)
    as_partner: dict[str, Any] = await asyncio.to_thread(story.trace, story.cast["partner"])
    owed: list[Json] = await asyncio.to_thread(story.told)
    only = {name: [each["status"] for each in traced[name]] for name in STATES}
    assert only["recommendations"] == ["reopened"]
    assert sorted(only["actions"]) == ["closed_not_embedded", "draft"]
    assert [each["status"] for each in as_partner["actions"]] == ["closed_not_embedded"]
    assert traced["reopenings"] == 1
    assert [each["result"] for each in traced["impact_checks"] if each["result"]] == [
        "not_embedded"
    ]
    assert {each["body_code"] for each in traced["decisions"]} >= {
        "board",
        "executive_group",
        "quality_assurance",
    }
    assert traced["briefings"][0]["receipts_attested"] == 2
    assert [each["status"] for each in owed] == ["upcoming"]
