"""Case reviews over HTTP: run, recommended on and decided by different people (section 16)."""

import pytest

from app.models.case_reviews import Methodology, Outcome, RegimeCode, ReviewTypeCode, TriggerHarm
from app.models.review_work import ProcessKind
from app.reference.regimes import regimes
from app.reference.review_types import ReviewHandling, review_values
from tests.casework import STORY, TOLD, Case, join_team, take_part
from tests.conftest import Json, SignedIn, SignIn
from tests.reviews import (
    BOARD_DAY,
    PARTNERS_DAY,
    TERMS,
    Cast,
    answer,
    appoint,
    approved,
    begin,
    change,
    commissioned,
    decide,
    now,
    path_of,
    recommend,
    recommended,
    screened,
    sent_to_panel,
)
from tests.rounds import post, step


@pytest.mark.duty("16.8")
def test_the_value_lists_are_those_of_the_reference_data() -> None:
    values = review_values()
    types = {each.code: each.handling for each in values.review_types}
    linked = {code for code, handling in types.items() if handling is ReviewHandling.link_only}
    known_as = {"dardr_dhr": "dardr", "patient_safety_incident_investigation": "psii_health"}

    assert {*ReviewTypeCode} == types.keys() - linked
    assert {*ProcessKind} == {each.code for each in values.parallel_processes} | {
        known_as.get(code, code) for code in linked
    }
    assert {*TriggerHarm} == {each.code for each in values.trigger_harms}
    assert {*Outcome} == {each.code for each in values.decision_outcomes}
    assert {*Methodology} == {each.code for each in values.methodologies}
    assert {*RegimeCode} == {*regimes()}
    assert "sar" not in types


async def test_a_review_begins_under_the_regime_of_its_day(cast: Cast, case: Case) -> None:
    board = await begin(cast.office, case, circumstances=STORY, title="Review 2016/1")
    partners = await begin(cast.office, case, notified_on=PARTNERS_DAY)

    assert (board["regime"], board["review_type"], board["status"]) == (
        "LSCB_WT2015",
        "scr",
        "notified",
    )
    assert (partners["regime"], partners["review_type"]) == ("LSP_WT2023", "rapid_review")
    assert partners["status"] == "incident_notified"
    assert board["circumstances"] == TOLD
    assert board == await now(cast.office, board)
    labels = [each["label"] for each in board["people"]]
    assert labels == ["Child A", "Health Visitor 1"]


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"review_type": "lcspr"}, (409, "unknown_review_type")),
        ({"regime": "LSP_WT2023"}, (409, "no_regime")),
        ({"notified_on": "2012-01-05"}, (409, "no_regime")),
        ({"notified_on": "2028-01-05"}, (422, "invalid")),
        ({"review_type": "sar"}, (422, "invalid")),
        ({"review_type": "mappa_scr"}, (422, "invalid")),
    ],
)
@pytest.mark.duty("16.8")
async def test_a_review_that_its_regime_does_not_know_is_refused(
    cast: Cast, case: Case, members: Json, refusal: tuple[int, str]
) -> None:
    body = {"case_id": case.id, "harm": "death", "notified_on": BOARD_DAY} | members

    response = await cast.office.post("/case-reviews", json=body)

    assert (response.status_code, response.json()["code"]) == refusal


async def test_in_a_time_of_transition_either_regime_may_be_named(cast: Cast, case: Case) -> None:
    day = {"notified_on": "2018-09-03"}

    newest = await begin(cast.office, case, **day)
    named = await begin(cast.office, case, **day, regime="LSCB_WT2015")

    assert (newest["regime"], newest["status"]) == ("LSP_WT2018", "incident_notified")
    assert (named["regime"], named["status"]) == ("LSCB_WT2015", "notified")


