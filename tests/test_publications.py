"""Publications over HTTP: drafts and their labels, decisions, notices (Framework section 16)."""

from datetime import date, timedelta

import asyncpg
import pytest

from app.reference.regimes import regime
from app.services.publication_notices import first_day_after
from tests.casework import Case, open_case
from tests.conftest import Json, SignedIn, SignIn
from tests.publications import (
    REASONS,
    RECIPIENTS,
    SAID,
    SECTION,
    WITHHOLD,
    announce,
    approved_review,
    checked,
    confirmed,
    decide,
    draft,
    patch,
    path_of,
    publish,
    ready,
    shown,
    stand,
)
from tests.rounds import post
from tests.stage import TODAY, tag_of


async def test_a_draft_names_people_by_labels_of_its_own(
    business_office: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)

    rendition = (await business_office.get(f"{path_of(made)}/rendition")).json()
    labels = {each["case_label"]: each["label"] for each in made["labels"]}
    assert labels.keys() == {"Child A", "Mother", "Health Visitor 1"}
    assert not {*labels} & {*labels.values()}
    assert made["sections"][0]["text"] == (
        "[Child A] lived with [Mother]. [Health Visitor 1] saw [Child A] on Monday."
    )
    assert rendition["sections"][0]["text"] == (
        f"{labels['Child A']} lived with {labels['Mother']}. {labels['Health Visitor 1']} saw"
        f" {labels['Child A']} on Monday."
    )
    assert [each["label"] for each in made["people"]] == ["Child A", "Mother", "Health Visitor 1"]
    assert {"pointer": "/people/0/identity", "reason": "no_disclosure_grant"} in made["redactions"]


async def test_what_came_back_is_written_back_unchanged(
    business_office: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)

    again = await patch(business_office, made, title=made["title"], sections=made["sections"])

    assert (again["sections"], again["labels"]) == (made["sections"], made["labels"])


async def test_no_name_is_stored_in_a_section(
    owner: asyncpg.Connection, business_office: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)

    stored = await owner.fetchval(
        "SELECT text FROM publication_sections WHERE publication_id = $1", made["id"]
    )

    assert stored == "⟦1⟧ lived with ⟦2⟧. ⟦3⟧ saw ⟦1⟧ on Monday."


async def test_doubtful_places_in_sections_are_resolved_by_their_pointers(
    owner: asyncpg.Connection, business_office: SignedIn, review: Json, case: Case
) -> None:
    said = {"heading": "Thanks", "text": "We thank Desmond Hartigan for his advice."}
    place = {"pointer": "/sections/0/text", "start": 9, "length": 16}

    made = await draft(
        business_office,
        review,
        sections=[said],
        resolutions=[place | {"treat_as": "not_identifying"}],
    )

    kept = await owner.fetchval(
        "SELECT members FROM access_log WHERE case_id = $1 AND act = 'identifier_kept'", case.id
    )
    assert made["sections"] == [said]
    assert kept == ["sections.0.text"]


async def test_publications_of_one_case_share_no_label(
    business_office: SignedIn, review: Json
) -> None:
    made = [
        await draft(business_office, review, kind=kind)
        for kind in ("overview_report", "summary", "response", "improvements_information")
    ]

    labels = [each["label"] for one in made for each in one["labels"]]
    assert len({*labels}) == len(labels) == 12


async def test_an_editor_chooses_a_pseudonym(business_office: SignedIn, review: Json) -> None:
    made = await draft(business_office, review)
    label = {"person_id": made["labels"][0]["person_id"], "label": "Sam"}

    changed = await patch(business_office, made, labels=[label])

    rendition = (await business_office.get(f"{path_of(made)}/rendition")).json()
    assert changed["labels"][0]["label"] == "Sam"
    assert rendition["sections"][0]["text"].startswith("Sam lived with Relative ")


@pytest.mark.parametrize("label", ["Zozo", "O'Halloran", "Zoe", "Child A", "Health visitor 1"])
async def test_a_label_says_neither_who_it_is_nor_what_the_case_calls_somebody(
    business_office: SignedIn, review: Json, label: str
) -> None:
    made = await draft(business_office, review)
    body = [{"person_id": made["labels"][1]["person_id"], "label": label[:1].upper() + label[1:]}]

    refused = await patch(business_office, made, 422, labels=body)

    assert refused["code"] == "label_identifies"
    assert label not in str(refused)


async def test_a_label_of_another_publication_of_the_case_is_refused(
    business_office: SignedIn, review: Json
) -> None:
    first = await draft(business_office, review)
    other = await draft(business_office, review, kind="summary")
    taken = first["labels"][0]
    sam = {"person_id": taken["person_id"], "label": taken["label"]}
    mother = {"person_id": first["labels"][1]["person_id"], "label": "Mother"}

    refused = await patch(business_office, other, 409, labels=[sam])

    assert refused["code"] == "label_shared"
    for one in (first, other):  # a word that every report has joins none
        await patch(business_office, one, labels=[mother])


async def test_what_narrows_down_who_somebody_is_is_warned_of(
    business_office: SignedIn, review: Json
) -> None:
    text = "Zoë was a nine-year-old twin."

    made = await draft(business_office, review, sections=[{"heading": "Who", "text": text}])

    rendition = (await business_office.get(f"{path_of(made)}/rendition")).json()
    read = rendition["sections"][0]["text"]
    places = [
        (each["kind"], read[each["start"] : each["start"] + each["length"]])
        for each in made["warnings"]
    ]
    assert places == [("exact_age", "nine-year-old"), ("ordinal_fact", "twin")]
    assert {each["pointer"] for each in made["warnings"]} == {"/sections/0/text"}


async def test_a_draft_is_for_those_who_work_on_the_case(
    business_office: SignedIn, review: Json, sign_in: SignIn, agency: Json, case: Case
) -> None:
    made = await draft(business_office, review)
    await post(business_office, f"{case.path}/agencies", {"agency_id": agency["id"]})
    system = await sign_in(agency_id=agency["id"])
    stranger = await sign_in("lead_reviewer")

    for caller in (system, stranger):
        for rest in ("", "/rendition", "/checks", "/decisions", "/notices", "/withdrawals"):
            assert (await caller.get(path_of(made) + rest)).status_code == 404
        assert (await caller.get("/publications")).json()["items"] == []


async def test_a_review_one_may_not_know_of_is_referred_to_in_vain(
    review: Json, sign_in: SignIn
) -> None:
    stranger = await sign_in("lead_reviewer")
    body = {
        "case_review_id": review["id"],
        "kind": "summary",
        "title": "Summary",
        "sections": [{"heading": "What", "text": "Nothing."}],
    }

    refused = await stranger.post("/publications", json=body)

    assert (refused.status_code, refused.json()["code"]) == (409, "unknown_reference")


async def test_versions_count_up(business_office: SignedIn, review: Json) -> None:
    made = [await draft(business_office, review) for _ in range(2)]

    assert [each["version"] for each in made] == [1, 2]


@pytest.mark.duty("16.3")
async def test_only_the_chair_decides_and_only_on_what_was_checked_and_confirmed(
    business_office: SignedIn, second: SignedIn, chair: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)

    early = await decide(chair, made, 409)
    check = await checked(business_office, made)
    unconfirmed = await decide(chair, made, 409)
    await post(second, f"{path_of(made)}/checks/{check['id']}/confirmations", check_of(check), 200)
    await decide(business_office, made, 403)
    decided = await decide(chair, made)

    assert (early["code"], unconfirmed["code"]) == ("not_checked", "not_checked")
    assert decided["check_id"] == check["id"]
    assert decided["decided_by_id"] == str(chair.principal_id)
    assert (await shown(chair, made))["status"] == "approved"
    state = (await chair.get(f"/case-reviews/{review['id']}")).json()["status"]
    assert state == "publication_decision"