@pytest.mark.duty("16.2")
@pytest.mark.duty("16.10")
async def test_a_review_of_the_board_goes_from_notification_to_approval(
    cast: Cast, case: Case
) -> None:
    review = await recommended(cast, case)
    stood = review["status"]
    decision = await decide(cast.chair, review, "statutory_review")
    decided = await now(cast.office, review)
    too_soon = await cast.chair.post(
        f"{path_of(review)}/transitions", json={"to": "commissioned"}, headers={"If-Match": "*"}
    )
    await appoint(cast, review)
    await step(cast.chair, path_of(review), "commissioned")
    done = await approved(cast, review)

    moves = (await cast.office.get(f"{path_of(review)}/transitions")).json()["items"]
    assert (stood, decided["status"]) == ("sg_recommendation", "chair_decision")
    assert (decided["outcome"], decided["review_type"]) == ("statutory_review", "scr")
    assert decision["differs_from_recommendation"] is False
    assert too_soon.status_code == 409
    assert done["status"] == "board_approved"
    assert [each["to_state"] for each in reversed(moves)] == [
        "triage",
        "screening",
        "sg_recommendation",
        "chair_decision",
        "commissioned",
        "conducting",
        "report_draft",
        "agencies_fact_check",
        "family_shared",
        "sg_endorsed",
        "board_approved",
    ]


@pytest.mark.duty("16.2")
async def test_a_review_of_the_partners_goes_by_way_of_the_panel(cast: Cast, case: Case) -> None:
    review = await sent_to_panel(cast, case)
    await decide(cast.chair, review, "statutory_review")
    decided = await now(cast.office, review)
    await appoint(cast, review)
    await step(cast.chair, path_of(review), "commissioned")
    done = await approved(cast, review)

    assert (decided["status"], decided["review_type"]) == ("partners_decision", "lcspr")
    assert (done["status"], done["criteria_met"]) == ("board_approved", True)


async def test_what_comes_after_approval_is_walked_to_the_end(cast: Cast, case: Case) -> None:
    review = await approved(cast, await commissioned(cast, case))
    path = path_of(review)

    await step(cast.chair, path, "publication_decision")
    await step(cast.office, path, "pre_publication_notice", "published", "learning_implementation")
    await step(cast.office, path, "impact")
    await step(cast.office, path, "learning_implementation", reason="It was not found.")
    await step(cast.office, path, "impact", "closed")

    assert (await now(cast.office, review))["allowed_transitions"] == []


@pytest.mark.duty("16.10")
async def test_the_chair_may_decide_against_the_sub_group_and_says_why(
    cast: Cast, case: Case
) -> None:
    review = await recommended(cast, case, "case_mapping_exercise")

    silent = await decide(cast.chair, review, "statutory_review", 409)
    decision = await decide(
        cast.chair, review, "statutory_review", reasons_for_difference="More is known by now."
    )

    assert silent["errors"][0]["code"] == "case_review_decisions_difference_check"
    assert decision["differs_from_recommendation"] is True
    assert (await now(cast.office, review))["status"] == "chair_decision"
    path = f"{path_of(review)}/decisions"
    assert (await cast.office.get(path)).json()["items"] == [decision]
    assert (await cast.office.get(f"{path}/{decision['id']}")).json() == decision


@pytest.mark.parametrize(
    ("outcome", "status", "review_type"),
    [
        ("case_mapping_exercise", "commissioned", "case_mapping_exercise"),
        ("single_agency_review", "agreed_with_sub_group", "single_agency_review"),
        ("thematic_audit", "audit_theme", "scr"),
        ("refer_to_other_process", "other_process", "scr"),
        ("no_further_action", "no_further_action", "scr"),
    ],
)
@pytest.mark.duty("16.8")
async def test_a_decision_takes_the_review_where_it_was_decided(
    cast: Cast, case: Case, outcome: str, status: str, review_type: str
) -> None:
    review = await recommended(cast, case, outcome)

    await decide(cast.chair, review, outcome)

    decided = await now(cast.office, review)
    assert (decided["status"], decided["review_type"]) == (status, review_type)