def check_of(check: Json) -> Json:
    """Return the body that confirms a check."""
    return {"sha256": check["sha256"]}


async def test_a_report_the_board_did_not_approve_is_not_decided_on(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review)
    await confirmed(business_office, second, made)
    await stand(owner, review, "conducting")

    refused = await decide(chair, made, 409)

    assert refused["code"] == "transition_not_allowed"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"withhold_reason": None}, "/withhold_reason"),
        ({"withhold_reason": "embarrassing"}, "/withhold_reason"),
        ({"legal_advice_reference": None}, "/legal_advice_reference"),
        ({"withhold_reason": "criminal_or_coronial_proceedings"}, "/review_on"),
        ({"decision": "publish_full"}, "/withhold_reason"),
    ],
)
async def test_a_decision_is_whole(
    business_office: SignedIn, chair: SignedIn, review: Json, members: Json, pointer: str
) -> None:
    made = await draft(business_office, review)

    refused = await decide(chair, made, 422, **(WITHHOLD | members))

    assert refused["errors"][0]["pointer"] == pointer


async def test_a_summary_decision_is_about_a_summary(
    business_office: SignedIn, second: SignedIn, chair: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)
    await confirmed(business_office, second, made)

    refused = await decide(chair, made, 409, decision="publish_summary_only")

    assert refused["code"] == "decision_does_not_fit"


@pytest.mark.duty("16.3")
async def test_what_is_published_too_early_is_refused(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review)
    await confirmed(business_office, second, made)
    await decide(chair, made)

    unannounced = await publish(business_office, made, 409)
    await announce(owner, business_office, made, 5)
    early = await publish(business_office, made, 409)

    after = await shown(business_office, made)
    assert (unannounced["code"], early["code"]) == ("too_early_to_publish",) * 2
    assert date.fromisoformat(after["can_publish_on"]) > TODAY
    assert after["status"] == "approved"


def test_seven_working_days_lie_between_notice_and_publication() -> None:
    clock = regime("LSP_WT2023").clock("PRE_PUBLICATION")
    thursday, bank_holiday = date(2025, 5, 1), date(2025, 5, 5)

    first = first_day_after(clock, thursday)

    assert clock.due_on(first) == thursday
    assert (clock.due_on(first - timedelta(days=1)) or first) < thursday
    assert first == date(2025, 5, 13)
    assert thursday < bank_holiday < first


async def test_notices_go_to_the_bodies_of_the_regime_after_the_decision(
    business_office: SignedIn, second: SignedIn, chair: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)
    path = f"{path_of(made)}/notices"
    today = {"sent_on": TODAY.isoformat()}
    yesterday = {"sent_on": (TODAY - timedelta(days=1)).isoformat()}
    tomorrow = {"sent_on": (TODAY + timedelta(days=1)).isoformat()}

    await post(business_office, path, {"recipient": "ofsted"} | today, 409)
    await confirmed(business_office, second, made)
    await decide(chair, made)
    await post(business_office, path, {"recipient": "cqc"} | today, 422)
    await post(business_office, path, {"recipient": "ofsted"} | tomorrow, 422)
    await post(business_office, path, {"recipient": "ofsted"} | yesterday, 409)
    for recipient in RECIPIENTS:
        assert (await shown(chair, made))["can_publish_on"] is None
        await post(business_office, path, {"recipient": recipient} | today)
    await post(business_office, path, {"recipient": "ofsted"} | today, 409)

    clock = regime(review["regime"]).clock("PRE_PUBLICATION")
    assert (await shown(chair, made))["can_publish_on"] == first_day_after(clock, TODAY).isoformat()
    state = (await chair.get(f"/case-reviews/{review['id']}")).json()["status"]
    assert state == "pre_publication_notice"


async def test_the_last_day_for_notices_follows_from_the_planned_day(
    business_office: SignedIn, review: Json
) -> None:
    planned = TODAY + timedelta(days=60)

    made = await draft(business_office, review, planned_on=planned.isoformat())

    due = regime(review["regime"]).clock("PRE_PUBLICATION").due_on(planned)
    assert due is not None
    assert made["notices_due_on"] == due.isoformat()


async def test_the_family_is_told_first(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review, family_informed_on=None)
    await ready(owner, business_office, second, chair, made)

    refused = await publish(business_office, made, 409)
    await patch(business_office, made, family_informed_on=TODAY.isoformat())
    await publish(business_office, made)

    assert refused["code"] == "family_not_informed"


@pytest.mark.duty("16.13")
async def test_a_process_beside_the_review_pauses_publication(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review)
    await ready(owner, business_office, second, chair, made)
    process = await post(
        business_office,
        f"/case-reviews/{review['id']}/parallel-processes",
        {"kind": "criminal", "started_on": TODAY.isoformat()},
    )

    refused = await publish(business_office, made, 409)
    await owner.execute(
        "UPDATE parallel_processes SET ended_on = $2 WHERE id = $1", process["id"], TODAY
    )
    await publish(business_office, made)

    assert refused["code"] == "publication_paused"


async def test_a_text_changed_after_the_decision_is_not_published(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review)
    await ready(owner, business_office, second, chair, made)
    other = {"heading": "What happened", "text": f"{SAID} Nobody asked why."}
    await patch(business_office, made, sections=[other])

    unchecked = await publish(business_office, made, 409)
    await confirmed(business_office, second, made)
    undecided = await publish(business_office, made, 409)

    assert (unchecked["code"], undecided["code"]) == ("not_checked", "not_checked")


@pytest.mark.duty("16.3")
async def test_what_was_withheld_is_published_later_and_the_log_stays(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review)
    withheld = await decide(chair, made, **WITHHOLD)
    states = [(await chair.get(f"/case-reviews/{review['id']}")).json()["status"]]
    await publish(business_office, made, 409)

    await ready(owner, business_office, second, chair, made)
    await publish(business_office, made)

    states.append((await chair.get(f"/case-reviews/{review['id']}")).json()["status"])
    decisions = (await chair.get(f"{path_of(made)}/decisions")).json()["items"]
    moves = (await chair.get(f"{path_of(made)}/transitions")).json()["items"]
    assert withheld["check_id"] is None
    assert states == ["withheld", "published"]
    assert [each["decision"] for each in decisions] == ["publish_full", "withhold"]
    assert [each["reasons"] for each in decisions] == [REASONS, WITHHOLD["reasons"]]
    assert [each["to_state"] for each in moves] == ["published", "approved", "withheld"]


async def test_what_is_published_does_not_change(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review)
    await ready(owner, business_office, second, chair, made)
    await publish(business_office, made)

    for members in ({"title": "Another"}, {"sections": [SECTION]}):
        await patch(business_office, made, 403, **members)


async def test_only_the_business_office_publishes(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    second: SignedIn,
    chair: SignedIn,
    review: Json,
) -> None:
    made = await draft(business_office, review)
    await ready(owner, business_office, second, chair, made)

    refused = await publish(chair, made, 409)

    assert refused["code"] == "transition_not_allowed"


async def test_a_decision_reaches_no_other_case(
    owner: asyncpg.Connection, business_office: SignedIn, chair: SignedIn
) -> None:
    made = [
        await draft(
            business_office,
            await approved_review(owner, business_office, await open_case(business_office)),
        )
        for _ in range(2)
    ]
    decision = await decide(chair, made[0], **WITHHOLD)

    elsewhere = await chair.get(f"{path_of(made[1])}/decisions/{decision['id']}")

    assert elsewhere.status_code == 404
    assert (await tag_of(chair, path_of(made[1])))["If-Match"]