@pytest.mark.duty("16.8")
async def test_mapping_exercises_and_reviews_by_one_agency_have_paths_of_their_own(
    cast: Cast, case: Case
) -> None:
    mapped = await recommended(cast, case, "case_mapping_exercise")
    await decide(cast.chair, mapped, "case_mapping_exercise")
    await step(cast.office, path_of(mapped), "mapping_event_held", "learning_agreed", "briefing")
    single = await begin(cast.office, case, review_type="single_agency_review")
    await step(
        cast.sub_group, path_of(single), "agreed_with_sub_group", reason="One agency's matter."
    )
    await step(cast.office, path_of(single), "in_progress", "report_received")
    await step(cast.sub_group, path_of(single), "considered")

    for review in (mapped, single):
        await step(cast.office, path_of(review), "learning_implementation")
        assert (await now(cast.office, review))["status"] == "learning_implementation"


async def test_a_review_for_learning_alone_is_commissioned_without_criteria(
    cast: Cast, case: Case
) -> None:
    review = await begin(cast.office, case, review_type="deep_dive")
    await appoint(cast, review)

    await step(cast.chair, path_of(review), "commissioned", reason="To learn from what went well.")

    assert (await now(cast.office, review))["allowed_transitions"] == ["conducting"]


async def test_partners_may_end_with_the_rapid_review(cast: Cast, case: Case) -> None:
    review = await sent_to_panel(cast, case)
    await recommend(cast.sub_group, review, "rapid_review_only")

    decision = await decide(cast.chair, review, "rapid_review_only")

    assert decision["differs_from_recommendation"] is False
    assert (await now(cast.office, review))["status"] == "learning_implementation"


async def test_the_board_knows_no_rapid_review(cast: Cast, case: Case) -> None:
    review = await screened(cast, case)

    refused = await recommend(cast.sub_group, review, "rapid_review_only", 422)

    assert refused["errors"][0]["pointer"] == "/outcome"


@pytest.mark.duty("16.1")
async def test_criteria_are_answered_limb_by_limb_and_people_decide(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case)

    before = review["criteria_met"]
    no = await answer(cast.office, review)
    both = await answer(cast.office, review, ["abuse_or_neglect", "child_seriously_harmed"])
    all_three = await answer(
        cast.office,
        review,
        ["abuse_or_neglect", "child_seriously_harmed", "concern_about_working_together"],
    )

    met = [no["criteria_met"], both["criteria_met"], all_three["criteria_met"]]
    path = f"{path_of(review)}/criteria"
    first = (await cast.office.get(path, params={"version": 1})).json()["items"]
    assert (before, met) == (None, [False, False, True])
    assert all_three["criteria_version"] == 3
    assert {each["is_met"] for each in first} == {False}
    assert {each["limb"] for each in first} == regimes()["LSCB_WT2015"].criteria.codes


@pytest.mark.duty("16.1")
async def test_criteria_stay_open_while_a_limb_that_matters_is(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case)
    limbs = [limb.code for limb in regimes()["LSCB_WT2015"].criteria.limbs]
    answers = [
        {"limb": each, "is_met": None if each == "child_died" else each == "abuse_or_neglect"}
        | {"reason": "Zoë O'Hallorán was seen."}
        for each in limbs
    ]

    response = await cast.office.put(
        f"{path_of(review)}/criteria", json={"answers": answers}, headers={"If-Match": "*"}
    )

    said = (await cast.office.get(f"{path_of(review)}/criteria")).json()["items"]
    assert (response.status_code, response.json()["criteria_met"]) == (200, None)
    assert {each["reason"] for each in said} == {"[Child A] was seen."}


async def test_a_limb_that_is_missing_twice_or_unknown_is_refused(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case)
    limbs = [limb.code for limb in regimes()["LSCB_WT2015"].criteria.limbs]

    for wrong in (limbs[1:], [*limbs, limbs[0]], [*limbs[1:], "in_the_area"]):
        answers = [{"limb": each, "is_met": True, "reason": "So it is."} for each in wrong]
        response = await cast.office.put(
            f"{path_of(review)}/criteria", json={"answers": answers}, headers={"If-Match": "*"}
        )
        assert response.status_code == 422, wrong


@pytest.mark.duty("16.10")
async def test_votes_are_counted_and_dissent_is_recorded(cast: Cast, case: Case) -> None:
    review = await screened(cast, case)
    votes = {"is_consensus": False, "votes_for": 5, "votes_against": 1, "votes_abstained": 0}

    uncounted = await recommend(cast.sub_group, review, "statutory_review", 409, is_consensus=False)
    silent = await recommend(cast.sub_group, review, "statutory_review", 409, **votes)
    made = await recommend(
        cast.sub_group, review, "statutory_review", **votes, dissent="Bartholomew Quist did well."
    )

    assert uncounted["errors"][0]["code"] == "case_review_recommendations_votes_check"
    assert silent["errors"][0]["code"] == "case_review_recommendations_dissent_check"
    assert (made["votes_against"], made["dissent"]) == (1, "[Health Visitor 1] did well.")
    path = f"{path_of(review)}/recommendations"
    assert (await cast.office.get(path)).json()["items"] == [made]


async def test_nothing_is_recommended_or_decided_out_of_turn(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case)

    early = await recommend(cast.sub_group, review, "statutory_review", 409)
    sideways = await decide(cast.chair, review, "no_further_action", 409)
    await step(cast.office, path_of(review), "triage", "screening")
    untested = await recommend(cast.sub_group, review, "statutory_review", 409)
    await answer(cast.office, review)
    await recommend(cast.sub_group, review, "no_further_action")
    await decide(cast.chair, review, "no_further_action")
    twice = await decide(cast.chair, review, "statutory_review", 409)

    codes = [each["code"] for each in (early, sideways, untested, twice)]
    assert codes == ["not_its_turn", "not_its_turn", "transition_not_allowed", "not_its_turn"]


async def test_only_the_sub_group_recommends_and_only_the_chair_decides(
    cast: Cast, case: Case
) -> None:
    review = await screened(cast, case)

    by_office = await recommend(cast.office, review, "statutory_review", 403)
    await recommend(cast.sub_group, review, "statutory_review")
    decided = [
        (await decide(caller, review, "statutory_review", 403))["code"]
        for caller in (cast.office, cast.sub_group)
    ]

    assert by_office["code"] == "forbidden"
    assert decided == ["forbidden"] * 2
    assert (await now(cast.office, review))["status"] == "sg_recommendation"


async def test_the_chair_writes_nothing_of_a_review(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case)

    response = await cast.chair.patch(
        path_of(review), json={"summary": "All was well."}, headers={"If-Match": "*"}
    )

    assert response.status_code == 403


@pytest.mark.parametrize(
    "role", ["board_member", "qa_member", "bo_analyst", "inspector", "panel_member", "dpo"]
)
async def test_a_live_review_does_not_exist_for_whoever_has_no_part_in_it(
    cast: Cast, sign_in: SignIn, case: Case, role: str
) -> None:
    review = await begin(cast.office, case)
    stranger = await sign_in(role)
    scoped = role == "panel_member"

    response = await stranger.get(path_of(review))
    moved = await stranger.post(
        f"{path_of(review)}/transitions", json={"to": "triage"}, headers={"If-Match": "*"}
    )

    assert [response.status_code, moved.status_code] == [404 if scoped else 403] * 2
    listed = await stranger.get("/case-reviews")
    assert listed.json().get("items", []) == []


async def test_an_agency_without_a_part_gets_404_everywhere(
    cast: Cast, agency_system: SignedIn, case: Case
) -> None:
    review = await begin(cast.office, case)
    nested = (
        "transitions criteria recommendations decisions deadlines reviewers panel-meetings"
        " parallel-processes family-contacts findings"
    ).split()

    seen = [await agency_system.get(f"{path_of(review)}/{each}") for each in nested]

    assert (await agency_system.get(path_of(review))).status_code == 404
    assert [each.status_code for each in seen] == [404] * len(nested)
    assert (await agency_system.get("/case-reviews")).json()["items"] == []


async def test_an_agency_that_takes_part_sees_that_there_is_a_review_and_no_more(
    cast: Cast, agency: Json, agency_system: SignedIn, case: Case
) -> None:
    review = await commissioned(cast, case)
    await post(cast.office, f"{path_of(review)}/findings", FINDING)
    await take_part(cast.office, case, agency)

    seen = (await agency_system.get(path_of(review))).json()

    shown = {name for name, value in seen.items() if value not in (None, [])}
    assert shown == {"id", "created_at", "updated_at", "case_id"} | {
        "review_type",
        "regime",
        "status",
        "redactions",
    }
    nested = "criteria recommendations decisions deadlines reviewers findings transitions".split()
    for each in nested:
        listed = (await agency_system.get(f"{path_of(review)}/{each}")).json()
        assert listed["items"] == [], each


FINDING: Json = {"kind": "strength", "scope": "system", "finding": "Zoë was seen alone."}


async def test_the_team_sees_all_of_its_review(cast: Cast, sign_in: SignIn, case: Case) -> None:
    review = await commissioned(cast, case)
    member = await sign_in("panel_member")
    await join_team(cast.office, case, member, "panel_member")

    seen = await now(member, review)

    assert (seen["terms_of_reference"], seen["criteria_met"]) == (TERMS, True)
    assert seen["allowed_transitions"] == ["conducting"]


async def test_what_is_written_of_a_review_names_nobody(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case)
    members = ("title", "circumstances", "terms_of_reference", "summary", "learning")

    changed = await change(cast.office, path_of(review), **dict.fromkeys(members, STORY))

    assert [changed[each] for each in members] == [TOLD] * 5


async def test_a_doubtful_name_is_refused_with_its_place(cast: Cast, case: Case) -> None:
    body = {"case_id": case.id, "harm": "death", "circumstances": "Seen by Dr Ignatius Popplewell."}

    strict = await cast.office.post("/case-reviews", json=body)
    masked = await cast.office.post(
        "/case-reviews", json=body, headers={"Prefer": "identifiers=mask"}
    )

    assert (strict.status_code, strict.json()["code"]) == (422, "unresolved_identifiers")
    assert "Popplewell" not in strict.text
    assert masked.status_code == 201
    assert "Popplewell" not in masked.text


async def test_a_request_sent_again_begins_no_second_review(cast: Cast, case: Case) -> None:
    body = {"case_id": case.id, "harm": "death", "notified_on": BOARD_DAY}
    key = {"Idempotency-Key": case.id}

    made = [await cast.office.post("/case-reviews", json=body, headers=key) for _ in range(2)]

    assert made[0].json()["id"] == made[1].json()["id"]
    listed = (await cast.office.get("/case-reviews", params={"case_id": case.id})).json()["items"]
    assert len(listed) == 1


async def test_reviews_are_found_by_what_they_are(cast: Cast, case: Case) -> None:
    board = await begin(cast.office, case)
    partners = await begin(cast.office, case, notified_on=PARTNERS_DAY)

    async def found(**query: str) -> list[str]:
        asked = {"case_id": case.id} | query
        items = (await cast.office.get("/case-reviews", params=asked)).json()["items"]
        return [each["id"] for each in items]

    assert await found() == [partners["id"], board["id"]]
    assert await found(status="notified") == [board["id"]]
    assert await found(review_type="rapid_review") == [partners["id"]]
    assert await found(regime="LSCB_WT2015") == [board["id"]]
